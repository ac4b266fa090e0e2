// What can be written at the caret, as a list beneath it: found by the beginning of any of a word's names.
import {h} from "../dom.js"
import {wordAt} from "./formula_text.js"

const MOST = 50
const KIND_NAMES = {channel: "channel", math: "math", function: "ƒ", setup: "setup", constant: "const", unit: "unit"}
const KIND_ORDER = ["channel", "math", "setup", "function", "constant", "unit"]

export const plain = (text) => text.toLowerCase().replace(/[\s_-]+/g, " ").trim()

// How well a name fits what is typed, 0 best; null if it does not.
export function fit(name, query) {
  const own = plain(name)
  if (own === query) return 0
  if (own.startsWith(query)) return 1
  const words = own.split(" ")
  const parts = query.split(" ")
  if (parts.length > 1 && inOrder(words, parts)) return 2
  if (words.some((word) => word.startsWith(query))) return 3
  if (query.length > 1 && own.includes(query)) return 5
  return query.length > 1 && inOrder(words, [...query]) ? 6 : null
}

// Whether each part begins a word, in order: "o p" and "op" find "oil pressure".
function inOrder(words, parts) {
  let at = 0
  for (const part of parts) {
    while (at < words.length && !words[at].startsWith(part)) at++
    if (at++ >= words.length) return false
  }
  return true
}

// The words that fit, best first, each with the name that was found if it is another one.
export function find(words, kind, query) {
  const wanted = plain(query)
  const found = []
  for (const word of words) {
    if ((word.kind === "unit") !== (kind === "unit")) continue
    let [best, by] = [wanted ? fit(word.text, wanted) : 4, ""]
    for (const name of wanted ? word.also : []) {
      const rank = fit(name, wanted)
      if (rank !== null && (best === null || rank + 0.4 < best)) [best, by] = [rank + 0.4, name]
    }
    if (best === null) continue
    found.push({word, by, rank: best + (word.dim ? 0.6 : 0) + KIND_ORDER.indexOf(word.kind) / 100 + word.text.length / 10000})
  }
  return found.sort((a, b) => a.rank - b.rank).slice(0, MOST)
}

export class Completion {
  constructor(field) {
    this.field = field
    this.words = []
    this.found = []
    this.at = 0
    this.list = h("ul", {class: "completion", id: "completion", role: "listbox", "aria-label": "Completions", "data-testid": "completion", hidden: true})
    field.root.append(this.list)
    const {input} = field
    input.setAttribute("aria-controls", "completion")
    input.setAttribute("aria-expanded", "false")
    input.addEventListener("keydown", (event) => this.press(event))
    input.addEventListener("input", () => this.suggest())
    input.addEventListener("blur", () => this.close())
    input.addEventListener("click", () => this.close())
    this.list.addEventListener("pointerdown", (event) => {
      event.preventDefault() // the text keeps the focus
      const row = event.target.closest("li")
      if (row) this.accept([...this.list.children].indexOf(row))
    })
  }

  get open() {
    return !this.list.hidden
  }

  // While typing: once there is something to go by, and not when it is written out already.
  suggest({asked = false} = {}) {
    const {input} = this.field
    const caret = input.selectionStart
    if (input.readOnly || caret !== input.selectionEnd) return this.close()
    const word = wordAt(input.value, caret)
    if (!word || (!asked && !word.text && word.kind !== "unit" && input.value[word.from] !== "'")) return this.close()
    const wide = word.wider ? find(this.words, "name", word.wider.text).filter(({rank}) => rank < 2.5) : []
    this.word = wide.length ? word.wider : word
    const found = wide.length ? wide : find(this.words, word.kind, word.text)
    const done = found[0]?.word.insert === input.value.slice(this.word.from, this.word.to)
    if (!found.length || (done && !asked)) return this.close()
    this.found = found
    this.show()
  }

  show() {
    this.list.replaceChildren(...this.found.map(({word, by}, i) => h("li", {
      role: "option", id: `completion-${i}`, class: word.dim ? "dim" : null, title: word.about,
      "aria-label": [word.text, word.detail, word.about, word.dim ? "not recorded in this lap" : ""].filter(Boolean).join(", "),
    }, h("i", {class: `kind k-${word.kind}`, text: KIND_NAMES[word.kind]}), h("b", {text: word.text}),
    h("span", {class: "also", text: by}), h("span", {class: "detail", text: word.detail}), h("span", {class: "about", text: word.dim ? "not recorded here" : word.about}))))
    this.list.hidden = false
    this.field.input.setAttribute("aria-expanded", "true")
    const {left, top, height} = this.field.spot(this.word.from)
    const {clientWidth} = this.field.root
    const wide = Math.min(460, Math.max(clientWidth - 8, 260))
    this.list.style.width = `${wide}px`
    this.list.style.left = `${Math.max(Math.min(left - 8, clientWidth - wide - 4), 0)}px`
    this.list.style.top = `${top + height + 4}px`
    this.move(0, true)
  }

  close() {
    if (!this.open) return
    this.list.hidden = true
    this.field.input.setAttribute("aria-expanded", "false")
    this.field.input.removeAttribute("aria-activedescendant")
  }

  move(by, first = false) {
    const rows = this.list.children
    rows[this.at]?.removeAttribute("aria-selected")
    this.at = first ? 0 : (this.at + by + rows.length) % rows.length
    rows[this.at].setAttribute("aria-selected", "true")
    rows[this.at].scrollIntoView({block: "nearest"})
    this.field.input.setAttribute("aria-activedescendant", rows[this.at].id)
  }

  accept(i = this.at) {
    const {word} = this.found[i]
    const {from, to} = this.word
    const {text} = this.field
    let insert = word.insert
    let caret = from + insert.length
    if (word.kind === "function") {
      if (text[to] === "(") [insert, caret] = [insert.slice(0, -1), from + insert.length]
      else if (word.detail.includes("()")) [insert, caret] = [`${insert})`, from + insert.length + 1]
      else insert = `${insert})`
    } else if (word.kind === "unit") {
      if (text[to] === "]") caret += 1
      else [insert, caret] = [`${insert}]`, caret + 1]
    }
    this.field.replace(from, to, insert, caret)
    this.close()
  }

  press(event) {
    if (event.key === " " && event.ctrlKey) {
      this.suggest({asked: true})
      event.preventDefault()
    } else if (this.open) {
      const step = {ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8}[event.key]
      const take = (event.key === "Enter" || event.key === "Tab") && !event.ctrlKey && !event.metaKey && !event.shiftKey
      if (step) this.move(step)
      else if (take) this.accept()
      else if (event.key === "Escape") this.close()
      else return
      event.preventDefault()
      event.stopPropagation()
    }
  }
}
