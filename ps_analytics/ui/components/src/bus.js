// The one place in the browser that holds a page's columns, windows and cursor. Components of a page share it through a
// Map on globalThis, so that it is one bus even where every component brings its own copy of this module (notebooks).
import {MESSAGES} from "./bus_messages.js"
import {Places} from "./bus_places.js"

const PAGES = Symbol.for("ps-analytics.pages")

export function busOf(page) {
  const pages = (globalThis[PAGES] ??= new Map())
  if (!pages.has(page)) pages.set(page, new Bus(page))
  return pages.get(page)
}

export function forgetBus(page) {
  globalThis[PAGES]?.delete(page)
}

export class Bus extends Places {
  constructor(page) {
    super()
    this.page = page
    this.session = "" // whose laps these are: another one is looked at afresh
    this.choices = {events: [], event: "", sessions: [], session: ""} // what there is to choose from
    this.lapList = {laps: [], ideal: {state: ""}} // the laps of the session, and its ideal lap
    this.panelData = new Map() // plot id → what Python worked out for the panel
    this.running = {lap: "", time_s: 0} // the lap that is being driven, and for how long it has been
    this.provisional = {} // "lap|channel" → the first point with a value that may still change
    this.growths = 0 // how often it has grown: what tests wait for
    this.units = "metric" // what values are shown in; the data never changes
    this.favourites = [] // channels that stand first where channels are chosen
    this.lit = "" // the lap that is pointed at in a list or a legend
    this.status = {kind: "loading", text: ""}
    this.math = false // whether the page has an editor of math channels
    this.mapNote = "" // why there is no track map
    this.unsent = [] // commands from before there was a line to Python
    this.ask = (command) => this.unsent.push(command) // sends a command to Python
    this._ears = new Map() // op → what else listens to Python
  }

  // Points at a lap, so that every plot shows which one it is; "" at none, as one that is not drawn.
  light(lap) {
    const next = this.laps.some(({id}) => id === lap) ? lap : ""
    if (this.lit === next) return
    this.lit = next
    this.announce("light")
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

  // One message of Python's.
  receive(message) {
    const known = MESSAGES[message.op]
    if (known) known(this, message)
    else this._ears.get(message.op)?.(message)
  }
}
