// The keyboard of a page: what each key does, in one table that `?` also shows.

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
  {keys: ["1", "2", "3", "4", "5", "6", "7", "8", "9"], shown: "1 \u2026 9", does: "show or hide that row of the lap list", run: toggle},
  {keys: ["i"], shown: "i", does: "show or hide the ideal lap", run: (bus) => bus.ask({op: "toggle", lap: "ideal"})},
  {keys: ["r"], shown: "r", does: "make the next shown lap the reference", run: (bus) => bus.ask({op: "rotate"})},
  {keys: ["f"], shown: "f", does: "fill the screen with the panel under the pointer", run: (_, __, grid) => grid.toggleFull()},
  {keys: ["m"], shown: "m", does: "open or close the math channels", run: (_, __, grid) => grid.toggleMath()},
  {keys: ["?"], shown: "?", does: "show these keys", run: (_, __, grid) => grid.toggleHelp()},
  {keys: ["Escape"], run: (_, __, grid) => grid.close()},
]

function toggle(bus, event) {
  const lap = bus.lapList.laps[Number(event.key) - 1]
  if (lap) bus.ask({op: "toggle", lap: lap.id})
}

// Runs the key's command unless the user is typing; key events cross shadow roots, so the path tells where they began.
export function listen(root, bus, grid) {
  const press = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const path = event.composedPath()
    const [target] = path
    if (["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName) || target.isContentEditable) return
    const ours = path.includes(root) || (document.body.classList.contains("ps-page") && !document.querySelector("dialog[open]"))
    if (!ours) return
    const found = KEYS.find(({keys}) => keys.includes(event.key))
    if (!found) return
    event.preventDefault()
    found.run(bus, event, grid)
  }
  document.addEventListener("keydown", press)
  return () => document.removeEventListener("keydown", press)
}
