"""The ways to place a lap and its reference on the same metres, and which of them is best."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ps_analytics.analysis.curve import Curve, curve_through
from ps_analytics.analysis.place import DRIFT_M2, Placed, place
from ps_analytics.analysis.projection import place_on
from ps_analytics.analysis.rows import GPS, XY
from ps_analytics.analysis.samples import Samples
from ps_analytics.analysis.smooth import noise
from ps_analytics.errors import IncompatibleLaps
from ps_analytics.track import TrackModel

Floats = NDArray[np.float64]

PATH_M = 2.5e-4
"""So far off are foot points on a path even without noise: it is a curve through places that are rounded."""
POSITION, PROJECTION, CENTRE_LINE = "position", "projection", "centre_line"
SCALED_DISTANCE, DISTANCE, TIME = "scaled_distance", "distance", "time"
METHODS = (POSITION, PROJECTION, CENTRE_LINE, SCALED_DISTANCE, DISTANCE, TIME)
"""Ways to lay a lap on another's metres, by name."""
EXACT_M = 0.03
"""A position that is off by less is not looked beyond."""
QUIETER = 0.7
"""Coordinates with less than this much of the position's noise may place a lap better than it does."""


@dataclass(frozen=True, slots=True, eq=False)
class Both:
    """A lap and its reference, placed by the same method on the same metres."""

    lap: Placed
    reference: Placed

    @property
    def error_m(self) -> float:
        """Standard deviation of where the one is beside the other, in m."""
        return float(np.hypot(_error_m(self.lap), _error_m(self.reference)))


def _error_m(placed: Placed) -> float:
    return float(np.sqrt(placed.error_m**2 + placed.drift_m2 * placed.length_m / 6))


@dataclass(frozen=True, eq=False)
class Base:
    """A reference with all that laps are laid on; `placed` is the reference by its own best way."""

    samples: Samples
    placed: Placed
    track: TrackModel | None = None

    @property
    def length_m(self) -> float:
        """Metres from line to line."""
        return self.placed.length_m

    @cached_property
    def by_distance(self) -> Placed:
        """The reference by the distance driven."""
        if self.placed.method == SCALED_DISTANCE:
            return self.placed
        return place(self.samples, length_m=self.length_m, by_position=False)

    @cached_property
    def curves(self) -> dict[str, Curve]:
        """The reference's own path, by kind of coordinates."""
        found = {
            kind: curve_through(kind, self.placed.at_m, coordinates, length_m=self.length_m)
            for kind, coordinates in self.samples.places.items()
            if self.placed.whole
        }
        return {kind: curve for kind, curve in found.items() if curve is not None}

    @cached_property
    def centre_lines(self) -> dict[str, Curve]:
        """The track model's line on the reference's metres, by kind of coordinates."""
        track = self.track
        if track is None or track.x is None or track.y is None:
            return {}
        station = track.distance_m * (self.length_m / track.length_m)
        kind = XY if track.origin is None else GPS
        curve = curve_through(XY, station, (track.x, track.y), length_m=self.length_m)
        return {} if curve is None else {kind: replace(curve, kind=kind, origin=track.origin)}

    def on(self, curve: Curve, method: str) -> Placed:
        """The reference itself on a path."""
        key = (curve.kind, method)
        if key not in self._on:
            self._on[key] = place_on(curve, self.samples, method)
        return self._on[key]

    @cached_property
    def _on(self) -> dict[tuple[str, str], Placed]:
        return {}


def lay_both(lap: Samples, base: Base, method: str) -> Both:
    """Both laps placed by a method.

    Raises:
        IncompatibleLaps: they cannot be; says why, and by what they can.
    """
    try:
        return _WAYS[method](lap, base)
    except IncompatibleLaps as unusable:
        others = [name for name, _ in usable(lap, base) if name != method]
        if not others:
            raise
        reason = unusable.reason.rstrip(".")
        raise IncompatibleLaps(
            f"they cannot be laid by '{method}': {reason}. There is {', '.join(others)}."
        ) from unusable


def usable(lap: Samples, base: Base) -> Iterator[tuple[str, Both]]:
    """Every method that works for these laps, and the laps placed by it."""
    for method, way in _WAYS.items():
        try:
            yield method, way(lap, base)
        except IncompatibleLaps:
            continue


def lay_best(lap: Samples, base: Base) -> Both:
    """Both laps placed by the method with the smallest expected error.

    A position that is as good as exact is taken at once. Else it, the projection on the reference's path and the
    distance driven are tried; the error of each is known from its noise, how much of it the smoothing leaves, how far
    GPS places wander, and how fast the distance drifts. The projection smooths as the position does, on a path no surer
    than the coordinates: beside a position, it is tried where they are less noisy. The centre line is the projection by
    another path and never better than it; the bare distance and the time say nothing of where a car was.

    Raises:
        IncompatibleLaps: no method works; says why the first does not.
    """
    tried: list[Both] = []
    refused: list[IncompatibleLaps] = []
    for method in (POSITION, PROJECTION, SCALED_DISTANCE):
        if method == PROJECTION and tried and not _is_quieter(lap, tried[0].lap.noise_m):
            continue
        try:
            both = _WAYS[method](lap, base)
        except IncompatibleLaps as unusable:
            refused.append(unusable)
            continue
        if method == POSITION and both.error_m < EXACT_M:
            return both
        tried.append(both)
    if not tried:
        raise refused[-1]
    return min(tried, key=lambda both: both.error_m)


