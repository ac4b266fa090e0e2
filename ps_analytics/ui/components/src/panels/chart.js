// A Bokeh figure that Python drew, in the page's colours. The cursor is marked and the zoom followed here: Python is not
// asked. What is what is said by the first tag of a figure's renderers; see chart.py.
import {busOf} from "../bus.js"
import {h} from "../dom.js"
import {dress, ink, SANS, tokens} from "../theme.js"

const QUIET = {sync: false} // what is set in the browser stays in the browser
const DIMS_AFTER_MS = 80 // points are dimmed when a zoom rests: drawing thousands of them anew takes longer than a frame
const TOLD_AFTER_MS = 200 // so long after the last step of a zoom Python is told, where it draws what is in view
const NEAR_PX = 14 // a click so near to a point sets the cursor to it

class ChartView {
  constructor(bus, model, view) {
    this.bus = bus
    this.model = model
    this.view = view
    this.layers = new WeakMap() // plot → the layer with its marks
    this.note = h("p", {class: "message", role: "status"})
    this.remark = h("p", {class: "remark"})
    this.remark.style.cssText = "position:absolute;left:8px;top:2px;font-size:11px;color:var(--dim);pointer-events:none"
    this.plot = h("div", {}, model.get_child("figure"))
    this.plot.style.cssText = "position:absolute;inset:0"
    this.root = h("div", {class: "chart", "data-testid": "chart"}, this.plot, this.remark, this.note)
    this.root.style.cssText = "position:absolute;inset:0"
    this.heard = new WeakSet() // figures whose clicks are listened to
    this.timer = 0
    this.leave = [
      bus.subscribe(["cursor"], () => this.point()),
      bus.subscribe(["window"], () => this.followLater()),
      bus.subscribe(["style"], () => this.dress()),
      bus.subscribe(["data"], () => this.point()),
    ]
    model.on("change:revision", () => this.refresh())
    model.on(["change:note", "change:remark"], () => this.say())
    model.on("after_render", () => this.refresh())
    this.say()
  }

  destroy() {
    clearTimeout(this.timer)
    for (const leave of this.leave) leave()
  }

  get figures() {
    const {figure} = this.model
    return figure.children ? figure.children.map(([child]) => child) : [figure]
  }

  say() {
    const {note, remark} = this.model
    this.note.textContent = note
    this.remark.textContent = remark
    this.note.hidden = !note
    this.remark.hidden = !remark || Boolean(note)
    this.plot.style.visibility = note ? "hidden" : "visible"
  }

  refresh() {
    this.dress()
    if (this.model.follows) this.followLater()
    this.follow()
    this.point()
    for (const figure of this.figures) {
      if (this.heard.has(figure)) continue
      this.heard.add(figure)
      figure.on_event("tap", (event) => this.pick(figure, event))
      figure.on_event("doubletap", () => figure.reset.emit())
    }
  }

  dress() {
    const has = tokens(this.root)
    const text = {major_label_text_color: has.dim, axis_label_text_color: has.dim, major_label_text_font: SANS, axis_label_text_font: SANS}
    for (const figure of this.figures) {
      figure.setv({background_fill_color: has.panel, border_fill_color: has.panel}, QUIET)
      for (const axis of [...figure.below, ...figure.left]) axis.setv(text, QUIET)
      for (const grid of figure.center.filter(({type}) => type === "Grid")) grid.setv({grid_line_color: has.grid}, QUIET)
      for (const zero of figure.center.filter(({type}) => type === "Span")) zero.setv({line_color: has.zero}, QUIET)
      for (const bar of figure.right) bar.setv({major_label_text_color: has.dim, title_text_color: has.dim, major_label_text_font: SANS, title_text_font: SANS}, QUIET)
      for (const [renderer, role, color] of tagged(figure)) {
        const {glyph} = renderer
        if (role === "rings") glyph.setv("text" in glyph.attributes ? {text_color: {value: has.dim}, text_font: {value: SANS}} : {line_color: {value: has.zero}}, QUIET)
        else if (role === "zones") {
          const {data} = renderer.data_source
          renderer.data_source.setv({data: {...data, color: data.hue.map((hue) => (hue ? ink(hue) : has.dim))}}, QUIET)
          glyph.setv({text_font: {value: SANS}}, QUIET)
        } else if (color) paint(glyph, ink(color))
      }
    }
  }

