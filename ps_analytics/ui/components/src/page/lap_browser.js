// Laps of any session on the track: found as one types, shown with a click, made the reference with another. Sessions come
// a page at a time, as far as one scrolls.
import {h} from "../dom.js"
import {lapTime} from "../numbers.js"
import {sentence} from "../grid/edits.js"
import {KINDS} from "../panels/lap_words.js"
import {SearchDialog} from "../picker/dialog.js"
import {ink} from "../theme.js"

const TOP = 60 // pixels from the top of the window
const TYPING_MS = 120
const NEAR_END = 300 // pixels from the end of the list where the next page is asked for

export class LapBrowser extends SearchDialog {
  constructor(bus, home) {
    super({name: "lap-browser", label: "Laps", placeholder: "Find by car, session, date or notes", many: true})
    this.bus = bus
    this.home = home // whose root the dialog belongs to
    this.request = 0
    this.next = null // where the next page begins
    this.heading = h("h2")
    this.counts = h("input", {type: "checkbox", onchange: () => this.search()})
    this.found = h("span", {class: "browser-found", role: "status"})
    this.root.append(
      h("header", {}, this.heading, h("button", {class: "browser-shut", type: "button", "aria-label": "Close", text: "\u00d7", onclick: () => this.close()})),
      h("div", {class: "browser-bar"}, this.input, h("label", {}, this.counts, "only laps that count")),
      this.list, this.nothing,
      h("footer", {}, this.found, h("span", {}, h("kbd", {text: "Enter"}), " shows or hides, ", h("kbd", {text: "Shift-Enter"}), " makes it the reference")))
    this.list.addEventListener("scroll", () => this.more())
    bus.hear("browse", (answer) => this.take(answer))
    this.leave = [
      bus.subscribe(["browse"], () => this.open()),
      bus.subscribe(["laps", "data", "style"], () => this.isOpen && this.mark()),
    ]
  }

  destroy() {
    clearTimeout(this.timer)
    for (const leave of this.leave) leave()
    this.root.remove()
  }

  open() {
    this.home.getRootNode().append(this.root)
    this.list.replaceChildren()
    this.heading.textContent = "Laps"
    this.show()
    const left = Math.max((globalThis.innerWidth - this.root.offsetWidth) / 2, 6)
    Object.assign(this.root.style, {left: `${left}px`, top: `${TOP}px`})
  }

  // Asks for what is sought; the first letters at once, those of a word when it is typed.
  search() {
    clearTimeout(this.timer)
    const ask = () => this.ask(0)
    if (this.input.value) this.timer = setTimeout(ask, TYPING_MS)
    else ask()
  }

  ask(from) {
    this.request += 1
    this.next = null
    this.bus.ask({op: "browse", request: this.request, from, search: this.input.value, counts: this.counts.checked})
  }

  more() {
    const {scrollTop, scrollHeight, clientHeight} = this.list
    if (this.isOpen && this.next !== null && scrollTop + clientHeight > scrollHeight - NEAR_END) this.ask(this.next)
  }

  take({request, from, track, sessions, found, next}) {
    if (request !== this.request) return // of what was typed before
    this.next = next
    this.heading.textContent = track ? `Laps of ${track}` : "Laps of all tracks"
    this.root.setAttribute("aria-label", this.heading.textContent)
    const groups = sessions.map((session) => this.group(session))
    if (from) this.list.append(...groups)
    else {
      this.list.replaceChildren(...groups)
      this.list.scrollTop = 0
    }
    this.options = [...this.list.querySelectorAll(".browser-lap")].map((option) => ({option, lap: option.dataset.lap, run: () => this.bus.ask({op: "toggle", lap: option.dataset.lap})}))
    if (!from) this.activate(this.input.value ? this.options[0] ?? null : null)
    this.found.textContent = found === 1 ? "1 session" : `${found} sessions`
    this.nothing.hidden = found > 0
    this.nothing.textContent = this.input.value.trim() ? `Nothing here has \u201c${this.input.value.trim()}\u201d in car, session, date or notes.` : "There are no laps here yet."
    this.mark()
    this.more()
  }

  group({name, when, car, owner, best_s, notes, here, laps}) {
    const facts = [when, car, owner && `shared by ${owner}`, here && "shown now"].filter(Boolean).join(" \u00b7 ")
    const line = (notes ?? "").split("\n", 1)[0]
    return h("section", {role: "group", "aria-label": `${name}, ${facts}`},
      h("h3", {}, h("b", {text: name}), h("span", {text: facts}), h("span", {class: "number", text: best_s == null ? "" : lapTime(best_s), title: "Best of the session"})),
      ...(line ? [h("p", {class: "browser-notes", text: line, title: notes})] : []),
      h("div", {class: "browser-laps"}, ...laps.map((lap) => this.lap(lap))))
  }

  lap({id, number, time_s, kind, counts, best, reasons, telemetry, notes}) {
    const {bus} = this
    const about = [KINDS[kind] && kind !== "timed" ? KINDS[kind] : "", ...reasons, telemetry ? "" : "no telemetry", notes].filter(Boolean).map(sentence).join("\n")
    const why = kind !== "timed" ? kind : counts ? "" : "\u00d7"
    const reference = h("button", {class: "reference", type: "button", tabindex: "-1", text: "R", "aria-label": `Reference: lap ${number}`, title: "Make it the reference", onclick: (event) => {
      event.stopPropagation()
      bus.ask({op: "reference", lap: id})
    }})
    const classes = ["browser-lap", !counts && "aside", best && "is-best", notes && "has-notes"].filter(Boolean).join(" ")
    return h("div", {class: classes, role: "option", "data-lap": id, tabindex: "-1", title: about, "aria-label": `Lap ${number}, ${time_s == null ? "no time" : lapTime(time_s)}`, onclick: () => bus.ask({op: "toggle", lap: id})},
      h("span", {class: "swatch"}), h("span", {class: "lap-number", text: number}), h("span", {class: "lap-time number", text: lapTime(time_s)}), h("span", {class: "browser-why", text: why}), reference)
  }

  // Which of them are shown, and as what.
  mark() {
    const shown = new Map(this.bus.laps.map((lap) => [lap.id, lap]))
    for (const lap of this.bus.lapList.laps) if (lap.chosen && !shown.has(lap.id)) shown.set(lap.id, lap)
    for (const {option, lap: id} of this.options) {
      const lap = shown.get(id)
      const color = lap ? ink(lap.color) : ""
      option.setAttribute("aria-selected", String(Boolean(lap)))
      option.classList.toggle("is-reference", id === this.bus.reference?.id)
      option.querySelector(".swatch").style.cssText = lap ? `background:${color};border-color:${color}` : ""
    }
  }

  // The reference: with Shift-Enter, or r where nothing is typed into.
  own(event) {
    const inField = event.composedPath()[0] === this.input
    const wanted = (event.key === "Enter" && event.shiftKey) || (event.key.toLowerCase() === "r" && !inField && !event.ctrlKey && !event.metaKey)
    if (wanted && this.active) this.bus.ask({op: "reference", lap: this.active.lap})
    return wanted
  }
}
