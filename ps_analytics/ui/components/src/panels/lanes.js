// How several channels share one plot: lanes above each other, each with its own y scale, or one lane for all.
import {niceStep} from "../numbers.js"

const GAP = 14 // pixels between two lanes: a label of the one above and one of that below find room
const LEAST_TICK = 19 // pixels between two ticks
const LEAST_LANE = 28 // pixels of a lane: one tick and its name; a plot of more lanes is higher than its panel
const SIDES = ["left", "right"] // where the first two scales of overlaid channels are written

// The channels of a panel, as they are drawn: `there` says whether a lap has one. One whose facts are still to come is
// pending.
export function channelsOf(names, channels, there) {
  return names.map((name) => ({name, label: name, pending: !channels[name], ...channels[name], there: Boolean(channels[name]) && there(name)}))
}

// The lanes of a panel, top first, of the channels that some lap has. Overlaid channels share a lane and, where their units
// agree, a scale; beyond two scales each is spread over the height, and conditions lie at the bottom.
export function lanesOf(channels, mode) {
  const there = channels.filter((channel) => channel.there)
  const known = there.length ? there : channels.slice(0, 1)
  if (mode !== "overlaid" || known.every(({condition}) => condition)) {
    return known.map((channel, i) => ({scale: `y${i}`, channels: [channel], slot: i, slots: known.length, side: "left"}))
  }
  const groups = new Map()
  for (const channel of known) {
    // Plain numbers have nothing in common with each other, nor conditions.
    const key = channel.unit || `=${channel.name}`
    groups.set(key, [...(groups.get(key) ?? []), channel])
  }
  const rank = ({condition, stepped}) => (condition ? 2 : stepped ? 1 : 0)
  const order = [...groups.values()].sort(([one], [other]) => rank(one) - rank(other))
  return order.map((group, i) => ({scale: `y${i}`, channels: group, slot: 0, slots: 1, side: group[0].condition ? "" : SIDES[i] ?? "", overlaid: true}))
}

// How high the plot of so many lanes has to be at the least, in CSS pixels without its edges.
export function leastHeight(lanes) {
  const {slots} = lanes[0] ?? {slots: 1}
  return slots * LEAST_LANE + (slots - 1) * GAP
}

// The values a lane shows, for the data in view: channels with a range of their own keep it.
export function laneExtent(lane, low, high) {
  const known = lane.channels
  if (known.every(({fixed}) => fixed)) return [Math.min(...known.map(({fixed}) => fixed[0])), Math.max(...known.map(({fixed}) => fixed[1]))]
  if (low == null) return [0, 1]
  const zero = known.some((channel) => channel.zero)
  let [from, to] = zero ? [Math.min(low, 0), Math.max(high, 0)] : [low, high]
  const least = Math.max(...known.map(({span}) => span ?? 0))
  if (to - from < least) [from, to] = zero ? [Math.min(from, -least / 2), Math.max(to, least / 2)] : [(from + to - least) / 2, (from + to + least) / 2]
  const pad = (to - from || 1) * 0.06
  // What cannot be negative shows no scale below zero, however short the range.
  const floor = Math.min(...known.map((channel) => channel.floor ?? -Infinity))
  const bottom = floor <= low ? Math.max(from, floor) : from
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

// Where a lane lies, as shares of the plot's height from its top: [top, bottom].
export function lanePlace({slot, slots}, pixels) {
  const [height, gap] = shares(slots, pixels)
  return [slot * (height + gap), slot * (height + gap) + height]
}

// Where the border above a lane lies, as a share of the plot's height from its top.
export function laneBorder({slot, slots}, pixels) {
  const [height, gap] = shares(slots, pixels)
  return slot * (height + gap) - gap / 2
}

// The height of a lane and of the gap between two, as shares of a plot of so many pixels.
function shares(slots, pixels) {
  const gap = Math.min(GAP / Math.max(pixels, 1), 0.3 / Math.max(slots - 1, 1))
  return [(1 - gap * (slots - 1)) / slots, gap]
}
