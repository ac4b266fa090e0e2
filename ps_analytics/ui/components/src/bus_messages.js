// What Python says, and what becomes of it: one function a kind of message. Columns arrive ahead of the commit that draws
// them. Another kind is for whoever listens for it (`bus.hear`).
const LOST = "The server does not answer any more: what you see is old. Start `psa serve`, then reload."

export const MESSAGES = {
  // Another grid: no column of the one before fits it.
  clear(bus, {axis = "distance", x, whole = null, thinned = false}) {
    bus.grids[axis].clear(x, {whole, thinned})
    bus.details[axis].forget()
  },

  columns(bus, {axis = "distance", columns}) {
    for (const [key, values] of entries(columns)) bus.grids[axis].columns.set(key, values)
  },

  // The points of what is in view of a long stint.
  detail(bus, {axis = "distance", columns, ...answer}) {
    bus.details[axis].take({...answer, columns: entries(columns)})
  },

  commit(bus, message) {
    bus.generation = message.generation
    if (bus.session !== message.session) {
      bus.session = message.session
      MESSAGES.corners(bus, {corners: [], tables: {}, notes: {}, note: ""})
      bus.startAfresh()
    }
    bus.laps = message.laps
    bus.provisional = plain(message.provisional)
    bus.channels = message.channels
    bus.units = message.units ?? "metric"
    bus.favourites = [...(message.favourites ?? [])]
    bus.status = message.status
    bus.mapNote = message.mapNote
    bus.math = message.math
    bus.keepWithin()
    for (const topic of ["data", "status"]) bus.announce(topic)
  },

  layout(bus, message) {
    bus.layout = message
    bus.announce("layout")
  },

  laps(bus, {laps, ideal}) {
    bus.lapList = {laps, ideal}
    bus.announce("laps")
  },

  choices(bus, message) {
    bus.choices = message
    bus.announce("choices")
  },

  // What Python worked out for one panel.
  panel(bus, message) {
    bus.panelData.set(message.plot, message)
    bus.announce("panel")
  },

  // What is new of the lap that is being driven.
  grow(bus, {axis = "distance", columns, provisional}) {
    const grid = bus.grids[axis]
    for (const [key, {at, values}] of entries(columns)) grid.columns.set(key, spliced(grid.columns.get(key), at, values))
    bus.provisional = plain(provisional)
    bus.growths += 1
    bus.announce("data")
  },

  running(bus, {lap, time_s}) {
    bus.running = {lap, time_s}
    bus.announce("running")
  },

  corners(bus, {corners, tables, notes, note, track = null}) {
    const moved = JSON.stringify(corners) !== JSON.stringify(bus.corners.corners)
    bus.corners = {corners, tables, notes, note, track}
    bus.announce("corners")
    if (moved) bus.announce("spans")
  },

  lost(bus) {
    bus.status = {kind: "stale", text: LOST}
    bus.announce("status")
  },
}

// A copy with other values from a place on: who drew the one before knows by it that this is another.
function spliced(column, at, values) {
  const copy = column.slice()
  copy.set(values, at)
  return copy
}

function plain(mapping) {
  return Object.fromEntries(entries(mapping ?? {}))
}

function entries(mapping) {
  return mapping instanceof Map ? mapping.entries() : Object.entries(mapping)
}
