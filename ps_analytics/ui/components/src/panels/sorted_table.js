// A table whose columns sort: by a click on a head, or Enter on it; again the other way round, a third time as it came.
// Rows are kept by their key, so that nothing jumps and the keyboard stays where it is.
import {h} from "../dom.js"

export class SortedTable {
  // `columns` are {name, text, unit, title, left (aligned), first ("down" where the largest is looked for first)}.
  constructor(columns, {label, testid}) {
    this.rows = []
    this.built = new Map() // key → its tr
    this.by = {name: "", up: true}
    this.head = h("tr")
    this.body = h("tbody")
    this.root = h("table", {class: "sorted", "aria-label": label, "data-testid": testid}, h("thead", {}, this.head), this.body)
    this.setColumns(columns)
  }

  setColumns(columns) {
    const state = JSON.stringify(columns)
    if (state === this.columnState) return
    this.columnState = state
    this.columns = columns
    this.built.clear()
    this.body.replaceChildren()
    this.head.replaceChildren(...columns.map((column) => this.headOf(column)))
  }

  headOf({name, text, unit, title, left, still}) {
    const parts = [text, ...(unit ? [h("i", {text: unit})] : [])]
    const content = still ? parts : [h("button", {type: "button", onclick: () => this.sortBy(name)}, ...parts, h("span", {class: "arrow", "aria-hidden": "true"}))]
    return h("th", {class: left ? `${name} left` : name, scope: "col", title, "aria-sort": still ? null : "none", "data-column": name}, ...content)
  }

  sortBy(name) {
    const column = this.columns.find((each) => each.name === name)
    const first = column.first !== "down"
    if (this.by.name !== name) this.by = {name, up: first}
    else if (this.by.up === first) this.by = {name, up: !first}
    else this.by = {name: "", up: true}
    for (const th of this.head.children) {
      const own = th.dataset.column === this.by.name
      if (th.hasAttribute("aria-sort")) th.setAttribute("aria-sort", own ? (this.by.up ? "ascending" : "descending") : "none")
    }
    this.place()
  }

  // `rows` are {key, state (what it shows, as text), values: {column: what it sorts by}, build(tr)}: built anew where the
  // state is another.
  show(rows) {
    this.rows = rows
    const wanted = new Set(rows.map(({key}) => key))
    for (const [key, tr] of this.built) {
      if (wanted.has(key)) continue
      tr.remove()
      this.built.delete(key)
    }
    for (const {key, state, build} of rows) {
      let tr = this.built.get(key)
      if (tr?.dataset.state === state) continue
      if (!tr) this.built.set(key, (tr = h("tr", {"data-key": key})))
      tr.dataset.state = state
      build(tr)
    }
    this.place()
  }

  get order() {
    const {name, up} = this.by
    if (!name) return this.rows
    const of = ({values}) => values[name] ?? null
    return [...this.rows].sort((a, b) => compare(of(a), of(b), up))
  }

  place() {
    this.body.classList.toggle("as-it-came", !this.by.name)
    this.order.forEach(({key}, i) => {
      const tr = this.built.get(key)
      if (this.body.children[i] !== tr) this.body.insertBefore(tr, this.body.children[i] ?? null)
    })
  }
}

// What is not known comes last, whichever way it is sorted.
function compare(a, b, up) {
  if (a === null || b === null) return Number(a === null) - Number(b === null)
  const order = typeof a === "string" ? a.localeCompare(b, "en", {numeric: true}) : a - b
  return up ? order : -order
}
