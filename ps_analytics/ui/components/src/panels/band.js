// How sure a delta is: the shade around its line, as wide as 95 % of it, and the badge that says how it closes.
import {h} from "../dom.js"
import {fixed} from "../numbers.js"
import {ink} from "../theme.js"

export const TOLD_FROM_S = 0.0005 // a band below half a millisecond is not worth a number at the cursor
const SHADE = "33" // of the lap's colour: a fifth

// The shade of every line's band; in the view only, and no finer than the screen.
export function drawBands(ground, lines, {x, indexOf}) {
  const {ctx, bbox, ratio} = ground
  const [from, to] = [ground.scales.x.min, ground.scales.x.max].map(indexOf)
  const step = Math.max(Math.floor((to - from) / (bbox.width / ratio)), 1)
  ctx.save()
  ctx.beginPath()
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height)
  ctx.clip()
  for (const {color, lane, column, band} of lines) {
    if (!column || !band) continue
    const edge = (i, side) => [ground.valToPos(x[i], "x", true), ground.valToPos(column[i] + side * band[i], lane.scale, true)]
    const there = []
    for (let i = Math.max(from - step, 0); i <= Math.min(to + step, column.length - 1); i += step) {
      if (Number.isFinite(column[i] + band[i])) there.push(i)
    }
    ctx.beginPath()
    there.forEach((i, k) => (k ? ctx.lineTo(...edge(i, 1)) : ctx.moveTo(...edge(i, 1))))
    for (const i of there.reverse()) ctx.lineTo(...edge(i, -1))
    ctx.fillStyle = color + SHADE
    ctx.fill()
  }
  ctx.restore()
}

// The lowest and highest value of lines with their bands from one sample to another; their lane's range has to hold them.
export function bandExtent(lines, [from, to], low, high) {
  for (const {column, band} of lines) {
    if (!column || !band) continue
    for (let i = from; i <= to; i++) {
      if (column[i] - band[i] < low) low = column[i] - band[i]
      if (column[i] + band[i] > high) high = column[i] + band[i]
    }
  }
  return [low, high]
}

// How far off the value at the cursor may be; "" where nobody measured it or it is next to nothing.
export function bandText(band, decimals) {
  return band > TOLD_FROM_S ? ` \u00b1${fixed(band, decimals)}` : ""
}

// "closes · position · ±3 ms": the words are Python's, with a sentence behind them; the mark tells a warning without colour.
export function closureBadge({label, color, closure}, brief) {
  if (!closure) return ""
  const {text, short, title, warns} = closure
  const mark = h("span", {class: "closure-mark", "aria-hidden": "true", text: warns ? "!" : "\u2713"})
  return h("span", {
    class: warns ? "closure warns" : "closure", title: `${label}: ${title}`, "data-testid": `closure-${label}`, tabindex: "0",
    style: `--lap:${ink(color)}`,
  }, mark, brief ? short : text)
}
