// What is drawn of a track: its band, the coloured line, the laps' own lines, the line of start and finish, borders of
// sectors, direction marks, pins.
import {positionsOf} from "./track_map_view.js"
import {ink, SANS} from "../theme.js"

const BAND = 11 // pixels the track is wide at least
const WIDE_M = 12 // and metres, where it is shown that large
const WIDEST = 90
const LINE = 4.5
const APART = 26 // pixels between two direction marks
const LINES_FROM = 0.8 // pixels a metre from which the laps' own lines can be told apart

// How many pixels wide the track is.
export function bandWidth({scale}) {
  return Math.min(Math.max(BAND, WIDE_M * scale), WIDEST)
}

export function drawBand(ctx, view, colors) {
  ctx.lineCap = ctx.lineJoin = "round"
  ctx.strokeStyle = colors.track
  ctx.lineWidth = bandWidth(view)
  const {path} = view
  const band = new Path2D()
  let pen = false
  for (const point of path) {
    const known = Number.isFinite(point[0] + point[1])
    if (known && pen) band.lineTo(...point)
    else if (known) band.moveTo(...point)
    pen = known
  }
  ctx.stroke(band)
}

// One stroke a colour: the stretches of equal colour go into one path. What is not in the window is only hinted at.
export function drawTint(ctx, view, tint, {bus, colors}) {
  const {path} = view
  const {window, x} = bus
  const shapes = new Map()
  const step = Math.max(Math.round(path.length / 900 / Math.max(view.scale, 1)), 1)
  for (let i = 0; i < path.length - 1; i += step) {
    const end = Math.min(i + step, path.length - 1)
    if (!view.shows(path[i]) && !view.shows(path[end])) continue
    const seen = !window || (x[i] >= window[0] && x[i] <= window[1])
    const key = (tint.keys?.[i] ?? -1) * 2 + Number(seen)
    if (!shapes.has(key)) shapes.set(key, new Path2D())
    const shape = shapes.get(key)
    shape.moveTo(...path[i])
    for (let k = i + 1; k <= end; k++) shape.lineTo(...path[k])
  }
  ctx.lineWidth = LINE
  for (const [key, shape] of shapes) {
    const color = tint.color(Math.floor(key / 2), colors)
    // Mixed and not see-through: where two strokes overlap, see-through ones would show as beads.
    ctx.strokeStyle = key % 2 ? color : `color-mix(in srgb, ${color} 22%, ${colors.track})`
    ctx.stroke(shape)
  }
}

// Gain points the way the car goes, loss against it: that reads without the colour.
export function drawDirections(ctx, view, tint, {bus, colors}) {
  const {path} = view
  const {window, x} = bus
  ctx.lineWidth = 1.75
  ctx.lineCap = ctx.lineJoin = "round"
  let gone = APART / 2
  for (let i = 1; i < path.length; i++) {
    gone += Math.hypot(path[i][0] - path[i - 1][0], path[i][1] - path[i - 1][1]) || 0
    const key = tint.keys[i]
    if (gone < APART || Math.abs(key) < 2) continue
    gone = 0
    if (!view.shows(path[i]) || (window && (x[i] < window[0] || x[i] > window[1]))) continue
    const [dx, dy] = view.direction(i).map((part) => (key > 0 ? -part : part))
    const [px, py] = path[i]
    ctx.strokeStyle = tint.color(key, colors)
    ctx.beginPath()
    ctx.moveTo(px - dx * 4 - dy * 6.5, py - dy * 4 + dx * 6.5)
    ctx.lineTo(px + dx * 3, py + dy * 3)
    ctx.lineTo(px - dx * 4 + dy * 6.5, py - dy * 4 - dx * 6.5)
    ctx.stroke()
  }
}

