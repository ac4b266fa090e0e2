// The track as driven by the reference, coloured by its speed, with every lap's place at the cursor.
import {NAME_FONT, placeNames} from "./corner_names.js"
import {panelFrame} from "./panel_frame.js"
import {h, onSize} from "../dom.js"
import {fixed} from "../numbers.js"
import {HEAT_CSS, heat, ink, tokens} from "../theme.js"

const COLOR_BY = "speed"
const SHADES = 24
const MARGIN = 30

export class MapPanel {
  constructor(bus, {title}) {
    this.bus = bus
    this.frame = panelFrame(title, "map")
    this.base = h("canvas", {class: "layer", role: "img", "aria-label": "Track map: click places the cursor", "data-testid": "track-map"})
    this.over = h("canvas", {class: "layer top"})
    this.note = h("p", {class: "message", hidden: true})
    this.legend = h("div", {class: "legend", hidden: true})
    this.frame.body.append(this.base, this.over, this.note, this.legend)
    this.path = null
    this.named = null // where the corners' names stand
    this.at = []
    this.leave = [
      bus.subscribe(["data", "window", "cursor", "style", "spans"], (topics) => this.follow(topics)),
      onSize(this.frame.body, (width, height) => this.resize(width, height)),
    ]
    this.over.addEventListener("pointerdown", (event) => {
      this.over.setPointerCapture(event.pointerId)
      this.pick(event)
    })
    this.over.addEventListener("pointermove", (event) => event.buttons && this.pick(event))
  }

  update({title}) {
    this.frame.setTitle(title)
  }

  destroy() {
    for (const leave of this.leave) leave()
  }

  resize(width, height) {
    const ratio = globalThis.devicePixelRatio
    for (const canvas of [this.base, this.over]) {
      canvas.width = width * ratio
      canvas.height = height * ratio
      canvas.getContext("2d").setTransform(ratio, 0, 0, ratio, 0, 0)
    }
    this.size = [width, height]
    this.follow(new Set(["data"]))
  }

  follow(topics) {
    if (!this.size) return
    if (topics.has("data")) this.fit()
    if (topics.has("data") || topics.has("window") || topics.has("style") || topics.has("spans")) this.drawTrack()
    this.drawCars()
  }

  // Fits the reference's line into the panel, north up, one scale for both axes.
  fit() {
    const {bus} = this
    const lap = bus.reference
    const xs = lap && bus.column(lap.id, "x")
    const ys = lap && bus.column(lap.id, "y")
    this.note.hidden = Boolean(xs && ys) || !bus.laps.length
    this.note.textContent = bus.mapNote
    this.path = null
    if (!xs || !ys) return
    const [left, right] = range(xs)
    const [low, high] = range(ys)
    const [width, height] = this.size
    const scale = Math.min((width - 2 * MARGIN) / (right - left), (height - 2 * MARGIN - 18) / (high - low))
    if (!(scale > 0) || !Number.isFinite(scale)) return
    const place = (x, y) => [width / 2 + (x - (left + right) / 2) * scale, (height - 18) / 2 - (y - (low + high) / 2) * scale]
    this.place = place
    this.path = Array.from(xs, (x, i) => place(x, ys[i]))
  }

  drawTrack() {
    const ctx = this.base.getContext("2d")
    const [width, height] = this.size
    ctx.clearRect(0, 0, width, height)
    this.legend.hidden = true
    const {path} = this
    if (!path) return
    const colors = (this.colors = tokens(this.frame.root))
    ctx.lineCap = ctx.lineJoin = "round"
    ctx.strokeStyle = colors.track
    ctx.lineWidth = 11
    ctx.stroke(line(path, 0, path.length - 1))
    this.drawShades(ctx, colors)
    this.drawStart(ctx, colors)
    this.drawNames(ctx, colors)
  }

  // Places are sought anew when the track or its corners are others; a zoom moves nothing on the map.
  drawNames(ctx, colors) {
    const {bus, path, size} = this
    const {corners} = bus.corners
    ctx.font = NAME_FONT
    if (this.named?.path !== path || this.named.corners !== corners) {
      const measure = (name) => ctx.measureText(name).width
      this.named = {path, corners, names: placeNames(measure, {corners, bus, path, size})}
    }
    ctx.textAlign = "center"
    ctx.textBaseline = "middle"
    ctx.fillStyle = colors.dim
    for (const {name, at} of this.named.names) ctx.fillText(name, ...at)
  }

