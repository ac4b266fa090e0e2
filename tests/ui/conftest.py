"""Synthetic laps in a store, and a browser in which any error, and any request that leaves the host, fails the test."""

import asyncio
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from numpy.typing import NDArray
from panel.io.server import Server
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from ps_analytics.channels.catalog import unit_of
from ps_analytics.config import Settings
from ps_analytics.lap import Trace
from ps_analytics.store.store import Store, open_store
from ps_analytics.ui.server import dashboards, page_url

ARTEFACTS = Path(__file__).parents[2] / "artefacts"
CHROMIUM = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PATIENCE_MS = 30_000.0
"""A machine that runs other tests beside this one may take so long to paint."""
START_US = 1_760_000_000_000_000
RATE_HZ = 60.0
GEAR_UP_KMH = (0, 62, 98, 137, 181, 232)
CIRCUIT = np.array([(2, 0.26, 0.3), (3, 0.13, 1.1), (5, 0.055, 2.0), (7, 0.028, 0.4)])
"""Harmonics of the circuit's radius: number, share of the radius, phase."""

Floats = NDArray[np.float64]

expect.set_options(timeout=PATIENCE_MS)


@cache
def drive(*, length_m: float = 4200.0, grip_g: float = 1.45, seed: int = 0) -> dict[str, Floats]:
    """One lap as channels in the catalogue's units, 60 Hz: fast where the circuit is straight, slow where it bends."""
    noise = np.random.default_rng(seed)
    angle = np.linspace(0, 2 * np.pi, 4001)
    radius = 1 + sum(share * np.cos(n * angle + phase) for n, share, phase in CIRCUIT)
    x, y = radius * np.cos(angle), radius * np.sin(angle)
    scale = length_m / np.hypot(np.diff(x), np.diff(y)).sum()
    x, y = x * scale, y * scale
    distance = np.concatenate([[0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))])
    heading = np.unwrap(np.arctan2(np.gradient(y), np.gradient(x)))
    bend = np.gradient(heading, distance)
    wander = sum(np.sin(k * angle + noise.uniform(0, 6)) * noise.normal(0, 0.004) for k in range(3, 12))
    speed = np.clip(np.sqrt(grip_g * 9.81 * (1 + wander) / np.maximum(np.abs(bend), 1e-5)), 15, 82)
    step = np.diff(distance, append=distance[-1] + distance[1])
    for _ in range(2):  # twice round: the lap begins as it ends
        for i in range(len(speed)):
            speed[i] = min(speed[i], np.sqrt(speed[i - 1] ** 2 + 2 * step[i] * 9.5 * (1 - (speed[i - 1] / 88) ** 2)))
        for i in range(len(speed) - 1, -1, -1):
            speed[i - 1] = min(speed[i - 1], np.sqrt(speed[i] ** 2 + 2 * step[i] * 15.5))
    clock = np.concatenate([[0], np.cumsum(step[:-1] / speed[:-1])])
    at = np.arange(0, clock[-1], 1 / RATE_HZ)
    lap = {name: np.interp(at, clock, values) for name, values in (("x", x), ("y", y), ("distance", distance))}
    kmh = np.interp(at, clock, speed) * 3.6
    g_long = np.gradient(kmh / 3.6, at) / 9.81
    gear = np.searchsorted(GEAR_UP_KMH, kmh)
    ratio = (kmh - np.array([0, *GEAR_UP_KMH])[gear]) / np.diff([0, *GEAR_UP_KMH, 300])[gear]
    return lap | {
        "timestamp": at,
        "normalized_position": lap["distance"] / length_m,
        "speed": kmh,
        "throttle": np.clip(30 + g_long * 190, 0, 100),
        "brake": np.clip(-g_long * 62 - 6, 0, 100),
        "steering": np.interp(at, clock, bend) * 2600 + noise.normal(0, 0.25, len(at)),
        "gear": gear.astype(float),
        "rpm": 4700 + 3300 * ratio,
    }


