// What lies over the lines and moves without drawing them anew: the cursor with a dot on every line, the marks A and B, and
// the stretches a lap has no data of.
import uPlot from "uplot"
import {h} from "../dom.js"
import {ink} from "../theme.js"

const STRIP = 4 // pixels of the strip that says where a lap has no data
const MOST_STRIPS = 80 // a lap; what lies closer together than a pixel is one

export class Cursors {
  constructor(bus, axis) {
    this.bus = bus
    this.axis = axis // () => the axis of the plot's x
    this.line = h("div", {class: "cursor-line"})
    this.between = h("div", {class: "between-marks", hidden: true})
    this.marks = ["a", "b"].map((name) => this.buildMark(name))
    this.strips = h("div", {class: "gap-strips"})
    this.root = h("div", {class: "cursors"}, this.between, this.strips, this.line, ...this.marks.map(({root}) => root))
    this.dots = []
  }

  buildMark(name) {
    const label = h("span", {class: "mark-label", text: name.toUpperCase(), "data-mark": name, title: `${name.toUpperCase()}: drag it, or press ${name} at the cursor`})
    const root = h("div", {class: "mark-line", hidden: true, "data-testid": `mark-${name}`}, label)
    label.addEventListener("pointerdown", (event) => label.setPointerCapture(event.pointerId))
    label.addEventListener("pointermove", (event) => {
      event.stopPropagation()
      if (!label.hasPointerCapture(event.pointerId)) return
      const place = this.plot.posToVal(event.clientX - this.plot.over.getBoundingClientRect().left, "x")
      const there = this.bus.placeFrom(this.axis(), place)
      if (!Number.isNaN(there)) this.bus.setMark(name, there)
    })
    return {name, root}
  }

  // The plot these lie on, and its lines.
  put(plot, lines) {
    this.plot = plot
    this.lines = lines
    for (const dot of this.dots) dot.remove()
    this.dots = lines.map(({color}) => h("div", {class: "dot", style: `border-color:${color}`}))
    this.root.append(...this.dots)
    plot.over.append(this.root)
  }

  // At a sample of the grid values are read from.
  show(i, x) {
    const {plot, line} = this
    // Not asked of the page: that would lay it out again for every panel, at every move.
    const [width, height] = this.size
    const left = plot.valToPos(x[i], "x")
    const inside = left >= -0.5 && left <= width + 0.5
    line.hidden = !inside
    if (inside) line.style.transform = `translateX(${Math.round(left)}px)`
    line.dataset.index = i
    this.lines.forEach(({told, lane, channel}, k) => {
      const value = told?.[i]
      const top = channel.condition || value == null || Number.isNaN(value) ? -1 : plot.valToPos(value, lane.scale)
      const shown = inside && top >= 0 && top <= height
      this.dots[k].hidden = !shown
      if (shown) this.dots[k].style.transform = `translate(${left}px, ${top}px)`
    })
  }

  get size() {
    const {bbox} = this.plot
    return [bbox.width / uPlot.pxRatio, bbox.height / uPlot.pxRatio]
  }

  // The marks, and what lies between them.
  showMarks() {
    const {bus, plot} = this
    const [width] = this.size
    const ends = this.marks.map(({name, root}) => {
      const place = bus[name] === null ? NaN : bus.placeOn(this.axis(), bus[name])
      const left = Number.isNaN(place) ? NaN : plot.valToPos(place, "x")
      root.hidden = !(left >= -0.5 && left <= width + 0.5)
      if (!root.hidden) root.style.transform = `translateX(${Math.round(left)}px)`
      return left
    })
    const [from, to] = ends.sort((one, other) => one - other).map((left) => Math.min(Math.max(left, 0), width))
    this.between.hidden = !(to > from)
    if (to > from) this.between.style.cssText = `left:${from}px;width:${to - from}px`
  }

  // Where a lap has no data: a strip of its colour at the bottom, one row a lap.
  showGaps() {
    const {bus, plot} = this
    const gappy = bus.laps.filter((lap) => lap.gaps?.length)
    if (!gappy.length && !this.strips.firstChild) return
    this.strips.replaceChildren(...gappy.flatMap((lap, row) => stripsOf(bus, plot, lap, this.axis(), this.size[0]).map(({left, width, title}) =>
      h("i", {title, "data-lap": lap.id, style: `left:${left}px;width:${width}px;bottom:${row * STRIP}px;--lap:${ink(lap.color)}`}))))
  }
}

// {left, width, title} in pixels of the stretches in view.
function stripsOf(bus, plot, lap, axis, wide) {
  const found = []
  for (const [from, to, why] of lap.gaps) {
    const [start, end] = [from, to].map((place) => plot.valToPos(bus.placeOnAxis(axis, place), "x"))
    if (!(end >= 0 && start <= wide)) continue
    const left = Math.max(start, 0)
    const right = Math.min(Math.max(end, start + 3), wide)
    const last = found.at(-1)
    if (last && left - last.left - last.width < 1) last.width = right - last.left
    else found.push({left, width: right - left, title: `${lap.label}: ${why || "no data"}`})
  }
  return found.slice(0, MOST_STRIPS)
}
