"""A Lap puts channels of different rates on one clock, by their kind."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from ps_analytics.channels.catalog import Kind
from ps_analytics.errors import FormulaError, UnknownChannel
from ps_analytics.lap import Lap, LapKind, LapSection, SectionKind, Trace, fill


def lap_of(*traces: Trace, kind: LapKind = LapKind.TIMED, track_length_m: float | None = None) -> Lap:
    return Lap(
        lap_id="a", session_id="s", lap_number=1, lap_time_s=1.0, kind=kind, valid=True, started_us=0,
        ended_us=1_000_000, session_started_us=0, traces={t.name: t for t in traces}, track_length_m=track_length_m,
    )  # fmt: skip


def trace(name: str, rate_hz: float, values: list[float], *, start_s: float = 0.0) -> Trace:
    return Trace(name, None, rate_hz, start_s, np.array(values, dtype=np.float32))


def test_frames_have_the_rate_of_speed() -> None:
    lap = lap_of(trace("rpm", 4.0, [0, 100, 200, 300, 400]), trace("speed", 2.0, [10, 20, 30]))
    assert lap.frames["timestamp"].to_list() == [0.0, 0.5, 1.0]
    assert lap.frames["rpm"].to_list() == [0.0, 200.0, 400.0]


def test_a_stepped_channel_holds_and_a_linear_one_is_interpolated() -> None:
    lap = lap_of(trace("speed", 4.0, [0, 0, 0, 0, 0]), trace("gear", 2.0, [2, 3, 4]), trace("fuel", 2.0, [2, 3, 4]))
    assert lap.frames["gear"].to_list() == [2.0, 2.0, 3.0, 3.0, 4.0]
    assert lap.frames["fuel"].to_list() == [2.0, 2.5, 3.0, 3.5, 4.0]


def test_a_position_is_interpolated_across_the_line() -> None:
    filled = fill(np.array([0.0, 1.0]), np.array([0.9, 0.1]), np.array([0.25, 0.75]), kind=Kind.WRAP)
    assert filled == pytest.approx([0.95, 0.05])


def test_missing_samples_are_null() -> None:
    lap = lap_of(trace("speed", 1.0, [1.0, float("nan"), 3.0]))
    assert lap.channel("speed")["speed"].to_list() == [1.0, None, 3.0]
    assert lap.frames["speed"].null_count() == 1


def test_a_channel_as_recorded_keeps_its_own_clock() -> None:
    lap = lap_of(trace("speed", 1.0, [1, 2]), trace("oil_temp", 2.0, [90, 91, 92], start_s=0.25))
    assert lap.channel("oil_temp").equals(
        pl.DataFrame({"timestamp": [0.25, 0.75, 1.25], "oil_temp": pl.Series([90, 91, 92], dtype=pl.Float32)})
    )


def test_an_absent_channel_is_named_with_its_nearest() -> None:
    with pytest.raises(UnknownChannel, match="Did you mean 'speed'"):
        lap_of(trace("speed", 1.0, [1])).channel("sped")


def test_a_lap_of_times_only_has_no_rows() -> None:
    assert lap_of().frames.is_empty()


def test_every_frame_has_our_lap_number() -> None:
    lap = lap_of(trace("speed", 2.0, [1, 2]), trace("lap_number", 2.0, [7, 7]))
    assert lap.frames["lap_number"].to_list() == [1, 1]


def test_the_distance_of_the_source_is_kept() -> None:
    lap = lap_of(trace("speed", 1.0, [36, 36]), trace("distance", 1.0, [3, 5]), track_length_m=1000.0)
    assert lap.frames["distance"].to_list() == [3.0, 5.0]


def test_without_it_the_position_on_a_known_track_is_the_distance() -> None:
    position = trace("normalized_position", 1.0, [0.99, float("nan"), 0.21, 0.6, 0.99, 0.01])
    lap = lap_of(trace("speed", 1.0, [36] * 6), position, track_length_m=1000.0)
    assert lap.frames["distance"].to_list() == pytest.approx([-10, 100, 210, 600, 990, 1010], abs=1e-3)
    out = lap_of(trace("normalized_position", 1.0, [0.9, 0.95, 0.99]), kind=LapKind.OUT, track_length_m=1000.0)
    assert out.frames["distance"].to_list() == pytest.approx([900, 950, 990], abs=1e-3)


def test_without_either_the_speed_is_summed_up_from_the_line_on() -> None:
    speed = trace("speed", 2.0, [36, 36, float("nan"), 108], start_s=0.2)
    assert lap_of(speed).frames["distance"].to_list() == pytest.approx([2, 7, 14.5, 27])
    assert lap_of(speed, kind=LapKind.OUT).frames["distance"].to_list() == pytest.approx([0, 5, 12.5, 25])
    assert lap_of(speed).channel("distance")["distance"].to_list() == pytest.approx([2, 7, 14.5, 27])


def test_a_pause_takes_no_distance() -> None:
    clock = Trace("timestamp", "s", 1.0, 0.0, np.array([0.0, 1.0, 601.0]))
    frames = lap_of(clock, trace("speed", 1.0, [36, 36, 36]), kind=LapKind.OUT).frames
    assert frames["distance"].to_list() == pytest.approx([0, 10, 60])


def test_a_distance_nothing_tells_of_is_absent() -> None:
    assert "distance" not in lap_of(trace("gear", 1.0, [1, 2])).frames
    assert "distance" not in lap_of(trace("speed", 1.0, [float("nan")] * 2)).frames
    with pytest.raises(UnknownChannel, match="no channel 'distance'"):
        lap_of(trace("gear", 1.0, [1, 2])).channel("distance")


def test_a_column_has_one_type_in_every_lap() -> None:
    fast = lap_of(trace("speed", 4.0, [1, 2, 3, 4]), Trace("lap_time", "s", 2.0, 0.0, np.array([1.5, 2.5])),
                  Trace("gear", None, 4.0, 0.0, np.array([1, 2, 3, 4], np.int32)))  # fmt: skip
    slow = lap_of(Trace("speed", "km/h", 2.0, 0.0, np.array([1.0, 2.0])), trace("lap_time", 2.0, [1, 2]),
                  trace("gear", 1.0, [3, 4]))  # fmt: skip
    assert fast.frames.schema == slow.frames.schema
    assert fast.frames["lap_time"].dtype == pl.Float64


def test_some_channels_keep_the_clock() -> None:
    clock = Trace("timestamp", "s", 1.0, 0.0, np.array([0.0, 1.5]))
    lap = lap_of(clock, trace("speed", 1.0, [1, 2]), trace("gear", 1.0, [1, 2])).select("gear")
    assert lap.channels == ["timestamp", "gear"]
    assert lap.frames["timestamp"].to_list() == [0.0, 1.5]


def test_a_missing_sample_of_a_channel_that_wraps_is_missing_alone() -> None:
    times, position = np.arange(6.0), np.array([0.7, 0.8, np.nan, 0.0, 0.1, 0.2])
    found = fill(times, position, np.array([0.5, 2.0, 4.5]), kind=Kind.WRAP)
    assert found == pytest.approx([0.75, np.nan, 0.15], nan_ok=True)


def test_a_frame_lies_in_a_section_from_its_start_to_before_its_end() -> None:
    corner = LapSection(SectionKind.CORNER, 4, "Hairpin", 10.0, 20.0, 250_000, 750_000)
    line = LapSection(SectionKind.STRAIGHT, 2, None, 90.0, 5.0, 750_000, 250_000)
    lap = replace(lap_of(trace("speed", 4.0, [1, 2, 3, 4, 5])), sections=(corner, line))
    assert lap.frames["corner_id"].to_list() == [None, 4, 4, None, None]
    assert lap.frames["straight_id"].to_list() == [2, None, None, 2, 2]
    assert lap.frames["sector_id"].to_list() == [None] * 5
    assert lap.frames.schema["corner_id"] == pl.Int32
    assert lap.channels == ["speed"]


def test_a_lap_that_is_only_its_clock_keeps_the_times_of_its_frames() -> None:
    lap = lap_of(trace("gear", 1.0, [1, 2]), trace("speed", 2.0, [10, 20, 30], start_s=0.25))
    assert lap.clocked().frames.rows() == [(0.25, 1), (0.75, 1), (1.25, 1)]


def test_math_channels_stand_beside_the_recorded_ones_on_the_lap_s_clock() -> None:
    speed = Trace("speed", "km/h", 10.0, 0.0, np.array([0.0, 36.0, 72.0, np.nan]))
    odd = Trace("boost_pressure", "psi", 10.0, 0.0, np.array([1.0, 1.0, 1.0, 1.0]))
    gear = Trace("gear", None, 5.0, 0.0, np.array([1, 2], dtype=np.int32))
    lap = lap_of(speed, gear, odd)
    made = lap.with_math({"v": "speed[m/s]", "Fast": "speed > 40", "b": "boost_pressure[bar]", "g": "gear * 2"})
    assert made.channels == ["speed", "gear", "boost_pressure", "v", "Fast", "b", "g"]
    assert made.frames["v"].to_list() == pytest.approx([0.0, 10.0, 20.0, None])
    assert made.frames["Fast"].to_list() == [False, False, True, None]
    assert made.frames["b"].to_list() == pytest.approx([0.0689475729] * 4)
    assert made.frames["g"].to_list() == [2.0, 2.0, 4.0, 4.0]  # the gear is held between its samples
    assert made.traces["v"].unit == "m/s"
    assert made.channel("v")["timestamp"].to_list() == pytest.approx([0.0, 0.1, 0.2, 0.3])
    assert made.with_math({"w": "v * 2"}).frames["w"].to_list() == pytest.approx([0.0, 20.0, 40.0, None])


def test_a_formula_that_cannot_be_used_leaves_the_lap_as_it_was() -> None:
    with pytest.raises(FormulaError) as error:
        lap_of(trace("speed", 1.0, [1])).with_math({"x": "sped * 2"})
    assert (error.value.code, error.value.position, error.value.end) == ("E-UNKNOWN-CHANNEL", 0, 4)
