// The formula on the current lap, and beneath it the channels it reads: same x, one cursor, in step with the page's plots.
import {Bus} from "../bus.js"
import {h} from "../dom.js"
import {fixed} from "../numbers.js"
import {between} from "../sample_grid.js"
import {ink} from "../theme.js"
import {TracePanel} from "../panels/traces.js"

const COLOR = "#4cc2ff"
const AXES = [["distance", "Distance"], ["time", "Time"]]

export class MathPreview {
  constructor(page, ask) {
    this.page = page
    this.ask = ask
    this.bus = new Bus("")
    this.axis = "distance"
    this.message = null
    this.laps = {laps: [], lap: ""}
    this.generation = 0
    this.axes = AXES.map(([axis, text]) => h("button", {type: "button", class: "chip", "aria-pressed": "false", text, onclick: () => this.turn(axis)}))
    this.choice = h("span", {class: "chips", role: "group", "aria-label": "Lap to try it on"})
    this.figures = h("div", {class: "figures", "aria-label": "Over the lap", "data-testid": "math-figures"})
    this.stale = h("span", {class: "stale-note", text: "stale", title: "Of the last formula that was right", hidden: true})
    this.note = h("p", {class: "message", "data-testid": "math-note", hidden: true})
    this.value = new TracePanel(this.bus, {title: "Value", channels: ["value"], mode: "tiled"})
    this.inputs = new TracePanel(this.bus, {title: "Reads", channels: [], mode: "tiled"})
    this.cells = [this.value, this.inputs].map((panel, i) => h("div", {class: i ? "preview-cell reads" : "preview-cell"}, panel.frame.root))
    this.head = h("div", {class: "preview-head"}, this.figures, this.stale, this.choice, h("span", {class: "chips axes", role: "group", "aria-label": "Over"}, ...this.axes))
    this.root = h("div", {class: "math-preview", "data-testid": "math-preview"}, this.head, h("div", {class: "preview-plots"}, ...this.cells, this.note))
    this.leave = [
      this.bus.subscribe(["cursor", "window"], () => this.lead()),
      page.subscribe(["cursor", "window"], () => this.follow()),
      page.subscribe(["style"], () => {
        this.offer(this.laps)
        this.bus.announce("style")
      }),
    ]
  }

  destroy() {
    for (const leave of this.leave) leave()
    this.value.destroy()
    this.inputs.destroy()
  }

  offer(laps) {
    this.laps = laps
    const chip = ({id, label, color}) => h("button", {
      type: "button", class: "chip", "aria-pressed": String(id === laps.lap), style: `--lap:${ink(color)}`, text: label,
      title: `Try it on ${label}`, onclick: () => this.ask("lap", {lap: id}),
    })
    this.choice.replaceChildren(...(laps.laps.length > 1 ? laps.laps.map(chip) : []))
  }

  // A preview of Python's. One without values leaves the plots of the last one, if it was of the same channel.
  show(message, {name, formula}) {
    const plain = ({columns}) => (columns instanceof Map ? Object.fromEntries(columns) : columns)
    const kept = message.time ? message : this.message?.key === message.key ? this.message : null
    this.message = kept && {...kept, columns: plain(kept)}
    this.note.textContent = message.note
    this.note.hidden = !message.note || Boolean(kept && !message.time)
    this.name = name
    this.draw()
    this.compare(formula)
  }

  // Whether what is drawn is of the formula as typed.
  compare(formula) {
    const old = Boolean(this.message) && this.message.formula !== formula
    this.root.classList.toggle("stale", old)
    this.stale.hidden = !old
  }

  // Why there is nothing to draw, or nothing new.
  excuse({diagnostics, tried}) {
    const [first] = diagnostics
    if (tried || this.message) return
    this.note.textContent = first?.severity === "warning" ? `Not on this lap: ${first.message}.` : "Its values appear here once the formula is right."
    this.note.hidden = false
  }

  turn(axis) {
    this.axis = axis
    this.draw()
  }

  draw() {
    const {message, bus} = this
    this.cells.forEach((cell) => (cell.hidden = !message))
    this.figures.replaceChildren()
    if (!message) return
    const axis = message.distance ? this.axis : "time"
    this.axes.forEach((button, i) => {
      button.setAttribute("aria-pressed", String(AXES[i][0] === axis))
      button.disabled = AXES[i][0] === "distance" && !message.distance
    })
    const lap = this.laps.laps.find(({id}) => id === this.laps.lap)
    const {inputs, channels} = message
    for (const each of ["distance", "time"]) bus.receive({op: "clear", axis: each, x: each === axis ? message[axis] : new Float32Array(0)})
    bus.receive({op: "columns", axis, columns: message.columns})
    bus.laps = [{id: "lap", label: lap?.label ?? "Lap", color: lap?.color ?? COLOR, dash: null, reference: false}]
    bus.channels = channels
    bus.corners = axis === "distance" ? this.page.corners : {...this.page.corners, corners: []}
    bus.generation = ++this.generation
    this.value.read({channels: ["value"], mode: "tiled", xAxis: axis})
    this.inputs.read({channels: inputs, mode: "tiled", xAxis: axis})
    this.cells[1].hidden = !inputs.length
    this.cells[1].style.flexGrow = String(Math.max(inputs.length * 0.55, 0.8))
    this.tell(message)
    this.follow(true)
    bus.announce("data")
  }

  tell({least, mean, most, unit, missing, more, channels}) {
    const {decimals, signed, unit: shown} = channels.value
    const figure = (label, value) => h("span", {}, h("i", {text: label}), h("b", {class: "number", text: fixed(value, decimals, signed)}))
    this.figures.replaceChildren(figure("min", least), figure("mean", mean), figure("max", most), h("span", {class: "figures-unit", text: shown ?? unit}),
      ...(missing > 0.0005 ? [h("span", {class: "figures-missing", text: `${(missing * 100).toFixed(missing < 0.1 ? 1 : 0)} % empty`})] : []))
    this.inputs.frame.note.textContent = more ? `and ${more} more` : ""
  }

  // The page's metres to this x and back, through the lap's own samples.
  here(metres) {
    return this.axis === "distance" && this.message?.distance ? metres : between(this.message?.distance, this.message?.time, metres)
  }

  there(place) {
    return this.axis === "distance" && this.message?.distance ? place : between(this.message?.time, this.message?.distance, place)
  }

  get linked() {
    return Boolean(this.page.x.length && this.message?.distance)
  }

  // The page's cursor and zoom come here ...
  follow(all = false) {
    const {page, bus} = this
    if (!this.linked || (!all && page.cursor === this.sent?.cursor && page.window === this.sent?.window)) return
    const cursor = this.here(page.cursor)
    if (!Number.isNaN(cursor)) bus.setCursor(cursor)
    const window = page.window && page.window.map((metres) => this.here(metres))
    if (!window) bus.showAll()
    else bus.setWindow(...window)
    this.taken = {cursor: bus.cursor, window: bus.window}
  }

  // ... and those of this preview go to the page.
  lead() {
    const {page, bus} = this
    if (!this.linked || (bus.cursor === this.taken?.cursor && bus.window === this.taken?.window)) return
    if (bus.cursor !== this.taken?.cursor) page.setCursor(this.there(bus.cursor))
    if (bus.window !== this.taken?.window) {
      if (!bus.window) page.showAll()
      else page.setWindow(...bus.window.map((place) => this.there(place)))
    }
    this.sent = {cursor: page.cursor, window: page.window}
    this.taken = {cursor: bus.cursor, window: bus.window}
  }
}
