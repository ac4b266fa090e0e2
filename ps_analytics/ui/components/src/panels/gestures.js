// The pointer on a plot: it moves the cursor, drags a zoom, pans with Shift or the middle button, and zooms by wheel.

const SLACK = 4 // pixels a hand may tremble before a click becomes a drag

export function pointAndZoom(plot, bus, band) {
  const {over} = plot
  let held = null
  const place = (event) => plot.posToVal(event.clientX - over.getBoundingClientRect().left, "x")

  over.addEventListener("pointermove", (event) => {
    if (!held) return bus.setCursor(place(event))
    if (Math.abs(event.clientX - held.x) > SLACK) held.moved = true
    if (!held.moved) return
    if (held.pan) {
      const shift = ((held.x - event.clientX) / over.clientWidth) * (held.view[1] - held.view[0])
      bus.setWindow(held.view[0] + shift, held.view[1] + shift)
    } else {
      const {left, width} = over.getBoundingClientRect()
      const ends = [held.x - left, Math.min(Math.max(event.clientX - left, 0), width)].sort((a, b) => a - b)
      band.hidden = false
      band.style.left = `${ends[0]}px`
      band.style.width = `${ends[1] - ends[0]}px`
    }
  })
  over.addEventListener("pointerdown", (event) => {
    if (event.button > 1) return
    held = {x: event.clientX, from: place(event), pan: event.shiftKey || event.button === 1, view: bus.view, moved: false}
    over.setPointerCapture(event.pointerId)
    if (event.button === 1) event.preventDefault()
  })
  over.addEventListener("pointerup", (event) => {
    if (held?.moved && !held.pan) bus.setWindow(...[held.from, place(event)].sort((a, b) => a - b))
    else if (held && !held.moved) bus.setCursor(place(event))
    held = null
    band.hidden = true
  })
  over.addEventListener("pointercancel", () => {
    held = null
    band.hidden = true
  })
  over.addEventListener("dblclick", () => bus.showAll())
  over.addEventListener("wheel", (event) => {
    event.preventDefault()
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey) {
      const [from, to] = bus.view
      const shift = ((event.deltaX || event.deltaY) / over.clientWidth) * (to - from)
      bus.setWindow(from + shift, to + shift)
    } else {
      bus.zoom(Math.exp(Math.min(Math.max(event.deltaY, -120), 120) / 400), place(event))
    }
  }, {passive: false})
}
