// One math channel: its fields, what is wrong with them, and what can be done with it.
import {Completion} from "./completion.js"
import {h} from "../dom.js"
import {FormulaField} from "./formula_field.js"
import {callAt, placeOf} from "./formula_text.js"

const POLICIES = [
  ["strict", "strict", "A clash of units is an error: the channel is not saved"],
  ["warn", "warn", "A clash of units is listed, and the channel is saved"],
  ["off", "off", "Units are not looked at"],
]
const SIGNS = {error: "\u2715", warning: "!", info: "i"}

function field(label, name, control, fault) {
  return h("label", {class: `field field-${name}`}, h("span", {class: "field-label", text: label}), control, fault)
}

export class MathForm {
  constructor(ask) {
    this.ask = ask
    this.key = ""
    this.version = 0 // of what is typed; a report about an older one is dropped
    this.told = 0 // the newest version a report was about
    this.marks = new Map() // version → when the report about it was drawn, in ms of performance.now(); tests read it
    this.formula = new FormulaField({describedBy: "math-messages", changed: (text) => this.type("formula", text)})
    this.completion = new Completion(this.formula)
    this.inputs = {}
    this.faults = {}
    const text = (name, label, attributes = {}) => {
      this.faults[name] = h("span", {class: "fault", id: `fault-${name}`})
      this.inputs[name] = h("input", {type: "text", spellcheck: "false", autocomplete: "off", "aria-describedby": `fault-${name}`, ...attributes, oninput: ({target}) => this.type(name, target.value)})
      return field(label, name, this.inputs[name], this.faults[name])
    }
    this.folders = h("datalist", {id: "math-folders"})
    this.inputs.policy = h("select", {onchange: ({target}) => this.type("policy", target.value)},
      ...POLICIES.map(([value, label, title]) => h("option", {value, text: label, title})))
    this.help = h("p", {class: "function-help", "data-testid": "function-help"})
    this.formula.input.addEventListener("keyup", () => this.explain())
    this.formula.input.addEventListener("click", () => this.explain())
    this.messages = h("ul", {class: "math-messages", id: "math-messages", role: "status", "data-testid": "math-messages"})
    this.said = h("p", {class: "said", role: "alert", hidden: true})
    this.save = h("button", {class: "tool primary", type: "button", text: "Save", title: "Save (Ctrl-S or Ctrl-Enter)", onclick: () => ask("save")})
    this.revert = h("button", {class: "tool", type: "button", text: "Revert", title: "Back to what is saved", onclick: () => ask("revert")})
    this.override = h("button", {class: "tool primary", type: "button", text: "Override", title: "Begin a channel of your own of this name: it stands in for the shipped one everywhere", onclick: () => ask("override", {key: this.key})})
    this.duplicate = h("button", {class: "tool", type: "button", text: "Duplicate", onclick: () => ask("duplicate", {key: this.key})})
    this.shipped = h("span", {class: "shipped-note", text: "Shipped: to read, not to change"})
    this.state = h("span", {class: "form-state", role: "status"})
    this.plots = h("div", {class: "on-plots"})
    this.uses = h("p", {class: "uses"})
    this.aliases = h("p", {class: "uses aliases", hidden: true})
    this.head = h("div", {class: "field-row"}, text("name", "Name"), text("unit", "Unit"))
    this.foot = h("div", {class: "field-row"}, text("folder", "Folder", {list: "math-folders"}), field("Units", "policy", this.inputs.policy, ""), text("about", "About"))
    this.tools = h("div", {class: "tools"}, this.save, this.override, this.duplicate, this.revert, this.plots, this.state, this.shipped)
    this.body = h("div", {class: "form-body"}, this.head, h("div", {class: "field field-formula"}, this.formula.root), h("div", {class: "form-space"}, this.said, this.messages, this.help, this.aliases, this.uses), this.foot, this.tools, this.folders)
    this.empty = h("p", {class: "message", text: "Choose a channel, or begin a new one."})
    this.root = h("div", {class: "math-form", onkeydown: (event) => this.press(event)}, this.body, this.empty)
    this.plotsThere = []
  }

  type(name, value) {
    this.version += 1
    this.ask("edit", {key: this.key, field: name, value: value.slice(0, 4001), version: this.version})
  }

  press(event) {
    const held = event.ctrlKey || event.metaKey
    if (!held || !(event.key === "Enter" || event.key.toLowerCase() === "s")) return
    event.preventDefault()
    event.stopPropagation()
    this.ask("save")
  }

