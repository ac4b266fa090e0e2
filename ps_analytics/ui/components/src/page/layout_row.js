// A layout in the list of layouts: a click opens it, its menu has the rest.
import {h, icon} from "../dom.js"
import {tell} from "../grid/edits.js"
import {renameIn} from "../grid/rename.js"
import {openMenu} from "../menu.js"

const DOTS = "M1.6 6h.8M5.6 6h.8M9.6 6h.8"
const TARGETS = [["", "Default for everything"], ["car", "Default for this car"], ["source", "Default for this source"]]

export class LayoutRow {
  constructor(menu) {
    this.menu = menu
    this.entry = {name: ""}
    this.name = h("span", {class: "layout-name"})
    this.tags = h("span", {class: "layout-tags"})
    this.button = h("button", {class: "layout", type: "button", onclick: () => this.openIt()}, this.name, this.tags)
    this.more = h("button", {class: "layout-more", type: "button", "aria-haspopup": "menu", onclick: () => this.openMenu()}, icon(DOTS))
    this.naming = h("span", {class: "layout-renaming", hidden: true})
    this.root = h("li", {}, this.button, this.naming, this.more)
  }

  show(entry, shown) {
    this.entry = entry
    const {name, about, modified} = entry
    this.name.textContent = name
    this.button.title = about ?? ""
    this.button.setAttribute("aria-current", String(shown))
    this.more.setAttribute("aria-label", `What to do with ${name}`)
    this.tags.replaceChildren(...[this.target(), modified && "modified"].filter(Boolean).map((text) => h("i", {text})))
  }

  // What it is the default for, as a tag.
  target() {
    const {default: isDefault, default_for: target} = this.entry
    if (!isDefault) return ""
    return target ? `for ${target.slice(target.indexOf(":") + 1)}` : "default"
  }

  openIt() {
    this.menu.ask("open", {id: this.entry.id})
    this.menu.close()
  }

  openMenu() {
    const {id, shipped, default: isDefault, default_for: now = ""} = this.entry
    const defaults = TARGETS.map(([target, label]) => {
      const checked = Boolean(isDefault) && now.split(":")[0] === target
      return {label, checked, run: () => this.menu.ask("make_default", {id, for: target, default: !checked})}
    })
    openMenu(this.more, [
      ...(shipped ? [] : [{label: "Rename\u2026", run: () => this.rename()}]),
      {label: "Duplicate", run: () => this.menu.ask("duplicate", {id})},
      null,
      ...defaults,
      ...(shipped ? [] : [null, {label: "Delete", run: () => this.delete()}]),
    ], {label: `What to do with ${this.entry.name}`})
  }

  rename() {
    this.button.hidden = true
    this.naming.hidden = false
    renameIn(this.naming, this.entry.name, "Name of the layout", (name) => {
      this.button.hidden = false
      this.naming.hidden = true
      if (name) this.menu.ask("rename", {id: this.entry.id, name})
      this.button.focus()
    })
  }

  delete() {
    const {id, name} = this.entry
    this.menu.ask("delete", {id})
    tell(this.menu.bus, {text: `Deleted ${name}.`, undo: () => this.menu.ask("undo")})
    this.menu.search.focus()
  }
}
