"""The corner table against laps whose every metre is known in closed form, and against the simulator."""

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from ps_analytics.analysis.align import Alignment
from ps_analytics.analysis.corners import SCHEMA, corners
from ps_analytics.errors import IncompatibleLaps
from ps_analytics.lap import Lap, LapKind
from ps_analytics.track import Corner, Direction, TrackModel
from tests.analysis.by_metre import LENGTH_M, Profile, dips, drive_by_metre, profile, track_with
from tests.analysis.laps import Outing, changed, values_of, without

CONTRACT = (
    "corner", "direction", "start_m", "apex_m", "end_m", "time_s", "entry_kmh", "min_kmh", "exit_kmh", "brake_point_m",
    "throttle_on_m", "lost_s",
)  # fmt: skip
ONE = track_with((450, 500, 550))
SLOPE_IN, SLOPE_OUT = 3200 / 140, 3200 / 410  # m²/s² a metre: from 60 m/s at 350 m to 20 m/s at 490 m and back


def energy(*points: tuple[float, float]) -> Profile:
    """A speed in km/h whose square, in m²/s², runs straight through the points."""
    square = profile(*points)
    return lambda at_m: 3.6 * np.sqrt(square(at_m))


KNOWN: dict[str, Profile] = {
    "speed": energy((350, 3600), (490, 400), (900, 3600)),
    "throttle": profile((340, 100), (345, 0), (500, 0), (550, 100)),
    "brake": profile((348, 0), (356, 80), (420, 80), (480, 0)),
    "steering": profile((440, 0), (490, 60), (510, 60), (570, 0)),
    "gear": lambda at_m: np.select([at_m < 430, at_m < 640], [5.0, 2.0], 4.0),
    "rpm": profile((480, 6000), (500, 4000)),
}


def row_of(
    *channels: dict[str, Profile], track: TrackModel = ONE, number: int = 1, rate_hz: float = 200.0
) -> dict[str, Any]:
    drawn = {name: drawing for some in (KNOWN, *channels) for name, drawing in some.items()}
    table = corners(drive_by_metre(drawn, rate_hz=rate_hz), track=track)
    return table.filter(pl.col("number") == number).row(0, named=True)


def seconds(from_m2: float, to_m2: float, metres: float) -> float:
    """How long so many metres take at constant acceleration, from squares of speeds."""
    return float(2 * metres / (np.sqrt(from_m2) + np.sqrt(to_m2)))


def test_every_place_is_the_one_drawn() -> None:
    row = row_of()
    places = {name: row[name] for name in row if name.endswith("_m") and not name.startswith(("offset", "driven"))}
    assert places == pytest.approx(
        {
            "start_m": 450.0,
            "apex_m": 500.0,
            "end_m": 550.0,
            "lift_point_m": 340.5,  # 90 % of the way down from 100 % in 5 m
            "brake_point_m": 348.6,  # 6 % of 80 % in 8 m
            "brake_release_m": 477.0,  # 4 % of 80 % over 60 m
            "turn_in_m": 447.5,  # 15 % of 60 % over 50 m
            "trail_m": 29.5,
            "min_at_m": 490.0,
            "acceleration_m": 490 + ((1.012 * 20 + 0.1) ** 2 - 400) / SLOPE_OUT,
            "throttle_on_m": 510.0,
            "full_throttle_m": 546.5,
        },
        abs=0.25,
    )


def test_every_speed_is_the_one_drawn() -> None:
    row = row_of()
    speeds = {name: row[name] for name in row if name.endswith("_kmh")}
    expected = {
        "top_kmh": 3600,
        "entry_kmh": 3600 - 100 * SLOPE_IN,
        "min_kmh": 400,
        "exit_kmh": 400 + 60 * SLOPE_OUT,
        "exit_50_kmh": 400 + 106.5 * SLOPE_OUT,
        "straight_kmh": 3600,
    }
    assert speeds == pytest.approx({name: 3.6 * square**0.5 for name, square in expected.items()}, abs=0.3)


