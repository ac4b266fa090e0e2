"""Troubles of the way here: packets late, out of order, doubled or lost. The truth stays as it is."""

from dataclasses import replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ps_analytics.simulate.session import SimulatedSession

BURST_S = 2e-5
"""Packets that arrive together are stamped so far apart."""
_LATEST_S = 0.2


def jittered(session: SimulatedSession, *, seed: int, late_s: float = 0.004) -> SimulatedSession:
    """Time stamps of arrival: each frame late by some time, `late_s` in the mean, none before the one sent earlier.

    Where the clock was set back they begin anew.
    """
    stamps = session.frames["timestamp"].to_numpy()
    late = stamps + np.minimum(_rng(seed, 1).exponential(late_s, len(stamps)), _LATEST_S)
    stretches = np.split(late, np.flatnonzero(np.diff(stamps) < 0) + 1)
    arrived = np.concatenate([_in_order(stretch) for stretch in stretches])
    return replace(session, frames=session.frames.with_columns(timestamp=pl.Series(arrived)))


def _in_order(stamps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Stamps none of which is before the one ahead of it."""
    apart = BURST_S * np.arange(len(stamps))
    return np.asarray(np.maximum.accumulate(stamps - apart) + apart)


def reordered(session: SimulatedSession, *, seed: int, share: float = 0.01) -> SimulatedSession:
    """Some frames, `share` of them, overtaken by up to three others, never by more than 0.2 s; stamps stay theirs."""
    stamps, rng = session.frames["timestamp"].to_numpy(), _rng(seed, 2)
    period = float(np.median(np.diff(stamps)))
    farthest = max(1, min(3, int(_LATEST_S / period)))
    count = len(stamps)
    place = np.arange(count) + np.where(rng.random(count) < share, rng.integers(1, farthest + 1, count) + 0.5, 0.0)
    return replace(session, frames=session.frames[np.argsort(place, kind="stable")])


def doubled(session: SimulatedSession, *, seed: int, share: float = 0.01) -> SimulatedSession:
    """Some frames, `share` of them, sent twice."""
    times = 1 + (_rng(seed, 3).random(session.frames.height) < share)
    return replace(session, frames=session.frames[np.repeat(np.arange(session.frames.height), times)])


def lost(session: SimulatedSession, *, seed: int, share: float = 0.05) -> SimulatedSession:
    """Some frames, `share` of them, never arrived; the first and the last did."""
    kept = _rng(seed, 4).random(session.frames.height) >= share
    kept[[0, -1]] = True
    return replace(session, frames=session.frames.filter(pl.Series(kept)))


def _rng(seed: int, kind: int) -> np.random.Generator:
    return np.random.default_rng([seed, 11, kind])
