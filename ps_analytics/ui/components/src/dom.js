// Elements in one line, and what tells their size.

export function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "text") node.textContent = value
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value)
    else if (value === true) node.setAttribute(name, "")
    else if (value !== false && value != null) node.setAttribute(name, value)
  }
  node.append(...children)
  return node
}

export function icon(path) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg")
  svg.setAttribute("viewBox", "0 0 12 12")
  svg.setAttribute("aria-hidden", "true")
  const shape = document.createElementNS("http://www.w3.org/2000/svg", "path")
  shape.setAttribute("d", path)
  svg.append(shape)
  return svg
}

// A piece of a lap's line, as the plots draw it.
export function stroke(color, dash) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg")
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path")
  for (const [name, value] of Object.entries({d: "M0 4h18", stroke: color, "stroke-width": 2, "stroke-dasharray": dash ?? ""})) {
    if (value !== "") line.setAttribute(name, value)
  }
  svg.append(line)
  return svg
}

// Keeps `draw(width, height)` called with the size of a node, in CSS pixels, when that changes; `hide()` when it has none.
export function onSize(node, draw, hide = () => {}) {
  let last = ""
  const observer = new ResizeObserver(() => {
    const {clientWidth: width, clientHeight: height} = node
    if (width < 8 || height < 8) {
      last = ""
      return hide()
    }
    if (`${width}×${height}` === last) return
    last = `${width}×${height}`
    draw(width, height)
  })
  observer.observe(node)
  return () => observer.disconnect()
}
