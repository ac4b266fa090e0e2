// What hands, feet and engine do at the cursor, of the compared lap and the reference side by side: pedals as upright
// bars, steering as a bar from the middle, the numbers one looks for large, everything else with where it lies in its range.
import {panelFrame} from "./panel_frame.js"
import {comparedLap} from "./track_map_colors.js"
import {range} from "./track_map_view.js"
import {h} from "../dom.js"
import {fixed} from "../numbers.js"
import {ink} from "../theme.js"

const PEDALS = ["throttle", "brake", "clutch", "handbrake"]
const TURNED = ["steering", "steering_angle"]
const LARGE = ["gear", "speed", "gps_speed", "rpm"]
const NOTHING = "Put channels on these gauges: their values at the cursor appear here."

// One channel of one lap: `set` shows a value.
class Needle {
  constructor(channel, lap, kind, ends) {
    this.channel = channel
    this.lap = lap
    this.ends = ends
    this.kind = kind
    this.share = NaN
    this.text = ""
    this.bar = h("i", {class: "gauge-bar"})
    this.number = h("span", {class: "number", style: `min-width:${kind === "large" ? 0 : channel.width ?? 5}ch`})
    this.root = h("div", {class: "needle", style: `--lap:${ink(lap.color)}`, title: lap.label},
      h("span", {class: "gauge-track", "aria-hidden": "true"}, this.bar), this.number)
  }

  set(value) {
    const {channel, kind, ends: [low, high]} = this
    const text = fixed(value, channel.decimals ?? 1, channel.signed)
    if (text !== this.text) this.number.textContent = this.text = text
    const known = !(value == null || Number.isNaN(value))
    const share = known && high > low ? Math.min(Math.max((value - low) / (high - low), 0), 1) : 0
    if (share === this.share) return
    this.share = share
    if (kind === "turned") {
      const by = known ? share - 0.5 : 0
      this.bar.style.transform = `translateX(${by < 0 ? by * 100 : 0}%) scaleX(${Math.abs(by)})`
    } else this.bar.style.transform = kind === "pedal" ? `scaleY(${share})` : `scaleX(${share})`
  }
}

export class GaugePanel {
  constructor(bus, config) {
    this.bus = bus
    this.frame = panelFrame(config.title, "gauges")
    this.board = h("div", {class: "board", "data-testid": "gauges"})
    this.message = h("p", {class: "message", text: NOTHING, hidden: true})
    this.frame.body.append(this.board, this.message)
    this.needles = []
    this.state = ""
    this.read(config)
    this.leave = bus.subscribe(["data", "style", "cursor", "detail"], (topics) => this.follow(topics))
    this.load()
  }

  read({channels, options}) {
    this.chains = channels.map((name) => [name, ...(options?.instead?.[name] ?? [])])
  }

  update(config) {
    this.read(config)
    this.frame.setTitle(config.title)
    this.load()
  }

  destroy() {
    this.leave()
  }

  follow(topics) {
    if (topics.has("data") || topics.has("style")) this.load()
    else this.show()
  }

  // The compared lap first: it is the one that is being judged.
  get laps() {
    const {reference} = this.bus
    return [comparedLap(this.bus), reference].filter(Boolean)
  }

  load() {
    const {bus, laps, chains} = this
    const shown = chains.map((chain) => chain.find((name) => laps.some(({id}) => bus.column(id, name))) ?? chain[0])
    const state = JSON.stringify([shown, laps, laps.map(({color}) => ink(color)), shown.map((name) => bus.channels[name]), bus.generation])
    if (state === this.state) return this.show()
    this.state = state
    this.message.hidden = chains.length > 0
    this.needles = []
    const groups = {pedal: [], large: [], turned: [], other: []}
    for (const name of shown) {
      const kind = kindOf(name)
      groups[kind].push(this.build(name, bus.channels[name] ?? {label: name}, kind))
    }
    this.board.replaceChildren(...Object.entries(groups).filter(([, found]) => found.length).map(([kind, found]) => h("div", {class: `gauge-group ${kind}s`}, ...found)))
    const names = laps.map((lap) => h("b", {style: `color:${ink(lap.color)}`, text: lap.label}))
    this.frame.note.replaceChildren(...names.flatMap((name, i) => (i ? [" \u00b7 ", name] : [name])))
    this.show()
  }

  build(name, channel, kind) {
    const columns = this.laps.map(({id}) => this.bus.column(id, name))
    const label = h("span", {class: "gauge-label", title: channel.label}, h("span", {text: channel.label ?? name}), ...(channel.unit ? [h("i", {text: channel.unit})] : []))
    if (!columns.some(Boolean)) return h("div", {class: `gauge ${kind} missing`}, label, h("i", {text: "not recorded"}))
    const ends = endsOf(channel, kind, columns)
    const needles = this.laps.map((lap) => new Needle({...channel, name}, lap, kind, ends))
    this.needles.push(...needles)
    return h("div", {class: `gauge ${kind}`, role: "group", "aria-label": channel.label ?? name}, label, h("div", {class: "needles"}, ...needles.map(({root}) => root)))
  }

  show() {
    const {bus} = this
    const {main} = bus
    const grid = bus.seen(main)
    if (!grid.x.length) return
    const at = grid.indexOf(bus.cursor)
    for (const needle of this.needles) needle.set(bus.column(needle.lap.id, needle.channel.name, main, grid)?.[at])
  }
}

function kindOf(name) {
  return PEDALS.includes(name) ? "pedal" : TURNED.includes(name) ? "turned" : LARGE.includes(name) ? "large" : "other"
}

// What a bar spans: a pedal's whole way, as far to the left as to the right, else what the laps reach.
function endsOf({fixed: kept}, kind, columns) {
  const found = columns.filter(Boolean).map((column) => range(column))
  const [low, high] = [Math.min(...found.map(([each]) => each)), Math.max(...found.map(([, each]) => each))]
  if (kind === "pedal" && kept) return [0, Math.max(100, high)]
  if (kind === "turned") return [-Math.max(-low, high), Math.max(-low, high)]
  return [low, high]
}
