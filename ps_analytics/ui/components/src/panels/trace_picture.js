// A trace panel as a picture to keep: its title, whose lines these are with their values at the cursor, and the plot, drawn
// on a canvas or as an SVG by the same strokes.
import {drawBands} from "./band.js"
import {drawConditions} from "./conditions.js"
import {drawFrame} from "./frame.js"
import {valueText} from "./values.js"
import {VectorContext} from "./vector_context.js"
import {family} from "../bus_axes.js"
import {fixed, lapTime} from "../numbers.js"
import {MONO, SANS, ink} from "../theme.js"

const LEAST_RATIO = 2 // pixels of the picture a CSS pixel, so that it is sharp on paper
const EDGE = 12
const ROW = 17
const HEAD = 30 // of the title

// The picture of a panel: a canvas, or the text of an SVG.
export function pictureOf(panel, kind) {
  const {plot, bus} = panel
  if (!plot) return kind === "svg" ? new VectorContext(8, 8).toString() : document.createElement("canvas")
  const width = Math.round(plot.width) + 2
  const rows = rowsOf(panel)
  const measuring = document.createElement("canvas").getContext("2d")
  const placed = rows.flatMap((row) => wrapped(measuring, row, width))
  const top = HEAD + placed.length * ROW + 4
  const height = Math.round(top + plot.height + 2)
  const ratio = Math.max(globalThis.devicePixelRatio, LEAST_RATIO)
  let ctx = new VectorContext(width, height)
  if (kind !== "svg") {
    const canvas = Object.assign(document.createElement("canvas"), {width: width * ratio, height: height * ratio})
    ctx = canvas.getContext("2d")
    ctx.scale(ratio, ratio)
  }
  const scenery = panel.scenery
  ctx.fillStyle = scenery.colors.panel
  ctx.fillRect(0, 0, width, height)
  ctx.textBaseline = "middle"
  ctx.textAlign = "left"
  drawTitle(ctx, panel, scenery.colors, width)
  placed.forEach((row, i) => drawRow(ctx, row, HEAD + (i + 0.5) * ROW, scenery.colors))
  drawPlot(groundOf(ctx, panel, top), panel, scenery)
  if (bus.laps.length) drawCursor(groundOf(ctx, panel, top), panel, scenery.colors)
  return kind === "svg" ? ctx.toString() : ctx.canvas
}

// The plot's own geometry, moved to where it lies in the picture; in CSS pixels.
function groundOf(ctx, {plot}, offset) {
  const {width, height} = plot
  const over = plot.over
  const bbox = {left: over.offsetLeft, top: over.offsetTop + offset, width: over.offsetWidth, height: over.offsetHeight}
  const valToPos = (value, scale) => plot.valToPos(value, scale) + (scale === "x" ? bbox.left : bbox.top)
  return {ctx, bbox, ratio: 1, scales: plot.scales, valToPos, width, height}
}

function drawTitle(ctx, {frame, bus, axis}, colors, width) {
  ctx.fillStyle = colors.text
  ctx.font = `600 13px ${SANS}`
  ctx.fillText(frame.title, EDGE, 16)
  const place = bus.cursorOn(axis)
  const unit = {distance: "m", position: "%", time: "s"}[axis]
  ctx.textAlign = "right"
  ctx.fillStyle = colors.dim
  ctx.font = `11px ${SANS}`
  if (!Number.isNaN(place)) ctx.fillText(`at ${fixed(place, axis === "distance" ? 0 : 2)} ${unit}`, width - EDGE, 16)
  ctx.textAlign = "left"
}

// Whose lines these are, then the values at the cursor: pieces {text, color, font}.
function rowsOf({bus, channels, lines, toldGrid, axis}) {
  const named = bus.laps.map((lap) => [
    {stroke: {color: ink(lap.color), dash: lap.dash, width: lap.reference ? 1.25 : 1.75}},
    {text: `${lap.label} ${lap.time_s == null ? "" : lapTime(lap.time_s)}${lap.reference && bus.laps.length > 1 ? " (reference)" : ""}`, font: SANS, ink: "text"},
  ])
  const i = toldGrid?.indexOf(bus.cursorOn(family(axis))) ?? 0
  const values = channels.filter(({there}) => there).map((channel) => {
    const own = lines.filter((line) => line.channel.name === channel.name)
    const order = bus.laps.map(({id}) => id)
    const told = own.sort((one, other) => order.indexOf(one.lap.id) - order.indexOf(other.lap.id))
    const unit = channel.unit ? ` ${channel.unit}` : ""
    return [{text: `${channel.label}${unit}`, font: SANS, bold: true, ink: "text"},
      ...told.map(({told: column, color}) => ({text: valueText(column?.[i], channel), font: MONO, color}))]
  })
  return [named, values]
}

