// Channels against distance, position or time: one uPlot a panel, the values at the cursor above it, cursor, marks and zoom
// from the bus.
import uPlot from "uplot"
import {bandExtent, drawBands} from "./band.js"
import {drawConditions} from "./conditions.js"
import {Cursors} from "./cursors.js"
import {h, onSize} from "../dom.js"
import {drawFrame} from "./frame.js"
import {pointAndZoom} from "./gestures.js"
import {channelsOf, laneExtent, laneScale, lanesOf, leastHeight} from "./lanes.js"
import {MeasureLine} from "./measures.js"
import {panelFrame} from "./panel_frame.js"
import {AXES, family} from "../bus_axes.js"
import {ink, tokens} from "../theme.js"
import {cutOpen, light, linesOf, plottable, seriesOf, tailOf} from "./trace_lines.js"
import {pictureOf} from "./trace_picture.js"
import {ValueLine} from "./values.js"

const TOPICS = ["data", "detail", "window", "cursor", "values", "marks", "light", "style", "spans", "layout"]
const EDGES = {top: 6, right: 12, bottom: 20, left: 48} // of the plot, in CSS pixels
const RIGHT_SCALE = 48 // where the second scale of overlaid channels is written
const NAMED_TOP = 15 // where the name of the topmost of several lanes is written

export class TracePanel {
  constructor(bus, config) {
    this.bus = bus
    this.read(config)
    this.frame = panelFrame(config.title, "traces")
    this.values = new ValueLine(bus, this.frame.values)
    this.measures = new MeasureLine(bus)
    this.frame.values.after(this.measures.root)
    this.cursors = new Cursors(bus, () => family(this.axis))
    this.drag = h("div", {class: "drag", hidden: true})
    this.plot = null
    this.axis = "distance" // that is drawn
    this.channels = [] // of the config, drawn or not
    this.lanes = []
    this.lines = []
    this.tails = [] // the numbers of the lines that are drawn on, in another way, where they may still change
    this.extents = {}
    this.size = null // of the body, as it was seen last: to ask for it has the page laid out
    this.colors = null // of the theme; the topic style says that they are others
    this.structure = ""
    this.drawn = 0
    this.leave = [bus.subscribe(TOPICS, (topics) => this.follow(topics)), onSize(this.frame.body, (...size) => this.resize(size), () => (this.size = [0, 0]))]
  }

  destroy() {
    for (const leave of this.leave) leave()
    this.plot?.destroy()
    this.plot = null
  }

  // Another config; channels nobody has yet are drawn with the commit that brings them.
  update(config) {
    this.read(config)
    this.frame.setTitle(config.title)
    this.load()
  }

  // A channel may have stand-ins: the first that any lap has is shown.
  read({channels, mode, options, xAxis}) {
    this.names = channels.map((name) => [name, ...(options?.instead?.[name] ?? [])])
    this.mode = mode
    this.xAxis = xAxis
  }

  follow(topics) {
    const {bus} = this
    if (topics.has("style")) this.colors = null
    if (topics.has("data") || topics.has("style") || (topics.has("layout") && this.axisNow() !== this.axis)) return this.load()
    if (topics.has("light")) light(this.plot ?? {series: []}, this.plot ? this.lines : [], bus.lit)
    if (topics.has("marks")) this.showMarks()
    if ((topics.has("window") || topics.has("detail")) && this.plot) {
      if (bus.seen(this.axis) !== this.grid || bus.gridAt(this.axis) !== this.toldGrid) this.fill()
      this.applyWindow()
    } else if (topics.has("spans") || topics.has("light")) this.plot?.redraw(false)
    else {
      if (topics.has("cursor")) this.showCursor()
      if (topics.has("values")) this.showValues()
    }
  }

  axisNow() {
    return this.bus.shownAxis(this.bus.axisOf(this))
  }

  resize(size) {
    const hidden = this.size?.[0] === 0
    this.size = size
    if (hidden) this.load() // what came meanwhile
    if (!this.plot) return this.load()
    this.plot.setSize(this.plotSize())
    this.applyWindow() // the lanes' scales depend on the height
  }