def _is_quieter(lap: Samples, position_m: float) -> bool:
    """Whether coordinates in m are less noisy than a position; of those in degrees the noise says little."""
    if XY not in lap.places:
        return True
    points = np.stack(lap.places[XY], axis=1)
    points = points[np.isfinite(points).all(axis=1)]
    points = points[np.append(True, np.any(np.diff(points, axis=0) != 0, axis=1))]
    return float(np.hypot(noise(points[:, 0]), noise(points[:, 1])) / np.sqrt(2)) < QUIETER * position_m


def _by_position(lap: Samples, base: Base) -> Both:
    placed = place(lap, length_m=base.length_m)
    for found in (placed, base.placed):
        if found.method != POSITION:
            why = "a position that does not move as its speed says" if "position_fake" in found.flags else "no position"
            raise IncompatibleLaps(f"{found.samples.name} has {why}.")
    return Both(placed, base.placed)


def _by_projection(lap: Samples, base: Base) -> Both:
    return _on_curve(lap, base, base.curves, PROJECTION)


def _by_centre_line(lap: Samples, base: Base) -> Both:
    if not base.centre_lines:
        raise IncompatibleLaps("no track model with a centre line is known.")
    return _on_curve(lap, base, base.centre_lines, CENTRE_LINE)


def _on_curve(lap: Samples, base: Base, curves: dict[str, Curve], method: str) -> Both:
    for samples in (lap, base.samples):
        if not samples.places:
            raise IncompatibleLaps(f"{samples.name} has no coordinates.")
    kinds = [kind for kind in curves if kind in lap.places and kind in base.samples.places]
    if not kinds:
        raise IncompatibleLaps("their coordinates are not of the same kind.")
    curve = curves[kinds[0]]
    placed, own = place_on(curve, lap, method), base.on(curve, method)
    own = _less_sure(own, float(np.hypot(curve.error_m, PATH_M)))
    if curve.kind == GPS:
        wander_m = _wander_m(placed)
        placed, own = (_steadied(found, wander_m) for found in (placed, own))
    return Both(placed, own)


def _less_sure(placed: Placed, by_m: float) -> Placed:
    """A lap each of whose places is off by so much more, however sure it is of itself."""
    local = placed.error_m * (np.ones(1) if placed.uneven is None else placed.uneven)
    error = np.hypot(local, by_m)
    whole = float(np.sqrt(np.mean(error**2)))
    return replace(placed, error_m=whole, uneven=None if placed.uneven is None else error / max(whole, 1e-12))


def _steadied(placed: Placed, wander_m: float) -> Placed:
    """A lap whose GPS places wander, held by the distance driven where that is surer: near both lines.

    Each counts by its certainty; the variance left is the product of both over their sum.
    """
    if placed.along_m is None:
        return replace(placed, error_m=float(np.hypot(placed.error_m, wander_m)))
    error = np.full(len(placed.at_m), placed.error_m) if placed.uneven is None else placed.error_m * placed.uneven
    by_place = error**2 + wander_m**2
    share = np.clip(placed.along_m / placed.length_m, 0.0, 1.0)
    by_distance = DRIFT_M2 * placed.length_m * share * (1 - share)
    weight = by_distance / np.maximum(by_distance + by_place, 1e-12)
    at_m = np.maximum.accumulate(placed.along_m + weight * (placed.at_m - placed.along_m))
    left = np.sqrt(weight * by_place)
    whole = float(np.sqrt(np.mean(left**2)))
    return replace(placed, at_m=at_m, error_m=whole, uneven=left / max(whole, 1e-12), settles_s=0.0)


def _wander_m(lap: Placed) -> float:
    """How far GPS places of either lap wander, from how they lie beside each other: it is the same along as across."""
    assert lap.offset_m is not None  # placed on a path
    known = np.isfinite(lap.offset_m)
    across = 1.4826 * float(np.median(np.abs(lap.offset_m[known] - np.median(lap.offset_m[known]))))
    return float(np.sqrt(max(across**2 - lap.noise_m**2, 0.0) / 2))


def _by_scaled_distance(lap: Samples, base: Base) -> Both:
    return Both(place(lap, length_m=base.length_m, by_position=False), base.by_distance)


def _by_distance(lap: Samples, base: Base) -> Both:
    both = _by_scaled_distance(lap, base)
    return Both(_as_driven(both.lap), _as_driven(both.reference))


def _as_driven(placed: Placed) -> Placed:
    stretched = placed.length_m / (placed.driven_m or placed.length_m)
    return replace(placed, at_m=placed.at_m / stretched, method=DISTANCE)


def _by_time(lap: Samples, base: Base) -> Both:
    own = base.samples
    if lap.lap_time_s is None or own.lap_time_s is None:
        raise IncompatibleLaps(f"{lap.name if lap.lap_time_s is None else own.name} has no lap time.")
    then = lap.time_s * (own.lap_time_s / lap.lap_time_s)
    at_m = np.interp(then, own.time_s, base.placed.at_m)
    return Both(Placed(lap, at_m, base.length_m, None, True, TIME), replace(base.placed, method=TIME))


_WAYS: dict[str, Callable[[Samples, Base], Both]] = {
    POSITION: _by_position,
    PROJECTION: _by_projection,
    CENTRE_LINE: _by_centre_line,
    SCALED_DISTANCE: _by_scaled_distance,
    DISTANCE: _by_distance,
    TIME: _by_time,
}
