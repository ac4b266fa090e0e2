// Menus: commands under a button, in the page's top layer, where nothing cuts them off. Arrows move, Escape closes, and
// the keyboard goes back to where it came from.
import {h} from "./dom.js"

const EDGE = 6 // pixels between a menu and the window's edge

// Opens a menu at an element. Rows are: null, a line between groups; {label, run, about?, keys?, checked?, disabled?}, a command;
// {label, choices: [[value, text], ...], value?, run}, some values of which one may be in force.
export function openMenu(anchor, rows, {label, at} = {}) {
  const root = h("div", {class: "menu", role: "menu", "aria-label": label, popover: "auto", "data-testid": "menu"})
  const run = (command) => {
    close()
    command()
  }
  root.append(...rows.filter((row, i) => row || (i && i < rows.length - 1)).map((row) => drawRow(row, run)))
  root.addEventListener("keydown", (event) => walk(event, root, close))
  root.addEventListener("toggle", ({newState}) => {
    if (newState !== "closed") return
    root.remove()
    anchor.removeAttribute("aria-expanded")
  })
  ;(anchor.closest("[popover]") ?? anchor.getRootNode()).append(root) // a menu of a menu closes with it
  anchor.setAttribute("aria-expanded", "true")
  root.showPopover()
  put(root, at ?? anchor.getBoundingClientRect())
  items(root)[0]?.focus({preventScroll: true})
  return close

  function close() {
    if (root.isConnected) root.hidePopover()
    anchor.focus({preventScroll: true})
  }
}

// Puts what is in the top layer under a rectangle, or above it where there is no room, within the window.
export function put(root, {left, right, top, bottom}) {
  const {offsetWidth: width, offsetHeight: height} = root
  const {innerWidth, innerHeight} = globalThis
  const x = left + width + EDGE <= innerWidth ? left : right - width
  const y = bottom + 2 + height + EDGE <= innerHeight ? bottom + 2 : top - 2 - height
  root.style.left = `${Math.round(Math.min(Math.max(x, EDGE), innerWidth - width - EDGE))}px`
  root.style.top = `${Math.round(Math.max(Math.min(y, innerHeight - height - EDGE), EDGE))}px`
}

function drawRow(row, run) {
  if (!row) return h("hr", {role: "separator"})
  const {label, choices, value, about, keys, checked, disabled} = row
  if (choices) {
    const buttons = choices.map(([name, text, about]) => {
      const role = value === undefined ? "menuitem" : "menuitemradio"
      const chosen = value === undefined ? null : String(name === value)
      return h("button", {type: "button", role, tabindex: "-1", "aria-checked": chosen, "aria-label": `${label}: ${about ?? text}`, text, onclick: () => run(() => row.run(name))})
    })
    return h("div", {class: "menu-choices", role: "group", "aria-label": label}, h("span", {text: label}), h("span", {class: "segments"}, ...buttons))
  }
  const role = checked === undefined ? "menuitem" : "menuitemradio"
  return h("button", {class: "menu-item", type: "button", role, tabindex: "-1", disabled, "aria-checked": checked === undefined ? null : String(checked), onclick: () => run(row.run)},
    h("span", {text: label}), ...(about ? [h("span", {class: "menu-about", text: about})] : []), ...(keys ? [h("kbd", {text: keys})] : []))
}

function items(root) {
  return [...root.querySelectorAll("[role^=menuitem]:not(:disabled)")]
}

// Up and down go from row to row, left and right along the values of one; a letter goes to the next row it begins.
function walk(event, root, close) {
  event.stopPropagation() // the page's keys are not meant
  const all = items(root)
  const now = root.getRootNode().activeElement
  const rows = [...new Set(all.map(rowOf))]
  const row = rows.indexOf(rowOf(now))
  const inRow = all.filter((item) => rowOf(item) === rows[row])
  const enter = (k) => {
    const next = all.filter((item) => rowOf(item) === rows[(k + rows.length) % rows.length])
    ;(next.find((item) => item.ariaChecked === "true") ?? next[0])?.focus()
  }
  if (event.key === "Escape" || event.key === "Tab") close()
  else if (event.key === "ArrowDown") enter(row + 1)
  else if (event.key === "ArrowUp") enter(row < 0 ? -1 : row - 1)
  else if (event.key === "Home") enter(0)
  else if (event.key === "End") enter(-1)
  else if (event.key === "ArrowRight" || event.key === "ArrowLeft") {
    inRow.at((inRow.indexOf(now) + (event.key === "ArrowRight" ? 1 : -1)) % inRow.length)?.focus()
  } else if (event.key.length === 1 && /\S/.test(event.key) && !event.ctrlKey && !event.metaKey) {
    const begins = (item) => item.textContent.toLowerCase().startsWith(event.key.toLowerCase())
    const at = all.indexOf(now)
    ;[...all.slice(at + 1), ...all.slice(0, at + 1)].find(begins)?.focus()
  } else return
  event.preventDefault()
}

function rowOf(item) {
  return item?.closest(".menu-choices") ?? item
}
