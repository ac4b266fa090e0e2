// A panel whose content Python made: a figure, a table, what a plugin brings. Without content it says why.
import {h} from "../dom.js"
import {panelFrame} from "./panel_frame.js"

export class PythonPanel {
  constructor(bus, {title, kind}, content) {
    this.bus = bus
    this.kind = kind
    this.content = null
    this.frame = panelFrame(title, "made")
    this.fill(content)
  }

  // Shows what Python made; it comes after the panel's place, and what a panel shows may be another later.
  fill(content) {
    if (content && content === this.content) return
    this.content = content ?? null
    this.frame.body.replaceChildren(content ?? this.absent())
  }

  absent() {
    const known = this.bus.kinds?.some(({name}) => name === this.kind)
    if (known) return h("p", {class: "message late", text: "\u2026"})
    return h("p", {class: "message", text: `Nothing here can draw a panel of the kind \u201c${this.kind}\u201d: its plugin is not installed.`})
  }

  update({title}) {
    this.frame.setTitle(title)
  }

  destroy() {}
}
