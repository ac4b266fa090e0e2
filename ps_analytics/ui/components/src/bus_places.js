// Where one is: the cursor and the marks A and B, the corners, and what is left of all that when the laps are others. The
// cursor and the marks are places, in m or in s.
import {AXES, Axes, clamp, family} from "./bus_axes.js"

const READ_MS = 45 // nobody reads numbers that change more often, and each time the page lays them out
const NOTHING = 1e-6 // of what is in view: places that are no further apart are one

export class Places extends Axes {
  constructor() {
    super()
    this.corners = {corners: [], tables: {}, notes: {}, note: "", track: null} // of the track, and what each lap lost in them
    this.cursor = 0
    this.a = null // the marks
    this.b = null
    this._exact = null // where the cursor was put, on an axis that is not its own
    this._untold = 0 // the timer that waits to say what is at the cursor
    this._told = -Infinity // when that was said last
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
    this._tell()
  }

  // Whether the values that are shown are of where the cursor was a moment ago: what tests wait for.
  get late() {
    return this._untold !== 0 || this._dirty.has("values")
  }

  // Says what is at the cursor: at once when it has rested, and then as often as one can read it; where it stays, in any case.
  _tell() {
    if (this._untold) return
    const early = this._told + READ_MS - performance.now()
    if (early > 0) this._untold = setTimeout(() => this._tellNow(), early)
    else this._tellNow()
  }

  _tellNow() {
    this._untold = 0
    this._told = performance.now()
    this.announce("values")
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
