// Channels against distance: one uPlot a panel, the values at the cursor above it, cursor and zoom from the bus.
import uPlot from "uplot"
import {bandExtent, bandText, closureBadge, drawBands} from "./band.js"
import {h, onSize} from "../dom.js"
import {drawFrame} from "./frame.js"
import {pointAndZoom} from "./gestures.js"
import {laneExtent, laneScale, lanesOf} from "./lanes.js"
import {panelFrame} from "./panel_frame.js"
import {fixed} from "../numbers.js"
import {ink, tokens} from "../theme.js"

const PAD = [6, 12, 20, 48] // of the plot, in CSS pixels: top, right, bottom, left
const BADGES_IN_FULL = 2 // with more laps than that each badge says the least
const LOSS = "rgb(255 90 80 / .16)"
const GAIN = "rgb(60 210 110 / .16)"
const OPEN = {width: 1.25, dash: [2, 3]} // of a lap that is being driven: what may still change
const STEPPED = uPlot.paths.stepped({align: 1})
const LINEAR = uPlot.paths.linear()

export class TracePanel {
  constructor(bus, config) {
    this.bus = bus
    this.read(config)
    this.frame = panelFrame(config.title, "traces")
    this.line = h("div", {class: "cursor-line"})
    this.drag = h("div", {class: "drag", hidden: true})
    this.plot = null
    this.lanes = []
    this.tails = [] // the numbers of the series that are drawn on, in another way, where they may still change
    this.extents = {}
    this.dots = []
    this.cells = []
    this.structure = ""
    this.drawn = 0
    this.leave = [
      bus.subscribe(["data", "window", "cursor", "style", "spans"], (topics) => this.follow(topics)),
      onSize(this.frame.body, (width, height) => this.resize(width, height)),
    ]
  }

  destroy() {
    for (const leave of this.leave) leave()
    this.plot?.destroy()
  }

  // Another config; other channels are drawn with the commit that brings them.
  update(config) {
    this.read(config)
    this.frame.setTitle(config.title)
  }

  // A channel may have stand-ins: the first that any lap has is shown.
  read({channels, mode, options}) {
    this.names = channels.map((name) => [name, ...(options?.instead?.[name] ?? [])])
    this.mode = mode
  }

  follow(topics) {
    if (topics.has("data") || topics.has("style")) this.load()
    else if (topics.has("window")) this.applyWindow()
    else if (topics.has("spans")) this.plot?.redraw(false)
    else this.showCursor()
  }

  resize(width, height) {
    if (this.plot) {
      this.plot.setSize({width, height})
      this.applyWindow() // the lanes' scales depend on the height
    } else this.load()
  }

  load() {
    const {clientWidth: width, clientHeight: height} = this.frame.body
    if (width < 8 || height < 8 || !Object.keys(this.bus.channels).length) return
    const names = this.names.map((chain) => this.firstRecorded(chain))
    this.lanes = lanesOf(names, this.bus.channels, this.mode)
    const structure = JSON.stringify([names, this.bus.laps, this.bus.laps.map(({color}) => ink(color)), this.lanes.map((lane) => lane.channels), this.recorded()])
    if (structure !== this.structure) {
      this.structure = structure
      this.build(width, height)
    }
    const columns = this.series.map(({lap, channel}) => plottable(this.bus.column(lap.id, channel.name), this.bus.x.length))
    const tails = this.tails.map((i) => this.cutOpen(columns, i))
    this.plot.setData([this.bus.x, ...columns, ...tails], false)
    this.applyWindow()
  }

  // Which of the drawn channels each lap has: a lap that is being driven may get one later.
  recorded() {
    return this.bus.laps.map((lap) => this.lanes.flatMap(({channels}) => channels.map(({name}) => Boolean(this.bus.column(lap.id, name)))))
  }