// The laps' own lines, where they are large enough to differ.
export function drawLines(ctx, view, {bus}) {
  if (view.scale < LINES_FROM || !bus.column(bus.reference.id, "x")) return
  ctx.lineWidth = 1.5
  ctx.lineJoin = "round"
  for (const {id, color, dash, reference} of bus.laps) {
    const [xs, ys] = positionsOf(bus, id)
    if (reference || !xs || !ys) continue
    const shape = new Path2D()
    let pen = false
    for (let i = 0; i < xs.length; i++) {
      const place = view.place(xs[i], ys[i])
      const there = Number.isFinite(place[0] + place[1]) && view.shows(place)
      if (there && pen) shape.lineTo(...place)
      else if (there) shape.moveTo(...place)
      pen = there
    }
    ctx.strokeStyle = ink(color)
    ctx.setLineDash(dash ?? [])
    ctx.stroke(shape)
  }
  ctx.setLineDash([])
}

// A bar across the track at the line, and an arrow beside it: the way round.
export function drawStart(ctx, view, colors, at = 0) {
  bar(ctx, view, at, colors.text, 8, 2.5)
  const [dx, dy] = view.direction(at, 8)
  const [x, y] = view.path[at]
  const [ax, ay] = [x + dx * 6 + dy * 15, y + dy * 6 - dx * 15]
  ctx.fillStyle = colors.text
  ctx.beginPath()
  ctx.moveTo(ax + dx * 8, ay + dy * 8)
  ctx.lineTo(ax - dx * 3 + dy * 4, ay - dy * 3 - dx * 4)
  ctx.lineTo(ax - dx * 3 - dy * 4, ay - dy * 3 + dx * 4)
  ctx.fill()
}

export function drawBorders(ctx, view, colors, samples) {
  for (const i of samples) bar(ctx, view, i, colors.text, 6.5, 1.25)
}

function bar(ctx, view, i, color, reach, width) {
  const [x, y] = view.path[i]
  if (!Number.isFinite(x + y)) return
  const [dx, dy] = view.direction(i, 8)
  const half = reach + (bandWidth(view) - BAND) / 2
  ctx.strokeStyle = color
  ctx.lineWidth = width
  ctx.lineCap = "butt"
  ctx.beginPath()
  ctx.moveTo(x - dy * half, y + dx * half)
  ctx.lineTo(x + dy * half, y - dx * half)
  ctx.stroke()
}

// A mark of A and B: a letter on a stem, away from the track.
export function drawPin(ctx, view, i, letter, colors) {
  const [x, y] = view.path[i]
  if (!Number.isFinite(x + y)) return
  const [dx, dy] = view.direction(i)
  const [px, py] = [x + dy * 17, y - dx * 17]
  ctx.strokeStyle = colors.cursor
  ctx.lineWidth = 1.25
  ctx.beginPath()
  ctx.moveTo(x, y)
  ctx.lineTo(px, py)
  ctx.stroke()
  ctx.fillStyle = colors.cursor
  ctx.beginPath()
  ctx.arc(px, py, 7, 0, 7)
  ctx.fill()
  ctx.fillStyle = colors.panel
  ctx.font = `700 10px ${SANS}`
  ctx.textAlign = "center"
  ctx.textBaseline = "middle"
  ctx.fillText(letter, px, py + 0.5)
}

// Where the laps are at the cursor: the reference's dot below the others and a little smaller.
export function drawCars(ctx, view, {bus, colors, index}) {
  const drawn = []
  for (const lap of [...bus.laps].sort((a, b) => Number(b.reference) - Number(a.reference))) {
    const [xs, ys] = positionsOf(bus, lap.id)
    if (!xs || !ys || Number.isNaN(xs[index])) continue
    const place = view.place(xs[index], ys[index])
    drawn.push({lap: lap.id, place})
    ctx.beginPath()
    ctx.arc(...place, lap.reference ? 4 : 5, 0, 7)
    ctx.fillStyle = ink(lap.color)
    ctx.strokeStyle = colors.panel
    ctx.lineWidth = 2
    ctx.fill()
    ctx.stroke()
  }
  return drawn
}
