// The bar: which event, session and layout are shown, what the laps are compared with, and ways to hand it on.
import {busOf} from "../bus.js"
import {h, stroke} from "../dom.js"
import {Address} from "./address.js"
import {LapBrowser} from "./lap_browser.js"
import {LayoutMenu} from "./layout_menu.js"
import {ReferenceMenu} from "./reference_menu.js"
import {SessionList} from "./session_list.js"
import {ShareDialog} from "./share_dialog.js"
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

function nameLap({label, time_s, color, dash, running}) {
  return h("span", {}, stroke(ink(color), dash), h("b", {text: label}), h("span", {class: "number", text: running ? "" : lapTime(time_s)}))
}

export const SessionPicker = {
  render({model, el}) {
    dress(el)
    const bus = busOf(model.page)
    const event = choice("Event", (id) => bus.ask({op: "event", event: id}))
    const session = new SessionList(bus)
    const live = h("span", {class: "live", text: "recording", hidden: true})
    const about = h("span", {class: "about"})
    const key = h("div", {class: "key", "aria-label": "Laps shown"})
    const math = h("button", {class: "math-open", type: "button", title: "Math channels (m)", "aria-label": "Math channels", onclick: () => bus.announce("math"), hidden: true}, h("i", {text: "ƒ"}), "Math")
    model.on("remove", bus.subscribe(["status"], () => (math.hidden = !bus.math)))
    const [layouts, reference, share, address] = [LayoutMenu, ReferenceMenu, ShareDialog, Address].map((Part) => new Part(bus))
    const browser = new LapBrowser(bus, el)
    model.on("remove", () => [session, layouts, reference, share, address, browser].forEach((part) => part.destroy()))
    // The reference has a place of its own beside them; a name that does not fit whole is not there.
    const nameLaps = () => key.replaceChildren(...bus.laps.filter((lap) => !lap.reference).slice(0, 6).map(nameLap))
    model.on("remove", bus.subscribe(["data", "style"], nameLaps))
    const show = () => {
      const {choices} = bus
      fill(event.select, choices.events, choices.event)
      event.root.hidden = choices.events.length < 2
      const chosen = choices.sessions.find(({id}) => id === choices.session)
      live.hidden = !chosen?.recording
      about.textContent = chosen?.about ?? ""
    }
    model.on("remove", bus.subscribe(["choices"], show))
    show()
    return h("nav", {class: "picker", "aria-label": "Session"}, event.root, session.button, layouts.root, live, about, key, reference.root, share.root, address.root, math)
  },
}
