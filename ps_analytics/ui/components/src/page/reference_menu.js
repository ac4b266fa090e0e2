// The lap the others are compared with: what it is, and what else there is to compare with, one click away.
import {h, stroke} from "../dom.js"
import {openMenu} from "../menu.js"
import {lapTime} from "../numbers.js"
import {offer} from "../picker/commands.js"
import {ink} from "../theme.js"

export class ReferenceMenu {
  constructor(bus) {
    this.bus = bus
    this.asked = false
    this.what = h("span", {class: "reference-what"})
    this.root = h("button", {class: "bar-button reference-open", type: "button", "aria-haspopup": "menu", title: "The lap the others are compared with (Shift-R)", onclick: () => this.ask()},
      h("span", {class: "bar-label", text: "Reference"}), this.what)
    bus.hear("references", ({rows}) => this.open(rows))
    this.leave = [
      bus.subscribe(["data", "style"], () => this.show()),
      bus.subscribe(["references"], () => this.ask()),
      offer(bus, () => [
        {title: "Choose the reference\u2026", group: "Laps", keys: "R", also: ["Compare with personal best"], run: () => this.ask()},
        {title: "Laps of any session\u2026", group: "Laps", keys: "l", also: ["Find a lap"], run: () => bus.announce("browse")},
      ]),
    ]
    this.show()
  }

  destroy() {
    for (const leave of this.leave) leave()
  }

  show() {
    const {reference} = this.bus
    const parts = reference ? [stroke(ink(reference.color), reference.dash), h("b", {text: reference.label}), h("span", {class: "number", text: lapTime(reference.time_s)})] : ["none"]
    this.what.replaceChildren(...parts)
    this.root.setAttribute("aria-label", reference ? `Reference: ${reference.label}, ${lapTime(reference.time_s)}` : "Reference: none")
  }

  // What there is is asked for when it is wanted: it may have changed.
  ask() {
    this.asked = true
    this.root.setAttribute("aria-busy", "true")
    this.bus.ask({op: "references"})
  }

  open(rows) {
    this.root.removeAttribute("aria-busy")
    if (!this.asked) return
    this.asked = false
    const {bus} = this
    const row = ({lap, label, about, time_s}) => ({
      label,
      about,
      keys: time_s == null ? "" : lapTime(time_s),
      checked: lap === bus.reference?.id,
      run: () => bus.ask({op: "reference", lap}),
    })
    const shared = rows.filter(({group}) => group === "shared")
    openMenu(this.root, [
      ...rows.filter(({group}) => group === "own").map(row),
      null,
      ...shared.map(row),
      ...(shared.length ? [null] : []),
      {label: "Any lap\u2026", keys: "l", run: () => bus.announce("browse")},
    ], {label: "Reference"})
  }
}
