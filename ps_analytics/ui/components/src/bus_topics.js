// Who is told of what: what changed is said once an animation frame, whatever happened in between.

export class Topics {
  constructor() {
    this.generation = 0 // of the last commit
    this.painted = 0 // the last generation that is on the screen
    this.paints = 0 // notifications that reached the screen: what tests wait for
    this.marks = new Map() // generation → when it was painted, in ms of performance.now()
    this._subscribers = new Map()
    this._dirty = new Set()
    this._frame = 0
    this._waiting = []
  }

  // Calls `listener(topics)` at most once an animation frame. Topics: data, window, cursor, values (what is at the cursor, as
  // often as one can read it), marks (A and B), style, panels, corners (the table), spans (where corners begin and end), math
  // (its editor is asked for), running (its time), layout, laps (those of the session), choices (events and sessions), detail
  // (of a long stint), panel (what Python worked out for one), light (the lap that is pointed at), status.
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
}
