// All laps of the session with what is known of each. A click on a row shows the lap; what it is and whether it counts
// can be said otherwise than the source does, which is kept.
import {KINDS, WORDS, mayOverride, override, wordOf} from "./lap_words.js"
import {panelFrame} from "./panel_frame.js"
import {SortedTable} from "./sorted_table.js"
import {h} from "../dom.js"
import {fixed, lapTime} from "../numbers.js"
import {ink} from "../theme.js"

const EMPTY = "This session has no finished laps yet."

export class LapTablePanel {
  constructor(bus, {title}) {
    this.bus = bus
    this.frame = panelFrame(title, "lap-table")
    this.table = new SortedTable(columnsFor(0, false), {label: "Laps of the session", testid: "lap-table"})
    this.table.body.addEventListener("keydown", (event) => this.press(event))
    this.message = h("p", {class: "message", text: EMPTY, hidden: true})
    this.frame.body.append(this.table.root, this.message)
    this.leave = bus.subscribe(["laps", "running", "style"], (topics) => this.follow(topics))
    this.show()
  }

  update({title}) {
    this.frame.setTitle(title)
  }

  destroy() {
    this.leave()
  }

  follow(topics) {
    if (topics.has("laps") || topics.has("style")) this.show()
    if (topics.has("running")) this.tick(this.bus.running)
  }

  show() {
    const {laps} = this.bus.lapList
    const sectors = Math.max(0, ...laps.map((lap) => lap.sectors.length))
    this.table.setColumns(columnsFor(sectors, laps.some(({top_kmh}) => top_kmh != null)))
    this.table.root.hidden = !laps.length
    this.message.hidden = laps.length > 0
    this.table.show(laps.map((lap) => this.row(lap)))
    this.frame.note.textContent = laps.length ? `${laps.filter(({counts}) => counts).length} of ${laps.length} count` : ""
  }

  row(lap) {
    const sectors = Object.fromEntries(lap.sectors.map(({time_s}, i) => [`s${i + 1}`, time_s]))
    const values = {number: lap.number, time: lap.time_s, gap: lap.gap_s, ...sectors, top: lap.top_kmh, kind: wordOf(lap), flags: lap.reasons.join(", "), notes: lap.notes ?? ""}
    return {key: lap.id, state: JSON.stringify([lap, ink(lap.color)]), values, build: (tr) => this.build(tr, lap)}
  }

  build(tr, lap) {
    const {bus} = this
    const color = ink(lap.color)
    const running = lap.kind === "running"
    tr.className = [lap.chosen && "chosen", !lap.counts && "aside", lap.reference && "is-reference"].filter(Boolean).join(" ")
    tr.style.setProperty("--lap", lap.chosen ? color : "transparent")
    tr.onclick = (event) => event.target.closest("button, select") ?? bus.ask({op: "toggle", lap: lap.id})
    const shown = h("button", {class: "lap-shown", type: "button", role: "checkbox", "aria-checked": String(lap.chosen), "aria-label": `Show lap ${lap.number}`, "data-focus": "shown", onclick: () => bus.ask({op: "toggle", lap: lap.id})},
      h("span", {class: "swatch", style: lap.chosen ? `background:${color};border-color:${color}` : ""}), lap.guest ? `${lap.number} \u00b7 ${lap.home}` : String(lap.number))
    const reference = h("button", {class: "reference", type: "button", text: "R", hidden: running, "aria-pressed": String(lap.reference), "aria-label": `Reference: lap ${lap.number}`, title: lap.reference ? "The reference" : "Make it the reference (r)", onclick: () => bus.ask({op: "reference", lap: lap.id})})
    const gap = lap.best ? "best" : lap.gap_s == null ? "" : fixed(lap.gap_s, 3, true)
    const flags = lap.reasons.join("; ")
    const cells = {
      number: [shown, reference], time: [running ? "" : lapTime(lap.time_s)], gap: [gap], top: [fixed(lap.top_kmh, 1)], kind: [this.kind(lap)],
      flags: [h("span", {text: flags || (lap.telemetry ? "" : "no telemetry"), title: flags})], notes: [h("span", {text: firstLine(lap.notes), title: lap.notes ?? ""})],
    }
    lap.sectors.forEach(({time_s}, i) => (cells[`s${i + 1}`] = [fixed(time_s, 3)]))
    const best = {time: lap.best, gap: lap.best, ...Object.fromEntries(lap.sectors.map((sector, i) => [`s${i + 1}`, sector.best]))}
    const held = tr.getRootNode().activeElement?.closest("[data-focus]")
    const focused = held && tr.contains(held) ? held.dataset.focus : ""
    tr.replaceChildren(...this.table.columns.map(({name, left}) =>
      h(name === "number" ? "th" : "td", {class: [name, left && "left", best[name] && "best"].filter(Boolean).join(" "), scope: name === "number" ? "row" : null, title: best[name] ? "Best of the session" : null}, ...(cells[name] ?? [""]))))
    if (focused) tr.querySelector(`[data-focus="${focused}"]`)?.focus({preventScroll: true})
  }

  // What the lap is, and the choice of another word for it; of a lap that is somebody else's or still driven only the word.
  kind(lap) {
    if (!mayOverride(lap)) return h("span", {text: KINDS[lap.kind] ?? lap.kind})
    const now = wordOf(lap)
    const select = h("select", {class: now === WORDS.not.text ? "lap-kind invalid" : "lap-kind", "aria-label": `What lap ${lap.number} is`, title: lap.reasons.join("; ") || "What this lap is, and whether it counts", "data-focus": "kind"},
      h("option", {value: "", text: now}), ...Object.entries(WORDS).filter(([, {text}]) => text !== now).map(([name, {text}]) => h("option", {value: name, text})))
    select.addEventListener("change", () => {
      const word = select.value
      select.value = ""
      override(this.bus, lap.id, word)
    })
    return select
  }

  tick({lap, time_s}) {
    const cell = this.table.built.get(lap)?.querySelector(".time")
    if (cell) cell.textContent = lapTime(time_s).slice(0, -2)
  }

  // Up and down go from row to row, r makes the lap the reference.
  press(event) {
    const {target, key} = event
    const tr = target.closest("tr")
    if (target.tagName === "SELECT" || !tr) return
    const next = {ArrowDown: tr.nextElementSibling, ArrowUp: tr.previousElementSibling}[key]
    if (next) next.querySelector('[data-focus="shown"]').focus()
    else if (key === "r") tr.querySelector(".reference:not([hidden])")?.click()
    else if (!["ArrowDown", "ArrowUp"].includes(key)) return
    event.preventDefault()
    event.stopPropagation()
  }
}

function columnsFor(sectors, top) {
  const each = Array.from({length: sectors}, (_, i) => ({name: `s${i + 1}`, text: `S${i + 1}`, unit: "s", title: `Time of sector ${i + 1}`}))
  return [
    {name: "number", text: "Lap", left: true, title: "The laps in the order they were driven"},
    {name: "time", text: "Time", title: "Lap time"},
    {name: "gap", text: "Gap", unit: "s", title: "To the best lap of the session"},
    ...each,
    ...(top ? [{name: "top", text: "Top", unit: "km/h", title: "Highest speed", first: "down"}] : []),
    {name: "kind", text: "Kind", left: true, title: "What the lap is, and whether it counts"},
    {name: "flags", text: "Flags", left: true, title: "What to mind about it"},
    {name: "notes", text: "Notes", left: true, title: "What was written about it"},
  ]
}

function firstLine(text) {
  return (text ?? "").split("\n", 1)[0]
}
