"""The lap a driver could have driven from what was driven already (§7 of the analysis core)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import fsum
from types import MappingProxyType

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ps_analytics.analysis.joins import agreements, cheapest, closings
from ps_analytics.analysis.laid import LaidLaps, follows, lay_laps
from ps_analytics.analysis.sectors import mini_sectors, sector_times
from ps_analytics.analysis.stitch import LAP_ID, Piece, stitched
from ps_analytics.analysis.units import Unit
from ps_analytics.lap import Lap
from ps_analytics.track import Sector, TrackModel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MINI_SECTORS = 25
"""More would be quicker than anybody can drive: 100 parts are 0.17 s too fast."""
FEW_LAPS = 4
"""Of fewer laps an ideal one is hardly more than the best of them; it is flagged."""
_SAME_S = 1e-6


@dataclass(frozen=True, eq=False)
class IdealLap:
    """The quickest lap that can be put together from laps driven, and what else they would add up to.

    `lap` is a lap like any other, numbered 0: it can be drawn, and be the reference of a delta; its flag "ideal" names
    the laps it is made of. `lap_time_s` is the sum of the
    times of `pieces`, whose columns are `unit` (its name), `unit_number`, `start_m`, `end_m` (m from the line),
    `lap_id`, `lap_number` (of the lap taken there; null for a plain frame), `time_s` and `gained_s` (on the best lap).
    The unit through the line is two pieces.

    `rolling_best_s` is the fastest full lap from any unit's start to the same place a lap later, really driven.
    Nobody can drive these two, they are for display: `best_sectors_s` (None without sectors) and
    `best_mini_sectors_s`, the sums of the best times of each sector and of 25 equal parts. `sectors` tells them one by
    one: `kind` ("sector", "mini"), `number`, `start_m`, `end_m` (null where only times are known), `time_s`,
    `lap_id`, `lap_number`.

    `flags` by name: `laps` used, `compared` (what decided whether laps can be joined), `few_laps`, `joins_refused`
    (in so many units a quicker lap was left because it could not be got to), `left_out` (usable laps that do not fit,
    with the reason), `cars` (if there are several).
    """

    lap: Lap
    lap_time_s: float
    pieces: pl.DataFrame
    rolling_best_s: float
    best_sectors_s: float | None
    best_mini_sectors_s: float
    sectors: pl.DataFrame
    flags: Mapping[str, object]


def ideal_lap(laps: Sequence[Lap | pl.DataFrame], *, track: TrackModel | None = None) -> IdealLap:
    """The quickest feasible lap made of these laps, unit by unit.

    Laps are joined only where a unit begins, before anybody brakes, and only where speed, place on the road, direction
    and gear agree; the choice is the quickest of all that are left, found exactly. It is never slower than the best
    lap. Laps that are not usable (`pick_usable`) do not take part. Of one lap it is that lap.

    Args:
        laps: of one track, in any order.
        track: names the units, and has sectors; None takes what the laps know or show.

    Raises:
        IncompatibleLaps: none is usable, or they are of different tracks; says why.

    Example:
        >>> t = np.arange(0.0, 20.0, 0.1)
        >>> lap = pl.DataFrame({"timestamp": t, "speed": 180 + t, "normalized_position": (t + t**2 / 360) / 22.2})
        >>> found = ideal_lap([lap])
        >>> found.lap.lap_id, round(found.lap_time_s), found.flags["few_laps"]
        ('ideal', 21, True)
    """
    laid = lay_laps(laps, track=track)
    track = laid.track(track)
    units = laid.units(track)
    edges = _edges(laid, units)
    cost_s = np.diff(laid.time_s[:, edges], axis=1).T
    agree, compared = agreements(laid, edges[1:-1])
    chosen = cheapest(cost_s, agree, closings(laid))
    times_s = cost_s[np.arange(len(chosen)), chosen]
    lap = _lap(laid, edges, chosen, times_s, track)
    assert lap.lap_time_s is not None  # it is the sum of its pieces
    sectors = pl.concat([_sectors(laid, track), _best_between(laid, "mini", track, mini_sectors(track, MINI_SECTORS))])
    by_kind = {kind: fsum(times) for kind in ("sector", "mini") if (times := _of_kind(sectors, kind))}
    return IdealLap(
        lap=lap,
        lap_time_s=lap.lap_time_s,
        pieces=_pieces(laid, edges, units, chosen, cost_s),
        rolling_best_s=_rolling_best_s(laid, edges),
        best_sectors_s=by_kind.get("sector"),
        best_mini_sectors_s=by_kind["mini"],
        sectors=sectors,
        flags=MappingProxyType(_flags(laid, compared, refused=int(np.sum(times_s > cost_s.min(axis=1) + _SAME_S)))),
    )


def _edges(laid: LaidLaps, units: Sequence[Unit]) -> Ints:
    """The points of the grid between which a lap is one piece: the line, where units begin, the line again."""
    return np.unique([0, *laid.points([unit.start_m for unit in units]), len(laid.distance_m) - 1])


def _lap(laid: LaidLaps, edges: Ints, chosen: Ints, times_s: Floats, track: TrackModel) -> Lap:
    """The lap of these choices; where all of them are one lap, that lap as it was recorded."""
    only = laid.laps[int(chosen[0])]
    if isinstance(only, Lap) and np.all(chosen == chosen[0]):
        flags = {LAP_ID: (only.lap_id,)}
        return replace(only, lap_id=LAP_ID, lap_number=0, source_lap_number=None, flags=flags, track_model=track)
    pieces = [Piece(int(lap), int(edges[row]), int(edges[row + 1])) for row, lap in enumerate(chosen)]
    return stitched(laid, pieces, lap_time_s=fsum(times_s), track=track)


def _pieces(laid: LaidLaps, edges: Ints, units: Sequence[Unit], chosen: Ints, cost_s: Floats) -> pl.DataFrame:
    starts = laid.points([unit.start_m for unit in units])
    # What lies before the first start belongs to the unit through the line, which is the last.
    own = [units[int(np.searchsorted(starts, edge, side="right")) - 1] for edge in edges[:-1]]
    rows = np.arange(len(chosen))
    return pl.DataFrame(
        {
            "unit": [unit.name for unit in own],
            "unit_number": pl.Series([unit.number for unit in own], dtype=pl.Int32),
            "start_m": laid.distance_m[edges[:-1]],
            "end_m": laid.distance_m[edges[1:]],
            **_whose(laid, chosen),
            "time_s": cost_s[rows, chosen],
            "gained_s": cost_s[:, laid.best] - cost_s[rows, chosen],
        }
    )


def _whose(laid: LaidLaps, chosen: Ints) -> dict[str, pl.Series]:
    """Columns that say which laps these are."""
    laps = [laid.laps[int(lap)] for lap in chosen]
    numbers = [lap.lap_number if isinstance(lap, Lap) else None for lap in laps]
    ids = pl.Series([laid.ids[int(lap)] for lap in chosen], dtype=pl.String)
    return {"lap_id": ids, "lap_number": pl.Series(numbers, dtype=pl.Int32)}


def _rolling_best_s(laid: LaidLaps, edges: Ints) -> float:
    """The fastest full lap from any edge to the same place one lap later, over laps driven one after the other."""
    best = float(laid.lap_time_s.min())
    for one, before in enumerate(laid.laps):
        for two, after in enumerate(laid.laps):
            if follows(before, after):
                rest, begun = laid.lap_time_s[one] - laid.time_s[one, edges], laid.time_s[two, edges]
                best = min(best, float(np.min(rest + begun)))
    return best


def _sectors(laid: LaidLaps, track: TrackModel) -> pl.DataFrame:
    """The best time of each official sector, else of each of the track's."""
    official = [lap.sectors_s if isinstance(lap, Lap) else () for lap in laid.laps]
    counts = {len(times) for times in official}
    if len(counts) == 1 and (count := counts.pop()) > 1:
        return _best_of(laid, "sector", np.array(official).T, [None] * (count + 1))
    if len(track.sectors) < 2:
        return _best_of(laid, "sector", np.empty((0, len(laid.laps))), [None])
    return _best_between(laid, "sector", track, track.sectors)


