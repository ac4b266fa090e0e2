// The one place in the browser that holds a page's columns, x window and cursor. Components of a page share it through
// a Map on globalThis, so that it is one bus even where every component brings its own copy of this module (notebooks).

const PAGES = Symbol.for("ps-analytics.pages")

export function busOf(page) {
  const pages = (globalThis[PAGES] ??= new Map())
  if (!pages.has(page)) pages.set(page, new Bus(page))
  return pages.get(page)
}

export function forgetBus(page) {
  globalThis[PAGES]?.delete(page)
}

export class Bus {
  constructor(page) {
    this.page = page
    this.columns = new Map() // "lap|channel" → Float32Array
    this.x = new Float32Array(0)
    this.unit = "m"
    this.session = "" // whose laps these are: another one is looked at afresh
    this.layout = null // what is drawn and where: {document, sheet}
    this.choices = {events: [], event: "", sessions: [], session: ""} // what there is to choose from
    this.lapList = {laps: [], ideal: {state: ""}} // the laps of the session, and its ideal lap
    this.laps = [] // the chosen laps: {id, label, color, dash, reference}
    this.running = {lap: "", time_s: 0} // the lap that is being driven, and for how long it has been
    this.provisional = {} // "lap|channel" → the first point with a value that may still change
    this.growths = 0 // how often it has grown: what tests wait for
    this.channels = {} // name → {label, unit, decimals, stepped, ...}
    this.window = null // [from, to] in x; null is the whole lap
    this.cursor = 0 // in x
    this.status = {kind: "loading", text: ""}
    this.math = false // whether the page has an editor of math channels
    this.mapNote = "" // why there is no track map
    this.corners = {corners: [], tables: {}, notes: {}, note: ""} // of the track, and what each lap lost in them
    this.generation = 0 // of the last commit
    this.painted = 0 // the last generation that is on the screen
    this.paints = 0 // notifications that reached the screen: what tests wait for
    this.marks = new Map() // generation → when it was painted, in ms of performance.now()
    this.unsent = [] // commands from before there was a line to Python
    this.ask = (command) => this.unsent.push(command) // sends a command to Python
    this._ears = new Map() // op → what else listens to Python
    this._subscribers = new Map()
    this._dirty = new Set()
    this._frame = 0
    this._waiting = []
  }

  // Calls `listener(topics)` at most once an animation frame. Topics: data, window, cursor, status, style, panels,
  // corners (the table), spans (where corners begin and end), math (its editor is asked for), running (its time), layout,
  // laps (those of the session), choices (events and sessions).
  subscribe(topics, listener) {
    this._subscribers.set(listener, topics)
    return () => {
      this._subscribers.delete(listener)
    }
  }

  announce(topic) {
    this._dirty.add(topic)
    this._frame ||= requestAnimationFrame(() => this._notify())
  }

  _notify() {
    this._frame = 0
    const topics = this._dirty
    this._dirty = new Set()
    const generation = this.generation
    for (const [listener, wanted] of [...this._subscribers]) {
      if (wanted.some((topic) => topics.has(topic))) listener(topics)
    }
    // uPlot draws in a microtask of its own, queued before this one.
    queueMicrotask(() => {
      this.paints += 1
      if (topics.has("data") && generation > this.painted) {
        this.painted = generation
        this.marks.set(generation, performance.now())
        if (this.marks.size > 64) this.marks.delete(this.marks.keys().next().value)
      }
      for (const wake of this._waiting.splice(0)) wake(this.paints)
    })
  }

  nextPaint() {
    return new Promise((resolve) => this._waiting.push(resolve))
  }

  get extent() {
    const {x} = this
    return x.length ? [x[0], x[x.length - 1]] : [0, 1]
  }

  get view() {
    return this.window ?? this.extent
  }

  column(lap, channel) {
    return this.columns.get(`${lap}|${channel}`)
  }

  get reference() {
    return this.laps.find((lap) => lap.reference)
  }

  // The sample nearest to the cursor.
  get index() {
    return this.indexOf(this.cursor)
  }

