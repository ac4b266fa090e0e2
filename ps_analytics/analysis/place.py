"""Where on the track each sample was taken: driven distance, corrected by the slow error of the position."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ps_analytics.analysis.samples import STOPPED_MS, Samples, wrapped
from ps_analytics.analysis.smooth import noise, whittaker, without_outliers
from ps_analytics.errors import IncompatibleLaps

Floats = NDArray[np.float64]

SAME_TRACK, SAME_LENGTH = 0.03, 0.015
"""Laps of one track differ in driven length by less; laps of a track nobody named, too."""
_HELD_SHARE = 0.05
_OUTLIER_M = 0.25
_FAKE_BELOW = 0.85
_FAKE_SPREAD = 0.05
_FAKE_OVER_S = 0.3
_END_SAMPLES = 6
_WHOLE = 1.5


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A lap's samples along the track: `at_m` from the line, never decreasing, one for each of `samples`.

    `length_m` is the lap's length in the same metres, `driven_m` that of the path driven (None where no speed says
    it), `whole` whether the lap runs from line to line, `noise_m` the standard deviation of the position found.
    """

    samples: Samples
    at_m: Floats
    length_m: float
    driven_m: float | None
    whole: bool
    method: str
    noise_m: float = 0.0
    flags: dict[str, object] = field(default_factory=dict)


def place(samples: Samples, *, length_m: float | None = None, by_position: bool = True) -> Placed:
    """The samples placed along the track (§3 of the analysis core).

    Args:
        samples: a lap's.
        length_m: the track's length in m; None takes the official one if it fits, else the length driven.
        by_position: False leaves the source's position aside and goes by the distance driven.

    Raises:
        IncompatibleLaps: neither speed nor position, a lap driven the other way round, or another track's length.
    """
    position = samples.position if by_position else None
    driven = _driven(samples)
    if driven is None and (position is None or samples.lap_time_s is None):
        raise IncompatibleLaps(f"{samples.name} has no speed that changes and no position of a whole lap.")
    gone = None if position is None else _gone(position)
    if gone is not None and gone < -0.5:
        raise IncompatibleLaps(f"{samples.name} runs the other way round.")
    if samples.lap_time_s is not None:
        return _place_whole(samples, position, driven, length_m)
    if position is not None and driven is not None and gone is not None and 0.02 < gone < _WHOLE:
        return _place_part(samples, position, driven, length_m, gone)
    assert driven is not None  # refused above
    return _place_by_distance(samples, driven, length_m, {})


def _driven(samples: Samples) -> Floats | None:
    """Metres driven since the first sample: ∫v dt by the trapezoid; missing speeds are interpolated."""
    if samples.speed_ms is None:
        return None
    speed, time_s = samples.speed_ms, samples.time_s
    known = np.isfinite(speed)
    if not known.all():
        speed = np.interp(time_s, time_s[known], speed[known])
    return np.concatenate([[0.0], np.cumsum(np.diff(time_s) * (speed[1:] + speed[:-1]) / 2)])


def _gone(position: Floats) -> float:
    """Laps gone, by the position alone."""
    known = position[np.isfinite(position)]
    return float(np.sum(wrapped(np.diff(known))))


def _place_whole(samples: Samples, position: Floats | None, driven: Floats | None, length_m: float | None) -> Placed:
    """A lap from line to line, whose time says which samples lie on the lines."""
    time_s, lap_time_s = samples.time_s, samples.lap_time_s or 0.0
    if driven is None:  # even progress is enough to count laps by, and the position is all there is
        own, share = None, time_s / lap_time_s
    else:
        start = _extended(time_s, driven, 0.0)
        own = _extended(time_s, driven, lap_time_s) - start
        share = (driven - start) / max(own, 1.0)
    length = _length(samples, own, length_m)
    metres = share * (length if own is None else own)
    if position is not None and (
        found := _corrected(samples, metres, (position + np.round(share - position)) * length)
    ):
        at_m, noise_m = found
        if not _is_fake(samples, at_m):
            flags: dict[str, object] = {"speed_missing": True} if own is None else {}
            return Placed(samples, at_m, length, own, True, "position", noise_m, flags)
    if own is None:
        raise IncompatibleLaps(f"{samples.name} has no speed that changes and too few positions.")
    flags = {} if position is None else {"position_fake": True}
    if not samples.speed_varies:
        flags["speed_constant"] = True
    return Placed(samples, np.maximum.accumulate(share * length), length, own, True, "scaled_distance", 0.0, flags)


