// Who may read this session: its owner names readers and takes it back.
import {h} from "../dom.js"
import {sentence} from "../grid/edits.js"
import {put} from "../menu.js"
import {offer} from "../picker/commands.js"

const WHAT = "A reader sees the laps and their telemetry, not your notes and not the driver\u2019s name, and can change nothing."
const NOBODY = "Nobody else reads this session."
const LONGEST = 64 // characters of a user's name

export class ShareDialog {
  constructor(bus) {
    this.bus = bus
    this.session = ""
    this.root = h("button", {class: "bar-button", type: "button", text: "Share\u2026", title: "Who may read this session", "aria-haspopup": "dialog", "aria-expanded": "false", hidden: true, onclick: () => this.open()})
    this.heading = h("h2")
    this.reader = h("input", {type: "text", placeholder: "User name", "aria-label": "User name of the reader", maxlength: LONGEST + 1, autocomplete: "off", spellcheck: "false"})
    this.problem = h("p", {class: "share-problem", role: "alert", hidden: true})
    this.readers = h("ul", {"aria-label": "Who may read this session"})
    this.nobody = h("p", {class: "share-nobody", text: NOBODY})
    this.dialog = h("div", {class: "menu share", role: "dialog", "aria-label": "Share", popover: "auto", "data-testid": "share", onkeydown: (event) => this.press(event)},
      this.heading, h("p", {class: "share-what", text: WHAT}),
      h("form", {onsubmit: (event) => this.share(event)}, this.reader, h("button", {type: "submit", text: "Share"})),
      this.problem, this.readers, this.nobody,
      h("footer", {}, h("button", {type: "button", text: "Copy link", onclick: () => bus.announce("link")}), h("span", {text: "A link shows readers the laps, the layout and the place you see now."})))
    this.dialog.addEventListener("toggle", ({newState}) => this.root.setAttribute("aria-expanded", String(newState === "open")))
    bus.hear("shares", (answer) => this.show(answer))
    this.leave = [
      bus.subscribe(["choices"], () => this.follow()),
      offer(bus, () => (this.own ? [{title: "Share this session\u2026", group: "Page", also: ["Readers, revoke"], run: () => this.open()}] : [])),
    ]
    this.follow()
  }

  destroy() {
    for (const leave of this.leave) leave()
    this.dialog.remove()
  }

  // The session that is shown, if it is the user's own.
  get own() {
    const {sessions, session} = this.bus.choices
    return sessions.find(({id, owner}) => id === session && !owner)
  }

  follow() {
    this.root.hidden = !this.own
    if (this.own?.id !== this.session) this.close()
  }

  open() {
    const {own} = this
    if (!own || this.dialog.matches(":popover-open")) return
    this.session = own.id
    this.heading.textContent = `Share ${own.name}`
    this.show({session: own.id, readers: [], problem: ""})
    this.nobody.hidden = true // nobody knows yet
    this.reader.value = ""
    this.root.getRootNode().append(this.dialog)
    this.dialog.showPopover()
    put(this.dialog, this.root.getBoundingClientRect())
    this.reader.focus({preventScroll: true})
    this.ask()
  }

  close() {
    if (!this.dialog.matches(":popover-open")) return
    this.dialog.hidePopover()
    this.root.focus({preventScroll: true})
  }

  ask(given = {}) {
    this.bus.ask({op: "shares", session: this.session, ...given})
  }

  share(event) {
    event.preventDefault()
    this.ask({do: "share", reader: this.reader.value})
  }

  show({session, readers, problem, done}) {
    if (session !== this.session) return
    if (done === "share") this.reader.value = ""
    this.problem.hidden = !problem
    this.problem.textContent = sentence(problem)
    this.nobody.hidden = readers.length > 0
    this.readers.replaceChildren(...readers.map(({name, since}) => h("li", {},
      h("b", {text: name}), h("span", {text: `since ${since}`}),
      h("button", {type: "button", text: "Revoke", "aria-label": `Revoke ${name}`, onclick: () => this.ask({do: "revoke", reader: name})}))))
    if (done || problem) this.reader.focus({preventScroll: true})
  }

  press(event) {
    event.stopPropagation() // the page's keys are not meant
    if (event.key === "Tab") {
      const stops = [...this.dialog.querySelectorAll("input, button")]
      const now = stops.indexOf(this.dialog.getRootNode().activeElement)
      stops.at((now + (event.shiftKey ? -1 : 1)) % stops.length).focus()
    } else if (event.key === "Escape") this.close()
    else return
    event.preventDefault()
  }
}
