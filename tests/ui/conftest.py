"""Synthetic laps in a store, and a browser in which any error, and any request that leaves the host, fails the test."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ps_analytics.channels.catalog import unit_of
from ps_analytics.config import Settings
from ps_analytics.lap import Trace
from ps_analytics.store.store import Store, open_store

CHROMIUM = ("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")
START_US = 1_760_000_000_000_000
RATE_HZ = 60.0
GEAR_UP_KMH = (0, 62, 98, 137, 181, 232)
CIRCUIT = np.array([(2, 0.26, 0.3), (3, 0.13, 1.1), (5, 0.055, 2.0), (7, 0.028, 0.4)])
"""Harmonics of the circuit's radius: number, share of the radius, phase."""

Floats = NDArray[np.float64]


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

    def session(
        self, name: str = "Practice", *, event: str | None = None, status: str = "completed", **facts: Any
    ) -> str:
        """The id of a new session, one hour after the last."""
        with self.store.transaction() as writing:
            event_id = writing.open_event(event) if event else None
            started = START_US + 3_600_000_000 * len(self.laps)
            given = {"track": "Oval of Tests", "car": "Formula Test", "source": "demo", **facts}
            row = writing.open_session(name=name, event_id=event_id, started_us=started, status=status, **given)
        self.laps[row.id] = []
        return row.id

    def lap(
        self, session_id: str, channels: dict[str, Floats] | None = None, *, time_s: float | None = None, **facts: Any
    ) -> str:
        """The id of a finished lap behind the last one; without channels a lap of times only."""
        number = len(self.laps[session_id])
        with self.store.transaction() as writing:
            session = writing.session(session_id)
            start_s = 200.0 * number
            given = {"kind": "timed", "valid": True, "time_source": "source", **facts}
            if channels is not None and time_s is None:
                time_s = float(channels["timestamp"][-1])
            started_us = session.started_us + int(start_s * 1e6)
            ended_us = started_us + int((time_s or 60.0) * 1e6)
            row = writing.open_lap(
                session, lap_number=number, started_us=started_us, ended_us=ended_us, lap_time_s=time_s, **given
            )
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
    """The id of a session: an out lap, three timed laps, an invalid one, a fourth timed one that is the best, an in lap."""
    session = paddock.session("Qualifying", event="Test weekend")
    paddock.lap(session, drive(grip_g=1.1, seed=9), kind="out")
    for seed, grip in enumerate((1.40, 1.42, 1.43)):
        paddock.lap(session, drive(grip_g=grip, seed=seed))
    paddock.lap(session, drive(grip_g=1.5, seed=4), valid=False, valid_reason="four wheels off the track")
    paddock.lap(session, drive(grip_g=1.45, seed=5))
    paddock.lap(session, drive(grip_g=1.0, seed=6), kind="in")
    return session
