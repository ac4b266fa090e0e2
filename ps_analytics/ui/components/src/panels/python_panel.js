// A panel whose content Python made: a figure, a table, what a plugin brings. Without content it says whose kind it is.
import {h} from "../dom.js"
import {panelFrame} from "./panel_frame.js"

export class PythonPanel {
  constructor(bus, {title, kind}, content) {
    this.frame = panelFrame(title, "made")
    this.frame.body.append(content ?? h("p", {class: "message", text: `Nothing here can draw a panel of the kind \u201c${kind}\u201d: its plugin is not installed.`}))
  }

  update({title}) {
    this.frame.setTitle(title)
  }

  destroy() {}
}
