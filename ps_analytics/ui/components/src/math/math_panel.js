// The editor of math channels: list, form, preview. On a review page it lies in a drawer of the grid, made when it is first
// opened; in a notebook it is a component of its own. Either way it talks over the page's bus.
import {busOf} from "../bus.js"
import {h} from "../dom.js"
import {MathForm} from "./math_form.js"
import {MathList} from "./math_list.js"
import {MathPreview} from "./math_preview.js"
import {dress} from "../theme.js"

export class MathDesk {
  constructor(bus) {
    this.bus = bus
    const ask = (what, given = {}) => bus.ask({op: "math", do: what, ...given})
    this.ask = ask
    this.list = new MathList((what, given) => this.act(what, given))
    this.form = new MathForm((what, given) => this.act(what, given))
    this.preview = new MathPreview(bus, ask)
    this.root = h("div", {class: "math", "data-testid": "math", onkeydown: (event) => this.press(event)}, this.list.root, this.form.root, this.preview.root)
    this.changed = false
    this.warn = (event) => this.changed && event.preventDefault()
    if (document.body.classList.contains("ps-page")) globalThis.addEventListener("beforeunload", this.warn)
    bus.hear("math", (message) => this.receive(message))
    ask("open")
  }

  destroy() {
    globalThis.removeEventListener("beforeunload", this.warn)
    this.preview.destroy()
  }

  act(what, given) {
    // A channel that begins is named first; what comes of earlier commands has the key of before.
    const begins = {new: "name", duplicate: "name", override: "formula"}[what]
    this.begins = begins && {field: begins, before: this.form.key}
    this.ask(what, given)
  }

  receive({list, draft, plots, words, laps, report, preview, said}) {
    if (list) {
      this.list.show(list)
      this.form.listFolders(list.folders)
      this.changed = list.entries.some(({changed}) => changed)
    }
    if (draft) {
      this.form.show(draft)
      this.focus(draft)
    }
    if (plots) this.form.showPlots(plots)
    if (words) this.form.completion.words = words
    if (laps) this.preview.offer(laps)
    const isNew = report && this.form.report(report)
    const {name, formula} = {name: this.form.inputs.name.value, formula: this.form.formula.text}
    if (preview && (!preview.key || preview.key === this.form.key)) this.preview.show(preview, {name, formula})
    else if (report) this.preview.compare(formula)
    if (said !== undefined) this.form.say(said)
    if (isNew) this.preview.excuse(report)
    this.bus.announce("math-told")
  }

  focus({key}) {
    if (!this.begins || key === this.begins.before) return
    const {inputs, formula} = this.form
    if (this.begins.field === "name") {
      inputs.name.focus()
      inputs.name.select()
    } else formula.input.focus()
    this.begins = undefined
  }

  press(event) {
    if (event.altKey && event.code === "KeyN") this.act("new")
    else if (event.key === "F2") {
      this.form.inputs.name.focus()
      this.form.inputs.name.select()
    } else if (event.key === "/" && !["INPUT", "TEXTAREA", "SELECT"].includes(event.target.tagName)) this.list.search.focus()
    else return
    event.preventDefault()
    event.stopPropagation()
  }
}

export const MathPanel = {
  render({model, el}) {
    dress(el)
    const bus = busOf(model.page)
    const desk = new MathDesk(bus)
    model.on("remove", () => desk.destroy())
    return h("div", {class: "math-cell"}, desk.root)
  },
}
