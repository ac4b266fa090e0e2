// The laps of the session, and those of others that are shown beside them: click shows a lap, R makes it the reference.
// Rows are kept, so nothing jumps when laps come.
import {h, icon, stroke} from "../dom.js"
import {IdealRow} from "./ideal_row.js"
import {KINDS, mayOverride, overrideRows} from "./lap_words.js"
import {panelFrame} from "./panel_frame.js"
import {openMenu} from "../menu.js"
import {fixed, lapTime} from "../numbers.js"
import {ink} from "../theme.js"

const DOTS = "M1.6 6h.8M5.6 6h.8M9.6 6h.8"

class LapRow {
  constructor(bus, id) {
    this.bus = bus
    this.lap = {id}
    const toggle = () => bus.ask({op: "toggle", lap: id})
    this.swatch = h("span", {class: "swatch", "aria-hidden": "true"})
    this.number = h("span", {class: "lap-number"})
    this.time = h("span", {class: "lap-time number"})
    this.gap = h("span", {class: "lap-gap number"})
    this.marks = h("span", {class: "marks"})
    this.sectors = h("span", {class: "sectors number"})
    this.toggle = h("button", {class: "lap", type: "button", role: "checkbox", onclick: toggle},
      this.swatch, this.number, this.time, this.gap, this.marks, this.sectors)
    this.more = h("button", {class: "lap-more", type: "button", tabindex: "-1", "aria-haspopup": "menu", onclick: () => this.open()}, icon(DOTS))
    this.reference = h("button", {class: "reference", type: "button", text: "R", onclick: () => bus.ask({op: "reference", lap: id})})
    this.away = h("button", {class: "lap-away", type: "button", text: "\u00d7", title: "Take it away", onclick: toggle})
    this.home = h("p", {class: "home", hidden: true})
    this.reason = h("p", {class: "reason", hidden: true})
    const light = (lap) => () => bus.light(lap) // its lines stand out in every plot
    this.root = h("li", {"data-lap": id, onpointerenter: light(id), onpointerleave: light(""), onfocusin: light(id), onfocusout: light(""), oncontextmenu: (event) => this.point(event)},
      h("div", {class: "row"}, this.toggle, this.more, this.reference, this.away), this.home, this.reason)
  }

  show(lap) {
    const color = ink(lap.color)
    const state = JSON.stringify([lap, color])
    if (state === this.state) return
    this.state = state
    this.lap = lap
    const name = `lap ${lap.number}${lap.guest ? ` of ${lap.home}` : ""}`
    this.number.textContent = `Lap ${lap.number}`
    if (lap.kind === "running") this.tick(lap.time_s)
    else this.time.textContent = lapTime(lap.time_s)
    this.time.classList.toggle("best", lap.best)
    this.gap.textContent = lap.best ? "best" : lap.gap_s == null ? "" : fixed(lap.gap_s, 3, true)
    this.gap.hidden = !this.gap.textContent
    this.marks.replaceChildren(...marks(lap))
    this.sectors.replaceChildren(...lap.sectors.map(sectorTime))
    this.reason.hidden = !lap.refused
    this.reason.textContent = lap.refused
    this.home.hidden = !lap.guest
    this.home.textContent = [lap.home, lap.readonly && `shared by ${lap.owner}`].filter(Boolean).join(" \u00b7 ")
    this.swatch.replaceChildren(...(lap.chosen ? [stroke(color, lap.dash)] : []))
    this.root.style.setProperty("--lap", lap.chosen ? color : "transparent")
    this.root.className = [lap.chosen && "chosen", !lap.counts && "aside", lap.reference && "is-reference"].filter(Boolean).join(" ")
    this.toggle.setAttribute("aria-checked", String(lap.chosen))
    const kind = lap.kind !== "timed" && KINDS[lap.kind] ? `, ${KINDS[lap.kind]}` : ""
    const flags = lap.flags.length ? `, ${lap.flags.join(", ")}` : ""
    this.toggle.setAttribute("aria-label", `L${name.slice(1)}, ${lap.time_s == null ? "no time" : lapTime(lap.time_s)}${kind}${lap.valid ? "" : ", invalid"}${flags}`)
    this.toggle.title = [lap.kind !== "timed" && KINDS[lap.kind], lap.best && "best of the session", ...lap.reasons, !lap.telemetry && "no telemetry", lap.notes].filter(Boolean).join(" \u00b7 ")
    this.more.hidden = !mayOverride(lap)
    this.more.setAttribute("aria-label", `What ${name} is`)
    this.more.title = "What this lap is, and whether it counts (Shift-F10)"
    this.reference.setAttribute("aria-pressed", String(lap.reference))
    this.reference.setAttribute("aria-label", `Reference: ${name}`)
    this.reference.title = lap.reference ? "The reference" : "Make it the reference"
    this.reference.hidden = lap.kind === "running" // it can be one when it is over
    this.away.hidden = !lap.guest
    this.away.setAttribute("aria-label", `Take ${name} away`)
  }