// Groups of pieces broken into lines as wide as the picture.
function wrapped(ctx, groups, width) {
  const lines = [[]]
  let used = EDGE
  for (const group of groups) {
    const pieces = group.map((piece) => {
      const font = `${piece.bold ? "600 " : ""}11.5px ${piece.font ?? SANS}`
      ctx.font = font
      return {...piece, css: font, wide: piece.stroke ? 18 : ctx.measureText(piece.text).width}
    })
    const wide = pieces.reduce((sum, piece) => sum + piece.wide + 8, 14)
    if (used + wide > width && lines.at(-1).length) {
      lines.push([])
      used = EDGE
    }
    for (const piece of pieces) {
      lines.at(-1).push({...piece, x: used})
      used += piece.wide + 8
    }
    used += 14
  }
  return lines.filter((line) => line.length)
}

function drawRow(ctx, pieces, y, colors) {
  for (const {text, color, css, x, stroke, ink: token} of pieces) {
    if (stroke) {
      line(ctx, {...stroke, width: stroke.width + 0.5}, () => {
        ctx.moveTo(x, y)
        ctx.lineTo(x + 18, y)
      })
      continue
    }
    ctx.font = css
    ctx.textBaseline = "middle"
    ctx.fillStyle = color ?? colors[token]
    ctx.fillText(text, x, y)
  }
}

function drawPlot(ground, {grid, lines}, scenery) {
  const {ctx, bbox} = ground
  drawFrame(ground, scenery)
  const banded = lines.filter(({band}) => band)
  const rows = {x: grid.x, indexOf: (value) => grid.indexOf(value)}
  if (banded.length) drawBands(ground, banded, rows)
  ctx.save()
  ctx.beginPath()
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height)
  ctx.clip()
  for (const each of lines) if (!each.channel.condition) drawLine(ground, each, grid)
  ctx.restore()
  drawConditions(ground, lines, grid.x)
}

// The samples in view, one more on either side; a line breaks where there is none.
function drawLine(ground, {column, channel, lane, color, dash, width}, grid) {
  if (!column) return
  const {ctx, scales} = ground
  const from = Math.max(grid.indexOf(scales.x.min) - 1, 0)
  const to = Math.min(grid.indexOf(scales.x.max) + 1, column.length - 1)
  ctx.lineJoin = "round"
  line(ctx, {color, dash, width}, () => {
    let before = null
    for (let i = from; i <= to; i++) {
      if (Number.isNaN(column[i])) {
        before = null
        continue
      }
      const place = [ground.valToPos(grid.x[i], "x"), ground.valToPos(column[i], lane.scale)]
      if (before === null) ctx.moveTo(...place)
      else {
        if (channel.stepped) ctx.lineTo(place[0], before[1])
        ctx.lineTo(...place)
      }
      before = place
    }
  })
}

// The cursor and the marks.
function drawCursor(ground, {bus, axis}, colors) {
  const {ctx, bbox} = ground
  const ends = [["", bus.cursorOn(family(axis))], ...["a", "b"].map((name) => [name.toUpperCase(), bus[name] === null ? NaN : bus.placeOn(family(axis), bus[name])])]
  for (const [name, place] of ends) {
    const x = Number.isNaN(place) ? NaN : ground.valToPos(place, "x")
    if (!(x >= bbox.left && x <= bbox.left + bbox.width)) continue
    line(ctx, {color: colors.cursor, width: 1, dash: name ? [4, 3] : null}, () => {
      ctx.moveTo(x, bbox.top)
      ctx.lineTo(x, bbox.top + bbox.height)
    })
    if (!name) continue
    ctx.font = `600 10px ${SANS}`
    ctx.textBaseline = "top"
    ctx.fillStyle = colors.text
    ctx.fillText(name, x + 3, bbox.top + 2)
  }
}

function line(ctx, {color, dash, width}, draw) {
  ctx.strokeStyle = color
  ctx.lineWidth = width
  ctx.setLineDash(dash ?? [])
  ctx.beginPath()
  draw()
  ctx.stroke()
  ctx.setLineDash([])
}
