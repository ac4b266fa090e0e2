// A channel in the list: whether the panel shows it, its unit, what laps lack it, and whether it is a favourite.
import {h, icon} from "../dom.js"

const STAR = "M6 1.2l1.5 3.1 3.4.4-2.5 2.3.7 3.4L6 8.7l-3.1 1.7.7-3.4L1.1 4.7l3.4-.4z"
const MANY = 2 // laps that are named; of more it is said how many

export class ChannelRow {
  constructor(picker, channel) {
    this.picker = picker
    this.channel = channel
    const {name, label, unit, rate, formula, about, key} = channel
    this.note = h("span", {class: "pick-note"})
    const title = [label, formula, about, rate ? `${rate} Hz` : ""].filter(Boolean).join("\n")
    this.option = h("div", {class: "pick-option", role: "option", title},
      h("span", {class: "pick-box", "aria-hidden": "true"}), h("span", {class: "pick-label", text: label}), this.note, h("span", {class: "pick-unit", text: unit}))
    this.star = h("button", {class: "pick-star", type: "button", tabindex: "-1", title: "Favourite (Alt-F)", onclick: () => picker.favour(name)}, icon(STAR))
    const edit = key && h("button", {class: "pick-edit", type: "button", tabindex: "-1", title: "Edit the formula (Alt-M)", "aria-label": `Edit formula: ${label}`, text: "\u0192", onclick: () => picker.editFormula(channel)})
    const grip = h("span", {class: "pick-grip", "aria-hidden": "true"})
    this.root = h("div", {class: "pick", role: "presentation", "data-channel": name, onpointerdown: (event) => picker.grab(event, this)}, grip, this.option, ...(edit ? [edit] : []), this.star)
    this.option.addEventListener("click", () => picker.clicked(this))
    this.state = ""
  }

  run() {
    this.picker.toggle(this)
  }

  show({shown, favourite, group}) {
    const {label, unit, missing, lacking} = this.channel
    const state = JSON.stringify([shown, favourite, group])
    if (state === this.state) return
    this.state = state
    const note = missing || (lacking.length ? `not on ${lacking.length > MANY ? `${lacking.length} laps` : lacking.join(", ")}` : "")
    this.note.textContent = note || group
    this.root.classList.toggle("missing", Boolean(missing))
    this.root.classList.toggle("lacking", lacking.length > 0)
    this.option.setAttribute("aria-selected", String(shown))
    this.option.setAttribute("aria-label", [label, unit, note].filter(Boolean).join(", "))
    this.star.setAttribute("aria-pressed", String(favourite))
    this.star.setAttribute("aria-label", `Favourite: ${label}`)
  }
}
