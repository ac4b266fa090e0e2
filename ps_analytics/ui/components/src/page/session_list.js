// Which session is shown: a button that names it, and a list one searches, for there may be hundreds.
import {h} from "../dom.js"
import {put} from "../menu.js"
import {SearchDialog} from "../picker/dialog.js"

export class SessionList extends SearchDialog {
  constructor(bus) {
    super({name: "session-list", label: "Sessions", placeholder: "Find a session"})
    this.bus = bus
    this.name = h("b")
    this.owner = h("i", {hidden: true})
    this.button = h("button", {class: "session-open", type: "button", "aria-haspopup": "dialog", "aria-expanded": "false", onclick: () => this.open()}, h("span", {class: "bar-label", text: "Session"}), this.name, this.owner)
    this.nothing.textContent = "No session is called that."
    this.root.append(this.input, this.list, this.nothing)
    this.root.addEventListener("toggle", ({newState}) => this.button.setAttribute("aria-expanded", String(newState === "open")))
    this.leave = bus.subscribe(["choices"], () => this.follow())
    this.follow()
  }

  destroy() {
    this.leave()
    this.root.remove()
  }

  follow() {
    const {sessions, session} = this.bus.choices
    const now = sessions.find(({id}) => id === session)
    this.name.textContent = now?.name ?? "none"
    this.owner.hidden = !now?.owner
    this.owner.textContent = now?.owner ? `shared by ${now.owner}` : ""
    this.button.title = now?.about ?? ""
    this.button.disabled = sessions.length === 0
    this.button.setAttribute("aria-label", `Session: ${now?.name ?? "none"}`)
    if (this.isOpen) this.draw()
  }

  open() {
    this.button.getRootNode().append(this.root)
    this.show()
    put(this.root, this.button.getBoundingClientRect())
    this.activate(this.options.find(({id}) => id === this.bus.choices.session) ?? this.active)
  }

  draw() {
    const words = this.input.value.toLowerCase().split(/[\s,]+/).filter(Boolean)
    const {sessions, session} = this.bus.choices
    const found = sessions.filter(({name, about, owner}) => words.every((word) => `${name} ${about} ${owner}`.toLowerCase().includes(word)))
    this.options = found.map(({id, name, about, owner, recording}) => {
      const run = () => this.choose(id)
      const option = h("div", {class: "session-row", role: "option", "aria-selected": String(id === session), onclick: run},
        h("span", {class: "session-name", text: name}), ...(recording ? [h("span", {class: "live", text: "recording"})] : []),
        h("span", {class: "session-about", text: [about, owner && `shared by ${owner}`].filter(Boolean).join(" \u00b7 ")}))
      return {id, option, run}
    })
    this.list.replaceChildren(...this.options.map(({option}) => option))
    this.nothing.hidden = found.length > 0
  }

  choose(id) {
    this.close()
    if (id !== this.bus.choices.session) this.bus.ask({op: "session", session: id})
  }

  lost() {
    this.button.focus({preventScroll: true})
  }
}