def test_every_time_is_the_one_drawn() -> None:
    row = row_of()
    into, out = 3600 - 100 * SLOPE_IN, 400 + 60 * SLOPE_OUT
    assert row["time_s"] == pytest.approx(seconds(into, 400, 40) + seconds(400, out, 60), abs=0.002)
    assert row["coast_in_s"] == pytest.approx(3.7 / 60, abs=0.005)  # throttle at 6 % at 344.7 m, brake at 4 % at 348.4
    mid = seconds(400 + 13 * SLOPE_IN, 400, 13) + seconds(400, 400 + 13 * SLOPE_OUT, 13)  # 477 m to 503 m
    assert row["coast_mid_s"] == pytest.approx(mid, abs=0.005)
    assert row["coast_s"] == pytest.approx(row["coast_in_s"] + row["coast_mid_s"])
    assert row["overlap_s"] == 0
    assert row["lost_s"] is None  # nobody to lose it to
    assert row["driven_m"] == pytest.approx(100.0, abs=0.05)


def test_pedals_gears_and_hands_are_those_drawn() -> None:
    row = row_of()
    assert row["peak_brake"] == pytest.approx(80.0)
    lost = 0.88 * 40  # from 60 to 20 m/s, which begins 1.4 m behind the brake point
    assert row["deceleration_ms2"] == pytest.approx(lost / (1.4 / 60 + lost / (SLOPE_IN / 2)), abs=0.1)
    assert (row["gear"], row["exit_gear"]) == (2, 2.0)  # 50 m behind full throttle it is second gear still
    assert row["rpm"] == pytest.approx(5000.0, abs=60)
    assert (row["corrections"], row["countersteer"]) == (0, pytest.approx(0.0, abs=0.5))
    assert (row["brake_estimated"], row["throttle_scaled"], row["steering_scaled"]) == (False, False, False)


def test_the_columns_are_those_of_the_contract_and_no_missing_value_is_a_number() -> None:
    table = corners(drive_by_metre({"speed": KNOWN["speed"]}), track=ONE)
    assert table.schema == SCHEMA
    assert set(CONTRACT) <= set(table.columns)
    assert not any(table[name].is_nan().any() for name, kind in table.schema.items() if kind.is_float())
    known = {name for name in table.columns if table[name][0] is not None}
    places, speeds = {"start_m", "apex_m", "end_m"}, {"entry_kmh", "min_kmh", "exit_kmh", "top_kmh", "straight_kmh"}
    flags = {"brake_estimated", "throttle_scaled", "steering_scaled"}
    named = {"corner", "number", "direction", "time_s", "driven_m"}
    own = {"min_at_m", "acceleration_m", "brake_point_m", "deceleration_ms2"}
    assert known == places | speeds | flags | named | own


def test_without_a_brake_channel_the_brake_point_is_a_deceleration_and_says_so() -> None:
    drawn = {name: drawing for name, drawing in KNOWN.items() if name != "brake"}
    for brake in ({}, {"brake": profile((0, 20.0))}):  # none, or one that never moves
        row = corners(drive_by_metre({**drawn, **brake}), track=ONE).row(0, named=True)
        assert row["brake_estimated"]
        assert row["brake_point_m"] == pytest.approx(350.0, abs=2.0)  # where the speed begins to fall
        assert row["peak_brake"] is row["brake_release_m"] is row["coast_s"] is row["overlap_s"] is None
    lifted = {**drawn, "speed": energy((350, 3600), (490, 3300), (900, 3600))}  # 1.07 m/s²: a lift
    assert corners(drive_by_metre(lifted), track=ONE)["brake_point_m"][0] is None


def test_a_switch_for_a_brake_works_unchanged() -> None:
    row = row_of({"brake": lambda at_m: ((at_m > 350) & (at_m < 450)).astype(float)})
    assert row["brake_point_m"] == pytest.approx(350.0, abs=1.0)
    assert row["brake_release_m"] == pytest.approx(450.0, abs=1.0)
    assert row["peak_brake"] == pytest.approx(100.0)
    assert not row["brake_estimated"]


def test_a_dab_of_two_metres_is_no_braking() -> None:
    dab = profile((310, 0), (310.1, 40), (312, 40), (312.1, 0), (348, 0), (356, 80), (420, 80), (480, 0))
    assert row_of({"brake": dab})["brake_point_m"] == pytest.approx(348.6, abs=0.1)


def test_a_throttle_that_never_reaches_its_stop_is_stretched_to_it() -> None:
    row = row_of({"throttle": lambda at_m: 0.85 * KNOWN["throttle"](at_m)})
    assert row["throttle_scaled"]
    assert row["full_throttle_m"] == pytest.approx(546.5, abs=0.3)
    assert row["lift_point_m"] == pytest.approx(340.5, abs=0.3)


