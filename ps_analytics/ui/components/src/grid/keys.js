// The keyboard of a page: what each key does, in one table that `?` also shows.
import {remove, split} from "./actions.js"
import {edit} from "./edits.js"
import {nudge} from "./moving.js"

const ARROWS = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]}
const NUMBERS = ["1", "2", "3", "4", "5", "6", "7", "8", "9"]
const withCtrl = (names) => names.map((name) => `Ctrl-${name}`)

export const KEYS = [
  {keys: ["ArrowLeft"], shown: "\u2190 \u2192", does: "move the cursor (Shift: ten times as far)", run: (bus, event) => bus.step(event.shiftKey ? -10 : -1)},
  {keys: ["ArrowRight"], run: (bus, event) => bus.step(event.shiftKey ? 10 : 1)},
  {keys: ["ArrowUp", "+", "="], shown: "\u2191 \u2193 or + \u2212", does: "zoom in and out at the cursor", run: (bus) => bus.zoom(0.7)},
  {keys: ["ArrowDown", "-"], run: (bus) => bus.zoom(1 / 0.7)},
  {keys: ["0"], shown: "0", does: "show the whole lap", run: (bus) => bus.showAll()},
  {keys: ["["], shown: "[ ]", does: "show the previous or next corner", run: (bus) => bus.stepCorner(-1)},
  {keys: ["]"], run: (bus) => bus.stepCorner(1)},
  {keys: [","], shown: ", .", does: "compare with the previous or next lap", run: (bus) => bus.ask({op: "step", by: -1})},
  {keys: ["."], run: (bus) => bus.ask({op: "step", by: 1})},
  {keys: NUMBERS, shown: "1 \u2026 9", does: "show or hide that row of the lap list", run: toggle},
  {keys: ["i"], shown: "i", does: "show or hide the ideal lap", run: (bus) => bus.ask({op: "toggle", lap: "ideal"})},
  {keys: ["r"], shown: "r", does: "make the next shown lap the reference", run: (bus) => bus.ask({op: "rotate"})},
  {keys: ["a"], shown: "a b", does: "mark A or B at the cursor (again: take it away) and measure between them", run: (bus) => bus.toggleMark("a")},
  {keys: ["b"], run: (bus) => bus.toggleMark("b")},
  {keys: ["f"], shown: "f", does: "fill the screen with the panel under the pointer", run: (_, __, grid) => grid.toggleFull()},
  {keys: ["h"], shown: "h v", does: "split that panel to the right, or down", run: (_, __, grid) => grid.current && split(grid.current, "right")},
  {keys: ["v"], run: (_, __, grid) => grid.current && split(grid.current, "down")},
  {keys: ["Delete"], shown: "Delete", does: "remove that panel", run: (_, __, grid) => grid.current && remove(grid.current)},
  {keys: withCtrl(Object.keys(ARROWS)), shown: "Ctrl-\u2190 \u2026", does: "move that panel (Shift: resize it)", run: (_, event, grid) => grid.current && nudge(grid, grid.current, ARROWS[event.key])},
  {keys: withCtrl(Object.keys(ARROWS).map((key) => `Shift-${key}`)), run: (_, event, grid) => grid.current && nudge(grid, grid.current, ARROWS[event.key], {resize: true})},
  {keys: ["Ctrl-z"], shown: "Ctrl-z", does: "undo what was done to the layout (Shift: redo)", run: (bus) => edit(bus, "undo_edit")},
  {keys: ["Ctrl-Shift-z", "Ctrl-y"], run: (bus) => edit(bus, "redo_edit")},
  {keys: ["Ctrl-s"], shown: "Ctrl-s", does: "save the layout", run: (bus) => bus.announce("save")},
  {keys: ["Ctrl-o"], shown: "Ctrl-o", does: "open a layout", run: (bus) => bus.announce("layouts")},
  {keys: NUMBERS.map((number) => `Alt-${number}`), shown: "Alt-1 \u2026 9", does: "show that worksheet", run: (_, event, grid) => grid.sheets.open(grid.sheets.sheets[Number(event.key) - 1]?.id)},
  {keys: ["Ctrl-PageDown"], run: (_, __, grid) => grid.sheets.step(1)},
  {keys: ["Ctrl-PageUp"], run: (_, __, grid) => grid.sheets.step(-1)},
  {keys: ["m"], shown: "m", does: "open or close the math channels", run: (_, __, grid) => grid.toggleMath()},
  {keys: ["?"], shown: "?", does: "show these keys", run: (_, __, grid) => grid.toggleHelp()},
  {keys: ["Escape"], run: (_, __, grid) => grid.close()},
]

function toggle(bus, event) {
  const lap = bus.lapList.laps[Number(event.key) - 1]
  if (lap) bus.ask({op: "toggle", lap: lap.id})
}

// The name of a key with what is held down beside it; Shift counts only there, for alone it makes other characters.
function chord(event) {
  const held = [(event.ctrlKey || event.metaKey) && "Ctrl-", event.altKey && "Alt-"].filter(Boolean)
  if (!held.length) return event.key
  return held.join("") + (event.shiftKey ? "Shift-" : "") + (event.key.length === 1 ? event.key.toLowerCase() : event.key)
}

// Runs the key's command unless the user is typing; key events cross shadow roots, so the path tells where they began.
export function listen(root, bus, grid) {
  const press = (event) => {
    if (event.defaultPrevented) return
    const path = event.composedPath()
    const [target] = path
    if (["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName) || target.isContentEditable) return
    const ours = path.includes(root) || (document.body.classList.contains("ps-page") && !document.querySelector("dialog[open]"))
    if (!ours) return
    const name = chord(event)
    const found = KEYS.find(({keys}) => keys.includes(name))
    if (!found) return
    event.preventDefault()
    found.run(bus, event, grid)
  }
  document.addEventListener("keydown", press)
  return () => document.removeEventListener("keydown", press)
}
