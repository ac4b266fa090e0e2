// The corners of the track as a table: what the compared lap lost in each. A click zooms every plot to the corner and
// puts the cursor on its apex; the row of the corner under the cursor is marked while the cursor moves.
import {h} from "../dom.js"
import {fixed} from "../numbers.js"
import {ink} from "../theme.js"
import {panelFrame} from "./panel_frame.js"

const WORST = 3 // so many of the largest losses are marked
const LEAST_LOSS_S = 0.02 // a loss below is nothing to point at

const WAITING = "The corners are worked out \u2026"

const SPEED = "speed" // stands for the unit speeds are shown in
const SPEEDS = {metric: {unit: "km/h", factor: 1, decimals: 1}, imperial: {unit: "mph", factor: 0.621371192, decimals: 1}}

const COLUMNS = [
  {name: "corner", text: "Corner", title: "The corners in the order of the track"},
  {name: "lost", text: "Lost", unit: "s", title: "Seconds lost to the reference (below zero: gained) from slowing down for this corner until slowing down for the next: together the whole gap"},
  {name: "min", text: "Min", unit: SPEED, title: "Lowest speed of the lap"},
  {name: "ref-min", text: "Ref", unit: SPEED, title: "Lowest speed of the reference"},
  {name: "brake", text: "Brake", unit: "m", title: "Brake point against the reference: \u2212 earlier, + later"},
  {name: "throttle", text: "Thr.", unit: "m", title: "Throttle on again, against the reference: \u2212 earlier, + later"},
  {name: "time", text: "Time", unit: "s", title: "Time of the lap in this corner"},
]

export class CornerPanel {
  constructor(bus, {title}) {
    this.bus = bus
    this.lap = "" // whose corners are shown, if the user chose
    this.frame = panelFrame(title, "corners")
    this.chips = h("span", {class: "chips"})
    this.frame.note.before(this.chips)
    this.message = h("p", {class: "message", "data-testid": "corners-note", hidden: true})
    this.rows = h("tbody")
    const heads = COLUMNS.map(({name, text, unit, title}) =>
      h("th", {class: name, scope: "col", title}, text, ...(unit ? [h("i", {text: unit, "data-unit": unit})] : [])))
    this.table = h("table", {"aria-label": "Corners", "data-testid": "corner-table"}, h("thead", {}, h("tr", {}, ...heads)), this.rows)
    this.frame.body.append(this.table, this.message)
    this.marked = -1
    this.leave = bus.subscribe(["data", "corners", "cursor", "style"], (topics) => this.follow(topics))
    this.load()
  }

  update({title}) {
    this.frame.setTitle(title)
  }

  destroy() {
    this.leave()
  }

  follow(topics) {
    if (topics.has("data") || topics.has("corners") || topics.has("style")) this.load()
    this.mark()
  }

  // The lap the user chose while it is compared, else the last that is; one that is being driven has no corners yet.
  pick() {
    const compared = this.bus.laps.filter((lap) => !lap.reference && !lap.running)
    return compared.find(({id}) => id === this.lap) ?? compared.at(-1) ?? this.bus.reference
  }

  load() {
    const {bus} = this
    const {corners, tables, notes, note} = bus.corners
    const lap = this.pick()
    const rows = (lap && tables[lap.id]) ?? []
    const state = JSON.stringify([bus.laps, bus.corners, this.lap, lap && ink(lap.color), this.speed.unit])
    if (state === this.state) return
    this.state = state
    // What comes in a moment is announced only if it takes longer than that (see `.late`).
    const said = bus.laps.length ? notes[lap?.id] ?? (note || WAITING) : ""
    this.message.classList.toggle("late", said === WAITING)
    this.message.textContent = said
    this.message.hidden = !said || rows.length > 0
    this.table.hidden = !rows.length
    for (const unit of this.table.querySelectorAll(`[data-unit="${SPEED}"]`)) unit.textContent = this.speed.unit
    this.nameLaps(lap)
    this.alone = !lap || lap.reference
    this.table.classList.toggle("alone", this.alone)
    const worst = rows.filter(({lost}) => lost >= LEAST_LOSS_S).sort((a, b) => b.lost - a.lost).slice(0, WORST)
    const most = Math.max(...rows.map(({lost}) => Math.abs(lost ?? 0)), 0.1)
    const known = new Map(corners.map((corner) => [corner.number, corner]))
    const shown = rows.filter(({number}) => known.has(number))
    this.corners = shown.map(({number}) => known.get(number))
    this.rows.replaceChildren(...shown.map((row) => this.build(row, known.get(row.number), worst.includes(row), most)))
    this.marked = -1
    this.mark()
  }

  // How speeds are shown.
  get speed() {
    const {channels, units} = this.bus
    return channels.speed?.factor ? channels.speed : SPEEDS[units] ?? SPEEDS.metric
  }

  speedText(kmh) {
    const {factor, decimals} = this.speed
    return kmh == null ? fixed(null) : fixed(kmh * factor, decimals)
  }

  build(row, corner, worst, most) {
    const side = row.lost > 0 ? "left" : "right"
    const share = `${side}:50%;width:${Math.min(Math.abs(row.lost ?? 0) / most, 1) * 50}%`
    const bar = h("span", {class: "balance", "aria-hidden": "true"}, h("i", {class: row.lost > 0 ? "loss" : "gain", style: share}))
    const name = h("button", {type: "button", text: corner.name, title: `${corner.name}: ${corner.turns}`})
    const cells = {
      corner: [name], lost: [bar, h("span", {text: fixed(row.lost, 3, true)})], min: [this.speedText(row.min)], "ref-min": [this.speedText(row.reference_min)],
      brake: [fixed(row.brake, 0, true)], throttle: [fixed(row.throttle, 0, true)], time: [fixed(row.time, 3)],
    }
    const title = worst ? "One of the three corners that cost most" : null
    return h("tr", {class: worst ? "worst" : "", "data-corner": row.number, title, onclick: () => this.bus.showCorner(corner)},
      ...COLUMNS.map(({name}) => h(name === "corner" ? "th" : "td", {class: name, scope: name === "corner" ? "row" : null}, ...cells[name])))
  }

  // Whose corners these are; a choice where several laps are compared.
  nameLaps(lap) {
    const compared = this.bus.laps.filter(({reference, running}) => !reference && !running)
    const chip = (each) => h("button", {
      class: "chip", type: "button", "aria-pressed": String(each === lap), style: `--lap:${ink(each.color)}`, text: each.label,
      title: `Corners of ${each.label} against the reference`, onclick: () => this.choose(each.id),
    })
    this.chips.replaceChildren(...(compared.length > 1 ? compared.map(chip) : []))
    this.frame.note.textContent = compared.length === 1 ? `${lap.label} against ${this.bus.reference?.label ?? ""}` : ""
  }

  choose(id) {
    this.lap = id
    this.load()
  }

  mark() {
    const at = this.corners?.indexOf(this.bus.cornerAt(this.bus.cursor)) ?? -1
    if (at === this.marked) return
    this.rows.children[this.marked]?.removeAttribute("aria-current")
    this.rows.children[at]?.setAttribute("aria-current", "true")
    this.marked = at
  }
}
