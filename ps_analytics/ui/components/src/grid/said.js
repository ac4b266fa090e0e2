// The line at the foot of the panels that says what was just done, with its undo, for as long as one needs to read it.
import {h} from "../dom.js"
import {tell} from "./edits.js"

const SHOWN_MS = 8000

export class Said {
  constructor(bus) {
    this.bus = bus
    this.timer = 0
    this.text = h("span", {role: "status"})
    this.undo = h("button", {class: "told-undo", type: "button", text: "Undo", onclick: () => this.bus.saying?.undo?.()})
    this.shut = h("button", {class: "told-shut", type: "button", "aria-label": "Close", text: "\u00d7", onclick: () => tell(bus, null)})
    this.root = h("div", {class: "told", "data-testid": "said", hidden: true,
      onpointerenter: () => clearTimeout(this.timer), onpointerleave: () => this.wait(),
      onfocusin: () => clearTimeout(this.timer), onfocusout: () => this.wait()}, this.text, this.undo, this.shut)
    this.leave = bus.subscribe(["saying"], () => this.show())
  }

  show() {
    const {saying: told} = this.bus
    this.root.hidden = !told
    this.text.textContent = told?.text ?? ""
    this.undo.hidden = !told?.undo
    this.root.classList.toggle("alarm", Boolean(told?.alarm))
    this.wait()
  }

  wait() {
    clearTimeout(this.timer)
    const {saying: told} = this.bus
    if (told) this.timer = setTimeout(() => this.bus.saying === told && tell(this.bus, null), SHOWN_MS)
  }

  destroy() {
    clearTimeout(this.timer)
    this.leave()
  }
}
