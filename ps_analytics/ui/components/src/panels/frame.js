// What lies under the lines: corners, round ticks with their grid, zero lines, the borders and names of lanes, the unit of
// x. It is drawn on a ground, {ctx, bbox, ratio, scales, valToPos}: uPlot's, or that of a picture.
import {laneBorder, lanePlace, laneTicks} from "./lanes.js"
import {niceStep, tickLabel, ticks} from "../numbers.js"
import {SANS} from "../theme.js"

const LANE_NAME = 7 // pixels from the middle of a lane's name to the lane below it

// `x` is how it is counted: its unit, and by what the places of the scale are multiplied.
export function drawFrame(ground, {lanes, extents, colors, x, corners, named, channelColors}) {
  const {ctx, ratio} = ground
  const {left, top, width, height} = ground.bbox
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
  lanes.forEach(drawLane)
  ctx.restore()

  // A quiet shade over each corner; its name where there is room for it, in a plot that was zoomed into.
  function drawCorners() {
    ctx.textAlign = "left"
    ctx.textBaseline = "top"
    const right = left + width
    for (const {name, parts} of corners) {
      for (const part of parts) {
        const [from, to] = part.map((place) => Math.min(Math.max(ground.valToPos(place, "x", true), left), right))
        if (!(to - from >= 0.5)) continue
        ctx.fillStyle = colors.span
        ctx.fillRect(from, top, to - from, height)
        if (!named || to - from < ctx.measureText(name).width + 10 * ratio) continue
        ctx.fillStyle = colors.faint
        ctx.fillText(name, from + 5 * ratio, top + 4 * ratio)
      }
    }
  }

  function drawX() {
    const [min, max] = [ground.scales.x.min * x.scale, ground.scales.x.max * x.scale]
    if (!(max > min)) return
    const count = Math.max(Math.floor(width / ratio / 88), 2)
    const step = niceStep(max - min, count)
    ctx.textBaseline = "top"
    const right = left + width
    const unitWidth = ctx.measureText(x.unit).width
    for (const value of ticks(min, max, count)) {
      const place = crisp(ground.valToPos(value / x.scale, "x", true))
      stroke(colors.grid, place, top, place, top + height)
      const label = tickLabel(value, step)
      const half = ctx.measureText(label).width / 2
      if (place + half > right - unitWidth - 6 * ratio) continue
      ctx.textAlign = "center"
      ctx.fillText(label, place, top + height + 6 * ratio)
    }
    ctx.textAlign = "right"
    ctx.fillText(x.unit, right, top + height + 6 * ratio)
    stroke(colors.line, left, crisp(top + height), right, crisp(top + height))
  }

  // What it means to be above or below zero, in words, for those who do not know our signs.
  function sayWhichSide({channels: [{above, below}]}, zero) {
    if (!above || lanes.length > 1) return
    ctx.textAlign = "left"
    ctx.fillStyle = colors.faint
    ctx.textBaseline = "top"
    if (zero - top > 22 * ratio) ctx.fillText(`\u2191 ${above}`, left + 6 * ratio, top + 3 * ratio)
    ctx.textBaseline = "bottom"
    if (top + height - zero > 18 * ratio) ctx.fillText(`\u2193 ${below}`, left + 6 * ratio, top + height - 3 * ratio)
    ctx.fillStyle = colors.dim
  }

  function drawLane(lane, order) {
    const extent = extents[lane.scale]
    if (lane.slot > 0) {
      const border = crisp(top + laneBorder(lane, height / ratio) * height)
      stroke(colors.line, left, border, left + width, border)
    }
    if (lane.slots > 1) nameLane(lane)
    if (!extent) return
    if (!lane.side) return tellScale(lane, extent, order)
    if (!lane.channels[0].condition) drawTicks(lane, extent)
    if (lane.side === "left") sayWhichSide(lane, ground.valToPos(0, lane.scale, true))
  }

  function drawTicks(lane, extent) {
    const [low, high] = extent
    const place = (value) => ground.valToPos(value, lane.scale, true)
    const {step, values} = laneTicks(lane, extent, (place(low) - place(high)) / ratio)
    const onLeft = lane.side === "left"
    ctx.textAlign = onLeft ? "right" : "left"
    ctx.textBaseline = "middle"
    // Lanes that lie over each other have ticks in their channel's colour, where it has one.
    ctx.fillStyle = (lane.overlaid && lane.channels.length === 1 && channelColors?.[lane.channels[0].name]) || colors.dim
    for (const value of values) {
      const y = crisp(place(value))
      const zero = lane.channels.some((channel) => channel.zero || channel.signed) && Math.abs(value) < step / 1e6
      if (onLeft || zero) stroke(zero ? colors.zero : colors.grid, left, y, left + width, y)
      ctx.fillText(tickLabel(value, step), onLeft ? left - 8 * ratio : left + width + 8 * ratio, y)
    }
    ctx.fillStyle = colors.dim
  }

  // Which channel a lane is of, in the gap above it: where several lie above each other, the value line does not tell.
  function nameLane(lane) {
    const [{label, unit}] = lane.channels
    const [start] = lanePlace(lane, height / ratio)
    const text = unit ? `${label}  ${unit}` : label
    const y = top + start * height - LANE_NAME * ratio
    ctx.font = `500 ${10 * ratio}px ${SANS}`
    ctx.textAlign = "left"
    ctx.textBaseline = "middle"
    ctx.fillStyle = colors.panel
    ctx.fillRect(left, y - 6 * ratio, ctx.measureText(text).width + 6 * ratio, 12 * ratio)
    ctx.fillStyle = colors.dim
    ctx.fillText(text, left + 1 * ratio, y)
    ctx.font = `${11 * ratio}px ${SANS}`
  }

  // The third scale and those after it have no ticks: their range is said in words.
  function tellScale(lane, [low, high], order) {
    const [channel] = lane.channels
    if (channel.condition) return
    const step = (high - low) / 100
    const names = lane.channels.map(({label}) => label).join(", ")
    ctx.textAlign = "right"
    ctx.textBaseline = "top"
    ctx.fillStyle = channelColors?.[channel.name] ?? colors.faint
    ctx.fillText(`${names}: ${tickLabel(low, step)} to ${tickLabel(high, step)}${channel.unit ? ` ${channel.unit}` : ""}`,
      left + width - 6 * ratio, top + (4 + (order - 2) * 14) * ratio)
    ctx.fillStyle = colors.dim
  }
}
