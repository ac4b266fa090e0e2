// Where one is and what one sees: the grids, the cursor, the windows and the marks A and B, on every axis.
//
// The cursor and the marks are places in m from the line on the reference's grid, or moments in s where the laps have no
// places. Distance and position (% of the lap) are one grid and one window; time has its own. What is a place on one axis
// is carried to another by where the reference was when.
import {Detail} from "./bus_detail.js"
import {Topics} from "./bus_topics.js"
import {SampleGrid, between, inUnits} from "./sample_grid.js"

export const AXES = {
  distance: {unit: "m", least: 10, label: "Distance"},
  position: {unit: "%", least: 0, label: "Position"},
  time: {unit: "s", least: 0.2, label: "Time"},
}
const NOTHING = 1e-6 // of what is in view: places that are no further apart are one

export class Places extends Topics {
  constructor() {
    super()
    this.laps = [] // the chosen laps: {id, label, color, dash, reference, gaps}
    this.channels = {} // name → {label, unit, factor, offset, decimals, stepped, ...}
    this.corners = {corners: [], tables: {}, notes: {}, note: "", track: null} // of the track, and what each lap lost in them
    this.layout = null // what is drawn and where: {document, sheet}
    this.grids = {distance: new SampleGrid(), time: new SampleGrid()}
    this.details = {distance: new Detail(this, "distance"), time: new Detail(this, "time")}
    this.windows = {distance: null, time: null} // [from, to]; null is all there is
    this.cursor = 0
    this.a = null // the marks
    this.b = null
    this._exact = null // where the cursor was put, on an axis that is not its own
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

  // The sample nearest to the cursor.
  get index() {
    return this.indexOf(this.cursor)
  }

  indexOf(value) {
    return this.grid().indexOf(value)
  }

  // Where the cursor is on an axis: exactly there where it was put on it, also while the car stood still.
  cursorOn(axis) {
    const exact = this._exact
    return exact?.axis === axis && exact.place === this.cursor ? exact.value : this.placeOn(axis, this.cursor)
  }

  setCursor(place) {
    this._moveTo(clamp(place, this.extent), null)
  }

  setCursorOn(axis, value) {
    const there = clamp(value, this.extentOf(axis))
    const place = this.placeFrom(axis, there)
    if (Number.isNaN(place)) return
    const kept = clamp(place, this.extent)
    this._moveTo(kept, family(axis) === this.main ? null : {axis, value: there, place: kept})
  }

  _moveTo(place, exact) {
    if (place === this.cursor && exact?.value === this._exact?.value) return
    this.cursor = place
    this._exact = exact
    this.announce("cursor")
  }

  // Moves the cursor by samples and keeps it in view.
  step(samples, axis = this.main) {
    const grid = this.gridAt(axis)
    const {x} = grid
    if (!x.length) return
    const scale = this.scaleOf(axis)
    const at = grid.indexOf(this.cursorOn(axis) / scale)
    this.setCursorOn(axis, x[Math.min(Math.max(at + samples, 0), x.length - 1)] * scale)
    for (const each of ["distance", "time"]) this._keepInView(each)
  }

  _keepInView(axis) {
    const window = this.windows[axis]
    const place = window ? this.cursorOn(axis) : NaN
    if (Number.isNaN(place)) return
    const width = window[1] - window[0]
    if (place < window[0]) this.setWindow(place - width * 0.1, place + width * 0.9, axis)
    if (place > window[1]) this.setWindow(place - width * 0.9, place + width * 0.1, axis)
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

  // Zooms by a factor about a place, which stays where it is on the screen; without an axis on all, about the cursor.
  zoom(factor, about = null, axis = about === null ? null : this.main) {
    const axes = axis ? [axis] : ["distance", "time"].filter((each) => this.grids[each].x.length)
    for (const each of axes) {
      const [from, to] = this.viewOf(each)
      const middle = about ?? this.cursorOn(each)
      const place = clamp(Number.isNaN(middle) ? (from + to) / 2 : middle, [from, to])
      this.setWindow(place - (place - from) * factor, place + (to - place) * factor, each)
    }
  }

  // Puts a mark, "a" or "b", at a place of the cursor's, or takes it away.
  setMark(name, place) {
    const next = place === null ? null : clamp(place, this.extent)
    if (this[name] === next) return
    this[name] = next
    this.announce("marks")
  }

  // Puts a mark at the cursor; where it lies there already it is taken away.
  toggleMark(name) {
    const [from, to] = this.view
    const same = this[name] !== null && Math.abs(this[name] - this.cursor) <= (to - from) * NOTHING
    this.setMark(name, same ? null : this.cursor)
  }

  clearMarks() {
    for (const name of ["a", "b"]) this.setMark(name, null)
  }

  // The marks that are set, in the order of the track: {name, place}.
  get markers() {
    return ["a", "b"].filter((name) => this[name] !== null).map((name) => ({name, place: this[name]})).sort((one, other) => one.place - other.place)
  }

  // Another x or other laps: what lies beyond its end is moved to it.
  keepWithin() {
    for (const axis of ["distance", "time"]) {
      const [low, high] = this.grids[axis].whole
      const window = this.windows[axis]
      if (window && this.grids[axis].x.length && window[0] >= high - AXES[axis].least) this.windows[axis] = null
      else if (window && window[1] > high) this.windows[axis] = [Math.max(window[0], low), high]
    }
    this.cursor = clamp(this.cursor, this.extent)
    for (const name of ["a", "b"]) if (this[name] !== null) this.setMark(name, this[name])
  }

  // Another session: all of it is looked at, from its beginning.
  startAfresh() {
    this.windows = {distance: null, time: null}
    this.cursor = 0
    this._exact = null
    this.clearMarks()
    for (const detail of Object.values(this.details)) detail.forget()
  }

  // The corner at a place; corners that run through the line have two parts.
  cornerAt(place) {
    return this.corners.corners.find(({parts}) => parts.some(([from, to]) => from <= place && place < to))
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

  // Zooms to a corner with what leads to it and out of it, the cursor on its apex.
  showCorner({parts, apex}) {
    const [from, to] = parts.find(([start, end]) => start <= apex && apex <= end) ?? parts[0]
    const room = Math.max((to - from) * 0.75, 60)
    if (this.main === "distance") this.setCursor(apex)
    else this.setCursorOn("time", this.placeOnAxis("time", apex))
    for (const axis of ["distance", "time"]) {
      const ends = [from - room, to + room].map((place) => this.placeOnAxis(axis, place))
      if (this.grids[axis].x.length && !ends.some(Number.isNaN)) this.setWindow(...ends, axis)
    }
  }

  // The corner after the cursor (+1) or before it (−1), round and round.
  stepCorner(by) {
    const {corners} = this.corners
    if (!corners.length) return
    const order = [...corners].sort((a, b) => a.apex - b.apex)
    const here = this.main === "distance" ? this.cursor : this.placeOn("distance", this.cursor)
    const ahead = by > 0 ? order.find(({apex}) => apex > here + 1) : order.findLast(({apex}) => apex < here - 1)
    this.showCorner(ahead ?? order.at(by > 0 ? 0 : -1))
  }
}

// Whose grid and window an axis has.
export function family(axis) {
  return axis === "time" ? "time" : "distance"
}

function clamp(value, [low, high]) {
  return Math.min(Math.max(value, low), high)
}
