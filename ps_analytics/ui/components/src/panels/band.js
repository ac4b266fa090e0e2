// How sure a delta is: the shade around its line, as wide as 95 % of it, and the badge that says how it closes.
import uPlot from "uplot"
import {h} from "../dom.js"
import {fixed} from "../numbers.js"
import {ink} from "../theme.js"

export const TOLD_FROM_S = 0.0005 // a band below half a millisecond is not worth a number at the cursor
const SHADE = "33" // of the lap's colour: a fifth

// The shade of every lap's band in a lane; in the view only, and no finer than the screen.
export function drawBands(plot, bus, series) {
  const [from, to] = [plot.scales.x.min, plot.scales.x.max].map((value) => bus.indexOf(value))
  const step = Math.max(Math.floor((to - from) / (plot.bbox.width / uPlot.pxRatio)), 1)
  const {ctx} = plot
  ctx.save()
  const {left, top, width, height} = plot.bbox
  ctx.beginPath()
  ctx.rect(left, top, width, height)
  ctx.clip()
  for (const {lap, channel, lane} of series) {
    const [delta, band] = [bus.column(lap.id, channel.name), bus.column(lap.id, channel.band)]
    if (!delta || !band) continue
    const edge = (i, side) => [plot.valToPos(bus.x[i], "x", true), plot.valToPos(delta[i] + side * band[i], lane.scale, true)]
    const there = []
    for (let i = Math.max(from - step, 0); i <= Math.min(to + step, delta.length - 1); i += step) {
      if (Number.isFinite(delta[i] + band[i])) there.push(i)
    }
    const shape = new Path2D()
    there.forEach((i, k) => (k ? shape.lineTo(...edge(i, 1)) : shape.moveTo(...edge(i, 1))))
    for (const i of there.reverse()) shape.lineTo(...edge(i, -1))
    ctx.fillStyle = ink(lap.color) + SHADE
    ctx.fill(shape)
  }
  ctx.restore()
}

// The lowest and highest value of a lane's bands in view; the lane's range has to hold them.
export function bandExtent(bus, series, lane, low, high) {
  const [from, to] = bus.view.map((value) => bus.indexOf(value))
  for (const {lap, channel, lane: own} of series) {
    const [delta, band] = [bus.column(lap.id, channel.name), bus.column(lap.id, channel.band)]
    if (own.scale !== lane.scale || !delta || !band) continue
    for (let i = from; i <= to; i++) {
      if (delta[i] - band[i] < low) low = delta[i] - band[i]
      if (delta[i] + band[i] > high) high = delta[i] + band[i]
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
