"""Flying laps without mishap, as sources of every kind show them: what deltas, corners and ideal laps are judged by."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl

from ps_analytics.lap import Lap, LapKind
from ps_analytics.simulate import trouble
from ps_analytics.simulate.session import LapTruth, SimulatedSession
from tests.analysis.laps import lap_from

Change = Callable[[SimulatedSession, int], SimulatedSession]


def as_driven(session: SimulatedSession, seed: int) -> SimulatedSession:
    """At 60 Hz, everything shown."""
    return session


def ten_columns(session: SimulatedSession, seed: int) -> SimulatedSession:
    """The smallest source."""
    return trouble.seed_columns(session)


def noisy(session: SimulatedSession, seed: int) -> SimulatedSession:
    """Places off by half a metre."""
    return trouble.noisy_position(session, seed=seed, metres=0.5)


def noisy_alone(session: SimulatedSession, seed: int) -> SimulatedSession:
    """The position off by half a metre, and no place in the world beside it."""
    return trouble.noisy_position(trouble.seed_columns(session), seed=seed, metres=0.5)


def held(session: SimulatedSession, seed: int) -> SimulatedSession:
    """Places at 20 Hz."""
    return trouble.held_position(session, rate_hz=20.0)


def at_10_hz(session: SimulatedSession, seed: int) -> SimulatedSession:
    """Every sixth frame."""
    return replace(session, frames=session.frames.gather_every(6))


def gps(session: SimulatedSession, seed: int) -> SimulatedSession:
    """A GPS at 10 Hz, and nothing else."""
    return trouble.gps_only(at_10_hz(session, seed), seed=seed)


CONDITIONS: dict[str, tuple[Change, float]] = {
    "60 Hz": (as_driven, 60.0),
    "60 Hz, ten columns": (ten_columns, 60.0),
    "position off by 0.5 m": (noisy, 60.0),
    "position off by 0.5 m, ten columns": (noisy_alone, 60.0),
    "position held at 20 Hz": (held, 60.0),
    "10 Hz": (at_10_hz, 10.0),
    "GPS only, 10 Hz": (gps, 10.0),
}
"""Each condition: what it does to a session, and the rate it leaves."""


def laps_under(session: SimulatedSession, condition: str, *, seed: int) -> list[Lap]:
    """The session's timed laps under a condition, as the store gives them: their own frames and their stated time."""
    change, rate_hz = CONDITIONS[condition]
    shown = change(session, seed)
    return [_lap(shown, truth, rate_hz) for truth in shown.truth if truth.kind is LapKind.TIMED and truth.valid]


def _lap(session: SimulatedSession, truth: LapTruth, rate_hz: float) -> Lap:
    own = session.frames.filter((pl.col("timestamp") >= truth.start_s) & (pl.col("timestamp") < truth.end_s))
    columns = {name: own[name].cast(pl.Float64).fill_null(np.nan).to_numpy() for name in own.columns}
    lap = lap_from(
        columns, lap_time_s=truth.lap_time_s, start_s=truth.start_s, rate_hz=rate_hz, lap_number=truth.lap_number
    )
    return replace(lap, lap_id=f"{truth.lap_number}")
