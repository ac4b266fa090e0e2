// The lines of a trace panel: one for every channel and lap, and how it looks.
//
// A lap keeps its colour in every plot. Where one lap is drawn and several channels lie over each other, the channels have
// colours instead; where both are several, the colour is the lap's and the dash the channel's.
import uPlot from "uplot"
import {PALETTE, ink} from "../theme.js"

export const STEPPED = uPlot.paths.stepped({align: 1})
export const LINEAR = uPlot.paths.linear()
const CHANNEL_DASHES = [null, [7, 4], [2, 3], [9, 3, 2, 3], [14, 4], [5, 2, 1, 2, 1, 2]]
const OPEN = {width: 1.25, dash: [2, 3]} // of a lap that is being driven: what may still change
const REFERENCE_WIDTH = 1.25 // thinner: what is compared with it is what one looks at
const WIDTH = 1.75
const LIT = 0.75 // pixels its lines are wider
const ASIDE = 0.3 // how much is left of the other laps while one is pointed at
const LOSS = "rgb(255 90 80 / .16)"
const GAIN = "rgb(60 210 110 / .16)"

// {lap, channel, lane, color, dash, width}, in the order they are drawn; the reference lies underneath.
export function linesOf(bus, lanes, axis) {
  const channels = lanes.flatMap((lane) => lane.channels.map((channel) => ({lane, channel})))
  const looks = looksOf(lanes, bus.laps.length)
  const lines = []
  for (const {lane, channel} of channels) {
    const look = looks.get(channel.name)
    const laps = bus.laps.filter((lap) => bus.column(lap.id, channel.name, axis))
    for (const lap of [...laps].sort((a, b) => Number(b.reference) - Number(a.reference))) {
      if (channel.name === "delta" && lap.reference) continue
      lines.push({
        lap, channel, lane,
        color: ink(look?.color ?? lap.color),
        dash: lap.dash ?? look?.dash ?? null,
        width: lap.reference && bus.laps.length > 1 ? REFERENCE_WIDTH : WIDTH,
      })
    }
  }
  return lines
}

// How channels that lie over each other are told apart: name → {color, dash}; a colour only where one lap is drawn.
export function looksOf(lanes, laps) {
  const looks = new Map()
  const channels = lanes.filter((lane) => lane.overlaid).flatMap((lane) => lane.channels)
  if (channels.length < 2) return looks
  const taken = []
  channels.forEach(({name, color}, i) => {
    if (laps !== 1) return looks.set(name, {color: null, dash: CHANNEL_DASHES[i % CHANNEL_DASHES.length]})
    const free = [color, ...PALETTE].find((each) => each && !taken.includes(each))
    taken.push(free)
    const dash = free ? null : CHANNEL_DASHES[1 + (Math.floor(i / PALETTE.length) % (CHANNEL_DASHES.length - 1))]
    looks.set(name, {color: free ?? PALETTE[i % PALETTE.length], dash})
  })
  return looks
}

// A line as uPlot draws it.
export function seriesOf({channel, lane, color, dash, width}) {
  const line = {scale: lane.scale, stroke: color, width, dash: dash ?? undefined, points: {show: false}}
  if (channel.condition) return {...line, paths: () => null} // drawn as bars
  const shade = channel.above ? {fill: (plot) => gainAndLoss(plot, lane.scale), fillTo: 0} : {}
  return {...line, paths: channel.stepped ? STEPPED : LINEAR, ...shade}
}

// What of it may still change.
export function tailOf({channel, lane, color}) {
  return {scale: lane.scale, stroke: color, ...OPEN, paths: channel.stepped ? STEPPED : LINEAR, points: {show: false}}
}

// Shows which lap is pointed at; one without a line here, or "", shows all alike.
export function light(plot, lines, lap) {
  const there = lines.some((line) => line.lap.id === lap)
  lines.forEach((line, i) => {
    const lit = line.lap.id === lap
    plot.series[i + 1].alpha = there && !lit ? ASIDE : 1
    plot.series[i + 1].width = line.width + (lit ? LIT : 0)
  })
}

// Takes what may still change out of values and gives it back as others; they meet in one point.
export function cutOpen(values, from) {
  const tail = new Array(values.length).fill(null)
  if (from == null) return [values, tail]
  const settled = Array.from(values)
  for (let k = Math.max(from - 1, 0); k < values.length; k++) tail[k] = values[k]
  settled.fill(null, from)
  return [settled, tail]
}

// uPlot breaks a line at null and nowhere else; most columns have no gap and go as they are.
const plottables = new WeakMap()
export function plottable(column, length) {
  if (!column) return new Array(length).fill(null)
  if (!plottables.has(column)) {
    const gaps = column.some(Number.isNaN)
    plottables.set(column, gaps ? Array.from(column, (value) => (Number.isNaN(value) ? null : value)) : column)
  }
  return plottables.get(column)
}

// Red above zero and green below, faintly: the sign says it, the colour makes it quick to see.
function gainAndLoss(plot, scale) {
  const {ctx, bbox} = plot
  const tint = ctx.createLinearGradient(0, bbox.top, 0, bbox.top + bbox.height)
  const zero = Math.min(Math.max((plot.valToPos(0, scale, true) - bbox.top) / bbox.height, 0), 1)
  for (const [stop, color] of [[0, LOSS], [zero, LOSS], [zero, GAIN], [1, GAIN]]) tint.addColorStop(stop, color)
  return tint
}
