"""Troubles of what a source shows: clocks and counters that are late, coarse, wrong or missing. The truth stays."""

from dataclasses import replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ps_analytics.channels.catalog import SEED
from ps_analytics.simulate.session import SimulatedSession

Floats = NDArray[np.float64]


def late_counter(session: SimulatedSession, *, frames: int) -> SimulatedSession:
    """The source counts its laps so many frames after the line."""
    column = pl.col("source_lap_number")
    return replace(session, frames=session.frames.with_columns(column.shift(frames).fill_null(column.first())))


def late_last_lap(session: SimulatedSession, *, seconds: float) -> SimulatedSession:
    """The source shows the time of a lap so many seconds after its end."""
    time = session.frames["timestamp"].to_numpy()
    row = np.maximum(np.searchsorted(time, time - seconds, side="right") - 1, 0)
    return replace(session, frames=session.frames.with_columns(session.frames["last_lap_time"].gather(row)))


def late_lap_clock(session: SimulatedSession, *, seconds: float = 1.3) -> SimulatedSession:
    """The lap clock runs on over the line and shows the new lap only so many seconds into it, as iRacing's does."""
    clock = session.frames["lap_time"].to_numpy().copy()
    time = session.frames["timestamp"].to_numpy()
    for line in np.flatnonzero(np.diff(clock) < -1.0):
        stale = slice(line + 1, line + 1 + int(np.argmax(clock[line + 1 :] >= seconds)))
        clock[stale] = clock[line] + time[stale] - time[line]
    return _with_clock(session, clock)


def held_lap_clock(session: SimulatedSession, *, rate_hz: float) -> SimulatedSession:
    """A lap clock that is updated so seldom; 0: never, it stands at 0."""
    clock = session.frames["lap_time"].to_numpy()
    return _with_clock(session, np.floor(clock * rate_hz + 1e-9) / rate_hz if rate_hz > 0 else 0.0 * clock)


def free_lap_clock(session: SimulatedSession) -> SimulatedSession:
    """A lap clock that knows nothing of laps: it counts from the session's start on."""
    stamps = session.frames["timestamp"].to_numpy()
    return _with_clock(session, stamps - stamps[0])


def without(session: SimulatedSession, *names: str) -> SimulatedSession:
    """A source that does not have these channels."""
    return replace(session, frames=session.frames.drop(*names, strict=False))


def seed_columns(session: SimulatedSession) -> SimulatedSession:
    """A source that shows its ten columns only, the lap clock in whole milliseconds."""
    frames = session.frames.select(name for name in ("timestamp", *SEED) if name in session.frames.columns)
    if "lap_time" in frames.columns:
        frames = frames.with_columns(pl.col("lap_time").round(3))
    return replace(session, frames=frames)


def _with_clock(session: SimulatedSession, clock: Floats) -> SimulatedSession:
    return replace(session, frames=session.frames.with_columns(lap_time=pl.Series(clock)))
