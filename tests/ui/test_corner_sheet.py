"""The corner table's rows and the corners' places, on a track model written by hand."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ps_analytics.lap import Lap
from ps_analytics.store.store import Store
from ps_analytics.track import Corner, Direction, TrackModel
from ps_analytics.ui.corner_sheet import CornerSheet, corner_sheet

LENGTH_M = 4200.0
CORNERS = (
    Corner(1, "T1", Direction.LEFT, 500.0, 590.0, 680.0),
    Corner(2, "Hairpin", Direction.RIGHT, 3000.0, 3095.0, 3190.0, radius_m=22.0),
    Corner(3, "T3", Direction.LEFT, 4150.0, 20.0, 60.0),
)


def track(corners: tuple[Corner, ...] = CORNERS, *, length_m: float = LENGTH_M) -> TrackModel:
    at = np.arange(0.0, length_m, 2.0)
    flat = np.zeros(len(at))
    return TrackModel(length_m, at, flat, flat, flat + 150.0, "position", "test", corners=corners)


@pytest.fixture
def laps(paddock: Any, store: Store, drive: Any) -> list[Lap]:
    """The reference and a slower lap; they know the track."""
    session = paddock.session()
    ids = [paddock.lap(session, drive(grip_g=grip, seed=seed)) for seed, grip in enumerate((1.45, 1.4))]
    return [replace(store.read_lap(lap_id), track_model=track()) for lap_id in ids]


def test_corners_lie_on_the_reference_s_metres_and_in_two_parts_at_the_line(laps: list[Lap]) -> None:
    longer = [replace(lap, track_model=track(length_m=2 * LENGTH_M)) for lap in laps]
    sheet = corner_sheet(longer[0], [], length_m=LENGTH_M)
    first, second, third = sheet.spans
    assert (first.parts, first.apex_m, first.left) == (((250.0, 340.0),), 295.0, True)
    assert (second.name, second.left, second.radius_m) == ("Hairpin", False, 22.0)
    assert third.parts == ((0.0, 30.0), (2075.0, LENGTH_M))


def test_each_lap_has_a_row_a_corner_and_together_they_make_the_gap(laps: list[Lap], drive: Any) -> None:
    reference, lap = laps
    sheet = corner_sheet(reference, [reference, lap], length_m=LENGTH_M)
    rows = sheet.rows[lap.lap_id]
    assert sorted(row.number for row in rows) == [1, 2, 3]
    lost = sum(row.lost_s or 0.0 for row in rows)
    assert lost == pytest.approx(lap.lap_time_s - reference.lap_time_s, abs=1e-6)  # type: ignore[operator]
    for seed, grip, mine in ((0, 1.45, "reference_min_kmh"), (1, 1.4, "min_kmh")):
        driven = drive(grip_g=grip, seed=seed)
        inside = (driven["distance"] >= 3000) & (driven["distance"] <= 3190)
        told = getattr(next(row for row in rows if row.number == 2), mine)
        assert told == pytest.approx(driven["speed"][inside].min(), abs=0.5)
    own = sheet.rows[reference.lap_id]
    assert {row.lost_s for row in own} == {None}
    assert {row.brake_m for row in own} == {None}


def test_a_lap_that_cannot_be_compared_has_its_reason(laps: list[Lap]) -> None:
    reference, lap = laps
    few = {name: replace(trace, values=trace.values[:3]) for name, trace in lap.traces.items()}
    sheet = corner_sheet(reference, [replace(lap, lap_id="few", traces=few)], length_m=LENGTH_M)
    assert sheet.rows == {}
    assert sheet.refused["few"].startswith("these laps cannot be compared")


def test_a_reference_that_teaches_no_track_says_why_there_are_no_corners(laps: list[Lap]) -> None:
    few = {name: replace(trace, values=trace.values[:3]) for name, trace in laps[0].traces.items()}
    alone = replace(laps[0], track_model=None, traces=few)
    sheet = corner_sheet(alone, [alone], length_m=LENGTH_M)
    assert (sheet.spans, sheet.rows) == ((), {})
    assert sheet.note.endswith(".")


def test_a_track_without_corners_is_told(laps: list[Lap]) -> None:
    straight = replace(laps[0], track_model=track(()))
    assert corner_sheet(straight, [straight], length_m=LENGTH_M).note.startswith("No corners")


def test_a_sheet_keeps_the_laps_worked_out_before_and_drops_those_of_another_reference(laps: list[Lap]) -> None:
    reference, lap = laps
    first = corner_sheet(reference, [reference], length_m=LENGTH_M)
    both = corner_sheet(reference, [lap], length_m=LENGTH_M, known=first).joined_to(first)
    assert set(both.rows) == {reference.lap_id, lap.lap_id}
    other = corner_sheet(lap, [lap], length_m=LENGTH_M, known=both).joined_to(both)
    assert set(other.rows) == {lap.lap_id}
    assert other.track is lap.track_model
    assert CornerSheet().joined_to(both).rows == {}
