"""Whether two laps are of one track, the same way round and from the same line; else why not (§4.4).

Their lengths tell first, then their paths, and where there are no coordinates the speeds: every track has its own.
"""

import numpy as np
from numpy.typing import NDArray

from ps_analytics.analysis.curve import Curve
from ps_analytics.analysis.driven import driven_of
from ps_analytics.analysis.methods import Base, Both
from ps_analytics.analysis.place import SAME_LENGTH, SAME_TRACK, Placed, share_driven
from ps_analytics.analysis.samples import Samples
from ps_analytics.errors import IncompatibleLaps

Floats = NDArray[np.float64]

BESIDE_M, BESIDE_P95_M = 8.0, 20.0
"""Laps of one track lie beside each other by less, in the median and in 95 of 100 places."""
ALIKE = 0.6
"""Speeds of two laps of one track correlate by more, whatever the cars: the least seen is 0.79."""
MUCH_ALIKE, BETTER_BY, ELSEWHERE = 0.75, 0.2, 0.02
"""Speeds correlate by as much only where both laps are of one track; if by so much better when shifted by more than
this share of the lap, or mirrored, one of them begins elsewhere, or runs the other way round."""
VARIES = 0.06
"""Speeds that vary by a smaller share say nothing."""
_LOOKS = 240
_STATION_M = 5.0
_POINTS = 512
_UNITS = {"m/s": 1 / 3.6, "mph": 0.621371, "knots": 0.539957, "ft/s": 0.911344}
_UNIT_WITHIN = 0.05


def check_lengths(lap: Samples, base: Base, *, same_track: bool | None) -> None:
    """Nothing, if both laps are about as long.

    Args:
        lap: a lap's samples.
        base: the reference.
        same_track: whether both name the same track; None where one names none.

    Raises:
        IncompatibleLaps: they are not; names the unit one speed seems to be in, if that explains it.
    """
    driven, other = driven_of(lap), base.placed.driven_m
    if driven is None or other is None or lap.lap_time_s is None or base.samples.lap_time_s is None:
        return
    own, _ = share_driven(lap, driven, lap.lap_time_s)
    apart = abs(own / other - 1)
    if apart <= (SAME_TRACK if same_track else SAME_LENGTH):
        return
    reason = f"they are of different length: {own:.0f} m and {other:.0f} m driven."
    for name, ratio in ((lap.name, own / other), (base.samples.name, other / own)):
        for unit, share in _UNITS.items():
            if abs(ratio / share - 1) < _UNIT_WITHIN:
                reason += f" Is the speed of {name} in {unit} instead of km/h?"
    raise IncompatibleLaps(reason)


def check_places(both: Both, base: Base) -> dict[str, object]:
    """Flags, if both laps are of one track: `other_coordinates` where only a shift or turn lays one on the other.

    Raises:
        IncompatibleLaps: they are not, or run in opposite directions, or begin at different places.
    """
    if not (both.lap.whole and both.reference.whole):
        return {}
    for kind, curve in base.curves.items():
        if kind in both.lap.samples.places:
            return _check_paths(both.lap, curve)
    _check_speeds(both)
    return {}


def _check_paths(lap: Placed, curve: Curve) -> dict[str, object]:
    x, y = curve.on_plane(lap.samples.places[curve.kind])
    rows = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    rows = rows[np.unique(np.linspace(0, len(rows) - 1, _LOOKS).astype(int))]
    x, y, station = x[rows], y[rows], lap.at_m[rows]
    offset = np.abs(curve.offset_m(x, y, station) if lap.offset_m is None else lap.offset_m[rows])
    path_x, path_y = curve.of(station, curve.x, curve.y)
    if _lies_beside(offset) and float(np.median(np.hypot(x - path_x, y - path_y))) < 0.02 * curve.length_m:
        return {}
    _check_same_ground(lap, curve, x, y, station)
    points, path = np.stack([x, y], axis=1), np.stack([path_x, path_y], axis=1)
    if _lies_beside(_rest_of_motion(points, path)):
        return {"other_coordinates": True}
    apart = float(np.median(np.hypot(x - path_x, y - path_y)))
    raise IncompatibleLaps(f"they are of different tracks: their paths lie {apart:.0f} m apart.")