  // As wide as the panel, and as high, if its lanes have room there.
  plotSize() {
    const [width, height] = this.room
    const stacked = this.lanes[0]?.slots > 1
    this.top = stacked ? NAMED_TOP : EDGES.top
    const least = stacked ? leastHeight(this.lanes) + this.top + EDGES.bottom : 0
    this.frame.body.classList.toggle("scrolls", height < least)
    return {width, height: Math.max(height, least)}
  }

  get room() {
    const {clientWidth, clientHeight} = this.size ? {} : this.frame.body
    return this.size ?? [clientWidth, clientHeight]
  }

  load() {
    const {bus} = this
    const [width, height] = this.room
    if (width < 8 || height < 8 || !Object.keys(bus.channels).length) return
    this.axis = this.axisNow()
    const names = this.names.map((chain) => this.firstRecorded(chain))
    this.channels = channelsOf(names, bus.channels, (name) => this.recorded(name).some(Boolean))
    this.lanes = lanesOf(this.channels, this.mode)
    const structure = JSON.stringify([this.axis, bus.laps, bus.laps.map(({color}) => ink(color)), this.channels, this.mode, names.map((name) => this.recorded(name))])
    if (structure !== this.structure) {
      this.structure = structure
      this.build()
    }
    this.fill()
    this.applyWindow()
    this.showMarks()
  }

  // Which laps have a channel: one that is being driven may get it later.
  recorded(name) {
    return this.bus.laps.map((lap) => Boolean(this.bus.column(lap.id, name, this.axis)))
  }

  firstRecorded(names) {
    return names.find((name) => this.recorded(name).some(Boolean)) ?? names[0]
  }

  build() {
    const {bus} = this
    const size = this.plotSize()
    this.lines = linesOf(bus, this.lanes, this.axis)
    const scales = this.lanes.map(({side}) => side).join()
    if (this.plot?.scaled === scales) this.plot.setSize(size)
    else this.create(size, scales)
    while (this.plot.series.length > 1) this.plot.delSeries(this.plot.series.length - 1)
    for (const line of this.lines) this.plot.addSeries(seriesOf(line))
    this.tails = this.lines.flatMap(({lap}, i) => (lap.running && family(this.axis) === "distance" ? [i] : []))
    for (const i of this.tails) this.plot.addSeries(tailOf(this.lines[i]))
    light(this.plot, this.lines, bus.lit)
    this.cursors.put(this.plot, this.lines)
    this.values.build(this.channels, this.lanes)
    const alone = bus.laps.length === 1 && this.names.some((chain) => chain.includes("delta"))
    this.frame.note.textContent = alone ? "choose a second lap to compare" : ""
  }

  create(size, scaled) {
    this.plot?.destroy()
    const scales = {x: {time: false, auto: false, range: (_, min, max) => [min, max]}}
    this.lanes.forEach(({scale}, i) => {
      scales[scale] = {auto: true, range: (_, low, high) => this.laneRange(this.lanes[i], low, high)}
    })
    this.right = scaled.split(",").includes("right") ? RIGHT_SCALE : EDGES.right
    const options = {
      ...size, scales, padding: [this.top, this.right, EDGES.bottom, EDGES.left], pxAlign: 0,
      legend: {show: false}, cursor: {show: false}, select: {show: false}, axes: [{show: false}, {show: false}], series: [{}],
      hooks: {drawClear: [() => this.drawUnder()], draw: [() => this.drawOver()]},
    }
    this.plot = new uPlot(options, [this.bus.grid(this.axis).x], this.frame.body)
    this.plot.scaled = scaled
    Object.assign(this.plot.root, {psPlot: this.plot, psPanel: this}) // for whoever looks into a page: tests, and the console
    this.plot.over.append(this.drag)
    pointAndZoom(this.plot, this.bus, () => family(this.axis), this.drag)
  }

