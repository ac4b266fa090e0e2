// Event and session: two plain selects, so that keyboards, readers and phones know what to do. Beside them, who is who.
import {busOf} from "../bus.js"
import {h, stroke} from "../dom.js"
import {LayoutMenu} from "./layout_menu.js"
import {lapTime} from "../numbers.js"
import {dress, ink} from "../theme.js"

function choice(label, onchange) {
  const select = h("select", {"aria-label": label, onchange: () => onchange(select.value)})
  return {root: h("label", {class: "choice"}, h("span", {text: label}), select), select}
}

function fill(select, options, value) {
  const wanted = JSON.stringify(options)
  if (select.dataset.options !== wanted) {
    select.dataset.options = wanted
    select.replaceChildren(...options.map(({id, name}) => h("option", {value: id, text: name})))
  }
  select.value = value
  select.disabled = options.length === 0
}

function nameLap({label, time_s, color, dash, reference, running}) {
  const role = reference ? "reference" : ""
  return h("span", {}, stroke(ink(color), dash), h("b", {text: label}), h("span", {class: "number", text: running ? "" : lapTime(time_s)}), role)
}

export const SessionPicker = {
  render({model, el}) {
    dress(el)
    const bus = busOf(model.page)
    const event = choice("Event", (id) => bus.ask({op: "event", event: id}))
    const session = choice("Session", (id) => bus.ask({op: "session", session: id}))
    const about = h("span", {class: "about"})
    const key = h("div", {class: "key", "aria-label": "Laps shown"})
    const math = h("button", {class: "math-open", type: "button", title: "Math channels (m)", "aria-label": "Math channels", onclick: () => bus.announce("math"), hidden: true}, h("i", {text: "ƒ"}), "Math")
    model.on("remove", bus.subscribe(["status"], () => (math.hidden = !bus.math)))
    const layouts = new LayoutMenu(bus)
    model.on("remove", () => layouts.destroy())
    const nameLaps = () => key.replaceChildren(...bus.laps.slice(0, 4).map(nameLap))
    model.on("remove", bus.subscribe(["data", "style"], nameLaps))
    const show = () => {
      const {choices} = bus
      fill(event.select, choices.events, choices.event)
      event.root.hidden = choices.events.length < 2
      fill(session.select, choices.sessions, choices.session)
      const chosen = choices.sessions.find(({id}) => id === choices.session)
      about.replaceChildren(...(chosen?.recording ? [h("span", {class: "live", text: "recording"})] : []), chosen?.about ?? "")
    }
    model.on("remove", bus.subscribe(["choices"], show))
    show()
    return h("nav", {class: "picker", "aria-label": "Session"}, event.root, session.root, layouts.root, about, key, math)
  },
}
