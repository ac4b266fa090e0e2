// The keyboard of a page: what each key does, in one table that `?` and the palette show as well.
import {remove, split, takesChannels} from "./actions.js"
import {edit} from "./edits.js"
import {nudge} from "./moving.js"

const ARROWS = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]}
const NUMBERS = ["1", "2", "3", "4", "5", "6", "7", "8", "9"]
const NOT_TYPED = ["checkbox", "radio", "range", "button", "submit", "color", "file"] // inputs that take no letters
const withCtrl = (names) => names.map((name) => `Ctrl-${name}`)

export const GROUPS = ["Cursor and zoom", "Laps", "Panels", "Layout", "Page"]
const [CURSOR, LAPS, PANELS, LAYOUT, PAGE] = GROUPS

// One row a key: `keys` by name; `shown` and `does` are its line in the list of keys, `title` and `also` (other words) its
// name in the palette. `run` gets the bus, the grid, the event, and the `cell` that is pointed at or has the keyboard.
export const KEYS = [
  {group: CURSOR, keys: ["ArrowLeft"], shown: "\u2190 \u2192", does: "move the cursor (Shift: ten times as far)", run: ({bus, event}) => bus.step(event.shiftKey ? -10 : -1)},
  {group: CURSOR, keys: ["ArrowRight"], run: ({bus, event}) => bus.step(event.shiftKey ? 10 : 1)},
  {group: CURSOR, keys: ["ArrowUp", "+", "="], shown: "\u2191 \u2193 or + \u2212", does: "zoom in and out at the cursor", run: ({bus}) => bus.zoom(0.7)},
  {group: CURSOR, keys: ["ArrowDown", "-"], run: ({bus}) => bus.zoom(1 / 0.7)},
  {group: CURSOR, keys: ["0"], shown: "0", does: "show the whole lap", title: "Show the whole lap", also: ["Zoom out"], run: ({bus}) => bus.showAll()},
  {group: CURSOR, keys: ["["], shown: "[ ]", does: "show the previous or next corner", title: "Previous corner", run: ({bus}) => bus.stepCorner(-1)},
  {group: CURSOR, keys: ["]"], title: "Next corner", run: ({bus}) => bus.stepCorner(1)},
  {group: CURSOR, keys: ["a"], shown: "a b", does: "mark A or B at the cursor (again: take it away) and measure between them", title: "Mark A at the cursor", run: ({bus}) => bus.toggleMark("a")},
  {group: CURSOR, keys: ["b"], title: "Mark B at the cursor", run: ({bus}) => bus.toggleMark("b")},
  {group: LAPS, keys: [","], shown: ", .", does: "compare with the previous or next lap", title: "Compare with the previous lap", run: ({bus}) => bus.ask({op: "step", by: -1})},
  {group: LAPS, keys: ["."], title: "Compare with the next lap", run: ({bus}) => bus.ask({op: "step", by: 1})},
  {group: LAPS, keys: NUMBERS, shown: "1 \u2026 9", does: "show or hide that row of the lap list", run: toggle},
  {group: LAPS, keys: ["i"], shown: "i", does: "show or hide the ideal lap", run: ({bus}) => bus.ask({op: "toggle", lap: "ideal"})},
  {group: LAPS, keys: ["R"], shown: "R", does: "choose the reference", run: ({bus}) => bus.announce("references")},
  {group: LAPS, keys: ["l"], shown: "l", does: "find laps of any session", run: ({bus}) => bus.announce("browse")},
  {group: LAPS, keys: ["r"], shown: "r", does: "make the next shown lap the reference", title: "Make the next shown lap the reference", run: ({bus}) => bus.ask({op: "rotate"})},
  {group: PANELS, keys: ["/"], shown: "/", does: "find a channel for that panel, or for a new one", title: "Find a channel", also: ["Channel picker"], run: ({bus, cell}) => pickFor(bus, cell)},
  {group: PANELS, keys: ["f"], shown: "f", does: "fill the screen with the panel under the pointer", run: ({grid, cell}) => grid.toggleFull(cell)},
  {group: PANELS, keys: ["h"], shown: "h v", does: "split that panel to the right, or down", run: ({cell}) => cell && split(cell, "right")},
  {group: PANELS, keys: ["v"], run: ({cell}) => cell && split(cell, "down")},
  {group: PANELS, keys: ["Delete"], shown: "Delete", does: "remove that panel", run: ({cell}) => cell && remove(cell)},
  {group: PANELS, keys: withCtrl(Object.keys(ARROWS)), shown: "Ctrl-\u2190 \u2026", does: "move that panel (Shift: resize it)", run: ({grid, cell, event}) => cell && nudge(grid, cell, ARROWS[event.key])},
  {group: PANELS, keys: withCtrl(Object.keys(ARROWS).map((key) => `Shift-${key}`)), run: ({grid, cell, event}) => cell && nudge(grid, cell, ARROWS[event.key], {resize: true})},
  {group: LAYOUT, keys: ["Ctrl-z"], shown: "Ctrl-z", does: "undo what was done to the layout (Shift: redo)", title: "Undo the last change of the layout", run: ({bus}) => edit(bus, "undo_edit")},
  {group: LAYOUT, keys: ["Ctrl-Shift-z", "Ctrl-y"], title: "Redo the last change of the layout", run: ({bus}) => edit(bus, "redo_edit")},
  {group: LAYOUT, keys: ["Ctrl-s"], shown: "Ctrl-s", does: "save the layout", title: "Save the layout", run: ({bus}) => bus.announce("save")},
  {group: LAYOUT, keys: ["Ctrl-o"], shown: "Ctrl-o", does: "open a layout", title: "Layouts: open, rename, import, export", run: ({bus}) => bus.announce("layouts")},
  {group: LAYOUT, keys: NUMBERS.map((number) => `Alt-${number}`), shown: "Alt-1 \u2026 9", does: "show that worksheet", run: ({event, grid}) => grid.sheets.open(grid.sheets.sheets[numberOf(event) - 1]?.id)},
  {group: LAYOUT, keys: ["Ctrl-PageDown"], shown: "Ctrl-PgDn", does: "show the next worksheet (PgUp: the one before)", run: ({grid}) => grid.sheets.step(1)},
  {group: LAYOUT, keys: ["Ctrl-PageUp"], run: ({grid}) => grid.sheets.step(-1)},
  {group: PAGE, keys: ["Ctrl-k"], shown: "Ctrl-k", does: "do anything by its name", typing: true, run: ({grid}) => grid.palette.toggle()},
  {group: PAGE, keys: ["m"], shown: "m", does: "open or close the math channels", title: "Math channels", run: ({grid}) => grid.toggleMath()},
  {group: PAGE, keys: ["?"], shown: "?", does: "show these keys", title: "Keyboard", also: ["Show the keys", "Help"], run: ({grid}) => grid.toggleHelp()},
  {group: PAGE, keys: ["Escape"], shown: "Esc", does: "close what is open, leave full screen, take the marks away", run: ({bus, grid}) => escape(bus, grid)},
]

