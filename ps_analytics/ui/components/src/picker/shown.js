// What channels a panel shows, and the panel with others: put on, taken away, in another order.
import {edit, kindsOf} from "../grid/edits.js"

const MAP_COLOR = "speed" // what a map is coloured by where its layout says nothing
const NO_CHANNELS = ["delta", "sectors"] // what it may be coloured by that is none

// The names of a panel's channels, in order; of a map that is what it is coloured by.
export function shownOn({kind, channels, options}) {
  if (kind !== "map") return channels
  const color = options.color ?? MAP_COLOR
  return NO_CHANNELS.includes(color) ? [] : [color]
}

// Puts a channel on a panel, or takes it away; gives the sentence that says why not.
export function toggleOn(bus, config, name) {
  const now = shownOn(config)
  return now.includes(name) ? takeOff(bus, config, name) : putOn(bus, config, name)
}

export function putOn(bus, config, name) {
  const {kind, id} = config
  const channels = shownOn(config)
  if (channels.includes(name)) return ""
  if (kind === "map") return set(bus, "set_options", id, {options: {color: name}})
  if (name === "delta" && kind !== "traces") return "The delta is drawn as traces."
  const [, most] = limits(bus, kind)
  // Where there is no room left, the last one gives way: a scatter plot has its two axes, and a colour.
  return set(bus, "set_channels", id, {channels: [...channels.slice(0, most - 1), name]})
}

function takeOff(bus, config, name) {
  const {kind, id} = config
  if (kind === "map") return "A map is coloured by one channel: choose another one."
  const channels = shownOn(config).filter((each) => each !== name)
  const [least] = limits(bus, kind)
  if (channels.length >= least) return set(bus, "set_channels", id, {channels})
  return least === 1 ? "One channel stays: put another one on first, or remove the panel." : `It needs ${least} channels: put another one on first.`
}

// Moves a channel of a panel to another place among them.
export function moveOn(bus, config, name, to) {
  const channels = shownOn(config)
  const others = channels.filter((each) => each !== name)
  const place = Math.min(Math.max(to, 0), others.length)
  const now = [...others.slice(0, place), name, ...others.slice(place)]
  if (channels.includes(name) && now.join("\n") !== channels.join("\n")) set(bus, "set_channels", config.id, {channels: now})
}

function limits(bus, kind) {
  return kindsOf(bus).get(kind)?.channels ?? [0, 0]
}

function set(bus, command, plot, given) {
  edit(bus, command, {plot, ...given})
  return ""
}