  // The chosen channel as Python has it. What was typed since Python last heard of it stays: it is on its way.
  show({key, fields, own, saved, inputs, uses, heard, before}) {
    const onItsWay = heard < this.version && (key === this.key || before?.includes(this.key))
    this.key = key
    if (!onItsWay) this.told = this.version
    this.body.hidden = !fields
    this.empty.hidden = Boolean(fields)
    if (!fields) return
    this.own = own
    this.saved = saved
    for (const [name, input] of Object.entries(this.inputs)) {
      if (input.value !== fields[name] && !onItsWay) input.value = fields[name]
      if (name === "policy") input.disabled = !own
      else input.readOnly = !own
    }
    this.formula.readOnly = !own
    if (!onItsWay) this.formula.text = fields.formula
    if (!onItsWay) this.completion.close()
    this.help.replaceChildren()
    for (const [node, shown] of [[this.save, own], [this.revert, own], [this.override, !own], [this.duplicate, !own], [this.shipped, !own]]) node.hidden = !shown
    this.aliases.hidden = !inputs.length
    this.aliases.textContent = inputs.length ? `Names of its own: ${inputs.map((each) => `${each.alias} is ${each.channel}`).join(", ")}` : ""
    this.usedBy = uses
    this.tellUses()
    this.showPlots(this.plotsThere)
  }

  // What checking said of it. False if it is about an older text.
  report({key, version, diagnostics, faults, unit, changed}) {
    if (key !== this.key || (version ? version < this.version : this.told < this.version)) return false
    this.told = this.version
    this.formula.mark(diagnostics)
    this.messages.replaceChildren(...diagnostics.map((each) => this.message(each)))
    for (const [name, node] of Object.entries(this.faults)) {
      node.textContent = faults[name] ?? ""
      this.inputs[name].setAttribute("aria-invalid", String(Boolean(faults[name])))
    }
    this.inputs.unit.placeholder = unit || "none"
    this.inputs.unit.title = unit ? `The formula comes to [${unit}]` : ""
    this.state.textContent = this.own ? (changed ? "not saved" : this.saved ? "saved" : "") : ""
    this.state.classList.toggle("changed", changed)
    this.save.disabled = !changed
    this.revert.disabled = !changed
    this.marks.set(version, performance.now())
    if (this.marks.size > 128) this.marks.delete(this.marks.keys().next().value)
    return true
  }

  message({code, message, hint, severity, elsewhere, fix}) {
    const mend = fix && this.own
      ? [h("button", {class: "tool fix", type: "button", title: `Put in: ${fix.text}`, onclick: () => this.mend(fix)}, "Fix: ", h("code", {text: shortened(fix.text) || "delete"}))]
      : []
    return h("li", {class: `is-${severity}`, title: code, "data-code": code}, h("i", {"aria-hidden": "true", text: SIGNS[severity] ?? "i"}),
      h("span", {}, h("b", {text: elsewhere ? `in \u2018${elsewhere}\u2019: ${message}` : message}), ...(hint ? [h("span", {class: "hint", text: hint})] : [])), ...mend)
  }

  mend({position, end, text}) {
    const {text: now} = this.formula
    this.formula.replace(placeOf(now, position), placeOf(now, end), text)
  }

  // The function the caret is in, with its signature and what it means.
  explain() {
    const name = callAt(this.formula.text, this.formula.input.selectionStart)
    const word = name && this.completion.words.find(({kind, text, also}) => kind === "function" && (text === name || [...also].includes(name)))
    this.help.replaceChildren(...(word ? [h("code", {text: word.detail}), h("span", {text: word.about})] : []))
  }

  say(text) {
    this.said.textContent = text
    this.said.hidden = !text
  }

  // On which plots of the page the channel is, as it is saved.
  showPlots(plots) {
    this.plotsThere = plots
    const channel = this.own ? this.saved : this.inputs.name.value
    this.plots.hidden = !plots.length || !channel
    const on = plots.filter(({channels}) => channels.includes(channel)).map(({title}) => title)
    const select = h("select", {
      "aria-label": "Show on plot", title: "Show the saved channel on a plot, or take it away",
      onchange: ({target}) => {
        const plot = plots.find(({id}) => id === target.value)
        if (plot) this.ask("show", {channel, plot: plot.id, shown: !plot.channels.includes(channel)})
      },
    }, h("option", {value: "", text: on.length ? `On ${on.join(", ")}` : "Show on plot"}),
    ...plots.map(({id, title, channels}) => h("option", {value: id, text: `${channels.includes(channel) ? "\u2713 " : "\u2003"}${title}`})))
    this.plots.replaceChildren(select)
    this.tellUses()
  }

  tellUses() {
    const plots = this.plotsThere.filter(({channels}) => this.saved && channels.includes(this.saved)).map(({title}) => `plot ${title}`)
    const where = [...(this.usedBy ?? []), ...plots]
    this.uses.replaceChildren(...(where.length ? ["Used by ", ...where.flatMap((name, i) => [i ? ", " : "", h("bdi", {text: name})])] : []))
  }

  listFolders(folders) {
    this.folders.replaceChildren(...folders.map((value) => h("option", {value})))
  }
}

const shortened = (text) => (text.length > 28 ? `${text.slice(0, 27)}\u2026` : text)
