"""Where a lap's source said nothing: stretches without a sample, in its time and in the x of a plot."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ps_analytics.lap import Lap

Floats = NDArray[np.float64]
Stretch = tuple[float, float]
"""From where to where."""

GAP_PERIODS = 3.0
"""So many periods without a sample are a gap: one packet lost is none."""
_USUAL = 0.9


def lap_gaps(lap: Lap) -> list[Stretch]:
    """The stretches of a lap without a sample, in s since the session's first frame.

    The period is one that nine of ten steps do not pass: the stamps of a live stream are those of arrival, and some
    sources are irregular. Where there is a lap clock that runs, both must say so: a packet that came late is no gap,
    and neither is a game that was paused.

    Example:
        >>> from ps_analytics.lap import LapKind, Trace
        >>> clock = Trace("timestamp", "s", 10.0, 0.0, np.array([0.0, 0.1, 0.2, 0.9, 1.0, 1.1]))
        >>> lap = Lap("a", "s", 1, None, LapKind.PARTIAL, True, 0, None, 0, traces={"timestamp": clock})
        >>> lap_gaps(lap)
        [(0.2, 0.9)]
    """
    if not lap.traces:
        return []
    stamp = lap.times(lap.base)
    step = np.diff(stamp)
    clock = lap.traces.get("lap_time")
    if clock is not None and len(clock.values) == len(stamp):
        by_clock = np.diff(np.asarray(clock.values, dtype=np.float64))
        runs = np.count_nonzero(by_clock > 0) > len(by_clock) / 2
        step = np.where(by_clock >= 0, np.minimum(step, by_clock), step) if runs else step
    forward = step[step > 0]
    if not len(forward):
        return []
    period = max(np.median(forward), np.quantile(forward, _USUAL, method="lower"))
    rows = np.flatnonzero(step > GAP_PERIODS * period * (1 + 1e-6))
    return [(float(stamp[row]), float(stamp[row + 1])) for row in rows]


def within(gaps: Iterable[Stretch], stamp_s: Floats) -> NDArray[np.bool_]:
    """Which points of a plot lie in a gap, by when they were passed; not those that a sample lies on."""
    inside = np.zeros(len(stamp_s), dtype=bool)
    for start, end in gaps:
        inside |= (stamp_s > start + 1e-9) & (stamp_s < end - 1e-9)
    return inside


def on_axis(gaps: Iterable[Stretch], stamp_s: Floats, x: Floats) -> tuple[Stretch, ...]:
    """The gaps in the x of a plot whose points were passed at `stamp_s`, NaN where nobody knows."""
    known = np.isfinite(stamp_s)
    if not known.any():
        return ()
    at = np.asarray(list(gaps), dtype=np.float64).reshape(-1, 2)
    found = np.interp(at, np.maximum.accumulate(stamp_s[known]), x[known])
    return tuple((float(start), float(end)) for start, end in found if end > start)
