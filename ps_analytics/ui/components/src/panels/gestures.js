// The pointer on a plot: it moves the cursor, drags a zoom, pans with Shift or the middle button, and zooms by wheel; two
// fingers pinch. `axis()` says what the plot's x is: distance or time.

const SLACK = 4 // pixels a hand may tremble before a click becomes a drag

export function pointAndZoom(plot, bus, axis, band) {
  const {over} = plot
  const fingers = new Map() // pointer id → clientX, of those on the glass
  let held = null
  let pinch = null
  const placeAt = (clientX) => plot.posToVal(clientX - over.getBoundingClientRect().left, "x")
  const place = (event) => placeAt(event.clientX)

  over.addEventListener("pointermove", (event) => {
    if (fingers.has(event.pointerId)) fingers.set(event.pointerId, event.clientX)
    if (pinch) return spread()
    if (!held) return bus.setCursorOn(axis(), place(event))
    if (Math.abs(event.clientX - held.x) > SLACK) held.moved = true
    if (!held.moved) return
    if (held.pan) {
      const shift = ((held.x - event.clientX) / over.clientWidth) * (held.view[1] - held.view[0])
      bus.setWindow(held.view[0] + shift, held.view[1] + shift, axis())
    } else {
      const {left, width} = over.getBoundingClientRect()
      const ends = [held.x - left, Math.min(Math.max(event.clientX - left, 0), width)].sort((a, b) => a - b)
      band.hidden = false
      band.style.left = `${ends[0]}px`
      band.style.width = `${ends[1] - ends[0]}px`
    }
  })
  over.addEventListener("pointerdown", (event) => {
    if (event.button > 1 || event.target.closest("[data-mark]")) return
    over.setPointerCapture(event.pointerId)
    if (event.pointerType === "touch") fingers.set(event.pointerId, event.clientX)
    if (fingers.size === 2) return beginPinch()
    held = {x: event.clientX, from: place(event), pan: event.shiftKey || event.button === 1, view: bus.viewOf(axis()), moved: false}
    if (event.button === 1) event.preventDefault()
  })
  over.addEventListener("pointerup", (event) => {
    fingers.delete(event.pointerId)
    if (held?.moved && !held.pan) bus.setWindow(...[held.from, place(event)].sort((a, b) => a - b), axis())
    else if (held && !held.moved) bus.setCursorOn(axis(), place(event))
    letGo()
  })
  over.addEventListener("pointercancel", (event) => {
    fingers.delete(event.pointerId)
    letGo()
  })
  over.addEventListener("dblclick", () => bus.showAll(axis()))
  over.addEventListener("wheel", (event) => {
    event.preventDefault()
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey) {
      const [from, to] = bus.viewOf(axis())
      const shift = ((event.deltaX || event.deltaY) / over.clientWidth) * (to - from)
      bus.setWindow(from + shift, to + shift, axis())
    } else {
      bus.zoom(Math.exp(Math.min(Math.max(event.deltaY, -120), 120) / 400), place(event), axis())
    }
  }, {passive: false})

  function letGo() {
    held = null
    band.hidden = true
    if (fingers.size < 2) pinch = null
  }

  // What is under each finger stays there.
  function beginPinch() {
    held = null
    band.hidden = true
    pinch = [...fingers.values()].sort((a, b) => a - b).map(placeAt)
  }

  function spread() {
    const {left, width} = over.getBoundingClientRect()
    const [low, high] = [...fingers.values()].sort((a, b) => a - b).map((x) => (x - left) / width)
    const scale = (pinch[1] - pinch[0]) / Math.max(high - low, 0.02)
    const from = pinch[0] - low * scale
    bus.setWindow(from, from + scale, axis())
  }
}
