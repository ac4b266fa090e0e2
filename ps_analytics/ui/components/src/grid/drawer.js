// The drawer over the lower part of a review page that holds the math editor; made when it is first opened.
import {h} from "../dom.js"
import {MathDesk} from "../math/math_panel.js"

const LEAST = 300 // pixels

export class Drawer {
  constructor(bus) {
    this.bus = bus
    this.desk = null
    this.root = h("section", {class: "drawer", "aria-label": "Math channels", hidden: true, "data-testid": "drawer", onkeydown: (event) => this.press(event)})
  }

  get open() {
    return !this.root.hidden
  }

  toggle() {
    if (this.open) this.close()
    else this.show()
  }

  show() {
    this.from = document.activeElement
    this.root.hidden = false
    if (this.desk) this.desk.ask("open")
    else this.build()
    this.desk.form.formula.input.focus({preventScroll: true})
  }

  close() {
    if (!this.open) return
    this.root.hidden = true
    this.desk.ask("close")
    this.from?.focus?.({preventScroll: true})
  }

  build() {
    const shut = h("button", {class: "close", type: "button", "aria-label": "Close the math channels", title: "Close (Escape)", text: "\u00d7", onclick: () => this.close()})
    const grip = h("div", {class: "drawer-grip", onpointerdown: (event) => this.drag(event)})
    this.desk = new MathDesk(this.bus)
    this.root.append(grip, h("header", {class: "bar"}, h("h2", {text: "Math channels"}), h("span", {class: "note", text: "Ctrl-Space completes \u00b7 Ctrl-S saves \u00b7 Esc closes"}), shut), this.desk.root)
  }

  drag(event) {
    const {bottom} = this.root.getBoundingClientRect()
    const most = this.root.parentElement.clientHeight - 8
    const move = ({clientY}) => (this.root.style.height = `${Math.min(Math.max(bottom - clientY, LEAST), most)}px`)
    event.target.setPointerCapture(event.pointerId)
    event.target.addEventListener("pointermove", move)
    event.target.addEventListener("pointerup", () => event.target.removeEventListener("pointermove", move), {once: true})
    event.preventDefault()
  }

  press(event) {
    if (event.key !== "Escape" || event.defaultPrevented) return
    event.preventDefault()
    event.stopPropagation()
    this.close()
  }
}