def _place_part(samples: Samples, position: Floats, driven: Floats, length_m: float | None, gone: float) -> Placed:
    """A lap whose time nobody knows: its position says where on the track it lies."""
    moving = (samples.speed_ms if samples.speed_ms is not None else driven) > STOPPED_MS
    own = float(driven[-1] - driven[0]) / gone
    length = _length(samples, own if gone > 0.5 else None, length_m, otherwise=own)
    share = driven / own
    # The circular mean of what the position says beyond the distance driven; the stretch lies around lap 0 … 1.
    turns = 2 * np.pi * (position - share)[moving & np.isfinite(position)]
    offset = np.arctan2(np.sin(turns).mean(), np.cos(turns).mean()) / (2 * np.pi) if len(turns) else 0.0
    offset -= np.floor(share.mean() + offset)
    share = share + offset
    placed = _corrected(samples, driven, (position + np.round(share - position)) * length)
    if placed is None or _is_fake(samples, placed[0]):
        return _place_by_distance(samples, driven, length_m, {} if placed is None else {"position_fake": True})
    at_m, noise_m = placed
    edge = max(60.0, 0.01 * length)
    whole = samples.from_frame and bool(at_m[0] < edge and at_m[-1] > length - edge)
    return Placed(samples, at_m, length, own, whole, "position", noise_m)


def _place_by_distance(samples: Samples, driven: Floats, length_m: float | None, flags: dict[str, object]) -> Placed:
    """A stretch that neither a time nor a position ties to the track: from its first sample on.

    A plain frame is taken for one lap, whose lines lie half a sample beyond its ends; `ends_assumed` says so.
    """
    if not samples.from_frame:
        total = float(driven[-1])
        return Placed(samples, driven, length_m or total, total, False, "scaled_distance", 0.0, flags)
    half = float(np.median(np.diff(samples.time_s))) / 2
    before = end_rate(driven[:_END_SAMPLES], samples.time_s[:_END_SAMPLES]) * half
    after = end_rate(driven[-_END_SAMPLES:], samples.time_s[-_END_SAMPLES:]) * half
    own = float(driven[-1]) + before + after
    length = _length(samples, own, length_m)
    at_m = (driven + before) * (length / own)
    return Placed(samples, at_m, length, own, True, "scaled_distance", 0.0, flags | {"ends_assumed": True})


def _length(samples: Samples, own: float | None, length_m: float | None, *, otherwise: float | None = None) -> float:
    official = samples.track_length_m
    if length_m is not None:
        if own is not None and abs(own / length_m - 1) > SAME_TRACK:
            raise IncompatibleLaps(f"{samples.name} is {own:.0f} m long and the other lap {length_m:.0f} m.")
        return length_m
    if own is None:
        found = official or otherwise
        if found is None:
            raise IncompatibleLaps(f"{samples.name} has no speed that changes, so its length is unknown.")
        return found
    if not own > 1.0:
        raise IncompatibleLaps(f"{samples.name} never moves.")
    return official if official is not None and abs(own / official - 1) < SAME_TRACK else own


def _corrected(samples: Samples, driven: Floats, unwrapped_m: Floats) -> tuple[Floats, float] | None:
    """Metres from the line and the position's noise in m; None where too few positions are known.

    The difference between the position's metres and the metres driven is slow, whatever the car does: it alone is
    cleaned and smoothed.
    """
    fresh = _fresh(samples, unwrapped_m)
    if len(fresh) < 5:
        return None
    time_s, error = samples.time_s[fresh], (unwrapped_m - driven)[fresh]
    error = without_outliers(error, floor=_OUTLIER_M)
    spread, step = noise(error), float(np.median(np.diff(time_s)))
    if step > 0 and spread > 0.02 + 1.5 * step**2:
        cutoff_hz = float(np.clip(0.9 * (0.1 / spread) ** 0.25, 0.35, 3.0))
        error = whittaker(time_s, error, strength=(1.0 / (step * 2 * np.pi * cutoff_hz)) ** 4)
    return np.maximum.accumulate(driven + np.interp(samples.time_s, time_s, error)), spread


