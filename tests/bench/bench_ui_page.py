"""One page: opened, laps clicked, layouts switched, the cursor moved, the view zoomed."""

import statistics

import psutil
from playwright.sync_api import Page

from ps_analytics.ui.layouts import SHIPPED
from tests.bench.bench_ui_bare import Bare
from tests.bench.bench_ui_served import RUNS, SAMPLES, browser_cpu_s, median_ms, server_cpu_s
from tests.bench.table import at_most
from tests.ui.conftest import ReviewPage

CLICKED = "addEventListener('click', () => { globalThis.clicked = performance.now() }, true)"
SENT = (
    "() => { globalThis.sent = 0; const send = WebSocket.prototype.send;"
    " WebSocket.prototype.send = function (...what) { globalThis.sent += 1; return send.apply(this, what) } }"
)
MOVES = 200


def measure_opening(page: Page, url: str, server: psutil.Process, bare: Bare) -> None:
    """From the address typed to the plots painted; the browser has been here before."""

    def opened(_: int) -> float:
        page.goto(url)
        return float(ReviewPage(page).drawn().bus("[...bus.marks.values()][0]"))

    opened(0)
    before = server_cpu_s(server)
    taken = statistics.median(opened(k) for k in range(RUNS))
    at_most("page open → plots painted", taken, 700, "ms")
    at_most("  server CPU", (server_cpu_s(server) - before) / RUNS * 1000, 150, "ms")
    print(f"  against bare uPlot, whose page needs no session: {taken / bare.opened:.1f} ×")


def measure_clicks(review: ReviewPage, server: psutil.Process, bare: Bare) -> None:
    """Laps the server has not read yet are clicked, beside one lap and beside two; then they are taken away again."""
    review.page.evaluate(CLICKED)
    with review.redrawn():
        review.lap(review.bus("bus.laps.find((lap) => !lap.reference).label.split(' ')[1]")).click()

    def clicked(number: int) -> float:
        with review.redrawn():
            review.lap(number).click()
        return float(review.bus("bus.marks.get(bus.painted) - globalThis.clicked"))

    def fresh(k: int) -> float:
        taken = clicked(k)
        clicked(k)
        return taken

    before = server_cpu_s(server)
    taken = median_ms(fresh)
    cpu_ms = (server_cpu_s(server) - before) / (RUNS + 1) / 2 * 1000
    at_most(f"lap click → 8 plots and map painted, 2 laps × {SAMPLES:,}", taken, 100, "ms")
    at_most("  against bare uPlot, which fetches what is ready", taken / bare.lap, 1.5)
    at_most("  server CPU a click, taken away again in turn", cpu_ms, 15, "ms")
    again = median_ms(lambda k: fresh(k % RUNS))
    at_most("lap click again: the server has read it", again, 100, "ms")
    clicked(RUNS + 1)
    third = median_ms(lambda k: fresh(RUNS + 2 + k))
    at_most("third lap added", third, 80, "ms")
    at_most("  against bare uPlot", third / bare.third, 1.5)
    clicked(RUNS + 1)
    clicked(2)


def measure_layouts(review: ReviewPage, bare: Bare) -> None:
    """Every shipped layout is opened, twice: at first its channels must be read and sent."""

    def switched(name: str) -> float:
        began = review.bus("(globalThis.began = performance.now())")
        with review.redrawn():
            review.bus(f"bus.ask({{op: 'layout', do: 'open', id: '{name}'}})")
        return float(review.bus("bus.marks.get(bus.painted)")) - float(began)

    order = [name for name in SHIPPED if name != "driver"] + ["driver"]
    first = {name: switched(name) for name in order}
    again = statistics.median(switched(name) for _ in range(2) for name in order)
    at_most("layout switched, its channels there", again, 250, "ms")
    at_most("layout switched for the first time: channels read and sent", statistics.median(first.values()), 250, "ms")
    print("  " + ", ".join(f"{name} {taken:.0f}" for name, taken in first.items()) + " ms")
    print(f"  against bare uPlot that makes eight plots anew: {again / bare.remade:.1f} ×")


def measure_cursor(review: ReviewPage, bare: Bare) -> None:
    """The pointer over a plot: what it costs the browser, and how often it asks the server."""
    review.page.evaluate(SENT)
    box = review.plot("speed").locator(".u-over").bounding_box()
    assert box is not None
    before, paints = browser_cpu_s(), review.bus("bus.paints")
    for i in range(MOVES):
        review.page.mouse.move(box["x"] + box["width"] * (i + 1) / (MOVES + 2), box["y"] + 40)
    review.wait(f"bus.paints > {paints}")
    cpu_ms = (browser_cpu_s() - before) / MOVES * 1000
    at_most("cursor move: messages to the server", review.page.evaluate("globalThis.sent"), 0, "messages")
    at_most("cursor move: browser CPU, 8 plots and map", cpu_ms, 10, "ms")
    print(f"  against bare uPlot that moves eight lines: {cpu_ms / max(bare.cursor_cpu, 0.01):.1f} ×")


def measure_zoom(review: ReviewPage, bare: Bare) -> None:
    """One step of zoom, until it is painted."""
    painted = "bus.nextPaint().then(() => performance.now() - began)"
    step = f"(() => {{ const began = performance.now(); bus.zoom(0.9, 2000); return {painted} }})()"
    taken = median_ms(lambda _: float(review.bus(step)))
    at_most("zoom step painted", taken, 50, "ms")
    print(f"  against bare uPlot: {taken / bare.zoom:.1f} ×")
    review.bus("bus.showAll()")
