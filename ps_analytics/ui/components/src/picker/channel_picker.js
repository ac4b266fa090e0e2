// The list of channels at a panel: what it shows, in its order, the favourites, and every channel of the laps by group.
// What one does takes effect on the panel at once. Without a panel, the channel that is chosen gets one of its own.
import {carry} from "./carry.js"
import {ChannelRow} from "./channel_row.js"
import {SearchDialog} from "./dialog.js"
import {searchAmong} from "./search.js"
import {moveOn, putOn, shownOn, toggleOn} from "./shown.js"
import {UnitsSwitch} from "./units_switch.js"
import {h} from "../dom.js"
import {edit} from "../grid/edits.js"
import {put} from "../menu.js"

const ON_PANEL = "On this panel"
const FAVOURITES = "Favourites"
const FOUND = "Found"
const MISSING_FOUND = 8 // channels nobody recorded that a search shows, behind all others
const HINT = "Enter shows or hides \u00b7 Alt-\u2191\u2193 order \u00b7 Alt-F star \u00b7 drag to a panel"
const LOADING = "Looking at what the laps have\u2026"

export class ChannelPicker extends SearchDialog {
  constructor(grid) {
    super({name: "channel-picker", label: "Channels", placeholder: "Find a channel, e.g. o p", many: true})
    this.grid = grid
    this.bus = grid.bus
    this.bus.offered ??= {rows: [], source: ""} // the channels there are to choose from
    this.plot = ""
    this.rows = new Map() // "section|name" → row
    this.units = new UnitsSwitch(this.bus)
    this.name = h("h2")
    this.hint = h("p", {class: "pick-hint", role: "status", text: HINT})
    this.root.append(h("header", {class: "pick-head"}, this.name, this.units.root), this.input, this.list, this.nothing, this.hint)
    this.bus.hear("channels", ({rows, source}) => this.take(rows, source))
    this.leave = [
      this.bus.subscribe(["pick"], () => this.open(this.bus.picking?.plot)),
      this.bus.subscribe(["layout", "offered"], () => this.isOpen && this.renew()),
      this.bus.subscribe(["data"], () => this.isOpen && this.renew()),
    ]
  }

  destroy() {
    for (const leave of this.leave) leave()
    this.units.destroy()
    this.root.remove()
  }

  get cell() {
    return this.grid.cells.get(this.plot)
  }

  // The panel as the layout has it now: the grid may hear of it later.
  get config() {
    return this.configOf(this.plot)
  }

  configOf(plot) {
    return this.bus.layout?.document.configs.find(({id}) => id === plot)
  }

  get rowsOnPanel() {
    return this.options.filter(({section}) => section === ON_PANEL)
  }

  take(rows, source) {
    this.bus.offered = {rows, source}
    this.rows.clear()
    this.bus.announce("offered")
  }

  // Opens at a panel; without one (""), for a new one.
  open(plot = "") {
    this.plot = plot
    this.asked = ""
    this.askFor()
    this.say("")
    this.show()
    put(this.root, this.place())
  }

  // Asks for the channels of the laps and units that are shown now.
  askFor() {
    const {laps, units} = this.bus
    const now = JSON.stringify([laps.map(({id}) => id), units])
    if (now === this.asked) return
    this.asked = now
    this.bus.ask({op: "channels"})
  }

  // Under the right end of the panel's title bar; without a panel, in the middle.
  place() {
    const {width} = this.root.getBoundingClientRect()
    if (this.cell) {
      const {right, top, bottom} = this.cell.panel.frame.bar.getBoundingClientRect()
      return {left: right - width - 4, right: right - 4, top, bottom}
    }
    const {left, right, top} = this.grid.root.getBoundingClientRect()
    return {left: (left + right - width) / 2, right: (left + right + width) / 2, top: top + 40, bottom: top + 40}
  }

  lost() {
    ;(this.cell ?? {focus: () => this.grid.root.focus()}).focus()
  }

  renew() {
    if (this.plot && !this.config) return this.close() // the panel is gone
    this.askFor()
    const {active} = this
    const before = active?.root.offsetTop
    this.draw()
    const still = this.options.find(({section, channel}) => section === active?.section && channel.name === active.channel.name)
    const again = still ?? this.options.find(({channel}) => channel.name === active?.channel.name) ?? this.options[0] ?? null
    // What one looks at stays where it is, also when the list above it gets longer.
    if (again && before !== undefined) this.list.scrollTop += again.root.offsetTop - before
    this.activate(again)
  }

