// What the colours of the map mean, and the choice of them; beside it what else there is to choose on a map.
import {h, icon, stroke} from "../dom.js"
import {fixed} from "../numbers.js"
import {HEAT_CSS, ink} from "../theme.js"
import {colorings, comparedLap} from "./track_map_colors.js"

const FOLLOW = "M1.5 4v-2.5h2.5M8 1.5h2.5v2.5M10.5 8v2.5h-2.5M4 10.5h-2.5v-2.5M6 4.2v3.6M4.2 6h3.6"
const EDIT = "M1.5 10.5l.6-2.6 6-6 2 2-6 6z"

export class MapLegend {
  // `choose` is told {color} or {of} or {follow}; `edit` is asked for.
  constructor(bus, {choose, edit}) {
    this.bus = bus
    this.state = ""
    this.color = h("select", {class: "map-color", "aria-label": "Colour of the track", title: "Colour of the track", onchange: () => choose({color: this.color.value})})
    this.lap = h("button", {class: "map-lap", type: "button", hidden: true})
    this.lap.addEventListener("click", () => choose({of: this.lap.dataset.of}))
    this.scale = h("span", {class: "map-scale"})
    this.follow = h("button", {class: "map-tool", type: "button", title: "Follow the zoom", "aria-label": "Follow the zoom", "aria-pressed": "false", onclick: () => choose({follow: this.follow.getAttribute("aria-pressed") !== "true"})}, icon(FOLLOW))
    this.edit = h("button", {class: "map-tool", type: "button", title: "Edit the line, the sectors and the corners' names", "aria-label": "Edit the track", onclick: edit}, icon(EDIT))
    this.tools = h("div", {class: "map-tools"}, this.follow, this.edit)
    this.root = h("div", {class: "legend", "data-testid": "map-legend", hidden: true}, this.color, this.lap, this.scale)
  }

  show(tint, {color, of, follow}, shown, editable) {
    this.root.hidden = this.tools.hidden = !shown
    this.edit.hidden = !editable
    this.follow.setAttribute("aria-pressed", String(Boolean(follow)))
    if (!shown) return
    const compared = comparedLap(this.bus)
    const options = colorings(this.bus)
    const state = JSON.stringify([options, color, of, compared, tint.kind, tint.low, tint.high, tint.most, tint.text, tint.channel, tint.won, this.bus.laps.map((lap) => ink(lap.color))])
    if (state === this.state) return
    this.state = state
    if (!options.some(({name}) => name === color)) options.unshift({name: color, label: this.bus.channels[color]?.label ?? color})
    this.color.replaceChildren(...options.map(({name, label}) => h("option", {value: name, text: label})))
    this.color.value = color
    this.nameLap(tint, compared)
    this.scale.replaceChildren(...this.parts(tint))
  }

  // Whose channel it is; a click takes the other lap's.
  nameLap({kind, lap}, compared) {
    this.lap.hidden = kind !== "channel" || !compared
    if (this.lap.hidden) return
    const other = lap.reference ? compared : this.bus.reference
    this.lap.textContent = lap.label
    this.lap.style.setProperty("--lap", ink(lap.color))
    this.lap.dataset.of = lap.reference ? "compared" : "reference"
    this.lap.title = `Of ${lap.label}; a click takes ${other?.label ?? "the other lap"}`
    this.lap.setAttribute("aria-label", this.lap.title)
  }

  parts(tint) {
    const number = (text) => h("span", {class: "number", text})
    if (tint.kind === "channel") {
      const {channel = {}, low, high} = tint // its name comes with the next commit
      const decimals = high - low >= 10 ? 0 : Math.min(channel.decimals ?? 1, high - low >= 1 ? 1 : 3)
      const ramp = h("span", {class: "ramp", style: `background:${HEAT_CSS}`})
      return [number(fixed(low, decimals)), ramp, number(fixed(high, decimals)), h("span", {text: channel.unit ?? ""})]
    }
    if (tint.kind === "delta") {
      const most = fixed(tint.most * 100, 3)
      const gains = h("span", {class: "gains", text: "\u203a\u203a gains"})
      const loses = h("span", {class: "loses", text: "loses \u2039\u2039"})
      const title = `${tint.lap.label} against ${this.bus.reference?.label ?? "the reference"}: full colour is ${most} s gained or lost in 100 m`
      return [h("span", {class: "map-gain", title}, gains, h("span", {class: "ramp gain-ramp"}), loses, number(`\u00b1${most}`), h("span", {class: "map-per", text: "s in 100 m"}))]
    }
    if (tint.kind === "sectors") {
      return tint.won.filter(({parts}) => parts > 0).map(({lap, parts}) =>
        h("span", {class: "map-won", title: `${lap.label} was fastest in ${parts} of ${tint.parts.length} mini sectors`}, stroke(ink(lap.color), lap.dash), h("b", {text: lap.label}), number(String(parts))))
    }
    return [h("span", {text: tint.text})]
  }
}
