// The frame all panels have: title bar, value line, body. What can be done with a panel is the grid's and goes to `actions`.
import {h} from "../dom.js"
import {renameIn} from "../grid/rename.js"

export function panelFrame(title, kind) {
  const heading = h("h2")
  const note = h("span", {class: "note"})
  const actions = h("span", {class: "actions"})
  const bar = h("header", {class: "bar"}, h("span", {class: "grip", "aria-hidden": "true"}), heading, note, actions)
  const values = h("div", {class: "values"})
  const body = h("div", {class: "body"})
  const root = h("section", {class: `panel ${kind}`}, bar, values, body)
  const frame = {root, bar, note, actions, values, body, title: "", setTitle, rename}

  function setTitle(text) {
    if (!heading.querySelector("input")) heading.textContent = text
    frame.title = heading.title = text
    root.setAttribute("aria-label", text)
    root.dataset.testid = `panel-${text}`
    body.dataset.testid = `plot-${text}`
  }

  // Lets the title be changed where it stands; `done` gets the new one, or "" if it stays.
  function rename(done) {
    renameIn(heading, frame.title, "Title of the panel", done)
  }

  setTitle(title)
  return frame
}
