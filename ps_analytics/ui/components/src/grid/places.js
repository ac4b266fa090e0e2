// Where the panels of a sheet lie: rectangles in columns (x, w) and pixels (y, h). The same rule as in Python
// (`ui/layouts/places.py`): while a panel is dragged nobody is asked, and what is dropped stays where it was shown.

export const COLUMNS = 12
export const LEAST_W = 2
export const LEAST_H = 80
export const LOWEST = 20_000

// The items with no gaps above them and none over another, in the order they came in; `moved` is one of them with another
// place. It stands where its top comes to lie nearest to where it was put; the others rise in reading order around it.
export function settle(items, moved = null) {
  const rest = items.filter((item) => item.plotId !== moved?.plotId).sort((a, b) => a.y - b.y || a.x - b.x)
  if (moved) rest.splice(landing(rest, moved), 0, moved)
  const skyline = new Array(COLUMNS).fill(0)
  const settled = new Map(rest.map((item) => [item.plotId, stacked(skyline, item)]))
  return items.map(({plotId}) => settled.get(plotId))
}

export function overlap(one, other) {
  return shareColumns(one, other) && one.y < other.y + other.h && other.y < one.y + one.h
}

// Drags the line a panel ends at: what touches it from both sides gives and takes, so that nothing is torn apart. Where
// nothing lies beyond it the panel grows into free space, and on a sheet that is as long as it likes pushes others down.
export function resized(items, plotId, {dx = 0, dy = 0, fit = false}) {
  const wider = dx ? slid(items, plotId, ACROSS, dx, COLUMNS) : items
  if (!dy) return settle(wider)
  if (fit) return settle(slid(wider, plotId, DOWN, dy, Math.max(...items.map((item) => item.y + item.h))))
  const item = wider.find((one) => one.plotId === plotId)
  const h = Math.min(Math.max(item.h + dy, LEAST_H), LOWEST - item.y)
  return settle(wider, {...item, h})
}

const ACROSS = {edge: "x", size: "w", along: "y", length: "h", least: LEAST_W}
const DOWN = {edge: "y", size: "h", along: "x", length: "w", least: LEAST_H}

// The items with the line behind one moved by so much, as far as the smallest of those that touch it lets it.
function slid(items, plotId, way, by, end) {
  const {edge, size, least} = way
  const item = items.find((one) => one.plotId === plotId)
  const line = item[edge] + item[size]
  const [here, beyond] = touching(items, item, way)
  const room = beyond.length ? Math.min(...beyond.map((one) => one[size])) - least : free(items, item, way, end)
  const step = Math.min(Math.max(by, least - Math.min(...here.map((one) => one[size]))), room)
  if (line >= end && edge === "y") return items // the window ends there as well
  return items.map((one) => {
    if (here.includes(one)) return {...one, [size]: one[size] + step}
    if (beyond.includes(one)) return {...one, [edge]: one[edge] + step, [size]: one[size] - step}
    return one
  })
}

// Those that end at the line an item ends at and those that begin there: it, what meets it, what meets these, and so on.
function touching(items, item, {edge, size, along, length}) {
  const line = item[edge] + item[size]
  const ends = items.filter((one) => one[edge] + one[size] === line)
  const begins = items.filter((one) => one[edge] === line)
  const meets = (one, other) => one[along] < other[along] + other[length] && other[along] < one[along] + one[length]
  const [here, beyond] = [new Set([item]), new Set()]
  for (let count = 0; count !== here.size + beyond.size; ) {
    count = here.size + beyond.size
    for (const one of begins) if ([...here].some((other) => meets(one, other))) beyond.add(one)
    for (const one of ends) if ([...beyond].some((other) => meets(one, other))) here.add(one)
  }
  return [[...here], [...beyond]]
}

// How far an item may grow before it meets another.
function free(items, item, {edge, size, along, length}, end) {
  const line = item[edge] + item[size]
  const ahead = items.filter((one) => one[edge] > line && one[along] < item[along] + item[length] && item[along] < one[along] + one[length])
  return Math.min(end, ...ahead.map((one) => one[edge])) - line
}

// The item risen to the skyline, which then has it.
function stacked(skyline, item) {
  const y = Math.max(...skyline.slice(item.x, item.x + item.w))
  skyline.fill(y + item.h, item.x, item.x + item.w)
  return {...item, y}
}

// Before which of the others, in reading order, a moved item stands.
function landing(rest, moved) {
  const skyline = new Array(COLUMNS).fill(0)
  const own = rest.filter((item) => item.y < moved.y).length
  let best = [Infinity, Infinity]
  let found = 0
  for (let k = 0; k <= rest.length; k++) {
    const off = Math.abs(Math.max(...skyline.slice(moved.x, moved.x + moved.w)) - moved.y)
    if (off < best[0] || (off === best[0] && Math.abs(k - own) < best[1])) [best, found] = [[off, Math.abs(k - own)], k]
    if (k < rest.length) stacked(skyline, rest[k])
  }
  return found
}

function shareColumns(one, other) {
  return one.x < other.x + other.w && other.x < one.x + one.w
}
