// The user's math channels in their folders, the shipped ones below: search, choose, duplicate, delete and bring back.
import {plain} from "./completion.js"
import {h, icon} from "../dom.js"

const COPY = "M4 4V1.5h6.5V8H8M1.5 4H8v6.5H1.5z"
const BIN = "M2 3.5h8M4.5 3.5v-2h3v2M3 3.5l.6 7h4.8l.6-7"
const OVER = "M2 10V6.5h6.5M6 3.5l3 3-3 3"

class Row {
  constructor(key, ask) {
    this.name = h("bdi", {class: "entry-name"})
    this.unit = h("span", {class: "entry-unit"})
    this.mark = h("span", {class: "entry-mark"})
    this.choose = h("button", {class: "entry", type: "button", role: "option", onclick: () => ask("select", {key})}, this.mark, this.name, this.unit)
    this.actions = h("span", {class: "entry-actions"})
    this.root = h("li", {role: "presentation", "data-key": key}, this.choose, this.actions)
    this.key = key
    this.ask = ask
  }

  show(entry, chosen) {
    const state = JSON.stringify([entry, chosen])
    if (state === this.state) return
    this.state = state
    const {name, own, hidden, changed, problem, unit, about, formula} = entry
    this.name.textContent = name || "(no name)"
    this.unit.textContent = unit
    this.mark.textContent = changed ? "\u25cf" : problem ? "!" : ""
    this.mark.className = `entry-mark${changed ? " changed" : problem ? " wrong" : ""}`
    const told = [changed && "not saved", problem, hidden && "you have one of your own", about].filter(Boolean)
    this.choose.title = [name, formula, ...told].filter(Boolean).join("\n").slice(0, 400)
    this.choose.setAttribute("aria-label", [name || "no name", unit, own ? "" : "shipped", ...told.slice(0, -1)].filter(Boolean).join(", "))
    this.choose.setAttribute("aria-selected", String(chosen))
    this.choose.tabIndex = chosen ? 0 : -1
    this.root.className = [chosen && "chosen", !own && "shipped", hidden && "hidden-by-own"].filter(Boolean).join(" ")
    const action = (label, title, shape, what) =>
      h("button", {class: "entry-action", type: "button", tabindex: "-1", title, "aria-label": `${label}: ${name}`, onclick: () => this.ask(what, {key: this.key})}, icon(shape))
    this.actions.replaceChildren(
      ...(own ? [] : [action("Override", "Override: begin a channel of your own of this name", OVER, "override")]),
      action("Duplicate", "Duplicate", COPY, "duplicate"),
      ...(own ? [action("Delete", "Delete (Delete; Ctrl-Z brings it back)", BIN, "delete")] : []),
    )
  }
}

export class MathList {
  constructor(ask) {
    this.ask = ask
    this.rows = new Map()
    this.closed = new Set()
    this.message = {entries: [], key: "", undo: ""}
    this.search = h("input", {type: "search", placeholder: "Search", "aria-label": "Search math channels", oninput: () => this.show(this.message), onkeydown: (event) => this.pressInSearch(event)})
    this.add = h("button", {class: "tool", type: "button", text: "New", title: "New channel (Alt-N)", onclick: () => ask("new")})
    this.list = h("ul", {role: "listbox", "aria-label": "Math channels", "data-testid": "math-list", onkeydown: (event) => this.press(event)})
    this.undoName = h("bdi")
    this.undo = h("div", {class: "undo", role: "status", hidden: true}, h("span", {}, "Deleted ", this.undoName),
      h("button", {class: "tool", type: "button", text: "Undo", title: "Undo (Ctrl-Z in the list)", onclick: () => ask("undo")}))
    this.none = h("li", {role: "presentation", class: "none", text: "None of your own yet. Begin a new one, or override a shipped one."})
    this.nothing = h("p", {class: "nothing", hidden: true, text: "Nothing of that name."})
    this.root = h("div", {class: "math-list"}, h("div", {class: "math-search"}, this.search, this.add), h("div", {class: "math-rows"}, this.list, this.nothing), this.undo)
  }

  show(message) {
    const moved = message.key !== this.message.key
    this.message = message
    const {entries, key, undo} = message
    const query = plain(this.search.value)
    const shown = entries.filter((entry) => !query || plain([entry.name, entry.folder, entry.about, entry.formula].join(" ")).includes(query))
    const known = new Set(entries.map((entry) => entry.key))
    for (const old of this.rows.keys()) if (!known.has(old)) this.rows.delete(old)
    const had = this.list.contains(this.list.getRootNode().activeElement)
    const parts = []
    let group = null
    if (!query && !entries.some(({own}) => own)) parts.push(this.none)
    for (const entry of shown) {
      const name = entry.own ? `own/${entry.folder}` : `shipped/${entry.folder}`
      if (name !== group) {
        group = name
        parts.push(this.heading(entry, name, shown))
      }
      if (this.closed.has(name) && !query) continue
      if (!this.rows.has(entry.key)) this.rows.set(entry.key, new Row(entry.key, this.ask))
      const row = this.rows.get(entry.key)
      row.show(entry, entry.key === key)
      parts.push(row.root)
    }
    if (parts.length !== this.list.children.length || parts.some((part, i) => part !== this.list.children[i])) this.list.replaceChildren(...parts)
    this.nothing.hidden = shown.length > 0
    this.undo.hidden = !undo
    this.undoName.textContent = undo
    const chosen = this.rows.get(key)?.choose
    if (moved || had) chosen?.scrollIntoView({block: "nearest"})
    if (had && !this.list.contains(this.list.getRootNode().activeElement)) chosen?.focus()
  }

  heading({own, folder}, name, shown) {
    const open = !this.closed.has(name)
    const count = shown.filter((entry) => entry.own === own && entry.folder === folder).length
    const toggle = () => {
      if (open) this.closed.add(name)
      else this.closed.delete(name)
      this.show(this.message)
    }
    const label = folder || (own ? "Mine" : "Other")
    return h("li", {role: "presentation", class: "folder"}, h("button", {type: "button", class: "fold", tabindex: "-1", "aria-expanded": String(open), onclick: toggle},
      h("span", {class: "fold-mark", "aria-hidden": "true", text: open ? "\u25be" : "\u25b8"}), h("bdi", {text: label}),
      h("i", {text: own ? "" : "shipped"}), h("span", {class: "fold-count number", text: String(count)})))
  }

  pressInSearch(event) {
    if (event.key === "ArrowDown") this.list.querySelector(".entry")?.focus()
    else if (event.key === "Escape" && this.search.value) {
      this.search.value = ""
      this.show(this.message)
    } else return
    event.preventDefault()
    event.stopPropagation()
  }

  press(event) {
    const step = {ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -1e6, End: 1e6}[event.key]
    const {key} = this.message
    const own = this.message.entries.find((entry) => entry.key === key)?.own
    if (step) {
      const rows = [...this.list.querySelectorAll(".entry")]
      const at = rows.indexOf(event.target.closest("li")?.querySelector(".entry"))
      const next = rows[Math.min(Math.max(at + step, 0), rows.length - 1)]
      next?.focus()
      next?.click()
    } else if (event.key === "Delete" && own) this.ask("delete", {key})
    else if (event.key.toLowerCase() === "z" && (event.ctrlKey || event.metaKey) && !event.shiftKey) this.ask("undo")
    else return
    event.preventDefault()
    event.stopPropagation()
  }
}
