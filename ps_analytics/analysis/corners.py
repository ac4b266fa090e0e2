"""The corner table: what a lap does in every corner, and what it loses there (§5.3 of the analysis core)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ps_analytics.analysis.align import Alignment, GridLap, grid_lap
from ps_analytics.analysis.laid import one_track
from ps_analytics.analysis.line_offset import offset_to_lap, offset_to_track
from ps_analytics.analysis.loop import LoopLap, loop, speed_of
from ps_analytics.analysis.pedals import Pedals, pedals
from ps_analytics.analysis.steering import hands
from ps_analytics.analysis.track import resolve_track
from ps_analytics.analysis.units import corners_on, filled_speeds, find_units, mean_speed
from ps_analytics.analysis.zones import Zone, zones
from ps_analytics.errors import IncompatibleLaps
from ps_analytics.lap import Lap
from ps_analytics.track import TrackModel

Floats = NDArray[np.float64]

SLOW_LAP = 1.12
"""Where other laps are faster by this factor, a lap does not say where one slows down."""
EXIT_M = 50.0
"""So far behind full throttle the speed tells how good the exit was."""

SCHEMA: dict[str, type[pl.DataType]] = {
    "corner": pl.String,
    "number": pl.Int64,
    "direction": pl.String,
    "start_m": pl.Float64,
    "apex_m": pl.Float64,
    "end_m": pl.Float64,
    "time_s": pl.Float64,
    "entry_kmh": pl.Float64,
    "min_kmh": pl.Float64,
    "exit_kmh": pl.Float64,
    "brake_point_m": pl.Float64,
    "throttle_on_m": pl.Float64,
    "lost_s": pl.Float64,
    "top_kmh": pl.Float64,
    "lift_point_m": pl.Float64,
    "peak_brake": pl.Float64,
    "deceleration_ms2": pl.Float64,
    "brake_release_m": pl.Float64,
    "turn_in_m": pl.Float64,
    "trail_m": pl.Float64,
    "min_at_m": pl.Float64,
    "acceleration_m": pl.Float64,
    "full_throttle_m": pl.Float64,
    "exit_50_kmh": pl.Float64,
    "straight_kmh": pl.Float64,
    "coast_s": pl.Float64,
    "coast_in_s": pl.Float64,
    "coast_mid_s": pl.Float64,
    "overlap_s": pl.Float64,
    "gear": pl.Int64,
    "exit_gear": pl.Float64,
    "rpm": pl.Float64,
    "corrections": pl.Int64,
    "countersteer": pl.Float64,
    "offset_m": pl.Float64,
    "offset_left_m": pl.Float64,
    "offset_right_m": pl.Float64,
    "driven_m": pl.Float64,
    "brake_estimated": pl.Boolean,
    "throttle_scaled": pl.Boolean,
    "steering_scaled": pl.Boolean,
}
"""The columns of the table."""


def corners(
    laps: Lap | pl.DataFrame | Sequence[Lap | pl.DataFrame],
    reference: Lap | pl.DataFrame | None = None,
    *,
    track: TrackModel | None = None,
    alignment: Alignment | None = None,
) -> pl.DataFrame:
    """One row a lap and corner of the track: its speeds, pedals, hands and line, and the time lost to a reference.

    Null means that it does not happen there (no braking in a corner taken flat) or that nobody knows (its channel is
    missing). A corner passed while slowing down for a later one, a kink in a braking zone, has as its own only what is
    over when it ends.
    Places are in m from the line, with a reference in its metres. A corner through the line is read from both ends of
    the same lap. Where several laps are given, `lap_id` (null of a frame) and `lap_number` stand in front.

    ======================================  ====  =================================================================
    column                                  unit  what it is
    ======================================  ====  =================================================================
    corner, number, direction                     its name and number in the track model; left or right
    start_m, apex_m, end_m                  m     the corner by its curvature; start > end: it runs through the line
    time_s                                  s     from start to end
    entry_kmh, exit_kmh                     km/h  the speed at start and at end
    min_kmh, min_at_m                       km/h  the lowest speed from start to end, and where; of a slow-down that
                                                  ends beside the corner, there
    lost_s                                  s     time lost from where the first lap slows down for this corner to
                                                  where one does for the next; corners of one slow-down part between
                                                  them. Over all corners it is the difference of the lap times
    top_kmh                                 km/h  the highest speed before the corner, if the car slows down for it
    lift_point_m                            m     throttle last above 90 % before the brake, or before its lowest
    brake_point_m                           m     brake first above 6 %, for 3 m, and begun for this corner
    peak_brake                              %     92nd percentile of the brake above 6 %
    deceleration_ms2                        m/s²  mean from the brake point until 88 % of the speed is lost
    brake_release_m                         m     brake last above 4 %
    turn_in_m                               m     the wheel beyond 15 % of its most in the corner
    trail_m                                 m     brake_release_m − turn_in_m; below 0 released before turning in
    throttle_on_m, full_throttle_m          m     throttle back above 20 %, above 93 %, for 3 m
    acceleration_m                          m     speed above its lowest by 1.2 % and 0.1 m/s
    exit_50_kmh                             km/h  the speed 50 m behind full throttle
    straight_kmh                            km/h  the highest speed on the straight behind the corner
    coast_s                                 s     throttle below 6 % and brake below 4 %: the sum of the next two
    coast_in_s                              s     … before the brake point, or the lowest speed without one
    coast_mid_s                             s     … from there to full throttle
    overlap_s                               s     throttle and brake both above 8 %
    gear, rpm                               rpm   at the lowest speed
    exit_gear                                     mean gear from there to 50 m behind full throttle
    corrections                                   how often the wheel turns by 5 % of the lock, once more than the arc
    countersteer                            %     deepest drop of the wheel to the other lock that recovers in 15 m
    offset_m                                m     to the right of the reference, else of the track's line, at the apex
    offset_left_m, offset_right_m           m     its least and its most from start to end
    driven_m                                m     metres driven from start to end
    brake_estimated                               there is no brake: brake_point_m is a deceleration beyond 3 m/s²
                                                  for 0.1 s
    throttle_scaled                               the throttle never reaches its stop and is stretched to it
    steering_scaled                               the angle of the wheel stands in for its share of the lock
    ======================================  ====  =================================================================

    Args:
        laps: a lap, or a frame with the catalogue's columns that holds one; or several of one track.
        reference: the lap to compare with, likewise.
        track: None takes what the laps bring along, else learns it from them.
        alignment: the reference as it is ready already, from a delta of the same laps; stands in for `reference`.

    Raises:
        IncompatibleLaps: there are no laps, they are not of one track, one cannot be placed on it, or they teach no
            track; says why.

    Example:
        >>> turn = 2 * np.pi * np.arange(0.0, 1.0, 0.002)
        >>> speed = 114.0 - 20 * np.cos(turn) ** 2
        >>> oval = {"timestamp": 10 * turn, "normalized_position": turn / (2 * np.pi), "speed": speed}
        >>> lap = pl.DataFrame({**oval, "x": 300 * np.cos(turn), "y": -200 * np.sin(turn)})
        >>> corners(lap, lap).select("corner", "direction", "brake_point_m", "lost_s").row(0)
        ('T1', 'right', None, 0.0)
    """
    reference = reference if alignment is None else alignment.reference
    several = not isinstance(laps, Lap | pl.DataFrame)
    chosen = [laps] if isinstance(laps, Lap | pl.DataFrame) else list(laps)
    if not chosen:
        raise IncompatibleLaps("there are no laps.")
    one_track(chosen if reference is None else [*chosen, reference])
    model = resolve_track(chosen if reference is None else [*chosen, reference], track)
    laid = _lay(chosen, reference, model, alignment)
    found = _zones(laid, model)
    rows = [row for lap in laid for row in _rows(lap, found, model)]
    table = pl.DataFrame({name: [_or_none(row.get(name)) for row in rows] for name in SCHEMA}, schema=SCHEMA)
    return _with_laps(table, chosen, len(found)) if several else table


@dataclass(frozen=True, eq=False)
class _Laid:
    """A lap on the common grid, and the reference placed there the same way."""

    grid: GridLap
    reference: GridLap | None
    loop: LoopLap


def _lay(
    laps: Sequence[Lap | pl.DataFrame],
    reference: Lap | pl.DataFrame | None,
    track: TrackModel,
    alignment: Alignment | None,
) -> list[_Laid]:
    """The laps on the metres of the reference, else of the fastest of them."""
    if reference is None and len(laps) == 1:
        grid = grid_lap(laps[0])
        return [_Laid(grid, None, loop(grid))]
    if alignment is None:
        alignment = Alignment(min(laps, key=_time_s) if reference is None else reference, track=track)
    pairs = [alignment.pair(lap) for lap in laps]
    if len({pair.lap.length_m for pair in pairs}) > 1:
        raise IncompatibleLaps("the lap the others are laid on does not say how long the track is.")
    return [_Laid(pair.lap, None if reference is None else pair.reference, loop(pair.lap)) for pair in pairs]


def _time_s(lap: Lap | pl.DataFrame) -> float:
    """Its time in s, infinite of a lap without one."""
    return (lap.lap_time_s if isinstance(lap, Lap) else grid_lap(lap).lap_time_s) or np.inf


def _zones(laid: Sequence[_Laid], track: TrackModel) -> tuple[Zone, ...]:
    """The corners' zones, in the order of the track: by the laps driven in earnest, the reference with them."""
    grids = [lap.grid for lap in laid] + [lap.reference for lap in laid[:1] if lap.reference is not None]
    times = [grid.lap_time_s or np.inf for grid in grids]
    earnest = [grid for grid, time_s in zip(grids, times, strict=True) if time_s <= SLOW_LAP * min(times)]
    distance_m = grids[0].distance_m
    speeds = [speed_of(grid) for grid in earnest]
    units = find_units(speeds, distance_m, track)
    mean = mean_speed(filled_speeds(speeds))
    found = zones(units, corners_on(track, float(distance_m[-1])), mean, distance_m)
    return tuple(sorted(found, key=lambda zone: zone.corner.apex_m))


