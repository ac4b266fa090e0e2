// Time between the video and the laps: where in the video the cursor is, and where on the track the video is.
import {between} from "../sample_grid.js"

const STILL_S = 0.001 // times that differ by less are one: a frame lasts ten times as long

export class VideoClock {
  // `offset()` is where in the video the session's first frame is, in s.
  constructor(bus, video, offset) {
    this.bus = bus
    this.video = video
    this.offset = offset
    this.wanted = null // where to seek next: one seek at a time, the last wish counts
    this.playing = 0
    video.addEventListener("seeked", () => this.next())
    video.addEventListener("play", () => this.run())
    video.addEventListener("error", () => (this.wanted = null))
  }

  destroy() {
    cancelAnimationFrame(this.playing)
    this.wanted = null
  }

  // The lap the video is looked at by: the compared one if it is of this session, else any of it that is shown.
  get lap() {
    const {bus} = this
    const guests = new Set(bus.lapList.laps.filter(({guest}) => guest).map(({id}) => id))
    const own = bus.laps.filter(({id, since_s}) => !guests.has(id) && since_s != null && bus.elapsed(id, bus.main))
    return own.filter(({reference}) => !reference).at(-1) ?? own[0] ?? null
  }

  // Where in the video a lap begins; null where none is shown.
  get lapStart() {
    const {lap} = this
    return lap ? lap.since_s + this.offset() : null
  }

  // Shows what the cursor is at, while the video stands still.
  seek() {
    const {video, bus, lap} = this
    if (!lap || !video.paused || !(video.readyState > 0)) return
    const moment = bus.elapsed(lap.id, bus.main)[bus.index] + this.lapStart
    if (Number.isNaN(moment)) return
    this.wanted = Math.min(Math.max(moment, 0), video.duration || moment)
    if (!video.seeking) this.next()
  }

  next() {
    const {wanted, video} = this
    this.wanted = null
    if (wanted !== null && video.paused && Math.abs(video.currentTime - wanted) > STILL_S) video.currentTime = wanted
  }

  // The cursor goes where the video is, frame by frame, until it stands still.
  run() {
    cancelAnimationFrame(this.playing)
    const {video, bus, lap} = this
    if (video.paused || video.ended) return
    if (lap) {
      const driven = video.currentTime - this.lapStart
      const elapsed = bus.elapsed(lap.id, bus.main)
      const place = driven >= 0 && driven <= elapsed.findLast((value) => !Number.isNaN(value)) ? between(elapsed, bus.x, driven) : NaN
      if (!Number.isNaN(place)) bus.setCursor(place)
    }
    this.playing = requestAnimationFrame(() => this.run())
  }
}