def test_both_pedals_at_once_are_overlap() -> None:
    throttle = profile(
        (380, 100), (390, 0), (500, 0), (550, 100)
    )  # below 8 % at 389.2 m; the brake beyond 8 % at 348.8
    row = row_of({"throttle": throttle})
    before = seconds(3600, 3600 - 39.2 * SLOPE_IN, 39.2)
    assert row["overlap_s"] == pytest.approx(1.2 / 60 + before, abs=0.005)
    assert row["lift_point_m"] == pytest.approx(381.0, abs=0.1)


def test_a_throttle_that_is_on_at_the_lowest_speed_came_on_before_it() -> None:
    row = row_of({"throttle": profile((340, 100), (345, 0), (470, 0), (485, 30), (500, 60), (550, 100))})
    assert row["throttle_on_m"] == pytest.approx(480.0, abs=0.2)
    assert row["full_throttle_m"] == pytest.approx(541.25, abs=0.2)


def test_a_lift_without_braking_has_a_lift_point_only() -> None:
    row = row_of(
        {"brake": profile((100, 0), (110, 50), (120, 0)), "throttle": profile((430, 100), (440, 40), (480, 100))}
    )
    assert row["lift_point_m"] == pytest.approx(430 + 10 / 6, abs=0.1)
    assert row["full_throttle_m"] == pytest.approx(440 + 40 * 53 / 60, abs=0.3)
    assert row["brake_point_m"] is row["peak_brake"] is row["throttle_on_m"] is row["trail_m"] is None


def test_a_corner_flat_in_one_lap_and_lifted_for_in_the_other_is_told_for_each() -> None:
    flat = drive_by_metre(
        {
            "speed": profile((0, 216.0), (480, 217.0), (2000, 216.0)),
            "throttle": profile((1500, 100), (1550, 0), (1600, 100)),
        }
    )
    lifted = drive_by_metre(
        {"speed": dips(216, (500, 190, 80)), "throttle": profile((430, 100), (440, 10), (470, 10), (500, 100))}
    )
    table = corners([flat, lifted], flat, track=ONE)
    assert table["lift_point_m"].to_list() == [None, pytest.approx(430 + 10 / 9, abs=0.5)]
    assert table["full_throttle_m"].to_list() == [None, pytest.approx(497.7, abs=0.5)]
    assert table["min_kmh"].to_list() == pytest.approx([216.9, 190.0], abs=0.2)
    assert table["lost_s"][0] == 0
    assert table["lost_s"][1] == pytest.approx((lifted.lap_time_s or 0) - (flat.lap_time_s or 0), abs=1e-9)


def test_a_kink_in_a_braking_zone_leaves_the_pedals_to_the_corner_behind_it() -> None:
    track = track_with((360, 375, 390), (450, 500, 550))
    kink, corner = (row_of(track=track, number=number) for number in (1, 2))
    pedals = ("brake_point_m", "lift_point_m", "peak_brake", "throttle_on_m", "full_throttle_m", "coast_s", "top_kmh")
    assert [kink[name] for name in pedals] == [None] * len(pedals)
    assert kink["entry_kmh"] > kink["exit_kmh"] == pytest.approx(kink["min_kmh"])
    assert corner["brake_point_m"] == pytest.approx(348.6, abs=0.1)


def test_braking_that_is_over_when_a_kink_ends_is_the_kinks_own() -> None:
    channels = {
        "speed": energy((300, 3600), (340, 3250), (352, 3270), (490, 400), (900, 3600)),
        "brake": profile((300, 0), (310, 40), (330, 40), (340, 0), (354, 0), (362, 80), (420, 80), (480, 0)),
        "throttle": profile((295, 100), (300, 0), (340, 0), (344, 100), (348, 100), (352, 0), (500, 0), (550, 100)),
    }
    track = track_with((310, 340, 356), (450, 500, 550))
    kink, corner = (row_of(channels, track=track, number=number) for number in (1, 2))
    assert [kink["brake_point_m"], corner["brake_point_m"]] == pytest.approx([301.5, 354.6], abs=0.1)
    assert [kink["lift_point_m"], corner["lift_point_m"]] == pytest.approx([295.5, 348.4], abs=0.1)
    assert [kink["brake_release_m"], corner["brake_release_m"]] == pytest.approx([339.0, 477.0], abs=0.1)
    assert kink["peak_brake"] == pytest.approx(40.0)
    assert corner["top_kmh"] == pytest.approx(3.6 * 3270**0.5, abs=0.2)


