// The frame all panels have: title bar, value line, body. What can be done with a panel is the grid's and goes to `actions`.
import {h} from "../dom.js"

export function panelFrame(title, kind) {
  const heading = h("h2")
  const note = h("span", {class: "note"})
  const actions = h("span", {class: "actions"})
  const bar = h("header", {class: "bar"}, h("span", {class: "grip", "aria-hidden": "true"}), heading, note, actions)
  const values = h("div", {class: "values"})
  const body = h("div", {class: "body"})
  const root = h("section", {class: `panel ${kind}`}, bar, values, body)
  const frame = {root, bar, note, actions, values, body, title: "", setTitle}

  function setTitle(text) {
    frame.title = heading.textContent = text
    root.setAttribute("aria-label", text)
    root.dataset.testid = `panel-${text}`
    body.dataset.testid = `plot-${text}`
  }

  setTitle(title)
  return frame
}
