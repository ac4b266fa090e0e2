"""Laps whose every moment is known: closed forms, and simulated laps beside their continuous truth."""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ps_analytics.channels.catalog import unit_of
from ps_analytics.lap import Lap, LapKind, Trace
from ps_analytics.simulate.car import GT
from ps_analytics.simulate.circuit import Circuit
from ps_analytics.simulate.driver import Driver
from ps_analytics.simulate.route import LapPlan
from ps_analytics.simulate.session import LapTruth, SimulatedSession, simulate

Floats = NDArray[np.float64]

SECONDS = {"timestamp", "lap_time", "last_lap_time"}


def lap_from(
    columns: dict[str, Floats],
    *,
    lap_time_s: float | None,
    start_s: float = 0.0,
    rate_hz: float = 60.0,
    kind: LapKind = LapKind.TIMED,
    lap_number: int = 1,
    track: str | None = None,
) -> Lap:
    """A lap as the store gives it: float32 but for the clocks, and a `timestamp` trace."""
    stamp = columns["timestamp"]
    traces = {
        name: Trace(
            name, unit_of(name), rate_hz, float(stamp[0]), values if name in SECONDS else values.astype(np.float32)
        )
        for name, values in columns.items()
    }
    return Lap(
        lap_id=f"lap-{lap_number}",
        session_id="session",
        lap_number=lap_number,
        lap_time_s=lap_time_s,
        kind=kind,
        valid=True,
        started_us=round(start_s * 1e6),
        ended_us=None if lap_time_s is None else round((start_s + lap_time_s) * 1e6),
        session_started_us=0,
        track=track,
        traces=traces,
    )


def drive_evenly(
    lap_time_s: float,
    *,
    length_m: float = 3000.0,
    gain: float = 0.3,
    rate_hz: float = 60.0,
    start_s: float = 100.0,
    phase_s: float = 0.005,
    **options: object,
) -> Lap:
    """A lap whose speed changes linearly with time, from (1 − gain) to (1 + gain) times the mean.

    Place at time t: L (q (1 − gain) + gain q²) with q = t / T. First frame `phase_s` after the line.
    """
    time_s = np.arange(phase_s, lap_time_s, 1 / rate_hz)
    share = time_s / lap_time_s
    return lap_from(
        {
            "timestamp": start_s + time_s,
            "lap_time": time_s,
            "normalized_position": share * (1 - gain) + gain * share**2,
            "speed": 3.6 * length_m / lap_time_s * (1 - gain + 2 * gain * share),
            "gear": np.floor(2 + 4 * share),
            "throttle": 100 * share,
        },
        lap_time_s=lap_time_s,
        start_s=start_s,
        rate_hz=rate_hz,
        **options,  # type: ignore[arg-type]
    )


@dataclass(frozen=True)
class Outing:
    """Four flying laps of one circuit, in frames of any rate, and when the car really was where."""

    circuit: Circuit
    dense: SimulatedSession

    def frames(self, rate_hz: float = 60.0) -> pl.DataFrame:
        return _frames(self.circuit, rate_hz)

    def laps(self, frames: pl.DataFrame, rate_hz: float = 60.0) -> list[Lap]:
        """The timed laps, each with its own frames only."""
        return [self._lap(frames, truth, rate_hz) for truth in self.dense.truth[:4]]

    def true_time_s(self, number: int, share: Floats) -> Floats:
        """When the car was at a share of lap `number`, in s since the line."""
        truth = self.dense.truth[number]
        near = pl.col("timestamp").is_between(truth.start_s - 0.01, truth.end_s + 0.01)
        rows = self.dense.frames.filter(near)
        position = np.unwrap(rows["normalized_position"].to_numpy(), period=1.0)
        return np.interp(share, position - np.round(position[0]), rows["timestamp"].to_numpy() - truth.start_s)

    def _lap(self, frames: pl.DataFrame, truth: LapTruth, rate_hz: float) -> Lap:
        own = frames.filter((pl.col("timestamp") >= truth.start_s) & (pl.col("timestamp") < truth.end_s))
        columns = {name: own[name].cast(pl.Float64).fill_null(np.nan).to_numpy() for name in own.columns}
        return lap_from(
            columns, lap_time_s=truth.lap_time_s, start_s=truth.start_s, rate_hz=rate_hz, lap_number=truth.lap_number
        )


@lru_cache(maxsize=8)
def _frames(circuit: Circuit, rate_hz: float) -> pl.DataFrame:
    return drive_four(circuit, rate_hz).frames


def drive_four(circuit: Circuit, rate_hz: float) -> SimulatedSession:
    plan = [LapPlan(LapKind.TIMED)] * 4
    return simulate(circuit, GT, Driver("A"), plan, seed=3, rate_hz=rate_hz)


def without(lap: Lap, *names: str) -> Lap:
    return replace(lap, traces={name: trace for name, trace in lap.traces.items() if name not in names})


def changed(lap: Lap, name: str, values: Floats) -> Lap:
    """The lap with a channel's values replaced."""
    return replace(lap, traces={**lap.traces, name: replace(lap.traces[name], values=values)})


def values_of(lap: Lap, name: str) -> Floats:
    return np.array(lap.traces[name].values, dtype=np.float64)