def test_of_two_corners_of_one_slow_down_the_first_has_the_brake_point() -> None:
    track = track_with((440, 470, 485), (485, 505, 540))  # 490 m is the lowest, 470 m hardly faster
    first, second = (row_of(track=track, number=number) for number in (1, 2))
    assert first["brake_point_m"] == pytest.approx(348.6, abs=0.1)
    assert second["brake_point_m"] is None
    assert second["throttle_on_m"] is None or second["throttle_on_m"] > 485


def test_two_minima_in_one_corner_are_one_slow_down() -> None:
    speed = energy((350, 3600), (480, 400), (510, 900), (560, 500), (900, 3600))
    throttle = profile((340, 100), (345, 0), (485, 0), (500, 60), (520, 0), (560, 0), (600, 100))
    row = row_of({"speed": speed, "throttle": throttle}, track=track_with((440, 540, 600)))
    assert row["brake_point_m"] == pytest.approx(348.6, abs=0.1)
    assert (row["min_at_m"], row["min_kmh"]) == pytest.approx((480.0, 72.0), abs=0.5)
    assert row["throttle_on_m"] == pytest.approx(490.0, abs=0.2)
    assert row["full_throttle_m"] == pytest.approx(597.2, abs=0.3)


def test_a_corner_through_the_line_is_read_from_both_ends_of_the_lap() -> None:
    def shifted(drawing: Profile) -> Profile:
        return lambda at_m: drawing(np.mod(at_m + 490, LENGTH_M))  # the lowest speed lies on the line

    lap = drive_by_metre({name: shifted(drawing) for name, drawing in KNOWN.items()}, rate_hz=200.0)
    row = corners(lap, lap, track=track_with((1960, 10, 60))).row(0, named=True)
    expected = row_of()
    for name in ("time_s", "entry_kmh", "min_kmh", "exit_kmh", "peak_brake", "coast_s", "deceleration_ms2", "trail_m"):
        assert row[name] == pytest.approx(expected[name], rel=0.02, abs=0.02), name
    for name in ("brake_point_m", "lift_point_m", "throttle_on_m", "full_throttle_m", "turn_in_m", "brake_release_m"):
        assert row[name] == pytest.approx((expected[name] - 490) % LENGTH_M, abs=0.3), name
    assert row["lost_s"] == 0


def test_an_oval_is_flat_all_the_way() -> None:
    track = track_with((350, 500, 650), (1350, 1500, 1650))
    lap = drive_by_metre(
        {
            "speed": dips(300, (500, 297.5, 200), (1500, 298, 200)),
            "throttle": profile((0, 100.0)),
            "brake": profile((0, 0.0)),
        }
    )
    slower = drive_by_metre(
        {
            "speed": dips(299, (500, 296, 200), (1500, 297, 200)),
            "throttle": profile((0, 100.0)),
            "brake": profile((0, 0.0)),
        }
    )
    table = corners(slower, lap, track=track)
    assert table["brake_point_m"].null_count() == table["lift_point_m"].null_count() == 2
    assert table["lost_s"].sum() == pytest.approx((slower.lap_time_s or 0) - (lap.lap_time_s or 0), abs=1e-9)
    assert corners(lap, track=track_with()).is_empty()


def test_steering_from_the_angle_alone_is_marked_and_without_either_there_are_no_hands() -> None:
    drawn = {name: drawing for name, drawing in KNOWN.items() if name != "steering"}
    angle = {"steering_angle": lambda at_m: np.degrees(7.0) * KNOWN["steering"](at_m) / 100}
    row = corners(drive_by_metre({**drawn, **angle}, rate_hz=200.0), track=ONE).row(0, named=True)
    assert row["steering_scaled"]
    assert row["turn_in_m"] == pytest.approx(447.5, abs=0.2)
    without_any = corners(drive_by_metre(drawn), track=ONE).row(0, named=True)
    assert without_any["turn_in_m"] is without_any["corrections"] is without_any["countersteer"] is None


