"""A lap cut into units: slow down, minimum, speed up again (§5.1 of the analysis core). They tile the lap.

A unit begins before anybody brakes, on the straight, where the speeds of different laps can be compared: what is
gained or lost inside belongs to it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from ps_analytics.errors import IncompatibleLaps
from ps_analytics.track import Corner, TrackModel, ahead_m, is_between

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SMOOTH_M = 4.0
"""Speeds are smoothed by a Gaussian of this width before their minima are sought."""
DIP_MS = 1.0
"""A minimum is one where the speed falls this far below what lies on either side."""
BEFORE_TOP_M = 120.0
"""So far before the top speed the end of the straight is sought, at most half of the way to the minimum before."""
AFTER_MINIMUM_M = 4.0
"""A unit never begins nearer than this behind the minimum before it."""
MARGIN_M = 5.0
"""A unit begins so far before the first lap that slows down."""
NEAR_M = 60.0
"""Corners with an apex this near to a minimum are named with it."""
OF_M = 120.0
"""A minimum further from every apex, and outside every corner, is named by its place."""
PLATEAU_MS = 0.05
"""A speed this near to the top speed is on top still: at its limiter a car holds it for long."""
LINKED_M, LINKED_RISE = 130.0, 1.30
"""Minima nearer than this, between which the speed never rises by more, are one movement of the driver."""
_SLOWEST_MS = 1.0


@dataclass(frozen=True, slots=True)
class Unit:
    """One slow-down, its minimum and the way to the next; places in m from the line, 0 ≤ place < length.

    Where `start_m` > `end_m` it runs through the line; where they are equal it is the whole lap. `corners` are the
    numbers of those whose apex lies in it, in driving order, so that every corner belongs to one unit. `linked`: one
    movement with the unit before. `number` counts from 1, by start.
    """

    number: int
    name: str
    start_m: float
    minimum_m: float
    end_m: float
    corners: tuple[int, ...] = ()
    linked: bool = False


def find_units(speeds_ms: Sequence[Floats], distance_m: Floats, track: TrackModel) -> tuple[Unit, ...]:
    """The units of one lap, or of laps to be compared, in driving order from the first that begins after the line.

    The last one runs through the line unless one begins right on it. A lap without any minimum is one unit.

    Args:
        speeds_ms: a lap's speed in m/s at each point of the grid, for each lap; NaN where missing.
        distance_m: the grid in m from the line, from 0 to the lap's length, as `GridLap.distance_m`.
        track: its corners name the units; places of another length than the grid's are stretched.

    Raises:
        IncompatibleLaps: no lap has a speed, or the grid has fewer than four points.

    Example:
        >>> s = np.linspace(0.0, 1000.0, 1001)
        >>> speed = 50.0 - 20.0 * np.exp(-(((s - 400.0) / 60.0) ** 2)) - 30.0 * np.exp(-(((s - 800.0) / 60.0) ** 2))
        >>> track = TrackModel(1000.0, s[:-1], 0 * s[:-1], 0 * s[:-1], 3.6 * speed[:-1], "yaw_rate", "1")
        >>> [(unit.name, unit.minimum_m, unit.end_m > unit.start_m) for unit in find_units([speed], s, track)]
        [('@400m', 400.0, True), ('@800m', 800.0, False)]
    """
    if len(distance_m) < 4:
        raise IncompatibleLaps(f"their grid has {len(distance_m)} points.")
    length_m = float(distance_m[-1])
    speeds = _smoothed(speeds_ms, step_m=length_m / (len(distance_m) - 1))
    mean = mean_speed(speeds)
    minima, starts = _cuts(speeds, mean, step_m=length_m / len(mean))
    linked = _linked(mean, minima, step_m=length_m / len(mean))
    places = distance_m[starts].tolist()
    named = corners_on(track, length_m)
    corners = _in_units(named, places)
    return tuple(
        Unit(
            number=number + 1,
            name=_name(corners[number], named, float(distance_m[minima[number]]), length_m),
            start_m=start,
            minimum_m=float(distance_m[minima[number]]),
            end_m=end,
            corners=tuple(corner.number for corner in corners[number]),
            linked=linked[number],
        )
        for number, (start, end) in enumerate(zip(places, [*places[1:], places[0]], strict=True))
    )


def span_m(start_m: float, end_m: float, length_m: float) -> float:
    """Metres from one place on to another, over the line if need be; from a place to itself it is the whole lap.

    Example:
        >>> span_m(900.0, 100.0, 1000.0), span_m(0.0, 0.0, 1000.0)
        (200.0, 1000.0)
    """
    return float((end_m - start_m) % length_m or length_m)


def corners_on(track: TrackModel, length_m: float) -> tuple[Corner, ...]:
    """The track's corners, by apex, in the metres of a lap whose length differs a little from the model's.

    Example:
        >>> from ps_analytics.track import Direction
        >>> grid = np.arange(0.0, 1000.0, 2.0)
        >>> corner = Corner(1, "T1", Direction.LEFT, 100.0, 150.0, 200.0)
        >>> track = TrackModel(1000.0, grid, grid, grid, grid, "yaw_rate", "1", corners=(corner,))
        >>> corners_on(track, 1010.0)[0].apex_m
        151.5
    """
    scale = length_m / track.length_m
    found = [
        replace(c, start_m=scale * c.start_m, apex_m=scale * c.apex_m, end_m=scale * c.end_m) for c in track.corners
    ]
    return tuple(sorted(found, key=lambda corner: corner.apex_m))


def mean_speed(speeds_ms: Floats) -> Floats:
    """The speed that takes the mean time of the laps, in m/s at each point of the grid; laps × points in.

    Example:
        >>> mean_speed(np.array([[20.0], [30.0]]))
        array([24.])
    """
    return np.asarray(len(speeds_ms) / np.sum(1.0 / speeds_ms, axis=0))


def filled_speeds(speeds_ms: Sequence[Floats]) -> Floats:
    """The speeds of the laps that have any, laps × points, in m/s; where one is missing it is interpolated.

    Raises:
        IncompatibleLaps: no lap has a speed at all.

    Example:
        >>> filled_speeds([np.array([50.0, np.nan, 40.0]), np.full(3, np.nan)])
        array([[50., 45., 40.]])
    """
    known = [filled for speed in speeds_ms if (filled := _filled(speed)) is not None]
    if not known:
        raise IncompatibleLaps("none of them has a speed.")
    return np.maximum(np.stack(known), _SLOWEST_MS)


def _smoothed(speeds_ms: Sequence[Floats], *, step_m: float) -> Floats:
    """Laps × points of the closed grid, its last point left out: it is the first one.

    Raises:
        IncompatibleLaps: no lap has a speed at all.
    """
    known = filled_speeds([speed[:-1] for speed in speeds_ms])
    return np.asarray(gaussian_filter1d(known, SMOOTH_M / step_m, axis=1, mode="wrap"))


def _filled(speed: Floats) -> Floats | None:
    known = np.flatnonzero(np.isfinite(speed))
    if len(known) == 0:
        return None
    return (
        speed if len(known) == len(speed) else np.interp(np.arange(len(speed)), known, speed[known], period=len(speed))
    )


def _cuts(speeds: Floats, mean: Floats, *, step_m: float) -> tuple[Ints, Ints]:
    """The minima of the mean speed and where each one's unit starts, as points of the grid, by start."""
    from scipy.signal import find_peaks

    count = len(mean)
    peaks = find_peaks(-np.tile(mean, 3), prominence=DIP_MS)[0]
    minima = peaks[(peaks >= count) & (peaks < 2 * count)] - count
    if len(minima) == 0:
        return np.array([np.argmin(mean)]), np.array([0])
    before = np.concatenate([[minima[-1] - count], minima[:-1]])
    starts = [_start(speeds, mean, int(one), int(two), step_m) % count for one, two in zip(before, minima, strict=True)]
    order = np.argsort(starts)
    return minima[order], np.array(starts)[order]


