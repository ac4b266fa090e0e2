"""A stint of two hours, and a lap that is being driven."""

import statistics
import threading
import time
from pathlib import Path

import numpy as np
from playwright.sync_api import Page

from ps_analytics.store.store import open_store
from tests.bench.bench_ui_served import STINT, settings_of
from tests.bench.table import at_least, at_most
from tests.ui.conftest import ReviewPage, drive
from tests.ui.recording import HZ, Recording

RECEIVED = """() => {
  const bus = [...globalThis[Symbol.for('ps-analytics.pages')].values()][0]
  const receive = bus.receive.bind(bus)
  globalThis.received = 0
  const parts = (value) => value instanceof Map ? [...value.values()] : Object.values(value)
  const size = (value) => value?.byteLength
    ?? (value && typeof value === 'object' ? parts(value).reduce((sum, part) => sum + size(part), 0) : 0)
  bus.receive = (message) => { globalThis.received += size(message); receive(message) }
}"""
STEP = """(factor) => {
  const bus = [...globalThis[Symbol.for('ps-analytics.pages')].values()][0]
  const began = performance.now()
  return new Promise((resolve) => {
    const stop = bus.subscribe(['detail'], () => { stop(); queueMicrotask(() => resolve(performance.now() - began)) })
    bus.zoom(factor, null, 'time')
  })
}"""
STEPS = 24
PATIENCE_MS = 60
"""So long the page waits for the next turn of the wheel before it asks for what is in view."""
LIVE_S = 10.0


def measure_stint(review: ReviewPage) -> None:
    """Two hours at 100 Hz of eight channels: opened from the list of sessions, then zoomed into and out again."""
    stint_id = review.bus(f"bus.choices.sessions.find(({{name}}) => name.includes('{STINT}')).id")
    review.page.evaluate(RECEIVED)
    began = float(review.bus("performance.now()"))
    with review.redrawn():
        review.bus(f"bus.ask({{op: 'session', session: '{stint_id}'}})")
    first = float(review.bus("bus.marks.get(bus.painted)")) - began
    review.wait("bus.detail('time') !== null")
    at_most("2 h × 100 Hz × 8 channels: first paint", first, 1000, "ms")
    at_most("  bytes of columns to the browser", review.page.evaluate("globalThis.received") / 1000, 400, "kB")
    steps, sizes = list[float](), list[float]()
    for factor in [0.7] * (STEPS // 2) + [1 / 0.7] * (STEPS // 2 - 1):
        review.page.evaluate("globalThis.received = 0")
        steps.append(float(review.page.evaluate(STEP, factor)))
        sizes.append(review.page.evaluate("globalThis.received") / 1000)
    at_most(
        f"  zoom step with refill p95 (it waits {PATIENCE_MS} ms first)", float(np.percentile(steps, 95)), 120, "ms"
    )
    at_most("  bytes a step, median", statistics.median(sizes), 400, "kB")


def measure_live(page: Page, url: str, folder: Path) -> None:
    """Frames that are written as the daemon writes them, until the lap they are of has grown on the screen."""
    stop = threading.Event()
    with open_store(settings=settings_of(folder)) as store:
        recording = Recording(store)
        recording.begin(drive(seed=1))
        recording.drive()
        recording.begin(drive(seed=2))
        recording.drive(20.0)
        page.goto(url)
        review = ReviewPage(page).drawn()
        review.wait("bus.laps.some(({running}) => running)")
        review.wait("bus.growths > 0 || bus.running.time_s >= 19")
        page.evaluate(
            "() => { const bus = [...globalThis[Symbol.for('ps-analytics.pages')].values()][0]; globalThis.grew = [];"
            " let known = bus.growths; bus.subscribe(['data'], () => { if (bus.growths > known) { known = bus.growths;"
            " queueMicrotask(() => globalThis.grew.push([Date.now() / 1000, bus.running.time_s])) } }) }"
        )
        written: list[tuple[float, float]] = []

        def drives() -> None:
            clock = time.monotonic()
            driven = 20.0
            for k in range(int(LIVE_S * HZ / 10)):
                stop.wait(max(0.0, clock + k * 10 / HZ - time.monotonic()))
                recording.drive(10 / HZ)
                driven += 10 / HZ
                written.append((time.time(), driven))

        driving = threading.Thread(target=drives)
        driving.start()
        while driving.is_alive():
            page.wait_for_timeout(500)
        driving.join()
        page.wait_for_timeout(1500)
        grew = page.evaluate("globalThis.grew")
        recording.end()
    _print_live(written, grew)


def _print_live(written: list[tuple[float, float]], grew: list[tuple[float, float]]) -> None:
    """How old each batch of frames was when the lap had grown past it."""
    ages = []
    for stamp, driven in written:
        shown = [at for at, time_s in grew if time_s >= driven - 1.5 / HZ]
        if shown:
            ages.append((min(shown) - stamp) * 1000)
    if not ages:
        print("live: the lap that is being driven did not grow on the review page")
        return
    p50, p99 = np.percentile(ages, [50, 99])
    print(f"live, frames in the store → pixels on the review page, over {LIVE_S:.0f} s, {len(grew)} updates drawn:")
    at_most("  p50 (a page with a direct line to the source is not there yet)", p50, 40, "ms")
    at_most("  p99", p99, 120, "ms")
    at_least("  updates drawn a second", len(grew) / LIVE_S, 45, "updates")