def test_a_wheel_that_turns_back_and_on_again_is_corrected_twice() -> None:
    wheel = profile((440, 0), (490, 60), (500, 50), (510, 60), (570, 0))
    row = row_of({"steering": wheel})
    assert row["corrections"] == 2
    assert row["countersteer"] == pytest.approx(10.0, abs=0.7)  # down by 10 % and back within 10 m
    left = replace(ONE, corners=(replace(ONE.corners[0], direction=Direction.LEFT),))
    turned = row_of({"steering": lambda at_m: -wheel(at_m)}, track=left)
    assert (turned["corrections"], turned["countersteer"]) == (row["corrections"], pytest.approx(row["countersteer"]))


def test_a_missing_stretch_leaves_what_lies_in_it_unknown() -> None:
    lap = drive_by_metre(KNOWN, rate_hz=200.0)
    place = values_of(lap, "normalized_position") * LENGTH_M
    brake, speed = values_of(lap, "brake"), values_of(lap, "speed")
    brake[(place > 340) & (place < 380)] = np.nan
    row = corners(changed(lap, "brake", brake), track=ONE).row(0, named=True)
    assert row["brake_point_m"] is row["peak_brake"] is row["coast_in_s"] is row["overlap_s"] is None
    speed[(place > 480) & (place < 520)] = np.nan
    row = corners(changed(lap, "speed", speed), track=ONE).row(0, named=True)
    assert row["min_kmh"] is row["min_at_m"] is row["brake_point_m"] is None
    assert row["time_s"] == pytest.approx(row_of()["time_s"], abs=0.01)


def circling(aside_m: float, *, length_m: float = LENGTH_M) -> dict[str, Profile]:
    """A clockwise circle, so many metres to the right of the one of this length."""
    radius = length_m / (2 * np.pi)
    return {
        "x": lambda at_m: (radius - aside_m) * np.sin(2 * np.pi * at_m / length_m),
        "y": lambda at_m: (radius - aside_m) * np.cos(2 * np.pi * at_m / length_m),
    }


def test_the_offset_is_to_the_right_of_the_reference_or_of_the_tracks_line() -> None:
    lap, reference = (drive_by_metre({**KNOWN, **circling(aside)}) for aside in (1.5, -0.5))
    row = corners(lap, reference, track=ONE).row(0, named=True)
    assert [row[name] for name in ("offset_m", "offset_left_m", "offset_right_m")] == pytest.approx([2.0] * 3, abs=0.02)
    assert corners(lap, track=ONE)["offset_m"][0] is None  # this track knows no line
    x, y = (drawing(ONE.distance_m) for drawing in circling(0.0).values())
    lined = replace(ONE, x=x, y=y)
    assert corners(lap, track=lined)["offset_m"][0] == pytest.approx(1.5, abs=0.02)
    elsewhere = replace(lined, x=x + 900.0)
    assert corners(lap, track=elsewhere)["offset_m"][0] is None


def test_several_laps_have_their_names_in_front() -> None:
    laps = [drive_by_metre(KNOWN, lap_number=number) for number in (4, 5)]
    table = corners(laps, track=track_with((450, 500, 550), (1400, 1500, 1600)))
    assert table.columns[:3] == ["lap_id", "lap_number", "corner"]
    assert table.select("lap_id", "lap_number", "corner").rows() == [
        ("lap-4", 4, "T1"), ("lap-4", 4, "T2"), ("lap-5", 5, "T1"), ("lap-5", 5, "T2"),
    ]  # fmt: skip
    frames = corners([lap.frames for lap in laps], track=ONE)
    assert frames.select("lap_id", "lap_number").rows() == [(None, 1), (None, 2)]
    single = corners(laps[0], track=ONE).row(0)
    assert corners(laps[:1], track=ONE).row(0)[2:] == single
    assert corners(laps[0].frames, track=ONE)["brake_point_m"][0] == pytest.approx(348.6, abs=0.5)


def test_the_reference_loses_nothing_to_itself() -> None:
    lap = drive_by_metre({**KNOWN, **circling(0.0)})
    row = corners(lap, lap, track=ONE).row(0, named=True)
    assert (row["lost_s"], row["offset_m"], row["offset_left_m"], row["offset_right_m"]) == (0.0, 0.0, 0.0, 0.0)


