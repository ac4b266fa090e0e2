// The panels' places: 12 columns, heights that fill the window; what is shown of them, added, moved and taken away.
import {busOf} from "../bus.js"
import {h, onSize} from "../dom.js"
import {KINDS} from "../panels/kinds.js"
import {PythonPanel} from "../panels/python_panel.js"
import {dress} from "../theme.js"
import {Cell} from "./cell.js"
import {Drawer} from "./drawer.js"
import {edit, sentence, tell} from "./edits.js"
import {save} from "./export.js"
import {buildHelp} from "./help.js"
import {listen} from "./keys.js"
import {EmptySheet} from "./kind_list.js"
import {Said} from "./said.js"
import {Sheets} from "./sheets.js"
import {ChannelPicker} from "../picker/channel_picker.js"
import {focused} from "../picker/dialog.js"
import {Palette} from "../picker/palette.js"

const GAP = 6
const LEAST_FIT = 480 // pixels: a window lower than that scrolls

class PanelGrid {
  // `made(plot)` gives what Python made for a panel, if it did.
  constructor(bus, made) {
    this.bus = bus
    this.made = made
    this.cells = new Map() // plot id → cell, of the sheet that is shown
    this.held = null // the items as they were dropped, until Python has them
    this.before = null // the panels there were when another was asked for
    this.last = null // the cell that was pointed at or focused last
    this.full = null
    this.size = [0, 0]
    this.scale = {across: 1, down: 1} // pixels of a column, and of a pixel of height
    this.message = h("div", {class: "overlay", role: "status", "data-testid": "status", hidden: true})
    this.help = buildHelp(() => this.close())
    this.empty = new EmptySheet(this)
    this.root = h("div", {class: "grid", tabindex: "-1", "data-testid": "grid"}, this.empty.root, this.message, this.help)
    this.said = new Said(bus)
    this.sheets = new Sheets(this)
    this.drawer = new Drawer(bus)
    this.picker = new ChannelPicker(this)
    this.palette = new Palette(this)
    const parts = [this.sheets, this.said, this.drawer, this.picker, this.palette].map(({root}) => root)
    this.stage = h("div", {class: "stage"}, this.root, ...parts)
    for (const name of ["pointerover", "focusin"]) this.root.addEventListener(name, (event) => this.notice(event))
    this.leave = [
      bus.subscribe(["layout"], () => this.follow()),
      bus.subscribe(["status"], () => this.say()),
      bus.subscribe(["math"], () => this.toggleMath()),
      listen(this.stage, bus, this),
      onSize(this.root, (width, height) => this.place(width, height)),
    ]
    bus.hear("file", ({name, mime, data}) => save(name, data, mime))
    this.follow()
    this.say()
  }

  destroy() {
    for (const leave of this.leave) leave()
    for (const cell of this.cells.values()) cell.destroy()
    for (const part of [this.said, this.sheets, this.picker, this.palette]) part.destroy()
    this.drawer.desk?.destroy()
  }

  get sheet() {
    const {layout} = this.bus
    return layout?.document.layout.sheets.find(({id}) => id === layout.sheet)
  }

  get items() {
    return this.held ?? this.sheet?.items ?? []
  }

  follow() {
    this.held = null
    const {problem, kinds} = this.bus.layout ?? {}
    if (kinds) this.bus.kinds = kinds // they come once
    if (problem && !this.bus.atLayouts) tell(this.bus, {text: sentence(problem), alarm: true})
    this.arrange()
  }

  // Makes the panels of the sheet that is shown as the layout has them; those that stay are only told what is new.
  arrange() {
    const {sheet} = this
    if (!sheet) return
    const configs = new Map(this.bus.layout.document.configs.map((config) => [config.id, config]))
    const wanted = new Map(sheet.items.map((item) => [item.plotId, configs.get(item.plotId)]))
    for (const [id, cell] of this.cells) {
      if (cell.kind === wanted.get(id)?.kind) continue
      if (this.full === cell) this.toggleFull(cell)
      cell.destroy()
      this.cells.delete(id)
    }
    for (const [id, config] of wanted) {
      if (this.cells.has(id)) this.cells.get(id).update(config)
      else this.cells.set(id, this.add(config))
    }
    this.empty.show(wanted.size === 0)
    this.place(...this.size)
    this.reveal()
  }

  add(config) {
    const Panel = KINDS[config.kind]
    const cell = new Cell(config, Panel ? new Panel(this.bus, config) : new PythonPanel(this.bus, config, this.made(config.id)), this)
    this.root.insertBefore(cell.root, this.message)
    return cell
  }

  // Python has made, or let go of, what some panels show.
  refill() {
    for (const {id, panel} of this.cells.values()) if (panel instanceof PythonPanel) panel.fill(this.made(id))
  }

