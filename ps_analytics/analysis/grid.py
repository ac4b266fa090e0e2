"""A placed lap on a grid of distance: when it was where, and every channel there (§3 of the analysis core)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ps_analytics.analysis.band import band_of
from ps_analytics.analysis.driven import end_rate, line_time
from ps_analytics.analysis.place import Placed
from ps_analytics.analysis.samples import LONGEST_STEP_S, STOPPED_MS, Samples
from ps_analytics.channels.catalog import Kind
from ps_analytics.errors import IncompatibleLaps
from ps_analytics.lap import fill

Floats = NDArray[np.float64]

GAP_S = 0.75
"""Where samples are missing for longer, channels are missing too."""
CLOSES_WITHIN_S = 0.05
"""A lap whose positions and stated time disagree by more is flagged."""
CLOSES_WITHIN_SHARE = 0.01
"""A lap whose positions and stated time disagree by more of its time is refused."""
_BANDLESS = ("distance", "time")
"""They do not say where on the track the car was."""


@dataclass(frozen=True, eq=False)
class GridLap:
    """A lap on a grid of `distance_m`: 0, 1, 2 … `length_m`, in m from the line.

    `time_s` is the time since the line at each point: 0 at the first and `lap_time_s` at the last, exactly. Where
    the lap was not driven (an out lap's beginning) it is NaN, and `lap_time_s` None where nobody knows it.
    `channels` holds every channel by name on the grid, float64, catalogue units, NaN where missing.
    `name` is what messages call it, `method` says what placed the samples. `start_error_s` and `end_error_s` are what
    the line took away to close the lap, `missed_s` what the samples alone missed it by. `band_s` is the half-width of
    the band that holds the true `time_s` 95 times of 100, None where nobody knows. `flags` by name: `gap_s`, `open_s`
    (end error above 50 ms), `position_fake`, `speed_missing`, `speed_constant`, `ends_assumed`, `no_lap_time`.
    """

    distance_m: Floats
    time_s: Floats
    channels: Mapping[str, Floats]
    length_m: float
    lap_time_s: float | None
    method: str
    start_error_s: float = 0.0
    end_error_s: float = 0.0
    flags: Mapping[str, object] = field(default_factory=dict)
    band_s: Floats | None = None
    name: str = "the lap"

    @property
    def stamp_s(self) -> Floats:
        """When each point was passed on the source's clock, in s since the session's first frame; NaN where unseen."""
        if isinstance(self.channels, _Channels):
            return self.channels.stamps
        return np.full(len(self.distance_m), np.nan)

    @property
    def missed_s(self) -> float:
        """How much longer than the lap time the samples alone take from line to line, in s."""
        return self.end_error_s - self.start_error_s


def on_grid(placed: Placed, *, step_m: float = 1.0) -> GridLap:
    """A placed lap on a grid of distance.

    Raises:
        IncompatibleLaps: too much of it is missing, or its positions and its time do not belong together.
    """
    distance_m = grid_of(placed.length_m, step_m=step_m)
    return _whole_on_grid(placed, distance_m) if placed.whole else _part_on_grid(placed, distance_m)


def _part_on_grid(placed: Placed, distance_m: Floats) -> GridLap:
    """A stretch between two places: NaN before and after it."""
    samples = placed.samples
    flags = {**placed.flags, **_flags_of_gaps(samples, 0.0, 0.0), "no_lap_time": True}
    when = passed(placed.at_m, samples.speed_ms, distance_m).at(samples.time_s)
    when[(distance_m < placed.at_m[0]) | (distance_m > placed.at_m[-1])] = np.nan
    channels = _Channels(placed, distance_m)
    return GridLap(distance_m, when, channels, placed.length_m, None, placed.method, flags=flags, name=samples.name)


def _whole_on_grid(placed: Placed, distance_m: Floats) -> GridLap:
    """A lap from line to line, closed at both: t = 0 and t = the lap's time, assigned."""
    samples, length = placed.samples, placed.length_m
    first, last = (line_time(samples, placed.at_m, there) for there in (0.0, length))
    lap_time_s = last - first if samples.lap_time_s is None else samples.lap_time_s
    flags = {**placed.flags, **_flags_of_gaps(samples, samples.time_s[0] - first, last - samples.time_s[-1])}
    raw_first, raw_last = placed.raw_ends_s or (first, last)
    start_error, end_error = (0.0, 0.0) if samples.lap_time_s is None else (raw_first, raw_last - lap_time_s)
    if abs(end_error - start_error) > CLOSES_WITHIN_SHARE * lap_time_s:
        raise IncompatibleLaps(
            f"{samples.name} took {lap_time_s:.3f} s, but its samples go round in {raw_last - raw_first:.3f} s."
        )
    if abs(end_error) > CLOSES_WITHIN_S:
        flags["open_s"] = round(float(end_error), 3)
    at = np.concatenate([[min(0.0, placed.at_m[0])], placed.at_m, [max(length, placed.at_m[-1])]])
    time_s = np.concatenate([[min(first, samples.time_s[0])], samples.time_s, [max(last, samples.time_s[-1])]])
    speed = None if samples.speed_ms is None else samples.speed_ms[np.r_[0, : len(placed.at_m), -1]]
    when = passed(at, speed, distance_m).at(time_s)
    # A straight line through both ends' errors: it adds nothing to how the lap went in between.
    when = when - (first + (last - lap_time_s - first) * distance_m / length)
    when[0], when[-1] = 0.0, lap_time_s
    band = (
        None
        if placed.method in _BANDLESS
        else band_of(placed, distance_m, when, start_s=first, end_s=last - lap_time_s)
    )
    return GridLap(
        distance_m, when, _Channels(placed, distance_m), length, lap_time_s, placed.method, float(start_error),
        float(end_error), flags, band, samples.name,
    )  # fmt: skip


def grid_of(length_m: float, *, step_m: float = 1.0) -> Floats:
    """The grid of a lap: every `step_m` from 0, and the length itself.

    Example:
        >>> grid_of(2.5)
        array([0. , 1. , 2. , 2.5])
    """
    whole = step_m * np.arange(max(1, int(np.ceil(length_m / step_m - 1e-6))))
    return np.append(whole, length_m)


@dataclass(frozen=True, slots=True, eq=False)
class Passage:
    """Which samples each place lies between: `row` the one before it, `share` of the time to the next that is gone."""

    row: NDArray[np.int64]
    share: Floats

    def at(self, values: Floats) -> Floats:
        """Values of the samples at the places, straight from one sample to the next in time."""
        before = values[self.row]
        return np.asarray(before + (values[self.row + 1] - before) * self.share)


def passed(at_m: Floats, speed_ms: Floats | None, there_m: Floats) -> Passage:
    """Between which samples the car passed places: as if its speed changed evenly from one sample to the next.

    Where a speed is missing, or the car stood, it is taken as constant.

    Args:
        at_m: where the samples were taken, never decreasing.
        speed_ms: how fast the car was there, NaN where missing, or None.
        there_m: the places, increasing.

    Example:
        >>> there = passed(np.array([0.0, 3.0]), np.array([1.0, 2.0]), np.array([0.0, 1.25, 3.0]))
        >>> there.at(np.array([10.0, 12.0]))
        array([10., 11., 12.])
    """
    row = np.clip(np.searchsorted(at_m, there_m, side="right") - 1, 0, len(at_m) - 2)
    span = at_m[row + 1] - at_m[row]
    share = np.clip((there_m - at_m[row]) / np.where(span > 0, span, 1.0), 0.0, 1.0)
    if speed_ms is not None:
        before, after = speed_ms[row], speed_ms[row + 1]
        both = before + after
        moving = both > 2 * STOPPED_MS  # False where a speed is missing
        bend = np.where(moving, (after - before) / np.where(moving, both, 1.0), 0.0)
        # s/S = (1 − b) u + b u² solved for u, the share of the time.
        root = (1 - bend) + np.sqrt((1 - bend) ** 2 + 4 * bend * share)
        share = np.minimum(2 * share / np.maximum(root, 1e-12), 1.0)
    return Passage(row, share)


def _flags_of_gaps(samples: Samples, before_s: float, after_s: float) -> dict[str, object]:
    """`gap_s` where samples are missing for long.

    Raises:
        IncompatibleLaps: more is missing than a comparison can bridge.
    """
    gap_s = max(float(np.max(np.diff(samples.time_s), initial=0.0)), before_s, after_s)
    if gap_s >= LONGEST_STEP_S:
        raise IncompatibleLaps(f"{gap_s:.1f} s of the telemetry of {samples.name} are missing.")
    return {"gap_s": round(gap_s, 3)} if gap_s > GAP_S else {}


class _Channels(Mapping[str, Floats]):
    """The channels on a grid, each worked out when it is first asked for: a page draws ten of a hundred."""

    def __init__(self, placed: Placed, distance_m: Floats) -> None:
        self._placed, self._distance_m = placed, distance_m
        self._done: dict[str, Floats] = {}
        self._passage = passed(placed.at_m, placed.samples.speed_ms, distance_m)
        self._missing = self._unseen()

    def __getitem__(self, name: str) -> Floats:
        if name not in self._done:
            self._done[name] = self._gridded(name)
        return self._done[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._placed.samples.channels)

    def __len__(self) -> int:
        return len(self._placed.samples.channels)

    def __contains__(self, name: object) -> bool:
        return name in self._placed.samples.channels

    def _gridded(self, name: str) -> Floats:
        samples = self._placed.samples
        channel = samples.channels[name]()
        kind = channel.kind
        if len(channel.values) == 0:
            return np.full(len(self._distance_m), np.nan)
        if channel.time_s is not None:
            found = np.array(fill(channel.time_s, channel.values, self._stamps, kind=kind), dtype=np.float64)
        elif kind is Kind.WRAP:
            found = _turned(samples.stamp_s, channel.values[samples.row], self._stamps)
        elif kind is Kind.LINEAR:
            found = self._passage.at(channel.values[samples.row])
        else:
            values, here = channel.values[samples.row], self._passage
            found = values[here.row + (here.share >= 1)]
        found[self._missing] = np.nan
        return found

    @property
    def stamps(self) -> Floats:
        """When each place was passed on the source's clock; NaN where nothing was recorded."""
        return np.where(self._missing, np.nan, self._stamps)

    @cached_property
    def _stamps(self) -> Floats:
        """When each place was passed on the source's clock; a channel may go on a little beyond the others."""
        stamp, at_m, here = self._placed.samples.stamp_s, self._placed.at_m, self._distance_m
        stamps = self._passage.at(stamp)
        for beyond, edge, end in ((here < at_m[0], 0, slice(None, 6)), (here > at_m[-1], -1, slice(-6, None))):
            rate = end_rate(at_m[end], stamp[end])
            if rate > STOPPED_MS:
                stamps[beyond] = stamp[edge] + (here[beyond] - at_m[edge]) / rate
        return stamps

    def _unseen(self) -> NDArray[np.bool_]:
        """Where on the grid nothing was recorded: within a gap, and before or after the stretch driven."""
        time_s, at_m, here = self._placed.samples.time_s, self._placed.at_m, self._distance_m
        gaps = np.append(np.diff(time_s), 0.0) > GAP_S
        missing = gaps[self._passage.row] & (self._passage.share > 0) & (self._passage.share < 1)
        edge = 0.0 if not self._placed.whole else _edge(self._placed)
        return np.asarray(missing | (here < at_m[0] - edge) | (here > at_m[-1] + edge))


def _edge(placed: Placed) -> float:
    """So far beyond its samples a lap's first and last values hold, in m."""
    moved = float(placed.at_m[-1] - placed.at_m[0])
    took = float(placed.samples.time_s[-1] - placed.samples.time_s[0])
    return GAP_S * moved / took if took > 0 else 0.0


def _turned(stamp_s: Floats, values: Floats, stamps: Floats) -> Floats:
    """A channel that wraps, the short way round from one known sample to the next."""
    known = np.isfinite(values)
    if not known.any():
        return np.full(len(stamps), np.nan)
    return np.array(fill(stamp_s[known], values[known], stamps, kind=Kind.WRAP), dtype=np.float64)