def test_a_table_on_an_alignment_made_for_a_delta_is_that_of_its_reference(outing: Outing) -> None:
    lap, reference = outing.laps(outing.frames())[:2]
    table = corners(lap, alignment=Alignment(reference), track=ONE)
    assert table.equals(corners(lap, reference, track=ONE))
    assert table["lost_s"].null_count() == 0


def test_a_lap_without_a_time_has_a_table_of_what_it_drove_and_no_loss() -> None:
    lap = drive_by_metre(KNOWN)
    cut = lap.traces["normalized_position"].values * LENGTH_M > 400
    part = replace(
        lap, kind=LapKind.OUT, lap_time_s=None, lap_number=0,
        traces={name: replace(trace, values=trace.values[cut]) for name, trace in lap.traces.items()},
    )  # fmt: skip
    track = track_with((100, 150, 200), (450, 500, 550))
    rows = corners([part, lap], lap, track=track).filter(pl.col("lap_number") == 0).rows(named=True)
    assert rows[0]["time_s"] is rows[0]["entry_kmh"] is rows[0]["min_kmh"] is None  # not driven
    assert rows[1]["min_kmh"] == pytest.approx(72.0, abs=0.3)
    assert rows[1]["brake_point_m"] is None  # braked before its first sample
    assert rows[1]["throttle_on_m"] == pytest.approx(510.0, abs=0.5)
    assert rows[0]["lost_s"] is rows[1]["lost_s"] is None


corner = st.tuples(st.floats(5, 60), st.floats(5, 60), st.floats(0, LENGTH_M - 1))
minimum = st.tuples(st.floats(0, LENGTH_M - 1), st.floats(70, 180), st.floats(30, 300))
otherwise = st.tuples(st.floats(-4, 4), st.floats(-10, 10), st.floats(0, 0))
"""How the other lap takes the same minimum: metres later, km/h faster."""


@settings(max_examples=40)
@given(
    placed=st.lists(corner, min_size=1, max_size=8, unique_by=lambda c: round(c[2])),
    driven_twice=st.lists(st.tuples(minimum, otherwise), min_size=1, max_size=6),
)
def test_what_is_lost_in_all_corners_is_the_difference_of_the_lap_times(
    placed: list[tuple[float, float, float]],
    driven_twice: list[tuple[tuple[float, float, float], tuple[float, float, float]]],
) -> None:
    first = [one for one, _ in driven_twice]
    second = [(one[0] + by[0], one[1] + by[1], one[2]) for one, by in driven_twice]
    apexes = sorted(placed, key=lambda c: c[2])
    found = tuple(
        Corner(n, f"T{n}", Direction.LEFT, (apex - into) % LENGTH_M, apex, (apex + out) % LENGTH_M)
        for n, (into, out, apex) in enumerate(apexes, 1)
    )
    lap, reference = (
        drive_by_metre(
            {"speed": dips(200, *minima), "throttle": dips(100, *minima), "brake": profile((0, 0.0))}, rate_hz=30.0
        )
        for minima in (first, second)
    )
    try:
        table = corners(lap, reference, track=replace(track_with(), corners=found))
    except IncompatibleLaps:
        reject()  # so few minima, at other places, are another track's
    assert table["corner"].to_list() == [corner.name for corner in found]
    assert table["lost_s"].sum() == pytest.approx((lap.lap_time_s or 0) - (reference.lap_time_s or 0), abs=1e-9)
    assert (corners(reference, reference, track=replace(track_with(), corners=found))["lost_s"] == 0).all()
    for name in ("brake_point_m", "lift_point_m", "throttle_on_m", "full_throttle_m", "min_at_m", "turn_in_m"):
        assert table[name].drop_nulls().is_between(0, LENGTH_M).all()


def track_of(outing: Outing) -> TrackModel:
    """The circuit's own corners, as it was built."""
    circuit = outing.circuit
    built = tuple(
        Corner(
            c.number,
            f"T{c.number}",
            Direction.RIGHT if c.direction > 0 else Direction.LEFT,
            float(c.start_m),
            c.apex_m,
            float(c.end_m),
        )
        for c in circuit.corners
    )
    return replace(track_with(length_m=circuit.length_m), corners=built)


def driven(outing: Outing, number: int) -> pl.DataFrame:
    """A lap as the simulator drove it, at 960 frames a second."""
    truth = outing.dense.truth[number]
    return outing.dense.frames.filter(pl.col("timestamp").is_between(truth.start_s, truth.end_s, closed="left"))


