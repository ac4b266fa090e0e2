// The session's video at the cursor: it follows the cursor while it stands still, and the cursor follows it while it plays.
// `offset_s` is where in the video the session's first frame is.
import {VideoClock} from "./video_clock.js"
import {panelFrame} from "./panel_frame.js"
import {h, icon} from "../dom.js"
import {fixed} from "../numbers.js"

const STEP_S = 0.1
const FINE_S = 0.02
const SAVE_MS = 400 // after the last nudge
const RANGE_S = 5 // to either side, what the slider reaches at once
const PLAY = "M3 1.5v9l7-4.5z"
const PAUSE = "M3 1.5v9M8.5 1.5v9"
const GONE = {
  2: "The video stopped arriving. Is `psa serve` still running?",
  3: "This browser cannot decode the video. MP4 with H.264, or WebM, plays everywhere.",
  4: "The video is gone, or this browser cannot play its format. MP4 with H.264, or WebM, plays everywhere.",
}

export class VideoPanel {
  constructor(bus, config) {
    this.bus = bus
    this.plot = config.id
    this.offset = 0
    this.url = ""
    this.frame = panelFrame(config.title, "video")
    this.video = h("video", {preload: "auto", playsinline: true, tabindex: "0", "aria-label": "Video of the session", "data-testid": "video"})
    this.clock = new VideoClock(bus, this.video, () => this.offset)
    this.build()
    for (const name of ["play", "pause", "ended", "loadedmetadata", "emptied"]) this.video.addEventListener(name, () => this.tell())
    this.video.addEventListener("error", () => this.say(GONE[this.video.error?.code] ?? GONE[4]))
    this.video.addEventListener("loadedmetadata", () => this.follow())
    this.video.addEventListener("click", () => this.toggle())
    this.frame.root.addEventListener("keydown", (event) => this.press(event))
    this.leave = bus.subscribe(["panel", "cursor", "data"], (topics) => this.hear(topics))
    bus.ask({op: "panel", plot: this.plot, do: "open"})
    this.show()
  }

  build() {
    this.play = h("button", {class: "video-play", type: "button", "aria-label": "Play", title: "Play (space)", onclick: () => this.toggle()}, icon(PLAY))
    this.lap = h("span", {class: "video-lap"})
    this.rate = h("select", {"aria-label": "Speed of playing", title: "Speed of playing", onchange: () => (this.video.playbackRate = Number(this.rate.value))},
      ...[0.25, 0.5, 1, 2].map((rate) => h("option", {value: rate, text: `${rate}\u00d7`, selected: rate === 1})))
    const nudge = (text, by, title) => h("button", {type: "button", text, title, "aria-label": title, onclick: () => this.move(this.offset + by)})
    this.slider = h("input", {type: "range", min: -RANGE_S, max: RANGE_S, step: FINE_S, value: 0, "aria-label": "Move the video against the data", title: "Move the video against the data"})
    this.slider.addEventListener("pointerdown", () => (this.from = this.offset))
    this.slider.addEventListener("input", () => this.move((this.from ??= this.offset) + Number(this.slider.value)))
    this.slider.addEventListener("change", () => {
      this.slider.value = 0
      this.from = undefined
    })
    this.shift = h("span", {class: "number video-offset", title: "Where in the video the session begins"})
    const start = h("button", {type: "button", text: "Lap starts here", title: "What the video shows now is the start of the lap", onclick: () => this.startHere()})
    this.detach = h("button", {type: "button", text: "Detach", title: "Take the video away from this session; the file stays", onclick: () => this.attach(null)})
    this.align = h("span", {class: "video-align"}, nudge("\u22120.1", -STEP_S, "The video 0.1 s earlier"), this.slider, nudge("+0.1", STEP_S, "The video 0.1 s later"), this.shift, start, this.detach)
    this.controls = h("div", {class: "video-controls"}, this.play, this.rate, this.lap, this.align)
    this.path = h("input", {type: "text", placeholder: "/home/anna/videos/monza.mp4", "aria-label": "Path of the video", spellcheck: "false", autocomplete: "off"})
    this.form = h("form", {class: "video-form"}, h("p", {text: "Attach a video \u2026"}), this.path, h("button", {type: "submit", text: "Attach"}),
      this.about = h("p", {class: "video-about", text: "Its path on the machine where psa serve runs: MP4, WebM, MOV, MKV, M4V or OGV. The file stays where it is."}))
    this.form.addEventListener("submit", (event) => {
      event.preventDefault()
      if (this.path.value.trim()) this.attach(this.path.value.trim())
    })
    this.message = h("p", {class: "message", role: "status", hidden: true})
    this.frame.body.append(this.video, this.message, this.form, this.controls)
  }

