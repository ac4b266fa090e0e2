// The track as the reference drove it, coloured by what is chosen, with every lap's place at the cursor.
import {NAME_FONT, placeNames} from "./corner_names.js"
import {panelFrame} from "./panel_frame.js"
import {Screen} from "./screen.js"
import {SECTORS, tintOf} from "./track_map_colors.js"
import {drawBand, drawBorders, drawCars, drawDirections, drawLines, drawPin, drawStart, drawTint} from "./track_map_draw.js"
import {TrackEditor} from "./track_map_edit.js"
import {MapLegend} from "./track_map_legend.js"
import {MapView, positionsOf} from "./track_map_view.js"
import {h, onSize} from "../dom.js"
import {ink, tokens} from "../theme.js"

const COLOR_BY = "speed"
const REACH = 27 // of what is drawn at a place, in pixels: a mark's pin
const LOOKED_AT = ["data", "window", "cursor", "marks", "style", "spans", "corners"]

export class MapPanel {
  constructor(bus, config) {
    this.bus = bus
    this.plot = config.id
    this.options = config.options ?? {}
    this.frame = panelFrame(config.title, "map")
    this.base = h("canvas") // the picture without what moves
    this.screen = new Screen({class: "layer", role: "img", "aria-label": "Track map: click places the cursor", "data-testid": "track-map"})
    this.over = this.screen.canvas
    this.note = h("p", {class: "message", hidden: true})
    this.view = new MapView()
    this.names = [] // of corners, where they stand
    this.named = null // what they were placed for
    this.tint = {kind: "none"}
    this.size = null
    this.colors = null // of the theme; the topic style says that they are others
    this.at = []
    this.held = -1 // the sample at which a hand is on the line
    this.legend = new MapLegend(bus, {choose: (options) => this.choose(options), edit: () => this.editor.show()})
    this.editor = new TrackEditor(bus, this)
    this.frame.body.append(this.over, this.note, this.legend.root, this.legend.tools, this.editor.root)
    this.leave = [
      bus.subscribe(LOOKED_AT, (topics) => this.follow(topics)),
      onSize(this.frame.body, (width, height) => this.resize(width, height)),
    ]
    this.listen()
  }

  update({title, options = {}}) {
    this.frame.setTitle(title)
    if (JSON.stringify(options) === JSON.stringify(this.options)) return
    this.options = options
    if (this.size) this.load()
  }

  destroy() {
    for (const leave of this.leave) leave()
  }

  listen() {
    const {over} = this
    over.addEventListener("pointerdown", (event) => {
      over.setPointerCapture(event.pointerId)
      this.held = -1
      this.pick(event)
    })
    over.addEventListener("pointermove", (event) => event.buttons && this.pick(event))
    over.addEventListener("pointerup", () => (this.held = -1))
    over.addEventListener("dblclick", () => this.bus.showAll())
  }

  get choice() {
    const {color = COLOR_BY, of = "reference", follow = false} = this.options
    return {color, of, follow}
  }

  // Drawn at once; the layout is told, which may bring a channel that was not there.
  choose(options) {
    this.options = {...this.options, ...options}
    this.bus.ask({op: "layout", do: "set_options", plot: this.plot, options: this.options})
    this.load()
  }

  resize(width, height) {
    const ratio = globalThis.devicePixelRatio
    this.base.width = width * ratio
    this.base.height = height * ratio
    this.base.getContext("2d").setTransform(ratio, 0, 0, ratio, 0, 0)
    this.ratio = ratio
    this.size = [width, height]
    this.load()
  }

  follow(topics) {
    if (topics.has("style")) this.colors = null
    if (!this.size) return
    if (topics.has("data") || topics.has("style")) this.load()
    else if (topics.has("window") && this.choice.follow) this.refit()
    else if (topics.has("window") || topics.has("spans") || topics.has("corners")) this.redraw()
    else this.drawOver()
    this.editor.lay()
  }

  // Other laps, other columns, another choice.
  load() {
    this.tint = this.bus.reference ? tintOf(this.bus, this.choice) : {kind: "none"}
    this.refit()
  }

  // The whole line, or what is in the window where the map follows it.
  refit() {
    const {bus, size} = this
    const [xs, ys] = positionsOf(bus, bus.reference?.id)
    this.note.hidden = Boolean(xs && ys) || !bus.laps.length
    this.note.textContent = bus.mapNote
    if (!xs || !ys) this.view.clear()
    else {
      const stretch = this.choice.follow && bus.window ? bus.window.map((place) => bus.indexOf(place)) : [0, xs.length - 1]
      this.view.fit(xs, ys, size, ...stretch)
    }
    this.redraw()
  }

