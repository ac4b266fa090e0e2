// Names beside the track, of corners outside the bend where there is room, never over each other. A name that finds no
// room is left out: the table and the zoomed plots have it.
import {bandWidth} from "./track_map_draw.js"
import {SANS} from "../theme.js"

const AWAY = [15, 20, 27] // pixels from the line to the name's edge, the nearest first
const TURNS = [0, 35, -35, 70, -70, 180, 145, -145] // degrees from straight out of the bend, the best first
const HEIGHT = 13
const TAKEN = 40 // a place with this much in the way is none

// Places a name for each corner: the corner with `at` ([x, y] in pixels).
export function placeNames(measure, {corners, bus, view, size}) {
  const {path} = view
  const half = bandWidth(view) / 2
  const taken = []
  const placed = []
  // The sharper corners first: it is those one looks for.
  for (const corner of [...corners].sort((a, b) => a.radius - b.radius)) {
    const {name, apex, left} = corner
    const i = bus.indexOf(apex)
    if (!path[i]?.every(Number.isFinite) || !view.shows(path[i])) continue
    const width = measure(name) + 4
    const [dx, dy] = view.direction(i)
    // Screen y points down: (-dy, dx) is to the right of the way the car goes.
    const out = Math.atan2(...(left ? [dx, -dy] : [-dx, dy]))
    const places = AWAY.flatMap((away, k) => TURNS.map((turn, n) => {
      const angle = out + (turn * Math.PI) / 180
      const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
      const reach = away - 12 + half + Math.abs(cos) * (width / 2) + Math.abs(sin) * (HEIGHT / 2)
      const at = [path[i][0] + cos * reach, path[i][1] + sin * reach]
      return {at, cost: 2 * k + n + crowd(box(at, width), {taken, path, size, half})}
    }))
    const best = places.reduce((one, other) => (other.cost < one.cost ? other : one))
    if (best.cost >= TAKEN) continue
    taken.push(box(best.at, width))
    placed.push({...corner, at: best.at})
  }
  return placed
}

export const NAME_FONT = `500 10.5px ${SANS}`

function box([x, y], width) {
  return [x - width / 2, y - HEIGHT / 2, x + width / 2, y + HEIGHT / 2]
}

// What is in the way of a name: another name, the panel's edge, the legend below, the track itself.
function crowd([left, top, right, bottom], {taken, path, size: [width, height], half}) {
  const over = taken.some((other) => left < other[2] && other[0] < right && top < other[3] && other[1] < bottom)
  const outside = left < 2 || top < 2 || right > width - 2 || bottom > height - 24
  let crossed = 0
  for (let i = 0; i < path.length; i += 4) {
    const [x, y] = path[i]
    if (x > left - half && x < right + half && y > top - half && y < bottom + half) crossed += 1
  }
  return TAKEN * (Number(over) + Number(outside)) + 4 * crossed
}
