"""Laps over time, against drives whose every place and value is known in closed form."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ps_analytics.channels.catalog import unit_of
from ps_analytics.errors import IncompatibleLaps
from ps_analytics.lap import Lap, LapKind, Trace
from ps_analytics.ui.axes import MOST_POINTS, PLACE, TimeGrid
from ps_analytics.ui.comparison import BAND, DELTA, Grid

HZ, LENGTH_M, SPEED_MS = 50.0, 2000.0, 40.0
START_S = 300.0


def lap_of(channels: dict[str, Any], *, hz: float = HZ, time_s: float | None = 50.0, **facts: Any) -> Lap:
    """A lap of these channels, sampled evenly from its line on."""
    traces = {
        name: Trace(name, unit_of(name), hz, START_S, np.asarray(values, np.float32))
        for name, values in channels.items()
    }
    given = {"kind": LapKind.TIMED, "track": "Ring", "track_length_m": LENGTH_M, "session_started_us": 0, **facts}
    start_us = round(START_S * 1e6)
    return Lap("id", "s", 1, time_s, valid=True, started_us=start_us, ended_us=None, traces=traces, **given)


def drive(*, stands_s: float = 0.0, at_m: float = 1000.0, hz: float = HZ) -> tuple[np.ndarray, dict[str, Any]]:
    """Times, and a lap at constant speed that stands for a while at a place; what the throttle does tells the time."""
    then = at_m / SPEED_MS
    t = np.arange(0.0, LENGTH_M / SPEED_MS + stands_s + 1e-9, 1 / hz)
    moving = t - np.clip(t - then, 0.0, stands_s)
    stands = (t > then) & (t < then + stands_s)
    channels = {
        "speed": np.where(stands, 0.0, SPEED_MS * 3.6 + 0.01 * np.sin(t)),
        "normalized_position": np.minimum(moving * SPEED_MS / LENGTH_M, 1 - 1e-9),
        "throttle": 50 + 40 * np.sin(3 * t),
    }
    return t, channels


def laid_both(lap: Lap, reference: Lap, names: tuple[str, ...] = ("speed", "throttle")) -> tuple[TimeGrid, Any, Any]:
    metres, time = Grid.of(reference), TimeGrid.of(reference, [lap])
    found = [
        time.lay(each, names, laid=metres.lay(each, names), distance_m=metres.distance_m) for each in (lap, reference)
    ]
    return time, *found


def test_a_lap_at_constant_speed_is_where_its_time_says() -> None:
    reference = lap_of(drive()[1])
    time, _, laid = laid_both(reference, reference)
    assert (time.first_s, time.rate_hz) == (0.0, HZ)
    np.testing.assert_allclose(laid.columns[PLACE], SPEED_MS * time.time_s, atol=0.05)
    np.testing.assert_allclose(laid.stamp_s, START_S + time.time_s, atol=1e-6)
    assert not laid.columns[DELTA].any()


def test_every_sample_of_a_standing_car_is_there_as_it_was_recorded() -> None:
    t, channels = drive(stands_s=30.0)
    lap = lap_of(channels, time_s=80.0)
    laid = TimeGrid.of(lap).lay(lap, ["throttle", "speed"])
    np.testing.assert_array_equal(laid.columns["throttle"], channels["throttle"].astype(np.float32))
    assert np.count_nonzero(laid.columns["speed"] == 0) == np.count_nonzero((t > 25) & (t < 55))


def test_while_a_car_stands_it_is_on_one_metre_and_loses_what_it_stands() -> None:
    lap, reference = lap_of(drive(stands_s=30.0)[1], time_s=80.0), lap_of(drive()[1])
    time, laid, _ = laid_both(lap, reference)
    seconds = time.time_s
    stands = (seconds >= 25) & (seconds <= 55)
    np.testing.assert_allclose(laid.columns[PLACE][stands], 1000.0, atol=1.0)
    delta = laid.columns[DELTA]
    np.testing.assert_allclose(delta[seconds < 24.9], 0.0, atol=0.01)
    np.testing.assert_allclose(delta[seconds > 55.1], 30.0, atol=0.01)
    assert delta[-1] == pytest.approx(30.0, abs=1e-3)
    assert len(laid.columns[BAND]) == len(delta)


def test_a_cursor_goes_from_a_place_to_the_references_time_and_back() -> None:
    lap, reference = lap_of(drive(stands_s=30.0)[1], time_s=80.0), lap_of(drive()[1])
    time, _, laid = laid_both(lap, reference)
    place = laid.columns[PLACE]
    known = np.isfinite(place)
    for metres in (0.0, 400.0, 1234.5, 1990.0):
        seconds = np.interp(metres, place[known], time.time_s[known])
        assert seconds == pytest.approx(metres / SPEED_MS, abs=2e-3)
        assert np.interp(seconds, time.time_s[known], place[known]) == pytest.approx(metres, abs=0.1)


def test_a_spike_of_one_sample_keeps_its_height_wherever_the_first_sample_lies() -> None:
    _, channels = drive()
    channels["throttle"][777] = 1000.0
    reference = replace(lap_of(channels), started_us=round((START_S - 0.013) * 1e6))
    laid = TimeGrid.of(reference).lay(reference, ["throttle"])
    assert np.nanmax(laid.columns["throttle"]) == 1000.0


def test_the_longest_lap_has_room_and_the_shorter_one_is_missing_where_it_is_over() -> None:
    lap, reference = lap_of(drive(stands_s=30.0)[1], time_s=80.0), lap_of(drive()[1])
    assert not TimeGrid.of(reference).holds(lap)
    time, _, laid = laid_both(lap, reference)
    assert time.holds(lap)
    assert time.time_s[-1] == pytest.approx(80.0)
    over = time.time_s > 50.01
    assert np.isnan(laid.columns["speed"][over]).all()
    assert np.isfinite(laid.columns["speed"][~over]).all()


def test_laps_of_different_tracks_are_drawn_without_a_place_and_a_delta() -> None:
    reference = lap_of(drive()[1])
    other = lap_of({"speed": 100 + 50 * np.sin(np.arange(3000) / 50)}, time_s=59.9, track="Elsewhere")
    with pytest.raises(IncompatibleLaps):
        Grid.of(reference).lay(replace(other, track_length_m=None), ["speed"])
    laid = TimeGrid.of(reference, [other]).lay(other, ["speed", "throttle"])
    assert set(laid.columns) == {"speed"}
    assert laid.closure is None


def test_a_lap_that_nobody_can_place_is_drawn_by_its_time() -> None:
    rpm = 5000 + np.arange(500.0)
    lap = lap_of({"rpm": rpm}, time_s=None, kind=LapKind.PARTIAL, track=None, track_length_m=None)
    with pytest.raises(IncompatibleLaps):
        Grid.of(lap)
    time = TimeGrid.of(lap)
    np.testing.assert_array_equal(time.lay(lap, ["rpm"]).columns["rpm"], rpm.astype(np.float32))


@pytest.mark.parametrize(("hz", "shown"), [(10.0, 10.0), (60.0, 60.0), (100.0, 100.0), (200.0, 100.0), (360.0, 90.0)])
def test_the_rate_is_the_references_and_no_more_than_100_hz(hz, shown) -> None:
    _, channels = drive(hz=hz)
    reference = lap_of(channels, hz=hz)
    time = TimeGrid.of(reference)
    assert time.rate_hz == pytest.approx(shown)
    every = round(hz / shown)
    expected = channels["throttle"][::every].astype(np.float32)
    found = time.lay(reference, ["throttle"]).columns["throttle"]
    np.testing.assert_array_equal(found, expected[: len(found)])


def test_stamps_rounded_to_a_microsecond_do_not_drift_from_their_rate() -> None:
    t, channels = drive(hz=60.0)
    channels["throttle"][::7] = 1000.0
    clock = Trace("timestamp", "s", 60.0, START_S, np.round(START_S + t, 6))
    reference = lap_of(channels, hz=60.0)
    reference = replace(reference, traces={"timestamp": clock, **reference.traces})
    found = TimeGrid.of(reference).lay(reference, ["throttle"]).columns["throttle"]
    np.testing.assert_array_equal(found, channels["throttle"].astype(np.float32))


def test_channels_of_other_rates_and_kinds_are_filled_as_their_kind_is() -> None:
    lap = lap_of(drive()[1])
    others = {
        "gear": Trace("gear", None, 5.0, START_S, np.repeat([2.0, 3.0], 126).astype(np.float32)),
        "oil_temp": Trace("oil_temp", "C", 1.0, START_S, np.arange(80.0, 131.0, dtype=np.float32)),
        "heading": Trace("heading", "deg", HZ, START_S, np.mod(350 + 8 * np.arange(2501) / HZ, 360).astype(np.float32)),
    }
    lap = replace(lap, traces={**lap.traces, **others})
    time = TimeGrid.of(lap)
    columns, t = time.lay(lap, list(others)).columns, time.time_s
    assert set(np.unique(columns["gear"])) == {2.0, 3.0}
    np.testing.assert_allclose(columns["oil_temp"], 80 + t, atol=1e-4)
    np.testing.assert_allclose(columns["heading"], np.mod(350 + 8 * t, 360), atol=1e-3)


def test_a_point_on_the_last_sample_before_a_hole_has_it() -> None:
    _, channels = drive()
    channels["throttle"][500:600] = np.nan
    lap = lap_of(channels)
    found = TimeGrid.of(lap).lay(lap, ["throttle"]).columns["throttle"]
    np.testing.assert_array_equal(np.isnan(found), np.isnan(channels["throttle"]))


def with_a_hole(start_s: float, end_s: float) -> Lap:
    """A lap whose source said nothing between two moments."""
    t, channels = drive()
    kept = (t <= start_s) | (t >= end_s)
    lap = lap_of({name: values[kept] for name, values in channels.items()})
    clock = Trace("timestamp", "s", HZ, START_S, START_S + t[kept])
    return replace(lap, traces={"timestamp": clock, **lap.traces})


def test_a_gap_is_no_line_on_either_axis_and_both_say_where_it_is() -> None:
    lap = with_a_hole(20.0, 20.3)
    metres = Grid.of(lap)
    laid = metres.lay(lap, ["throttle"])
    ((start_m, end_m),) = laid.gaps
    assert (start_m, end_m) == pytest.approx((800.0, 812.0), abs=0.1)
    inside = (metres.distance_m > 800.1) & (metres.distance_m < 811.9)
    np.testing.assert_array_equal(np.isnan(laid.columns["throttle"]), inside)
    time = TimeGrid.of(lap)
    timed = time.lay(lap, ["throttle"], laid=laid, distance_m=metres.distance_m)
    assert timed.gaps == (pytest.approx((20.0, 20.3), abs=1e-6),)
    inside = (time.time_s > 20.001) & (time.time_s < 20.299)
    np.testing.assert_array_equal(np.isnan(timed.columns["throttle"]), inside)


def test_two_samples_lost_are_a_gap_of_three_periods_and_no_gap() -> None:
    assert Grid.of(with_a_hole(20.0, 20.06)).lay(with_a_hole(20.0, 20.06), ["speed"]).gaps == ()


def test_a_dropout_of_minutes_takes_its_minutes() -> None:
    t = np.concatenate([np.arange(0.0, 10.0, 0.1), np.arange(130.0, 140.0, 0.1)])
    clock = Trace("timestamp", "s", 10.0, START_S, START_S + t)
    lap = lap_of({"rpm": 100 * t}, hz=10.0, time_s=None, kind=LapKind.PARTIAL)
    lap = replace(lap, traces={"timestamp": clock, **lap.traces})
    time = TimeGrid.of(lap)
    laid = time.lay(lap, ["rpm"])
    known = np.isfinite(laid.columns["rpm"])
    np.testing.assert_allclose(laid.columns["rpm"][known], 100 * time.time_s[known], atol=0.5)
    assert laid.gaps == (pytest.approx((9.9, 130.0)),)


def test_a_lap_of_days_is_drawn_with_fewer_points() -> None:
    t = np.concatenate([np.arange(0.0, 10.0, 0.01), [200_000.0]])
    clock = Trace("timestamp", "s", 100.0, START_S, START_S + t)
    lap = lap_of({"rpm": t}, hz=100.0, time_s=None, kind=LapKind.PARTIAL)
    lap = replace(lap, traces={"timestamp": clock, **lap.traces})
    assert TimeGrid.of(lap).points <= MOST_POINTS + 1


@pytest.mark.parametrize(("samples", "drawn"), [(2, False), (3, True)])
def test_a_lap_of_three_samples_is_drawn_and_one_of_two_is_refused(samples, drawn) -> None:
    lap = lap_of({"rpm": np.arange(float(samples))}, hz=1.0, time_s=None, kind=LapKind.PARTIAL)
    if drawn:
        assert TimeGrid.of(lap).lay(lap, ["rpm"]).columns["rpm"].tolist() == [0.0, 1.0, 2.0]
        return
    with pytest.raises(IncompatibleLaps, match="has 2 samples"):
        TimeGrid.of(lap)


def test_a_lap_of_times_only_is_refused() -> None:
    with pytest.raises(IncompatibleLaps, match="no telemetry"):
        TimeGrid.of(lap_of({}))
