"""The review page in headless Chromium, beside a bare page that draws as much with uPlot and nothing else."""

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from playwright.sync_api import Browser, Page, sync_playwright

from ps_analytics.config import Settings
from ps_analytics.store.store import open_store
from tests.bench.table import at_most, heading
from tests.ui.conftest import ARGUMENTS, CHROMIUM, Paddock, ReviewPage, drive

UPLOT = Path(__file__).parents[2] / "node_modules" / "uplot" / "dist" / "uPlot.iife.min.js"
RUNS = 10
SAMPLES = 6000
PLOTS = 6
LENGTH_M = 6680.0
"""About 100 s a lap: 6,000 frames at 60 Hz."""
CLICKED = "addEventListener('click', () => { globalThis.clicked = performance.now() }, true)"

BARE = """(samples, plots) => {
  const x = Float32Array.from({length: samples}, (_, i) => i)
  const wave = (k) => Float32Array.from(x, (v) => Math.sin(v / (40 + k)) * 100 + Math.sin(v / 7) * 5)
  const options = {
    width: 1100, height: 140, legend: {show: false}, cursor: {show: false}, pxAlign: 0,
    scales: {x: {time: false}}, axes: [{}, {}],
    series: [{}, {stroke: '#4cc2ff', points: {show: false}}, {stroke: '#ff9d42', points: {show: false}}],
  }
  const all = Array.from({length: plots}, () => new uPlot(options, [x, wave(1), null], document.body))
  globalThis.draw = (k) => new Promise((resolve) => {
    const began = performance.now()
    requestAnimationFrame(() => {
      for (const plot of all) plot.setData([x, wave(1), wave(k)])
      queueMicrotask(() => resolve(performance.now() - began))
    })
  })
  globalThis.zoom = (k) => new Promise((resolve) => {
    const began = performance.now()
    requestAnimationFrame(() => {
      for (const plot of all) plot.setScale('x', {min: k * 50, max: samples - k * 50})
      queueMicrotask(() => resolve(performance.now() - began))
    })
  })
}"""


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, psutil.Process]]:
    """The dashboards as a process of their own over a session of a dozen laps: their address and the process."""
    with open_store(settings=Settings(data_dir=folder, user="local")) as store:
        paddock = Paddock(store)
        session = paddock.session("Long run")
        for seed in range(RUNS + 4):
            paddock.lap(session, drive(length_m=LENGTH_M, grip_g=1.4 + seed / 500, seed=seed))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PS_")}
    environment |= {"PS_DATA_DIR": str(folder), "PS_PORT": "0"}
    command = [sys.executable, "-m", "ps_analytics", "serve"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        try:
            yield program.stdout.readline().split()[1], psutil.Process(program.pid)
        finally:
            program.terminate()


def browser_cpu_s() -> float:
    """CPU seconds used so far by the browser this process started, all its processes together."""
    children = psutil.Process().children(recursive=True)
    times = [child.cpu_times() for child in children if "chrom" in child.name()]
    return sum(spent.user + spent.system for spent in times)


def server_cpu_s(server: psutil.Process) -> float:
    """CPU seconds used so far by the server."""
    spent = server.cpu_times()
    return spent.user + spent.system


def median_ms(measure: Callable[[int], float]) -> float:
    """Median of as many runs, after one warm-up."""
    measure(0)
    return statistics.median(measure(k) for k in range(1, RUNS + 1))


def bare_ms(browser: Browser) -> tuple[float, float]:
    """How long uPlot alone takes to draw a lap more, and to zoom, in ms."""
    page = browser.new_page(viewport={"width": 1600, "height": 1000})
    page.add_script_tag(path=UPLOT)
    page.evaluate(f"({BARE})({SAMPLES}, {PLOTS})")
    draw = median_ms(lambda k: page.evaluate(f"draw({k + 2})"))
    zoom = median_ms(lambda k: page.evaluate(f"zoom({k + 1})"))
    page.close()
    return draw, zoom


def measure_clicks(review: ReviewPage, server: psutil.Process, bare: float) -> None:
    """A lap the server has not read yet is clicked; then it is taken away again."""
    review.page.evaluate(CLICKED)
    with review.redrawn():
        review.lap(RUNS + 2).click()  # the second lap it opened with: from here on one lap is there, and one comes

    def click(k: int) -> float:
        with review.redrawn():
            review.lap(k).click()
        taken = review.bus("bus.marks.get(bus.painted) - globalThis.clicked")
        with review.redrawn():
            review.lap(k).click()
        return float(taken)

    before = server_cpu_s(server)
    clicked = median_ms(click)
    cpu_ms = (server_cpu_s(server) - before) / (RUNS + 1) * 1000
    at_most(f"lap click → all plots painted, 2 laps × {SAMPLES:,} frames × 7 lanes and map", clicked, 150, "ms")
    at_most("  against bare uPlot, which needs no server", clicked / bare, 15)
    at_most("  server CPU a click (and its taking back)", cpu_ms, 150, "ms")
    again = median_ms(lambda k: click(k % RUNS))
    at_most("lap click again: the columns are there", again, 100, "ms")


def measure_cursor(review: ReviewPage) -> None:
    """The pointer over a plot: what it costs the browser, and how often it asks the server."""
    review.page.evaluate(
        "() => { globalThis.sent = 0; const send = WebSocket.prototype.send;"
        " WebSocket.prototype.send = function (...what) { globalThis.sent += 1; return send.apply(this, what) } }"
    )
    box = review.plot("Speed").locator(".u-over").bounding_box()
    assert box is not None
    moves = 200
    before, paints = browser_cpu_s(), review.bus("bus.paints")
    for i in range(moves):
        review.page.mouse.move(box["x"] + box["width"] * (i + 1) / (moves + 2), box["y"] + 40)
    review.wait(f"bus.paints > {paints}")
    at_most("cursor move: messages to the server", review.page.evaluate("globalThis.sent"), 0, "messages")
    at_most("cursor move: browser CPU, all plots and map", (browser_cpu_s() - before) / moves * 1000, 10, "ms")


def measure_zoom(review: ReviewPage, bare: float) -> None:
    """One step of zoom, until it is painted."""
    began = "const t = performance.now(); bus.zoom(0.9, 2000)"
    step = f"() => {{ {began}; return bus.nextPaint().then(() => performance.now() - t) }}"

    def zoom(_: int) -> float:
        return float(review.bus(f"({step})()"))

    taken = median_ms(zoom)
    at_most("zoom step painted", taken, 50, "ms")
    at_most("  against bare uPlot", taken / bare, 3)


def measure_opening(page: Page, url: str, server: psutil.Process) -> None:
    """From the address typed to the plots painted; the browser has been here before."""
    opened: list[float] = []
    before = server_cpu_s(server)
    for _ in range(RUNS):
        page.goto(url)
        opened.append(float(ReviewPage(page).drawn().bus("[...bus.marks.values()][0]")))
    at_most("page open → plots painted", statistics.median(opened), 700, "ms")
    at_most("  server CPU", (server_cpu_s(server) - before) / RUNS * 1000, 150, "ms")


def measure_sessions(browser: Browser, url: str, server: psutil.Process) -> None:
    """Fifty pages opened and closed: what of their memory comes back."""
    context = browser.new_context()

    def open_and_close(count: int) -> int:
        for _ in range(count):
            page = context.new_page()
            page.goto(url)
            ReviewPage(page).drawn()
            page.close()
        return int(server.memory_info().rss)

    first = open_and_close(10)
    at_most("memory after 50 more pages opened and closed, against 10", open_and_close(50) / first, 1.1)


def main() -> None:
    """Measure and print."""
    heading("Review page (medians of ten; ratios to a bare uPlot page of this run)")
    program = next(path for path in CHROMIUM if Path(path).exists())
    with (
        tempfile.TemporaryDirectory() as folder,
        served(Path(folder)) as (url, server),
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        draw, zoom = bare_ms(browser)
        page = browser.new_page(viewport={"width": 1600, "height": 1000}, reduced_motion="reduce")
        measure_opening(page, url, server)
        review = ReviewPage(page).drawn()
        measure_clicks(review, server, draw)
        measure_cursor(review)
        measure_zoom(review, zoom)
        measure_sessions(browser, url, server)
        browser.close()


if __name__ == "__main__":
    main()
