// What is seen of a picture that is drawn elsewhere: a copy, on which what moves is painted and then wiped off by what lies
// beneath it. Where the cursor is an element over each plot instead, every move of it has the page styled, its layers put
// together anew and blended, which takes several times as long.
import {h} from "../dom.js"

export class Screen {
  constructor(attributes) {
    this.canvas = h("canvas", attributes)
    this.ctx = this.canvas.getContext("2d", {alpha: false}) // nothing shines through: nothing is blended
    this.picture = null // a canvas, of as many pixels
    this.ground = "#000" // the colour the picture lies on
    this.waiting = false
    this.stains = [] // left, top, width, height of what was painted over it, one after the other
  }

  // Calls `show` in this frame, but when everything has been drawn: to copy a picture the browser has to finish it.
  soon(show) {
    if (this.waiting) return
    this.waiting = true
    // What is drawn in a frame is drawn in it and in its first microtasks (see bus_topics.js).
    queueMicrotask(() => queueMicrotask(() => {
      this.waiting = false
      show()
    }))
  }

  // A picture, or what has become of it; what was painted over the one before is gone.
  show(picture, ground) {
    const {canvas, stains} = this
    this.picture = picture
    this.ground = ground
    stains.length = 0
    if (canvas.width !== picture.width) canvas.width = picture.width
    if (canvas.height !== picture.height) canvas.height = picture.height
    this.copy(0, 0, picture.width, picture.height)
  }

  // Says what will be painted over, in pixels of the picture.
  stain(left, top, width, height) {
    const x = Math.max(Math.floor(left), 0)
    const y = Math.max(Math.floor(top), 0)
    const right = Math.min(Math.ceil(left + width), this.picture.width)
    const bottom = Math.min(Math.ceil(top + height), this.picture.height)
    if (right > x && bottom > y) this.stains.push(x, y, right - x, bottom - y)
  }

  wipe() {
    const {stains} = this
    for (let i = 0; i < stains.length; i += 4) this.copy(stains[i], stains[i + 1], stains[i + 2], stains[i + 3])
    stains.length = 0
  }

  copy(left, top, width, height) {
    const {ctx} = this
    ctx.fillStyle = this.ground
    ctx.fillRect(left, top, width, height)
    if (width && height) ctx.drawImage(this.picture, left, top, width, height, left, top, width, height)
  }
}
