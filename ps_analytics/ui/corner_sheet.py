"""The corners of the reference's track, and what each compared lap lost in them: what the corner table shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl

from ps_analytics.analysis.align import Alignment
from ps_analytics.analysis.corners import corners
from ps_analytics.analysis.track import resolve_track
from ps_analytics.errors import PurpleSectorError
from ps_analytics.lap import Lap
from ps_analytics.track import Corner, Direction, TrackModel

DRIVEN = ("throttle", "brake", "steering", "steering_angle", "gear", "rpm", "g_lat", "g_long", "yaw_rate")
"""The channels a corner table reads besides those that place a lap."""

NO_CORNERS = "No corners: this track has no bend the car slows down for."


@dataclass(frozen=True, slots=True)
class CornerSpan:
    """A corner on the reference's metres: `parts` from start to end (two where it runs through the line), in m."""

    number: int
    name: str
    left: bool
    apex_m: float
    parts: tuple[tuple[float, float], ...]
    radius_m: float | None = None


@dataclass(frozen=True, slots=True)
class CornerRow:
    """One lap in one corner; s, km/h and m. What is not known is None.

    Against the reference: `lost_s` from slowing down for this corner until slowing down for the next, together the
    whole gap; `brake_m` and `throttle_m` above 0 where the lap brakes, and is on the throttle again, later.
    """

    number: int
    time_s: float | None
    lost_s: float | None
    min_kmh: float | None
    reference_min_kmh: float | None
    brake_m: float | None
    throttle_m: float | None


@dataclass(frozen=True, eq=False)
class CornerSheet:
    """What is known of the corners: the track, its spans, the rows of each lap, and of a lap without rows why.

    `borders_m` is where the track's sectors part, on the reference's metres; `note` says why there are no corners at
    all.
    """

    reference_id: str = ""
    track: TrackModel | None = None
    spans: tuple[CornerSpan, ...] = ()
    borders_m: tuple[float, ...] = ()
    rows: Mapping[str, tuple[CornerRow, ...]] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    note: str = ""

    def joined_to(self, before: "CornerSheet") -> "CornerSheet":
        """This sheet with the laps an earlier one of the same reference has besides."""
        if before.reference_id != self.reference_id:
            return self
        return replace(self, rows={**before.rows, **self.rows}, refused={**before.refused, **self.refused})


def corner_sheet(
    reference: Lap,
    laps: Sequence[Lap],
    *,
    length_m: float,
    alignment: Alignment | None = None,
    known: CornerSheet | None = None,
) -> CornerSheet:
    """The corners of the reference's track and these laps in them.

    Args:
        reference: the lap the others are compared with.
        laps: those to work out, the reference among them or not.
        length_m: the length of the reference's grid, on which the spans lie.
        alignment: the reference as it is ready already; a lap it laid last is not laid again.
        known: an earlier answer; its track holds for another reference of the session too.
    """
    track = _track(reference, known)
    if isinstance(track, str):
        return CornerSheet(reference.lap_id, note=track)
    rows, refused = dict[str, tuple[CornerRow, ...]](), dict[str, str]()
    scale = length_m / track.length_m
    spans = tuple(_span(corner, scale, length_m) for corner in track.corners)
    borders_m = tuple(sector.end_m * scale for sector in track.sectors[:-1])
    if not spans:
        return CornerSheet(reference.lap_id, track, borders_m=borders_m, note=NO_CORNERS)
    for lap in laps:
        try:
            rows[lap.lap_id] = _rows(lap, reference, track, alignment)
        except PurpleSectorError as error:
            refused[lap.lap_id] = str(error)
    return CornerSheet(reference.lap_id, track, spans, borders_m, rows, refused)


def _track(reference: Lap, known: CornerSheet | None) -> TrackModel | str:
    """The reference's track, that of before if it still fits; else the sentence why there is none."""
    before = known.track if known else None
    try:
        return resolve_track([reference], reference.track_model or before)
    except PurpleSectorError as error:
        return str(error)


def _span(corner: Corner, scale: float, length_m: float) -> CornerSpan:
    start, end = corner.start_m * scale, corner.end_m * scale
    parts = ((start, end),) if start <= end else ((0.0, end), (start, length_m))
    left = corner.direction is Direction.LEFT
    return CornerSpan(corner.number, corner.name, left, corner.apex_m * scale, parts, corner.radius_m)


def _rows(lap: Lap, reference: Lap, track: TrackModel, alignment: Alignment | None) -> tuple[CornerRow, ...]:
    if lap is reference:
        return tuple(_row(row, {}) for row in corners(lap, track=track).to_dicts())
    # Both in one table: they are cut where either of them slows down.
    table = corners([lap, reference], reference, track=track, alignment=alignment)
    own, base = (table.filter(pl.col("lap_id") == one.lap_id).to_dicts() for one in (lap, reference))
    return tuple(_row(row, other) for row, other in zip(own, base, strict=True))


def _row(row: Mapping[str, Any], base: Mapping[str, Any]) -> CornerRow:
    return CornerRow(
        number=row["number"],
        time_s=row["time_s"],
        lost_s=row["lost_s"],
        min_kmh=row["min_kmh"],
        reference_min_kmh=base.get("min_kmh"),
        brake_m=_less(row["brake_point_m"], base.get("brake_point_m")),
        throttle_m=_less(row["throttle_on_m"], base.get("throttle_on_m")),
    )


def _less(value: float | None, base: float | None) -> float | None:
    return None if value is None or base is None else value - base