  // x and w are columns, y and h pixels; a sheet that fits has its heights scaled to the window's.
  place(width, height) {
    this.size = [width, height]
    const {sheet, items} = this
    if (!sheet || !width || !items.length) return
    const bottom = Math.max(...items.map((item) => item.y + item.h))
    const across = (width - GAP) / this.bus.layout.document.layout.cols
    this.scale = {across, down: sheet.fit ? Math.max(height - GAP, LEAST_FIT) / bottom : 1}
    // Where the plots begin, right of the first column of panels.
    const plots = Math.min(...items.filter(({x}) => x > 0).map(({x}) => x), this.bus.layout.document.layout.cols)
    this.root.style.setProperty("--plots", `${Math.round(GAP + plots * across)}px`)
    this.lay(items)
  }

  lay(items) {
    for (const item of items) this.cells.get(item.plotId)?.put(this.box(item))
  }

  // Where an item lies, in pixels of the grid.
  box({x, y, w, h: tall}) {
    const {across, down} = this.scale
    const [left, top] = [Math.round(GAP + x * across), Math.round(GAP + y * down)]
    return {left, top, width: Math.round((x + w) * across) - left, height: Math.round((y + tall) * down) - top}
  }

  // Panels were given other places by hand.
  dropped(items) {
    const same = JSON.stringify(items) === JSON.stringify(this.items)
    this.held = items
    this.place(...this.size)
    if (!same) edit(this.bus, "place", {sheet: this.sheet.id, items})
  }

  // Another panel is on its way: it is shown, and has the keyboard, when it is there; `then` goes on from there.
  expect(then = null) {
    if (this.full) this.toggleFull()
    this.before = {ids: new Set(this.cells.keys()), then}
  }

  reveal() {
    const {before} = this
    const cell = before && [...this.cells.values()].find(({id}) => !before.ids.has(id))
    if (!cell) return
    this.before = null
    cell.root.scrollIntoView({block: "nearest"})
    cell.focus()
    before.then?.(cell)
  }

  focusBeside(cell) {
    const ids = this.items.map(({plotId}) => plotId)
    const next = ids[ids.indexOf(cell.id) - 1] ?? ids[ids.indexOf(cell.id) + 1]
    if (cell.root.matches(":focus-within")) (this.cells.get(next) ?? {focus: () => this.root.focus()}).focus()
  }

  // What there is to say: over the whole grid where nothing is drawn, over the plots where there are lap times only, and
  // as a notice in the corner where the plots have something to show.
  say() {
    const {kind, text} = this.bus.status
    this.root.dataset.state = kind
    this.message.hidden = !text
    const place = kind === "empty" || (kind === "error" && !this.bus.laps.length) ? "whole" : kind === "times" ? "plots" : "notice"
    this.message.className = `overlay ${place}`
    // Commands in the sentence are between backquotes.
    const parts = (text ?? "").split("`").map((part, i) => (i % 2 ? h("code", {text: part}) : part))
    const close = h("button", {type: "button", "aria-label": "Close", text: "\u00d7", onclick: () => (this.message.hidden = true)})
    this.message.replaceChildren(h("p", {}, ...parts), ...(place === "notice" ? [close] : []))
  }

  // The panel that is pointed at, or has the keyboard; where these are two, the one that came last.
  get current() {
    const here = ({root}) => root.matches(":hover, :focus-within")
    if (this.full) return this.full
    return this.last && this.cells.has(this.last.id) && here(this.last) ? this.last : [...this.cells.values()].find(here)
  }

  notice(event) {
    const root = event.target.closest?.(".cell")
    if (root) this.last = this.cells.get(root.dataset.plot) ?? null
  }

  toggleFull(cell = this.current) {
    const next = this.full ? null : cell
    const before = this.full
    before?.root.classList.remove("full")
    next?.root.classList.add("full")
    this.full = next ?? null
    this.root.classList.toggle("has-full", Boolean(next))
    ;(next ?? before)?.focus()
  }

  toggleHelp() {
    if (!this.help.hidden) return this.closeHelp()
    this.from = focused()
    this.help.hidden = false
    this.help.querySelector("button").focus()
  }

  closeHelp() {
    this.help.hidden = true
    this.from?.focus?.({preventScroll: true})
  }

  toggleMath() {
    if (this.bus.math) this.drawer.toggle()
  }

  // Closes what lies on top; gives whether there was something.
  close() {
    if (!this.help.hidden) this.closeHelp()
    else if (this.drawer.open) this.drawer.close()
    else if (this.full) this.toggleFull(null)
    else return false
    return true
  }
}

export const Grid = {
  render({model, view, el}) {
    dress(el)
    // Each panel measures itself. Bokeh would lay out from here down, also what is not drawn yet, and fail at it.
    view.compute_layout = () => {
      view.update_bbox()
      view._layout_computed = true
    }
    const made = (plot) => {
      const content = model.get_child("panels")[model.plots.indexOf(plot)]
      if (content) queueMicrotask(() => view.render_children()) // once it is in its panel, which may come after it
      return content
    }
    const grid = new PanelGrid(busOf(model.page), made)
    model.on("panels", () => grid.refill())
    model.on("remove", () => grid.destroy())
    return grid.stage
  },
}
