// One panel in its place on the grid, and what can be done with it there.
import {h, icon} from "../dom.js"
import {openMenu} from "../menu.js"
import {ACTIONS, menuRows} from "./actions.js"
import {edit} from "./edits.js"
import {movable, onBar} from "./moving.js"

export class Cell {
  constructor(config, panel, grid) {
    this.id = config.id
    this.kind = config.kind
    this.config = config
    this.panel = panel
    this.grid = grid
    const {root, actions} = panel.frame
    this.buttons = ACTIONS.filter(({suits}) => !suits || suits(this)).map((action) => this.button(action))
    actions.setAttribute("role", "toolbar")
    actions.append(...this.buttons.map(({button}) => button))
    actions.addEventListener("keydown", (event) => this.walk(event))
    root.tabIndex = 0
    onBar(panel.frame, "dblclick", () => this.rename())
    onBar(panel.frame, "contextmenu", (event) => this.openMenuAt(event))
    this.root = h("div", {class: "cell", "data-plot": config.id}, root, ...movable(grid, this))
    this.name()
  }

  get title() {
    return this.panel.frame.title
  }

  update(config) {
    this.config = config
    this.panel.update(config)
    this.name()
  }

  put({left, top, width, height}) {
    this.root.style.cssText = `left:${left}px;top:${top}px;width:${width}px;height:${height}px`
  }

  destroy() {
    this.panel.destroy()
    this.root.remove()
  }

  focus() {
    this.panel.frame.root.focus({preventScroll: true})
  }

  button(action) {
    const {label, keys, shape, run, opens} = action
    const title = keys ? `${label} (${keys})` : label
    const button = h("button", {class: `action ${action.class ?? ""}`, type: "button", title, "aria-haspopup": opens ? "menu" : null, onclick: () => run(this, button)}, icon(shape))
    button.tabIndex = action === ACTIONS.at(0) ? 0 : -1
    return {button, label}
  }

  // Every button says whose it is: a reader hears them out of their place.
  name() {
    this.panel.frame.actions.setAttribute("aria-label", `What to do with ${this.title}`)
    for (const {button, label} of this.buttons) button.setAttribute("aria-label", `${label}: ${this.title}`)
    const [first] = this.buttons
    for (const {button} of this.buttons) button.tabIndex = button === first.button ? 0 : -1
  }

  // One stop of the tabulator for all the buttons; arrows go from one to the next.
  walk(event) {
    const step = {ArrowRight: 1, ArrowLeft: -1}[event.key]
    if (!step) return
    const shown = this.buttons.map(({button}) => button).filter((button) => button.offsetWidth)
    shown.at((shown.indexOf(event.target) + step) % shown.length)?.focus()
    event.preventDefault()
    event.stopPropagation()
  }

  openMenu(anchor, at) {
    openMenu(anchor, menuRows(this), {label: `What to do with ${this.title}`, at})
  }

  openMenuAt(event) {
    event.preventDefault()
    const {clientX, clientY} = event
    this.openMenu(this.panel.frame.root, {left: clientX, right: clientX, top: clientY, bottom: clientY})
  }

  rename() {
    const done = (title) => {
      if (title) edit(this.grid.bus, "set_title", {plot: this.id, title})
      this.focus()
    }
    this.panel.frame.rename(done)
  }
}