  update({title}) {
    this.frame.setTitle(title)
  }

  destroy() {
    this.save()
    this.leave()
    this.clock.destroy()
    this.video.removeAttribute("src")
    this.video.load()
  }

  hear(topics) {
    if (topics.has("panel") || topics.has("data")) this.show()
    if (topics.has("cursor") || topics.has("data")) this.follow()
  }

  show() {
    const said = this.bus.panelData.get(this.plot)
    const url = said?.url ? new URL(said.url, document.baseURI).href : ""
    if (url !== this.url) {
      this.url = url
      clearTimeout(this.saving) // it was of the session before
      this.saving = 0
      this.say("")
      if (url) this.video.src = url
      else this.video.removeAttribute("src")
      this.video.load()
    }
    if (said && !this.saving) this.offset = said.offset_s ?? 0
    const editable = Boolean(said?.editable)
    this.form.hidden = Boolean(url) || !editable
    this.about.classList.toggle("problem", Boolean(said?.problem))
    if (said?.problem) this.about.textContent = said.problem
    this.video.hidden = this.controls.hidden = !url
    this.align.hidden = !editable
    this.frame.note.textContent = said?.name ?? ""
    if (!url) this.say(said && !editable ? "There is no video of this session." : "")
    this.tell()
  }

  // What cannot be shown, in a sentence over the picture.
  say(text) {
    this.message.textContent = text.replaceAll("`", "")
    this.message.hidden = !text
  }

  tell() {
    const {paused} = this.video
    this.play.replaceChildren(icon(paused ? PLAY : PAUSE))
    this.play.setAttribute("aria-label", paused ? "Play" : "Pause")
    this.play.title = paused ? "Play (space)" : "Pause (space)"
    this.shift.textContent = `${fixed(this.offset, 2, true)} s`
    const {lap} = this.clock
    this.lap.textContent = lap ? lap.label : this.url ? "no lap of this session is shown" : ""
  }

  follow() {
    this.clock.seek()
    this.tell()
  }

  toggle() {
    if (!this.url) return
    if (this.video.paused) this.video.play().catch(() => {})
    else this.video.pause()
  }

  press(event) {
    if (["INPUT", "SELECT", "BUTTON"].includes(event.composedPath()[0].tagName) || event.key !== " ") return
    event.preventDefault()
    event.stopPropagation()
    this.toggle()
  }

  attach(path) {
    this.bus.ask({op: "panel", plot: this.plot, do: "video", session: this.bus.panelData.get(this.plot)?.session, path, offset_s: 0})
  }

  // Another offset: seen at once, kept when the hand rests.
  move(offset) {
    this.offset = Math.round(offset * 1000) / 1000
    this.clock.seek()
    this.tell()
    clearTimeout(this.saving)
    const {session, name} = this.bus.panelData.get(this.plot) ?? {}
    this.unsaved = {op: "panel", plot: this.plot, do: "align", session, name, offset_s: this.offset}
    this.saving = setTimeout(() => this.save(), SAVE_MS)
  }

  save() {
    clearTimeout(this.saving)
    this.saving = 0
    if (this.unsaved) this.bus.ask(this.unsaved)
    this.unsaved = null
  }

  startHere() {
    const {lap} = this.clock
    if (!lap) return
    this.move(this.video.currentTime - lap.since_s)
    this.bus.setCursor(this.bus.extent[0])
  }
}