  redraw() {
    const ctx = this.base.getContext("2d")
    ctx.clearRect(0, 0, ...this.size)
    const {bus, view, tint} = this
    const colors = (this.colors ??= tokens(this.frame.root))
    this.legend.show(tint, this.choice, Boolean(view.path), Boolean(bus.corners.track))
    this.frame.note.textContent = view.path ? bus.mapNote : ""
    if (view.path) {
      drawBand(ctx, view, colors)
      drawTint(ctx, view, tint, {bus, colors})
      drawLines(ctx, view, {bus})
      if (tint.kind === "delta") drawDirections(ctx, view, tint, {bus, colors})
      this.drawLimits(ctx)
      this.drawNames(ctx)
    }
    this.screen.soon(() => {
      this.screen.show(this.base, colors.panel)
      this.drawOver()
    })
  }

  // Start and finish and where the sectors part: as they are, or as they are being moved.
  drawLimits(ctx) {
    const {bus, view, colors, editor} = this
    const borders = editor.open ? editor.borders : (bus.corners.track?.sectors ?? [])
    drawBorders(ctx, view, colors, borders.map((place) => bus.indexOf(place)))
    drawStart(ctx, view, colors, editor.open ? editor.sample(editor.line) : 0)
  }

  // Places are sought anew when the line or what is named is another; without a zoom to follow a window moves nothing.
  drawNames(ctx) {
    const {bus, view, size, tint, colors} = this
    const {corners} = bus.corners
    ctx.font = NAME_FONT
    if (this.named?.path !== view.path || this.named.corners !== corners || this.named.tint !== tint) {
      const measure = (name) => ctx.measureText(name).width
      this.named = {path: view.path, corners, tint}
      const placed = placeNames(measure, {corners: [...corners, ...this.wonNames()], bus, view, size})
      this.names = placed.filter(({color}) => !color)
      this.winners = placed.filter(({color}) => color)
    }
    ctx.textAlign = "center"
    ctx.textBaseline = "middle"
    if (!this.editor.open) for (const {name, at} of this.names) write(ctx, name, at, colors.dim)
    for (const {name, at, color} of this.winners) write(ctx, name, at, ink(color))
  }

  // Whose the mini sectors in a row are, beside the middle of them: what the colour says, in words.
  wonNames() {
    const {bus, tint} = this
    if (tint.kind !== SECTORS) return []
    return tint.runs.filter(({lap}) => lap >= 0).map(({first, last, lap}) => ({
      name: bus.laps[lap].label.split(" \u00b7 ")[0], color: bus.laps[lap].color, apex: bus.x[(first + last) >> 1], left: true, radius: 1e6 - (last - first),
    }))
  }

  drawOver() {
    const {bus, view, colors, screen, ratio} = this
    if (!screen.picture) return
    screen.wipe()
    this.at = []
    if (!view.path) return
    const {ctx, canvas} = screen
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0)
    const stain = ([x, y]) => screen.stain((x - REACH) * ratio, (y - REACH) * ratio, 2 * REACH * ratio, 2 * REACH * ratio)
    for (const name of ["a", "b"]) {
      if (bus[name] == null) continue
      const i = bus.indexOf(bus[name])
      stain(view.path[i])
      drawPin(ctx, view, i, name.toUpperCase(), colors)
    }
    const index = bus.index
    this.at = drawCars(ctx, view, {bus, colors, index})
    for (const {place} of this.at) stain(place)
    ctx.setTransform(1, 0, 0, 1, 0, 0)
    canvas.dataset.index = index // for whoever looks into a page: tests
    canvas.dataset.scale = view.scale.toFixed(4)
  }

  // The cursor to where the line is pointed at. Once a hand is on the line it stays on it.
  pick(event) {
    const {view, bus} = this
    if (!view.path) return
    const {left, top} = this.over.getBoundingClientRect()
    const found = view.nearest([event.clientX - left, event.clientY - top], {held: this.held})
    if (found < 0) return
    this.held = found
    bus.setCursor(bus.x[found])
  }
}

function write(ctx, text, at, color) {
  ctx.fillStyle = color
  ctx.fillText(text, ...at)
}
