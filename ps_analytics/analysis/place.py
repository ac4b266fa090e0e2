"""Where on the track each sample was taken: driven distance, corrected by the slow error of the position."""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from ps_analytics.analysis.driven import END_SAMPLES, driven_of, end_rate, extended, line_time
from ps_analytics.analysis.samples import STOPPED_MS, Samples, wrapped
from ps_analytics.analysis.smooth import Slow, noise, noise_along, noise_power, slow_part, without_outliers
from ps_analytics.errors import IncompatibleLaps

Floats = NDArray[np.float64]

SAME_TRACK, SAME_LENGTH = 0.03, 0.015
"""Laps of one track differ in driven length by less; laps of a track nobody named, too."""
_HELD_SHARE = 0.05
_OUTLIER_M = 0.25
_FAKE_BELOW = 0.85
_FAKE_SPREAD = 0.05
_FAKE_OVER_S = 0.3
_WHOLE = 1.5
_END_SIGMAS = 3.0
"""The slow part is twice as uncertain at its ends; so many of its errors may well be noise there."""
DRIFT_M2 = 2e-4


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A lap's samples along the track: `at_m` from the line, never decreasing, one for each of `samples`.

    `length_m` is the lap's length in the same metres, `driven_m` that of the path driven (None where no speed says
    it), `whole` whether the lap runs from line to line. `noise_m` is the standard deviation of the position found,
    `error_m` that of `at_m`, which is reached `settles_s` away from where a line ties the lap down. `drift_m2` is how
    fast the error's variance grows with the metres driven (m² a m) where nothing but the distance says where the car
    is. `raw_ends_s` are the times of both lines before the lap was tied to them (None: it is not). `offset_m` is how
    far to the right of the path it was placed on each sample lies, NaN where unknown (None: it was not placed so).
    `uneven` is how many times its error a sample's place has, where that differs along the lap; `along_m` the places
    by the distance alone, stretched to the length.
    """

    samples: Samples
    at_m: Floats
    length_m: float
    driven_m: float | None
    whole: bool
    method: str
    noise_m: float = 0.0
    flags: dict[str, object] = field(default_factory=dict)
    error_m: float = 0.0
    settles_s: float = 0.0
    drift_m2: float = 0.0
    raw_ends_s: tuple[float, float] | None = None
    offset_m: Floats | None = None
    uneven: Floats | None = None
    along_m: Floats | None = None


@dataclass(frozen=True, slots=True)
class End:
    """A line that ends a lap: its time in s, its place in m, and the place less the metres driven up to it."""

    time_s: float
    at_m: float
    error_m: float


@dataclass(frozen=True, slots=True, eq=False)
class Corrected:
    """Where the samples lie once the driven distance is corrected by the position; see `Placed`."""

    at_m: Floats
    noise_m: float
    error_m: float
    settles_s: float = 0.0
    raw_ends_s: tuple[float, float] | None = None
    uneven: Floats | None = None

    def placed(self, samples: Samples, length_m: float, driven_m: float | None, method: str, *, whole: bool) -> Placed:
        """The lap placed so."""
        return Placed(
            samples, self.at_m, length_m, driven_m, whole, method, self.noise_m,
            error_m=self.error_m, settles_s=self.settles_s, raw_ends_s=self.raw_ends_s,
            uneven=self.uneven,
        )  # fmt: skip


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
    driven = driven_of(samples)
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
        own, share = share_driven(samples, driven, lap_time_s)
    length = length_of(samples, own, length_m)
    metres = share * (length if own is None else own)
    if position is not None:
        ends = (End(0.0, 0.0, 0.0), End(lap_time_s, length, length - (length if own is None else own)))
        found = correct(samples, metres, (position + np.round(share - position)) * length, ends=ends)
        if found is not None and not is_fake(samples, found.at_m):
            placed = found.placed(samples, length, own, "position", whole=True)
            return replace(placed, flags={"speed_missing": True}) if own is None else placed
    if own is None:
        raise IncompatibleLaps(f"{samples.name} has no speed that changes and too few positions.")
    flags: dict[str, object] = {} if position is None else {"position_fake": True}
    if not samples.speed_varies:
        flags["speed_constant"] = True
    at_m = np.maximum.accumulate(share * length)
    return Placed(samples, at_m, length, own, True, "scaled_distance", 0.0, flags, drift_m2=DRIFT_M2)


def share_driven(samples: Samples, driven: Floats, lap_time_s: float) -> tuple[float, Floats]:
    """Metres driven from line to line, and the share of them at each sample (0 and 1 at the lines)."""
    start = extended(samples, driven, 0.0)
    own = extended(samples, driven, lap_time_s) - start
    return own, (driven - start) / max(own, 1.0)


def _place_part(samples: Samples, position: Floats, driven: Floats, length_m: float | None, gone: float) -> Placed:
    """A lap whose time nobody knows: its position says where on the track it lies."""
    moving = (samples.speed_ms if samples.speed_ms is not None else driven) > STOPPED_MS
    own = float(driven[-1] - driven[0]) / gone
    length = length_of(samples, own if gone > 0.5 else None, length_m, otherwise=own)
    share = driven / own
    # The circular mean of what the position says beyond the distance driven; the stretch lies around lap 0 … 1.
    turns = 2 * np.pi * (position - share)[moving & np.isfinite(position)]
    offset = np.arctan2(np.sin(turns).mean(), np.cos(turns).mean()) / (2 * np.pi) if len(turns) else 0.0
    offset -= np.floor(share.mean() + offset)
    share = share + offset
    found = correct(samples, driven, (position + np.round(share - position)) * length)
    if found is None or is_fake(samples, found.at_m):
        return _place_by_distance(samples, driven, length_m, {} if found is None else {"position_fake": True})
    edge = max(60.0, 0.01 * length)
    whole = samples.from_frame and bool(found.at_m[0] < edge and found.at_m[-1] > length - edge)
    return found.placed(samples, length, own, "position", whole=whole)


def _place_by_distance(samples: Samples, driven: Floats, length_m: float | None, flags: dict[str, object]) -> Placed:
    """A stretch that neither a time nor a position ties to the track: from its first sample on.

    A plain frame is taken for one lap, whose lines lie half a sample beyond its ends; `ends_assumed` says so.
    """
    if not samples.from_frame:
        total = float(driven[-1])
        return Placed(samples, driven, length_m or total, total, False, "scaled_distance", 0.0, flags)
    half = float(np.median(np.diff(samples.time_s))) / 2
    before = end_rate(driven[:END_SAMPLES], samples.time_s[:END_SAMPLES]) * half
    after = end_rate(driven[-END_SAMPLES:], samples.time_s[-END_SAMPLES:]) * half
    own = float(driven[-1]) + before + after
    length = length_of(samples, own, length_m)
    at_m = (driven + before) * (length / own)
    flags = flags | {"ends_assumed": True}
    return Placed(samples, at_m, length, own, True, "scaled_distance", 0.0, flags, drift_m2=DRIFT_M2)


def length_of(samples: Samples, own: float | None, length_m: float | None, *, otherwise: float | None = None) -> float:
    """The length in m a lap is laid on: the one asked for, the official one if it fits, else the one driven.

    Raises:
        IncompatibleLaps: the lap is of another length, does not move, or nothing says how long it is.
    """
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


def correct(
    samples: Samples,
    driven: Floats,
    unwrapped_m: Floats,
    *,
    ends: tuple[End, ...] = (),
) -> Corrected | None:
    """Metres from the line by the position and the distance driven together; None where too few positions are known.

    The difference between the position's metres and the metres driven is slow, whatever the car does: it alone is
    cleaned and smoothed. Where the position is noisy the lines, whose times are known, tie it down.

    Args:
        samples: a lap's.
        driven: metres driven at each sample.
        unwrapped_m: metres from the line by the position alone at each sample; NaN where it is missing.
        ends: the lines that begin and end the lap, in this order.
    """
    fresh = _fresh(samples, unwrapped_m)
    if len(fresh) < 5:
        return None
    time_s, error = samples.time_s[fresh], (unwrapped_m - driven)[fresh]
    power = noise_power(error)
    error = without_outliers(error, floor=_OUTLIER_M)
    raw_ends_s = None
    spread, step = noise(error), float(np.median(np.diff(time_s)))
    if step <= 0 or spread <= 0.02 + 1.5 * step**2:
        error_m, uneven = _uneven(samples, time_s, error)
        return Corrected(_added(samples, driven, *_led_on(samples, time_s, error)), spread, error_m, uneven=uneven)
    _, uneven = _uneven(samples, time_s, error)
    spread = max(spread, power)  # what stood out is gone, what it left in the slow part is not
    slow = slow_part(time_s, error, spread=spread)
    if ends:
        raw_ends_s = _ends(samples, driven, time_s, slow.values, ends)
        pins = tuple((end.time_s, end.error_m + _lasting(time_s, slow, end)) for end in ends)
        slow = slow_part(time_s, error, spread=spread, pins=pins, cutoff_hz=slow.cutoff_hz)
    at_m = _added(samples, driven, time_s, slow.values)
    return Corrected(at_m, slow.noise, slow.error, 1 / (2 * np.pi * slow.cutoff_hz), raw_ends_s, uneven)


def _uneven(samples: Samples, time_s: Floats, error: Floats) -> tuple[float, Floats]:
    """The noise of the whole series, and at each sample how many times that it is."""
    # A line from one position to the next cuts every bend off by an eighth of its second difference or more.
    bend = np.abs(np.diff(error, n=2, prepend=error[0], append=error[-1])) / 6
    local = np.hypot(noise_along(error), uniform_filter1d(bend, min(25, len(bend))))
    whole = float(np.sqrt(np.mean(local**2)))
    return whole, np.interp(samples.time_s, time_s, local) / max(whole, 1e-12)


def _led_on(samples: Samples, time_s: Floats, error: Floats) -> tuple[Floats, Floats]:
    """The series led on to the lap's first and last sample, where a held position begins late and ends early."""
    first, last = float(samples.time_s[0]), float(samples.time_s[-1])
    before = error[0] + end_rate(error[:END_SAMPLES], time_s[:END_SAMPLES]) * (first - time_s[0])
    after = error[-1] + end_rate(error[-END_SAMPLES:], time_s[-END_SAMPLES:]) * (last - time_s[-1])
    return np.r_[first, time_s, last], np.r_[before, error, after]


def _added(samples: Samples, driven: Floats, time_s: Floats, error: Floats) -> Floats:
    return np.asarray(np.maximum.accumulate(driven + np.interp(samples.time_s, time_s, error)))


def _ends(
    samples: Samples, driven: Floats, time_s: Floats, error: Floats, ends: tuple[End, ...]
) -> tuple[float, float]:
    """When the car passed both lines by its places alone, in s."""
    at_m = _added(samples, driven, time_s, error)
    first_s, last_s = (line_time(samples, at_m, end.at_m) for end in ends)
    return first_s, last_s


def _lasting(time_s: Floats, slow: Slow, end: End) -> float:
    """What of a miss at the line noise does not explain, in m: it is the line's or the clock's, and stays."""
    missed = float(np.interp(end.time_s, time_s, slow.values)) - end.error_m
    by_noise = _END_SIGMAS * slow.error
    return missed / (1.0 + (by_noise / missed) ** 4) if missed else 0.0


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


def is_fake(samples: Samples, at_m: Floats) -> bool:
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
