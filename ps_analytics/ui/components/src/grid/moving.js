// Panels moved by their title bar and resized by their edges. All of it happens here: neighbours give way while a panel is
// dragged, a ghost shows where it will lie, and Python hears of it once, when it is dropped.
import {h} from "../dom.js"
import {COLUMNS, LEAST_H, resized, settle} from "./places.js"

const SLACK = 4 // pixels a hand may tremble before a press becomes a drag
const SNAP = 4 // pixels heights snap to
const NEAR = 8 // pixels within which they snap to an edge of another panel
const EDGE = 36 // pixels from the end of the grid within which it scrolls
const FASTEST = 14 // pixels a frame
const EDGES = {right: [1, 0], bottom: [0, 1], corner: [1, 1]}

// Lets a cell be moved and resized; gives the handles at its edges.
export function movable(grid, cell) {
  onBar(cell.panel.frame, "pointerdown", (event) => event.button === 0 && grab(grid, cell, event, null))
  return Object.entries(EDGES).map(([name, ways]) =>
    h("span", {class: `handle ${name}`, "aria-hidden": "true", onpointerdown: (event) => event.button === 0 && grab(grid, cell, event, ways)}))
}

// Listens to what is done to a title bar, and not to what is in it; in a low panel the values lie on the bar.
export function onBar({bar, values}, name, listener) {
  const heard = (event) => event.target.closest("button, input") || listener(event)
  bar.addEventListener(name, heard)
  values.addEventListener(name, (event) => getComputedStyle(values).position === "absolute" && heard(event))
}

// Moves or resizes a panel by one step, for the keyboard.
export function nudge(grid, cell, [dx, dy], {resize = false} = {}) {
  const items = grid.items
  const item = items.find(({plotId}) => plotId === cell.id)
  const {fit} = grid.sheet
  if (resize) return grid.dropped(resized(items, cell.id, {dx, dy: dy * 5 * SNAP, fit}))
  const [x, y] = [clamp(item.x + dx, 0, COLUMNS - item.w), Math.max(item.y + dy * past(items, item, dy), 0)]
  return grid.dropped(settle(items, {...item, x, y}))
}

// How far up or down an item has to go to change places with the next one.
function past(items, item, dy) {
  const meets = (one) => one !== item && one.x < item.x + item.w && item.x < one.x + one.w
  const next = items.filter(meets).find((one) => (dy > 0 ? one.y === item.y + item.h : one.y + one.h === item.y))
  return next ? next.h : 0
}

function grab(grid, cell, event, ways) {
  if (grid.full) return
  const start = {x: event.clientX, y: event.clientY + grid.root.scrollTop}
  const base = grid.items
  const first = base.find(({plotId}) => plotId === cell.id)
  const ghost = h("div", {class: "ghost", "aria-hidden": "true"})
  let pointer = event
  let items = null // as they lie now; null as long as nothing was dragged
  let frame = 0
  const listeners = {pointermove: move, pointerup: drop, pointercancel: cancel}
  for (const [name, listener] of Object.entries(listeners)) document.addEventListener(name, listener, true)
  document.addEventListener("keydown", press, true)

  function move(next) {
    if (next.pointerId !== event.pointerId) return
    pointer = next
    if (!items && Math.hypot(next.clientX - event.clientX, next.clientY - event.clientY) < SLACK) return
    if (!items) begin()
    follow()
  }

  function begin() {
    // From here on the pointer is this drag's: no plot it passes over takes it for its own.
    event.target.setPointerCapture?.(event.pointerId)
    grid.root.classList.add("dragging")
    cell.root.classList.add(ways ? "resizing" : "moving")
    grid.root.append(ghost)
    if (!grid.sheet.fit) frame = requestAnimationFrame(scroll)
  }

  function follow() {
    const {across, down} = grid.scale
    const [dx, dy] = [pointer.clientX - start.x, pointer.clientY + grid.root.scrollTop - start.y]
    if (ways) {
      const [right, bottom] = ways
      const height = snapped(base, first, first.h + (dy / down) * bottom, NEAR / down)
      items = resized(base, cell.id, {dx: Math.round(dx / across) * right, dy: bottom && height - first.h, fit: grid.sheet.fit})
    } else {
      const x = clamp(first.x + Math.round(dx / across), 0, COLUMNS - first.w)
      items = settle(base, {...first, x, y: Math.max(first.y + Math.round(dy / down / SNAP) * SNAP, 0)})
    }
    grid.lay(items)
    const target = grid.box(items.find(({plotId}) => plotId === cell.id))
    Object.assign(ghost.style, {left: `${target.left}px`, top: `${target.top}px`, width: `${target.width}px`, height: `${target.height}px`})
    if (!ways) {
      const {left, top, width, height} = grid.box(first)
      cell.put({left: left + dx, top: top + dy, width, height})
    }
  }

  // Near its end the grid scrolls on under a pointer that stands still.
  function scroll() {
    const {top, bottom} = grid.root.getBoundingClientRect()
    const above = Math.max(top + EDGE - pointer.clientY, 0)
    const below = Math.max(pointer.clientY - bottom + EDGE, 0)
    const before = grid.root.scrollTop
    grid.root.scrollTop += (Math.min(below, EDGE) - Math.min(above, EDGE)) * (FASTEST / EDGE)
    if (grid.root.scrollTop !== before) follow()
    frame = requestAnimationFrame(scroll)
  }

  function press(key) {
    if (key.key !== "Escape" || !items) return
    key.preventDefault()
    key.stopImmediatePropagation()
    cancel()
  }

  function drop(next) {
    if (next.pointerId !== event.pointerId) return
    const dropped = items
    leave()
    if (dropped) grid.dropped(dropped)
  }

  function cancel() {
    leave()
    grid.lay(base)
  }

  function leave() {
    for (const [name, listener] of Object.entries(listeners)) document.removeEventListener(name, listener, true)
    document.removeEventListener("keydown", press, true)
    cancelAnimationFrame(frame)
    grid.root.classList.remove("dragging")
    cell.root.classList.remove("moving", "resizing")
    ghost.remove()
  }
}

// A height whose end lies on an edge of another panel, where one is near, or else on the raster.
function snapped(items, item, height, near) {
  const end = item.y + height
  const others = items.filter((one) => one !== item).flatMap((one) => [one.y, one.y + one.h])
  const edge = others.sort((a, b) => Math.abs(a - end) - Math.abs(b - end))[0]
  const found = edge !== undefined && Math.abs(edge - end) <= near ? edge - item.y : Math.round(height / SNAP) * SNAP
  return Math.max(found, LEAST_H)
}

function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high)
}
