"""A Lap puts channels of different rates on one clock, by their kind."""

import numpy as np
import polars as pl
import pytest

from ps_analytics.channels.catalog import Kind
from ps_analytics.errors import UnknownChannel
from ps_analytics.lap import Lap, LapKind, Trace, fill


def lap_of(*traces: Trace) -> Lap:
    return Lap(
        lap_id="a", session_id="s", lap_number=1, lap_time_s=1.0, kind=LapKind.TIMED, valid=True, started_us=0,
        ended_us=1_000_000, session_started_us=0, traces={t.name: t for t in traces},
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
