// Which layout is shown, and the list of those there are: opened, saved, renamed, handed over. What a row can do is in
// `layout_row.js`.
import {h} from "../dom.js"
import {edit, sentence, tell} from "../grid/edits.js"
import {fileName, save} from "../grid/export.js"
import {put} from "../menu.js"
import {LayoutRow} from "./layout_row.js"

const LARGEST = 1_500_000 // bytes of a file worth reading: more than any layout has
const LONGEST = 120 // characters of a name

export class LayoutMenu {
  constructor(bus) {
    this.bus = bus
    this.rows = new Map() // layout id → its row
    this.kept = false // whether it was just asked to be kept under a name
    this.name = h("b")
    this.modified = h("i", {class: "modified", text: "Modified"})
    this.root = h("button", {class: "layout-open", type: "button", title: "Layouts (Ctrl-o)", "aria-haspopup": "dialog", "aria-expanded": "false", onclick: () => this.open()},
      h("span", {text: "Layout"}), this.name, this.modified)
    this.build()
    this.leave = [
      bus.subscribe(["layout"], () => this.show()),
      bus.subscribe(["save"], () => this.save()),
      bus.subscribe(["layouts"], () => this.open()),
      takeFiles(bus, (file) => this.take(file)),
    ]
    bus.hear("layout_file", ({name, text}) => save(`${fileName(name)}.json`, text, "application/json"))
    this.show()
  }

  destroy() {
    for (const leave of this.leave) leave()
    this.dialog.remove()
  }

  build() {
    this.search = h("input", {class: "layout-search", type: "search", placeholder: "Find a layout", "aria-label": "Find a layout", spellcheck: "false", oninput: () => this.filter()})
    this.own = h("ul", {"aria-label": "Your layouts"})
    this.shipped = h("ul", {"aria-label": "Shipped layouts"})
    this.nothing = h("p", {class: "layout-none", text: "No layout has that in its name.", hidden: true})
    this.problem = h("p", {class: "layout-problem", role: "alert", hidden: true})
    const command = (text, run, title) => h("button", {class: "layout-command", type: "button", text, title, onclick: run})
    this.keep = command("Save", () => this.save(), "Ctrl-s")
    this.keepAs = command("Save as\u2026", () => this.askName())
    this.revert = command("Revert", () => edit(this.bus, "revert"))
    this.file = h("input", {type: "file", accept: ".json,application/json", hidden: true, "aria-label": "Layout file", onchange: () => this.choose()})
    const bring = command("Import\u2026", () => this.file.click(), "A layout as JSON; it may also be dropped on the page")
    const give = command("Export", () => this.ask("export"), "The layout as it is shown, as JSON")
    this.commands = h("div", {class: "layout-commands"}, this.keep, this.keepAs, this.revert, h("span"), bring, give)
    this.naming = h("input", {type: "text", maxlength: LONGEST, "aria-label": "Name of the layout", spellcheck: "false"})
    const done = h("button", {type: "submit", text: "Save"})
    this.form = h("form", {class: "layout-naming", hidden: true, onsubmit: (event) => this.saveAs(event)}, h("span", {text: "Save as"}), this.naming, done)
    const heading = (text, list) => h("section", {}, h("h2", {text}), list)
    this.dialog = h("div", {class: "menu layouts", role: "dialog", "aria-label": "Layouts", popover: "auto", "data-testid": "layouts", onkeydown: (event) => this.press(event)},
      this.search, h("div", {class: "layout-lists"}, heading("Yours", this.own), heading("Shipped", this.shipped), this.nothing), this.problem, this.commands, this.form, this.file)
    this.dialog.addEventListener("toggle", ({newState}) => this.toggled(newState === "open"))
  }

  ask(command, given = {}) {
    tell(this.bus, null)
    this.bus.ask({op: "layout", do: command, ...given})
  }

  get isOpen() {
    return this.root.getAttribute("aria-expanded") === "true"
  }

  open() {
    if (this.isOpen) return
    this.root.getRootNode().append(this.dialog)
    this.search.value = ""
    this.problem.hidden = true // it was of another time
    this.filter()
    this.dialog.showPopover()
    put(this.dialog, this.root.getBoundingClientRect())
    this.toggled(true)
    this.search.focus({preventScroll: true})
  }

  close() {
    if (!this.isOpen) return
    this.dialog.hidePopover()
    this.toggled(false)
    this.root.focus({preventScroll: true})
  }

  toggled(open) {
    this.root.setAttribute("aria-expanded", String(open))
    this.bus.atLayouts = open // what cannot be done is said here then, and not at the foot of the panels
    if (!open) this.stopNaming()
  }

