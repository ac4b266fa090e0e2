// The address of the page holds what is looked at: laps, reference, layout, sheet, windows, cursor and marks. It follows
// without a message to Python and without a trace in the browser's history; opened anew it gives the same view.
import {h, icon} from "../dom.js"
import {tell} from "../grid/edits.js"
import {offer} from "../picker/commands.js"

const OURS = ["session", "laps", "colors", "reference", "layout", "base", "sheet", "window", "time", "cursor", "a", "b"]
const SELDOM = ["data", "layout", "laps"]
const QUIET_MS = 400 // how long nothing changes before the address does: browsers refuse to change it all the time
const LONGEST = 30_000 // characters of a layout in an address; servers refuse addresses that are much longer
const CHAIN = "M4.6 7.4l2.8-2.8M5.4 3.8l1.3-1.3a1.98 1.98 0 0 1 2.8 2.8L8.2 6.6M6.6 8.2 5.3 9.5a1.98 1.98 0 0 1-2.8-2.8L3.8 5.4"

export class Address {
  constructor(bus) {
    this.bus = bus
    this.ours = document.body.classList.contains("ps-page") // a notebook's address is not ours
    this.asked = new URLSearchParams(this.ours ? location.search : "") // what the page was opened with
    this.timer = 0
    this.turn = 0
    this.root = h("button", {class: "bar-icon", type: "button", "aria-label": "Copy link", title: "Copy a link to what is shown here", hidden: !this.ours, onclick: () => this.copy()}, icon(CHAIN))
    this.leave = this.ours
      ? [bus.subscribe(["data", "window", "cursor", "marks", "layout", "laps"], (topics) => this.follow(topics)), offer(bus, () => this.commands()), bus.subscribe(["link"], () => this.copy())]
      : []
  }

  destroy() {
    clearTimeout(this.timer)
    for (const leave of this.leave) leave()
  }

  commands() {
    return [{title: "Copy link", group: "Page", also: ["Share this view", "Address, URL"], run: () => this.copy()}]
  }

  follow(topics) {
    if (this.asked && topics.has("data") && this.bus.status.kind !== "loading") {
      const asked = this.asked
      this.asked = null
      this.apply(asked)
    }
    if (this.asked) return
    clearTimeout(this.timer)
    // Laps and layouts change seldom, and a page may be opened anew right after that; cursors and windows never rest.
    if (SELDOM.some((topic) => topics.has(topic))) this.write()
    else this.timer = setTimeout(() => this.write(), QUIET_MS)
  }

  // Looks at what the page was opened with, if that is what is shown.
  apply(asked) {
    const {bus} = this
    const session = asked.get("session")
    if (session && session !== bus.session) return
    const numbers = (name) => (asked.get(name) || "none").split(",").map(Number)
    for (const [name, axis] of [["window", "distance"], ["time", "time"]]) {
      const [from, to] = numbers(name)
      if (to > from && bus.grids[axis].x.length) bus.setWindow(from, to, axis)
    }
    const put = (name, where) => {
      const [place] = numbers(name)
      if (Number.isFinite(place)) where(place)
    }
    put("cursor", (place) => bus.setCursor(place))
    for (const name of ["a", "b"]) put(name, (place) => bus.setMark(name, place))
  }

  async write() {
    const {modified, id} = this.bus.layout ?? {}
    const turn = (this.turn += 1)
    const query = await this.query(modified || id === "link")
    if (turn !== this.turn || `?${query}` === location.search) return
    history.replaceState(history.state, "", `${location.pathname}?${query}${location.hash}`)
  }

  async copy() {
    const {modified, shipped} = this.bus.layout ?? {}
    try {
      const query = await this.query(modified || !shipped) // a reader has none of one's own layouts
      await copyText(`${location.origin}${location.pathname}?${query}`)
      tell(this.bus, {text: "Link copied"})
    } catch (error) {
      tell(this.bus, {text: `The link could not be copied: ${error.message}`, alarm: true})
    }
  }

  // What is looked at, as an address has it. `whole`: with the layout itself and not only its id.
  async query(whole) {
    const {bus} = this
    const {layout, windows, lapList} = bus
    const drawn = bus.laps.map(({id}) => id)
    const refused = [...lapList.laps, ...(lapList.ideal.chosen ? [{id: "ideal", chosen: true}] : [])].filter(({id, chosen}) => chosen && !drawn.includes(id))
    const slots = bus.laps.map(({slot}) => slot)
    const packed = whole && layout ? await this.pack(layout) : ""
    const given = {
      session: bus.session,
      laps: [...drawn, ...refused.map(({id}) => id)].join(","),
      colors: refused.length || slots.every((slot, i) => slot === i) ? "" : slots.join(","),
      reference: bus.reference?.id,
      layout: packed || (layout?.id === "link" ? "" : layout?.id),
      base: packed && layout.id !== "link" ? layout.id : "",
      sheet: layout?.sheet,
      window: windows.distance?.map(brief).join(","),
      time: windows.time?.map(brief).join(","),
      cursor: brief(bus.cursor),
      a: brief(bus.a),
      b: brief(bus.b),
    }
    const others = [...new URLSearchParams(location.search)].filter(([name]) => !OURS.includes(name))
    const all = [...OURS.map((name) => [name, given[name]]).filter(([, value]) => value), ...others]
    return all.map(([name, value]) => `${name}=${encodeURIComponent(value).replaceAll("%2C", ",")}`).join("&")
  }

  // A layout as a piece of an address; "" where that is too long, or a browser cannot.
  async pack({name, document}) {
    if (this.packed?.document === document && this.packed.name === name) return this.packed.text
    let text = ""
    if (globalThis.CompressionStream) {
      const stream = new Blob([JSON.stringify({name, ...document})]).stream().pipeThrough(new CompressionStream("deflate"))
      const bytes = new Uint8Array(await new Response(stream).arrayBuffer())
      text = `~${btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join("")).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")}`
    }
    this.packed = {name, document, text: text.length > LONGEST ? "" : text}
    return this.packed.text
  }
}

// To a millimetre, or a millisecond.
function brief(value) {
  return value === null || !Number.isFinite(value) ? "" : String(Number(value.toFixed(3)))
}

// A page that came over a plain line from another machine has no clipboard of its own to write to.
async function copyText(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text)
  const field = h("textarea", {style: "position:fixed;opacity:0"})
  field.value = text
  document.body.append(field)
  field.select()
  const done = document.execCommand("copy")
  field.remove()
  if (!done) throw new Error("this browser does not allow it")
}
