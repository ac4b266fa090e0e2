// A search field over a list in the page's top layer: the keyboard stays in it until it closes, and goes back to where it
// came from. The channel picker and the palette are such.
import {h} from "../dom.js"

let made = 0

export class SearchDialog {
  constructor({name, label, placeholder, many = false}) {
    this.id = `${name}-${(made += 1)}`
    this.options = [] // what the arrows go through: {root, run}
    this.active = null
    this.input = h("input", {class: "find", type: "text", role: "combobox", placeholder, "aria-label": label, "aria-expanded": "true", "aria-autocomplete": "list", "aria-controls": `${this.id}-list`, autocomplete: "off", spellcheck: "false", oninput: () => this.search()})
    this.list = h("div", {class: "found", role: "listbox", id: `${this.id}-list`, "aria-label": label, "aria-multiselectable": many ? "true" : null})
    this.nothing = h("p", {class: "found-none", role: "status", hidden: true})
    this.root = h("div", {class: `menu search-dialog ${name}`, role: "dialog", "aria-label": label, popover: "auto", "data-testid": name, onkeydown: (event) => this.press(event)})
    this.root.addEventListener("toggle", ({newState}) => newState === "closed" && this.closed())
  }

  get isOpen() {
    return this.root.matches(":popover-open")
  }

  show() {
    if (!this.isOpen) this.from = focused()
    this.input.value = ""
    this.active = null
    if (!this.isOpen) this.root.showPopover()
    this.search()
    this.list.scrollTop = 0
    this.input.focus({preventScroll: true})
  }

  close() {
    if (!this.isOpen) return
    this.root.hidePopover()
    const {from} = this
    if (from?.isConnected && from !== document.body) from.focus({preventScroll: true})
    else this.lost()
  }

  // It is closed, by a click beside it too.
  closed() {}

  // Where the keyboard came from is gone.
  lost() {}

  // Shows what is found, best first.
  search() {
    this.draw()
    this.activate(this.options[0] ?? null)
    this.list.scrollTop = 0
  }

  activate(option) {
    this.active?.option.classList.remove("active")
    this.active = option
    if (!option) return this.input.removeAttribute("aria-activedescendant")
    option.option.id ||= `${this.id}-${(made += 1)}`
    option.option.classList.add("active")
    option.option.scrollIntoView({block: "nearest"})
    this.input.setAttribute("aria-activedescendant", option.option.id)
  }

  move(by) {
    const {options, active} = this
    if (!options.length) return
    const at = options.indexOf(active)
    const next = Math.abs(by) === 1 ? (at + by + options.length) % options.length : Math.min(Math.max(at + by, 0), options.length - 1)
    this.activate(options[next])
  }

  // A key of its own; gives whether it was one.
  own() {
    return false
  }

  press(event) {
    event.stopPropagation() // the page's keys are not meant
    const {key} = event
    const inField = event.composedPath()[0] === this.input
    if (this.own(event)) event.preventDefault()
    else if (key === "Escape") this.close()
    else if (key === "Tab") this.tab(event.shiftKey)
    else if (key === "ArrowDown" || key === "ArrowUp") this.move(key === "ArrowDown" ? 1 : -1)
    else if (key === "PageDown" || key === "PageUp") this.move(key === "PageDown" ? 10 : -10)
    else if (key === "Home" && !this.input.value && inField) this.activate(this.options[0] ?? null)
    else if (key === "End" && !this.input.value && inField) this.activate(this.options.at(-1) ?? null)
    else if (key === "Enter" && inField) this.active?.run()
    else return
    event.preventDefault()
  }

  tab(back) {
    const stops = [...this.root.querySelectorAll("input, button:not([tabindex='-1'])")].filter((node) => node.offsetWidth)
    const at = stops.indexOf(this.root.getRootNode().activeElement)
    stops.at((at + (back ? -1 : 1)) % stops.length)?.focus()
  }
}

// What has the keyboard, however deep it lies.
export function focused() {
  let node = document.activeElement
  while (node?.shadowRoot?.activeElement) node = node.shadowRoot.activeElement
  return node
}
