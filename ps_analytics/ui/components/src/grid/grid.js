// The panels' places: 12 columns, heights that fill the window; what to say when there is nothing to show; the keys.
import {busOf} from "../bus.js"
import {h, onSize} from "../dom.js"
import {KINDS} from "../panels/kinds.js"
import {PythonPanel} from "../panels/python_panel.js"
import {dress} from "../theme.js"
import {Cell} from "./cell.js"
import {Drawer} from "./drawer.js"
import {KEYS, listen} from "./keys.js"

const GAP = 6

class PanelGrid {
  // `made(plot)` gives what Python made for a panel, if it did.
  constructor(bus, made) {
    this.bus = bus
    this.made = made
    this.cells = new Map() // plot id → cell, of the sheet that is shown
    this.message = h("div", {class: "overlay", role: "status", "data-testid": "status", hidden: true})
    this.help = this.buildHelp()
    this.root = h("div", {class: "grid", tabindex: "-1", "data-testid": "grid"}, this.message, this.help)
    this.drawer = new Drawer(bus)
    this.stage = h("div", {class: "stage"}, this.root, this.drawer.root)
    this.full = null
    this.size = [0, 0]
    this.leave = [
      bus.subscribe(["layout"], () => this.arrange()),
      bus.subscribe(["status"], () => this.say()),
      bus.subscribe(["math"], () => this.toggleMath()),
      listen(this.stage, bus, this),
      onSize(this.root, (width, height) => this.place(width, height)),
    ]
    this.arrange()
    this.say()
  }

  destroy() {
    for (const leave of this.leave) leave()
    for (const cell of this.cells.values()) cell.destroy()
    this.drawer.desk?.destroy()
  }

  get sheet() {
    const {layout} = this.bus
    return layout?.document.layout.sheets.find(({id}) => id === layout.sheet)
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
    this.place(...this.size)
  }

  add(config) {
    const Panel = KINDS[config.kind]
    const cell = new Cell(config, Panel ? new Panel(this.bus, config) : new PythonPanel(this.bus, config, this.made(config.id)), this)
    this.root.insertBefore(cell.root, this.message)
    return cell
  }

  // x and w are columns, y and h pixels; a sheet that fits has its heights scaled to the window's.
  place(width, height) {
    this.size = [width, height]
    const {sheet} = this
    if (!sheet || !width) return
    const {items, fit} = sheet
    const bottom = Math.max(...items.map((item) => item.y + item.h))
    const across = (width - GAP) / this.bus.layout.document.layout.cols
    // Where the plots begin, right of the first column of panels.
    const plots = GAP + Math.min(...items.filter(({x}) => x > 0).map(({x}) => x)) * across
    this.root.style.setProperty("--plots", `${Math.round(plots)}px`)
    const down = fit ? Math.max(height - GAP, 480) / bottom : 1
    for (const item of items) {
      const left = Math.round(GAP + item.x * across)
      const top = Math.round(GAP + item.y * down)
      const right = Math.round((item.x + item.w) * across)
      const end = Math.round((item.y + item.h) * down)
      this.cells.get(item.plotId)?.put({left, top, width: right - left, height: end - top})
    }
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

  // The panel that is pointed at, or has the keyboard.
  get current() {
    return [...this.cells.values()].find(({root}) => root.matches(":hover, :focus-within"))
  }

  toggleFull(cell = this.current) {
    const next = this.full ? null : cell
    this.full?.root.classList.remove("full")
    next?.root.classList.add("full")
    this.full = next ?? null
    this.root.classList.toggle("has-full", Boolean(next))
  }

  toggleHelp() {
    this.help.hidden = !this.help.hidden
    if (!this.help.hidden) this.help.querySelector("button").focus()
  }

  toggleMath() {
    if (this.bus.math) this.drawer.toggle()
  }

  close() {
    if (this.help.hidden && this.drawer.open) return this.drawer.close()
    this.help.hidden = true
    if (this.full) this.toggleFull(null)
  }

  buildHelp() {
    const rows = KEYS.filter(({shown}) => shown).map(({shown, does}) => h("div", {}, h("kbd", {text: shown}), h("span", {text: does})))
    const mouse = [["drag", "zoom to a stretch"], ["wheel", "zoom at the pointer (Shift: pan)"], ["double click", "show the whole lap"]]
    rows.push(...mouse.map(([shown, does]) => h("div", {}, h("kbd", {text: shown}), h("span", {text: does}))))
    const done = h("button", {type: "button", text: "Close", onclick: () => this.close()})
    return h("div", {class: "help", role: "dialog", "aria-label": "Keyboard", hidden: true}, h("h2", {text: "Keyboard and mouse"}), ...rows, done)
  }
}

export const Grid = {
  render({model, el}) {
    dress(el)
    const made = (plot) => model.get_child("panels")[model.plots.indexOf(plot)]
    const grid = new PanelGrid(busOf(model.page), made)
    model.on("remove", () => grid.destroy())
    return grid.stage
  },
}