def _lies_beside(apart_m: Floats) -> bool:
    return bool(np.median(apart_m) < BESIDE_M and np.quantile(apart_m, 0.95) < BESIDE_P95_M)


def _check_same_ground(lap: Placed, curve: Curve, x: Floats, y: Floats, station: Floats) -> None:
    """Nothing, if the lap is driven elsewhere than the path.

    Raises:
        IncompatibleLaps: it is driven on the path, but the other way round or from another line.
    """
    inside = (curve.station_m >= 0) & (curve.station_m < curve.length_m)
    every = np.flatnonzero(inside)[:: max(1, round(_STATION_M))]
    apart = np.hypot(x[:, None] - curve.x[every], y[:, None] - curve.y[every])
    nearest = np.argmin(apart, axis=1)
    if np.median(apart[np.arange(len(x)), nearest]) > BESIDE_M:
        return
    there = every[nearest]
    ahead = np.gradient(x) * curve.along_x[there] + np.gradient(y) * curve.along_y[there]
    if np.mean(ahead < 0) > 0.5:
        raise IncompatibleLaps(f"{lap.samples.name} runs the other way round.")
    turns = 2 * np.pi * (curve.station_m[there] - station) / curve.length_m
    shift_m = float(np.angle(np.mean(np.exp(1j * turns)))) / (2 * np.pi) * curve.length_m
    raise IncompatibleLaps(f"they do not begin at the same line: {lap.samples.name} lies {abs(shift_m):.0f} m off.")


def _rest_of_motion(points: Floats, path: Floats) -> Floats:
    """How far points lie from a path, in m, once shifted and turned (or mirrored) onto it as well as can be.

    Kabsch (1976), without forbidding a mirror: games differ in the sense of their axes.
    """
    centred, wanted = points - points.mean(axis=0), path - path.mean(axis=0)
    left, _, right = np.linalg.svd(centred.T @ wanted)
    return np.asarray(np.hypot(*(centred @ (left @ right) - wanted).T))


def _check_speeds(both: Both) -> None:
    """Nothing, if the speeds of both laps rise and fall together along the track.

    Raises:
        IncompatibleLaps: they do not; says whether it is the direction, the line or the track.
    """
    one, other = (_speeds(placed) for placed in (both.lap, both.reference))
    if one is None or other is None:
        return
    name, length_m, as_laid = both.lap.samples.name, both.lap.length_m, float(np.mean(one * other))
    shifted, at = _best_shift(one, other)
    mirrored, _ = _best_shift(one[::-1], other)
    enough = max(MUCH_ALIKE, as_laid + BETTER_BY)
    if mirrored > max(enough, shifted):
        raise IncompatibleLaps(f"{name} runs the other way round.")
    if shifted > enough and at > ELSEWHERE:
        raise IncompatibleLaps(f"they do not begin at the same line: {name} lies {at * length_m:.0f} m off.")
    if as_laid < ALIKE:
        raise IncompatibleLaps("their speeds have nothing in common: they are of different tracks.")


def _speeds(placed: Placed) -> Floats | None:
    """Speeds at even places of the lap, mean 0 and deviation 1; None where they hardly vary."""
    speed = placed.samples.speed_ms
    if speed is None:
        return None
    known = np.isfinite(speed)
    places = (np.arange(_POINTS) + 0.5) * placed.length_m / _POINTS
    found = np.interp(places, placed.at_m[known], speed[known])
    spread = float(np.std(found))
    return None if spread < VARIES * float(np.mean(found)) else (found - np.mean(found)) / spread


def _best_shift(one: Floats, other: Floats) -> tuple[float, float]:
    """The best correlation of two series that go round, and the shift of the first, as a share, that makes it."""
    products = np.fft.irfft(np.conj(np.fft.rfft(other)) * np.fft.rfft(one)) / len(one)
    best = int(np.argmax(products))
    return float(products[best]), min(best, len(one) - best) / len(one)
