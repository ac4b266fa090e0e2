// As much of a canvas as plots draw with, that writes an SVG: paths stay paths and words stay words.

const KEPT = ["fillStyle", "strokeStyle", "lineWidth", "lineJoin", "lineCap", "font", "textAlign", "textBaseline", "globalAlpha", "dash", "clipped"]
const ANCHORS = {left: "start", center: "middle", right: "end"}
const BASELINES = {top: "text-before-edge", middle: "central", bottom: "text-after-edge", alphabetic: "auto"}

export class VectorContext {
  constructor(width, height) {
    Object.assign(this, {width, height, fillStyle: "#000", strokeStyle: "#000", lineWidth: 1, lineJoin: "miter", lineCap: "butt",
      font: "10px sans-serif", textAlign: "left", textBaseline: "alphabetic", globalAlpha: 1, dash: [], clipped: ""})
    this.scratch = document.createElement("canvas").getContext("2d")
    this.path = ""
    this.parts = []
    this.clips = []
    this.stack = []
  }

  save() {
    this.stack.push(Object.fromEntries(KEPT.map((name) => [name, this[name]])))
  }

  restore() {
    Object.assign(this, this.stack.pop())
  }

  setLineDash(dash) {
    this.dash = dash
  }

  measureText(text) {
    this.scratch.font = this.font
    return this.scratch.measureText(text)
  }

  beginPath() {
    this.path = ""
  }

  moveTo(x, y) {
    this.path += `M${short(x)} ${short(y)}`
  }

  lineTo(x, y) {
    this.path += `L${short(x)} ${short(y)}`
  }

  rect(x, y, width, height) {
    this.path += `M${short(x)} ${short(y)}h${short(width)}v${short(height)}h${short(-width)}z`
  }

  clip() {
    const id = `clip${this.clips.length}`
    this.clips.push(`<clipPath id="${id}"><path d="${this.path}"/></clipPath>`)
    this.clipped = id
  }

  stroke() {
    const [color, opacity] = this.paint(this.strokeStyle)
    const dash = this.dash.length ? ` stroke-dasharray="${this.dash.join(" ")}"` : ""
    this.put("path", `d="${this.path}" fill="none" stroke="${color}"${opacity && ` stroke-opacity="${opacity}"`} stroke-width="${short(this.lineWidth)}" stroke-linejoin="${this.lineJoin}"${dash}`)
  }

  fill() {
    this.put("path", `d="${this.path}" ${this.filled()}`)
  }

  fillRect(x, y, width, height) {
    this.put("rect", `x="${short(x)}" y="${short(y)}" width="${short(width)}" height="${short(height)}" ${this.filled()}`)
  }

  // As long as it is here, whatever type the program that shows it has.
  fillText(text, x, y) {
    const long = short(this.measureText(text).width)
    const place = `x="${short(x)}" y="${short(y)}" text-anchor="${ANCHORS[this.textAlign]}" dominant-baseline="${BASELINES[this.textBaseline]}" textLength="${long}" lengthAdjust="spacingAndGlyphs"`
    this.put("text", `${place} ${this.filled()} style="font:${escaped(this.font)}" xml:space="preserve"`, escaped(text))
  }

  filled() {
    const [color, opacity] = this.paint(this.fillStyle)
    return `fill="${color}"${opacity && ` fill-opacity="${opacity}"`}`
  }

  // A colour as every program that reads SVG knows it, and its opacity, "" where it is full.
  paint(color) {
    this.scratch.fillStyle = "#000"
    this.scratch.fillStyle = color
    const read = this.scratch.fillStyle
    const [red, green, blue, alpha] = read.startsWith("#") ? [1, 3, 5].map((i) => parseInt(read.slice(i, i + 2), 16)) : read.match(/[\d.]+/g).map(Number)
    const opacity = (alpha ?? 1) * this.globalAlpha
    return [`#${[red, green, blue].map((value) => value.toString(16).padStart(2, "0")).join("")}`, opacity < 1 ? short(opacity) : ""]
  }

  put(name, attributes, text = "") {
    this.parts.push(`<${name} ${attributes}${this.clipped && ` clip-path="url(#${this.clipped})"`}>${text}</${name}>`)
  }

  toString() {
    const {width, height} = this
    const head = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`
    return `${head}<defs>${this.clips.join("")}</defs>${this.parts.join("\n")}</svg>`
  }
}

function short(value) {
  return String(Math.round(value * 100) / 100)
}

function escaped(text) {
  return String(text).replace(/[&<>"]/g, (sign) => ({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})[sign])
}
