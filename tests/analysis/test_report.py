"""The channel report against closed forms and hand-worked laps."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from ps_analytics.analysis.dwell import dwell
from ps_analytics.analysis.report import REPORT, report
from ps_analytics.channels.catalog import Kind
from ps_analytics.errors import IncompatibleLaps, UnknownChannel
from ps_analytics.lap import Lap, LapKind, LapSection, SectionKind, Trace
from tests.analysis.laps import drive_evenly


def lap_of(*traces: Trace, lap_time_s: float | None = 4.0, **facts: Any) -> Lap:
    given = {"lap_id": "a", "session_id": "s", "lap_number": 1, "kind": LapKind.TIMED, "valid": True}
    given |= {"started_us": 0, "ended_us": None, "session_started_us": 0, "lap_time_s": lap_time_s}
    return Lap(**{**given, **facts}, traces={trace.name: trace for trace in traces})


def trace(
    name: str, values: Sequence[float], *, unit: str | None = None, rate_hz: float = 1.0, start_s: float = 0.5
) -> Trace:
    return Trace(name, unit, rate_hz, start_s, np.array(values))


def row(frame: pl.DataFrame, **wanted: object) -> dict[str, Any]:
    [found] = frame.filter(**wanted).to_dicts()
    return found


def test_a_speed_that_grows_evenly_has_the_mean_and_spread_of_a_uniform_distribution() -> None:
    # Speed is uniform over time on mean · (1 ± 0.3): its standard deviation is its width / √12.
    lap = drive_evenly(60.0, length_m=3000.0, gain=0.3)
    found = row(report(lap, ["speed"]))
    mean = 3.6 * 3000 / 60
    assert found["mean"] == pytest.approx(mean, rel=1e-4)
    assert found["std"] == pytest.approx(0.6 * mean / math.sqrt(12), rel=1e-3)
    assert (found["min"], found["max"]) == pytest.approx((0.7 * mean, 1.3 * mean), rel=1e-3)
    assert (found["start"], found["end"]) == (found["min"], found["max"])
    assert (found["min_at_m"], found["max_at_m"]) == pytest.approx((0, 3000), abs=2)
    assert (found["section"], found["unit"], found["samples"]) == ("lap", "km/h", 3600)


def test_even_samples_have_the_plain_mean_and_standard_deviation() -> None:
    # 2, 4, 4, 6: mean 4, squares of the differences 4 + 0 + 0 + 4 over four.
    found = row(report(lap_of(trace("throttle", [2, 4, 4, 6])), ["throttle"]))
    assert (found["mean"], found["std"]) == (4.0, pytest.approx(math.sqrt(2)))


def test_uneven_samples_weigh_what_they_last() -> None:
    # Samples at 0, 1, 2, 3, 5 s stand for 1, 1, 1, 1.5 and 1.5 s, of which the lap has all but the first half second.
    clock = trace("timestamp", [0, 1, 2, 3, 5])
    lap = lap_of(clock, trace("speed", [10, 20, 30, 40, 50]), lap_time_s=6.0)
    assert row(report(lap, ["speed"]))["mean"] == pytest.approx((5 + 20 + 30 + 60 + 75) / 5.5)


def test_a_long_gap_counts_for_nobody() -> None:
    values = [1.0] * 10 + [math.nan] * 80 + [3.0] * 10
    lap = lap_of(trace("brake", values), lap_time_s=100.0)
    found = row(report(lap, ["brake"]))
    assert (found["mean"], found["samples"]) == (2.0, 20)


def test_each_channel_goes_by_its_own_rate() -> None:
    fast = trace("damper_pos_fl", [0, 1] * 200, unit="mm", rate_hz=100, start_s=0.005)
    lap = lap_of(fast, trace("oil_temp", [90, 92], unit="C", rate_hz=0.5, start_s=1.0))
    found = report(lap, ["damper_pos_fl", "oil_temp"])
    assert found["mean"].to_list() == [0.5, 91.0]
    assert found["samples"].to_list() == [400, 2]
    assert found["unit"].to_list() == ["mm", "C"]


def test_a_gear_holds_until_the_next_and_a_condition_is_a_share_of_the_time() -> None:
    gear, tc = trace("gear", [2, 2, 3, 5], start_s=0.0), trace("tc_active", [0, 1, 1, 1], unit="bool", start_s=0.0)
    found = report(lap_of(gear, tc), ["gear", "tc_active"])
    assert found["mean"].to_list() == [3.0, 0.75]


def test_a_heading_has_no_mean() -> None:
    found = row(report(lap_of(trace("heading", [350, 355, 5, 10], unit="deg")), ["heading"]))
    assert (found["min"], found["max"], found["mean"], found["std"]) == (5.0, 355.0, None, None)


def test_a_corner_is_as_the_lap_was_cut() -> None:
    corner = LapSection(SectionKind.CORNER, 1, "Hairpin", 10, 20, 1_000_000, 3_000_000)
    through = LapSection(SectionKind.CORNER, 2, None, 30, 5, 3_000_000, 1_000_000)
    lap = lap_of(trace("speed", [10, 20, 40, 80]), sections=(corner, through))
    found = report(lap, ["speed"], sections=SectionKind.CORNER)
    assert found["section"].to_list() == ["Hairpin", "corner 2"]
    assert found["mean"].to_list() == [30.0, 45.0]
    assert found["samples"].to_list() == [2, 2]
    # What runs through the line begins at the lap's end.
    assert found["start"].to_list() == [20.0, 80.0]
    assert found["end"].to_list() == [40.0, 10.0]


def test_places_are_on_the_laps_own_metres_or_on_a_references() -> None:
    # Place at time t is L q (0.7 + 0.3 q): at constant acceleration the mean speed of a stretch is that of its ends.
    lap = drive_evenly(60.0, length_m=3000.0, gain=0.3)
    spans = [("T1", 600.0, 900.0), ("T2", 2900.0, 100.0)]
    found = report(lap, ["speed"], sections=spans)
    ends = [speed_at(place) for place in (600.0, 900.0)]
    first = row(found, section="T1")
    assert first["mean"] == pytest.approx(sum(ends) / 2, rel=1e-4)
    assert (first["min"], first["max"]) == pytest.approx(ends, rel=2e-3)
    assert (first["min_at_m"], first["max_at_m"]) == pytest.approx((600, 900), abs=1)
    second = row(found, section="T2")
    assert (second["min"], second["max"]) == pytest.approx((speed_at(0), speed_at(3000)), rel=2e-3)
    slower = drive_evenly(66.0, length_m=3000.0, gain=0.3, lap_number=2)
    compared = report([lap, slower], ["speed"], sections=spans, reference=lap)
    assert row(compared, lap_id="lap-2", section="T1")["mean"] == pytest.approx(sum(ends) / 2 / 1.1, rel=1e-3)


def speed_at(place_m: float) -> float:
    """km/h at a place of the even drive: v² = v₀² + 2 a s."""
    mean = 3000 / 60
    start = 0.7 * mean
    return 3.6 * math.sqrt(start**2 + 2 * (0.6 * mean / 60) * place_m)


def test_a_channel_slower_than_a_section_shows_the_sample_that_stands_for_it() -> None:
    lap = lap_of(trace("oil_temp", [90, 100, 110, 120]), sections=(_short(),))
    found = row(report(lap, ["oil_temp"], sections=SectionKind.CORNER))
    assert (found["min"], found["max"], found["mean"], found["samples"]) == (100.0, 100.0, 100.0, 1)


def _short() -> LapSection:
    return LapSection(SectionKind.CORNER, 1, "T1", 1, 2, 1_100_000, 1_300_000)


def test_a_lap_without_a_channel_has_a_row_of_nulls() -> None:
    laps = [lap_of(trace("speed", [1, 2, 3, 4])), lap_of(trace("brake", [1, 2, 3, 4]), lap_id="b")]
    found = row(report(laps, ["speed"]), lap_id="b")
    assert found["samples"] == 0
    assert {found[name] for name, kind in REPORT.items() if kind == pl.Float64} == {None}
    with pytest.raises(UnknownChannel, match="Did you mean 'speed'"):
        report(laps, ["sped"])


def test_what_is_missing_altogether_has_no_numbers() -> None:
    found = row(report(lap_of(trace("speed", [math.nan] * 4)), ["speed"]))
    assert (found["samples"], found["mean"], found["min"]) == (0, None, None)


def test_three_samples_are_enough_for_a_lap_and_too_few_for_places() -> None:
    lap = lap_of(trace("speed", [7, 7, 7], unit="km/h"), lap_time_s=3.0)
    found = row(report(lap, ["speed"]))
    assert (found["mean"], found["std"], found["min"]) == (7.0, 0.0, 7.0)
    alone = replace(lap, traces={"rpm": trace("rpm", [5000.0])})
    assert row(report(alone, ["rpm"]))["mean"] == 5000.0
    assert row(report(alone, ["rpm"]))["min_at_m"] is None
    with pytest.raises(IncompatibleLaps, match="lap 1 has 1 samples"):
        report(alone, ["rpm"], sections=[("T1", 1.0, 2.0)])


def test_an_unfinished_lap_reports_all_it_has_and_nothing_of_where_it_never_was() -> None:
    lap = drive_evenly(60.0)
    half = {n: replace(t, values=t.values[:1800]) for n, t in lap.traces.items()}
    partial = replace(lap, lap_time_s=None, ended_us=None, traces=half)
    assert row(report(partial, ["throttle"]))["samples"] == 1800
    found = report(partial, ["throttle"], sections=[("T1", 300.0, 400.0), ("T9", 2500.0, 2700.0)], reference=lap)
    assert row(found, section="T1")["samples"] > 100
    assert row(found, section="T9")["samples"] == 0


def test_a_lap_of_times_only_says_nothing() -> None:
    laps = [lap_of(trace("speed", [1, 2, 3, 4])), lap_of(lap_id="b")]
    assert row(report(laps, ["speed"]), lap_id="b")["samples"] == 0


def test_times_that_are_not_in_order_are_put_in_order() -> None:
    found = dwell(np.array([2.0, 0.0, 1.0]), np.array([30.0, 10.0, 20.0]), kind=Kind.STEP)
    assert found.value.tolist() == [10.0, 20.0, 30.0]
    assert found.seconds().tolist() == [1.0, 1.0, 1.0]
