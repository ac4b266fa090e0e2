"""The channel report: lowest, highest, mean and spread of channels, for whole laps or in each corner or sector."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ps_analytics.analysis.align import Alignment, grid_lap
from ps_analytics.analysis.dwell import ALWAYS, Dwell, Part, dwell
from ps_analytics.analysis.grid import GridLap
from ps_analytics.channels.catalog import Kind, kind_of
from ps_analytics.errors import IncompatibleLaps, UnknownChannel
from ps_analytics.lap import Lap, SectionKind

Floats = NDArray[np.float64]
Span = tuple[str, float, float]
"""What a stretch of track is called, and where it begins and ends: m from the line, end < start through the line."""

WHOLE = "lap"
"""The section that is the whole lap."""

REPORT: dict[str, type[pl.DataType]] = {
    **dict.fromkeys(("lap_id", "section", "channel", "unit"), pl.String),
    **dict.fromkeys(("min", "max", "mean", "std", "start", "end", "min_at_m", "max_at_m"), pl.Float64),
    "samples": pl.Int32,
}
"""The columns of a report."""


@dataclass(frozen=True, slots=True, eq=False)
class Passing:
    """When a lap passed each place: `stamp_s` on the source's clock at `distance_m` from the line, NaN if unknown."""

    distance_m: Floats
    stamp_s: Floats

    @classmethod
    def of(cls, grid: GridLap) -> "Passing":
        """That of a lap on a grid."""
        return cls(grid.distance_m, grid.stamp_s)

    def parts(self, start_m: float, end_m: float) -> tuple[Part, ...]:
        """When the lap was between two places: two parts where that runs through the line, none if it never was.

        Example:
            >>> Passing(np.array([0.0, 10.0, 20.0]), np.array([5.0, 6.0, 7.0])).parts(15.0, 5.0)
            ((6.5, inf), (-inf, 5.5))
        """
        seen = np.isfinite(self.stamp_s)
        if not seen.any():
            return ()
        at, when = self.distance_m[seen], self.stamp_s[seen]
        start, end = (float(np.interp(place, at, when)) for place in (start_m, end_m))
        return ((start, end),) if start_m <= end_m else ((start, np.inf), (-np.inf, end))

    def place(self, stamp_s: float) -> float | None:
        """Where the lap was at a time, in m from the line; None if nobody knows."""
        seen = np.isfinite(self.stamp_s)
        return float(np.interp(stamp_s, self.stamp_s[seen], self.distance_m[seen])) if seen.any() else None


def report(
    laps: Lap | Sequence[Lap],
    channels: Sequence[str],
    *,
    sections: SectionKind | Sequence[Span] | None = None,
    reference: Lap | None = None,
) -> pl.DataFrame:
    """What channels did on each lap, or in each section of it: one row a lap, section and channel.

    Columns: `lap_id`, `section` (its name; "lap" is the whole one), `channel`, `unit`; in that unit `min`, `max`,
    `mean`, `std`, `start` and `end` (the first and the last value); `min_at_m` and `max_at_m` (where, in m from the
    line; null of a lap that cannot be placed) and `samples`.

    Mean and standard deviation are over time, on the channel's own samples: each counts for as long as it stands for,
    half way to the one before and half way to the next, and no longer than the channel's usual interval. So uneven
    samples weigh what they last and missing ones are stepped over. For even samples these are the plain mean and
    standard deviation (over n), but for what the ends of the section cut off. The mean of a condition is the share of
    the time it is true, 0 … 1. What wraps (a heading) has no mean. A section too short for a slow channel shows the
    samples that stand for it. A lap without the channel has a row of nulls and 0 samples.

    Args:
        laps: one lap or several.
        channels: names.
        sections: None for the whole lap; a kind, as the laps were cut; or places as (name, start_m, end_m).
        reference: on whose metres the places of `sections` are; None: on each lap's own.

    Raises:
        UnknownChannel: no lap has a channel of this name.
        IncompatibleLaps: places are asked for, and a lap cannot be placed on the track.

    Example:
        >>> from ps_analytics.lap import LapKind, Trace
        >>> speed = Trace("speed", "km/h", 1.0, 0.5, np.array([100.0, 200.0, 180.0, np.nan]))
        >>> lap = Lap("a", "s", 1, 4.0, LapKind.TIMED, True, 0, 4_000_000, 0, traces={"speed": speed})
        >>> report(lap, ["speed"]).select("min", "max", "mean", "samples").row(0)
        (100.0, 200.0, 160.0, 3)
    """
    chosen = [laps] if isinstance(laps, Lap) else list(laps)
    known = {name for lap in chosen for name in (*lap.channels, *(["distance"] if lap.traces else []))}
    for name in channels:
        if name not in known:
            raise UnknownChannel(name, known=known)
    alignment = None if reference is None else Alignment(reference)
    rows: list[dict[str, Any]] = []
    for lap in chosen:
        passing = _passing(lap, alignment)
        if passing is None and not (sections is None or isinstance(sections, SectionKind)):
            grid_lap(lap)  # says why
        rows += report_rows(lap, channels, stretches(lap, passing, sections), passing)
    return pl.DataFrame(rows, schema=REPORT)


