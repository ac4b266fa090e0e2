"""A path over the ground, and where on it the car was: foot points that never jump to a stretch beside it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ps_analytics.analysis.plane import on_plane
from ps_analytics.analysis.rows import GPS
from ps_analytics.analysis.smooth import noise, slow_part

Floats = NDArray[np.float64]

CLOSED_WITHIN_M = 30.0
"""A path whose ends lie nearer to each other goes round."""
_STEP_M = 1.0
_BEYOND_M = 60.0
_APART_M = 0.5
_LEAP_M = 5.0
_NOISY_M = 0.02
_PACE_MS = 30.0
_ROUNDS = 5


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A path as points every metre of `station_m`, from a little before its first line to a little beyond its last.

    `x`, `y` in m, `along_x`, `along_y` the unit vector ahead, `stretch` the metres on the ground in a metre of
    station, `bend` the curvature in 1/m (right +). `length_m` is the station of the last line. `kind` says of what
    coordinates it is, `origin` where a GPS plane touches the Earth (latitude, longitude in degrees).
    """

    kind: str
    station_m: Floats
    x: Floats
    y: Floats
    along_x: Floats
    along_y: Floats
    stretch: Floats
    bend: Floats
    length_m: float
    closed: bool
    error_m: float = 0.0
    origin: tuple[float, float] | None = None

    def on_plane(self, place: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
        """Coordinates of its kind as x, y in m."""
        if self.origin is None:
            return place
        return on_plane(place[0], place[1], latitude_0=self.origin[0], longitude_0=self.origin[1])

    def of(self, station_m: Floats, *columns: Floats) -> list[Floats]:
        """Its columns at stations; of a path that goes round, beyond both ends those of the other end."""
        station = station_m
        if self.closed:
            outside = (station < self.station_m[0]) | (station > self.station_m[-1])
            station = np.where(outside, np.mod(station, self.length_m), station)
        place = np.clip((station - self.station_m[0]) / _STEP_M, 0.0, len(self.station_m) - 1.001)
        row = place.astype(np.int64)
        share = place - row
        return [column[row] * (1 - share) + column[row + 1] * share for column in columns]

    def offset_m(self, x: Floats, y: Floats, station_m: Floats) -> Floats:
        """How far places lie to the right of the path at these stations, in m."""
        path_x, path_y, along_x, along_y = self.of(station_m, self.x, self.y, self.along_x, self.along_y)
        return np.asarray((x - path_x) * along_y - (y - path_y) * along_x)

    def feet(self, x: Floats, y: Floats, near_m: Floats) -> tuple[Floats, Floats]:
        """Stations of the foot points of places, and how far to the right of the path the places lie, in m.

        Args:
            x: east, in m.
            y: north, in m.
            near_m: stations within some ten metres of the foot points: each foot is the one next to its own.
        """
        station = near_m.copy()
        for _ in range(_ROUNDS):
            path_x, path_y, along_x, along_y, stretch, bend = self.of(
                station, self.x, self.y, self.along_x, self.along_y, self.stretch, self.bend
            )
            ahead = (x - path_x) * along_x + (y - path_y) * along_y
            right = (x - path_x) * along_y - (y - path_y) * along_x
            station = station + np.clip(ahead / stretch / np.maximum(1 - bend * right, 0.5), -10.0, 10.0)
        return station, self.offset_m(x, y, station)


def curve_through(
    kind: str,
    station_m: Floats,
    place: tuple[Floats, Floats],
    *,
    length_m: float,
    origin: tuple[float, float] | None = None,
) -> Curve | None:
    """The path through places; None where there are too few.

    Args:
        kind: "xy" (m) or "gps" (degrees).
        station_m: m from the line at each place, never decreasing.
        place: both coordinates; NaN where missing.
        length_m: station of the line that ends it.
        origin: where the plane of GPS places touches the Earth; None takes their middle.
    """
    if kind == GPS:
        origin = origin or (float(np.nanmean(place[0])), float(np.nanmean(place[1])))
        place = on_plane(*place, latitude_0=origin[0], longitude_0=origin[1])
    station, points = _thinned(station_m, np.stack(place, axis=1))
    if len(station) < 8 or station[-1] - station[0] < 0.5 * length_m:
        return None
    points, error_m = _quiet(station, points)
    station, points, closed = _beyond(station, points, length_m)
    return _on_metres(kind, station, points, length_m, closed, error_m, origin)


def _thinned(station: Floats, points: Floats) -> tuple[Floats, Floats]:
    """The places that are known, moved on and do not leap away for one sample."""
    moved = np.append(True, np.any(np.diff(points, axis=0) != 0, axis=1))
    known = np.flatnonzero(np.isfinite(points).all(axis=1) & moved)
    station, points = station[known], points[known]
    slots = np.floor(station / _APART_M)
    first = np.concatenate([[True], np.diff(slots) > 0]) if len(slots) else np.zeros(0, dtype=bool)
    station, points = station[first], points[first]
    if len(station) > 2:
        share = ((station[1:-1] - station[:-2]) / (station[2:] - station[:-2]))[:, None]
        off = np.hypot(*(points[1:-1] - points[:-2] * (1 - share) - points[2:] * share).T)
        leaps = np.concatenate([[False], off > max(_LEAP_M, 8 * float(np.median(off))), [False]])
        station, points = station[~leaps], points[~leaps]
    return station, points


def _quiet(station: Floats, points: Floats) -> tuple[Floats, float]:
    """The points without their noise, and the error in m that is left."""
    spread = float(np.hypot(noise(points[:, 0]), noise(points[:, 1])) / np.sqrt(2))
    if spread <= _NOISY_M:
        return points, spread
    slow = slow_part(station / _PACE_MS, points, spread=spread)
    return slow.values, slow.error


def _beyond(station: Floats, points: Floats, length_m: float) -> tuple[Floats, Floats, bool]:
    """The path led on beyond both its ends: around if it is closed, else straight on."""
    starts, ends = _led(station, points, 0.0, 0), _led(station, points, length_m, -1)
    gap = starts - ends
    closed = bool(np.hypot(*gap) < CLOSED_WITHIN_M)
    if closed:
        before = (station - length_m > -_BEYOND_M) & (station - length_m < station[0] - _APART_M)
        after = (station + length_m < length_m + _BEYOND_M) & (station + length_m > station[-1] + _APART_M)
        parts = [(station[before] - length_m, points[before] + gap), (station[after] + length_m, points[after] - gap)]
    else:
        first, last = min(0.0, float(station[0])) - _BEYOND_M, max(length_m, float(station[-1])) + _BEYOND_M
        parts = [
            (np.array([first]), _led(station, points, first, 0)[None]),
            (np.array([last]), _led(station, points, last, -1)[None]),
        ]
    longer = np.concatenate([parts[0][0], station, parts[1][0]])
    return longer, np.concatenate([parts[0][1], points, parts[1][1]]), closed


def _led(station: Floats, points: Floats, at: float, edge: int) -> Floats:
    """The path led straight on from its first (0) or last (−1) point to a station."""
    other = min(4, len(station) - 1) if edge == 0 else -min(5, len(station))
    slope = (points[other] - points[edge]) / (station[other] - station[edge])
    return np.asarray(points[edge] + slope * (at - station[edge]))


def _on_metres(
    kind: str,
    station: Floats,
    points: Floats,
    length_m: float,
    closed: bool,
    error_m: float,
    origin: tuple[float, float] | None,
) -> Curve:
    from scipy.interpolate import CubicSpline

    grid = np.arange(np.ceil(station[0]), station[-1], _STEP_M)
    x, y = CubicSpline(station, points)(grid).T
    ahead_x, ahead_y = np.gradient(x, _STEP_M), np.gradient(y, _STEP_M)
    stretch = np.maximum(np.hypot(ahead_x, ahead_y), 0.3)
    along_x, along_y = ahead_x / stretch, ahead_y / stretch
    bend = (along_y * np.gradient(along_x, _STEP_M) - along_x * np.gradient(along_y, _STEP_M)) / stretch
    return Curve(kind, grid, x, y, along_x, along_y, stretch, bend, length_m, closed, error_m, origin)
