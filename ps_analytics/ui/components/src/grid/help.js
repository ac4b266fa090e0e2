// The list of keys that `?` shows: two columns of groups, in the middle of the panels.
import {h} from "../dom.js"
import {GROUPS, KEYS} from "./keys.js"

const MOUSE = [
  ["drag", "zoom to a stretch; by its title bar, move a panel"],
  ["wheel", "zoom at the pointer (Shift: pan)"],
  ["double click", "show the whole lap; on a title, rename the panel"],
]

export function buildHelp(close) {
  const row = ([shown, does]) => h("div", {}, h("kbd", {text: shown}), h("span", {text: does}))
  const section = (title, rows) => h("section", {"aria-label": title}, h("h3", {text: title}), ...rows.map(row))
  const keysOf = (group) => KEYS.filter((key) => key.group === group && key.shown).map(({shown, does}) => [shown, does])
  const done = h("button", {type: "button", text: "Close", onclick: close})
  const root = h("div", {class: "help", role: "dialog", "aria-modal": "true", "aria-label": "Keyboard", hidden: true},
    h("header", {}, h("h2", {text: "Keyboard and mouse"}), done),
    h("div", {class: "help-keys"}, ...GROUPS.map((group) => section(group, keysOf(group))), section("Mouse", MOUSE)))
  root.addEventListener("keydown", (event) => event.key === "Tab" && event.preventDefault()) // there is one thing to press
  return root
}
