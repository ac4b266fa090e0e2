"""Recordings as hypothesis draws them, and every kernel as a function of one."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from ps_analytics.channels.kernels import events, filters, reference, shifts, slopes, statistics, windows
from ps_analytics.channels.kernels.segments import segment_ids

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NAN = float("nan")
STEPS_S = np.array([1 / 60, 0.1, 0.0999999, 0.125, 0.5, 1e-6, 2.0, 2.1, 0.0, -0.5, NAN])
TAME = np.append(np.random.default_rng(0).normal(0.0, 300.0, 40).round(3), [NAN] * 10 + [0.0, 1.0, 1.0])
HOSTILE = np.array([NAN, 0.0, -0.0, 1.0, -1.0, 1e20, 1e30, -1e30, 1e-30, 1e308, -1e308, np.inf, -np.inf, 5e-324])


@dataclass(frozen=True)
class Recording:
    """Columns of one length: two channels, two conditions, a distance, and the ids of laps and corners."""

    time: Floats
    distance: Floats
    x: Floats
    y: Floats
    c: Floats
    d: Floats
    lap: Ints
    corner: Ints

    @property
    def segment(self) -> Ints:
        return segment_ids(self.time, self.lap, self.time)

    @property
    def by_distance(self) -> Ints:
        return segment_ids(self.time, self.lap, self.distance)


def joined(recordings: list[Recording]) -> Recording:
    """One recording after the other."""
    columns = [[getattr(each, name) for each in recordings] for name in Recording.__dataclass_fields__]
    return Recording(*(np.concatenate(column) for column in columns))


@st.composite
def laps(draw: st.DrawFn, values: Floats = TAME, lap: int = 0, fewest: int = 0) -> Recording:
    """A lap of a few dozen samples, often with repeated stamps, holes and missing samples."""
    rows = draw(st.integers(fewest, 30))
    pick = np.random.default_rng(draw(st.integers(0, 2**32))).choice
    steps = pick(draw(st.sampled_from([STEPS_S, STEPS_S[:1], STEPS_S[:6]])), rows)
    corner = pick([-1, 0, 1], rows)
    return Recording(
        time=np.where(np.isnan(steps), NAN, 100.0 + np.cumsum(np.nan_to_num(steps))),
        distance=np.cumsum(pick([0.5, 3.0, 1e-7, 0.0], rows)),
        x=pick(values, rows),
        y=pick(values, rows),
        c=pick([0.0, 1.0, NAN], rows),
        d=pick([0.0, 1.0, NAN], rows),
        lap=np.full(rows, lap, dtype=np.int64),
        corner=np.where(corner < 0, -1, corner + 2 * lap),
    )


@st.composite
def sessions(draw: st.DrawFn, values: Floats = TAME) -> list[Recording]:
    """One to four laps."""
    return [draw(laps(values, lap)) for lap in range(draw(st.integers(1, 4)))]


KERNELS: dict[str, Callable[[Recording], Floats]] = {
    "slope": lambda r: slopes.slope(r.x, r.time, r.segment),
    "slope_distance": lambda r: slopes.slope(r.x, r.distance, r.by_distance),
    "integrate": lambda r: slopes.integrate(r.x, r.time, r.segment, r.lap),
    "integrate_corner": lambda r: slopes.integrate(r.x, r.time, r.segment, r.corner),
    "total_trapezoid": lambda r: slopes.total_trapezoid(r.x, r.time, r.segment, r.lap),
    "mean_along": lambda r: slopes.mean_along(r.x, r.c, r.time, r.segment, r.corner),
    "shift_back": lambda r: shifts.shift(r.x, r.segment, 2),
    "shift_ahead": lambda r: shifts.shift(r.x, r.segment, -1),
    "delay": lambda r: shifts.delay(r.x, r.time, r.segment, 0.15),
    "delay_ahead": lambda r: shifts.delay(r.x, r.distance, r.by_distance, -3.0),
    "window_mean": lambda r: windows.window_mean(r.x, r.time, r.segment, 0.5),
    "window_mean_long": lambda r: windows.window_mean(r.x, r.time, r.segment, 60.0),
    "window_minimum": lambda r: windows.window_minimum(r.x, r.time, r.segment, 0.2),
    "window_maximum": lambda r: windows.window_maximum(r.x, r.time, r.segment, 0.2),
    "window_std": lambda r: windows.window_std(r.x, r.time, r.segment, 0.5),
    "window_median": lambda r: windows.window_median(r.x, r.time, r.segment, 0.5),
    "lowpass": lambda r: filters.lowpass(r.x, r.time, r.segment, 3.0, 2),
    "highpass": lambda r: filters.highpass(r.x, r.time, r.segment, 3.0, 3),
    "rising": lambda r: events.rising(r.c, r.segment),
    "falling": lambda r: events.falling(r.c, r.segment),
    "counter": lambda r: events.counter(r.c, r.segment, r.corner),
    "latch": lambda r: events.latch(r.c, r.d, r.corner),
    "hold": lambda r: events.hold(r.x, r.c, r.lap),
    "minimum": lambda r: statistics.minimum(r.x, r.corner),
    "maximum": lambda r: statistics.maximum(r.x, r.corner),
    "mean": lambda r: statistics.mean(r.x, r.lap),
    "total": lambda r: statistics.total(r.x, r.corner),
    "std": lambda r: statistics.std(r.x, r.corner),
    "median": lambda r: statistics.median(r.x, r.corner),
    "percentile": lambda r: statistics.percentile(r.x, r.lap, 90.0),
    "first": lambda r: statistics.first(r.x, r.corner),
    "last": lambda r: statistics.last(r.x, r.corner),
    "count": lambda r: statistics.count(r.x, r.corner),
    "spread": lambda r: statistics.spread(r.x, r.corner),
    "at_maximum": lambda r: statistics.at_maximum(r.y, r.x, r.corner),
    "at_minimum": lambda r: statistics.at_minimum(r.y, r.x, r.corner),
    "at_reference": lambda r: reference.at_reference(r.x, np.arange(5.0), np.array([1, 2, NAN, 4, 5]), stepped=False),
    "at_reference_stepped": lambda r: reference.at_reference(r.x, np.arange(3.0), np.arange(3.0), stepped=True),
}
