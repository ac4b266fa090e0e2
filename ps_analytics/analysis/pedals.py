"""Where in a corner the driver brakes, lifts and goes back to the throttle (§5.3 of the analysis core).

Places are crossings of a threshold, worked out between the points of the grid. NaN: it does not happen, or nobody
knows.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ps_analytics.analysis.both_pedals import RELEASED
from ps_analytics.analysis.loop import LoopLap
from ps_analytics.analysis.zones import Zone

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

BRAKES = 0.06
"""More brake than this, held for `HELD_M`, is braking."""
LIFTED, ON, FULL = 0.90, 0.20, 0.93
"""Less throttle than the first is a lift; more than the second is on, more than the third is full."""
HELD_M = 3.0
"""A foot that does something for fewer metres does not do it."""
PEAK_SHARE = 0.92
"""The peak of the brake is this quantile of its values while braking: one spike is none."""
DROP_SHARE = 0.88
"""The deceleration is the mean over this first share of the speed lost."""
DROP_MS = 1.0
"""A corner in which the car loses less speed is not slowed down for."""
ACCELERATES, ACCELERATES_MS = 1.012, 0.1
"""The car accelerates from where it is faster than its lowest speed times the first plus the second in m/s."""
BRAKES_MS2, BRAKES_S = 3.0, 0.1
"""Without a brake channel, a deceleration of so much for so long is braking."""
_NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Pedals:
    """What the feet do for one corner, in m from the line, going on beyond it; NaN where it does not happen.

    `peak_brake` 0 … 1, `deceleration` in m/s², `coast_in` (up to the brake point, without one up to the lowest speed),
    `coast_mid` (from there to full throttle) and `overlap` in s. `low_m` and `low_ms` are the lowest speed.
    """

    low_m: float = _NAN
    low_ms: float = _NAN
    top_ms: float = _NAN
    lift_m: float = _NAN
    brake_m: float = _NAN
    peak_brake: float = _NAN
    deceleration: float = _NAN
    release_m: float = _NAN
    throttle_m: float = _NAN
    accelerate_m: float = _NAN
    full_m: float = _NAN
    coast_in: float = _NAN
    coast_mid: float = _NAN
    overlap: float = _NAN


def pedals(lap: LoopLap, zone: Zone) -> Pedals:
    """What the feet do for a corner.

    Example:
        >>> from ps_analytics.analysis.loop import GridLap, loop
        >>> from ps_analytics.analysis.zones import Corner, Unit, zones
        >>> s, corner = np.arange(0.0, 401.0), Corner(1, "T1", "left", 150.0, 200.0, 250.0)
        >>> speed, brake = 150 + abs(s - 200), np.interp(s, [100, 110], [0, 60]) * (s < 180)
        >>> lap = loop(GridLap(s, s / 50, {"speed": speed, "brake": brake}, 400.0, 8.0, "position"))
        >>> round(pedals(lap, zones([Unit(1, "T1", 50.0, 200.0, 50.0, (1,))], [corner], speed, s)[0]).brake_m, 3)
        101.0
    """
    low = _lowest(lap, zone)
    if low is None:
        return Pedals()
    low_m, low_ms = _exactly_lowest(lap, zone, low)
    watch, brake = _braking(_watch(lap, zone, low))
    lift = _lift(watch, brake)
    if watch.passes and brake is None and lift is None:
        return Pedals(low_m, low_ms)
    begin = brake if brake is not None else lift
    throttle_m = _back_on(watch, begin, ON)
    full_m = _back_on(watch, begin, FULL)
    top_ms = float(lap.speed_ms[min(watch.start, watch.low) : watch.low + 1].max())
    slowed = top_ms - float(lap.speed_ms[watch.low]) >= DROP_MS
    coast_in, coast_mid = _coasting(watch, watch.low if brake is None else brake, full_m)
    return Pedals(
        low_m=low_m,
        low_ms=low_ms,
        top_ms=top_ms if slowed else _NAN,
        lift_m=_NAN if lift is None else crossing(lap.at_m, lap.throttle, lift, LIFTED),
        brake_m=_brake_point(watch, brake),
        peak_brake=_peak(watch, brake, full_m),
        deceleration=_deceleration(watch, _brake_point(watch, brake)),
        release_m=_release(watch, brake, full_m),
        throttle_m=throttle_m,
        accelerate_m=_accelerates(watch) if slowed else _NAN,
        full_m=full_m,
        coast_in=coast_in,
        coast_mid=coast_mid,
        overlap=_NAN if lap.overlapped is None else lap.overlapped.between(watch.start, watch.end),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Watch:
    """The points of a lap watched for one corner.

    The speed is lowest at `low`, braking begins before `turned`. `passes`: only what is over by then is for this
    corner; what is over at `passed` is for the corner before.
    """

    lap: LoopLap
    clear: int
    start: int
    end: int
    low: int
    turned: int
    passed: int
    passes: bool

    @property
    def held(self) -> int:
        return max(1, round(HELD_M / self.lap.step_m))


def _watch(lap: LoopLap, zone: Zone, low: int) -> _Watch:
    start, end = lap.index(zone.watch_m), lap.index(zone.leave_m)
    turned = min(max(low, lap.index(zone.exit_m)), end)
    passed = start if np.isinf(zone.passed_m) else lap.index(zone.passed_m)
    end = end if zone.slows else turned
    return _Watch(lap, lap.index(zone.clear_m), start, end, low, turned, passed, passes=not zone.slows)


def _lowest(lap: LoopLap, zone: Zone) -> int | None:
    """The point of the lowest speed; None where speeds are missing."""
    start, end = lap.index(zone.low_from_m), max(lap.index(zone.low_to_m), lap.index(zone.low_from_m) + 1)
    speed = lap.speed_ms[start:end]
    return None if np.isnan(speed).any() else start + int(np.argmin(speed))


def _exactly_lowest(lap: LoopLap, zone: Zone, low: int) -> tuple[float, float]:
    """Where the speed is lowest, and that speed: at a point of the grid, or at either end of where it is sought."""
    places = [float(lap.at_m[low]), zone.low_from_m, zone.low_to_m]
    return min(((place, lap.speed_at(place)) for place in places), key=lambda found: found[1])


def crossing(at_m: Floats, values: Floats | None, point: int, threshold: float) -> float:
    """Where values pass a threshold between the point before and this one, in m; NaN where one is missing.

    Example:
        >>> crossing(np.array([10.0, 11.0]), np.array([0.0, 0.5]), 1, 0.1)
        10.2
    """
    assert values is not None  # asked only of channels that are there
    before, after = float(values[point - 1]), float(values[point])
    if after == before:
        return float(at_m[point])
    return float(at_m[point - 1] + (threshold - before) / (after - before) * (at_m[point] - at_m[point - 1]))


def _runs(mask: Bools, *, least: int) -> list[tuple[int, int]]:
    """First point and the one behind the last of each stretch of at least so many points."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]])))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2) if b - a >= least]


