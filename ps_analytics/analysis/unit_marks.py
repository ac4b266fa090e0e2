"""What several laps do in each unit: time, brake point, lowest speed, full throttle."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ps_analytics.analysis.laid import LaidLaps
from ps_analytics.analysis.loop import LoopLap, loop
from ps_analytics.analysis.pedals import Pedals, pedals
from ps_analytics.analysis.units import Unit, corner_of, corners_on, mean_speed
from ps_analytics.analysis.zones import Zone, zones
from ps_analytics.track import TrackModel

Floats = NDArray[np.float64]

_SLOWEST_MS = 1.0


@dataclass(frozen=True, eq=False)
class UnitMarks:
    """Laps × units: `time_s`, `brake_m` and `full_m` (m from the line, going on beyond it), `min_kmh`; NaN: not there.

    `lap_ids` are the laps', `units` in driving order. The unit through the line is made of both ends of a lap.
    """

    lap_ids: tuple[str, ...]
    units: tuple[Unit, ...]
    time_s: Floats
    brake_m: Floats
    full_m: Floats
    min_kmh: Floats


def unit_marks(laid: LaidLaps, track: TrackModel) -> UnitMarks:
    """The marks of laps laid on one grid.

    Example:
        >>> import polars as pl
        >>> from ps_analytics.analysis.laid import lay_laps
        >>> t = np.arange(0.0, 20.0, 0.1)
        >>> lap = pl.DataFrame({"timestamp": t, "speed": 180 + t, "normalized_position": (t + t**2 / 360) / 22.2})
        >>> laid = lay_laps([lap, lap])
        >>> unit_marks(laid, laid.track(None)).time_s.shape
        (2, 1)
    """
    units = laid.units(track)
    points = laid.points([unit.start_m for unit in units])
    begun = laid.time_s[:, points]
    time_s = np.concatenate([begun[:, 1:], begun[:, :1] + laid.lap_time_s[:, None]], axis=1) - begun
    known = np.where(np.isfinite(laid.speed_ms), laid.speed_ms, np.nanmean(laid.speed_ms, axis=1, keepdims=True))
    every = zones(units, corners_on(track, laid.length_m), mean_speed(np.maximum(known, _SLOWEST_MS)), laid.distance_m)
    loops = [loop(grid) for grid in laid.grids]
    shape = time_s.shape
    brake_m, full_m, min_kmh = (np.full(shape, np.nan) for _ in range(3))
    for column, unit in enumerate(units):
        own = [zone for zone in every if zone.corner.number in unit.corners]
        min_kmh[:, column] = _lowest_kmh(laid, unit)
        for row, lap in enumerate(loops):
            brake_m[row, column], full_m[row, column] = _feet(lap, unit, own)
    return UnitMarks(laid.ids, units, time_s, brake_m, full_m, min_kmh)


def _lowest_kmh(laid: LaidLaps, unit: Unit) -> Floats:
    at = laid.distance_m
    inside = (at >= unit.start_m) & (at < unit.end_m)
    if unit.start_m >= unit.end_m:
        inside = (at >= unit.start_m) | (at < unit.end_m)
    return np.asarray(3.6 * np.fmin.reduce(laid.speed_ms[:, inside], axis=1))


def _feet(lap: LoopLap, unit: Unit, own: Sequence[Zone]) -> tuple[float, float]:
    """Where it brakes for the unit's minimum, and where the throttle is full behind it."""
    slowing = [zone for zone in own if zone.slows]
    if not slowing:
        return np.nan, np.nan
    owner = slowing[0]
    at_minimum = corner_of([zone.corner for zone in slowing], unit.minimum_m, lap.length_m)
    last = next((zone for zone in slowing if zone.corner is at_minimum), owner)
    feet: Pedals = pedals(lap, owner)
    return feet.brake_m, (feet if last is owner else pedals(lap, last)).full_m
