"""A lap's samples placed by where they lie beside a path: the reference's own, or a track's centre line."""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ps_analytics.analysis.curve import Curve
from ps_analytics.analysis.driven import driven_of
from ps_analytics.analysis.place import Corrected, End, Placed, correct, share_driven
from ps_analytics.analysis.samples import Samples
from ps_analytics.errors import IncompatibleLaps

Floats = NDArray[np.float64]

_LOOK_S = 0.5
_ASIDE_M = 5.0
_WINDOW_M, _WINDOW_SHARE = 60.0, 0.025
_FAR_M = 30.0
_EDGE_M = 60.0
_TURNED = 600.0
_SHIFTED = 6.0


def place_on(curve: Curve, samples: Samples, method: str) -> Placed:
    """A lap placed by its foot points on a path, fused with the distance driven.

    Args:
        curve: the path; its stations are the lap's metres.
        samples: a lap's, with coordinates of the path's kind.
        method: what to call it.

    Raises:
        IncompatibleLaps: its coordinates do not follow the path, or it cannot be placed at all.
    """
    x, y = curve.on_plane(samples.places[curve.kind])
    along = _along(samples, x, y, curve.length_m)
    near, followed = follow(curve, samples.time_s, x, y, along.at_m, anywhere=not along.ends)
    if not followed:
        raise IncompatibleLaps(f"{samples.name} was not driven along the reference's path.")
    known = np.isfinite(x) & np.isfinite(y)
    feet, offset = np.full(len(x), np.nan), np.full(len(x), np.nan)
    feet[known], offset[known] = curve.feet(x[known], y[known], near[known])
    feet[np.abs(offset) > _FAR_M] = np.nan
    if curve.closed and not along.ends:  # it lies around this lap, not the one before or after
        feet -= curve.length_m * np.floor(np.nanmean(near) / curve.length_m)
    found = correct(samples, along.at_m, feet, ends=along.ends)
    if found is None:
        raise IncompatibleLaps(f"too few places of {samples.name} are known.")
    placed = found.placed(samples, curve.length_m, along.driven_m, method, whole=_is_whole(samples, found, curve))
    return replace(placed, flags=along.flags, offset_m=offset, along_m=along.at_m if along.ends else None)


@dataclass(frozen=True, slots=True, eq=False)
class _Along:
    """The distance driven: of a lap with a time from its line on, stretched to the length of the path."""

    at_m: Floats
    driven_m: float | None
    ends: tuple[End, ...] = ()
    flags: dict[str, object] = field(default_factory=dict)


def _along(samples: Samples, x: Floats, y: Floats, length_m: float) -> _Along:
    driven = driven_of(samples)
    flags: dict[str, object] = {} if driven is not None else {"speed_missing": True}
    if driven is None:
        driven = _gone_over(x, y)
    if samples.lap_time_s is None:
        return _Along(driven, None, (), flags)
    own, share = share_driven(samples, driven, samples.lap_time_s)
    ends = (End(0.0, 0.0, 0.0), End(samples.lap_time_s, length_m, 0.0))
    return _Along(share * length_m, None if flags else own, ends, flags)


def _gone_over(x: Floats, y: Floats) -> Floats:
    """Metres between the places, where no speed says how far the car drove."""
    known = np.isfinite(x) & np.isfinite(y)
    index = np.arange(len(x))
    east, north = (np.interp(index, index[known], values[known]) for values in (x, y))
    return np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(east), np.diff(north)))])


def _is_whole(samples: Samples, found: Corrected, curve: Curve) -> bool:
    edge = max(_EDGE_M, 0.01 * curve.length_m)
    reaches = bool(found.at_m[0] < edge and found.at_m[-1] > curve.length_m - edge)
    return samples.lap_time_s is not None or (samples.from_frame and reaches)


