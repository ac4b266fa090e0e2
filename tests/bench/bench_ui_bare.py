"""The peer: a bare page that fetches as much from a server that has it ready, and draws it with uPlot and no more."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import numpy as np
from playwright.sync_api import Browser

from tests.bench.bench_ui_served import EIGHT, LENGTH_M, browser_cpu_s, median_ms

UPLOT = Path(__file__).parents[2] / "node_modules" / "uplot" / "dist" / "uPlot.iife.min.js"
METRES = int(LENGTH_M) + 1
"""A lap is drawn on the metres of the reference."""
MOVES = 100

PAGE = """<!doctype html><script src="uplot.js"></script><body><script>
const plots = %d, samples = %d
const x = Float32Array.from({length: samples}, (_, i) => i)
const wave = (k) => Float32Array.from(x, (v) => Math.sin(v / (40 + k)) * 100 + Math.sin(v / 7) * 5)
const colors = ['#4cc2ff', '#ff9d42', '#7ee787']
const options = {
  width: 1180, height: 108, legend: {show: false}, cursor: {show: false}, pxAlign: 0,
  scales: {x: {time: false}}, axes: [{}, {}],
  series: [{}, ...colors.map((stroke) => ({stroke, points: {show: false}}))],
}
const first = wave(1), second = wave(2)
const all = Array.from({length: plots}, () => new uPlot(options, [x, first, null, null], document.body))
const painted = (began) => new Promise((resolve) => queueMicrotask(() => resolve(performance.now() - began)))
const frame = () => new Promise(requestAnimationFrame)
globalThis.draw = async (third) => {
  const began = performance.now()
  const columns = new Float32Array(await (await fetch(`lap?${began}`)).arrayBuffer())
  await frame()
  all.forEach((plot, i) => {
    const column = columns.subarray(i * samples, (i + 1) * samples)
    plot.setData(third ? [x, first, second, column] : [x, first, column, null])
  })
  return painted(began)
}
globalThis.zoom = async (k) => {
  const began = performance.now()
  await frame()
  for (const plot of all) plot.setScale('x', {min: k * 50, max: samples - k * 50})
  return painted(began)
}
globalThis.remake = async () => {
  const began = performance.now()
  const columns = new Float32Array(await (await fetch(`lap?${began}`)).arrayBuffer())
  await frame()
  for (const plot of all.splice(0)) plot.destroy()
  for (let i = 0; i < plots; i += 1) {
    const column = columns.subarray(i * samples, (i + 1) * samples)
    all.push(new uPlot(options, [x, first, column, null], document.body))
  }
  return painted(began)
}
globalThis.drawn = new Promise((resolve) => queueMicrotask(() => resolve(performance.now())))
const lines = all.map((plot) => plot.over.appendChild(document.createElement('i')))
for (const line of lines) line.style.cssText = 'position:absolute;top:0;bottom:0;width:1px;background:red'
addEventListener('mousemove', ({clientX}) => {
  requestAnimationFrame(() => { for (const line of lines) line.style.transform = `translateX(${clientX}px)` })
})
</script>"""


@dataclass(frozen=True, slots=True)
class Bare:
    """What it takes the bare page, in ms: `cursor_cpu` is CPU of the browser a move."""

    opened: float
    lap: float
    third: float
    remade: float
    zoom: float
    cursor_cpu: float


class _Pages(BaseHTTPRequestHandler):
    """Gives the page, uPlot, and a lap's columns, which are there already."""

    lap: ClassVar[bytes] = np.sin(np.arange(len(EIGHT) * METRES) / 40).astype(np.float32).tobytes()

    def do_GET(self) -> None:
        if self.path.startswith("/lap"):
            body, kind = self.lap, "application/octet-stream"
        elif self.path == "/uplot.js":
            body, kind = UPLOT.read_bytes(), "text/javascript"
        else:
            body, kind = (PAGE % (len(EIGHT), METRES)).encode(), "text/html"
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def _served() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Pages) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def measure_bare(browser: Browser) -> Bare:
    """The bare page of this run."""
    with _served() as url:
        page = browser.new_page(viewport={"width": 1600, "height": 1000})

        def opened(_: int) -> float:
            page.goto(url)
            return float(page.evaluate("drawn"))

        opening = median_ms(opened)
        lap = median_ms(lambda _: page.evaluate("draw(false)"))
        third = median_ms(lambda _: page.evaluate("draw(true)"))
        remade = median_ms(lambda _: page.evaluate("remake()"))
        zoom = median_ms(lambda k: page.evaluate(f"zoom({k + 1})"))
        before = browser_cpu_s()
        for i in range(MOVES):
            page.mouse.move(100 + i * 10, 60)
        cursor = (browser_cpu_s() - before) / MOVES * 1000
        page.close()
    return Bare(opening, lap, third, remade, zoom, cursor)
