// The columns of all laps on one x, as Python laid them: places in m, or moments in s. They are kept as they came; what
// is shown is in the user's units.

export class SampleGrid {
  constructor() {
    this.clear(new Float32Array(0))
  }

  // Another x: no column of the one before fits it. `whole` is what it spans where `x` is thinned to less.
  clear(x, {whole = null, thinned = false} = {}) {
    this.x = x
    this.columns = new Map() // "lap|channel" → Float32Array
    this.whole = whole ?? (x.length ? [x[0], x[x.length - 1]] : [0, 1])
    this.thinned = thinned
  }

  indexOf(value) {
    return indexIn(this.x, value)
  }
}

// The sample of a rising x nearest to a value.
export function indexIn(x, value) {
  const low = below(x, value)
  const high = Math.min(low + 1, x.length - 1)
  return high > low && x[high] - value < value - x[low] ? high : low
}

// The last sample of a rising x that is not above a value; the first where all are.
function below(x, value) {
  let low = 0
  let high = x.length - 1
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (x[middle] <= value) low = middle
    else high = middle
  }
  return high > low && x[high] <= value ? high : low
}

// A column in the unit that is shown; where that is its own, the column itself.
const converted = new WeakMap()
export function inUnits(column, {factor = 1, offset = 0} = {}) {
  if (!column || (factor === 1 && offset === 0)) return column
  const known = converted.get(column)
  if (known?.factor === factor && known.offset === offset) return known.values
  const values = column.map((value) => value * factor + offset)
  converted.set(column, {factor, offset, values})
  return values
}

// The value of one column where another, which never falls, has this one; between samples by their line. NaN where there
// is no sample of both.
export function between(from, to, value) {
  const [known, there] = pairs(from, to)
  if (!known.length) return NaN
  const low = below(known, value)
  const high = Math.min(low + 1, known.length - 1)
  const share = known[high] > known[low] ? Math.min(Math.max((value - known[low]) / (known[high] - known[low]), 0), 1) : 0
  return there[low] + share * (there[high] - there[low])
}

// The samples two columns both have, where the first has not fallen.
const paired = new WeakMap()
function pairs(from, to) {
  if (!from || !to) return [[], []]
  const known = paired.get(from)
  if (known?.to === to) return known.both
  const both = [[], []]
  let most = -Infinity
  for (let i = 0; i < from.length; i++) {
    if (!(from[i] >= most) || Number.isNaN(to[i])) continue
    both[0].push((most = from[i]))
    both[1].push(to[i])
  }
  paired.set(from, {to, both})
  return both
}
