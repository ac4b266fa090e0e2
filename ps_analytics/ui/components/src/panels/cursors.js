// What lies over the lines and moves without drawing them anew: the cursor with a dot on every line, the marks A and B, and
// the stretches a lap has no data of.
import uPlot from "uplot"
import {Screen} from "./screen.js"
import {h} from "../dom.js"
import {ink} from "../theme.js"

const DOT = 2.75 // pixels from the middle of a dot to the middle of its ring
const RING = 1.5
const REACH = 5 // of a dot to either side of the cursor
const SEEN = 0.85 // how much of the cursor's colour its line has
const STRIP = 4 // pixels of the strip that says where a lap has no data
const MOST_STRIPS = 80 // a lap; what lies closer together than a pixel is one

export class Cursors {
  constructor(bus, axis) {
    this.bus = bus
    this.axis = axis // () => the axis of the plot's x
    this.screen = new Screen({class: "screen"})
    this.between = h("div", {class: "between-marks", hidden: true})
    this.marks = ["a", "b"].map((name) => this.buildMark(name))
    this.strips = h("div", {class: "gap-strips"})
    this.root = h("div", {class: "cursors"}, this.between, this.strips, ...this.marks.map(({root}) => root))
    this.colors = {}
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

  // The plot these lie on, and its lines. What it draws on is a picture beside the page from here on.
  put(plot, lines) {
    const drawn = plot.ctx.canvas
    if (drawn.parentNode) drawn.replaceWith(this.screen.canvas)
    this.plot = plot
    this.lines = lines
    plot.over.append(this.root)
  }

  // The plot has been drawn, in these colours.
  develop(colors) {
    const {plot, screen} = this
    const {canvas} = screen
    this.colors = colors
    this.index = -1
    screen.show(plot.ctx.canvas, colors.panel)
    canvas.style.width = `${plot.width}px`
    canvas.style.height = `${plot.height}px`
  }

  // At a sample of the grid values are read from.
  show(i, x) {
    const {plot, screen} = this
    if (i === this.index || !screen.picture) return
    this.index = i
    screen.wipe()
    screen.canvas.dataset.index = i // for whoever looks into a page: tests
    const {left: start, top, width, height} = plot.bbox
    const ratio = uPlot.pxRatio
    const left = plot.valToPos(x[i], "x", true)
    if (!(left >= start - ratio / 2 && left <= start + width + ratio / 2)) return
    screen.stain(left - REACH * ratio, top - REACH * ratio, 2 * REACH * ratio, height + 2 * REACH * ratio)
    const {ctx} = screen
    ctx.globalAlpha = SEEN
    ctx.fillStyle = this.colors.cursor
    ctx.fillRect(Math.round(left), top, Math.max(Math.round(ratio), 1), height)
    ctx.globalAlpha = 1
    ctx.fillStyle = this.colors.panel
    ctx.lineWidth = RING * ratio
    for (const {told, lane, channel, color} of this.lines) {
      const value = told?.[i]
      if (channel.condition || value == null || Number.isNaN(value)) continue
      const at = plot.valToPos(value, lane.scale, true)
      if (!(at >= top && at <= top + height)) continue
      ctx.beginPath()
      ctx.arc(left, at, DOT * ratio, 0, 7)
      ctx.fill()
      ctx.strokeStyle = color
      ctx.stroke()
    }
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