  draw() {
    const {rows} = this.bus.offered
    const {config} = this
    const shown = config ? shownOn(config) : []
    this.name.textContent = config?.title ?? "New panel"
    this.root.setAttribute("aria-label", config ? `Channels of ${config.title}` : "Channels for a new panel")
    const favourites = new Set(this.bus.favourites)
    this.options = []
    const sections = this.sections(rows, shown, favourites).filter(([, channels]) => channels.length)
    const parts = sections.map(([section, channels, named], k) => {
      const found = channels.map((channel) => this.row(section, channel, {shown: shown.includes(channel.name), favourite: favourites.has(channel.name), group: named ? channel.group : ""}))
      this.options.push(...found)
      const id = `${this.id}-group-${k}`
      return h("div", {class: `pick-group${section === ON_PANEL && found.length > 1 ? " ordered" : ""}`, role: "group", "aria-labelledby": id}, h("h3", {id, text: section, hidden: section === FOUND}), ...found.map(({root}) => root))
    })
    this.list.replaceChildren(...parts)
    this.nothing.hidden = parts.length > 0
    this.nothing.textContent = rows.length ? "No channel is called that." : LOADING
  }

  // [heading, channels, whether each says its group], in order.
  sections(rows, shown, favourites) {
    const known = new Map(rows.map((row) => [row.name, row]))
    const query = this.input.value.trim()
    if (query) {
      const found = searchAmong(query, rows)
      return [[FOUND, [...found.filter(({missing}) => !missing), ...found.filter(({missing}) => missing).slice(0, MISSING_FOUND)], true]]
    }
    const there = rows.filter(({missing}) => !missing)
    const groups = grouped(there)
    return [
      [ON_PANEL, rows.length ? shown.map((name) => known.get(name) ?? this.unknown(name)) : [], false],
      [FAVOURITES, [...favourites].map((name) => known.get(name)).filter(Boolean), true],
      ...[...groups].map(([group, channels]) => [group, channels, false]),
    ]
  }

  // A channel of a layout from elsewhere, which neither the laps nor the catalogue have.
  unknown(name) {
    const {source} = this.bus.offered
    return {name, label: name, group: "", unit: "", rate: 0, also: [], lacking: [], missing: source ? `not recorded by ${source}` : "not recorded"}
  }

  row(section, channel, state) {
    const key = `${section}|${channel.name}`
    if (!this.rows.has(key)) this.rows.set(key, Object.assign(new ChannelRow(this, channel), {section}))
    const row = this.rows.get(key)
    row.show(state)
    return row
  }

  clicked(row) {
    if (this.carried) return
    this.activate(row)
    this.toggle(row)
    this.input.focus({preventScroll: true})
  }

  toggle({channel: {name}}) {
    if (this.config) this.say(toggleOn(this.bus, this.config, name))
    else this.addPanel(name)
  }

  putOn(cell, name) {
    this.say(putOn(this.bus, this.configOf(cell.id), name))
  }

  addPanel(name) {
    const {grid} = this
    if (!grid.sheet) return
    grid.expect((cell) => {
      this.plot = cell.id
      this.renew()
      this.input.focus({preventScroll: true})
    })
    edit(this.bus, "add_panel", {sheet: grid.sheet.id, kind: "traces", channels: [name]})
  }

  moveTo(name, place) {
    if (this.config) moveOn(this.bus, this.config, name, place)
  }

  favour(channel) {
    this.bus.ask({op: "favourite", channel, favourite: !this.bus.favourites.includes(channel)})
    this.input.focus({preventScroll: true})
  }

  editFormula({key}) {
    if (!key || !this.bus.math) return
    this.close()
    if (!this.grid.drawer.open) this.grid.toggleMath()
    this.bus.ask({op: "math", do: "select", key})
  }

  grab(event, row) {
    if (event.button || event.target.closest("button")) return
    if (event.pointerType === "touch" && !event.target.closest(".pick-grip")) return // a finger scrolls the list
    this.carried = false
    carry(this, row, event, (dragged) => {
      this.carried = dragged
      if (dragged) setTimeout(() => (this.carried = false)) // the click that ends a drag is none
      this.input.focus({preventScroll: true})
    })
  }

  own({altKey, code, key}) {
    const {active} = this
    if (!altKey || !active) return false
    const {name} = active.channel
    if (key === "ArrowUp" || key === "ArrowDown") {
      if (this.config) this.moveTo(name, shownOn(this.config).indexOf(name) + (key === "ArrowUp" ? -1 : 1))
    } else if (code === "KeyF") this.favour(name)
    else if (code === "KeyM") this.editFormula(active.channel)
    else return false
    return true
  }

  say(text) {
    this.hint.textContent = text || HINT
    this.hint.classList.toggle("alarm", Boolean(text))
  }
}

function grouped(rows) {
  const found = new Map()
  for (const row of rows) found.set(row.group, [...(found.get(row.group) ?? []), row])
  return found
}