def _best_between(laid: LaidLaps, kind: str, track: TrackModel, sectors: Sequence[Sector]) -> pl.DataFrame:
    times_s = np.array([sector_times(grid, replace(track, sectors=tuple(sectors))) for grid in laid.grids])
    scale = laid.length_m / track.length_m
    return _best_of(laid, kind, times_s.T, [0.0, *(scale * sector.end_m for sector in sectors)])


def _best_of(laid: LaidLaps, kind: str, times_s: Floats, places_m: Sequence[float | None]) -> pl.DataFrame:
    """Sectors × laps in; the fastest lap of each out."""
    chosen = times_s.argmin(axis=1)
    count = len(chosen)
    return pl.DataFrame(
        {
            "kind": pl.Series([kind] * count, dtype=pl.String),
            "number": pl.Series(range(1, count + 1), dtype=pl.Int32),
            "start_m": pl.Series(places_m[:-1], dtype=pl.Float64),
            "end_m": pl.Series(places_m[1:], dtype=pl.Float64),
            "time_s": times_s[np.arange(count), chosen],
            **_whose(laid, chosen),
        }
    )


def _of_kind(sectors: pl.DataFrame, kind: str) -> list[float]:
    return sectors.filter(pl.col("kind") == kind)["time_s"].to_list()


def _flags(laid: LaidLaps, compared: Sequence[str], *, refused: int) -> dict[str, object]:
    flags: dict[str, object] = {"laps": len(laid.laps), "compared": tuple(compared)}
    if len(laid.laps) < FEW_LAPS:
        flags["few_laps"] = True
    if refused:
        flags["joins_refused"] = refused
    if laid.left_out:
        flags["left_out"] = dict(laid.left_out)
    cars = {lap.car for lap in laid.laps if isinstance(lap, Lap) and lap.car}
    if len(cars) > 1:
        flags["cars"] = tuple(sorted(cars))
    return flags