  // Takes what may still change out of a column and gives it back as one of its own; they meet in one point.
  cutOpen(columns, i) {
    const {lap, channel} = this.series[i]
    const column = columns[i]
    const tail = new Array(column.length).fill(null)
    const from = this.bus.provisional[`${lap.id}|${channel.name}`]
    if (from == null) return tail
    const settled = Array.from(column)
    for (let k = Math.max(from - 1, 0); k < column.length; k++) tail[k] = column[k]
    settled.fill(null, from)
    columns[i] = settled
    return tail
  }

  firstRecorded(names) {
    return names.find((name) => this.bus.laps.some((lap) => this.bus.column(lap.id, name))) ?? names[0]
  }

  build(width, height) {
    this.series = []
    for (const lane of this.lanes) {
      for (const channel of lane.channels) {
        const laps = this.bus.laps.filter((lap) => this.bus.column(lap.id, channel.name))
        // The reference lies underneath and is thinner: what is compared with it is what one looks at.
        for (const lap of [...laps].sort((a, b) => Number(b.reference) - Number(a.reference))) {
          if (channel.name === "delta" && lap.reference) continue
          this.series.push({lap, channel, lane})
        }
      }
    }
    if (!this.plot || this.plot.lanes !== this.lanes.length) this.create(width, height)
    while (this.plot.series.length > 1) this.plot.delSeries(this.plot.series.length - 1)
    for (const {lap, channel, lane} of this.series) {
      this.plot.addSeries({
        scale: lane.scale, stroke: ink(lap.color), width: lap.reference ? 1.25 : 1.75, dash: lap.dash ?? undefined,
        paths: channel.stepped ? STEPPED : LINEAR, points: {show: false},
        ...(channel.above && {fill: (plot) => gainAndLoss(plot, lane.scale), fillTo: 0}),
      })
    }
    this.tails = this.series.flatMap(({lap}, i) => (lap.running ? [i] : []))
    for (const i of this.tails) {
      const {lap, channel, lane} = this.series[i]
      this.plot.addSeries({scale: lane.scale, stroke: ink(lap.color), ...OPEN, paths: channel.stepped ? STEPPED : LINEAR, points: {show: false}})
    }
    this.buildDots()
    this.buildValues()
  }

  create(width, height) {
    this.plot?.destroy()
    const scales = {x: {time: false, auto: false, range: (_, min, max) => [min, max]}}
    this.lanes.forEach(({scale}, i) => {
      scales[scale] = {auto: true, range: (_, low, high) => this.laneRange(this.lanes[i], low, high)}
    })
    const options = {
      width, height, scales, padding: PAD, pxAlign: 0, legend: {show: false}, cursor: {show: false}, select: {show: false},
      axes: [{show: false}, {show: false}], series: [{}],
      hooks: {drawClear: [() => this.drawFrame()], draw: [() => this.afterDraw()]},
    }
    this.plot = new uPlot(options, [this.bus.x], this.frame.body)
    this.plot.lanes = this.lanes.length
    this.plot.root.psPlot = this.plot // for whoever looks into a page: tests, and the console
    this.plot.over.append(this.line, this.drag)
    pointAndZoom(this.plot, this.bus, this.drag)
  }

  laneRange(lane, low, high) {
    if (!lane) return [0, 1]
    const banded = lane.channels.some(({band}) => band) && low != null
    const extent = laneExtent(lane, ...(banded ? bandExtent(this.bus, this.series, lane, low, high) : [low, high]))
    this.extents[lane.scale] = extent
    return laneScale(lane, extent, this.frame.body.clientHeight - PAD[0] - PAD[2])
  }

  applyWindow() {
    const [min, max] = this.bus.view
    this.plot?.setScale("x", {min, max})
  }

  drawFrame() {
    const {bus, lanes, extents} = this
    const {corners} = bus.corners
    // Where several lanes lie above each other, or words stand in the corner already, a name would be one thing too many.
    const named = bus.window !== null && lanes.length === 1 && !lanes[0].channels[0].above
    drawFrame(this.plot, {lanes, extents, colors: tokens(this.frame.root), unit: bus.unit, corners, named})
    const banded = this.series.filter(({channel}) => channel.band)
    if (banded.length) drawBands(this.plot, bus, banded)
  }