@dataclass
class Paddock:
    """Writes sessions and laps into a store as the importer does; keeps what it wrote."""

    store: Store
    laps: dict[str, list[str]] = field(default_factory=dict)

    def session(self, name: str = "Practice", *, event: str | None = None, **facts: Any) -> str:
        """The id of a new session, one hour after the last."""
        with self.store.transaction() as writing:
            event_id = writing.open_event(event) if event else None
            started = START_US + 3_600_000_000 * len(self.laps)
            given = {"track": "Bean", "car": "Formula Test", "source": "demo", "status": "completed", **facts}
            row = writing.open_session(name=name, event_id=event_id, started_us=started, **given)
        self.laps[row.id] = []
        return row.id

    def lap(self, session_id: str, channels: dict[str, Floats] | None = None, **facts: Any) -> str:
        """The id of a finished lap behind the last one; without channels a lap of times only."""
        number = len(self.laps[session_id])
        start_s = 200.0 * number
        time_s = facts.pop("lap_time_s", float(channels["timestamp"][-1]) if channels else None)
        given = {"lap_number": number, "kind": "timed", "valid": True, "time_source": "source", **facts}
        with self.store.transaction() as writing:
            session = writing.session(session_id)
            started_us = session.started_us + int(start_s * 1e6)
            ended_us = started_us + int((time_s or 60.0) * 1e6)
            row = writing.open_lap(session, started_us=started_us, ended_us=ended_us, lap_time_s=time_s, **given)
            writing.write_traces(row.id, traces(channels, start_s) if channels else [])
        self.laps[session_id].append(row.id)
        return row.id


def traces(channels: dict[str, Floats], start_s: float) -> list[Trace]:
    shifted = {**channels, "timestamp": channels["timestamp"] + start_s}
    return [
        Trace(name, unit_of(name), RATE_HZ, start_s, values if name == "timestamp" else values.astype(np.float32))
        for name, values in shifted.items()
    ]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, port=0, user="anna", database_url="", _env_file=None)


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    with open_store(settings=settings) as opened:
        yield opened


@pytest.fixture
def paddock(store: Store) -> Paddock:
    return Paddock(store)


@pytest.fixture
def weekend(paddock: Paddock) -> str:
    """The id of a session of seven laps: out, three timed, an invalid one, the best, in."""
    session = paddock.session("Qualifying", event="Test weekend")
    paddock.lap(session, drive(grip_g=1.1, seed=9), kind="out")
    for seed, grip in enumerate((1.40, 1.42, 1.43)):
        paddock.lap(session, drive(grip_g=grip, seed=seed))
    paddock.lap(session, drive(grip_g=1.5, seed=4), valid=False, valid_reason="four wheels off the track")
    paddock.lap(session, drive(grip_g=1.45, seed=5))
    paddock.lap(session, drive(grip_g=1.0, seed=6), kind="in")
    return session


class ReviewPage:
    """A review page in a browser: what a test does to it and asks of it."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def bus(self, expression: str) -> Any:
        """The value of a JavaScript expression in which `bus` is the page's bus."""
        return self.page.evaluate(f"() => {{ const bus = {BUS}; return {expression} }}")

    def wait(self, condition: str) -> None:
        """Wait until a JavaScript condition about `bus` holds; looked at after every frame."""
        self.page.wait_for_function(f"() => {{ const bus = {BUS}; return bus && ({condition}) }}")

    def drawn(self) -> "ReviewPage":
        """The page once its plots are painted and as the state has them."""
        self.wait("bus.painted > 0 && bus.painted === bus.generation && bus.laps.length > 0")
        return self

    @contextmanager
    def painted(self) -> Iterator[None]:
        """What is done in the block has been painted at its end."""
        before = self.bus("bus.paints")
        yield
        self.wait(f"bus.paints > {before} && !bus.late")

    @contextmanager
    def redrawn(self) -> Iterator[None]:
        """The server has answered what is done in the block, and the answer is painted."""
        before = self.bus("bus.generation")
        yield
        self.wait(f"bus.painted > {before} && bus.painted === bus.generation")

    def plot(self, title: str) -> Locator:
        """The drawing area of a panel."""
        return self.page.get_by_test_id(f"plot-{title}")

    def lap(self, number: int) -> Locator:
        """The row of a lap in the list."""
        return self.page.get_by_role("checkbox", name=f"Lap {number},")

    def status(self) -> Locator:
        """What the page says of itself."""
        return self.page.get_by_test_id("status").locator("p")

    def screenshot(self, name: str) -> None:
        """Keep what the page looks like as an artefact of this run."""
        ARTEFACTS.mkdir(exist_ok=True)
        self.page.screenshot(path=ARTEFACTS / f"{name}.png")


