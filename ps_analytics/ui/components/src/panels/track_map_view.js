// Where the track lies on the panel: the reference's line, north up, one scale for both axes; all of it, or a stretch.
const MARGIN = 30
const FOOT = 18 // the legend's
const LEAST_M = 60 // a stretch is not shown larger than so many metres across
const REACH = 40 // pixels from the line at which it is still meant
const ALONG = 160 // pixels along the line to which a hand that follows it is held

export class MapView {
  constructor() {
    this.size = null
    this.path = null // the reference's line in pixels
    this.scale = 0 // pixels a metre
  }

  // Fits the samples from `first` to `last` of a line into the panel.
  fit(xs, ys, size, first = 0, last = xs.length - 1) {
    this.size = size
    const [left, right] = range(xs, first, last)
    const [low, high] = range(ys, first, last)
    const [width, height] = size
    const [wide, tall] = [right - left, high - low]
    const whole = first === 0 && last === xs.length - 1
    const least = whole ? 0 : LEAST_M
    this.scale = Math.min((width - 2 * MARGIN) / Math.max(wide, least), (height - 2 * MARGIN - FOOT) / Math.max(tall, least))
    if (!(this.scale > 0) || !Number.isFinite(this.scale)) return this.clear()
    this.middle = [(left + right) / 2, (low + high) / 2]
    this.path = Array.from(xs, (x, i) => this.place(x, ys[i]))
    return true
  }

  clear() {
    this.path = null
    return false
  }

  place(x, y) {
    const [width, height] = this.size
    return [width / 2 + (x - this.middle[0]) * this.scale, (height - FOOT) / 2 - (y - this.middle[1]) * this.scale]
  }

  // The way the car goes at a sample, as a step of one pixel.
  direction(i, over = 4) {
    const {path} = this
    const [from, to] = [path[Math.max(i - over, 0)], path[Math.min(i + over, path.length - 1)]]
    const length = Math.hypot(to[0] - from[0], to[1] - from[1]) || 1
    return [(to[0] - from[0]) / length, (to[1] - from[1]) / length]
  }

  // The sample that is nearest to a pixel, −1 where none is near. With `held` only those are asked that lie near that
  // one along the line: a hand that follows the line stays on it where the track passes itself.
  nearest([px, py], {held = -1, reach = REACH} = {}) {
    const {path} = this
    if (held >= 0) {
      const [from, to] = [this.walk(held, -1), this.walk(held, 1)]
      return best(path, px, py, from, to, Infinity)
    }
    return best(path, px, py, 0, path.length - 1, reach)
  }

  // The sample so many pixels along the line from another.
  walk(i, by) {
    const {path} = this
    let gone = 0
    while (path[i + by] && gone < ALONG) {
      gone += Math.hypot(path[i + by][0] - path[i][0], path[i + by][1] - path[i][1]) || 0
      i += by
    }
    return i
  }

  // Whether a point is on the panel, or nearly.
  shows([x, y]) {
    const [width, height] = this.size
    return x > -40 && y > -40 && x < width + 40 && y < height + 40
  }
}

function best(path, px, py, from, to, reach) {
  let least = reach ** 2
  let found = -1
  for (let i = from; i <= to; i++) {
    const distance = (path[i][0] - px) ** 2 + (path[i][1] - py) ** 2
    if (distance < least) [least, found] = [distance, i]
  }
  return found
}

// Where a lap was, sample by sample, in m: as recorded. Where the reference has no positions every lap is on the line
// that was reckoned for it.
export function positionsOf(bus, id) {
  const {reference} = bus
  if (!reference) return [undefined, undefined]
  const recorded = bus.column(reference.id, "x") && bus.column(reference.id, "y")
  return recorded ? [bus.column(id, "x"), bus.column(id, "y")] : [bus.column(reference.id, "reckoned_x"), bus.column(reference.id, "reckoned_y")]
}

// The lowest and the highest of some values; those that are missing are none.
export function range(values, first = 0, last = values.length - 1) {
  let low = Infinity
  let high = -Infinity
  for (let i = first; i <= last; i++) {
    if (values[i] < low) low = values[i]
    if (values[i] > high) high = values[i]
  }
  return [low, high]
}
