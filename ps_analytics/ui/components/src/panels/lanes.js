// How several channels share one plot: lanes above each other, each with its own y scale, or one lane for all.
import {niceStep} from "../numbers.js"

const GAP = 14 // pixels between two lanes: a label of the one above and one of that below find room
const LEAST_TICK = 19 // pixels between two ticks

// The lanes of a panel, top first. Overlaid channels share a lane and, where their units agree, a scale.
export function lanesOf(names, channels, mode) {
  const known = names.map((name) => ({name, ...channels[name]}))
  if (mode !== "overlaid") return known.map((channel, i) => ({scale: `y${i}`, channels: [channel], slot: i, slots: known.length}))
  const byUnit = new Map()
  for (const channel of known) byUnit.set(channel.unit, [...(byUnit.get(channel.unit) ?? []), channel])
  return [...byUnit.values()].map((group, i) => ({scale: `y${i}`, channels: group, slot: 0, slots: 1, second: i > 0}))
}

// The values a lane shows, for the data in view: channels with a range of their own keep it.
export function laneExtent(lane, low, high) {
  const [channel] = lane.channels
  if (channel.fixed) return channel.fixed
  if (low == null) return [0, 1]
  let [from, to] = [low, high]
  if (channel.zero) [from, to] = [Math.min(from, 0), Math.max(to, 0)]
  const least = channel.span ?? 0
  if (to - from < least) [from, to] = channel.zero ? [Math.min(from, -least / 2), Math.max(to, least / 2)] : [from - least / 2, to + least / 2]
  const pad = (to - from || 1) * 0.06
  // What cannot be negative shows no scale below zero, however short the range.
  const bottom = channel.floor <= low ? Math.max(from, channel.floor) : from
  return [bottom - pad, to + pad]
}

// A scale that puts `extent` into the lane's slot of a plot so many pixels high.
export function laneScale({slot, slots}, [low, high], pixels) {
  const [height, gap] = shares(slots, pixels)
  const span = (high - low) / height
  const bottom = (slots - 1 - slot) * (height + gap)
  const min = low - bottom * span
  return [min, min + span]
}

export function laneTicks(lane, [low, high], pixels) {
  const [channel] = lane.channels
  const own = channel.ticks && pixels > 2 * LEAST_TICK ? channel.ticks : channel.ticks && 2 * channel.ticks
  const step = own ?? Math.max(niceStep(high - low, Math.max(Math.floor(pixels / LEAST_TICK), 1)), channel.stepped ? 1 : 0)
  const first = Math.ceil(low / step - 1e-6)
  const last = Math.floor(high / step + 1e-6)
  const values = []
  for (let i = first; i <= last; i++) values.push(i * step)
  return {step, values}
}

// Where the border above a lane lies, as a share of the plot's height from its top.
export function laneBorder({slot, slots}, pixels) {
  const [height, gap] = shares(slots, pixels)
  return slot * (height + gap) - gap / 2
}

// The height of a lane and of the gap between two, as shares of a plot of so many pixels.
function shares(slots, pixels) {
  const gap = Math.min(GAP / Math.max(pixels, 1), 0.3)
  return [(1 - gap * (slots - 1)) / slots, gap]
}