BUS = "[...(globalThis[Symbol.for('ps-analytics.pages')]?.values() ?? [])][0]"


@dataclass
class Served:
    """Dashboards that run in a thread of their own."""

    server: Server
    url: str


@contextmanager
def serving(settings: Settings) -> Iterator[Served]:
    """The dashboards of these settings, from another thread, until the end of the block."""
    started: queue.Queue[Served | BaseException] = queue.Queue()

    def run() -> None:
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        try:
            with dashboards(settings, kept_s=0.2) as server:
                started.put(Served(server, page_url(server, settings)))
                server.io_loop.start()
        except BaseException as error:  # the test's thread raises it
            started.put(error)
        finally:
            loop.close()

    thread = threading.Thread(target=run, name="dashboards")
    thread.start()
    served = started.get(timeout=30)
    if isinstance(served, BaseException):
        thread.join()
        raise served
    try:
        yield served
    finally:
        served.server.io_loop.add_callback(served.server.io_loop.stop)
        thread.join()


@pytest.fixture
def served(settings: Settings, store: Store) -> Iterator[Served]:
    """The dashboards of the store."""
    with serving(settings) as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium, one for the whole run."""
    program = next((path for path in CHROMIUM if Path(path).exists()), None)
    if program is None:
        pytest.fail("no Chromium on this machine: run `make tools`, which installs it", pytrace=False)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page; what goes wrong in it, and what it asks of another host, fails the test."""
    context = browser.new_context(viewport={"width": 1600, "height": 1000}, reduced_motion="reduce")
    wrong: list[str] = []
    context.on("weberror", lambda found: wrong.append(f"page error: {found.error}"))
    context.on("console", lambda said: wrong.append(f"console: {said.text}") if said.type == "error" else None)
    context.on("request", lambda request: wrong.append(f"asked {request.url}") if leaves(request.url) else None)
    context.set_default_timeout(PATIENCE_MS)
    yield context.new_page()
    context.close()
    assert wrong == []


def leaves(url: str) -> bool:
    """Whether a request would go to another host."""
    parts = urlsplit(url)
    return parts.scheme not in ("data", "blob") and parts.hostname != "127.0.0.1"


@pytest.fixture
def open_review(page: Page, served: Served) -> Callable[[], ReviewPage]:
    """Opens the review page and gives it as soon as the server has spoken."""

    def opened() -> ReviewPage:
        page.goto(served.url)
        review = ReviewPage(page)
        review.wait("bus.generation > 0 && bus.status.kind !== 'loading'")
        return review

    return opened


@pytest.fixture
def review(weekend: str, open_review: Callable[[], ReviewPage]) -> ReviewPage:
    """The review page of the weekend, painted."""
    return open_review().drawn()


@pytest.fixture(name="drive")
def drive_fixture() -> Any:
    return drive


@pytest.fixture
def paddock_of() -> type[Paddock]:
    return Paddock


@pytest.fixture
def serve() -> Any:
    return serving


@pytest.fixture
def review_of() -> type[ReviewPage]:
    return ReviewPage
