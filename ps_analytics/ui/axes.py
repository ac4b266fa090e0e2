"""Laps over time: seconds since each lap's start as the x they share, beside the metres of the reference."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ps_analytics.analysis.rows import Channel
from ps_analytics.analysis.samples import LONGEST_STEP_S, Samples, read_samples
from ps_analytics.channels.catalog import Kind
from ps_analytics.lap import Lap, fill
from ps_analytics.ui.comparison import BAND, DELTA, Column, LaidLap
from ps_analytics.ui.gaps import lap_gaps, on_axis, within

Floats = NDArray[np.float64]

PLACE = "distance"
"""The column on a time axis that carries a cursor from one axis to the other: where on the reference's metres the lap
is, in m. It takes the place of the distance recorded, which is the lap's own."""
MOST_HZ = 100.0
MOST_POINTS = 2_000_000
"""Five hours and a half at 100 Hz; of a longer lap every second sample is taken, or every third, and so on."""
_ALIKE = 1e-3
"""A sample that lies this near a point of x, in shares of a step, lies on it."""
_STATED = 0.02
"""A stated rate that is off by more is none."""


@dataclass(frozen=True, eq=False)
class TimeGrid:
    """Seconds since each lap's start, evenly spaced: at the reference's rate, and where its samples lie.

    `first_s` is the first point, `rate_hz` the points a second, `points` how many there are.
    """

    first_s: float
    rate_hz: float
    points: int

    @classmethod
    def of(cls, reference: Lap, laps: Iterable[Lap] = ()) -> "TimeGrid":
        """The grid of a reference, long enough for the longest of some laps.

        A source of more than 100 Hz gives every second sample, or every third, and so on.

        Raises:
            IncompatibleLaps: the reference has no telemetry, fewer than three samples, or no clock.
        """
        samples = read_samples(reference)
        rate_hz = _rate_hz(reference, samples)
        first_s = float(np.mod(samples.time_s[0], 1 / rate_hz))
        first_s = 0.0 if first_s * rate_hz > 1 - _ALIKE else first_s
        longest_s = max(_ends_s(lap) for lap in (reference, *laps))
        rate_hz /= max(np.ceil(longest_s * rate_hz / MOST_POINTS), 1.0)
        return cls(first_s, rate_hz, max(int((longest_s - first_s) * rate_hz + _ALIKE) + 1, 2))

    @property
    def time_s(self) -> Floats:
        """The points, in s since the start of each lap."""
        return self.first_s + np.arange(self.points) / self.rate_hz

    @property
    def x(self) -> Column:
        """The points as the browser has them."""
        return self.time_s.astype(np.float32)

    def holds(self, lap: Lap) -> bool:
        """Whether the grid is long enough for a lap."""
        return _ends_s(lap) < self.first_s + self.points / self.rate_hz

    def lay(
        self, lap: Lap, names: Sequence[str], *, laid: LaidLap | None = None, distance_m: Column | None = None
    ) -> LaidLap:
        """The named channels the lap has, by its own clock and from its own samples.

        With the lap as it is laid on the reference's metres come its place on them, and its `delta` and `band`, which
        are those of the place it is at. A lap that cannot be laid there, be it of another track, is drawn without them.

        Args:
            lap: a lap of any track.
            names: of channels it was recorded with.
            laid: the lap on the reference's metres, if it can be laid there.
            distance_m: those metres.

        Raises:
            IncompatibleLaps: the lap has no telemetry, fewer than three samples, or no clock.
        """
        samples, gaps, at = read_samples(lap), lap_gaps(lap), self.time_s
        between = _Between.of(_true_times(samples), at)
        stamp_s = between.straight(samples.stamp_s)
        missing = between.outside | within(gaps, stamp_s)
        stamp_s[missing] = np.nan
        columns = {}
        for name in names:
            if name in samples.channels:
                values = between.channel(samples.channels[name](), samples, stamp_s)
                columns[name] = np.where(missing, np.nan, values).astype(np.float32)
        if laid is None or distance_m is None:
            return LaidLap(columns, None, stamp_s, on_axis(gaps, stamp_s, at))
        columns |= _placed(laid, distance_m, stamp_s)
        return LaidLap(columns, laid.closure, stamp_s, on_axis(gaps, stamp_s, at))


