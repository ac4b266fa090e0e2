// The laps of the session: click shows a lap, R makes it the reference. Rows are kept, so nothing jumps when laps come.
import {h} from "../dom.js"
import {IdealRow} from "./ideal_row.js"
import {panelFrame} from "./panel_frame.js"
import {fixed, lapTime} from "../numbers.js"
import {ink} from "../theme.js"

const KINDS = {out: "out lap", in: "in lap", pit: "through the pits", partial: "incomplete", standing: "standing start", running: "being driven"}

class LapRow {
  constructor(bus, id) {
    this.swatch = h("span", {class: "swatch", "aria-hidden": "true"})
    this.number = h("span", {class: "lap-number"})
    this.time = h("span", {class: "lap-time number"})
    this.gap = h("span", {class: "lap-gap number"})
    this.marks = h("span", {class: "marks"})
    this.sectors = h("span", {class: "sectors number"})
    this.toggle = h("button", {class: "lap", type: "button", role: "checkbox", onclick: () => bus.ask({op: "toggle", lap: id})},
      this.swatch, this.number, this.time, this.gap, this.marks, this.sectors)
    this.reference = h("button", {class: "reference", type: "button", text: "R", onclick: () => bus.ask({op: "reference", lap: id})})
    this.reason = h("p", {class: "reason", hidden: true})
    const light = (lap) => () => bus.light(lap) // its lines stand out in every plot
    this.root = h("li", {"data-lap": id, onpointerenter: light(id), onpointerleave: light("")}, h("div", {class: "row"}, this.toggle, this.reference), this.reason)
  }

  show(lap) {
    const color = ink(lap.color)
    const state = JSON.stringify([lap, color])
    if (state === this.state) return
    this.state = state
    const reasons = lap.reasons.join("; ")
    this.number.textContent = `Lap ${lap.number}`
    if (lap.kind === "running") this.tick(lap.time_s)
    else this.time.textContent = lapTime(lap.time_s)
    this.time.classList.toggle("best", lap.best)
    this.gap.textContent = lap.best ? "best" : lap.gap_s == null ? "" : fixed(lap.gap_s, 3, true)
    this.gap.hidden = !this.gap.textContent
    this.marks.replaceChildren(...marks(lap, reasons))
    this.sectors.replaceChildren(...lap.sectors.map(sectorTime))
    this.reason.hidden = !lap.refused
    this.reason.textContent = lap.refused
    this.swatch.style.cssText = lap.chosen ? `background:${color};border-color:${color}` : ""
    this.root.style.setProperty("--lap", lap.chosen ? color : "transparent")
    this.root.className = [lap.chosen && "chosen", !lap.counts && "aside", lap.reference && "is-reference"].filter(Boolean).join(" ")
    this.toggle.setAttribute("aria-checked", String(lap.chosen))
    const kind = KINDS[lap.kind] ? `, ${KINDS[lap.kind]}` : ""
    const said = `Lap ${lap.number}, ${lap.time_s == null ? "no time" : lapTime(lap.time_s)}${kind}${lap.valid ? "" : ", invalid"}`
    this.toggle.setAttribute("aria-label", said)
    this.toggle.title = [KINDS[lap.kind], lap.best && "best of the session", reasons].filter(Boolean).join(" \u00b7 ")
    this.reference.setAttribute("aria-pressed", String(lap.reference))
    this.reference.setAttribute("aria-label", `Reference: lap ${lap.number}`)
    this.reference.title = lap.reference ? "The reference" : "Make it the reference"
    this.reference.hidden = lap.kind === "running" // it can be one when it is over
  }

  // How long the lap has been driven: tenths are what an eye can follow.
  tick(time_s) {
    this.time.textContent = lapTime(time_s).slice(0, -2)
  }
}

function sectorTime({time_s, best}, i) {
  const title = `Sector ${i + 1}${best ? ", best of the session" : ""}`
  return h("span", {class: best ? "sector best" : "sector", title, text: fixed(time_s, 3)})
}

function marks(lap, reasons) {
  const found = []
  if (lap.kind !== "timed") found.push(h("span", {class: "badge", title: KINDS[lap.kind], text: lap.kind}))
  // What is no lap from line to line counts for nothing anyway; its reason is in the row's title.
  if (!lap.valid && ["timed", "standing"].includes(lap.kind)) found.push(h("span", {class: "badge invalid", title: reasons || "invalid", text: "invalid"}))
  return found
}

export class LapPanel {
  constructor(bus, {title}) {
    this.bus = bus
    this.frame = panelFrame(title, "laps")
    this.rows = new Map()
    this.list = h("ul", {"aria-label": "Laps", "data-testid": "laps"})
    this.list.addEventListener("keydown", (event) => this.walk(event))
    this.ideal = new IdealRow(bus)
    this.frame.body.append(this.ideal.root, this.list)
    this.leave = bus.subscribe(["laps", "running", "style"], (topics) => this.follow(topics))
    this.show(bus.lapList)
  }

  destroy() {
    this.leave()
  }

  update({title}) {
    this.frame.setTitle(title)
  }

  follow(topics) {
    if (topics.has("laps") || topics.has("style")) this.show(this.bus.lapList)
    if (topics.has("running")) this.tick(this.bus.running)
  }

  show({laps, ideal}) {
    this.ideal.show(ideal)
    const wanted = new Set(laps.map((lap) => lap.id))
    for (const [id, row] of this.rows) {
      if (wanted.has(id)) continue
      row.root.remove()
      this.rows.delete(id)
    }
    laps.forEach((lap, i) => {
      if (!this.rows.has(lap.id)) this.rows.set(lap.id, new LapRow(this.bus, lap.id))
      const row = this.rows.get(lap.id)
      row.show(lap)
      if (this.list.children[i] !== row.root) this.list.insertBefore(row.root, this.list.children[i] ?? null)
    })
    const shown = laps.filter((lap) => lap.chosen).length
    this.frame.note.textContent = laps.length ? `${shown} of ${laps.length} shown` : ""
  }

  tick({lap, time_s}) {
    this.rows.get(lap)?.tick(time_s)
  }

  walk(event) {
    const step = {ArrowDown: 1, ArrowUp: -1}[event.key]
    if (!step) return
    const buttons = [...this.list.querySelectorAll(event.target.classList.contains("reference") ? ".reference" : ".lap")]
    buttons[buttons.indexOf(event.target) + step]?.focus()
    event.preventDefault()
    event.stopPropagation()
  }
}
