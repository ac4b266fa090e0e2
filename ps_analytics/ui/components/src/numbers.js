// Numbers as a reader of lap charts expects them: round ticks, fixed decimals, signs where the sign is the message.

const MINUS = "\u2212"
const THOUSANDS = /(?<!\.\d*)\B(?=(\d{3})+(?!\d))/g // where a whole number is parted

export function fixed(value, decimals, signed = false) {
  if (value == null || Number.isNaN(value)) return "\u2013"
  const text = Math.abs(value).toFixed(decimals)
  if (Number(text) === 0) return (0).toFixed(decimals)
  return `${value < 0 ? MINUS : signed ? "+" : ""}${text}`
}

export function lapTime(seconds) {
  if (seconds == null) return "\u2013:\u2013\u2013.\u2013\u2013\u2013"
  const ms = Math.round(seconds * 1000)
  const minutes = Math.floor(ms / 60000)
  const rest = (ms % 60000) / 1000
  return `${minutes}:${rest.toFixed(3).padStart(6, "0")}`
}

// A step of 1, 2 or 5 times a power of ten that gives at most `count` steps over the span.
export function niceStep(span, count) {
  const raw = span / Math.max(count, 1)
  const power = 10 ** Math.floor(Math.log10(raw))
  return [1, 2, 5, 10].map((times) => times * power).find((step) => step >= raw * (1 - 1e-9))
}

export function ticks(low, high, count, least = 0) {
  if (!(high > low)) return [low]
  const step = Math.max(niceStep(high - low, count), least)
  const first = Math.ceil(low / step - 1e-9)
  const last = Math.floor(high / step + 1e-9)
  return Array.from({length: last - first + 1}, (_, i) => (first + i) * step)
}

export function tickLabel(value, step) {
  const decimals = step >= 1 ? 0 : Math.min(Math.ceil(-Math.log10(step) - 1e-9), 6)
  const text = Math.abs(value).toFixed(decimals)
  const grouped = text.replace(THOUSANDS, ",")
  return value < 0 && Number(text) !== 0 ? MINUS + grouped : grouped
}
