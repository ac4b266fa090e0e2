"""A placed lap on a grid of distance: when it was where, and every channel there (§3 of the analysis core)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ps_analytics.analysis.place import Placed, end_rate, line_time
from ps_analytics.analysis.samples import LONGEST_STEP_S, Samples
from ps_analytics.channels.catalog import Kind, kind_of
from ps_analytics.errors import IncompatibleLaps
from ps_analytics.lap import fill

Floats = NDArray[np.float64]

GAP_S = 0.75
"""Where samples are missing for longer, channels are missing too."""
CLOSES_WITHIN_S = 0.05
"""A lap whose positions and stated time disagree by more is flagged."""
CLOSES_WITHIN_SHARE = 0.01
"""A lap whose positions and stated time disagree by more of its time is refused."""


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
    when = np.interp(distance_m, *_strictly(placed.at_m, samples.time_s), left=np.nan, right=np.nan)
    channels = _Channels(placed, distance_m)
    return GridLap(distance_m, when, channels, placed.length_m, None, placed.method, flags=flags, name=samples.name)


def _whole_on_grid(placed: Placed, distance_m: Floats) -> GridLap:
    """A lap from line to line, closed at both: t = 0 and t = the lap's time, assigned."""
    samples, length = placed.samples, placed.length_m
    first, last = line_time(placed, 0.0), line_time(placed, length)
    lap_time_s = last - first if samples.lap_time_s is None else samples.lap_time_s
    flags = {**placed.flags, **_flags_of_gaps(samples, samples.time_s[0] - first, last - samples.time_s[-1])}
    start_error, end_error = (0.0, 0.0) if samples.lap_time_s is None else (first, last - lap_time_s)
    if abs(end_error - start_error) > CLOSES_WITHIN_SHARE * lap_time_s:
        raise IncompatibleLaps(
            f"{samples.name} took {lap_time_s:.3f} s, but its samples go round in {last - first:.3f} s."
        )
    if abs(end_error) > CLOSES_WITHIN_S:
        flags["open_s"] = round(float(end_error), 3)
    at, time_s = _strictly(
        np.concatenate([[min(0.0, placed.at_m[0])], placed.at_m, [max(length, placed.at_m[-1])]]),
        np.concatenate([[min(first, samples.time_s[0])], samples.time_s, [max(last, samples.time_s[-1])]]),
    )
    when = np.interp(distance_m, at, time_s)
    # A straight line through both ends' errors: it adds nothing to how the lap went in between.
    when = when - (first + (last - lap_time_s - first) * distance_m / length)
    when[0], when[-1] = 0.0, lap_time_s
    return GridLap(
        distance_m, when, _Channels(placed, distance_m), length, lap_time_s, placed.method, float(start_error),
        float(end_error), flags, name=samples.name,
    )  # fmt: skip


def grid_of(length_m: float, *, step_m: float = 1.0) -> Floats:
    """The grid of a lap: every `step_m` from 0, and the length itself.

    Example:
        >>> grid_of(2.5)
        array([0. , 1. , 2. , 2.5])
    """
    whole = step_m * np.arange(max(1, int(np.ceil(length_m / step_m - 1e-6))))
    return np.append(whole, length_m)


def _strictly(at_m: Floats, time_s: Floats) -> tuple[Floats, Floats]:
    """The samples that go on, and of a standstill its two ends: an interpolation that knows when it began and ended."""
    moves = np.diff(at_m) > 0
    keep = np.concatenate([[True], moves]) | np.concatenate([moves, [True]])
    return at_m[keep], time_s[keep]


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
        last = len(placed.at_m) - 1
        self._row = np.clip(np.searchsorted(placed.at_m, distance_m, side="right") - 1, 0, last)
        self._next = np.minimum(self._row + 1, last)
        span = placed.at_m[self._next] - placed.at_m[self._row]
        self._share = np.clip((distance_m - placed.at_m[self._row]) / np.where(span > 0, span, 1.0), 0.0, 1.0)
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
        samples, kind = self._placed.samples, kind_of(name)
        channel = samples.channels[name]()
        if len(channel.values) == 0:
            return np.full(len(self._distance_m), np.nan)
        if channel.time_s is not None:
            at_m = self._at(channel.time_s)
            found = _filled(at_m, channel.values, self._distance_m, kind)
        elif kind is Kind.WRAP:
            found = _filled(self._placed.at_m, channel.values[samples.row], self._distance_m, kind)
        else:
            values = channel.values[samples.row]
            found = values[self._row]
            if kind is Kind.LINEAR:
                found = found + (values[self._next] - found) * self._share
        found[self._missing] = np.nan
        return found

    def _at(self, stamp_s: Floats) -> Floats:
        """Where the car was at times of the source's clock; a channel may go on a little beyond the others."""
        known, at_m = self._placed.samples.stamp_s, self._placed.at_m
        first, last = end_rate(at_m[:6], known[:6]), end_rate(at_m[-6:], known[-6:])
        times = np.concatenate([[known[0] - 1.0], known, [known[-1] + 1.0]])
        return np.asarray(np.interp(stamp_s, times, np.concatenate([[at_m[0] - first], at_m, [at_m[-1] + last]])))

    def _unseen(self) -> NDArray[np.bool_]:
        """Where on the grid nothing was recorded: within a gap, and before or after the stretch driven."""
        time_s, at_m, here = self._placed.samples.time_s, self._placed.at_m, self._distance_m
        gaps = np.append(np.diff(time_s), 0.0) > GAP_S
        missing = gaps[self._row] & (self._share > 0) & (self._share < 1)
        edge = 0.0 if not self._placed.whole else _edge(self._placed)
        return np.asarray(missing | (here < at_m[0] - edge) | (here > at_m[-1] + edge))


def _edge(placed: Placed) -> float:
    """So far beyond its samples a lap's first and last values hold, in m."""
    moved = float(placed.at_m[-1] - placed.at_m[0])
    took = float(placed.samples.time_s[-1] - placed.samples.time_s[0])
    return GAP_S * moved / took if took > 0 else 0.0


def _filled(at_m: Floats, values: Floats, grid: Floats, kind: Kind) -> Floats:
    """A channel on the grid by its kind; the samples' places never decrease."""
    if kind is Kind.WRAP:
        known = np.isfinite(values)
        if not known.any():
            return np.full(len(grid), np.nan)
        at_m, values = at_m[known], values[known]
    return np.array(fill(at_m, values, grid, kind=kind), dtype=np.float64)