@dataclass(frozen=True, eq=False)
class _Between:
    """Between which samples each point lies: `row` the one before it.

    `off` are the points that lie on no sample, `share` how much of the step to the next one is gone at each of them.
    """

    row: NDArray[np.int64]
    off: NDArray[np.int64]
    share: Floats
    outside: NDArray[np.bool_]

    @classmethod
    def of(cls, time_s: Floats, at_s: Floats) -> "_Between":
        """Where points lie among samples; one that lies on a sample as near as stamps are rounded lies on it."""
        near_s = _ALIKE * float(np.median(np.diff(time_s)))
        row = np.clip(np.searchsorted(time_s, at_s + near_s, side="right") - 1, 0, len(time_s) - 1)
        since = at_s - time_s[row]
        off = np.flatnonzero((since > near_s) & (row < len(time_s) - 1))
        before = row[off]
        share = since[off] / np.maximum(time_s[before + 1] - time_s[before], near_s)
        outside = (at_s < time_s[0] - near_s) | (at_s > time_s[-1] + near_s)
        return cls(row, off, share, outside)

    def straight(self, values: Floats) -> Floats:
        """Straight from one sample to the next; a point on a sample has it, be the next one missing."""
        found = values[self.row]
        if len(self.off):
            before = found[self.off]
            found[self.off] = before + (values[self.row[self.off] + 1] - before) * self.share
        return found

    def channel(self, channel: Channel, samples: Samples, stamp_s: Floats) -> Floats:
        """A channel at the points, by its kind; `stamp_s` is when they were passed, NaN where that is not known."""
        if channel.time_s is None and channel.kind is Kind.STEP:
            return channel.values[samples.row][self.row]
        if channel.time_s is None and channel.kind is Kind.LINEAR:
            return self.straight(channel.values[samples.row])
        own, values = channel.time_s, channel.values
        if own is None:
            own, values = samples.stamp_s, values[samples.row]
        known = np.isfinite(values) if channel.kind is Kind.WRAP else np.ones(len(values), dtype=bool)
        found, there = np.full(len(stamp_s), np.nan), np.isfinite(stamp_s)
        if known.any():
            found[there] = fill(own[known], values[known], stamp_s[there], kind=channel.kind)
        return found


def _placed(laid: LaidLap, distance_m: Column, stamp_s: Floats) -> dict[str, Column]:
    """Where the lap is on the reference's metres when the points are passed, and what it has lost there."""
    if laid.stamp_s is None:
        return {}
    known = np.isfinite(laid.stamp_s)
    if not known.any():
        return {}
    metres, then = distance_m[known].astype(np.float64), np.maximum.accumulate(laid.stamp_s[known])
    place = np.interp(stamp_s, then, metres, left=np.nan, right=np.nan)
    columns = {PLACE: place.astype(np.float32)}
    for name in (DELTA, BAND):
        if name in laid.columns:
            columns[name] = np.interp(place, distance_m, laid.columns[name]).astype(np.float32)
    return columns


def _true_times(samples: Samples) -> Floats:
    """The samples' times with all that passed while there were none: a comparison counts no more than 5 s of that."""
    step, by_stamp = np.diff(samples.time_s), np.diff(samples.stamp_s)
    left_out = np.where(step >= LONGEST_STEP_S - 1e-9, np.maximum(by_stamp - step, 0.0), 0.0)
    return np.asarray(samples.time_s + np.concatenate([[0.0], np.cumsum(left_out)]))


def _ends_s(lap: Lap) -> float:
    """How long a lap is, in s: its time as far as it has samples, else as long as it has some."""
    times = lap.times(lap.base) if lap.traces else np.zeros(0)
    if not len(times):
        return 0.0
    timed = lap.lap_time_s is not None and lap.lap_time_s > 0
    return min(lap.lap_time_s or 0.0, float(times[-1]) - lap.start_s + 1.0) if timed else float(times[-1] - times[0])


def _rate_hz(lap: Lap, samples: Samples) -> float:
    """How often the lap was sampled, at most `MOST_HZ`: of a faster source every so many samples.

    It is the rate stated, unless the stamps say otherwise: rounded to a microsecond they drift from one of their own.
    """
    steps = np.diff(samples.time_s)
    found = 1 / max(float(np.median(steps[steps > 0])), 1e-4) if (steps > 0).any() else MOST_HZ
    own = lap.base.rate_hz if abs(lap.base.rate_hz / found - 1) < _STATED else found
    return own / max(float(np.ceil(own / MOST_HZ - _ALIKE)), 1.0)
