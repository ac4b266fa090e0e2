// The line, the sectors' borders and the corners' names, moved and written on the map. What is changed is kept when it is
// saved; until then it is only drawn.
import {h} from "../dom.js"
import {fixed} from "../numbers.js"

const NEAREST_M = 20 // two borders are not nearer to each other, or to the line

export class TrackEditor {
  // `map` has the view, the names on it and `redraw`.
  constructor(bus, map) {
    this.bus = bus
    this.map = map
    this.line = 0 // where the line would be, in m from where it is
    this.borders = [] // where the sectors part, in m from the line as it is
    this.handles = h("div", {class: "map-handles"})
    this.add = h("button", {type: "button", text: "+ border", title: "Part the sectors at the cursor as well", onclick: () => this.addBorder()})
    this.save = h("button", {type: "button", class: "map-save", text: "\u2713 Save", title: "Save (Enter)", onclick: () => this.keep()})
    const drop = h("button", {type: "button", text: "Cancel", title: "Leave it as it was (Escape)", onclick: () => this.close()})
    this.said = h("span", {class: "map-said", role: "status"})
    this.bar = h("div", {class: "map-edit", role: "group", "aria-label": "Changes to the track"}, this.said, this.add, this.save, drop)
    this.root = h("div", {class: "map-editor", "data-testid": "map-editor", hidden: true, onkeydown: (event) => this.press(event)}, this.handles, this.bar)
  }

  get open() {
    return !this.root.hidden
  }

  get changed() {
    const {sectors} = this.bus.corners.track
    return this.line !== 0 || JSON.stringify(this.borders) !== JSON.stringify(sectors)
  }

  show() {
    this.root.hidden = false
    this.line = 0
    this.borders = [...this.bus.corners.track.sectors]
    this.map.redraw()
    this.lay()
    this.handles.querySelector("button")?.focus({preventScroll: true})
  }

  close() {
    this.root.hidden = true
    this.handles.replaceChildren()
    this.map.redraw()
  }

  // Puts the handles where the view has their places.
  lay() {
    if (!this.open) return
    const {view, names} = this.map
    if (!view.path || !this.bus.corners.track) return this.close()
    const focused = this.handles.getRootNode().activeElement?.dataset?.handle
    const line = this.handle("line", "Start and finish", this.line)
    const borders = this.borders.map((place, k) => this.handle(`border-${k}`, `Border of sectors ${k + 1} and ${k + 2}`, place))
    this.handles.replaceChildren(line, ...borders, ...names.map((name) => this.name(name)))
    if (focused) this.handles.querySelector(`[data-handle="${focused}"]`)?.focus({preventScroll: true})
    this.save.disabled = !this.changed
    this.say(this.changed ? "Enter saves, Escape leaves it as it was" : "Drag the line or a border, click a name; arrows move by 1 m")
  }

  say(text) {
    this.said.textContent = text
  }

  handle(id, label, place) {
    const [x, y] = this.map.view.path[this.sample(place)]
    const said = `${label}, ${fixed(place, 0, id === "line")} m`
    const node = h("button", {
      class: id === "line" ? "map-handle line" : "map-handle", type: "button", "data-handle": id, "aria-label": said, title: said,
      style: `left:${x}px;top:${y}px`,
    })
    node.addEventListener("pointerdown", (event) => this.grab(event, id))
    return node
  }

  // A corner's name, which turns into a field to write another in.
  name({number, name, at}) {
    const node = h("button", {class: "map-name", type: "button", text: name, title: `Rename ${name}`, style: `left:${at[0]}px;top:${at[1]}px`})
    node.addEventListener("click", () => {
      const field = h("input", {class: "map-name", value: name, maxlength: 60, "aria-label": `Name of ${name}`, style: node.getAttribute("style")})
      field.addEventListener("keydown", (event) => {
        if (!["Enter", "Escape"].includes(event.key)) return
        event.preventDefault()
        event.stopPropagation()
        if (event.key === "Enter" && field.value.trim() !== name) this.bus.ask({op: "track", do: "name", corner: number, name: field.value})
        this.lay()
      })
      field.addEventListener("blur", () => field.isConnected && field.replaceWith(node))
      node.replaceWith(field)
      field.select()
    })
    return node
  }

  sample(place) {
    const [, high] = this.bus.extent
    return this.bus.indexOf(((place % high) + high) % high)
  }

  grab(event, id) {
    event.preventDefault()
    const {handles} = this
    const {left, top} = handles.getBoundingClientRect()
    let held = this.sample(this.placeOf(id))
    const move = ({clientX, clientY}) => {
      held = this.map.view.nearest([clientX - left, clientY - top], {held})
      if (held < 0) return
      this.put(id, this.bus.x[held])
    }
    const leave = () => {
      removeEventListener("pointermove", move)
      removeEventListener("pointerup", leave)
    }
    addEventListener("pointermove", move)
    addEventListener("pointerup", leave)
    handles.querySelector(`[data-handle="${id}"]`)?.focus({preventScroll: true})
  }

  placeOf(id) {
    return id === "line" ? this.line : this.borders[Number(id.slice(7))]
  }

  // The line goes the short way round; a border stays between its neighbours.
  put(id, place) {
    const [, high] = this.bus.extent
    if (id === "line") this.line = place > high / 2 ? place - high : place
    else {
      const k = Number(id.slice(7))
      const [low, most] = [(this.borders[k - 1] ?? 0) + NEAREST_M, (this.borders[k + 1] ?? high) - NEAREST_M]
      this.borders[k] = Math.min(Math.max(place, low), most)
    }
    this.map.redraw()
    this.lay()
  }

  addBorder() {
    const place = this.bus.cursor
    const [, high] = this.bus.extent
    const near = [0, ...this.borders, high].some((other) => Math.abs(other - place) < NEAREST_M)
    if (near) return this.say(`Put the cursor at least ${NEAREST_M} m from the line and from every border.`)
    this.borders = [...this.borders, place].sort((a, b) => a - b)
    this.map.redraw()
    this.lay()
  }

  press(event) {
    if (event.target.tagName === "INPUT") return
    const id = event.target.dataset?.handle
    const step = {ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1}[event.key]
    if (id && step) this.put(id, this.placeOf(id) + step * (event.shiftKey ? 10 : 1))
    else if (id?.startsWith("border") && ["Delete", "Backspace"].includes(event.key)) {
      this.borders.splice(Number(id.slice(7)), 1)
      this.map.redraw()
      this.lay()
    } else if (event.key === "Escape") this.close()
    else if (event.key === "Enter" && event.target.tagName !== "BUTTON") this.keep()
    else if (event.key === "Enter" && id) this.keep()
    else return
    event.preventDefault()
    event.stopPropagation()
  }

  // Borders keep their places on the asphalt when the line moves: what is sent counts from where the line will be.
  keep() {
    if (!this.changed) return
    const [, high] = this.bus.extent
    const moved = JSON.stringify(this.borders) !== JSON.stringify(this.bus.corners.track.sectors)
    if (this.line) this.bus.ask({op: "track", do: "line", offset_m: this.line})
    if (moved) {
      const borders = this.borders.map((place) => (((place - this.line) % high) + high) % high).sort((a, b) => a - b)
      this.bus.ask({op: "track", do: "sectors", borders_m: borders})
    }
    this.close()
  }
}