def _rows(lap: _Laid, found: Sequence[Zone], track: TrackModel) -> list[dict[str, object]]:
    aside = offset_to_track(lap.grid, track) if lap.reference is None else offset_to_lap(lap.grid, lap.reference)
    return [_row(lap, zone, aside) for zone in found]


def _row(lap: _Laid, zone: Zone, aside: Floats | None) -> dict[str, object]:
    driven = lap.loop
    feet = pedals(driven, zone)
    wheel = hands(driven, zone, feet.low_m)
    exit_m = feet.full_m + EXIT_M
    return {
        "corner": zone.corner.name,
        "number": zone.corner.number,
        "direction": str(zone.corner.direction),
        "start_m": zone.corner.start_m,
        "apex_m": zone.corner.apex_m,
        "end_m": zone.corner.end_m,
        "time_s": driven.time_at(zone.exit_m) - driven.time_at(zone.turn_m),
        "entry_kmh": 3.6 * driven.speed_at(zone.turn_m),
        "min_kmh": 3.6 * feet.low_ms,
        "exit_kmh": 3.6 * driven.speed_at(zone.exit_m),
        "lost_s": _lost_s(lap, zone),
        "straight_kmh": 3.6 * _top_ms(driven, zone),
        "exit_50_kmh": 3.6 * driven.speed_at(exit_m) if exit_m <= zone.next_low_m else np.nan,
        "driven_m": driven.value_at(zone.exit_m, driven.driven_m) - driven.value_at(zone.turn_m, driven.driven_m),
        "turn_in_m": wheel.turn_in_m % driven.length_m,
        "trail_m": feet.release_m - wheel.turn_in_m,
        "corrections": None if np.isnan(wheel.corrections) else int(wheel.corrections),
        "countersteer": 100 * wheel.countersteer,
        "brake_estimated": driven.brake is None,
        "throttle_scaled": driven.throttle_scaled,
        "steering_scaled": driven.steering_scaled,
        **_of_feet(feet, driven.length_m),
        **_of_engine(driven, zone, feet, exit_m),
        **_of_line(aside, driven, zone),
    }


