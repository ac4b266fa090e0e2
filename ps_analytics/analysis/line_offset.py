"""How far to the right of another line a lap was driven."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from ps_analytics.analysis.align import GridLap
from ps_analytics.analysis.plane import on_plane
from ps_analytics.track import TrackModel

Floats = NDArray[np.float64]
Path = tuple[Floats, Floats]

SMALLEST_M = 50.0
"""Positions that stay within less are none."""
FARTHEST_M = 50.0
"""Lines farther apart than this at the median are not of one map."""
_SMOOTH_M = 5.0


def offset_to_lap(lap: GridLap, reference: GridLap) -> Floats | None:
    """Metres to the right of a reference lap at each point of the grid; None where one has no positions, NaN in gaps.

    Example:
        >>> s = np.arange(0.0, 101.0)
        >>> one, two = (GridLap(s, s, {"x": 0 * s + x, "y": s}, 100.0, 100.0, "position") for x in (2.0, 0.0))
        >>> float(offset_to_lap(one, two)[50])
        2.0
    """
    paths = [_path(grid, "x", "y") for grid in (lap, reference)]
    if None in paths:
        places = [_path(grid, "longitude", "latitude", least=0.0) for grid in (lap, reference)]
        if places[0] is None or places[1] is None:
            return None
        origin = float(np.nanmean(places[1][1])), float(np.nanmean(places[1][0]))
        paths = [_flat(place, origin) for place in places if place is not None]
    assert paths[0] is not None  # left otherwise
    assert paths[1] is not None
    return _to_the_right(paths[0], paths[1], reference.distance_m)


def offset_to_track(lap: GridLap, track: TrackModel) -> Floats | None:
    """Metres to the right of the track's line at each point of the lap's grid; None where there is no position."""
    if track.x is None or track.y is None:
        return None
    if track.origin is None:
        path = _path(lap, "x", "y")
    else:
        place = _path(lap, "longitude", "latitude", least=0.0)
        path = None if place is None else _flat(place, track.origin)
    if path is None:
        return None
    at = lap.distance_m * (track.length_m / lap.length_m)
    places = np.append(track.distance_m, track.distance_m[0] + track.length_m)
    x, y = (np.interp(at, places, np.append(values, values[0])) for values in (track.x, track.y))
    return _to_the_right(path, (x, y), lap.distance_m)


def _path(lap: GridLap, first: str, second: str, *, least: float = SMALLEST_M) -> Path | None:
    if first not in lap.channels or second not in lap.channels:
        return None
    one, two = lap.channels[first], lap.channels[second]
    known = np.isfinite(one) & np.isfinite(two)
    if np.count_nonzero(known) < 3:
        return None
    return None if max(np.ptp(one[known]), np.ptp(two[known])) <= least else (one, two)


def _flat(place: Path, origin: tuple[float, float]) -> Path:
    return on_plane(place[1], place[0], latitude_0=origin[0], longitude_0=origin[1])


def _to_the_right(path: Path, line: Path, distance_m: Floats) -> Floats | None:
    """(x − x₀)·t_y − (y − y₀)·t_x with t the unit tangent of the line; None where they are not of one map."""
    step_m = float(distance_m[-1] / (len(distance_m) - 1))
    along = [np.gradient(gaussian_filter1d(values, _SMOOTH_M / step_m, mode="nearest"), distance_m) for values in line]
    length = np.hypot(*along)
    with np.errstate(divide="ignore", invalid="ignore"):
        aside = ((path[0] - line[0]) * along[1] - (path[1] - line[1]) * along[0]) / length
    known = np.isfinite(aside)
    return aside if known.any() and np.median(np.abs(aside[known])) <= FARTHEST_M else None
