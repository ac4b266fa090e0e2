// A channel that is carried: within the panel's own list it changes its place there, over a panel it is put on that.
import {h} from "../dom.js"
import {takesChannels} from "../grid/actions.js"

const SLACK = 5 // pixels a hand may tremble before a press becomes a drag

// Follows the pointer from a press on; `done` hears whether the press became a drag.
export function carry(picker, row, event, done) {
  const {grid} = picker
  const {name, label} = row.channel
  const chip = h("div", {class: "carried", popover: "manual", "aria-hidden": "true", text: label})
  let target = null // {cell} or {place}
  let dragged = false
  const listeners = {pointermove: move, pointerup: drop, pointercancel: stop}
  for (const [type, listener] of Object.entries(listeners)) document.addEventListener(type, listener, true)
  document.addEventListener("keydown", press, true)

  function move(next) {
    if (next.pointerId !== event.pointerId) return
    if (!dragged && Math.hypot(next.clientX - event.clientX, next.clientY - event.clientY) < SLACK) return
    if (!dragged) {
      dragged = true
      row.root.setPointerCapture?.(event.pointerId) // no plot it passes takes the pointer for its own
      picker.root.append(chip)
      chip.showPopover()
      picker.root.classList.add("carrying")
    }
    Object.assign(chip.style, {left: `${next.clientX + 12}px`, top: `${next.clientY + 10}px`})
    aim(next)
  }

  function aim({clientX: x, clientY: y}) {
    clear()
    if (within(picker.root, x, y)) {
      const rows = picker.rowsOnPanel
      const moves = rows.includes(row)
      const place = moves ? rows.filter((each) => each !== row && y > middle(each.root)).length : -1
      target = moves ? {place} : null
      if (moves) {
        const others = rows.filter((each) => each !== row)
        const beside = others[place] ?? others.at(-1)
        beside?.root.classList.add(others[place] ? "before" : "after")
      }
    } else {
      const cell = [...grid.cells.values()].find(({root}) => root.checkVisibility?.({visibilityProperty: true}) !== false && within(root, x, y))
      target = cell && takesChannels(cell) ? {cell} : null
      target?.cell.root.classList.add("receiving")
    }
    chip.classList.toggle("refused", !target)
  }

  function clear() {
    target?.cell?.root.classList.remove("receiving")
    for (const {root} of picker.rowsOnPanel) root.classList.remove("before", "after")
  }

  function press(key) {
    if (key.key !== "Escape" || !dragged) return
    key.preventDefault()
    key.stopImmediatePropagation()
    target = null
    stop()
  }

  function drop(next) {
    if (next.pointerId !== event.pointerId) return
    const {cell, place} = target ?? {}
    stop()
    if (cell) picker.putOn(cell, name)
    else if (place !== undefined) picker.moveTo(name, place)
  }

  function stop() {
    for (const [type, listener] of Object.entries(listeners)) document.removeEventListener(type, listener, true)
    document.removeEventListener("keydown", press, true)
    clear()
    picker.root.classList.remove("carrying")
    chip.remove()
    done(dragged)
  }
}

function within(node, x, y) {
  const {left, right, top, bottom} = node.getBoundingClientRect()
  return left <= x && x < right && top <= y && y < bottom
}

function middle(node) {
  const {top, height} = node.getBoundingClientRect()
  return top + height / 2
}
