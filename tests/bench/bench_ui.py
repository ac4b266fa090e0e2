"""The review page in headless Chromium, beside a bare page that draws as much with uPlot and nothing else."""

import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.bench.bench_ui_bare import measure_bare
from tests.bench.bench_ui_load import measure_sessions, measure_users
from tests.bench.bench_ui_long import measure_live, measure_stint
from tests.bench.bench_ui_page import (
    measure_clicks,
    measure_cursor,
    measure_layouts,
    measure_opening,
    measure_zoom,
)
from tests.bench.bench_ui_served import fill, load, opened, served
from tests.bench.table import heading
from tests.ui.conftest import ARGUMENTS, CHROMIUM

PARTS = ("page", "stint", "live", "load")
VIEW = {"width": 1600, "height": 1000}


def measure_page(browser: Browser, folder: Path) -> None:
    """One user at one page."""
    bare = measure_bare(browser)
    print(f"bare uPlot: lap {bare.lap:.1f} ms, third {bare.third:.1f} ms, zoom {bare.zoom:.1f} ms")
    with served(folder) as (url, server):
        page = browser.new_page(viewport=VIEW, reduced_motion="reduce")
        measure_opening(page, url, server, bare)
        review = opened(page, url)
        measure_clicks(review, server, bare)
        measure_cursor(review, bare)
        measure_zoom(review, bare)
        measure_layouts(review, bare)
        page.close()


def measure_long(browser: Browser, folder: Path) -> None:
    """One user at a page of a long stint."""
    with served(folder) as (url, _):
        page = browser.new_page(viewport=VIEW, reduced_motion="reduce")
        measure_stint(opened(page, url, axis="time"))
        page.close()


def measure_running(browser: Browser, folder: Path) -> None:
    """One user at a page of a car on track, who has no other laps."""
    with served(folder / "running") as (url, _):
        page = browser.new_page(viewport=VIEW, reduced_motion="reduce")
        measure_live(page, url, folder / "running")
        page.close()


def measure_load(_: Browser, folder: Path) -> None:
    """Many users on one process."""
    with served(folder) as (url, server):
        measure_sessions(url, server)
        measure_users(url, server)


def main(wanted: list[str]) -> None:
    """Measure and print; all of it, or the parts named."""
    began = time.monotonic()
    heading(f"Review page (medians of ten; ratios to a bare uPlot page of this run; {load()} at the start)")
    program = next(path for path in CHROMIUM if Path(path).exists())
    parts = dict(zip(PARTS, (measure_page, measure_long, measure_running, measure_load), strict=True))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        fill(Path(folder))
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        for name in wanted or PARTS:
            print(f"-- {name}, {load()}", flush=True)
            parts[name](browser, Path(folder))
        browser.close()
    print(f"{time.monotonic() - began:.0f} s; {load()} at the end")


if __name__ == "__main__":
    main(sys.argv[1:])
