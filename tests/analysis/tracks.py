"""Circuits and lines whose corners are known before anybody drives them."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ps_analytics.lap import Lap, LapKind
from ps_analytics.simulate.car import FORMULA, GT
from ps_analytics.simulate.circuit import Circuit, generate
from ps_analytics.simulate.circuit import Corner as TrueCorner
from ps_analytics.simulate.driver import Driver
from ps_analytics.simulate.route import LapPlan
from ps_analytics.simulate.session import SimulatedSession, simulate
from ps_analytics.track import Corner, Direction
from tests.analysis.laps import lap_from

Floats = NDArray[np.float64]

NEAR_M = 60.0
DRIVERS = (
    Driver("A", pace=0.975, spread=0.003, smoothness=0.85),
    Driver("B", pace=0.94, spread=0.008, smoothness=0.4, seed=5),
)
POSITIONS, EARTH = ("x", "y"), ("latitude", "longitude")
NAMES = ("timestamp", "lap_time", "normalized_position", "speed", *POSITIONS, *EARTH, "yaw_rate", "g_lat", "steering")


@lru_cache(maxsize=16)
def circuit_of(seed: int) -> Circuit:
    """A circuit of 1.5 to 7 km with 6 to 20 corners."""
    rng = np.random.default_rng(seed)
    for attempt in range(20):
        length_m = float(rng.uniform(1500, 7000))
        corners = int(rng.integers(6, min(20, int(length_m / 170)) + 1))
        try:
            return generate("Ring", seed=seed + attempt, length_m=length_m, corners=corners)
        except ValueError:
            continue
    raise ValueError(seed)


@lru_cache(maxsize=4)
def _session(seed: int, rate_hz: float, laps: int) -> SimulatedSession:
    car, driver = (GT, FORMULA)[seed % 2], DRIVERS[seed // 2 % 2]
    return simulate(circuit_of(seed), car, driver, [LapPlan(LapKind.TIMED)] * laps, seed=seed, rate_hz=rate_hz)


@lru_cache(maxsize=32)
def driven(seed: int, rate_hz: float = 60.0, laps: int = 4) -> tuple[pl.DataFrame, ...]:
    """Flying laps of one session there, a frame a lap: two cars and two drivers take turns with the seeds."""
    session = _session(seed, rate_hz, laps)
    times = session.frames["timestamp"].to_numpy()
    edges = [np.searchsorted(times, [lap.start_s, lap.end_s]) for lap in session.truth[:laps]]
    return tuple(session.frames[int(first) : int(end)] for first, end in edges)


@lru_cache(maxsize=32)
def edges_of(seed: int) -> tuple[tuple[float, float], ...]:
    """When each of these laps really began and ended, in s."""
    return tuple((lap.start_s, lap.end_s) for lap in _session(seed, 60.0, 4).truth[:4])


def timed_laps(seed: int) -> list[Lap]:
    """The same laps as the store gives them."""
    found = []
    for number, frame in enumerate(driven(seed), 1):
        columns = {name: frame[name].cast(pl.Float64).fill_null(np.nan).to_numpy() for name in NAMES}
        start_s, end_s = edges_of(seed)[number - 1]
        lap = lap_from(columns, lap_time_s=end_s - start_s, start_s=start_s, lap_number=number)
        exact = {name: replace(lap.traces[name], values=columns[name]) for name in EARTH}
        found.append(replace(lap, traces={**lap.traces, **exact}))
    return found


def seen_as(laps: Sequence[pl.DataFrame], source: str, *, seed: int = 0) -> list[pl.DataFrame]:
    """The laps with what a car has whose best source is this one; a GPS is off by 0.5 m at every sample."""
    if source == "gps noise":
        return [_noisy(lap, seed + number) for number, lap in enumerate(laps)]
    hidden = {
        "position": (),
        "gps": POSITIONS,
        "yaw_rate": (*POSITIONS, *EARTH),
        "g_lat": (*POSITIONS, *EARTH, "yaw_rate"),
        "steering": (*POSITIONS, *EARTH, "yaw_rate", "g_lat"),
    }[source]
    return [lap.drop(hidden) for lap in laps]


def _noisy(lap: pl.DataFrame, seed: int) -> pl.DataFrame:
    """What a lone GPS receiver sees: no position of the game's, places off by 0.5 m in either direction."""
    off = np.random.default_rng(seed).normal(scale=np.degrees(0.5 / 6_371_000.0), size=(2, len(lap)))
    wide = 1 / np.cos(np.radians(lap["latitude"].to_numpy()))
    kept = lap.select("timestamp", "speed", "latitude", "longitude")
    return kept.with_columns(latitude=pl.col("latitude") + off[0], longitude=pl.col("longitude") + off[1] * wide)


def pairs_of(truth: Sequence[TrueCorner], found: Sequence[Corner], length_m: float) -> list[tuple[int, int, float]]:
    """Which corner is which, each once, the nearest apexes first, and how far the apexes lie apart in m.

    They turn the same way, and their apexes lie within 60 m or the found one within the true corner.
    """
    near = []
    for i, one in enumerate(truth):
        for j, other in enumerate(found):
            away = abs((other.apex_m - one.apex_m + length_m / 2) % length_m - length_m / 2)
            within = (other.apex_m - one.start_m) % length_m <= (one.end_m - one.start_m) % length_m
            if (one.direction > 0) is (other.direction is Direction.RIGHT) and (away <= NEAR_M or within):
                near.append((away, i, j))
    pairs: list[tuple[int, int, float]] = []
    for away, i, j in sorted(near):
        if all(i != pair[0] and j != pair[1] for pair in pairs):
            pairs.append((i, j, away))
    return pairs


def along(*parts: tuple[float, float], step_m: float = 0.5) -> Floats:
    """The path (2, n) that goes straight so many metres (radius 0) or bends: (metres, radius in m, right +)."""
    bend = np.concatenate([np.full(round(length / step_m), 1 / radius if radius else 0.0) for length, radius in parts])
    heading = np.concatenate([[0.0], np.cumsum(bend * step_m)])
    heading = (heading[1:] + heading[:-1]) / 2
    path = np.cumsum([np.sin(heading), np.cos(heading)], axis=1) * step_m
    return np.hstack([np.zeros((2, 1)), path])


def drive_along(path: Floats, *, speed_ms: float = 30.0, step_m: float = 0.5, closed: bool = True) -> pl.DataFrame:
    """One lap along a path at an even speed, 60 frames a second; a closed one has a position."""
    time_s = np.arange(0.0, (path.shape[1] - 1) * step_m / speed_ms, 1 / 60)
    at = time_s * speed_ms / step_m
    index = np.arange(path.shape[1])
    x, y = (np.interp(at, index, axis) for axis in path)
    wobble = 1e-3 * np.sin(time_s)
    lap = {"timestamp": time_s, "speed": 3.6 * speed_ms + wobble, "x": x, "y": y}
    return pl.DataFrame(lap | ({"normalized_position": at / (path.shape[1] - 1)} if closed else {}))
