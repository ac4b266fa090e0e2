// The value line of a trace panel: every channel with the value of every lap at the cursor. Numbers have fixed widths, so
// nothing moves while they change; who points at one sees which lap it is.
import {bandText, closureBadge} from "./band.js"
import {looksOf} from "./trace_lines.js"
import {h, stroke} from "../dom.js"
import {fixed} from "../numbers.js"
import {ink} from "../theme.js"

const BADGES_IN_FULL = 2 // with more laps than that each badge says the least
const CONDITION_WIDTH = 3 // of "yes"

export class ValueLine {
  constructor(bus, root) {
    this.bus = bus
    this.root = root
    this.cells = []
    const lapAt = (event) => event.target.closest?.("[data-lap]")?.dataset.lap ?? ""
    root.addEventListener("pointerover", (event) => bus.light(lapAt(event)))
    root.addEventListener("pointerleave", () => bus.light(""))
  }

  build(channels, lanes) {
    const {bus} = this
    const looks = looksOf(lanes, bus.laps.length)
    this.cells = []
    const groups = channels.map((channel) => {
      const look = looks.get(channel.name)
      const group = h("span", {class: "value-group"}, ...(look ? [sample(look)] : []), h("b", {text: channel.label}), h("i", {text: channel.unit ?? ""}))
      if (channel.pending) return group
      if (!channel.there && bus.laps.length) return missing(channel)
      const told = channel.name === "delta" ? bus.laps.filter((lap) => !lap.reference) : bus.laps
      for (const lap of told) {
        const width = channel.condition ? CONDITION_WIDTH : channel.width
        const text = document.createTextNode("")
        const cell = h("span", {class: "value", style: `color:${ink(look?.color ?? lap.color)};min-width:${width}ch`, title: lap.label, "data-lap": lap.id}, text)
        this.cells.push({text, lap, channel, said: ""})
        group.append(cell)
        if (channel.band) group.append(closureBadge(lap, told.length > BADGES_IN_FULL))
      }
      return group
    })
    this.root.replaceChildren(...groups)
  }

  // The columns its values are read from.
  fill(grid, axis) {
    for (const each of this.cells) {
      each.column = this.bus.column(each.lap.id, each.channel.name, axis, grid)
      each.band = each.channel.band && this.bus.column(each.lap.id, each.channel.band, axis, grid)
    }
  }

  show(i) {
    for (const each of this.cells) {
      const {text, column, band, channel} = each
      const said = valueText(column?.[i], channel) + (band ? bandText(band[i], channel.decimals) : "")
      if (said === each.said) continue
      each.said = said
      text.nodeValue = said
    }
  }
}

export function valueText(value, {condition, decimals, signed}) {
  if (condition) return Number.isNaN(value ?? NaN) ? "\u2013" : value >= 0.5 ? "yes" : "no"
  return fixed(value, decimals, signed)
}

// How an overlaid channel's lines look.
function sample({color, dash}) {
  const svg = stroke(color ? ink(color) : "currentColor", dash?.join(" "))
  svg.setAttribute("class", "sample")
  svg.setAttribute("aria-hidden", "true")
  return svg
}

function missing(channel) {
  const by = channel.missing ?? (channel.source ? `not recorded by ${channel.source}` : "not recorded")
  return h("span", {class: "value-group missing"}, h("s", {text: channel.label}), h("i", {text: by}))
}
