// A name that is changed where it stands: Enter keeps the new one, Escape the old one.
import {h} from "../dom.js"

const LONGEST = 120 // characters of a title

// Calls `done` with the new name, or with "" where there is none.
export function renameIn(node, name, label, done) {
  const input = h("input", {class: "rename", type: "text", "aria-label": label, maxlength: LONGEST, spellcheck: "false"})
  input.value = name
  let open = true
  const finish = (text) => {
    if (!open) return
    open = false
    const changed = text.trim() && text.trim() !== name ? text.trim() : ""
    node.textContent = changed || name
    done(changed)
  }
  input.addEventListener("keydown", (event) => {
    event.stopPropagation() // they are letters of the name
    if (event.key === "Enter") finish(input.value)
    else if (event.key === "Escape") finish("")
    else return
    event.preventDefault()
  })
  input.addEventListener("blur", () => finish(input.value))
  node.replaceChildren(input)
  input.focus({preventScroll: true})
  input.select()
}
