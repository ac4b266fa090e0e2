// Conditions: a bar where a lap meets one, a row a lap, the reference on top; in their lane, or at the bottom of a plot
// whose channels lie over each other.
import {lanePlace} from "./lanes.js"

const HIGHEST = 12 // pixels of a bar
const SHARE = 0.72 // of a row
const LOW_ROW = 8 // pixels of a row at the bottom

export function drawConditions(ground, lines, x) {
  const {ctx, bbox, ratio} = ground
  const [from, to] = [ground.scales.x.min, ground.scales.x.max]
  const low = lines.filter(({channel, lane}) => channel.condition && lane.overlaid)
  for (const line of lines.filter(({channel}) => channel.condition)) {
    const rows = line.lane.overlaid ? low : lines.filter(({lane}) => lane === line.lane)
    const [top, bottom] = line.lane.overlaid
      ? [bbox.top + bbox.height - LOW_ROW * ratio * rows.length, bbox.top + bbox.height]
      : lanePlace(line.lane, bbox.height / ratio).map((share) => bbox.top + share * bbox.height)
    const room = (bottom - top) / rows.length
    const height = Math.min(room * SHARE, HIGHEST * ratio)
    const y = top + room * (rows.indexOf(line) + 0.5) - height / 2
    ctx.fillStyle = line.color
    for (const [start, end] of stretches(line.column, x, from, to)) {
      const [left, right] = [start, end].map((place) => ground.valToPos(place, "x", true))
      ctx.fillRect(left, y, Math.max(right - left, ratio), height)
    }
  }
}

// From where to where a condition is met, within a view.
function stretches(column, x, low, high) {
  const found = []
  let start = null
  for (let i = 0; i < (column?.length ?? 0); i++) {
    const met = column[i] >= 0.5
    if (met && start === null) start = x[i]
    if (start !== null && (!met || i === column.length - 1)) {
      if (x[i] >= low && start <= high) found.push([Math.max(start, low), Math.min(x[i], high)])
      start = null
    }
  }
  return found
}
