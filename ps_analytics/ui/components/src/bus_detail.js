// Long stints: of a grid that is thinned the browser has some samples of everything, for the cursor and the map, and asks
// for what is drawn of the view: the least and the greatest of every few pixels, or all there is where that is less.
import {SampleGrid} from "./sample_grid.js"

const PATIENCE_MS = 60 // a wheel turns in steps: what is in view after the last one is asked for

export class Detail {
  constructor(bus, axis) {
    this.bus = bus
    this.axis = axis
    this.request = 0 // the last one's number: answers to others are late
    this.grid = null // what is drawn of the view
    this.span = null // what it covers
    this.asked = ""
    this.pixels = 0
    this.timer = 0
  }

  forget() {
    clearTimeout(this.timer)
    this.timer = 0
    this.request += 1
    this.grid = this.span = null
    this.asked = ""
  }

  // A panel so many pixels wide shows the view: asks for its points, once for all panels.
  want(pixels) {
    this.pixels = Math.max(this.pixels, Math.round(pixels))
    if (this.timer) return
    this.timer = setTimeout(() => this.ask(), PATIENCE_MS)
  }

  // The view is another: what was about to be asked for is not wanted any more.
  moved() {
    if (!this.timer) return
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.ask(), PATIENCE_MS)
  }

  ask() {
    this.timer = 0
    const {bus, axis, pixels} = this
    this.pixels = 0
    if (!bus.grid(axis).thinned) return
    const [from, to] = bus.viewOf(axis)
    const asked = JSON.stringify([from, to, pixels, bus.generation])
    if (asked === this.asked) return
    this.asked = asked
    this.request += 1
    bus.ask({op: "view", axis, request: this.request, from, to, pixels})
  }

  // An answer; one to an older request is dropped.
  take({request, from, to, x, columns}) {
    if (request !== this.request) return
    this.grid = new SampleGrid()
    this.grid.clear(x, {whole: [from, to]})
    for (const [key, values] of columns) this.grid.columns.set(key, values)
    this.span = [from, to]
    this.bus.announce("detail")
  }

  // Whether it has all of a stretch.
  covers([from, to]) {
    if (!this.grid) return false
    const slack = (this.span[1] - this.span[0]) * 1e-6
    return this.span[0] <= from + slack && to - slack <= this.span[1]
  }
}
