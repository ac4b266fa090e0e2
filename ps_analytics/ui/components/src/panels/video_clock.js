// Time between the video and the laps: where the cursor is in the video, and where the video is on the track.
import {between} from "../sample_grid.js"

export const STAMP = "stamp" // the column: s since the session's first frame

export class VideoClock {
  // `offset()` is where in the video the session's first frame is, in s.
  constructor(bus, video, offset) {
    this.bus = bus
    this.video = video
    this.offset = offset
    this.wanted = null // where to seek next: one seek at a time, the last wish counts
    this.playing = 0
    this.seeked = () => this.next()
    video.addEventListener("seeked", this.seeked)
    video.addEventListener("play", () => this.run())
    video.addEventListener("error", () => (this.wanted = null))
  }

  destroy() {
    cancelAnimationFrame(this.playing)
    this.video.removeEventListener("seeked", this.seeked)
  }

  // The lap the video is looked at by: the compared one if it is of this session, else any of it that is shown.
  get lap() {
    const {bus} = this
    const guests = new Set(bus.lapList.laps.filter(({guest}) => guest).map(({id}) => id))
    const own = bus.laps.filter(({id}) => !guests.has(id) && bus.column(id, STAMP))
    return own.filter(({reference}) => !reference).at(-1) ?? own[0] ?? null
  }

  get stamps() {
    const {lap} = this
    return lap ? this.bus.column(lap.id, STAMP) : null
  }

  get lapStart() {
    const first = this.stamps?.find((value) => !Number.isNaN(value))
    return first ?? null
  }

  // Shows what the cursor is at, while the video stands still.
  seek() {
    const {video, stamps} = this
    if (!stamps || !video.paused || !(video.readyState > 0)) return
    const moment = stamps[this.bus.index] + this.offset()
    if (Number.isNaN(moment)) return
    this.wanted = Math.min(Math.max(moment, 0), video.duration || moment)
    if (!video.seeking) this.next()
  }

  next() {
    const {wanted, video} = this
    this.wanted = null
    if (wanted !== null && video.paused && Math.abs(video.currentTime - wanted) > 0.001) video.currentTime = wanted
  }

  // The cursor goes where the video is, frame by frame, until it stands still.
  run() {
    cancelAnimationFrame(this.playing)
    const {video} = this
    if (video.paused || video.ended) return
    const {stamps, bus} = this
    if (stamps) {
      const place = between(stamps, bus.x, video.currentTime - this.offset())
      const moment = video.currentTime - this.offset()
      if (!Number.isNaN(place) && moment >= this.lapStart) bus.setCursor(place)
    }
    this.playing = requestAnimationFrame(() => this.run())
  }
}