  // Gives the plot the columns of the grid it draws from.
  fill() {
    const {bus, axis, plot} = this
    if (!plot) return
    const grid = (this.grid = bus.seen(axis))
    this.toldGrid = bus.gridAt(axis)
    for (const line of this.lines) {
      const {lap, channel} = line
      line.column = bus.column(lap.id, channel.name, axis, grid)
      line.band = channel.band && bus.column(lap.id, channel.band, axis, grid)
      line.told = bus.column(lap.id, channel.name, axis, this.toldGrid)
    }
    this.values.fill(this.toldGrid, axis)
    const columns = this.lines.map(({column}) => plottable(column, grid.x.length))
    const tails = this.tails.map((i) => {
      const {lap, channel} = this.lines[i]
      const [settled, tail] = cutOpen(columns[i], bus.provisional[`${lap.id}|${channel.name}`])
      columns[i] = settled
      return tail
    })
    plot.setData([grid.x, ...columns, ...tails], false)
  }

  laneRange(lane, low, high) {
    if (!lane) return [0, 1]
    const banded = this.lines.filter((line) => line.lane.scale === lane.scale && line.band)
    const {min, max} = this.plot.scales.x
    const rows = banded.length && low != null ? [min, max].map((value) => this.grid.indexOf(value)) : null
    const extent = laneExtent(lane, ...(rows ? bandExtent(banded, rows, low, high) : [low, high]))
    this.extents[lane.scale] = extent
    return laneScale(lane, extent, this.plot.height - this.top - EDGES.bottom)
  }

  applyWindow() {
    const {bus, plot} = this
    if (!plot) return
    const [min, max] = bus.viewOf(family(this.axis))
    plot.setScale("x", {min, max})
    if (bus.grid(this.axis).thinned) bus.details[family(this.axis)].want(plot.bbox.width / uPlot.pxRatio)
  }

  // What frame.js needs to draw what lies under the lines.
  get scenery() {
    const {bus, axis, lanes, extents} = this
    // Where several lanes lie above each other, or words stand in the corner already, a name would be one thing too many.
    const named = bus.windows[family(axis)] !== null && lanes.length === 1 && !lanes[0].channels[0].above
    const corners = bus.corners.corners.map(({name, parts}) => ({name, parts: bus.carried(parts, family(axis))}))
    const alone = lanes.some((lane) => lane.overlaid) && bus.laps.length === 1
    const channelColors = alone ? Object.fromEntries(this.lines.map(({channel, color}) => [channel.name, color])) : null
    return {lanes, extents, colors: (this.colors ??= tokens(this.frame.root)), x: {unit: AXES[axis].unit, scale: bus.scaleOf(axis)}, corners, named, channelColors}
  }

  get ground() {
    const {plot} = this
    return {ctx: plot.ctx, bbox: plot.bbox, ratio: uPlot.pxRatio, scales: plot.scales, valToPos: plot.valToPos}
  }

  drawUnder() {
    drawFrame(this.ground, this.scenery)
    const banded = this.lines.filter(({band}) => band)
    if (banded.length) drawBands(this.ground, banded, {x: this.grid.x, indexOf: (value) => this.grid.indexOf(value)})
  }

  // A new scale counts from here on, and what lies over the lines with it.
  drawOver() {
    this.drawn += 1
    drawConditions(this.ground, this.lines, this.grid.x)
    this.cursors.showMarks()
    this.cursors.showGaps()
    this.showValues()
    this.cursors.screen.soon(() => this.develop())
  }

  // What was drawn is seen, with the cursor on it.
  develop() {
    if (!this.plot) return
    this.cursors.develop(this.colors)
    this.showCursor()
  }

  showMarks() {
    if (!this.plot) return
    this.cursors.showMarks()
    this.measures.show(this.channels, this.axis)
  }

  // The sample at the cursor of the grid values are read from; -1 where there is none.
  get sample() {
    return this.plot && this.toldGrid?.x.length ? this.toldGrid.indexOf(this.bus.cursorOn(family(this.axis))) : -1
  }

  showCursor() {
    const {sample} = this
    if (sample >= 0) this.cursors.show(sample, this.toldGrid.x)
  }

  showValues() {
    const {sample} = this
    if (sample >= 0) this.values.show(sample)
  }

  // The panel as it is on the screen: pixels, or lines and words.
  image() {
    return pictureOf(this, "canvas")
  }

  svg() {
    return pictureOf(this, "svg")
  }
}