  // How long the lap has been driven: tenths are what an eye can follow.
  tick(time_s) {
    this.time.textContent = lapTime(time_s).slice(0, -2)
  }

  // Its menu: what the lap is.
  open(at = null) {
    if (mayOverride(this.lap)) openMenu(this.more, overrideRows(this.bus, this.lap), {label: this.more.getAttribute("aria-label"), at})
  }

  point(event) {
    if (!mayOverride(this.lap)) return
    event.preventDefault()
    const {clientX: x, clientY: y} = event
    this.open(x || y ? {left: x, right: x, top: y, bottom: y} : null)
  }
}

function sectorTime({time_s, best}, i) {
  const title = `Sector ${i + 1}${best ? ", best of the session" : ""}`
  return h("span", {class: best ? "sector best" : "sector", title, text: fixed(time_s, 3)})
}

function marks(lap) {
  const found = []
  const reasons = lap.reasons.join("; ")
  if (lap.flags.length) found.push(h("span", {class: "flag", title: lap.flags.join("; "), text: "\u2691"}))
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
    this.others = h("ul", {"aria-label": "Laps from other sessions", "data-testid": "guests"})
    this.elsewhere = h("section", {class: "elsewhere", hidden: true}, h("h3", {text: "From other sessions"}), this.others)
    this.frame.body.addEventListener("keydown", (event) => this.walk(event))
    this.ideal = new IdealRow(bus)
    this.frame.body.append(this.ideal.root, this.list, this.elsewhere)
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
      if (this.bus.lit === id) this.bus.light("")
    }
    const guests = laps.filter((lap) => lap.guest)
    const home = laps.filter((lap) => !lap.guest)
    this.fill(this.list, home)
    this.fill(this.others, guests)
    this.elsewhere.hidden = !guests.length
    const shown = home.filter((lap) => lap.chosen).length
    this.frame.note.textContent = home.length ? `${shown} of ${home.length} shown` : ""
  }

  fill(list, laps) {
    laps.forEach((lap, i) => {
      if (!this.rows.has(lap.id)) this.rows.set(lap.id, new LapRow(this.bus, lap.id))
      const row = this.rows.get(lap.id)
      row.show(lap)
      if (list.children[i] !== row.root) list.insertBefore(row.root, list.children[i] ?? null)
    })
  }

  tick({lap, time_s}) {
    this.rows.get(lap)?.tick(time_s)
  }

  walk(event) {
    const step = {ArrowDown: 1, ArrowUp: -1}[event.key]
    if (!step) return
    const kind = ["reference", "lap-away"].find((name) => event.target.classList.contains(name)) ?? "lap"
    const buttons = [...this.frame.body.querySelectorAll(`.${kind}`)].filter((button) => button.offsetWidth)
    buttons[buttons.indexOf(event.target) + step]?.focus()
    event.preventDefault()
    event.stopPropagation()
  }
}
