// Between the marks A and B: how far they lie apart, and of every channel and lap the values at both, their difference,
// and the least, the mean and the greatest between. Without marks there is nothing to be seen of it.
import {h} from "../dom.js"
import {fixed} from "../numbers.js"
import {ink} from "../theme.js"
import {valueText} from "./values.js"

const FIGURES = [
  ["a", "A", "at A"], ["b", "B", "at B"], ["change", "B\u2212A", "B less A"],
  ["least", "min", "the least between A and B"], ["mean", "mean", "the mean over the time between A and B"], ["most", "max", "the greatest between A and B"],
]

export class MeasureLine {
  constructor(bus) {
    this.bus = bus
    this.root = h("div", {class: "measures", hidden: true, "data-testid": "measures"})
  }

  // Of these channels, on an axis.
  show(channels, axis) {
    const {bus, root} = this
    const marks = ["a", "b"].map((name) => (bus[name] === null ? null : bus.placeOn(axis, bus[name]) / bus.scaleOf(axis)))
    const places = marks.map((place) => (Number.isNaN(place) ? null : place))
    root.hidden = places.every((place) => place === null) || !bus.grid(axis).x.length
    if (root.hidden) return root.replaceChildren()
    const close = h("button", {type: "button", class: "unmark", "aria-label": "Take the marks A and B away", title: "Take A and B away", text: "\u00d7", onclick: () => bus.clearMarks()})
    const groups = channels.filter(({there}) => there).flatMap((channel) => this.rowsOf(channel, places, axis))
    root.replaceChildren(h("span", {class: "measure-head"}, ...this.apart(places, axis), close), ...groups)
  }

  // How far B lies behind A: in m or s, and how long each lap took for it.
  apart([a, b], axis) {
    const {bus} = this
    const figure = (label, text, title, color) => h("span", {class: "figure", title}, h("i", {text: label}), h("b", {class: "number", text, style: color ? `color:${color}` : null}))
    if (a === null || b === null) return [h("i", {text: a === null ? "A: press a to set it at the cursor" : "B: press b to set it at the cursor"})]
    const scale = bus.scaleOf(axis)
    const found = []
    if (axis !== "time") {
      const unit = axis === "position" ? "%" : "m"
      found.push(figure("\u0394x", `${fixed((b - a) * scale, axis === "position" ? 2 : 1, true)} ${unit}`, "How far B lies behind A"))
      for (const lap of bus.laps) {
        const elapsed = bus.elapsed(lap.id, axis)
        if (!elapsed) continue
        const taken = elapsed[bus.grid(axis).indexOf(b)] - elapsed[bus.grid(axis).indexOf(a)]
        found.push(figure("\u0394t", `${fixed(taken, 3, true)} s`, `${lap.label}: how long it took from A to B`, ink(lap.color)))
      }
    } else {
      found.push(figure("\u0394t", `${fixed(b - a, 3, true)} s`, "How long after A is B"))
      const metres = ["a", "b"].map((name) => (bus.main === "distance" ? bus[name] : bus.placeOn("distance", bus[name])))
      if (!metres.some(Number.isNaN)) found.push(figure("\u0394x", `${fixed(metres[1] - metres[0], 1, true)} m`, "How far the reference drove"))
    }
    return found
  }

  rowsOf(channel, [a, b], axis) {
    const {bus} = this
    const grid = bus.grid(axis)
    const laps = bus.laps.filter((lap) => bus.column(lap.id, channel.name, axis) && !(channel.name === "delta" && lap.reference))
    return laps.map((lap) => {
      const found = measure(bus.column(lap.id, channel.name, axis), a === null ? null : grid.indexOf(a), b === null ? null : grid.indexOf(b), bus.elapsed(lap.id, axis))
      const cells = FIGURES.filter(([name]) => name in found).map(([name, label, title]) => {
        const text = name === "mean" && channel.condition ? `${fixed(found.mean * 100, 0)} %` : name === "change" && !channel.condition ? fixed(found.change, channel.decimals, true) : valueText(found[name], channel)
        return h("span", {class: "figure", title, "data-figure": name}, h("i", {text: label}), h("b", {class: "number", text, style: `min-width:${channel.width ?? 6}ch`}))
      })
      return h("span", {class: "measure", "data-lap": lap.id, "data-channel": channel.name, title: `${channel.label}, ${lap.label}`},
        h("b", {class: "measure-name", style: `--lap:${ink(lap.color)}`, text: `${channel.label}`}), ...cells)
    })
  }
}

// Of a column's samples from one to another, either way: {a, b, change, least, mean, most}; with one of them null only
// the value at the other. `elapsed` says when each sample was passed and so what it weighs; without it all weigh the same.
export function measure(column, from, to, elapsed = null) {
  if (from === null || to === null) return from === null ? {b: column[to]} : {a: column[from]}
  const [low, high] = from <= to ? [from, to] : [to, from]
  let [least, most, sum, weight] = [Infinity, -Infinity, 0, 0]
  for (let i = low; i <= high; i++) {
    const value = column[i]
    if (Number.isNaN(value)) continue
    if (value < least) least = value
    if (value > most) most = value
    const lasts = elapsed ? (elapsed[Math.min(i + 1, high)] - elapsed[Math.max(i - 1, low)]) / 2 : 1
    if (!(lasts >= 0)) continue
    sum += value * lasts
    weight += lasts
  }
  const known = least <= most
  const mean = weight > 0 ? sum / weight : known ? column[low] : NaN
  return {a: column[from], b: column[to], change: column[to] - column[from], least: known ? least : NaN, mean, most: known ? most : NaN}
}
