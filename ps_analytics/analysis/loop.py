"""A gridded lap as a loop with its controls as shares, so that a stretch through the line is one slice."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from ps_analytics.analysis.align import GridLap
from ps_analytics.analysis.both_pedals import Summed, coasted, overlapped
from ps_analytics.channels.catalog import Kind, kind_of

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

FULL_SHARES = 0.60, 0.97
"""A throttle whose 99th percentile lies between these never reaches its stop: it is scaled so that it does."""
LOCK_RAD = 7.0
"""The lock that makes a share of a steering angle where the source gives no share (§1.1 of the analysis core)."""
BRIDGED_M = 10.0
"""Missing samples of a channel are bridged over so many metres; over more it is missing."""
_MOVES = 1e-6
_SMOOTH_M = 2.0
_SWITCH_SHARE = 0.9


@dataclass(frozen=True, eq=False)
class LoopLap:
    """A lap three times round: every array from the lap before, through the lap, to the lap after.

    `at_m` −L … 2L, `time_s` likewise from −T on, `speed_ms`; `throttle` and `brake` 0 … 1, `steering` −1 … 1 (right +),
    `gear`, `rpm`: None where the source has none, or one that never changes. NaN where missing. `throttle_scaled`: it
    never came near its stop; `steering_scaled`: from the angle. What lies beyond the line is this lap's other end.
    """

    length_m: float
    lap_time_s: float | None
    at_m: Floats
    time_s: Floats
    speed_ms: Floats
    throttle: Floats | None
    brake: Floats | None
    steering: Floats | None
    gear: Floats | None
    rpm: Floats | None
    throttle_scaled: bool = False
    steering_scaled: bool = False

    @cached_property
    def slowing_ms2(self) -> Floats:
        """The deceleration in m/s² at each point, by the speeds."""
        smooth = gaussian_filter1d(self.speed_ms, _SMOOTH_M / self.step_m, mode="nearest")
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(-np.gradient(smooth) / np.gradient(self.time_s))

    @cached_property
    def driven_m(self) -> Floats:
        """Metres driven at each point: ∫v dt."""
        steps = np.diff(self.time_s) * (self.speed_ms[1:] + self.speed_ms[:-1]) / 2
        return np.concatenate([[0.0], np.cumsum(steps)])

    @cached_property
    def coasted(self) -> Summed | None:
        """For how long both pedals were free; None without both."""
        if self.throttle is None or self.brake is None:
            return None
        return coasted(self.throttle, self.brake, self.time_s)

    @cached_property
    def overlapped(self) -> Summed | None:
        """For how long both pedals were down; None without both."""
        if self.throttle is None or self.brake is None:
            return None
        return overlapped(self.throttle, self.brake, self.time_s)

    @cached_property
    def points(self) -> int:
        """Points of one lap."""
        return len(self.at_m) // 3

    @cached_property
    def step_m(self) -> float:
        """Metres between two points; the last one of a lap may lie nearer to the line."""
        return float(self.at_m[self.points + 1] - self.at_m[self.points])

    def index(self, place_m: float) -> int:
        """The first point at or behind a place in m from the line, −L ≤ place ≤ 2L."""
        lap, rest_m = divmod(place_m - 1e-9, self.length_m)
        point = min(math.ceil(rest_m / self.step_m), self.points) + (int(lap) + 1) * self.points
        return min(max(point, 0), len(self.at_m) - 1)

    def value_at(self, place_m: float, values: Floats) -> float:
        """One of its arrays at a place in m from the line, −L ≤ place ≤ 2L; NaN where it is missing."""
        if not -self.length_m <= place_m <= 2 * self.length_m:
            return float("nan")
        point = max(self.index(place_m), 1)
        before, after = float(values[point - 1]), float(values[point])
        from_m, to_m = float(self.at_m[point - 1]), float(self.at_m[point])
        return after if place_m == to_m else before + (place_m - from_m) / (to_m - from_m) * (after - before)

    def time_at(self, place_m: float) -> float:
        """When the car was there, in s since the line; NaN where nobody knows."""
        return self.value_at(place_m, self.time_s)

    def speed_at(self, place_m: float) -> float:
        """How fast the car was there, in m/s; NaN where nobody knows."""
        return self.value_at(place_m, self.speed_ms)


def loop(lap: GridLap) -> LoopLap:
    """A gridded lap as a loop.

    Example:
        >>> s = np.arange(0.0, 101.0)
        >>> lap = loop(GridLap(s, s / 50.0, {"speed": 0 * s + 180.0, "brake": s / 2}, 100.0, 2.0, "position"))
        >>> lap.time_at(110.0), lap.speed_at(-10.0), float(lap.brake[lap.index(130.0)]), lap.throttle
        (2.2, 50.0, 0.15, None)
    """
    length, total = lap.length_m, np.nan if lap.lap_time_s is None else lap.lap_time_s
    throttle, throttle_scaled = _throttle(lap)
    steering, steering_scaled = _steering(lap)
    return LoopLap(
        length_m=length,
        lap_time_s=lap.lap_time_s,
        at_m=_thrice(lap.distance_m, length),
        time_s=_thrice(lap.time_s, total),
        speed_ms=_thrice(speed_of(lap)),
        throttle=None if throttle is None else _thrice(throttle),
        brake=_thrice_or_none(_share(_varying(lap, "brake"))),
        steering=None if steering is None else _thrice(steering),
        gear=_thrice_or_none(_known(lap, "gear")),
        rpm=_thrice_or_none(_varying(lap, "rpm")),
        throttle_scaled=throttle_scaled,
        steering_scaled=steering_scaled,
    )


def speed_of(lap: GridLap) -> Floats:
    """Its speed in m/s on its grid, NaN where it is missing; of a lap without one the grid's metres a second.

    Example:
        >>> s = np.arange(0.0, 5.0)
        >>> speed_of(GridLap(s, s / 50.0, {}, 4.0, 0.08, "position"))
        array([50., 50., 50., 50., 50.])
    """
    speed = next((known for name in ("speed", "gps_speed") if (known := _known(lap, name)) is not None), None)
    if speed is not None:
        return speed / 3.6
    with np.errstate(divide="ignore", invalid="ignore"):
        by_time = np.gradient(lap.distance_m) / np.gradient(lap.time_s)
    return np.where(np.isfinite(by_time), by_time, np.nan)


def _thrice(values: Floats, turn: float = 0.0) -> Floats:
    """Each lap's last point is the next one's first; `turn` is what one lap adds."""
    return np.concatenate([values[:-1] - turn, values[:-1], values + turn])


def _thrice_or_none(values: Floats | None) -> Floats | None:
    return None if values is None else _thrice(values)


def _known(lap: GridLap, name: str) -> Floats | None:
    if name not in lap.channels:
        return None
    values = lap.channels[name]
    known = np.isfinite(values)
    if known.all():
        return values
    return _bridged(lap.distance_m, values, known) if known.any() and kind_of(name) is Kind.LINEAR else values


def _bridged(at_m: Floats, values: Floats, known: Bools) -> Floats:
    """The values with short holes closed by straight lines."""
    place = np.flatnonzero(known)
    before = np.maximum(np.searchsorted(place, np.arange(len(values)), side="right") - 1, 0)
    after = np.minimum(before + 1, len(place) - 1)
    inside = (place[before] <= np.arange(len(values))) & (np.arange(len(values)) <= place[after])
    short = inside & (at_m[place[after]] - at_m[place[before]] <= BRIDGED_M + 1e-9)
    return np.where(~known & short, np.interp(at_m, at_m[known], values[known]), values)


def _varying(lap: GridLap, name: str) -> Floats | None:
    """A channel that changes; one that is constant tells nothing and counts as absent."""
    values = _known(lap, name)
    if values is None or not np.isfinite(values).any() or np.nanmax(values) - np.nanmin(values) < _MOVES:
        return None
    return values


def _share(percent: Floats | None) -> Floats | None:
    """A pedal in % as a share; a switch, which is 0 or 1 but for what lies between two samples, is one already."""
    if percent is None:
        return None
    known = percent[np.isfinite(percent)]
    is_switch = known.max() == 1.0 and np.mean((known == 0.0) | (known == 1.0)) > _SWITCH_SHARE
    return percent if is_switch else percent / 100.0


def _throttle(lap: GridLap) -> tuple[Floats | None, bool]:
    share = _share(_varying(lap, "throttle"))
    if share is None:
        return None, False
    most = float(np.nanpercentile(share, 99))
    low, high = FULL_SHARES
    return (np.minimum(share / most, 1.0), True) if low <= most < high else (share, False)


def _steering(lap: GridLap) -> tuple[Floats | None, bool]:
    percent = _varying(lap, "steering")
    if percent is not None:
        return percent / 100.0, False
    angle = _varying(lap, "steering_angle")
    return (None, False) if angle is None else (np.clip(np.radians(angle) / LOCK_RAD, -1.0, 1.0), True)
