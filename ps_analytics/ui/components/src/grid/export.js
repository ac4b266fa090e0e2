// A panel as a picture, drawn here from what is on the screen; its data as a file, which Python writes.
import {tell} from "./edits.js"

const DATA = new Set(["traces", "map", "laps", "lap_table", "corners", "report", "scatter", "histogram", "gauges"])
const HIDDEN = ".actions, .grip, .handle, [hidden]"

// The row of a panel's menu with what it can be exported as.
export function exportRow(cell) {
  const choices = [["png", "PNG", "a picture"], ["svg", "SVG", "a drawing"]]
  if (DATA.has(cell.kind)) choices.push(["csv", "CSV", "its data as CSV"], ["parquet", "Parquet", "its data as Parquet"])
  return {label: "Export", choices, run: (format) => exportPanel(cell, format)}
}

async function exportPanel(cell, format) {
  const {panel, title, id, grid} = cell
  if (format === "csv" || format === "parquet") return grid.bus.ask({op: "export", plot: id, format})
  try {
    if (format === "svg") save(`${fileName(title)}.svg`, panel.svg?.() ?? drawing(panel.frame.root), "image/svg+xml")
    else save(`${fileName(title)}.png`, await pngOf(panel.image?.() ?? picture(panel.frame.root)), "image/png")
  } catch (error) {
    // A frame or a video of another origin may be looked at and not be read.
    tell(grid.bus, {text: `${title} cannot be exported as a picture: ${error.message}`, alarm: true})
  }
}

// Gives the user a file to keep.
export function save(name, data, mime) {
  const address = URL.createObjectURL(data instanceof Blob ? data : new Blob([data], {type: mime}))
  const link = document.createElement("a")
  link.href = address
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(address), 10_000) // a browser may begin to read it only now
}

export function fileName(title) {
  return title.normalize("NFKC").replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "").slice(0, 80) || "panel"
}

function pngOf(canvas) {
  return new Promise((resolve, reject) => canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("it is too large"))), "image/png"))
}

function picture(root) {
  const {width, height} = root.getBoundingClientRect()
  const ratio = Math.max(globalThis.devicePixelRatio, 2)
  const canvas = document.createElement("canvas")
  canvas.width = Math.round(width * ratio)
  canvas.height = Math.round(height * ratio)
  const ctx = canvas.getContext("2d")
  ctx.scale(ratio, ratio)
  for (const {box, fill, edge, text, font, source} of pieces(root)) {
    const place = [box.left, box.top, box.width, box.height]
    if (fill) {
      ctx.fillStyle = fill
      if (text === undefined) ctx.fillRect(...place)
    }
    if (edge) {
      ctx.strokeStyle = edge
      ctx.strokeRect(box.left + 0.5, box.top + 0.5, box.width - 1, box.height - 1)
    }
    if (source) ctx.drawImage(source, ...place)
    if (text !== undefined) {
      ctx.font = font
      ctx.textBaseline = "middle"
      ctx.fillText(text, box.left, box.top + box.height / 2)
    }
  }
  return canvas
}

function drawing(root) {
  const {width, height} = root.getBoundingClientRect()
  const parts = pieces(root).map(({box, fill, edge, text, font, source}) => {
    const {left: x, top: y, width: w, height: tall} = box
    if (source) return element("image", {x, y, width: w, height: tall, href: source.toDataURL("image/png")})
    if (text === undefined) return element("rect", {x, y, width: w, height: tall, fill: fill ?? "none", stroke: edge ?? "none"})
    return element("text", {x, y: y + tall / 2, fill, style: `font:${font}`, "dominant-baseline": "central", "xml:space": "preserve"}, text)
  })
  const svg = element("svg", {xmlns: "http://www.w3.org/2000/svg", width, height, viewBox: `0 0 ${width} ${height}`})
  svg.append(...parts)
  return new XMLSerializer().serializeToString(svg)
}

function element(name, attributes, text = "") {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name)
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value)
  node.textContent = text
  return node
}

// What is to be seen of a panel, in the order it is painted: grounds, canvases, words.
function pieces(root) {
  const origin = root.getBoundingClientRect()
  const place = (rect) => ({left: rect.left - origin.left, top: rect.top - origin.top, width: rect.width, height: rect.height})
  const found = []
  const look = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return readText(node, place, found)
    if (node.nodeType !== Node.ELEMENT_NODE || node.matches(HIDDEN)) return
    const box = place(node.getBoundingClientRect())
    const style = getComputedStyle(node)
    if (style.visibility === "hidden" || style.opacity === "0" || !within(box, origin)) return
    const fill = visible(style.backgroundColor)
    const edge = parseFloat(style.borderTopWidth) > 0 && parseFloat(style.borderLeftWidth) > 0 ? visible(style.borderTopColor) : null
    if (box.width && box.height && (fill || edge)) found.push({box, fill, edge})
    if (node.tagName === "CANVAS" || node.tagName === "VIDEO") found.push({box, source: node.tagName === "VIDEO" ? still(node) : node})
    for (const child of [...(node.shadowRoot?.childNodes ?? []), ...node.childNodes]) look(child)
  }
  look(root)
  return found
}

function readText(node, place, found) {
  const text = node.textContent.trim()
  if (!text || ["STYLE", "SCRIPT", "OPTION"].includes(node.parentElement?.tagName)) return
  const range = document.createRange()
  range.selectNodeContents(node)
  const box = place(range.getBoundingClientRect())
  const style = getComputedStyle(node.parentElement)
  if (box.width) found.push({box, text, fill: style.color, font: `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`})
}

function still(video) {
  const canvas = document.createElement("canvas")
  canvas.width = video.videoWidth || 16
  canvas.height = video.videoHeight || 9
  canvas.getContext("2d").drawImage(video, 0, 0)
  return canvas
}

function visible(color) {
  return color === "transparent" || /, 0\)$/.test(color) ? null : color
}

function within({left, top, width, height}, {width: wide, height: tall}) {
  return left < wide && top < tall && left + width > 0 && top + height > 0
}
