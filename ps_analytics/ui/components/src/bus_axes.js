// What one sees: the columns of the laps on every axis, and of each axis the window that is in view.
//
// Distance and position (% of the lap) are one grid and one window; time has its own. A place is in m from the line on the
// reference's grid, or a moment in s where the laps have no places; it is carried from one axis to another by where the
// reference was when.
import {Detail} from "./bus_detail.js"
import {Topics} from "./bus_topics.js"
import {SampleGrid, between, inUnits} from "./sample_grid.js"

export const AXES = {
  distance: {unit: "m", least: 10, label: "Distance"},
  position: {unit: "%", least: 0, label: "Position"},
  time: {unit: "s", least: 0.2, label: "Time"},
}

export class Axes extends Topics {
  constructor() {
    super()
    this.laps = [] // the chosen laps: {id, label, color, dash, reference, gaps}
    this.channels = {} // name → {label, unit, factor, offset, decimals, stepped, ...}
    this.layout = null // what is drawn and where: {document, sheet}
    this.grids = {distance: new SampleGrid(), time: new SampleGrid()}
    this.details = {distance: new Detail(this, "distance"), time: new Detail(this, "time")}
    this.windows = {distance: null, time: null} // [from, to]; null is all there is
  }

  // The axis of the cursor.
  get main() {
    return this.grids.distance.x.length || !this.grids.time.x.length ? "distance" : "time"
  }

  // The axis a panel asks for, by itself or by its sheet.
  axisOf({xAxis} = {}) {
    const sheet = this.layout?.document?.layout.sheets.find(({id}) => id === this.layout.sheet)
    return xAxis ?? sheet?.xAxis ?? "distance"
  }

  // The axis that can be drawn where this one is asked for.
  shownAxis(axis) {
    return this.grid(axis).x.length ? axis : this.main
  }

  grid(axis = this.main) {
    return this.grids[family(axis)]
  }

  // What is drawn of a thinned grid, if that is there for all of the view.
  detail(axis) {
    const own = family(axis)
    const detail = this.details[own]
    return detail.covers(this.windows[own] ?? this.grids[own].whole) ? detail.grid : null
  }

  // The grid to draw from.
  seen(axis) {
    return this.detail(axis) ?? this.grid(axis)
  }

  // The grid to read values from: the one with more samples in view.
  gridAt(axis) {
    const [detail, grid] = [this.detail(axis), this.grid(axis)]
    return detail && detail.x.length / (detail.whole[1] - detail.whole[0]) > grid.x.length / (grid.whole[1] - grid.whole[0]) ? detail : grid
  }

  // A column in shown units; in those of `grid` where one is given.
  column(lap, channel, axis = this.main, grid = this.grid(axis)) {
    return inUnits(grid.columns.get(`${lap}|${channel}`), this.channels[channel])
  }

  get reference() {
    return this.laps.find((lap) => lap.reference)
  }

  get x() {
    return this.grid().x
  }

  get unit() {
    return AXES[this.main].unit
  }

  // So many units of the axis are a metre, or a second, of its grid.
  scaleOf(axis) {
    return axis === "position" ? 100 / (this.grids.distance.whole[1] || 1) : 1
  }

  extentOf(axis) {
    const scale = this.scaleOf(axis)
    return this.grid(axis).whole.map((value) => value * scale)
  }

  windowOf(axis) {
    const scale = this.scaleOf(axis)
    return this.windows[family(axis)]?.map((value) => value * scale) ?? null
  }

  viewOf(axis) {
    return this.windowOf(axis) ?? this.extentOf(axis)
  }

  get extent() {
    return this.extentOf(this.main)
  }

  get window() {
    return this.windows[this.main]
  }

  get view() {
    return this.viewOf(this.main)
  }

  // Where a place of the cursor's lies on an axis; NaN where nobody knows.
  placeOn(axis, place) {
    if (family(axis) === this.main) return place * this.scaleOf(axis)
    const [distance, time] = this.carrier
    return this.main === "distance" ? between(distance, time, place) : between(time, distance, place) * this.scaleOf(axis)
  }

  // The place of the cursor's that lies there on an axis; NaN where nobody knows.
  placeFrom(axis, value) {
    if (family(axis) === this.main) return value / this.scaleOf(axis)
    const [distance, time] = this.carrier
    return this.main === "distance" ? between(time, distance, value) : between(distance, time, value / this.scaleOf(axis))
  }

  // Where the reference was, and when.
  get carrier() {
    const {distance, time} = this.grids
    const id = this.reference?.id
    const where = time.columns.get(`${id}|place`) ?? time.columns.get(`${id}|distance`)
    const when = distance.columns.get(`${id}|elapsed`)
    return where ? [where, time.x] : [when && distance.x, when]
  }

  // How long each lap has been driven at the samples of a grid, in s; nothing where nobody knows.
  elapsed(lap, axis) {
    return axis === "time" ? this.grids.time.x : this.grids.distance.columns.get(`${lap}|elapsed`)
  }

  // Stretches in m, [[from, to], …], on an axis.
  carried(stretches, axis) {
    const found = stretches.map((ends) => [this.placeOnAxis(axis, ends[0]), this.placeOnAxis(axis, ends[1])])
    return found.filter(([from, to]) => to >= from)
  }

  // A place in m on an axis, whatever the cursor counts in.
  placeOnAxis(axis, metres) {
    if (family(axis) === "distance") return metres * this.scaleOf(axis)
    return between(...this.carrier, metres)
  }

  setWindow(from, to, axis = this.main) {
    const own = family(axis)
    const scale = this.scaleOf(axis)
    const [low, high] = this.grids[own].whole
    const width = Math.max((to - from) / scale, Math.min(AXES[own].least, high - low))
    if (!(width < high - low)) return this.showAll(axis)
    const start = clamp(((from + to) / scale - width) / 2, [low, high - width])
    this.windows[own] = [start, start + width]
    this.details[own].moved()
    this.announce("window")
  }

  // Everything there is, on one axis or on all.
  showAll(axis = null) {
    for (const each of axis ? [family(axis)] : ["distance", "time"]) {
      if (this.windows[each] === null) continue
      this.windows[each] = null
      this.details[each].moved()
      this.announce("window")
    }
  }
}

// Whose grid and window an axis has.
export function family(axis) {
  return axis === "time" ? "time" : "distance"
}

export function clamp(value, [low, high]) {
  return Math.min(Math.max(value, low), high)
}
