// What was written about the session and about a lap. It is kept when a field is left, or with Ctrl-Enter; while somebody
// writes nothing that arrives touches the text.
import {panelFrame} from "./panel_frame.js"
import {h} from "../dom.js"

const SAVED_MS = 2500 // "saved" is said for so long

class NoteField {
  // `keep(text)` sends what was written.
  constructor(label, placeholder, keep) {
    this.keep = keep
    this.known = "" // as it is kept
    this.said = h("span", {class: "note-said", role: "status"})
    this.title = h("span", {class: "note-title", text: label})
    this.text = h("textarea", {"aria-label": label, placeholder, spellcheck: "true", onblur: () => this.save(), onkeydown: (event) => this.press(event), oninput: () => this.say(this.text.value === this.known ? "" : "not saved yet")})
    this.head = h("div", {class: "note-head"}, this.title, this.said)
    this.root = h("div", {class: "note-field"}, this.head, this.text)
  }

  // What is kept; a text that is being written stays.
  show(text, {editable}) {
    this.text.readOnly = !editable
    const written = this.text.value
    if (this.sent !== undefined && text === this.sent) this.saved()
    if (written === this.known || written === text) this.text.value = text
    this.known = text
  }

  // Another thing is written about.
  turnTo(text, given) {
    this.save()
    this.sent = undefined
    this.say("")
    this.known = this.text.value = ""
    this.show(text, given)
  }

  save() {
    if (this.text.readOnly || this.text.value === this.known || this.text.value === this.sent) return
    this.sent = this.text.value
    this.say("saving \u2026")
    this.keep(this.sent)
  }

  saved() {
    this.sent = undefined
    this.say("saved")
    clearTimeout(this.timer)
    this.timer = setTimeout(() => this.said.textContent === "saved" && this.say(""), SAVED_MS)
  }

  failed(problem) {
    this.sent = undefined
    this.say(problem)
  }

  say(text) {
    this.said.textContent = text
  }

  press(event) {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault()
      this.save()
    }
    if (event.key === "Escape") this.text.blur()
    event.stopPropagation()
  }
}

export class NotesPanel {
  constructor(bus, config) {
    this.bus = bus
    this.plot = config.id
    this.frame = panelFrame(config.title, "notes")
    this.lap = "" // whose note is shown
    this.chosen = "" // that the user chose
    this.session = new NoteField("Session", "What there is to remember of this session: weather, tyres, what was tried", (text) => this.keep({lap: null, text}))
    this.ofLap = new NoteField("Lap", "What there is to remember of this lap", (text) => this.keep({lap: this.lap, text}))
    this.pick = h("select", {class: "note-lap", "aria-label": "Lap the note is about", onchange: () => this.choose(this.pick.value)})
    this.ofLap.title.replaceWith(this.pick)
    this.frame.body.append(h("div", {class: "note-fields", "data-testid": "notes"}, this.session.root, this.ofLap.root))
    this.leave = bus.subscribe(["panel", "laps", "data"], () => this.show())
    bus.ask({op: "panel", plot: this.plot, do: "open"})
    this.show()
  }

  update({title}) {
    this.frame.setTitle(title)
  }

  destroy() {
    this.session.save()
    this.ofLap.save()
    this.leave()
  }

  // The session the text is about goes along: another one may be open by the time it arrives.
  keep(note) {
    this.bus.ask({op: "panel", plot: this.plot, do: "note", session: this.about, ...note})
  }

  choose(id) {
    this.chosen = id
    this.show()
  }

  show() {
    const said = this.bus.panelData.get(this.plot)
    if (!said) return
    const editable = Boolean(said.editable)
    this.frame.note.textContent = editable ? "" : said.owner ? "read only: shared with you" : ""
    if (said.problem && said.asked !== this.answered) this.fail(said)
    this.answered = said.asked
    if (said.session !== this.about) {
      this.session.save() // of the one before, while `about` says so
      this.ofLap.save()
      this.about = said.session
      this.lap = this.chosen = ""
      this.session.turnTo(said.text, {editable})
    } else this.session.show(said.text, {editable})
    this.showLap(said, editable)
  }

  showLap({laps}, editable) {
    const known = this.bus.lapList.laps.filter(({id}) => id in laps)
    this.ofLap.root.hidden = !known.length
    if (!known.length) return
    const compared = this.bus.laps.filter((lap) => !lap.reference && lap.id in laps).at(-1) ?? this.bus.laps.find(({id}) => id in laps)
    const lap = known.find(({id}) => id === this.chosen) ?? known.find(({id}) => id === compared?.id) ?? known[0]
    const options = JSON.stringify(known.map(({id, number}) => [id, number, Boolean(laps[id])]))
    if (this.options !== options) {
      this.options = options
      this.pick.replaceChildren(...known.map(({id, number}) => h("option", {value: id, text: `Lap ${number}${laps[id] ? " \u270e" : ""}`})))
    }
    this.pick.value = lap.id
    this.ofLap.text.setAttribute("aria-label", `Lap ${lap.number}`)
    if (lap.id === this.lap) return this.ofLap.show(laps[lap.id], {editable})
    this.ofLap.save()
    this.lap = lap.id
    this.ofLap.turnTo(laps[lap.id], {editable})
  }

  fail({problem, lap}) {
    const field = lap ? this.ofLap : this.session
    field.failed(problem)
  }
}
