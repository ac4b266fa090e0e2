"""What the figures of the screen are measured on: laps in a store, the dashboards as a process, what both use up."""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray
from playwright.sync_api import Page

from ps_analytics.channels.catalog import CATALOG
from ps_analytics.config import Settings
from ps_analytics.ingest.tracks import catch_up
from ps_analytics.store.store import open_store
from ps_analytics.ui.layouts import SHIPPED, channels_of
from tests.ui.conftest import Paddock, ReviewPage, drive

RUNS = 10
SAMPLES = 6000
LENGTH_M = 6680.0
"""About 100 s a lap: 6,000 frames at 60 Hz."""
LAPS = 4 * RUNS
STINT_S, STINT_HZ = 7200.0, 100.0
TRACK = "Bean"
LONG_RUN, STINT = "Long run", "Stint of two hours"

EIGHT = ("speed", "throttle", "brake", "steering", "rpm", "gear", "g_lat", "g_long")


def measured_layout(axis: str = "distance") -> dict[str, Any]:
    """Eight plots of one channel each beside the laps and the map, as a layout."""
    configs = [{"id": name, "title": name, "kind": "traces", "channels": [name]} for name in EIGHT]
    items = [{"plotId": name, "x": 3, "y": 112 * i, "w": 9, "h": 112} for i, name in enumerate(EIGHT)]
    for kind, top, channels in (("laps", 0, []), ("map", 448, ["x", "y", "speed"])):
        configs.append({"id": kind, "title": kind, "kind": kind, "channels": channels})
        items.append({"plotId": kind, "x": 0, "y": top, "w": 3, "h": 448})
    sheet = {"id": "one", "title": f"Eight plots over {axis}", "xAxis": axis, "fit": True, "items": items}
    return {"configs": configs, "layout": {"version": 1, "cols": 12, "sheets": [sheet]}}


def wide_lap(seed: int) -> dict[str, NDArray[np.float64]]:
    """A lap of 6,000 samples with every channel of the shipped layouts, as a good source gives them."""
    lap = drive(length_m=LENGTH_M, grip_g=1.4 + seed / 500, seed=seed)
    shown = {name for document in SHIPPED.values() for name in channels_of(document) if name in CATALOG} | {*EIGHT}
    at = lap["timestamp"]
    more = {name: 50 + 40 * np.sin(at / (3 + k) + seed) for k, name in enumerate(sorted(shown - {*lap, "delta"}))}
    return lap | more


def stint() -> dict[str, NDArray[np.float64]]:
    """Two hours at 100 Hz in one piece."""
    at = np.arange(0, STINT_S, 1 / STINT_HZ)
    noise = np.random.default_rng(1)
    speed = 140 + 60 * np.sin(at / 9) + noise.normal(0, 1, len(at))
    waves = {name: 50 + 40 * np.sin(at / (3 + k)) + noise.normal(0, 2, len(at)) for k, name in enumerate(EIGHT)}
    waves["gear"] = np.round(waves["gear"] / 20)
    return waves | {"timestamp": at, "speed": speed, "distance": np.cumsum(speed / 3.6 / STINT_HZ)}


def fill(folder: Path) -> None:
    """A session of laps to click, and an older one with the stint."""
    with open_store(settings=settings_of(folder)) as store:
        paddock = Paddock(store)
        paddock.lap(paddock.session(STINT, track="Oval"), stint())
        session = paddock.session(LONG_RUN, track=TRACK)
        for seed in range(LAPS):
            paddock.lap(session, wide_lap(seed))
        catch_up(store, TRACK)  # as the daemon does when a session ends


def settings_of(folder: Path) -> Settings:
    """A user of that folder."""
    return Settings(data_dir=folder, user="local", database_url="", _env_file=None)


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, psutil.Process]]:
    """The dashboards of a folder as a process of their own: their address and the process."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PS_")}
    environment |= {"PS_DATA_DIR": str(folder), "PS_PORT": "0"}
    command = [sys.executable, "-m", "ps_analytics", "serve"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        try:
            yield running.stdout.readline().split()[1], psutil.Process(running.pid)
        finally:
            running.terminate()


def opened(page: Page, url: str, *, axis: str = "distance") -> ReviewPage:
    """The review page with eight plots, painted."""
    page.goto(url)
    review = ReviewPage(page).drawn()
    with review.redrawn():
        command = {"op": "layout", "do": "import", "text": json.dumps(measured_layout(axis))}
        review.bus(f"bus.ask({json.dumps(command)})")
    return review


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


def load() -> str:
    """How busy the machine is with everything on it, to be read beside the figures."""
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