def _start(speeds: Floats, mean: Floats, before: int, minimum: int, step_m: float) -> int:
    """Where the slow-down to a minimum begins: before the first lap has its top speed, behind the minimum before."""
    count = len(mean)
    gap = minimum - before
    back = gap - int(np.argmax(mean[np.arange(before, minimum) % count]))
    most = min(back + min(BEFORE_TOP_M / step_m, gap / 2), gap - AFTER_MINIMUM_M / step_m)
    window = np.arange(minimum, minimum - max(int(most), 1) - 1, -1)
    seen = speeds[:, window % count]
    on_top = seen >= seen.max(axis=1, keepdims=True) - PLATEAU_MS
    first = int(window[np.argmax(on_top, axis=1)].min())
    return max(first - round(MARGIN_M / step_m), before + 1)


def _linked(mean: Floats, minima: Ints, *, step_m: float) -> list[bool]:
    count, linked = len(mean), []
    for before, minimum in zip(np.roll(minima, 1).tolist(), minima.tolist(), strict=True):
        gap = (minimum - before) % count or count
        top = mean[np.arange(before, before + gap + 1) % count].max()
        near = gap * step_m < LINKED_M and len(minima) > 1
        linked.append(bool(near and top < LINKED_RISE * max(mean[before], mean[minimum])))
    return linked


def _in_units(corners: Sequence[Corner], starts: Sequence[float]) -> list[list[Corner]]:
    """The corners of each unit, in driving order; what lies before the first start belongs to the last unit."""
    found: list[list[Corner]] = [[] for _ in starts]
    after = [corner for corner in corners if corner.apex_m >= starts[0]]
    for corner in [*after, *(corner for corner in corners if corner.apex_m < starts[0])]:
        found[int(np.searchsorted(starts, corner.apex_m, side="right")) - 1].append(corner)
    return found


def corner_of(corners: Sequence[Corner], minimum_m: float, length_m: float) -> Corner | None:
    """The corner a minimum of speed belongs to: the one that holds it, else the nearest, None if none is near.

    Example:
        >>> from ps_analytics.track import Direction
        >>> corner = Corner(1, "T1", Direction.LEFT, 950.0, 990.0, 10.0)
        >>> [found and found.name for found in (corner_of([corner], at, 1000.0) for at in (5.0, 70.0, 500.0))]
        ['T1', 'T1', None]
    """
    holding = [c for c in corners if is_between(minimum_m, c.start_m, c.end_m, length_m)]
    near = [c for c in corners if abs(ahead_m(minimum_m, c.apex_m, length_m)) <= OF_M]
    return min(holding or near, key=lambda c: abs(ahead_m(minimum_m, c.apex_m, length_m)), default=None)


def _name(own: Sequence[Corner], corners: Sequence[Corner], minimum_m: float, length_m: float) -> str:
    """What a unit is called: by its corners at the minimum, else by the corner that has it, else by its place."""
    at = [corner for corner in own if abs(ahead_m(minimum_m, corner.apex_m, length_m)) <= NEAR_M]
    only = None if at else corner_of(own, minimum_m, length_m) or corner_of(corners, minimum_m, length_m)
    if not at and only is None:
        return f"@{minimum_m:.0f}m"
    first, last = (only.name, only.name) if only else (at[0].name, at[-1].name)
    if first == last:
        return first
    return f"{first}-{last[1:]}" if first[:1] == last[:1] == "T" and last[1:].isdigit() else f"{first}-{last}"
