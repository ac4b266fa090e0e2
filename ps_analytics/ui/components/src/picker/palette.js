// Every command by its name: what one types finds it, Enter does it. Those done last come first.
import {commandsFor} from "./commands.js"
import {SearchDialog} from "./dialog.js"
import {searchAmong} from "./search.js"
import {h} from "../dom.js"

const RECENT = "ps-recent-commands" // where the browser keeps the titles of those done last
const MOST_RECENT = 6
const MOST_FOUND = 60 // rows: who sees more reads none of them
const TOP = 72 // pixels from the top of the window

export class Palette extends SearchDialog {
  constructor(grid) {
    super({name: "palette", label: "Commands", placeholder: "What to do? A command, a lap, a corner, a channel\u2026"})
    this.grid = grid
    this.commands = []
    this.root.append(this.input, this.list, this.nothing)
    this.nothing.textContent = "Nothing is called that."
    this.leave = grid.bus.subscribe(["offered", "spans", "laps", "layout", "choices"], () => this.isOpen && this.refresh())
  }

  destroy() {
    this.leave()
    this.root.remove()
  }

  // Opens with what can be done now, with the panel that is pointed at or was last.
  open() {
    const {grid} = this
    this.cell = grid.current ?? grid.cells.get(grid.last?.id) ?? null
    grid.bus.ask({op: "channels"})
    this.gather()
    this.show()
    const left = Math.max((globalThis.innerWidth - this.root.offsetWidth) / 2, 6)
    Object.assign(this.root.style, {left: `${left}px`, top: `${TOP}px`})
  }

  toggle() {
    if (this.isOpen) this.close()
    else this.open()
  }

  gather() {
    // What there are many of is found by its name alone: "Speed" is no word for all that can be put on the panel Speed.
    const also = ({also: words = [], group, title, quiet}) => (quiet ? words : [...words, `${group} ${title}`])
    this.commands = commandsFor(this.grid, this.cell).map((command) => ({...command, label: command.title, also: also(command)}))
  }

  // More is known to choose from; what is chosen stays so.
  refresh() {
    const title = this.active?.command.title
    this.gather()
    this.draw()
    this.activate(this.options.find(({command}) => command.title === title) ?? this.options[0] ?? null)
  }

  draw() {
    const query = this.input.value.trim()
    const sections = query ? [["", searchAmong(query, this.commands).slice(0, MOST_FOUND)]] : this.browsed()
    this.options = []
    const parts = sections.filter(([, commands]) => commands.length).map(([heading, commands], k) => {
      const rows = commands.map((command) => this.row(command, heading))
      this.options.push(...rows)
      const id = `${this.id}-group-${k}`
      return h("div", {role: "group", "aria-labelledby": id}, h("h3", {id, text: heading, hidden: !heading}), ...rows.map(({root}) => root))
    })
    this.list.replaceChildren(...parts)
    this.nothing.hidden = this.options.length > 0
  }

  // What is shown before anything is typed.
  browsed() {
    const titles = recent()
    const last = titles.map((title) => this.commands.find((command) => command.title === title)).filter(Boolean)
    const groups = new Map([["Last", last]])
    for (const command of this.commands.filter(({quiet}) => !quiet)) {
      if (last.includes(command)) continue
      groups.set(command.group, [...(groups.get(command.group) ?? []), command])
    }
    return [...groups]
  }

  row(command, heading) {
    const {title, group, keys} = command
    const option = h("div", {class: "command", role: "option", "aria-selected": "false", onclick: () => this.run(command)},
      h("span", {class: "command-title", text: title}), h("span", {class: "command-group", text: group === heading ? "" : group}), ...(keys ? [h("kbd", {text: keys})] : []))
    return {root: option, option, command, run: () => this.run(command)}
  }

  // The palette closes first: a command may open something that takes the keyboard.
  run(command) {
    this.close()
    remember(command.title)
    command.run()
  }

  activate(row) {
    this.active?.option.setAttribute("aria-selected", "false")
    super.activate(row)
    row?.option.setAttribute("aria-selected", "true")
  }

  own(event) {
    const again = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k"
    if (again) this.close()
    return again
  }

  lost() {
    this.grid.root.focus({preventScroll: true})
  }
}

function recent() {
  try {
    const titles = JSON.parse(localStorage.getItem(RECENT) ?? "[]")
    return Array.isArray(titles) ? titles.slice(0, MOST_RECENT) : []
  } catch {
    return [] // a notebook may keep a page from storing anything
  }
}

function remember(title) {
  try {
    localStorage.setItem(RECENT, JSON.stringify([title, ...recent().filter((other) => other !== title)].slice(0, MOST_RECENT)))
  } catch {
    // it is a convenience
  }
}
