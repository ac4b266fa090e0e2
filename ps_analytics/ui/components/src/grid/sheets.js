// The foot of the grid: a tab a worksheet, where there are several, what can be added, and what the plots are drawn against.
import {h} from "../dom.js"
import {openMenu} from "../menu.js"
import {edit, editWithUndo} from "./edits.js"
import {kindRows} from "./kind_list.js"
import {renameIn} from "./rename.js"
import {UnitsSwitch} from "../picker/units_switch.js"

const AXES = [["distance", "Distance"], ["position", "Position"], ["time", "Time"]]
const NEW_SHEET = "Sheet"
const SLACK = 5 // pixels

export class Sheets {
  constructor(grid) {
    this.grid = grid
    this.bus = grid.bus
    this.tabs = new Map() // sheet id → its tab
    this.list = h("div", {class: "tabs", role: "tablist", "aria-label": "Worksheets", onkeydown: (event) => this.walk(event)})
    this.more = h("button", {class: "foot-button", type: "button", "aria-label": "Add a worksheet", title: "Add a worksheet", text: "+", onclick: () => this.addSheet()})
    this.panel = h("button", {class: "foot-button", type: "button", "aria-haspopup": "menu", text: "Add panel", onclick: () => this.addPanel()})
    this.axes = AXES.map(([axis, text]) => h("button", {type: "button", text, onclick: () => edit(this.bus, "set_x_axis", {sheet: this.sheet, axis})}))
    const axis = h("span", {class: "segments", role: "group", "aria-label": "X axis"}, ...this.axes)
    this.units = new UnitsSwitch(this.bus)
    this.root = h("footer", {class: "foot"}, this.list, this.more, h("span", {class: "foot-room"}), this.panel, this.units.root, axis)
    this.leave = this.bus.subscribe(["layout"], () => this.show())
    this.show()
  }

  get sheets() {
    return this.bus.layout?.document.layout.sheets ?? []
  }

  get sheet() {
    return this.bus.layout?.sheet
  }

  destroy() {
    this.units.destroy()
    this.leave()
  }

  show() {
    const {sheets, sheet} = this
    const known = new Set(sheets.map(({id}) => id))
    for (const [id, tab] of this.tabs) {
      if (known.has(id)) continue
      tab.remove()
      this.tabs.delete(id)
    }
    sheets.forEach(({id, title}, i) => {
      if (!this.tabs.has(id)) this.tabs.set(id, this.tab(id))
      const tab = this.tabs.get(id)
      const name = tab.querySelector(".tab-name")
      if (name.textContent !== title && !name.querySelector("input")) name.textContent = title
      tab.setAttribute("aria-selected", String(id === sheet))
      tab.tabIndex = id === sheet ? 0 : -1
      tab.title = i < 9 ? `${title} (Alt-${i + 1})` : title
      if (this.list.children[i] !== tab) this.list.insertBefore(tab, this.list.children[i] ?? null)
    })
    this.list.hidden = sheets.length < 2
    const axis = sheets.find(({id}) => id === sheet)?.xAxis
    this.axes.forEach((button, i) => button.setAttribute("aria-pressed", String(AXES[i][0] === axis)))
  }

  tab(id) {
    const shut = h("span", {class: "tab-shut", "aria-hidden": "true", text: "\u00d7", onclick: (event) => this.close(id, event)})
    return h("div", {class: "tab", role: "tab", "data-sheet": id, onclick: () => this.open(id), ondblclick: () => this.rename(id),
      onpointerdown: (event) => this.drag(event, id), oncontextmenu: (event) => this.openMenu(event, id)},
      h("span", {class: "tab-name"}), shut)
  }

  title(id) {
    return this.sheets.find((sheet) => sheet.id === id)?.title ?? ""
  }

  open(id) {
    if (id && id !== this.sheet) this.bus.ask({op: "layout", do: "show_sheet", sheet: id})
  }

  // The sheet after the one that is shown (+1) or before it (−1), round and round.
  step(by) {
    const ids = this.sheets.map(({id}) => id)
    this.open(ids.at((ids.indexOf(this.sheet) + by) % ids.length))
  }

  addSheet() {
    const taken = new Set(this.sheets.map(({title}) => title))
    let number = this.sheets.length + 1
    while (taken.has(`${NEW_SHEET} ${number}`)) number += 1
    edit(this.bus, "add_sheet", {title: `${NEW_SHEET} ${number}`})
  }

  addPanel() {
    openMenu(this.panel, kindRows(this.grid), {label: "Kinds of panels"})
  }

  rename(id) {
    const tab = this.tabs.get(id)
    renameIn(tab.querySelector(".tab-name"), this.title(id), "Name of the worksheet", (title) => {
      if (title) edit(this.bus, "rename_sheet", {sheet: id, title})
      tab.focus()
    })
  }

  close(id, event) {
    event?.stopPropagation()
    editWithUndo(this.bus, `Closed ${this.title(id)}.`, "remove_sheet", {sheet: id})
  }

  openMenu(event, id) {
    event.preventDefault()
    const tab = this.tabs.get(id)
    const place = this.sheets.findIndex((sheet) => sheet.id === id)
    const move = (to) => () => edit(this.bus, "move_sheet", {sheet: id, to})
    openMenu(tab, [
      {label: "Rename\u2026", keys: "F2", run: () => this.rename(id)},
      {label: "Move left", disabled: place === 0, run: move(place - 1)},
      {label: "Move right", disabled: place === this.sheets.length - 1, run: move(place + 1)},
      null,
      {label: "Close", keys: "Delete", run: () => this.close(id)},
    ], {label: `Worksheet ${this.title(id)}`})
  }

  walk(event) {
    const tabs = [...this.list.children]
    const now = tabs.indexOf(event.target)
    if (now < 0) return // a name is being written
    const {sheet: id} = event.target.dataset
    const go = {ArrowRight: now + 1, ArrowLeft: now - 1, Home: 0, End: -1}[event.key]
    if (go !== undefined) {
      const next = tabs.at(go % tabs.length)
      next.focus()
      this.open(next.dataset.sheet)
    } else if (event.key === "F2") this.rename(id)
    else if (event.key === "Delete" && tabs.length > 1) this.close(id)
    else if (event.key === "Enter" || event.key === " ") this.open(id)
    else return
    event.preventDefault()
    event.stopPropagation()
  }

  // A tab that is dragged changes places with those it passes.
  drag(event, id) {
    if (event.button || event.target.closest("input, .tab-shut")) return
    const tab = this.tabs.get(id)
    const from = [...this.list.children].indexOf(tab)
    const move = ({clientX}) => {
      if (Math.abs(clientX - event.clientX) < SLACK && !tab.classList.contains("dragged")) return
      tab.classList.add("dragged")
      const passed = [...this.list.children].filter((other) => other !== tab && clientX > middle(other)).length
      const others = [...this.list.children].filter((other) => other !== tab)
      if (this.list.children[passed] !== tab) this.list.insertBefore(tab, others[passed] ?? null)
    }
    const drop = () => {
      tab.classList.remove("dragged")
      document.removeEventListener("pointermove", move)
      for (const name of ["pointerup", "pointercancel"]) document.removeEventListener(name, drop)
      const to = [...this.list.children].indexOf(tab)
      if (to !== from) edit(this.bus, "move_sheet", {sheet: id, to})
    }
    document.addEventListener("pointermove", move)
    for (const name of ["pointerup", "pointercancel"]) document.addEventListener(name, drop)
  }
}

function middle(node) {
  const {left, width} = node.getBoundingClientRect()
  return left + width / 2
}