  show() {
    const {layout} = this.bus
    if (!layout) return
    const {name, modified, shipped, entries = [], problem = "", id} = layout
    this.name.textContent = name
    this.root.setAttribute("aria-label", `Layout: ${name}${modified ? " (Modified)" : ""}`)
    this.modified.hidden = !modified
    this.keep.disabled = !modified
    this.revert.disabled = !modified
    this.keep.title = shipped ? "A shipped layout stays as it is: this keeps yours under another name" : "Ctrl-s"
    this.problem.hidden = !problem
    this.problem.textContent = sentence(problem)
    if (this.kept && !problem) this.close()
    this.kept = false
    this.list(entries, id)
    this.filter()
  }

  list(entries, shown) {
    const known = new Set(entries.map((entry) => entry.id))
    for (const [id, row] of this.rows) {
      if (known.has(id)) continue
      row.root.remove()
      this.rows.delete(id)
    }
    const places = new Map([[this.own, 0], [this.shipped, 0]])
    for (const entry of entries) {
      if (!this.rows.has(entry.id)) this.rows.set(entry.id, new LayoutRow(this))
      const row = this.rows.get(entry.id)
      row.show(entry, entry.id === shown)
      const list = entry.shipped ? this.shipped : this.own
      const place = places.get(list)
      places.set(list, place + 1)
      if (list.children[place] !== row.root) list.insertBefore(row.root, list.children[place] ?? null)
    }
  }

  // Shows the layouts with all the words that are sought in their names.
  filter() {
    const words = this.search.value.toLowerCase().split(/\s+/)
    for (const {root, entry} of this.rows.values()) root.hidden = !words.every((word) => entry.name.toLowerCase().includes(word))
    for (const list of [this.own, this.shipped]) list.parentElement.hidden = ![...list.children].some(({hidden}) => !hidden)
    this.nothing.hidden = [...this.rows.values()].some(({root}) => !root.hidden)
  }

  // What is shipped is nobody's to overwrite: saving it asks for a name.
  save() {
    if (!this.bus.layout?.shipped) return this.ask("save")
    this.open()
    this.askName()
  }

  askName() {
    const {name, shipped} = this.bus.layout
    this.commands.hidden = true
    this.form.hidden = false
    this.naming.value = shipped ? `My ${name.toLowerCase()}` : `${name} 2`
    this.naming.focus()
    this.naming.select()
  }

  saveAs(event) {
    event.preventDefault()
    const name = this.naming.value.trim()
    this.stopNaming()
    this.search.focus()
    if (!name) return
    this.kept = true // nothing is left to be done here, if it can be
    this.ask("save_as", {name})
  }

  stopNaming() {
    this.form.hidden = true
    this.commands.hidden = false
  }

  choose() {
    const [file] = this.file.files
    if (file) this.take(file)
    this.file.value = "" // the same file can be chosen again
  }

  async take(file) {
    if (file.size > LARGEST) return tell(this.bus, {text: `${file.name} is too large for a layout.`, alarm: true})
    this.ask("import", {text: await file.text()})
  }

  // Arrows go through everything there is to press; the keyboard stays in here until it is closed.
  press(event) {
    event.stopPropagation()
    const {activeElement} = this.dialog.getRootNode()
    if (event.key === "Escape") {
      if (this.form.hidden) this.close()
      else {
        this.stopNaming()
        this.keepAs.focus()
      }
    } else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") this.save()
    else {
      const all = [...this.dialog.querySelectorAll("input, button")].filter((node) => !node.disabled && node.offsetWidth)
      const stops = event.key === "Tab" ? all : all.filter((node) => !node.matches(".layout-more"))
      const step = {ArrowDown: 1, ArrowUp: -1, Tab: event.shiftKey ? -1 : 1}[event.key]
      const beside = activeElement?.matches?.("input") ? null : {ArrowRight: 1, ArrowLeft: -1}[event.key]
      if (step) stops.at((stops.indexOf(activeElement) + step) % stops.length)?.focus()
      else if (beside) all.at((all.indexOf(activeElement) + beside) % all.length)?.focus()
      else if (event.key === "Enter" && activeElement === this.search) this.first()
      else return
    }
    event.preventDefault()
  }

  // Enter opens the first that was found.
  first() {
    const found = [...this.rows.values()].filter(({root}) => !root.hidden)
    if (this.search.value.trim() && found.length) found[0].openIt()
  }
}

// A layout's file may be dropped anywhere on a page of ours; a page that is left because a file missed its target is lost.
function takeFiles(bus, take) {
  const ours = (event) => document.body.classList.contains("ps-page") && event.dataTransfer?.types.includes("Files")
  const over = (event) => {
    if (ours(event)) event.preventDefault()
  }
  const drop = (event) => {
    if (!ours(event) || event.defaultPrevented) return
    event.preventDefault()
    const [file] = event.dataTransfer.files
    if (file && /json$/i.test(file.type || file.name)) take(file)
    else tell(bus, {text: "Only a layout as JSON can be dropped here.", alarm: true})
  }
  document.addEventListener("dragover", over)
  document.addEventListener("drop", drop)
  return () => {
    document.removeEventListener("dragover", over)
    document.removeEventListener("drop", drop)
  }
}
