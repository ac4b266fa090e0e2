// The kinds of panels to choose from: a menu, and the tiles of a sheet without panels.
import {h} from "../dom.js"
import {edit, kindsOf} from "./edits.js"

export function kindRows(grid) {
  return [...kindsOf(grid.bus).values()].map(({name, title}) => ({label: title, run: () => addPanel(grid, name)}))
}

export function addPanel(grid, kind) {
  grid.expect()
  edit(grid.bus, "add_panel", {sheet: grid.sheet.id, kind})
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
