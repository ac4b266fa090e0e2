// The list of keys that `?` shows.
import {h} from "../dom.js"
import {KEYS} from "./keys.js"

const MOUSE = [
  ["drag", "zoom to a stretch; by its title bar, move a panel"],
  ["wheel", "zoom at the pointer (Shift: pan)"],
  ["double click", "show the whole lap; on a title, rename the panel"],
]

export function buildHelp(close) {
  const row = ([shown, does]) => h("div", {}, h("kbd", {text: shown}), h("span", {text: does}))
  const keys = KEYS.filter(({shown}) => shown).map(({shown, does}) => row([shown, does]))
  const done = h("button", {type: "button", text: "Close", onclick: close})
  return h("div", {class: "help", role: "dialog", "aria-label": "Keyboard", hidden: true}, h("h2", {text: "Keyboard and mouse"}),
    h("section", {class: "help-keys"}, ...keys, ...MOUSE.map(row)), done)
}