  indexOf(value) {
    const {x} = this
    let low = 0
    let high = x.length - 1
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (x[middle] <= value) low = middle
      else high = middle
    }
    return high > low && x[high] - value < value - x[low] ? high : Math.max(low, 0)
  }

  setCursor(value) {
    const [low, high] = this.extent
    const next = Math.min(Math.max(value, low), high)
    if (next === this.cursor) return
    this.cursor = next
    this.announce("cursor")
  }

  // Moves the cursor by samples and keeps it in view.
  step(samples) {
    const {x} = this
    if (!x.length) return
    this.setCursor(x[Math.min(Math.max(this.index + samples, 0), x.length - 1)])
    const [from, to] = this.view
    const width = to - from
    if (this.cursor < from) this.setWindow(this.cursor - width * 0.1, this.cursor + width * 0.9)
    if (this.cursor > to) this.setWindow(this.cursor - width * 0.9, this.cursor + width * 0.1)
  }

  setWindow(from, to) {
    const [low, high] = this.extent
    const least = Math.min(10, high - low)
    let width = Math.max(to - from, least)
    if (width >= high - low) return this.showAll()
    const start = Math.min(Math.max((from + to - width) / 2, low), high - width)
    this.window = [start, start + width]
    this.announce("window")
  }

  showAll() {
    if (this.window === null) return
    this.window = null
    this.announce("window")
  }

  // Zooms by a factor about a place, which stays where it is on the screen.
  zoom(factor, about = this.cursor) {
    const [from, to] = this.view
    const place = Math.min(Math.max(about, from), to)
    this.setWindow(place - (place - from) * factor, place + (to - place) * factor)
  }

  // The corner at a place; corners that run through the line have two parts.
  cornerAt(place) {
    return this.corners.corners.find(({parts}) => parts.some(([from, to]) => from <= place && place < to))
  }

  // Zooms to a corner with what leads to it and out of it, the cursor on its apex.
  showCorner({parts, apex}) {
    const [from, to] = parts.find(([start, end]) => start <= apex && apex <= end) ?? parts[0]
    const room = Math.max((to - from) * 0.75, 60)
    this.setCursor(apex)
    this.setWindow(from - room, to + room)
  }

  // The corner after the cursor (+1) or before it (−1), round and round.
  stepCorner(by) {
    const {corners} = this.corners
    if (!corners.length) return
    const order = [...corners].sort((a, b) => a.apex - b.apex)
    const ahead = by > 0 ? order.find(({apex}) => apex > this.cursor + 1) : order.findLast(({apex}) => apex < this.cursor - 1)
    this.showCorner(ahead ?? order.at(by > 0 ? 0 : -1))
  }

  // The line to Python is there.
  connect(send) {
    this.ask = send
    for (const command of this.unsent.splice(0)) send(command)
  }

  // Gives messages of Python's of another kind to whoever is there for them.
  hear(op, listener) {
    this._ears.set(op, listener)
  }

  // One message of Python's; columns arrive ahead of the commit that draws them.
  receive(message) {
    const {op} = message
    if (op === "clear") {
      // Another grid: no column of the one before fits it.
      this.columns.clear()
      this.x = message.x
    } else if (op === "columns") {
      for (const [key, values] of entries(message.columns)) this.columns.set(key, values)
    } else if (op === "commit") {
      this.generation = message.generation
      if (this.session !== message.session) {
        this.session = message.session
        this.receive({op: "corners", corners: [], tables: {}, notes: {}, note: ""})
        this.window = null
        this.cursor = 0
      }
      this.laps = message.laps
      this.provisional = plain(message.provisional)
      this.channels = message.channels
      this.status = message.status
      this.mapNote = message.mapNote
      this.math = message.math
      const [low, high] = this.extent
      if (this.window && this.window[0] >= high - 10) this.window = null
      else if (this.window && this.window[1] > high) this.window = [this.window[0], high]
      this.cursor = Math.min(Math.max(this.cursor, low), high)
      for (const topic of ["data", "status"]) this.announce(topic)
    } else if (op === "layout") {
      this.layout = message
      this.announce("layout")
    } else if (op === "laps") {
      this.lapList = {laps: message.laps, ideal: message.ideal}
      this.announce("laps")
    } else if (op === "choices") {
      this.choices = message
      this.announce("choices")
    } else if (op === "grow") {
      // What is new of the lap that is being driven.
      for (const [key, {at, values}] of entries(message.columns)) this.columns.set(key, spliced(this.columns.get(key), at, values))
      this.provisional = plain(message.provisional)
      this.growths += 1
      this.announce("data")
    } else if (op === "running") {
      this.running = {lap: message.lap, time_s: message.time_s}
      this.announce("running")
    } else if (op === "corners") {
      const {corners, tables, notes, note} = message
      const moved = JSON.stringify(corners) !== JSON.stringify(this.corners.corners)
      this.corners = {corners, tables, notes, note}
      this.announce("corners")
      if (moved) this.announce("spans")
    } else if (op === "lost") {
      this.status = {kind: "stale", text: "The server does not answer any more: what you see is old. Start `psa serve`, then reload."}
      this.announce("status")
    } else this._ears.get(op)?.(message)
  }
}

// A copy with other values from a place on: who drew the one before knows by it that this is another.
function spliced(column, at, values) {
  const copy = column.slice()
  copy.set(values, at)
  return copy
}

function plain(mapping) {
  return Object.fromEntries(entries(mapping))
}

function entries(mapping) {
  return mapping instanceof Map ? mapping.entries() : Object.entries(mapping)
}
