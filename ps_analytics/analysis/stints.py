"""Laps in a row between two visits to the pits, and which of them stand out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ps_analytics.analysis.align import grid_lap
from ps_analytics.analysis.laid import label
from ps_analytics.analysis.robust import OUTLIER_Z, Trend, robust_z, trend
from ps_analytics.analysis.usable import why_uncounted
from ps_analytics.errors import IncompatibleLaps
from ps_analytics.lap import Lap, LapKind

Floats = NDArray[np.float64]

FEWEST = 4
"""Fewer laps show neither a trend nor what is usual."""
FLOOR_SHARE = 0.001
"""Nobody drives laps more alike than this share of their time on purpose: what is that near to the others is usual."""
_MISSING = 2


@dataclass(frozen=True, slots=True)
class Entry:
    """One lap among others: `stint` counts from 1 in all, `reason` says why its time does not count.

    `number` is its place for a trend: its lap number, of plain frames their order. `time_s` is NaN without a time.
    """

    lap: Lap | pl.DataFrame
    lap_id: str
    session_id: str | None
    number: int
    stint: int
    time_s: float
    reason: str | None
    off_s: float = np.nan
    z: float = np.nan


def entries(laps: Sequence[Lap | pl.DataFrame]) -> list[Entry]:
    """The laps in the order driven, each with its stint.

    A stint begins with a session, with an out, pit or standing lap, and behind an in or a pit lap; and where so many
    lap numbers are missing that a visit to the pits may lie between. A lap that is given twice counts once.

    Example:
        >>> [entry.reason for entry in entries([pl.DataFrame({"timestamp": [0.0]})])]
        ['the frame has 1 samples']
    """
    sessions: dict[str | None, int] = {}
    unique = {label(lap, place): (lap, place) for place, lap in enumerate(laps)}
    for lap, _ in unique.values():
        sessions.setdefault(_session(lap), len(sessions))
    order = sorted(unique.items(), key=lambda item: (sessions[_session(item[1][0])], _number(*item[1])))
    found: list[Entry] = []
    stint, before = 0, None
    for lap_id, (lap, place) in order:
        if before is None or _begins(before, lap):
            stint += 1
        before = lap
        time_s, reason = _time(lap)
        found.append(Entry(lap, lap_id, _session(lap), _number(lap, place), stint, time_s, reason))
    return found


def _session(lap: Lap | pl.DataFrame) -> str | None:
    return lap.session_id if isinstance(lap, Lap) else None


def _number(lap: Lap | pl.DataFrame, place: int) -> int:
    return lap.lap_number if isinstance(lap, Lap) else place + 1


def _begins(before: Lap | pl.DataFrame, lap: Lap | pl.DataFrame) -> bool:
    """Whether a stint begins with a lap."""
    if not (isinstance(before, Lap) and isinstance(lap, Lap)):
        return isinstance(before, Lap) != isinstance(lap, Lap)
    return (
        before.session_id != lap.session_id
        or before.kind in (LapKind.IN, LapKind.PIT)
        or lap.kind in (LapKind.OUT, LapKind.PIT, LapKind.STANDING)
        or lap.lap_number - before.lap_number > _MISSING
    )


def _time(lap: Lap | pl.DataFrame) -> tuple[float, str | None]:
    if isinstance(lap, Lap):
        return np.nan if lap.lap_time_s is None else lap.lap_time_s, why_uncounted(lap)
    try:
        time_s = grid_lap(lap).lap_time_s
    except IncompatibleLaps as refused:
        return np.nan, refused.reason.removesuffix(".")
    return (np.nan, "no whole lap") if time_s is None else (time_s, None)


def stint_trends(found: Sequence[Entry]) -> dict[int, Trend]:
    """The trend of the lap time in s a lap, by stint; only of stints with enough laps that count.

    Example:
        >>> stint_trends([])
        {}
    """
    trends = {}
    for stint in sorted({entry.stint for entry in found}):
        own = [entry for entry in found if entry.stint == stint and entry.reason is None]
        if len(own) >= FEWEST:
            numbers, times = (np.array([getattr(entry, name) for entry in own], float) for name in ("number", "time_s"))
            trends[stint] = trend(numbers, times)
    return trends


def deviations(found: Sequence[Entry]) -> tuple[Floats, Floats]:
    """How much slower than usual each lap was in s, and how many MADs that is; NaN for laps that do not count.

    Usual is the trend of its stint, so that worn tyres are no outlier; in short stints the median of all laps.

    Example:
        >>> deviations([])[0].shape
        (0,)
    """
    counted = np.array([entry.reason is None for entry in found], dtype=bool)
    times = np.array([entry.time_s for entry in found])
    off = np.full(len(found), np.nan)
    if np.count_nonzero(counted) < FEWEST:
        return off, off
    usual = float(np.median(times[counted]))
    trends = stint_trends(found)
    for place in np.flatnonzero(counted).tolist():
        entry = found[place]
        own = trends.get(entry.stint)
        off[place] = entry.time_s - (usual if own is None else float(own.at(np.array(entry.number))))
    z = np.full(len(found), np.nan)
    z[counted] = robust_z(off[counted], floor=FLOOR_SHARE * usual)
    return off, z


def is_outlier(z: Floats) -> NDArray[np.bool_]:
    """Which deviations stand out; NaN stands out of nothing.

    Example:
        >>> is_outlier(np.array([0.0, -4.0, np.nan]))
        array([False,  True, False])
    """
    return np.asarray(np.abs(z) > OUTLIER_Z)