def _or_none(value: object) -> object:
    return None if isinstance(value, float) and math.isnan(value) else value


def _of_feet(feet: Pedals, length_m: float) -> dict[str, object]:
    return {
        "brake_point_m": feet.brake_m % length_m,
        "throttle_on_m": feet.throttle_m % length_m,
        "top_kmh": 3.6 * feet.top_ms,
        "lift_point_m": feet.lift_m % length_m,
        "peak_brake": 100 * feet.peak_brake,
        "deceleration_ms2": feet.deceleration,
        "brake_release_m": feet.release_m % length_m,
        "min_at_m": feet.low_m % length_m,
        "acceleration_m": feet.accelerate_m % length_m,
        "full_throttle_m": feet.full_m % length_m,
        "coast_s": feet.coast_in + feet.coast_mid,
        "coast_in_s": feet.coast_in,
        "coast_mid_s": feet.coast_mid,
        "overlap_s": feet.overlap,
    }


def _of_engine(lap: LoopLap, zone: Zone, feet: Pedals, exit_m: float) -> dict[str, object]:
    """Gears and engine speed; neutral, in which a gearbox is while it shifts, is no gear to leave a corner in."""
    if np.isnan(feet.low_m):
        return {}
    low = lap.index(feet.low_m)
    found: dict[str, object] = {}
    if lap.rpm is not None:
        found["rpm"] = float(lap.rpm[low])
    if lap.gear is not None:
        end_m = max(zone.exit_m, feet.low_m) if np.isnan(exit_m) else exit_m
        over = lap.gear[low : lap.index(end_m) + 1]
        engaged = over[over > 0]
        found["gear"] = None if np.isnan(lap.gear[low]) else round(float(lap.gear[low]))
        found["exit_gear"] = float(engaged.mean()) if len(engaged) else np.nan
    return found