def _fresh(samples: Samples, unwrapped_m: Floats) -> NDArray[np.int64]:
    """The samples with a position of their own: where a source repeats it, those where it changed."""
    known = np.flatnonzero(np.isfinite(unwrapped_m))
    if len(known) < 2:
        return known
    changed = np.diff(unwrapped_m[known]) != 0
    advancing = np.diff(samples.time_s[known]) > 0
    moving = advancing
    if samples.speed_ms is not None:
        moving = advancing & (samples.speed_ms[known][1:] > STOPPED_MS)
    if np.count_nonzero(moving & ~changed) > _HELD_SHARE * np.count_nonzero(moving):
        return np.asarray(known[1:][changed & advancing])
    return np.asarray(known[np.concatenate([[True], advancing])])


def _is_fake(samples: Samples, at_m: Floats) -> bool:
    """Whether the position does not move as the speed says: made from time, or another lap's.

    The spread counts too: on an oval the speed hardly changes, and then noise alone decides the correlation.
    """
    if samples.speed_ms is None:
        return False
    time_s = samples.time_s
    steps = np.diff(time_s)
    good = steps > 0
    if np.count_nonzero(good) < 8:
        return False
    period = float(np.median(steps[good]))
    even = np.arange(time_s[0], time_s[-1], period)
    over = max(1, round(_FAKE_OVER_S / period))
    if len(even) < 2 * over + 4:
        return False
    rate = _running_mean(np.gradient(np.interp(even, time_s, at_m), period), over)
    known = np.isfinite(samples.speed_ms)
    speed = _running_mean(np.interp(even, time_s[known], samples.speed_ms[known]), over)
    if np.std(rate - speed) <= _FAKE_SPREAD * np.mean(speed):
        return False
    if np.std(rate) == 0 or np.std(speed) == 0:
        return True
    return bool(np.corrcoef(rate, speed)[0, 1] < _FAKE_BELOW)


def _running_mean(values: Floats, over: int) -> Floats:
    total = np.cumsum(np.concatenate([[0.0], values]))
    return np.asarray((total[over:] - total[:-over]) / over)


def line_time(placed: Placed, at_m: float) -> float:
    """When the car was `at_m` from the line, in s; beyond the samples at the median rate of the six at that end."""
    at, time_s = placed.at_m, placed.samples.time_s
    if at[0] <= at_m <= at[-1]:
        return float(np.interp(at_m, at, time_s))
    end = slice(None, _END_SAMPLES) if at_m < at[0] else slice(-_END_SAMPLES, None)
    edge = 0 if at_m < at[0] else -1
    rate = end_rate(at[end], time_s[end])
    return float(time_s[edge]) if rate < STOPPED_MS else float(time_s[edge] + (at_m - at[edge]) / rate)


def _extended(time_s: Floats, values: Floats, at: float) -> float:
    """A growing quantity at a time; beyond the samples it goes on at the median rate of the six at that end."""
    if time_s[0] <= at <= time_s[-1]:
        return float(np.interp(at, time_s, values))
    end, edge = (slice(None, _END_SAMPLES), 0) if at < time_s[0] else (slice(-_END_SAMPLES, None), -1)
    return float(values[edge] + (at - time_s[edge]) * end_rate(values[end], time_s[end]))


def end_rate(values: Floats, time_s: Floats) -> float:
    """How fast a quantity grows, a second: the median over some samples."""
    steps = np.diff(time_s)
    good = steps > 0
    return float(np.median(np.diff(values)[good] / steps[good])) if good.any() else 0.0
