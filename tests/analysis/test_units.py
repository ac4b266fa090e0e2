"""Units tile the lap between its slow-downs, and phases share out the gap to the last nanosecond."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ps_analytics.analysis.align import GridLap, grid_lap
from ps_analytics.analysis.loop import speed_of
from ps_analytics.analysis.phases import PhaseKind, phases
from ps_analytics.analysis.units import Unit, find_units, span_m
from ps_analytics.errors import IncompatibleLaps
from tests.analysis.by_metre import LENGTH_M, dips, drive_by_metre, profile, track_with
from tests.analysis.laps import Outing

GRID = np.arange(0.0, LENGTH_M + 1)
CORNERS = track_with((450, 500, 550), (980, 1000, 1020), (1040, 1050, 1070), (1600, 1650, 1700))


def units_of(*speeds_kmh: object, track: object = CORNERS) -> tuple[Unit, ...]:
    return find_units([speed(GRID) / 3.6 for speed in speeds_kmh], GRID, track)  # type: ignore[operator, arg-type]


def test_each_slow_down_is_a_unit_named_by_its_corners() -> None:
    found = units_of(dips(200, (500, 90, 120), (1030, 120, 100), (1300, 150, 60), (1660, 80, 140)))
    assert [(unit.name, unit.minimum_m, unit.corners) for unit in found] == [
        ("T1", 500.0, (1,)),
        ("T2-3", 1030.0, (2, 3)),
        ("@1300m", 1300.0, ()),
        ("T4", 1660.0, (4,)),
    ]


def test_a_unit_begins_five_metres_before_the_first_lap_slows_down() -> None:
    early, late = dips(200, (500, 90, 120), (1500, 90, 150)), dips(200, (500, 90, 120), (1500, 90, 90))
    # they slow down from 380 m and from 1350 m on; the smoothing over 4 m puts that a little before
    assert [unit.start_m for unit in units_of(early, late)] == pytest.approx([375.0, 1345.0], abs=6.0)


def test_the_last_unit_runs_through_the_line_and_a_minimum_on_the_line_is_one() -> None:
    found = units_of(dips(200, (0, 90, 100), (1000, 90, 100)))
    assert sorted(unit.minimum_m for unit in found) == [0.0, 1000.0]
    through = next(unit for unit in found if unit.minimum_m == 0.0)
    assert through.start_m > through.end_m
    assert found[-1] is through


def test_a_lap_without_a_minimum_is_one_unit() -> None:
    flat = units_of(profile((0, 200.0)), track=track_with((450, 500, 550)))
    assert [(unit.start_m, unit.end_m, unit.corners) for unit in flat] == [(0.0, 0.0, (1,))]
    assert span_m(flat[0].start_m, flat[0].end_m, LENGTH_M) == LENGTH_M


def test_an_oval_has_the_units_it_slows_down_for() -> None:
    found = units_of(
        dips(300, (500, 290, 200), (1500, 288, 200)), track=track_with((350, 500, 650), (1350, 1500, 1650))
    )
    assert [unit.name for unit in found] == ["T1", "T2"]


def test_minima_of_one_movement_are_linked() -> None:
    found = units_of(dips(200, (500, 90, 200), (600, 95, 200), (1500, 90, 200)))
    assert [unit.linked for unit in found] == [False, True, False]


def test_a_dip_of_less_than_a_metre_a_second_is_none() -> None:
    assert len(units_of(dips(200, (500, 198.0, 80), (1500, 90, 100)))) == 1


def test_missing_speeds_are_bridged_and_laps_without_any_are_left_out() -> None:
    speed = dips(200, (500, 90, 120), (1500, 90, 120))(GRID) / 3.6
    holed, none = speed.copy(), np.full(len(GRID), np.nan)
    holed[700:760] = np.nan
    assert find_units([holed, none], GRID, CORNERS) == find_units([speed], GRID, CORNERS)
    with pytest.raises(IncompatibleLaps, match=r"none of them has a speed\."):
        find_units([none], GRID, CORNERS)


def test_a_grid_of_three_points_is_refused() -> None:
    with pytest.raises(IncompatibleLaps, match="grid has 3 points"):
        find_units([np.ones(3)], GRID[:3], CORNERS)


minimum = st.tuples(st.floats(0, LENGTH_M - 1), st.floats(40, 195), st.floats(20, 400))


@settings(max_examples=60)
@given(first=st.lists(minimum, max_size=8), second=st.lists(minimum, max_size=8), step_m=st.sampled_from([1.0, 2.5]))
def test_units_tile_the_lap_and_their_phases_share_out_the_gap(
    first: list[tuple[float, float, float]], second: list[tuple[float, float, float]], step_m: float
) -> None:
    grid = np.append(np.arange(0.0, LENGTH_M - 0.7, step_m), LENGTH_M - 0.7)
    laps = []
    for minima in (first, second):
        speed = dips(200, *minima)(grid)
        time_s = np.concatenate([[0.0], np.cumsum(np.diff(grid) * 7.2 / (speed[1:] + speed[:-1]))])
        laps.append(GridLap(grid, time_s, {"speed": speed}, LENGTH_M - 0.7, float(time_s[-1]), "position"))
    units = find_units([speed_of(lap) for lap in laps], grid, CORNERS)
    length = LENGTH_M - 0.7
    assert sum(span_m(unit.start_m, unit.end_m, length) for unit in units) == pytest.approx(length)
    assert [unit.end_m for unit in units] == [*(unit.start_m for unit in units[1:]), units[0].start_m]
    assert sorted(number for unit in units for number in unit.corners) == [1, 2, 3, 4]
    for unit in units:
        assert (unit.minimum_m - unit.start_m) % length < span_m(unit.start_m, unit.end_m, length)
    found = phases(laps[0], laps[1], CORNERS, units=units)
    gap = (laps[0].lap_time_s or 0) - (laps[1].lap_time_s or 0)
    assert sum(phase.lost_s for phase in found) == pytest.approx(gap, abs=1e-9)
    assert len(found) == 5 * len(units)
    ends = [phase.end_m for phase in found]
    assert [phase.start_m for phase in found[1:]] == pytest.approx(ends[:-1])


def test_phases_lie_where_the_corner_begins_the_minima_are_and_the_throttle_is_full() -> None:
    speeds = dips(200, (500, 90, 120), (1500, 90, 120)), dips(200, (508, 92, 120), (1500, 90, 120))
    full_at = profile((520, 50.0), (580, 100.0)), profile((520, 40.0), (640, 100.0))
    laps = [
        grid_lap(drive_by_metre({"speed": speed, "throttle": pedal}), length_m=LENGTH_M)
        for speed, pedal in zip(speeds, full_at, strict=True)
    ]
    found = {phase.kind: phase for phase in phases(laps[0], laps[1], CORNERS) if phase.unit == 1}
    assert found[PhaseKind.ENTRY].start_m == 450.0  # the corner's start
    assert found[PhaseKind.MID].start_m == pytest.approx(495.0, abs=1.0)  # 5 m before the first minimum
    assert found[PhaseKind.MID].end_m == pytest.approx(514.0, abs=1.0)  # 6 m behind the last one
    assert found[PhaseKind.EXIT].end_m == pytest.approx(520 + 120 * 53 / 60, abs=1.5)  # the later one beyond 93 %


def test_without_a_corner_braking_ends_where_most_of_the_speed_is_lost() -> None:
    lap = grid_lap(drive_by_metre({"speed": dips(200, (500, 100, 100), (1500, 90, 100))}), length_m=LENGTH_M)
    found = phases(lap, lap, track_with((1400, 1500, 1600)))
    share = (200**2 - (200 - 0.88 * 100) ** 2) / (200**2 - 100**2)  # of the way, when 88 % of the speed is lost
    assert found[1].start_m == pytest.approx(400 + 100 * share, abs=1.5)
    assert all(phase.lost_s == 0 for phase in found)


def test_phases_need_two_timed_laps_on_one_grid() -> None:
    lap = grid_lap(drive_by_metre({"speed": dips(200, (500, 90, 120))}), length_m=LENGTH_M)
    other = grid_lap(drive_by_metre({"speed": dips(200, (500, 90, 120))}), length_m=LENGTH_M + 10)
    with pytest.raises(IncompatibleLaps, match="grids of different lengths"):
        phases(lap, other, CORNERS)
    timeless = GridLap(lap.distance_m, lap.time_s, lap.channels, lap.length_m, None, lap.method)
    with pytest.raises(IncompatibleLaps, match="no lap time"):
        phases(lap, timeless, CORNERS)


def test_simulated_laps_have_the_minima_the_solver_drove(outing: Outing) -> None:
    laps = [grid_lap(lap, length_m=outing.circuit.length_m) for lap in outing.laps(outing.frames())]
    units = find_units(
        [speed_of(lap) for lap in laps], laps[0].distance_m, track_with(length_m=outing.circuit.length_m)
    )
    truth = outing.dense.truth[0]
    rows = outing.dense.frames.filter(
        (outing.dense.frames["timestamp"] >= truth.start_s) & (outing.dense.frames["timestamp"] < truth.end_s)
    )
    speed, place = rows["speed"].to_numpy(), rows["distance"].to_numpy()
    slow = [corner for corner in outing.circuit.corners if corner.radius_m < 60]
    for corner in slow:
        inside = (place > corner.start_m) & (place < corner.end_m)
        slowest = place[inside][np.argmin(speed[inside])]
        assert min(abs(unit.minimum_m - slowest) for unit in units) < 12.0, corner
