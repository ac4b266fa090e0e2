"""A lap on a grid of distance: when it was where, its channels by their kind, and what it refuses."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from ps_analytics.analysis.align import grid_lap
from ps_analytics.errors import IncompatibleLaps
from ps_analytics.lap import Lap, LapKind, Trace
from tests.analysis.laps import Outing, changed, drive_evenly, lap_from, values_of, without


def constant_lap(lap_time_s: float = 60.0, *, length_m: float = 3000.0, **options: object) -> Lap:
    time_s = np.arange(0.005, lap_time_s, 1 / 60)
    columns = {
        "timestamp": time_s,
        "normalized_position": time_s / lap_time_s,
        "speed": np.full(len(time_s), 3.6 * length_m / lap_time_s),
    }
    return lap_from(columns, lap_time_s=lap_time_s, **options)  # type: ignore[arg-type]


def test_at_constant_speed_time_grows_with_distance() -> None:
    lap = grid_lap(constant_lap())
    assert lap.method == "position"
    assert lap.length_m == pytest.approx(3000.0, abs=0.01)
    assert lap.time_s == pytest.approx(lap.distance_m / 50.0, abs=1e-4)
    assert (lap.time_s[0], lap.time_s[-1]) == (0.0, 60.0)


def test_the_grid_runs_in_steps_up_to_the_length_itself() -> None:
    lap = grid_lap(drive_evenly(60.0), length_m=3000.5, step_m=2.0)
    assert lap.distance_m[:3].tolist() == [0.0, 2.0, 4.0]
    assert lap.distance_m[-2:].tolist() == [3000.0, 3000.5]
    assert len(lap.time_s) == len(lap.distance_m) == len(lap.channels["speed"])


def test_channels_are_laid_by_their_kind() -> None:
    lap = grid_lap(drive_evenly(60.0, gain=0.0001))
    share = lap.distance_m / lap.length_m
    assert lap.channels["throttle"] == pytest.approx(100 * share, abs=0.05)  # linear
    assert set(lap.channels["gear"]) == {2.0, 3.0, 4.0, 5.0}  # stepped: never in between
    position = lap.channels["normalized_position"]
    assert position[:-1] == pytest.approx(share[:-1], abs=1e-3)
    assert set(lap.channels) == {"lap_time", "normalized_position", "speed", "gear", "throttle"}
    assert all(values.dtype == np.float64 for values in lap.channels.values())


def test_a_channel_of_its_own_rate_keeps_its_detail() -> None:
    lap = drive_evenly(60.0, rate_hz=20.0)
    times = np.arange(0, 60, 1 / 200)
    fast = Trace("damper_pos_fl", "mm", 200.0, lap.start_s, np.sin(2 * np.pi * 4 * times).astype(np.float32))
    gridded = grid_lap(replace(lap, traces={**lap.traces, "damper_pos_fl": fast}))
    expected = np.sin(2 * np.pi * 4 * gridded.time_s)
    known = gridded.time_s < times[-1]
    assert gridded.channels["damper_pos_fl"][known] == pytest.approx(expected[known], abs=0.03)


def test_missing_samples_of_a_channel_are_missing_on_the_grid() -> None:
    lap = drive_evenly(60.0)
    throttle = values_of(lap, "throttle")
    throttle[1200:1260] = np.nan  # one second
    gridded = grid_lap(changed(lap, "throttle", throttle))
    missing = np.isnan(gridded.channels["throttle"])
    assert np.ptp(gridded.time_s[missing]) == pytest.approx(1.0, abs=0.04)
    assert not np.isnan(gridded.channels["speed"]).any()


def test_a_second_without_position_or_speed_is_bridged() -> None:
    lap = drive_evenly(60.0)
    whole = grid_lap(lap).time_s
    for name in ("normalized_position", "speed"):
        values = values_of(lap, name)
        values[1200:1260] = np.nan
        assert grid_lap(changed(lap, name, values)).time_s == pytest.approx(whole, abs=2e-3)


def test_a_gap_is_flagged_and_its_channels_are_missing(outing: Outing) -> None:
    frames = outing.frames()
    truth = outing.dense.truth[1]
    lost = pl.col("timestamp").is_between(truth.start_s + 20, truth.start_s + 21.5)
    lap = grid_lap(outing.laps(frames.filter(~lost))[1])
    assert lap.flags == {"gap_s": pytest.approx(1.5, abs=0.04)}
    hidden = np.isnan(lap.channels["speed"])
    assert lap.time_s[hidden].min() > 19.9
    assert lap.time_s[hidden].max() < 21.6
    assert np.isfinite(lap.time_s).all()


def test_a_lap_that_stands_for_a_while_shows_it_where_it_stood() -> None:
    time_s = np.arange(0.005, 70.0, 1 / 60)
    driven = np.clip(time_s, 0, 30) + np.clip(time_s - 40, 0, 30)  # ten seconds at half way
    speed = np.where((time_s < 30) | (time_s > 40), 180.0, 0.0)
    lap = grid_lap(lap_from({"timestamp": time_s, "normalized_position": driven / 60, "speed": speed}, lap_time_s=70.0))
    assert np.interp([1400, 1600], lap.distance_m, lap.time_s) == pytest.approx([28.0, 42.0], abs=0.05)


def test_held_and_frozen_lap_clocks_are_read_by_the_time_stamps() -> None:
    lap = drive_evenly(60.0)
    expected = grid_lap(lap).time_s
    clock = values_of(lap, "lap_time")
    held = np.floor(clock * 10) / 10
    frozen = np.where(clock < 1.3, 0.0, clock)  # iRacing shows 0 for a while after the line
    elsewhere = clock + 30.0  # never restarted at the line
    for spoiled in (held, frozen, elsewhere):
        assert grid_lap(changed(lap, "lap_time", spoiled)).time_s == pytest.approx(expected, abs=1e-3)


def test_a_paused_game_takes_no_time() -> None:
    lap = drive_evenly(60.0)
    stamp = values_of(lap, "timestamp")
    stamp[1800:] += 3.0  # the stamps go on for three seconds, the lap clock does not
    assert grid_lap(changed(lap, "timestamp", stamp)).time_s == pytest.approx(grid_lap(lap).time_s, abs=1e-3)


def test_time_stamps_that_are_all_equal_leave_the_lap_clock() -> None:
    lap = drive_evenly(60.0)
    stamp = np.full(len(values_of(lap, "timestamp")), lap.start_s)
    assert grid_lap(changed(lap, "timestamp", stamp)).time_s == pytest.approx(grid_lap(lap).time_s, abs=1e-3)


def test_late_packets_doubles_and_position_spikes_change_nothing() -> None:
    lap = drive_evenly(60.0)
    order = np.arange(len(values_of(lap, "speed")))
    order[500], order[501] = 501, 500
    order = np.insert(order, 900, order[900])
    shuffled = replace(lap, traces={n: replace(t, values=t.values[order]) for n, t in lap.traces.items()})
    position = values_of(shuffled, "normalized_position")
    position[1500] = 0.99
    spoiled = changed(shuffled, "normalized_position", position)
    assert grid_lap(spoiled).time_s == pytest.approx(grid_lap(lap).time_s, abs=1e-4)


def test_a_position_made_from_time_is_not_believed(outing: Outing) -> None:
    lap = outing.laps(outing.frames())[0]
    count = len(values_of(lap, "speed"))
    gridded = grid_lap(changed(lap, "normalized_position", (np.arange(count) + 0.5) / count))
    assert gridded.method == "scaled_distance"
    assert gridded.flags == {"position_fake": True}


def test_a_frozen_speed_leaves_the_position_to_go_by(outing: Outing) -> None:
    lap = outing.laps(outing.frames())[0]
    frozen = changed(lap, "speed", np.full(len(values_of(lap, "speed")), 143.2))
    gridded = grid_lap(frozen, length_m=outing.circuit.length_m)
    assert gridded.flags == {"speed_missing": True}
    true = outing.true_time_s(0, gridded.distance_m / gridded.length_m)
    assert np.sqrt(np.mean((gridded.time_s - true) ** 2)) < 0.005
    blind = grid_lap(without(frozen, "normalized_position"))
    assert blind.flags == {"speed_constant": True}


def test_a_lap_whose_time_nobody_knows_lies_where_it_was_driven(outing: Outing) -> None:
    lap = outing.laps(outing.frames())[0]
    half = len(values_of(lap, "speed")) // 2
    second_half = replace(
        lap,
        kind=LapKind.OUT,
        lap_time_s=None,
        traces={name: replace(trace, values=trace.values[half:]) for name, trace in lap.traces.items()},
    )
    gridded = grid_lap(second_half, length_m=outing.circuit.length_m)
    place = float(lap.traces["normalized_position"].values[half]) * outing.circuit.length_m
    driven = np.isfinite(gridded.channels["speed"])
    assert gridded.distance_m[driven][0] == pytest.approx(place, abs=1.5)
    assert driven[-4]
    assert np.isnan(gridded.time_s[0])
    assert gridded.lap_time_s is None
    assert gridded.flags == {"no_lap_time": True}


def test_a_stint_without_laps_is_laid_along_the_distance_driven() -> None:
    lap = without(replace(drive_evenly(60.0), kind=LapKind.PARTIAL, lap_time_s=None), "normalized_position")
    gridded = grid_lap(lap)
    assert gridded.method == "scaled_distance"
    assert gridded.length_m == pytest.approx(3000.0, rel=1e-3)
    assert np.isfinite(gridded.channels["speed"]).all()


def test_the_official_length_counts_where_it_fits_the_length_driven() -> None:
    lap = replace(drive_evenly(60.0), track_length_m=3010.0)
    assert grid_lap(lap).length_m == 3010.0
    assert grid_lap(replace(lap, track_length_m=5000.0)).length_m == pytest.approx(3000.0, abs=0.5)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_fewer_than_three_samples_are_refused(count: int) -> None:
    lap = drive_evenly(60.0)
    short = replace(lap, traces={n: replace(t, values=t.values[:count]) for n, t in lap.traces.items()})
    assert refusal(short) == f"lap 1 has {count} samples."


def test_a_clock_that_runs_backwards_is_refused() -> None:
    lap = without(drive_evenly(60.0), "lap_time")
    assert refusal(changed(lap, "timestamp", values_of(lap, "timestamp")[::-1])) == "the clock of lap 1 runs backwards."
    stamp = values_of(lap, "timestamp")
    stamp[1800:] -= 20.0
    assert refusal(changed(lap, "timestamp", stamp)) == "the clock of lap 1 runs backwards."


def test_a_lap_driven_the_other_way_round_is_refused() -> None:
    lap = drive_evenly(60.0)
    backwards = changed(lap, "normalized_position", values_of(lap, "normalized_position")[::-1])
    assert refusal(backwards) == "lap 1 runs the other way round."


def test_a_lap_that_misses_too_much_is_refused() -> None:
    lap = drive_evenly(60.0)
    half = replace(lap, traces={n: replace(t, values=t.values[:1800]) for n, t in lap.traces.items()})
    assert "s of the telemetry of lap 1 are missing." in refusal(half)


def test_a_time_that_its_samples_contradict_is_refused() -> None:
    assert refusal(replace(drive_evenly(60.0), lap_time_s=61.5)) == (
        "lap 1 took 61.500 s, but its samples go round in 60.000 s."
    )
    flagged = grid_lap(replace(drive_evenly(60.0), lap_time_s=60.2))
    assert flagged.flags == {"open_s": pytest.approx(-0.2, abs=0.002)}
    assert flagged.time_s[-1] == 60.2


def test_a_lap_with_nothing_to_go_by_is_refused() -> None:
    lap = without(drive_evenly(60.0), "speed", "normalized_position")
    assert refusal(lap) == "lap 1 has no speed that changes and no position of a whole lap."
    assert refusal(replace(lap, traces={})) == "lap 1 has a time and no telemetry."
    nothing = {name: replace(t, values=np.full(len(t.values), np.nan)) for name, t in lap.traces.items()}
    assert refusal(replace(lap, traces=nothing)) == "lap 1 has 0 samples."


def refusal(lap: Lap) -> str:
    with pytest.raises(IncompatibleLaps) as caught:
        grid_lap(lap)
    return caught.value.reason
