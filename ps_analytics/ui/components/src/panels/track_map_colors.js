// What the line of the map is coloured by: a channel of one lap, where the compared lap gains and loses, or who was
// fastest in each mini sector. Each gives a tint: a key for every sample, and the colour of a key.
import {range} from "./track_map_view.js"
import {heat, ink} from "../theme.js"

export const DELTA = "delta"
export const SECTORS = "sectors"
export const MINI_SECTORS = 25 // equal parts of the lap, as the ideal lap counts them
const SHADES = 24
const LEVELS = 4 // of gain, and of loss
const OVER_M = 15 // the slope of the delta is taken over so much to either side
const STRONGEST = 0.9 // the share of slopes that the strongest colour holds
const LEAST_SLOPE = 2e-5 // in s a metre: 2 ms in 100 m are nothing to point at
const PLACES = ["x", "y", "z", "latitude", "longitude", "distance", "timestamp", "normalized_position", "lap_time", "altitude", "heading"]

// The lap that is compared with the reference: the last one of those shown.
export function comparedLap(bus) {
  return bus.laps.filter(({reference}) => !reference).at(-1)
}

// What there is to choose from: {name, label}.
export function colorings(bus) {
  const laps = bus.laps
  const recorded = Object.entries(bus.channels).filter(([name]) => name !== DELTA && !PLACES.includes(name) && laps.some(({id}) => bus.column(id, name)))
  return [
    ...recorded.map(([name, {label}]) => ({name, label: label ?? name})),
    {name: DELTA, label: "Gain and loss"},
    {name: SECTORS, label: "Mini sectors"},
  ]
}

// The tint of the line: {kind, keys, color(key, colors), ...what its legend shows}.
export function tintOf(bus, {color, of}) {
  if (color === DELTA) return gainAndLoss(bus)
  if (color === SECTORS) return miniSectors(bus)
  const compared = comparedLap(bus)
  const lap = of === "compared" && compared ? compared : bus.reference
  return byChannel(bus, color, lap)
}

const plain = (_, colors) => colors.faint

function byChannel(bus, name, lap) {
  const channel = bus.channels[name]
  const values = lap && bus.column(lap.id, name)
  const [low, high] = values ? range(values) : [Infinity, -Infinity]
  if (!(high >= low)) return {kind: "none", color: plain, text: channel ? `${channel.label ?? name}: not recorded` : "no such channel"}
  const keys = Int8Array.from(values, (value) => (Number.isNaN(value) ? -1 : Math.round(((value - low) / (high - low || 1)) * SHADES)))
  return {kind: "channel", keys, color: (key, colors) => (key < 0 ? colors.dim : heat(key / SHADES)), channel, low, high, lap}
}

function gainAndLoss(bus) {
  const lap = comparedLap(bus)
  const delta = lap && bus.column(lap.id, DELTA)
  if (!delta) return {kind: "none", color: plain, text: lap ? `${lap.label} has no delta` : "choose a second lap to compare"}
  const slopes = slopesOf(delta, bus.x)
  const known = slopes.filter((slope) => !Number.isNaN(slope)).map(Math.abs).sort()
  const most = Math.max(known[Math.floor((known.length - 1) * STRONGEST)] ?? 0, LEAST_SLOPE * LEVELS)
  const keys = Int8Array.from(slopes, (slope) => levelOf(slope, most))
  const color = (key, colors) => (key ? `color-mix(in oklab, ${key > 0 ? colors.loss : colors.gain} ${(Math.abs(key) / LEVELS) * 75 + 25}%, ${colors.faint})` : colors.faint)
  return {kind: DELTA, keys, color, lap, most}
}

// How fast the delta grows, in s a metre.
function slopesOf(delta, x) {
  const reach = Math.max(Math.round(OVER_M / ((x[x.length - 1] - x[0]) / (x.length - 1) || 1)), 1)
  return Float32Array.from(delta, (_, i) => {
    const [from, to] = [Math.max(i - reach, 0), Math.min(i + reach, delta.length - 1)]
    return (delta[to] - delta[from]) / (x[to] - x[from])
  })
}

// −4 … −1 gains, 1 … 4 loses, 0 is neither or not known.
function levelOf(slope, most) {
  if (!(Math.abs(slope) >= LEAST_SLOPE)) return 0
  const level = Math.round((slope / most) * LEVELS)
  return Math.min(Math.max(level, -LEVELS), LEVELS)
}

function miniSectors(bus) {
  if (bus.laps.length < 2) return {kind: "none", color: plain, text: "choose a second lap to compare"}
  const parts = winners(bus)
  const keys = new Int8Array(bus.x.length).fill(-1)
  for (const {first, last, lap} of parts) keys.fill(lap, first, last + 1)
  const won = bus.laps.map((lap, i) => ({lap, parts: parts.filter((part) => part.lap === i).length}))
  return {kind: SECTORS, keys, color: (key, colors) => (key < 0 ? colors.dim : ink(bus.laps[key].color)), parts, runs: runsOf(parts), won}
}

// Who lost least in each mini sector: {first, last (samples), lap (its number among those shown; −1: nobody knows)}. The
// reference loses nothing by definition, and of two alike the one that comes first has it.
export function winners(bus) {
  const {x, laps} = bus
  const [low, high] = [x[0], x[x.length - 1]]
  const columns = laps.map(({id, reference}) => (reference ? null : bus.column(id, DELTA)))
  return Array.from({length: MINI_SECTORS}, (_, k) => {
    const [first, last] = [k, k + 1].map((part) => bus.indexOf(low + ((high - low) * part) / MINI_SECTORS))
    let least = Infinity
    let lap = -1
    laps.forEach(({reference}, i) => {
      const lost = reference ? 0 : columns[i] ? columns[i][last] - columns[i][first] : NaN
      if (lost < least) [least, lap] = [lost, i]
    })
    return {first, last, lap}
  })
}

// Mini sectors in a row that one lap has won, as one.
function runsOf(parts) {
  const runs = []
  for (const part of parts) {
    const run = runs.at(-1)
    if (run?.lap === part.lap) run.last = part.last
    else runs.push({...part})
  }
  return runs
}
