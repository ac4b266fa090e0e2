// The panels' places: 12 columns, heights that fill the window; what to say when there is nothing to show; the keys.
import {busOf} from "./bus.js"
import {h, onSize} from "./dom.js"
import {Drawer} from "./drawer.js"
import {KEYS, listen} from "./keys.js"
import {dress} from "./theme.js"

const GAP = 6

class PanelGrid {
  constructor(bus, sheet, panels) {
    this.bus = bus
    this.sheet = sheet
    this.cells = panels.map((panel, i) => {
      const cell = h("div", {class: "cell", "data-plot": sheet.items[i].plotId})
      cell.append(panel)
      cell.addEventListener("ps-full", () => this.toggleFull(cell))
      return cell
    })
    this.message = h("div", {class: "overlay", role: "status", "data-testid": "status", hidden: true})
    this.help = this.buildHelp()
    this.root = h("div", {class: "grid", tabindex: "-1", "data-testid": "grid"}, ...this.cells, this.message, this.help)
    this.drawer = new Drawer(bus)
    this.stage = h("div", {class: "stage"}, this.root, this.drawer.root)
    this.full = null
    this.leave = [
      bus.subscribe(["status"], () => this.say()),
      bus.subscribe(["math"], () => this.toggleMath()),
      listen(this.stage, bus, this),
      onSize(this.root, (width, height) => this.place(width, height)),
    ]
    this.say()
  }

  destroy() {
    for (const leave of this.leave) leave()
    this.drawer.desk?.destroy()
  }

  // x and w are columns, y and h pixels; a sheet that fits has its heights scaled to the window's.
  place(width, height) {
    const {items, cols, fit} = this.sheet
    const bottom = Math.max(...items.map((item) => item.y + item.h))
    const across = (width - GAP) / cols
    // Where the plots begin, right of the first column of panels.
    const plots = GAP + Math.min(...items.filter(({x}) => x > 0).map(({x}) => x)) * across
    this.root.style.setProperty("--plots", `${Math.round(plots)}px`)
    const down = fit ? Math.max(height - GAP, 480) / bottom : 1
    items.forEach((item, i) => {
      const left = Math.round(GAP + item.x * across)
      const top = Math.round(GAP + item.y * down)
      const right = Math.round((item.x + item.w) * across)
      const end = Math.round((item.y + item.h) * down)
      this.cells[i].style.cssText = `left:${left}px;top:${top}px;width:${right - left}px;height:${end - top}px`
    })
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

  toggleFull(cell = this.cells.find((each) => each.matches(":hover, :focus-within"))) {
    const next = this.full ? null : cell
    this.full?.classList.remove("full")
    next?.classList.add("full")
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
    const {cols, sheets} = model.layout
    const [sheet] = sheets
    const panels = model.get_child("panels")
    const grid = new PanelGrid(busOf(model.page), {items: sheet.items, fit: sheet.fit, cols}, panels)
    model.on("remove", () => grid.destroy())
    return grid.stage
  },
}