def test_speeds_and_times_are_the_simulators(outing: Outing) -> None:
    laps, track = outing.laps(outing.frames()), track_of(outing)
    for number in range(2):
        rows = driven(outing, number)
        own = replace(laps[number], track_length_m=outing.circuit.length_m)
        place, speed = rows["distance"].to_numpy(), rows["speed"].to_numpy()
        for row in corners(own, track=track).rows(named=True):
            times = outing.true_time_s(number, np.array([row["start_m"], row["end_m"]]) / outing.circuit.length_m)
            assert row["time_s"] == pytest.approx(np.diff(times)[0], abs=0.004)
            inside = (place >= row["start_m"]) & (place <= row["end_m"])
            assert row["entry_kmh"] == pytest.approx(speed[inside][0], abs=0.1)
            assert row["exit_kmh"] == pytest.approx(speed[inside][-1], abs=0.1)
            if row["brake_point_m"] is not None:  # else it may be lowest beside the corner
                assert row["min_kmh"] == pytest.approx(speed[inside].min(), abs=0.1)
                assert abs(row["min_at_m"] - place[inside][np.argmin(speed[inside])]) < 2.0


def test_brake_points_are_where_the_simulator_began_to_brake(outing: Outing) -> None:
    lap, track = outing.laps(outing.frames())[0], track_of(outing)
    lap, rows = replace(lap, track_length_m=outing.circuit.length_m), driven(outing, 0)
    place, brake = rows["distance"].to_numpy(), rows["brake"].to_numpy()
    began = place[1:][(brake[1:] > 6) & (brake[:-1] <= 6)]
    found = corners(lap, track=track)["brake_point_m"].drop_nulls().to_numpy()
    assert len(found) >= 3
    assert np.abs(found[:, None] - began).min(axis=1).max() < 2.0


def test_the_seeds_ten_columns_are_enough(outing: Outing) -> None:
    seeds = ("timestamp", "throttle", "brake", "steering", "speed", "gear", "rpm", "lap_time", "normalized_position")
    first, second, *_ = (lap.select(*seeds) for lap in outing.laps(outing.frames()))
    table = corners(first, second)
    assert len(table) > 3
    assert table["lost_s"].sum() == pytest.approx((first.lap_time_s or 0) - (second.lap_time_s or 0), abs=1e-9)
    slowest = table.sort("min_kmh").row(0, named=True)
    assert all(slowest[name] is not None for name in CONTRACT)
    assert table["offset_m"].null_count() == len(table)


def test_what_cannot_be_told_is_refused() -> None:
    lap = drive_by_metre(KNOWN)
    speed_only = without(lap, "throttle", "brake", "steering", "gear", "rpm")
    for laps, reason in (
        ([], "there are no laps."),
        (speed_only, "none of them tells how it turns"),
        (replace(lap, traces={}), "lap 1 has a time and no telemetry."),
        (thinned(lap, 2), "lap 1 has 2 samples."),
        (thinned(lap, 3), "of the telemetry of lap 1 are missing."),
    ):
        with pytest.raises(IncompatibleLaps) as refused:
            corners(laps, track=None if laps is speed_only or laps == [] else ONE)
        assert reason in refused.value.reason


def thinned(lap: Lap, count: int) -> Lap:
    """A lap with so many of its samples."""
    rows = np.linspace(5, len(values_of(lap, "speed")) - 5, count).astype(int)
    return replace(lap, traces={name: replace(trace, values=trace.values[rows]) for name, trace in lap.traces.items()})


def test_laps_that_name_different_tracks_are_refused() -> None:
    lap, other = drive_by_metre(KNOWN, track="Ring"), drive_by_metre(KNOWN, track="Oval")
    with pytest.raises(IncompatibleLaps, match=r"they are of different tracks: 'Ring', 'Oval'\."):
        corners(lap, other, track=ONE)
    assert len(corners(lap, drive_by_metre(KNOWN, track="ring"), track=ONE)) == 1


def test_laps_of_another_length_are_refused() -> None:
    lap, longer = drive_by_metre(KNOWN), drive_by_metre(KNOWN, length_m=2200.0)
    for laps, reference in ((longer, lap), ([lap, longer], None)):
        with pytest.raises(IncompatibleLaps):
            corners(laps, reference, track=ONE)