  followLater() {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => (this.model.follows ? this.tell() : this.follow()), this.model.follows ? TOLD_AFTER_MS : DIMS_AFTER_MS)
  }

  // Tells Python what is in view.
  tell() {
    const window = [...(this.bus.window ?? [])]
    if (JSON.stringify(window) !== JSON.stringify(this.model.window)) this.model.window = window
  }

  // Points out of view are dimmed.
  follow() {
    const {window} = this.bus
    for (const figure of this.figures) {
      for (const [renderer, role] of tagged(figure)) {
        if (role === "all") renderer.setv({visible: window !== null}, QUIET)
        else if (role === "lap" && renderer.data_source.data.at) {
          renderer.view.filter.setv({indices: window && between(renderer.data_source.data.at, window)}, QUIET)
        }
      }
    }
  }

  // Marks where each lap is at the cursor. The marks are elements over the plot: Bokeh would draw all points anew.
  point() {
    if (!this.root.isConnected) return
    for (const plot of plotsIn(this.view)) {
      const figure = plot.model
      const line = figure.tags[0] === "values"
      const found = line ? this.values(figure) : tagged(figure).filter(([, role]) => role === "lap").map((one) => this.place(one)).filter(Boolean)
      const {x_scale, y_scale, bbox} = plot.frame
      const layer = this.layerOf(plot)
      while (layer.childElementCount < found.length) layer.append(h("i", {class: "mark"}))
      for (const [at, mark] of [...layer.children].entries()) {
        const one = found[at]
        const [left, top] = one ? [x_scale.compute(one.x), line ? bbox.top : y_scale.compute(one.y)] : [NaN, NaN]
        const inside = left >= bbox.left && left <= bbox.right && top >= bbox.top && top <= bbox.bottom
        mark.hidden = !inside
        if (!inside) continue
        mark.dataset.x = one.x
        mark.style.cssText = line ? lineStyle(left, top, bbox.height, one.color) : dotStyle(left, top, one.color)
      }
    }
  }

  // The layer over a plot; when Bokeh has painted, the marks are put where the axes have them now.
  layerOf(plot) {
    if (!this.layers.has(plot)) {
      this.layers.set(plot, h("div", {class: "marks", "data-testid": `marks-${plot.model.tags[1] ?? "points"}`}))
      plot.repainted.connect(() => this.point())
    }
    const layer = this.layers.get(plot)
    layer.style.cssText = "position:absolute;inset:0;overflow:hidden;pointer-events:none"
    if (layer.getRootNode() !== plot.shadow_el) plot.shadow_el.append(layer)
    return layer
  }

  // The point of a lap that is nearest to the cursor, unless the lap has none there.
  place([renderer, , color]) {
    const {x, y, at} = renderer.data_source.data
    const {cursor} = this.bus
    if (!at?.length) return null
    const index = nearest(at, cursor)
    const usual = (at[at.length - 1] - at[0]) / at.length
    return Math.abs(at[index] - cursor) > 8 * usual + 1e-6 ? null : {x: x[index], y: y[index], color: ink(color)}
  }

  // The value of each lap at the cursor, in the units shown.
  values({tags: [, channel]}) {
    const {bus} = this
    const found = bus.laps.map(({id, color}) => ({x: bus.column(id, channel)?.[bus.index], color: ink(color)}))
    return found.filter(({x}) => Number.isFinite(x))
  }

  // Sets the cursor to the point that was clicked.
  pick(figure, {x, y}) {
    const {x_range, y_range, inner_width, inner_height} = figure
    const across = inner_width / (x_range.end - x_range.start)
    const up = inner_height / (y_range.end - y_range.start)
    let best = NEAR_PX
    let place = null
    for (const [renderer, role] of tagged(figure)) {
      const {data} = renderer.data_source
      if (role !== "lap" || !data.at) continue
      const rows = renderer.view.filter.indices ?? data.at.keys()
      for (const row of rows) {
        const far = Math.hypot((data.x[row] - x) * across, (data.y[row] - y) * up)
        if (far < best) [best, place] = [far, data.at[row]]
      }
    }
    if (place !== null) this.bus.setCursor(place)
  }
}

function tagged(figure) {
  return figure.renderers.filter(({tags}) => tags.length).map((renderer) => [renderer, ...renderer.tags])
}

// The plots in a view that are drawn.
function plotsIn(view) {
  return [...(view.child_views ?? [])].flatMap((child) => (child.model.type === "Figure" ? (child.frame?.bbox && child.layout ? [child] : []) : plotsIn(child)))
}

function lineStyle(left, top, height, color) {
  return `position:absolute;left:0;top:0;width:1.5px;height:${height}px;background:${color};transform:translate(${left - 0.75}px,${top}px)`
}

function dotStyle(left, top, color) {
  return `position:absolute;left:-5px;top:-5px;width:10px;height:10px;box-sizing:border-box;border:1.5px solid var(--text, #fff);border-radius:50%;background:${color};transform:translate(${left}px,${top}px)`
}

// Gives a glyph a colour wherever it does not go by a column.
function paint(glyph, color) {
  for (const name of ["fill_color", "line_color", "text_color"]) {
    const now = glyph.attributes[name]
    if (now && typeof now === "object" && "value" in now && now.value !== null) glyph.setv({[name]: {value: color}}, QUIET)
  }
}

function nearest(sorted, value) {
  const after = firstFrom(sorted, value)
  if (after === 0) return 0
  return after < sorted.length && sorted[after] - value < value - sorted[after - 1] ? after : after - 1
}

function between(sorted, [from, to]) {
  const first = firstFrom(sorted, from)
  const end = firstFrom(sorted, to + 1e-6)
  return Array.from({length: end - first}, (_, i) => first + i)
}

function firstFrom(sorted, value) {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle] < value) low = middle + 1
    else high = middle
  }
  return low
}

export const Chart = {
  render({model, view, el}) {
    dress(el)
    const chart = new ChartView(busOf(model.page), model, view)
    model.on("remove", () => chart.destroy())
    return chart.root
  },
}