  // A new scale counts from here on, and the cursor lies on it.
  afterDraw() {
    this.drawn += 1
    this.showCursor()
  }

  buildDots() {
    for (const dot of this.dots) dot.remove()
    this.dots = this.series.map(({lap}) => h("div", {class: "dot", style: `border-color:${ink(lap.color)}`}))
    this.plot.over.append(...this.dots)
  }

  buildValues() {
    this.cells = []
    const groups = this.lanes.flatMap((lane) => lane.channels).map((channel) => {
      const recorded = this.bus.laps.some((lap) => this.bus.column(lap.id, channel.name))
      if (!recorded && this.bus.laps.length) return missing(channel)
      const group = h("span", {class: "value-group"}, h("b", {text: channel.label}), h("i", {text: channel.unit ?? ""}))
      const told = channel.name === "delta" ? this.bus.laps.filter((lap) => !lap.reference) : this.bus.laps
      for (const lap of told) {
        const cell = h("span", {class: "value", style: `color:${ink(lap.color)};min-width:${channel.width}ch`, title: lap.label})
        this.cells.push({cell, lap, channel})
        group.append(cell)
        if (channel.band) group.append(closureBadge(lap, told.length > BADGES_IN_FULL))
      }
      return group
    })
    this.frame.values.replaceChildren(...groups)
    const alone = this.bus.laps.length === 1 && this.names.some((chain) => chain.includes("delta"))
    this.frame.note.textContent = alone ? "choose a second lap to compare" : ""
  }

  showCursor() {
    const {plot, bus} = this
    if (!plot || !bus.x.length) return
    const i = bus.index
    // Not asked of the page: that would lay it out again for every panel, at every move.
    const [width, height] = [plot.bbox.width / uPlot.pxRatio, plot.bbox.height / uPlot.pxRatio]
    const left = plot.valToPos(bus.x[i], "x")
    const inside = left >= -0.5 && left <= width + 0.5
    this.line.hidden = !inside
    if (inside) this.line.style.transform = `translateX(${Math.round(left)}px)`
    this.line.dataset.index = i
    this.series.forEach(({lap, channel, lane}, k) => {
      const value = bus.column(lap.id, channel.name)?.[i]
      const top = value == null || Number.isNaN(value) ? -1 : plot.valToPos(value, lane.scale)
      const shown = inside && top >= 0 && top <= height
      this.dots[k].hidden = !shown
      if (shown) this.dots[k].style.transform = `translate(${left}px, ${top}px)`
    })
    for (const {cell, lap, channel} of this.cells) {
      const band = channel.band ? bandText(bus.column(lap.id, channel.band)?.[i], channel.decimals) : ""
      cell.textContent = fixed(bus.column(lap.id, channel.name)?.[i], channel.decimals, channel.signed) + band
    }
  }
}

// Red above zero and green below, faintly: the sign says it, the colour makes it quick to see.
function gainAndLoss(plot, scale) {
  const {ctx, bbox} = plot
  const zero = Math.min(Math.max((plot.valToPos(0, scale, true) - bbox.top) / bbox.height, 0), 1)
  const tint = ctx.createLinearGradient(0, bbox.top, 0, bbox.top + bbox.height)
  for (const [stop, color] of [[0, LOSS], [zero, LOSS], [zero, GAIN], [1, GAIN]]) tint.addColorStop(stop, color)
  return tint
}

function missing(channel) {
  const by = channel.missing ?? (channel.source ? `not recorded by ${channel.source}` : "not recorded")
  return h("span", {class: "value-group missing"}, h("s", {text: channel.label}), h("i", {text: by}))
}

// uPlot breaks a line at null and nowhere else; most columns have no gap and go as they are.
const plottables = new WeakMap()
function plottable(column, length) {
  if (!column) return new Array(length).fill(null)
  if (!plottables.has(column)) {
    const gaps = column.some(Number.isNaN)
    plottables.set(column, gaps ? Array.from(column, (value) => (Number.isNaN(value) ? null : value)) : column)
  }
  return plottables.get(column)
}
