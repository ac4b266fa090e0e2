// The channel report: the least, the most, the mean and the spread of channels by lap, corner or sector, or of what is in
// view. Python works it out; a click on a least or a most puts the cursor there.
import {panelFrame} from "./panel_frame.js"
import {SortedTable} from "./sorted_table.js"
import {h} from "../dom.js"
import {fixed} from "../numbers.js"
import {ink} from "../theme.js"

const BY = [["lap", "by lap"], ["corner", "by corner"], ["sector", "by sector"], ["view", "in view"]]
const SECTION = {corner: "Corner", sector: "Sector"}
const PLACED = {min: "min_at", max: "max_at"}
const WAITING = "The report is worked out \u2026"

export class ReportPanel {
  constructor(bus, config) {
    this.bus = bus
    this.plot = config.id
    this.frame = panelFrame(config.title, "report")
    this.by = h("select", {class: "report-by", "aria-label": "What the report is about", onchange: () => this.choose(this.by.value)},
      ...BY.map(([value, text]) => h("option", {value, text})))
    this.frame.note.before(this.by)
    this.table = new SortedTable([], {label: config.title, testid: "report"})
    this.message = h("p", {class: "message", hidden: true})
    this.frame.body.append(this.table.root, this.message)
    this.update(config)
    this.leave = bus.subscribe(["panel", "data", "style"], () => this.show())
    bus.ask({op: "panel", plot: this.plot, do: "open"})
    this.show()
  }

  update({title, options}) {
    this.options = options ?? {}
    this.frame.setTitle(title)
    this.by.value = this.options.by ?? "lap"
  }

  destroy() {
    this.leave()
  }

  choose(by) {
    this.options = {...this.options, by}
    this.bus.ask({op: "layout", do: "set_options", plot: this.plot, options: this.options})
  }

  show() {
    const said = this.bus.panelData.get(this.plot)
    const rows = said?.rows ?? []
    const laps = new Map(this.bus.laps.map((lap) => [lap.id, lap]))
    this.message.textContent = said ? (said.problem ?? said.note) : WAITING
    this.message.classList.toggle("late", !said)
    this.message.hidden = rows.length > 0 || !this.message.textContent
    this.table.root.hidden = !rows.length
    if (!rows.length) return
    const section = SECTION[said.by]
    const several = new Set(rows.map(({lap}) => lap)).size > 1
    this.table.setColumns([
      ...(section ? [{name: "section", text: section, left: true}] : []),
      {name: "channel", text: "Channel", left: true},
      ...(several ? [{name: "whose", text: "Lap", left: true}] : []),
      ...said.columns.map(({name, title}) => ({name, text: title, first: name === "min" ? "up" : "down"})),
    ])
    this.table.show(rows.map((row, i) => this.row(row, laps.get(row.lap), rows[i - 1], i)))
  }

  row(row, lap, before, i) {
    const values = {...row, channel: row.label, whose: lap?.label ?? "", section: i}
    const again = {section: before?.section === row.section, channel: before?.section === row.section && before?.channel === row.channel}
    const state = JSON.stringify([row, lap, lap && ink(lap.color), again])
    return {key: `${row.section}|${row.channel}|${row.lap}`, state, values, build: (tr) => this.build(tr, row, lap, again)}
  }

  build(tr, row, lap, again) {
    tr.className = [!again.section && "begins", !row.samples && "missing"].filter(Boolean).join(" ")
    const content = {
      section: [row.section],
      channel: [h("span", {text: row.label}), h("i", {text: row.unit})],
      whose: [h("span", {style: `color:${ink(lap?.color ?? "")}`, text: lap?.label ?? ""})],
    }
    tr.replaceChildren(...this.table.columns.map(({name, left}) => {
      const words = content[name]
      if (words) return h("td", {class: [name, left && "left", again[name] && "again"].filter(Boolean).join(" ")}, ...words)
      const place = row[PLACED[name]]
      const text = row.samples ? fixed(row[name], row.decimals) : name === "min" ? "not recorded" : ""
      if (place == null || !row.samples) return h("td", {class: name, text})
      const jump = h("button", {type: "button", text, title: `At ${fixed(place, 0)} m: put the cursor there`, onclick: () => this.bus.setCursor(place)})
      return h("td", {class: name}, jump)
    }))
  }
}
