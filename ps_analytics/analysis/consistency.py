"""How alike a driver's laps are, where time is lost by unlike ones, and how they change over a stint (§7)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ps_analytics.analysis.laid import lay_laps, one_track
from ps_analytics.analysis.robust import Trend, mad, trend
from ps_analytics.analysis.stints import FEWEST, Entry, deviations, entries, is_outlier, stint_trends
from ps_analytics.analysis.unit_marks import UnitMarks, unit_marks
from ps_analytics.channels.catalog import WHEELS, unit_of
from ps_analytics.errors import IncompatibleLaps
from ps_analytics.lap import Lap
from ps_analytics.track import TrackModel

Floats = NDArray[np.float64]

CONDITIONS = (*(f"tyre_{what}_{wheel}" for what in ("wear", "temp", "press") for wheel in WHEELS), "fuel")
"""Channels that change slowly: their mean over a lap has a trend."""
_MOST_OF_IT = 0.5

CORNERS: dict[str, type[pl.DataType]] = {
    "unit": pl.String,
    "unit_number": pl.Int32,
    **dict.fromkeys(("start_m", "minimum_m", "end_m"), pl.Float64),
    "laps": pl.Int32,
    **dict.fromkeys(("best_s", "mean_s", "lost_s", "sd_s", "mad_s", "brake_sd_m", "brake_mad_m"), pl.Float64),
    **dict.fromkeys(("min_sd_kmh", "min_mad_kmh", "full_sd_m", "full_mad_m"), pl.Float64),
}
TRENDS: dict[str, type[pl.DataType]] = {
    "session_id": pl.String,
    "stint": pl.Int32,
    "channel": pl.String,
    "unit": pl.String,
    **dict.fromkeys(("per_lap", "low", "high"), pl.Float64),
    "laps": pl.Int32,
}


@dataclass(frozen=True, slots=True)
class Spread:
    """Lap times of `n` laps in s: mean, median, best, standard deviation (n − 1) and scaled MAD; NaN of too few."""

    n: int
    mean_s: float
    median_s: float
    best_s: float
    sd_s: float
    mad_s: float


@dataclass(frozen=True, eq=False)
class Consistency:
    """What `consistency` found.

    `lap_time_s` is the spread of the times that count: without out, in, pit, invalid and outlying laps.

    `laps`, one row each in the order driven: `lap_id`, `session_id`, `lap_number`, `stint` (from 1), `lap_time_s`,
    `counted`, `reason` (why not), `off_s` (s slower than usual for its stint), `z` (the same in robust standard
    deviations), `outlier`.

    `spread`, one row a session and one a stint (`stint` null: the whole session): `session_id`, `stint`, `laps`,
    `mean_s`, `median_s`, `best_s`, `sd_s`, `mad_s`.

    `corners`, one row a unit (a slow-down and the way to the next), what costs most first: `unit` (its name),
    `unit_number`, `start_m`, `minimum_m`, `end_m` (m from the line), `laps`, `best_s`, `mean_s`, `lost_s` (mean − best:
    what being unlike the best costs a lap), and standard deviation and scaled MAD of the time (`sd_s`, `mad_s`), the
    brake point (`brake_sd_m`, `brake_mad_m`), the lowest speed (`min_sd_kmh`, `min_mad_kmh`) and the place of full
    throttle (`full_sd_m`, `full_mad_m`); null where fewer than four laps show it.

    `trends`, one row a stint of at least four laps and quantity: `session_id`, `stint`, `channel` ("lap_time" or a
    channel's mean over the lap), `unit`, `per_lap` (the Theil–Sen slope, in the unit a lap), `low`, `high` (its 95 %
    interval), `laps`.

    `flags` by name: `few_laps` (fewer than four count), `no_corners` (why there is no table of corners), `left_out`
    (laps that could not be laid beside the others, with the reason).
    """

    lap_time_s: Spread
    laps: pl.DataFrame
    spread: pl.DataFrame
    corners: pl.DataFrame
    trends: pl.DataFrame
    flags: Mapping[str, object]


def consistency(laps: Sequence[Lap | pl.DataFrame], *, track: TrackModel | None = None) -> Consistency:
    """How much the laps of a driver differ: in time, corner by corner, and over each stint.

    Only laps that count are compared: timed, valid, not a race's first and no outlier. An outlier lies more than 3.5
    robust standard deviations from the trend of its stint, which takes wear into account. Corners are those of counted
    laps whose telemetry is whole. Lap times are not corrected for fuel: within a stint fuel, wear and laps go down
    together, and laps alone cannot tell which of them it was.

    Args:
        laps: of one track; all of a session, out and in laps too, tell where stints begin.
        track: names the units; None takes what the laps know or show.

    Raises:
        IncompatibleLaps: there are no laps, or they are of different tracks; says why.

    Example:
        >>> t = np.arange(0.0, 20.0, 0.1)
        >>> lap = pl.DataFrame({"timestamp": t, "speed": 180 + t, "normalized_position": (t + t**2 / 360) / 22.2})
        >>> found = consistency([lap, lap, lap, lap])
        >>> found.lap_time_s.n, round(found.lap_time_s.sd_s, 3), found.laps["outlier"].any()
        (4, 0.0, False)
    """
    if not laps:
        raise IncompatibleLaps("there are none.")
    one_track(laps)
    found = entries(laps)
    off_s, z = deviations(found)
    outlier = is_outlier(z)
    flags: dict[str, object] = {}
    counted = [entry for entry, out in zip(found, outlier, strict=True) if entry.reason is None and not out]
    if len(counted) < FEWEST:
        flags["few_laps"] = len(counted)
    marks = _marks([entry for entry in found if entry.reason is None], track, flags)
    judged = [
        replace(
            entry,
            off_s=float(late),
            z=float(share),
            reason=_why_outlier(entry, float(late), marks) if out else entry.reason,
        )
        for entry, late, share, out in zip(found, off_s, z, outlier, strict=True)
    ]
    return Consistency(
        lap_time_s=_spread_of(counted),
        laps=_lap_table(judged, outlier),
        spread=_spread_table(counted),
        corners=_corner_table(marks, {entry.lap_id for entry in counted}),
        trends=_trend_table(counted),
        flags=MappingProxyType(flags),
    )


def _marks(counted: Sequence[Entry], track: TrackModel | None, flags: dict[str, object]) -> UnitMarks | None:
    """The marks of the laps whose telemetry can be compared; None, and why in the flags, where there are too few."""
    try:
        laid = lay_laps([entry.lap for entry in counted], track=track, ids=[entry.lap_id for entry in counted])
    except IncompatibleLaps as refused:
        flags["no_corners"] = refused.reason
        return None
    if laid.left_out:
        flags["left_out"] = dict(laid.left_out)
    return unit_marks(laid, laid.track(track))


def _why_outlier(entry: Entry, off_s: float, marks: UnitMarks | None) -> str:
    """What makes a lap an outlier, and where, if most of it was in one place."""
    text = f"{abs(off_s):.2f} s {'slower' if off_s > 0 else 'faster'} than usual"
    if marks is None or entry.lap_id not in marks.lap_ids:
        return text
    off = marks.time_s[marks.lap_ids.index(entry.lap_id)] - np.median(marks.time_s, axis=0)
    most = int(np.argmax(off * np.sign(off_s)))
    share = off[most] / off_s
    return f"{text}, {abs(off[most]):.2f} s of it in {marks.units[most].name}" if share > _MOST_OF_IT else text


def _spread_of(counted: Sequence[Entry]) -> Spread:
    times = np.array([entry.time_s for entry in counted])
    if len(times) == 0:
        return Spread(0, *5 * (np.nan,))
    sd = float(np.std(times, ddof=1)) if len(times) > 1 else np.nan
    spread = mad(times) if len(times) > 1 else np.nan
    return Spread(len(times), float(times.mean()), float(np.median(times)), float(times.min()), sd, spread)


def _lap_table(judged: Sequence[Entry], outlier: NDArray[np.bool_]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "lap_id": pl.Series([entry.lap_id for entry in judged], dtype=pl.String),
            "session_id": pl.Series([entry.session_id for entry in judged], dtype=pl.String),
            "lap_number": pl.Series([entry.number for entry in judged], dtype=pl.Int32),
            "stint": pl.Series([entry.stint for entry in judged], dtype=pl.Int32),
            "lap_time_s": _floats([entry.time_s for entry in judged]),
            "counted": pl.Series([entry.reason is None for entry in judged], dtype=pl.Boolean),
            "reason": pl.Series([entry.reason for entry in judged], dtype=pl.String),
            "off_s": _floats([entry.off_s for entry in judged]),
            "z": _floats([entry.z for entry in judged]),
            "outlier": outlier,
        }
    )


def _spread_table(counted: Sequence[Entry]) -> pl.DataFrame:
    rows: list[tuple[object, ...]] = []
    for session in dict.fromkeys(entry.session_id for entry in counted):
        own = [entry for entry in counted if entry.session_id == session]
        for stint in (None, *dict.fromkeys(entry.stint for entry in own)):
            part = _spread_of([entry for entry in own if stint in (None, entry.stint)])
            rows.append((session, stint, part.n, part.mean_s, part.median_s, part.best_s, part.sd_s, part.mad_s))
    names = ("mean_s", "median_s", "best_s", "sd_s", "mad_s")
    schema = {"session_id": pl.String, "stint": pl.Int32, "laps": pl.Int32, **dict.fromkeys(names, pl.Float64)}
    return pl.DataFrame(rows, schema=schema, orient="row").fill_nan(None)


def _corner_table(marks: UnitMarks | None, counted: set[str]) -> pl.DataFrame:
    if marks is None:
        return pl.DataFrame(schema=CORNERS)
    rows = [place for place, lap_id in enumerate(marks.lap_ids) if lap_id in counted]
    found = []
    for column, unit in enumerate(marks.units) if rows else ():
        times = marks.time_s[rows, column]
        spreads = (
            _sd_and_mad(values[rows, column]) for values in (marks.time_s, marks.brake_m, marks.min_kmh, marks.full_m)
        )
        best, mean = float(times.min()), float(times.mean())
        places = (unit.name, unit.number, unit.start_m, unit.minimum_m, unit.end_m)
        found.append((*places, len(rows), best, mean, mean - best, *(value for pair in spreads for value in pair)))
    return pl.DataFrame(found, schema=CORNERS, orient="row").sort("lost_s", descending=True, maintain_order=True)


def _sd_and_mad(values: Floats) -> tuple[float | None, float | None]:
    known = values[np.isfinite(values)]
    return (float(np.std(known, ddof=1)), mad(known)) if len(known) >= FEWEST else (None, None)


def _trend_table(counted: Sequence[Entry]) -> pl.DataFrame:
    rows = []
    sessions = {entry.stint: entry.session_id for entry in counted}
    for stint, of_time in stint_trends(counted).items():
        own = [entry for entry in counted if entry.stint == stint]
        rows.append(_trend_row(sessions[stint], stint, "lap_time", of_time))
        for channel in CONDITIONS:
            means = np.array([_mean(entry.lap, channel) for entry in own])
            known = np.isfinite(means)
            if np.count_nonzero(known) >= FEWEST:
                numbers = np.array([entry.number for entry in own], dtype=np.float64)
                rows.append(_trend_row(sessions[stint], stint, channel, trend(numbers[known], means[known])))
    return pl.DataFrame(rows, schema=TRENDS, orient="row")


def _trend_row(session: str | None, stint: int, channel: str, found: Trend) -> tuple[object, ...]:
    return (session, stint, channel, unit_of(channel), found.slope, found.low, found.high, found.n)


def _mean(lap: Lap | pl.DataFrame, channel: str) -> float:
    """A channel's mean over a lap's samples, NaN without any."""
    if isinstance(lap, Lap):
        values = lap.traces[channel].values if channel in lap.traces else np.zeros(0)
    else:
        values = lap[channel].cast(pl.Float64).fill_null(np.nan).to_numpy() if channel in lap.columns else np.zeros(0)
    known = values[np.isfinite(values)]
    return float(known.mean(dtype=np.float64)) if len(known) else np.nan


def _floats(values: Sequence[float]) -> pl.Series:
    return pl.Series(values, dtype=pl.Float64).fill_nan(None)