def _braking(watch: _Watch) -> tuple[_Watch, int | None]:
    """The first point at which the brake is pressed for this corner; pressed already before, it is not for it.

    What is watched begins behind a braking for the corner before. In a corner that is passed on the way down to another
    the speed is lowest for its own braking where that ends.
    """
    lap, first = watch.lap, max(min(watch.clear, watch.start - 1), 0)
    if lap.brake is not None:
        found = _runs(lap.brake[first : watch.end + watch.held] > BRAKES, least=watch.held)
    else:
        part = slice(first, watch.end + watch.held)
        time_s = lap.time_s[part]
        found = _runs(lap.slowing_ms2[part] > BRAKES_MS2, least=2)
        found = [(a, b) for a, b in found if time_s[b - 1] - time_s[a] >= BRAKES_S]
    for begin, end in ((first + a, first + b) for a, b in found if a > 0 and first + b > watch.start):
        if end <= watch.passed:
            watch = replace(watch, start=end)
        elif begin <= watch.turned and not (watch.passes and end > watch.turned):
            low = begin + int(np.argmin(lap.speed_ms[begin : end + 1])) if watch.passes else watch.low
            return replace(watch, low=low), begin
    return watch, None


def _brake_point(watch: _Watch, brake: int | None) -> float:
    if brake is None:
        return _NAN
    if watch.lap.brake is not None:
        return crossing(watch.lap.at_m, watch.lap.brake, brake, BRAKES)
    return crossing(watch.lap.at_m, watch.lap.slowing_ms2, brake, BRAKES_MS2)


