// What can be done with a panel: the buttons in its title bar, and the menu with the rest.
import {edit, editWithUndo, kindsOf} from "./edits.js"
import {exportRow} from "./export.js"

const SHAPES = {
  channels: "M1.5 2.5h9M1.5 6h9M1.5 9.5h5",
  right: "M1.5 1.5h9v9h-9zM6 1.5v9",
  down: "M1.5 1.5h9v9h-9zM1.5 6h9",
  full: "M1.5 4.5v-3h3M7.5 1.5h3v3M10.5 7.5v3h-3M4.5 10.5h-3v-3",
  more: "M1.6 6h.8M5.6 6h.8M9.6 6h.8",
  remove: "M2.5 2.5l7 7M9.5 2.5l-7 7",
}

export const ACTIONS = [
  {label: "Channels", shape: SHAPES.channels, class: "wide", suits: takesChannels, run: (cell) => pick(cell)},
  {label: "Split right", keys: "h", shape: SHAPES.right, class: "wide", run: (cell) => split(cell, "right")},
  {label: "Split down", keys: "v", shape: SHAPES.down, class: "wide", run: (cell) => split(cell, "down")},
  {label: "Full screen", keys: "f", shape: SHAPES.full, run: (cell) => cell.grid.toggleFull(cell)},
  {label: "More", shape: SHAPES.more, opens: true, run: (cell, button) => cell.openMenu(button)},
  {label: "Remove", keys: "Delete", shape: SHAPES.remove, class: "wide", run: (cell) => remove(cell)},
]

const AXES = [["", "Sheet\u2019s", "as the sheet\u2019s"], ["distance", "Distance"], ["position", "Position"], ["time", "Time"]]
const MODES = [["tiled", "In lanes"], ["overlaid", "Overlaid"]]

// What a kind of panel lets one choose of itself: the option's name, what it is called, its values (the first is meant
// where a layout says nothing).
const OPTIONS = {
  map: [["color", "Coloured by", [["speed", "Speed"], ["delta", "Gain and loss"], ["sectors", "Sectors"]]]],
  report: [["by", "By", [["lap", "Lap"], ["corner", "Corner"]]]],
  histogram: [["weighted", "Counts", [[true, "Time"], [false, "Samples"]]]],
}

export function menuRows(cell) {
  const {bus} = cell.grid
  const set = (command) => (value) => edit(bus, command, {plot: cell.id, ...value})
  const {kind, config, id} = cell
  const rows = [
    ...(takesChannels(cell) ? [{label: "Channels\u2026", run: () => pick(cell)}] : []),
    {label: "Rename\u2026", run: () => cell.rename()},
    {label: "Duplicate", run: () => edit(bus, "copy_panel", {plot: id})},
    null,
    {label: "Split right", keys: "h", run: () => split(cell, "right")},
    {label: "Split down", keys: "v", run: () => split(cell, "down")},
    {label: cell.grid.full ? "Leave full screen" : "Full screen", keys: "f", run: () => cell.grid.toggleFull(cell)},
    null,
  ]
  if (kind === "traces") {
    rows.push({label: "X axis", choices: AXES, value: config.xAxis ?? "", run: (axis) => set("set_x_axis")({axis: axis || null})})
    rows.push({label: "Drawn", choices: MODES, value: config.mode, run: (mode) => set("set_mode")({mode})})
  }
  for (const [name, label, choices] of OPTIONS[kind] ?? []) {
    const value = config.options[name] ?? choices[0][0]
    rows.push({label, choices, value, run: (chosen) => set("set_options")({options: {[name]: chosen}})})
  }
  return [...rows, ...(cell.panel.menuRows?.() ?? []), exportRow(cell), null, {label: "Remove", keys: "Delete", run: () => remove(cell)}]
}

export function takesChannels(cell) {
  return (kindsOf(cell.grid.bus).get(cell.kind)?.channels?.[1] ?? 0) > 0
}

// The list of channels is opened for a panel.
export function pick(cell) {
  const {bus} = cell.grid
  bus.picking = {plot: cell.id}
  bus.announce("pick")
}

export function split(cell, side) {
  cell.grid.expect()
  edit(cell.grid.bus, "split", {plot: cell.id, side})
}

export function remove(cell) {
  const {grid, title, id} = cell
  if (grid.full) grid.toggleFull()
  grid.focusBeside(cell)
  editWithUndo(grid.bus, `Removed ${title}.`, "remove", {plot: id})
}