def _of_line(aside: Floats | None, lap: LoopLap, zone: Zone) -> dict[str, object]:
    """How far to the right, by an array on the lap's own grid."""
    if aside is None:
        return {}
    around = np.concatenate([aside[:-1], aside[:-1], aside])
    inside = around[lap.index(zone.turn_m) : lap.index(zone.exit_m) + 1]
    least, most = (np.nan, np.nan) if np.isnan(inside).any() else (float(inside.min()), float(inside.max()))
    return {"offset_m": lap.value_at(zone.apex_m, around), "offset_left_m": least, "offset_right_m": most}


def _lost_s(lap: _Laid, zone: Zone) -> float:
    """The time lost in a zone; NaN without a reference."""
    if lap.reference is None:
        return np.nan
    return _took_s(lap.grid, zone) - _took_s(lap.reference, zone)


def _took_s(lap: GridLap, zone: Zone) -> float:
    """Seconds from a zone's start to its end; NaN where the lap has no time, even if it was driven there."""
    if lap.lap_time_s is None:
        return np.nan
    laps, at_m = np.divmod([zone.start_m, zone.end_m], lap.length_m)
    start_s, end_s = np.interp(at_m, lap.distance_m, lap.time_s) + laps * lap.lap_time_s
    return float(end_s - start_s)


def _top_ms(lap: LoopLap, zone: Zone) -> float:
    """The highest speed on the straight behind the corner."""
    speed = lap.speed_ms[lap.index(min(zone.exit_m, zone.straight_m)) : lap.index(zone.straight_m) + 1]
    return float(speed.max()) if len(speed) else np.nan


def _with_laps(table: pl.DataFrame, laps: Sequence[Lap | pl.DataFrame], corners_each: int) -> pl.DataFrame:
    """The table with whose lap each row is in front."""
    ids = [lap.lap_id if isinstance(lap, Lap) else None for lap in laps]
    numbers = [lap.lap_number if isinstance(lap, Lap) else place for place, lap in enumerate(laps, 1)]
    each = np.repeat(np.arange(len(laps)), corners_each)
    named = pl.DataFrame({"lap_id": ids, "lap_number": numbers}, schema={"lap_id": pl.String, "lap_number": pl.Int64})
    return pl.concat([named[each], table], how="horizontal")