function toggle({bus, event}) {
  const lap = bus.lapList.laps[numberOf(event) - 1]
  if (lap) bus.ask({op: "toggle", lap: lap.id})
}

function pickFor(bus, cell) {
  bus.picking = {plot: cell && takesChannels(cell) ? cell.id : ""}
  bus.announce("pick")
}

// What lies on top goes first; menus and dialogs have taken the key already.
function escape(bus, grid) {
  if (!grid.close()) bus.clearMarks()
}

function numberOf({key, code = ""}) {
  return Number(/^[1-9]$/.test(key) ? key : code.slice(-1))
}

// The name of a key with what is held down beside it; Shift counts only there, for alone it makes other characters.
function chord(event) {
  const {key} = event
  // AltGr is no command: on many keyboards it writes brackets.
  if (event.getModifierState?.("AltGraph")) return key
  const held = [(event.ctrlKey || event.metaKey) && "Ctrl-", event.altKey && "Alt-"].filter(Boolean)
  if (!held.length) return key
  // With Alt a Mac writes other characters on the digits.
  const name = event.altKey && /^Digit\d$/.test(event.code) ? event.code.slice(-1) : key
  return held.join("") + (event.shiftKey ? "Shift-" : "") + (name.length === 1 ? name.toLowerCase() : name)
}

function isTyping(node) {
  if (node.tagName === "INPUT") return !NOT_TYPED.includes(node.type)
  return ["TEXTAREA", "SELECT"].includes(node.tagName) || node.isContentEditable || node.getAttribute?.("role") === "textbox"
}

// Runs the key's command unless the user is typing; key events cross shadow roots, so the path tells where they began.
export function listen(root, bus, grid) {
  const press = (event) => {
    if (event.defaultPrevented || event.isComposing) return
    const path = event.composedPath()
    const ours = path.includes(root) || (document.body.classList.contains("ps-page") && !document.querySelector("dialog[open]"))
    if (!ours) return
    const name = chord(event)
    const found = KEYS.find(({keys}) => keys.includes(name))
    if (!found || (isTyping(path[0]) && !found.typing)) return
    event.preventDefault()
    found.run({bus, grid, event, cell: grid.current})
  }
  document.addEventListener("keydown", press)
  return () => document.removeEventListener("keydown", press)
}
