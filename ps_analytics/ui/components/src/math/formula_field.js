// Where a formula is typed: a plain text area, so that keyboards, readers and undo know what to do, over a coloured copy
// of its text, which also carries the underlines.
import {h} from "../dom.js"
import {hiddenIn, placeOf, tokensOf} from "./formula_text.js"

export const MOST_CHARACTERS = 4000 // of a formula that are kept at all; the language refuses more than half of that

export class FormulaField {
  constructor({describedBy, changed}) {
    this.changed = changed
    this.marks = []
    this.before = ""
    this.ink = h("pre", {class: "formula-ink", "aria-hidden": "true"})
    this.input = h("textarea", {
      class: "formula-input", rows: 1, spellcheck: "false", autocomplete: "off", autocapitalize: "off", autocorrect: "off", wrap: "soft",
      "aria-label": "Formula", "aria-describedby": describedBy, "aria-autocomplete": "list", "data-testid": "formula",
      oninput: () => this.typed(),
    })
    this.sheet = h("div", {class: "formula-sheet"}, this.ink, this.input)
    this.root = h("div", {class: "formula", onclick: ({target}) => target === this.root && this.input.focus()}, this.sheet)
  }

  get text() {
    return this.input.value
  }

  set text(text) {
    if (text !== this.input.value) this.input.value = text
    this.before = text
    this.marks = []
    this.draw()
  }

  set readOnly(readOnly) {
    this.input.readOnly = readOnly
    this.root.classList.toggle("read-only", readOnly)
  }

  typed() {
    if (this.input.value.length > MOST_CHARACTERS) {
      const caret = this.input.selectionStart
      this.input.value = this.input.value.slice(0, MOST_CHARACTERS)
      this.input.setSelectionRange(caret, caret)
    }
    this.moveMarks()
    this.draw()
    this.changed(this.input.value)
  }

  // Until Python has looked at the new text, what is underlined goes along with what is typed before it or into it.
  moveMarks() {
    const {before, text} = this
    this.before = text
    const shorter = Math.min(before.length, text.length)
    let head = 0
    while (head < shorter && before[head] === text[head]) head++
    let tail = 0
    while (tail < shorter - head && before.at(-1 - tail) === text.at(-1 - tail)) tail++
    const by = text.length - before.length
    const end = before.length - tail
    this.marks = this.marks.flatMap((mark) => {
      if (mark.to < head) return [mark]
      if (mark.from > end) return [{...mark, from: mark.from + by, to: mark.to + by}]
      return Math.abs(by) < 2 && mark.from < mark.to && mark.from <= head && mark.to >= end ? [{...mark, to: mark.to + by}] : []
    })
  }

  // Puts a text in the place of another as if it were typed: the text area's own undo takes it back.
  replace(from, to, text, caret = from + text.length) {
    this.input.focus()
    this.input.setSelectionRange(from, to)
    const done = text ? document.execCommand("insertText", false, text) : document.execCommand("delete")
    if (!done) {
      this.input.setRangeText(text, from, to, "end")
      this.typed()
    }
    this.input.setSelectionRange(caret, caret)
  }

  // Underlines what the diagnostics are about; positions are Python's.
  mark(diagnostics) {
    const {text} = this
    this.marks = diagnostics
      .filter(({elsewhere}) => !elsewhere)
      .map(({position, end, severity, code}) => ({from: placeOf(text, position), to: placeOf(text, end), severity, code}))
    this.input.setAttribute("aria-invalid", String(this.marks.some(({severity}) => severity === "error")))
    this.draw()
  }

  draw() {
    const {text} = this
    const edges = new Set([0, text.length])
    const tokens = tokensOf(text)
    const hidden = hiddenIn(text)
    this.ink.classList.toggle("has-hidden", hidden.length > 0)
    for (const {from, to} of [...tokens, ...hidden, ...this.marks]) {
      edges.add(Math.min(from, text.length))
      edges.add(Math.min(to, text.length))
    }
    const places = [...edges].sort((a, b) => a - b)
    const pieces = []
    let token = 0
    for (let i = 0; i + 1 < places.length; i++) {
      const [from, to] = [places[i], places[i + 1]]
      while (tokens[token] && tokens[token].to <= from) token++
      const mark = this.marks.find((each) => each.from <= from && to <= each.to)
      const kind = hidden.some((each) => each.from === from) ? "hidden" : tokens[token]?.kind
      pieces.push(piece(text.slice(from, to), kind, mark))
    }
    // A place without width, such as the end of the formula, has a mark of its own.
    for (const mark of this.marks) {
      if (Math.min(mark.to, text.length) <= Math.min(mark.from, text.length)) {
        const at = pieces.findIndex((_, i) => places[i] >= mark.from)
        pieces.splice(at < 0 ? pieces.length : at, 0, h("i", {class: `mark is-${mark.severity} narrow`, "data-code": mark.code}))
      }
    }
    this.ink.replaceChildren(...pieces, "\u200b")
    for (const node of this.ink.querySelectorAll(".mark:not(.narrow)")) node.classList.toggle("narrow", node.getBoundingClientRect().width < 3)
  }

  // Where a place of the text is on the screen, against the sheet: {left, top, height}.
  spot(place) {
    const range = document.createRange()
    const walker = document.createTreeWalker(this.ink, NodeFilter.SHOW_TEXT)
    let rest = place
    let node = walker.nextNode()
    while (node && rest > node.length) {
      rest -= node.length
      node = walker.nextNode()
    }
    if (!node) return {left: 0, top: 0, height: 0}
    range.setStart(node, rest)
    range.collapse(true)
    const box = range.getClientRects()[0] ?? range.getBoundingClientRect()
    const base = this.root.getBoundingClientRect()
    return {left: box.left - base.left, top: box.top - base.top, height: box.height}
  }
}

function piece(text, kind, mark) {
  const classes = [kind && `t-${kind}`, mark && `mark is-${mark.severity}`].filter(Boolean).join(" ")
  return h("span", {class: classes || null, text, "data-code": mark?.code})
}
