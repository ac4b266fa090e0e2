// The kinds of panels to choose from: a menu, and the tiles of a sheet without panels.
import {h} from "../dom.js"
import {pick} from "./actions.js"
import {edit, kindsOf} from "./edits.js"

export function kindRows(grid) {
  return [...kindsOf(grid.bus).values()].map(({name, title}) => ({label: title, run: () => addPanel(grid, name)}))
}

// What a new panel shows at first; one that needs channels and has none here asks for them.
const FIRST = {
  gauges: ["speed", "rpm", "gear", "throttle", "brake", "steering"],
  histogram: ["speed"],
  report: ["speed", "throttle", "brake"],
  scatter: ["g_lat", "g_long"],
}

export function addPanel(grid, kind) {
  const channels = FIRST[kind] ?? []
  const asks = !channels.length && (kindsOf(grid.bus).get(kind)?.channels[0] ?? 0) > 0
  grid.expect(asks ? pick : null)
  edit(grid.bus, "add_panel", {sheet: grid.sheet.id, kind, channels})
}

// What a sheet without panels shows.
export class EmptySheet {
  constructor(grid) {
    this.grid = grid
    this.tiles = h("div", {class: "tiles"})
    this.root = h("div", {class: "empty-sheet", hidden: true, "data-testid": "empty-sheet"}, h("p", {text: "This sheet is empty. Add a panel:"}), this.tiles)
  }

  show(empty) {
    this.root.hidden = !empty
    if (!empty || this.tiles.childElementCount) return
    const kinds = [...kindsOf(this.grid.bus).values()]
    this.tiles.replaceChildren(...kinds.map(({name, title, about}) =>
      h("button", {class: "tile", type: "button", onclick: () => addPanel(this.grid, name)}, h("b", {text: title}), h("span", {text: about}))))
  }
}