  // One stroke a shade: the stretches of equal colour go into one path.
  drawShades(ctx, colors) {
    const {bus, path} = this
    const values = bus.column(bus.reference.id, COLOR_BY)
    const [from, to] = bus.view
    const zoomed = bus.window !== null
    const [low, high] = values ? range(values) : [0, 0]
    const shades = new Map()
    const step = Math.max(Math.round(path.length / 900), 1)
    for (let i = 0; i < path.length - 1; i += step) {
      const seen = !zoomed || (bus.x[i] >= from && bus.x[i] <= to)
      const shade = values ? Math.round(((values[i] - low) / (high - low || 1)) * SHADES) : -1
      const key = `${shade}|${seen}`
      if (!shades.has(key)) shades.set(key, new Path2D())
      const end = Math.min(i + step, path.length - 1)
      const stretch = shades.get(key)
      stretch.moveTo(...path[i])
      for (let k = i + 1; k <= end; k++) stretch.lineTo(...path[k])
    }
    ctx.lineWidth = 4.5
    for (const [key, stretch] of shades) {
      const [shade, seen] = key.split("|")
      const color = Number(shade) < 0 || Number.isNaN(Number(shade)) ? colors.dim : heat(shade / SHADES)
      // Mixed and not see-through: where two strokes overlap, see-through ones would show as beads.
      ctx.strokeStyle = seen === "true" ? color : `color-mix(in srgb, ${color} 22%, ${colors.track})`
      ctx.stroke(stretch)
    }
    if (values) this.showLegend(low, high)
  }

  showLegend(low, high) {
    const channel = this.bus.channels[COLOR_BY]
    if (!channel) return
    const number = (value) => h("span", {class: "number", text: fixed(value, 0)})
    this.legend.hidden = false
    this.legend.replaceChildren(
      h("span", {text: channel.label}), number(low), h("span", {class: "ramp", style: `background:${HEAT_CSS}`}), number(high),
      h("span", {text: channel.unit ?? ""}),
    )
  }

  // A bar across the track at the line, and an arrow beside it: the way round.
  drawStart(ctx, colors) {
    const {path} = this
    const ahead = path[Math.min(8, path.length - 1)]
    const [x, y] = path[0]
    const length = Math.hypot(ahead[0] - x, ahead[1] - y) || 1
    const [dx, dy] = [(ahead[0] - x) / length, (ahead[1] - y) / length]
    ctx.strokeStyle = ctx.fillStyle = colors.text
    ctx.lineWidth = 2.5
    ctx.lineCap = "butt"
    ctx.beginPath()
    ctx.moveTo(x - dy * 8, y + dx * 8)
    ctx.lineTo(x + dy * 8, y - dx * 8)
    ctx.stroke()
    const [ax, ay] = [x + dx * 6 + dy * 15, y + dy * 6 - dx * 15]
    ctx.beginPath()
    ctx.moveTo(ax + dx * 8, ay + dy * 8)
    ctx.lineTo(ax - dx * 3 + dy * 4, ay - dy * 3 - dx * 4)
    ctx.lineTo(ax - dx * 3 - dy * 4, ay - dy * 3 + dx * 4)
    ctx.fill()
  }

  drawCars() {
    const ctx = this.over.getContext("2d")
    ctx.clearRect(0, 0, ...this.size)
    const {bus, path} = this
    this.at = []
    if (!path) return
    const {panel} = this.colors
    const i = bus.index
    for (const lap of [...bus.laps].sort((a, b) => Number(b.reference) - Number(a.reference))) {
      const [xs, ys] = [bus.column(lap.id, "x"), bus.column(lap.id, "y")]
      if (!xs || !ys || Number.isNaN(xs[i])) continue
      const place = this.place(xs[i], ys[i])
      this.at.push({lap: lap.id, place})
      ctx.beginPath()
      ctx.arc(...place, lap.reference ? 4 : 5, 0, 7)
      ctx.fillStyle = ink(lap.color)
      ctx.strokeStyle = panel
      ctx.lineWidth = 2
      ctx.fill()
      ctx.stroke()
    }
    this.base.dataset.index = i
  }

  pick(event) {
    if (!this.path) return
    const {left, top} = this.over.getBoundingClientRect()
    const [px, py] = [event.clientX - left, event.clientY - top]
    let best = 40 ** 2
    let found = -1
    this.path.forEach(([x, y], i) => {
      const distance = (x - px) ** 2 + (y - py) ** 2
      if (distance < best) [best, found] = [distance, i]
    })
    if (found >= 0) this.bus.setCursor(this.bus.x[found])
  }
}

function range(values) {
  let low = Infinity
  let high = -Infinity
  for (const value of values) {
    if (value < low) low = value
    if (value > high) high = value
  }
  return [low, high]
}

function line(path, from, to) {
  const drawn = new Path2D()
  drawn.moveTo(...path[from])
  for (let i = from + 1; i <= to; i++) drawn.lineTo(...path[i])
  return drawn
}
