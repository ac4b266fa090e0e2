// The ideal lap above the laps: worked out when it is asked for, drawn and compared with like any lap, never the best.
import {h, stroke} from "../dom.js"
import {fixed, lapTime} from "../numbers.js"
import {ink} from "../theme.js"

const ID = "ideal"

export class IdealRow {
  constructor(bus) {
    this.swatch = h("span", {class: "swatch", "aria-hidden": "true"})
    this.time = h("span", {class: "lap-time number"})
    this.gap = h("span", {class: "lap-gap number"})
    this.about = h("span", {class: "ideal-about"})
    this.toggle = h("button", {class: "lap", type: "button", role: "checkbox", onclick: () => bus.ask({op: "toggle", lap: ID})},
      this.swatch, h("span", {class: "lap-number", text: "Ideal"}), this.time, this.gap, this.about)
    this.reference = h("button", {class: "reference", type: "button", text: "R", "aria-label": "Reference: ideal lap",
      onclick: () => bus.ask({op: "reference", lap: ID})})
    this.reason = h("p", {class: "reason", hidden: true})
    this.root = h("div", {class: "ideal", "data-testid": "ideal", hidden: true}, h("div", {class: "row"}, this.toggle, this.reference), this.reason)
  }

  // state: "" (nothing to join), "unknown", "busy", "ready" or "impossible".
  show({state, text, title, time_s, gap_s, chosen, reference, color, dash}) {
    this.root.hidden = !state
    const drawn = ink(color ?? "")
    this.root.className = ["ideal", `is-${state}`, chosen && "chosen", reference && "is-reference"].filter(Boolean).join(" ")
    this.root.style.setProperty("--lap", chosen ? drawn : "transparent")
    this.swatch.replaceChildren(...(chosen ? [stroke(drawn, dash)] : []))
    this.time.textContent = lapTime(time_s)
    this.gap.textContent = gap_s == null ? "" : fixed(gap_s, 3, true)
    const below = state === "impossible" || state === "ready" // whole sentences have a line of their own
    this.about.textContent = state === "impossible" ? "not possible" : below ? "" : text
    this.reason.hidden = !below
    this.reason.textContent = text
    this.toggle.disabled = this.reference.disabled = state === "busy"
    this.root.setAttribute("aria-busy", String(state === "busy"))
    this.toggle.setAttribute("aria-checked", String(Boolean(chosen)))
    this.toggle.setAttribute("aria-label", `Ideal lap, ${time_s == null ? text : `${lapTime(time_s)}, ${text}`}`)
    this.toggle.title = title ?? text
    this.reference.setAttribute("aria-pressed", String(Boolean(reference)))
    this.reference.title = reference ? "The reference" : "Make it the reference"
  }
}