def follow(
    curve: Curve, time_s: Floats, x: Floats, y: Floats, expected_m: Floats, *, anywhere: bool = False
) -> tuple[Floats, bool]:
    """Stations near the foot points of places along the path, and whether the places follow the path at all.

    Of all ways that move on with the distance driven, the one that stays nearest to the path and heads the same way,
    found by dynamic programming over looks half a second apart: a stretch beside the path, or one that crosses it, is
    never jumped to.

    Args:
        curve: the path.
        time_s: when the places were passed.
        x: east in m, NaN where missing.
        y: north in m.
        expected_m: stations by the distance driven.
        anywhere: the first place may lie anywhere on the path.
    """
    looks = _looks(time_s, np.isfinite(x) & np.isfinite(y))
    if len(looks) < 2:
        return expected_m, False
    reach = curve.length_m / 2 if anywhere else max(_WINDOW_M, _WINDOW_SHARE * curve.length_m)
    aside = _ASIDE_M * np.arange(-np.ceil(reach / _ASIDE_M), np.ceil(reach / _ASIDE_M) + 1)
    costs, apart = _costs(curve, x[looks], y[looks], expected_m[looks, None] + aside)
    chosen = _cheapest_way(costs)
    shift = aside[chosen]
    followed = float(np.median(apart[np.arange(len(looks)), chosen])) < _FAR_M
    return expected_m + np.interp(time_s, time_s[looks], shift), followed


def _looks(time_s: Floats, known: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Samples half a second apart that have a place."""
    rows = np.flatnonzero(known)
    if len(rows) < 2:
        return rows
    wanted = np.arange(time_s[rows[0]], time_s[rows[-1]] + _LOOK_S, _LOOK_S)
    return np.unique(rows[np.minimum(np.searchsorted(time_s[rows], wanted), len(rows) - 1)])


def _costs(curve: Curve, x: Floats, y: Floats, station_m: Floats) -> tuple[Floats, Floats]:
    """What each candidate (look × shift) costs, and how far from the place it lies, in m."""
    path_x, path_y, along_x, along_y = curve.of(station_m, curve.x, curve.y, curve.along_x, curve.along_y)
    apart = np.hypot(x[:, None] - path_x, y[:, None] - path_y)
    ahead_x, ahead_y = np.gradient(x), np.gradient(y)
    speed = np.hypot(ahead_x, ahead_y)
    moving = np.where(speed > 1.0, 1.0 / np.maximum(speed, 1.0), 0.0)
    same_way = along_x * (ahead_x * moving)[:, None] + along_y * (ahead_y * moving)[:, None]
    turned = np.where(moving[:, None] > 0, 1 - same_way, 0.0)
    if not curve.closed:
        outside = (station_m < curve.station_m[0]) | (station_m > curve.station_m[-1])
        apart = np.where(outside, 2 * _FAR_M, apart)
    return np.minimum(apart, _FAR_M) ** 2 + _TURNED * turned, apart


def _cheapest_way(costs: Floats) -> NDArray[np.int64]:
    """For each look the candidate of the cheapest way through all; a way shifts by one candidate a look at most."""
    looks, count = costs.shape
    nearest: NDArray[np.int64] = np.argmin(costs, axis=1)
    if np.all(np.abs(np.diff(nearest)) <= 1):  # nothing beside the path or across it leads astray
        return nearest
    came = np.zeros((looks, count), dtype=np.int64)
    total = costs[0]
    dear = np.full(1, np.inf)
    index = np.arange(count)
    for look in range(1, looks):
        left = np.concatenate([dear, total[:-1]]) + _SHIFTED
        right = np.concatenate([total[1:], dear]) + _SHIFTED
        step = np.where(left < total, -1, 0)
        best = np.minimum(left, total)
        step = np.where(right < best, 1, step)
        came[look] = index + step
        total = np.minimum(right, best) + costs[look]
    way = np.empty(looks, dtype=np.int64)
    way[-1] = int(np.argmin(total))
    for look in range(looks - 1, 0, -1):
        way[look - 1] = came[look, way[look]]
    return way
