// Metric or imperial, once for everything that is shown; the data never changes.
import {h} from "../dom.js"

export const SYSTEMS = [["metric", "Metric"], ["imperial", "Imperial"]]

export class UnitsSwitch {
  constructor(bus) {
    this.bus = bus
    this.buttons = SYSTEMS.map(([system, text]) => h("button", {type: "button", text, onclick: () => setUnits(bus, system)}))
    this.root = h("span", {class: "segments units", role: "group", "aria-label": "Units"}, ...this.buttons)
    this.leave = bus.subscribe(["data"], () => this.show())
    this.show()
  }

  destroy() {
    this.leave()
  }

  show() {
    this.buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(SYSTEMS[i][0] === this.bus.units)))
  }
}

export function setUnits(bus, system) {
  if (system !== bus.units) bus.ask({op: "units", system})
}