def stretches(
    lap: Lap, passing: Passing | None, sections: SectionKind | Sequence[Span] | None = None
) -> dict[str, tuple[Part, ...]]:
    """When a lap was in which section, on the source's clock; without sections the whole lap.

    Example:
        >>> from ps_analytics.lap import LapKind
        >>> lap = Lap("a", "s", 1, 80.0, LapKind.TIMED, True, 5_000_000, 85_000_000, 0)
        >>> stretches(lap, None)
        {'lap': ((5.0, 85.0),)}
    """
    if sections is None:
        ends = np.inf if lap.lap_time_s is None else lap.start_s + lap.lap_time_s
        return {WHOLE: ((lap.start_s, ends),) if lap.lap_time_s is not None else ALWAYS}
    if isinstance(sections, SectionKind):
        found: dict[str, tuple[Part, ...]] = {}
        for section in lap.sections:
            if section.kind is sections:
                start, end = ((us - lap.session_started_us) / 1e6 for us in (section.started_us, section.ended_us))
                name = section.name or f"{section.kind} {section.number}"
                found[name] = ((start, end),) if start <= end else ((start, np.inf), (-np.inf, end))
        return found
    return {name: passing.parts(start, end) if passing else () for name, start, end in sections}


def report_rows(
    lap: Lap, channels: Sequence[str], parts: Mapping[str, Sequence[Part]], passing: Passing | None = None
) -> list[dict[str, Any]]:
    """The rows of one lap: those of `report`, for stretches of time; a channel it lacks has nulls and 0 samples.

    Example:
        >>> from ps_analytics.lap import LapKind, Trace
        >>> gear = Trace("gear", None, 1.0, 0.0, np.array([3.0, 3.0, 4.0, 5.0]))
        >>> lap = Lap("a", "s", 1, 4.0, LapKind.TIMED, True, 0, 4_000_000, 0, traces={"gear": gear})
        >>> [(row["section"], row["mean"]) for row in report_rows(lap, ["gear"], {"T1": [(1.0, 3.0)]})]
        [('T1', 3.5)]
    """
    found = []
    for name in channels:
        samples, unit, kind = _samples(lap, name)
        for section, when in parts.items():
            row = {"lap_id": lap.lap_id, "section": section, "channel": name, "unit": unit}
            found.append({**row, **measured(samples, when, kind=kind, passing=passing)})
    return found


def measured(
    samples: Dwell, parts: Sequence[Part], *, kind: Kind = Kind.LINEAR, passing: Passing | None = None
) -> dict[str, Any]:
    """The numbers of a row of `report`, by column, of samples in some stretches of time; without any, 0 `samples`.

    Example:
        >>> found = measured(dwell(np.array([0.0, 1.0, 2.0]), np.array([5.0, 7.0, 6.0])), [(0.5, 3.0)])
        >>> found["min"], found["max"], found["mean"]
        (6.0, 7.0, 6.5)
    """
    weight = samples.seconds(parts)
    rows = np.flatnonzero(samples.within(parts))
    if len(rows) == 0:
        rows = np.flatnonzero(weight > 0)
    if len(rows) == 0:
        return {"samples": 0}
    value, when = samples.value[rows], samples.time_s[rows]
    first, last = _ends(when, parts)
    low, high = int(np.argmin(value)), int(np.argmax(value))
    mean, std = (None, None) if kind is Kind.WRAP else _spread(samples.value, weight, value)
    return {
        "min": float(value[low]),
        "max": float(value[high]),
        "mean": mean,
        "std": std,
        "start": float(value[first]),
        "end": float(value[last]),
        "min_at_m": passing.place(float(when[low])) if passing else None,
        "max_at_m": passing.place(float(when[high])) if passing else None,
        "samples": len(rows),
    }


def _passing(lap: Lap, alignment: Alignment | None) -> Passing | None:
    try:
        return Passing.of(grid_lap(lap) if alignment is None else alignment.lay(lap))
    except IncompatibleLaps:
        if alignment is not None:
            raise
        return None


def _samples(lap: Lap, name: str) -> tuple[Dwell, str | None, Kind]:
    trace, kind = lap.traces.get(name), kind_of(name)
    if trace is not None:
        values = np.asarray(trace.values, dtype=np.float64)
        return dwell(lap.times(trace), values, kind=trace.kind), trace.unit, trace.kind
    try:
        worked_out = lap.channel(name)  # `distance`, where the source gives none
    except UnknownChannel:
        return dwell(np.zeros(0), np.zeros(0), kind=kind), None, kind
    times, values = (worked_out[column].fill_null(np.nan).to_numpy() for column in ("timestamp", name))
    return dwell(times, values, kind=kind), "m", kind


def _ends(when: Floats, parts: Sequence[Part]) -> tuple[int, int]:
    """The first and the last sample as driven: a stretch through the line begins at the end of the lap."""
    if len(parts) < 2:
        return 0, -1
    begins = int(np.searchsorted(when, parts[0][0]))
    return (begins, begins - 1) if 0 < begins < len(when) else (0, -1)


def _spread(values: Floats, weight: Floats, inside: Floats) -> tuple[float, float]:
    """Mean and standard deviation over time; of samples that last no time (a single one), over the samples."""
    if weight.sum() <= 0:
        return float(inside.mean()), float(inside.std())
    mean = float(np.average(values, weights=weight))
    return mean, float(np.sqrt(np.average((values - mean) ** 2, weights=weight)))
