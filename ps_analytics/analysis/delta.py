"""Where one lap gains and loses time against another."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from ps_analytics.analysis.align import AUTO, METHODS, Alignment, Pair
from ps_analytics.analysis.grid import GridLap
from ps_analytics.errors import IncompatibleLaps
from ps_analytics.lap import Lap
from ps_analytics.track import TrackModel

_METHOD_COLUMNS = {
    "method": pl.String,
    "usable": pl.Boolean,
    "chosen": pl.Boolean,
    "reason": pl.String,
    "band_s": pl.Float64,
    "apart_s": pl.Float64,
    "raw_closure_s": pl.Float64,
}


@dataclass(frozen=True, eq=False)
class Delta:
    """Time lost to a reference lap along the track.

    `frame` has the columns `distance_m` (from the line, on the reference's length), `delta_s` (above 0: slower than
    the reference so far) and `band_s` (half-width of the band that holds the true delta 95 times of 100; null where
    the method has none). `method` says how both laps were laid on the track. `closure_s` is the delta at the line less
    the difference of the lap times, `raw_closure_s` what the samples alone missed it by before both ends were tied to
    the lap times. `flags` says what to mind: those of either lap, and `other_track` where the laps name different
    tracks.
    """

    frame: pl.DataFrame
    method: str
    closure_s: float
    raw_closure_s: float = 0.0
    flags: Mapping[str, object] = field(default_factory=dict)


def delta(
    lap: Lap | pl.DataFrame,
    reference: Lap | pl.DataFrame,
    *,
    method: str = AUTO,
    track: TrackModel | None = None,
    step_m: float = 1.0,
) -> Delta:
    """Seconds a lap has lost to a reference at every metre; above 0 it is slower so far.

    Both laps are laid on one grid of distance. At the line the delta is the difference of the lap times, bit for bit;
    a lap against itself is 0 everywhere.

    Args:
        lap: a lap, or a frame with the catalogue's columns that holds one.
        reference: the lap to compare with, likewise.
        method: one of `METHODS` of `ps_analytics.analysis.align`, or "auto" for the best there is.
        track: what is known of the track, for the method "centre_line"; None takes the reference's own.
        step_m: the grid's step in m.

    Raises:
        UnknownMethod: there is no such method.
        IncompatibleLaps: one has no lap time or no telemetry to go by, or they are not of one track; says why.

    Example:
        >>> t = np.arange(0.0, 20.0, 0.1)
        >>> lap = pl.DataFrame({"timestamp": t, "speed": 180 + t, "normalized_position": (t + t**2 / 360) / 22.2})
        >>> found = delta(lap, lap)
        >>> found.method, found.frame["delta_s"].abs().max(), found.closure_s
        ('position', 0.0, 0.0)
    """
    return delta_of(Alignment(reference, method=method, track=track, step_m=step_m), lap)


def delta_of(alignment: Alignment, lap: Lap | pl.DataFrame) -> Delta:
    """The delta of a lap to the reference of an alignment: as `delta`, for many laps against one.

    Raises:
        IncompatibleLaps: see `delta`.

    Example:
        >>> t = np.arange(0.0, 20.0, 0.1)
        >>> lap = pl.DataFrame({"timestamp": t, "speed": 180 + t, "normalized_position": (t + t**2 / 360) / 22.2})
        >>> alignment = Alignment(lap)
        >>> [delta_of(alignment, other).method for other in (lap, lap)]
        ['position', 'position']
    """
    return delta_of_pair(alignment.pair(lap))


def delta_of_pair(pair: Pair) -> Delta:
    """The delta of a lap that is laid on its reference's metres already: as `delta`.

    Raises:
        IncompatibleLaps: one has no lap time.

    Example:
        >>> t = np.arange(0.0, 20.0, 0.1)
        >>> lap = pl.DataFrame({"timestamp": t, "speed": 180 + t, "normalized_position": (t + t**2 / 360) / 22.2})
        >>> delta_of_pair(Alignment(lap).pair(lap)).closure_s
        0.0
    """
    one, other = pair.lap, pair.reference
    for laid in (one, other):
        if laid.lap_time_s is None:
            raise IncompatibleLaps(f"{laid.name} has no lap time.")
    assert one.lap_time_s is not None  # refused above
    assert other.lap_time_s is not None
    lost = one.time_s - other.time_s
    frame = pl.DataFrame({"distance_m": other.distance_m, "delta_s": lost, "band_s": _band(one, other, len(lost))})
    return Delta(
        frame=frame,
        method=pair.method,
        closure_s=float(lost[-1] - (one.lap_time_s - other.lap_time_s)),
        raw_closure_s=one.missed_s - other.missed_s,
        flags={**other.flags, **one.flags, **pair.flags},
    )


def compare_methods(
    lap: Lap | pl.DataFrame,
    reference: Lap | pl.DataFrame,
    *,
    track: TrackModel | None = None,
    step_m: float = 1.0,
) -> pl.DataFrame:
    """Every way to lay a lap on a reference beside the one that "auto" chooses, one row a method.

    Columns: `method`; `usable`, and if it is not, `reason`; `chosen`; `band_s` the root mean square of its error band
    (null where it has none); `apart_s` that of its delta less the chosen one's; `raw_closure_s`.

    Raises:
        IncompatibleLaps: the laps cannot be compared by any method.

    Example:
        >>> t = np.arange(0.0, 20.0, 0.1)
        >>> lap = pl.DataFrame({"timestamp": t, "speed": 180 + t, "normalized_position": (t + t**2 / 360) / 22.2})
        >>> compare_methods(lap, lap).filter("chosen")["method"].to_list()
        ['position']
    """
    chosen = delta(lap, reference, track=track, step_m=step_m)
    rows = []
    for method in METHODS:
        row: dict[str, object] = {"method": method, "chosen": method == chosen.method}
        try:
            found = delta(lap, reference, method=method, track=track, step_m=step_m)
        except IncompatibleLaps as unusable:
            rows.append(row | {"usable": False, "reason": unusable.reason})
            continue
        band = found.frame["band_s"].drop_nulls().to_numpy()
        apart = found.frame["delta_s"].to_numpy() - chosen.frame["delta_s"].to_numpy()
        rows.append(
            row
            | {
                "usable": True,
                "band_s": float(np.sqrt(np.mean(band**2))) if len(band) else None,
                "apart_s": float(np.sqrt(np.mean(apart**2))),
                "raw_closure_s": found.raw_closure_s,
            }
        )
    return pl.DataFrame(rows, schema=_METHOD_COLUMNS)


def _band(one: GridLap, other: GridLap, count: int) -> pl.Series:
    if one.band_s is None or other.band_s is None:
        return pl.Series([None] * count, dtype=pl.Float64)
    return pl.Series(np.hypot(one.band_s, other.band_s))
