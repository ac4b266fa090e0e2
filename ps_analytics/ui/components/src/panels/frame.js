// What lies under the lines: corners, round ticks with their grid, zero lines, the borders of lanes, the unit of x.
import uPlot from "uplot"
import {laneBorder, laneTicks} from "./lanes.js"
import {niceStep, tickLabel, ticks} from "../numbers.js"
import {SANS} from "../theme.js"

export function drawFrame(plot, {lanes, extents, colors, unit, corners, named}) {
  const {ctx} = plot
  const ratio = uPlot.pxRatio
  const {left, top, width, height} = plot.bbox
  const crisp = (place) => Math.round(place) + (Math.round(ratio) % 2 ? 0.5 : 0)
  const stroke = (color, x1, y1, x2, y2) => {
    ctx.strokeStyle = color
    ctx.beginPath()
    ctx.moveTo(x1, y1)
    ctx.lineTo(x2, y2)
    ctx.stroke()
  }
  ctx.save()
  ctx.lineWidth = Math.max(1, Math.round(ratio))
  ctx.font = `${11 * ratio}px ${SANS}`
  drawCorners()
  ctx.fillStyle = colors.dim
  drawX()
  for (const lane of lanes) drawLane(lane)
  ctx.restore()

  // A quiet shade over each corner; its name where there is room for it, in a plot that was zoomed into.
  function drawCorners() {
    ctx.textAlign = "left"
    ctx.textBaseline = "top"
    const right = left + width
    for (const {name, parts} of corners) {
      for (const part of parts) {
        const [from, to] = part.map((place) => Math.min(Math.max(plot.valToPos(place, "x", true), left), right))
        if (to - from < 0.5) continue
        ctx.fillStyle = colors.span
        ctx.fillRect(from, top, to - from, height)
        if (!named || to - from < ctx.measureText(name).width + 10 * ratio) continue
        ctx.fillStyle = colors.faint
        ctx.fillText(name, from + 5 * ratio, top + 4 * ratio)
      }
    }
  }

  function drawX() {
    const {min, max} = plot.scales.x
    if (!(max > min)) return
    const count = Math.max(Math.floor(width / ratio / 88), 2)
    const step = niceStep(max - min, count)
    const values = ticks(min, max, count)
    ctx.textBaseline = "top"
    const right = left + width
    const unitWidth = ctx.measureText(unit).width
    for (const value of values) {
      const x = crisp(plot.valToPos(value, "x", true))
      stroke(colors.grid, x, top, x, top + height)
      const label = tickLabel(value, step)
      const half = ctx.measureText(label).width / 2
      if (x + half > right - unitWidth - 6 * ratio) continue
      ctx.textAlign = "center"
      ctx.fillText(label, x, top + height + 6 * ratio)
    }
    ctx.textAlign = "right"
    ctx.fillText(unit, right, top + height + 6 * ratio)
    stroke(colors.line, left, crisp(top + height), right, crisp(top + height))
  }

  // What it means to be above or below zero, in words, for those who do not know our signs.
  function sayWhichSide({channels: [{above, below}]}, zero) {
    if (!above) return
    ctx.textAlign = "left"
    ctx.fillStyle = colors.faint
    ctx.textBaseline = "top"
    if (zero - top > 22 * ratio) ctx.fillText(`\u2191 ${above}`, left + 6 * ratio, top + 3 * ratio)
    ctx.textBaseline = "bottom"
    if (top + height - zero > 18 * ratio) ctx.fillText(`\u2193 ${below}`, left + 6 * ratio, top + height - 3 * ratio)
    ctx.fillStyle = colors.dim
  }

  function drawLane(lane) {
    const extent = extents[lane.scale]
    if (!extent || lane.second) return
    const [low, high] = extent
    const place = (value) => plot.valToPos(value, lane.scale, true)
    const {step, values} = laneTicks(lane, extent, (place(low) - place(high)) / ratio)
    ctx.textAlign = "right"
    ctx.textBaseline = "middle"
    for (const value of values) {
      const y = crisp(place(value))
      const zero = lane.channels[0].zero && Math.abs(value) < step / 1e6
      stroke(zero ? colors.zero : colors.grid, left, y, left + width, y)
      ctx.fillText(tickLabel(value, step), left - 8 * ratio, y)
    }
    sayWhichSide(lane, place(0))
    if (lane.slot > 0) {
      const border = crisp(top + laneBorder(lane, height / ratio) * height)
      stroke(colors.line, left, border, left + width, border)
    }
  }
}
