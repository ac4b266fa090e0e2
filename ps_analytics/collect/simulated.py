"""Simulated cars as sources: one drives until it is stopped, one tells what the demo has driven lately."""

import threading
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, time, timedelta

import numpy as np
import polars as pl

from ps_analytics.collect.base import Collector, Publish, Session, deliver, parts
from ps_analytics.collect.clock import Clock
from ps_analytics.collect.pace import drive, is_live
from ps_analytics.proto.codec import Batch, from_frame
from ps_analytics.simulate.car import GT
from ps_analytics.simulate.demo import DRIVERS, DemoSession, demo_circuits, demo_sessions
from ps_analytics.simulate.session import simulate
from ps_analytics.simulate.stint import drive_on

PAST_FRAMES = 600
"""Frames in a batch of the past: ten seconds, a quarter of a megabyte on the wire."""


class Simulated(Collector):
    """Drives a simulated car: for one seed the same circuit and laps.

    Args:
        seed: decides everything that differs.
        speed: times real time; beyond 1 its frames are not called live.
        clock: says when a frame is due.
    """

    name = "simulated"

    def __init__(self, seed: int = 1, *, speed: float = 1.0, clock: Clock | None = None) -> None:
        self._seed, self._speed, self._clock = seed, speed, clock or Clock()

    def run(self, publish: Publish, stop: threading.Event) -> None:
        """Publish until `stop`."""
        with closing(_ahead(self._laps())) as laps:
            drive(laps, publish, stop, speed=self._speed, clock=self._clock)

    def _laps(self) -> Iterator[Batch]:
        """The drive of now: a batch a lap, time stamps from 0."""
        circuit, driver = demo_circuits(self._seed)[1], DRIVERS[0]
        live = is_live(self._speed)
        session = Session(self.name, track=circuit.name, car=GT.name, driver=driver.name, live=live)
        for lap in drive_on(circuit, GT, driver, seed=self._seed):
            yield _batch(session, lap)


class SimulatedPast(Collector):
    """The demo's past sessions, as fast as they are taken, dated to the last days.

    Args:
        seed: decides everything that differs.
        clock: says what day it is.
    """

    name = "simulated"

    def __init__(self, seed: int = 1, *, clock: Clock | None = None) -> None:
        self._seed, self._clock = seed, clock or Clock()

    def run(self, publish: Publish, stop: threading.Event) -> None:
        """Publish all of them, or until `stop`."""
        now = datetime.fromtimestamp(self._clock.now_us() / 1e6, UTC)
        for past in demo_sessions(self._seed):
            for batch in _past(past, now):
                if stop.is_set() or not deliver(batch, publish, stop):
                    return


def _ahead(laps: Iterator[Batch]) -> Generator[Batch, None, None]:
    """The laps, the next one always being worked out beside the one that is driven."""
    with ThreadPoolExecutor(1, thread_name_prefix="next-lap") as worker:
        following = worker.submit(next, laps)
        while True:
            lap = following.result()
            following = worker.submit(next, laps)
            yield lap


def _past(past: DemoSession, now: datetime) -> Iterator[Batch]:
    """A session of the past, in batches, dated back from `now` by the local calendar."""
    driven = simulate(past.circuit, past.car, past.driver, past.plan, seed=past.seed)
    session = Session(
        SimulatedPast.name, track=past.circuit.name, car=past.car.name, driver=past.driver.name, live=False
    )
    day = now.astimezone().date() - timedelta(days=past.days_ago)
    began = datetime.combine(day, time.fromisoformat(past.clock)).astimezone()
    yield from parts(_batch(session, driven.frames, round(began.timestamp() * 1e6)), PAST_FRAMES)


def _batch(session: Session, frames: pl.DataFrame, start_us: int = 0) -> Batch:
    """All frames in one batch; `start_us` is the UTC of their time 0, in µs."""
    timestamp_us = start_us + np.rint(frames["timestamp"].to_numpy() * 1e6).astype(np.int64)
    return from_frame(
        frames,
        timestamp_us=timestamp_us,
        session_id=session.id,
        source=session.source,
        track=session.track,
        car=session.car,
        driver=session.driver,
        live=session.live,
        rate_hz=session.rate_hz,
    )
