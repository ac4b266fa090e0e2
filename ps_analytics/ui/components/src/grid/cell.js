// One panel in its place on the grid, and what can be done with it there.
import {h, icon} from "../dom.js"

const CORNERS = "M1.5 4.5v-3h3M7.5 1.5h3v3M10.5 7.5v3h-3M4.5 10.5h-3v-3"

export class Cell {
  constructor(config, panel, grid) {
    this.kind = config.kind
    this.panel = panel
    this.root = h("div", {class: "cell", "data-plot": config.id}, panel.frame.root)
    this.full = h("button", {class: "action", type: "button", title: "Full screen (f)", onclick: () => grid.toggleFull(this)}, icon(CORNERS))
    panel.frame.actions.append(this.full)
    this.name()
  }

  update(config) {
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

  name() {
    this.full.setAttribute("aria-label", `Full screen: ${this.panel.frame.title}`)
  }
}