def _lift(watch: _Watch, brake: int | None) -> int | None:
    """The first point at which the throttle is lifted, before braking or, without, to its lowest."""
    throttle = watch.lap.throttle
    if throttle is None:
        return None
    if brake is None:
        first = watch.clear
        lifts = _runs(throttle[first : watch.turned + 1] <= LIFTED, least=watch.held)
        lifts = [(first + a, first + b) for a, b in lifts if a > 0]
        if watch.passes:
            lifts = [lift for lift in lifts if lift[1] <= watch.turned]
        return min(lifts, key=lambda lift: throttle[lift[0] : lift[1]].min())[0] if lifts else None
    up = np.flatnonzero(throttle[watch.clear : brake + 1] > LIFTED)
    if len(up) == 0:
        return None
    last = watch.clear + int(up[-1])
    if last < brake:
        return last + 1
    down = np.flatnonzero(throttle[brake : watch.end] <= LIFTED)
    return brake + int(down[0]) if len(down) else None


def _back_on(watch: _Watch, begin: int | None, threshold: float) -> float:
    """Where the throttle comes back over a threshold and stays: about the lowest speed or behind it."""
    lap, low = watch.lap, watch.low
    if lap.throttle is None or begin is None:
        return _NAN
    throttle = lap.throttle
    if throttle[low] > threshold and begin < low:
        below = np.flatnonzero(throttle[begin:low] <= threshold)
        return crossing(lap.at_m, throttle, begin + int(below[-1]) + 1, threshold) if len(below) else _NAN
    first = max(low, begin)
    off = np.flatnonzero(throttle[first : watch.end] <= threshold)
    if len(off) == 0:
        return _NAN
    first += int(off[0])
    found = _runs(throttle[first : watch.end + watch.held] > threshold, least=watch.held)
    at = first + found[0][0] if found else watch.end + 1
    return crossing(lap.at_m, throttle, at, threshold) if at <= watch.end else _NAN


def _until(watch: _Watch, full_m: float) -> int:
    return watch.end if np.isnan(full_m) else watch.lap.index(full_m)


def _peak(watch: _Watch, brake: int | None, full_m: float) -> float:
    if watch.lap.brake is None or brake is None or np.isnan(_brake_point(watch, brake)):
        return _NAN
    values = watch.lap.brake[brake : max(_until(watch, full_m), brake + 1)]
    if np.isnan(values).any():
        return _NAN
    values = np.sort(values[values > BRAKES])
    return float(np.interp(PEAK_SHARE * (len(values) - 1), np.arange(len(values)), values))


def _release(watch: _Watch, brake: int | None, full_m: float) -> float:
    """Where the brake is free at last, before full throttle; if it is not by then, behind the zone."""
    if watch.lap.brake is None or brake is None:
        return _NAN
    end = max(_until(watch, full_m), brake + 1)
    free = brake + int(np.flatnonzero(watch.lap.brake[brake:end] > RELEASED)[-1]) + 1
    if free == end:
        later = np.flatnonzero(watch.lap.brake[end:] <= RELEASED)
        if len(later) == 0:
            return _NAN
        free = end + int(later[0])
    return crossing(watch.lap.at_m, watch.lap.brake, free, RELEASED)


def _deceleration(watch: _Watch, brake_m: float) -> float:
    """The mean over most of the speed lost since the brake point, in m/s²."""
    lap = watch.lap
    begin = lap.speed_at(brake_m)
    lost = begin - float(lap.speed_ms[watch.low])
    first = watch.low if np.isnan(brake_m) else lap.index(brake_m)
    if not (lost >= DROP_MS and first < watch.low):
        return _NAN
    target = begin - DROP_SHARE * lost
    below = np.flatnonzero(lap.speed_ms[first : watch.low + 1] <= target)
    end_m = crossing(lap.at_m, lap.speed_ms, first + int(below[0]), target)
    return DROP_SHARE * lost / (lap.time_at(end_m) - lap.time_at(brake_m))


def _accelerates(watch: _Watch) -> float:
    lap = watch.lap
    threshold = ACCELERATES * float(lap.speed_ms[watch.low]) + ACCELERATES_MS
    above = np.flatnonzero(lap.speed_ms[watch.low : watch.end + 1] > threshold)
    return crossing(lap.at_m, lap.speed_ms, watch.low + int(above[0]), threshold) if len(above) else _NAN


def _coasting(watch: _Watch, pivot: int, full_m: float) -> tuple[float, float]:
    """Seconds coasted before a point and from there to full throttle."""
    coasted = watch.lap.coasted
    if coasted is None:
        return _NAN, _NAN
    pivot = max(pivot, watch.start)
    return coasted.between(watch.start, pivot), coasted.between(pivot, max(_until(watch, full_m), pivot))
