"""What differs from lap to lap is measured as it was put in, and what does not count decides nothing."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy import stats

from ps_analytics.analysis.consistency import Consistency, consistency
from ps_analytics.analysis.robust import mad, robust_z, trend
from ps_analytics.errors import IncompatibleLaps
from ps_analytics.lap import Lap, LapKind, Trace
from ps_analytics.simulate.car import GT
from ps_analytics.simulate.circuit import generate
from ps_analytics.simulate.driver import Driver
from ps_analytics.simulate.route import LapPlan
from ps_analytics.simulate.session import SimulatedSession, simulate
from tests.analysis.by_metre import dips, drive_by_metre, profile, track_with
from tests.analysis.laps import drive_evenly, lap_from, without

TRACK = track_with((450.0, 500.0, 560.0), (1150.0, 1200.0, 1280.0))


def timed(*times_s: float, **changes: object) -> list[Lap]:
    """Laps of times only."""
    laps = (drive_evenly(60.0, lap_number=n) for n in range(1, len(times_s) + 1))
    return [
        replace(lap, lap_time_s=time_s, traces={}, **changes)  # type: ignore[arg-type]
        for lap, time_s in zip(laps, times_s, strict=True)
    ]


def row(found: Consistency, number: int) -> dict[str, object]:
    return found.laps.row(by_predicate=pl.col("lap_number") == number, named=True)


def test_the_spread_is_that_of_the_laps_that_count() -> None:
    times = (61.0, 60.4, 60.9, 60.2, 60.6)
    laps = timed(*times)
    out, cut, pit = timed(95.0, 50.0, 120.0)
    junk = [
        replace(out, kind=LapKind.OUT, lap_number=0, lap_id="out"),
        replace(cut, valid=False, valid_reason="cut", lap_number=6, lap_id="cut"),
        replace(pit, kind=LapKind.IN, lap_time_s=None, lap_number=7, lap_id="in"),
    ]
    spread = consistency([*laps, *junk]).lap_time_s
    assert spread.n == 5
    assert spread.mean_s == pytest.approx(np.mean(times))
    assert spread.median_s == 60.6
    assert spread.best_s == 60.2
    assert spread.sd_s == pytest.approx(stats.tstd(times))
    assert spread.mad_s == pytest.approx(stats.median_abs_deviation(times, scale="normal"))


def test_every_lap_is_told_with_the_reason_why_it_does_not_count() -> None:
    laps = timed(60.1, 60.3, 60.2, 60.4, 60.2)
    laps[1] = replace(laps[1], valid=False, valid_reason="cut")
    laps[3] = replace(laps[3], kind=LapKind.IN)
    found = consistency(laps)
    assert found.laps["reason"].to_list() == [None, "not valid: cut", None, "an in lap", None]
    assert found.laps["counted"].to_list() == [True, False, True, False, True]
    assert found.laps["stint"].to_list() == [1, 1, 1, 1, 2]
    assert found.flags["few_laps"] == 3


def test_a_lap_that_stands_out_is_found_and_left_out() -> None:
    usual = (60.1, 60.3, 60.2, 60.4, 60.2, 60.3, 60.1)
    found = consistency(timed(*usual, 63.5))
    assert found.laps["outlier"].to_list() == [False] * 7 + [True]
    assert str(row(found, 8)["reason"]).endswith("s slower than usual")
    assert found.lap_time_s.n == 7
    assert found.lap_time_s.mean_s == pytest.approx(np.mean(usual))
    quick = row(consistency(timed(*usual, 55.0)), 8)
    assert quick["outlier"] is True
    assert str(quick["reason"]).endswith("s faster than usual")


def test_laps_alike_to_the_thousandth_have_no_outlier() -> None:
    found = consistency(timed(60.000, 60.001, 60.000, 60.001, 60.000, 60.050))
    assert not found.laps["outlier"].any()


def test_worn_tyres_are_a_trend_and_no_outlier() -> None:
    wear, noise = 0.25, np.random.default_rng(5).normal(0.0, 0.05, 20)
    times = 60.0 + wear * np.arange(20) + noise
    found = consistency(timed(*times))
    assert not found.laps["outlier"].any()
    slope = found.trends.row(by_predicate=pl.col("channel") == "lap_time", named=True)
    assert slope["low"] <= wear <= slope["high"]
    assert slope["high"] - slope["low"] < 0.03
    assert slope["per_lap"] == pytest.approx(wear, abs=0.01)
    assert (slope["unit"], slope["laps"], slope["stint"]) == ("s", 20, 1)
    times[13] += 2.0
    again = consistency(timed(*times))
    assert again.laps.filter("outlier")["lap_number"].to_list() == [14]
    assert again.trends["per_lap"][0] == pytest.approx(wear, abs=0.01)


def test_the_interval_of_a_trend_holds_the_true_slope_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(11)
    x = np.arange(12.0)
    held = [
        found.low <= 0.1 <= found.high for found in (trend(x, 0.1 * x + rng.normal(0, 0.2, 12)) for _ in range(400))
    ]
    assert 0.92 <= np.mean(held) <= 0.98


def test_each_stint_has_its_own_trend() -> None:
    fresh, worn = 60.0 + 0.1 * np.arange(6), 60.0 + 0.3 * np.arange(6)
    laps = timed(*fresh, 90.0, 95.0, *worn)
    laps[6], laps[7] = replace(laps[6], kind=LapKind.IN), replace(laps[7], kind=LapKind.OUT)
    found = consistency(laps)
    assert found.laps["stint"].to_list() == [1] * 7 + [2] * 7
    assert found.trends["per_lap"].to_list() == pytest.approx([0.1, 0.3])
    assert found.spread["stint"].to_list() == [None, 1, 2]
    assert found.spread["laps"].to_list() == [12, 6, 6]
    assert found.spread["best_s"].to_list() == pytest.approx([60.0, 60.0, 60.0])
    assert found.spread["sd_s"][1:].to_list() == pytest.approx([stats.tstd(fresh), stats.tstd(worn)])


def test_laps_of_the_pits_that_were_not_given_part_stints_too() -> None:
    laps = timed(*(60.0 + 0.1 * n for n in range(10)))
    assert consistency(laps[:4] + laps[6:]).laps["stint"].to_list() == [1] * 4 + [2] * 4
    assert consistency(laps[:4] + laps[5:]).laps["stint"].to_list() == [1] * 9


def test_sessions_do_not_mix() -> None:
    morning = timed(60.0, 60.1, 60.2, 60.3)
    evening = [replace(lap, session_id="evening", lap_id=f"e{lap.lap_number}") for lap in timed(61.0, 61.2, 61.4, 61.6)]
    found = consistency([*evening, *morning])
    assert found.laps["session_id"].to_list() == ["evening"] * 4 + ["session"] * 4
    assert found.trends["per_lap"].to_list() == pytest.approx([0.2, 0.1])
    assert found.trends["session_id"].to_list() == ["evening", "session"]


def with_means(laps: list[Lap], **channels: list[float]) -> list[Lap]:
    """Laps with channels whose mean over each lap is this."""
    found = []
    for place, lap in enumerate(laps):
        own = {
            name: Trace(name, None, 1.0, 0.0, np.array([values[place] - 1, values[place] + 1, np.nan]))
            for name, values in channels.items()
        }
        found.append(replace(lap, traces={**lap.traces, **own}))
    return found


def test_tyres_and_fuel_have_trends_beside_the_lap_time() -> None:
    wear, temp, fuel = [2.0, 4.0, 6.0, 8.0, 10.0], [80.0, 83.0, 86.0, 89.0, 92.0], [30.0, 28.5, 27.0, 25.5, 24.0]
    laps = with_means(timed(60.0, 60.1, 60.2, 60.3, 60.4), tyre_wear_fl=wear, tyre_temp_rr=temp, fuel=fuel)
    trends = consistency(laps).trends
    assert trends["channel"].to_list() == ["lap_time", "tyre_wear_fl", "tyre_temp_rr", "fuel"]
    assert trends["unit"].to_list() == ["s", "%", "C", "l"]
    assert trends["per_lap"].to_list() == pytest.approx([0.1, 2.0, 3.0, -1.5])
    assert trends["low"].to_list() == pytest.approx(trends["high"].to_list())


OFF_M = (-6.0, 3.0, 0.0, 9.0, -1.0, 2.0)
OFF_KMH = (0.0, -4.0, 2.0, 1.0, -2.0, 3.0)


def corner_laps() -> list[Lap]:
    """Laps that brake elsewhere for the first corner, and are of another speed in the second."""
    return [
        drive_by_metre(
            {
                "speed": dips(200.0, (500.0, 80.0, 250.0), (1200.0, 100.0 + kmh, 250.0)),
                "brake": profile((300 + off, 0.0), (301 + off, 80.0), (480, 80.0), (490, 0.0)),
                "throttle": profile((295 + off, 100.0), (300 + off, 0.0), (520 + off, 0.0), (530 + off, 100.0)),
            },
            lap_number=number,
        )
        for number, (off, kmh) in enumerate(zip(OFF_M, OFF_KMH, strict=True), 1)
    ]


def test_corners_are_as_unlike_as_they_were_driven() -> None:
    found = consistency(corner_laps(), track=TRACK)
    assert found.corners["unit"].to_list() == ["T2", "T1"]
    second, first = found.corners.rows(named=True)
    assert first["laps"] == 6
    assert first["brake_sd_m"] == pytest.approx(stats.tstd(OFF_M), abs=0.3)
    assert first["brake_mad_m"] == pytest.approx(stats.median_abs_deviation(OFF_M, scale="normal"), abs=0.5)
    assert first["full_sd_m"] == pytest.approx(stats.tstd(OFF_M), abs=0.3)
    assert first["min_sd_kmh"] == pytest.approx(0.0, abs=0.1)
    assert second["min_sd_kmh"] == pytest.approx(stats.tstd(OFF_KMH), abs=0.15)
    assert second["min_mad_kmh"] == pytest.approx(stats.median_abs_deviation(OFF_KMH, scale="normal"), abs=0.3)
    # Nothing but the second corner differs in time: all of the laps' spread is there.
    times = [lap.lap_time_s or 0.0 for lap in corner_laps()]
    assert second["sd_s"] == pytest.approx(stats.tstd(times), abs=0.002)
    assert second["lost_s"] == pytest.approx(np.mean(times) - np.min(times), abs=0.002)
    assert first["lost_s"] == pytest.approx(0.0, abs=0.002)
    assert second["mean_s"] + first["mean_s"] == pytest.approx(np.mean(times), abs=1e-9)


def test_an_outlier_says_in_which_corner_it_was_and_spoils_none() -> None:
    laps = corner_laps()
    lost = drive_by_metre({"speed": dips(200.0, (500.0, 80.0, 250.0), (1200.0, 52.0, 250.0))}, lap_number=7)
    found = consistency([*laps, lost], track=TRACK)
    reason = str(row(found, 7)["reason"])
    assert "slower than usual" in reason
    assert reason.endswith("s of it in T2")
    assert found.corners.equals(consistency(laps, track=TRACK).corners)


def test_three_laps_have_no_spread_in_corners() -> None:
    found = consistency(corner_laps()[:3], track=TRACK)
    assert found.flags["few_laps"] == 3
    assert found.corners["sd_s"].null_count() == len(found.corners)
    assert found.corners["lost_s"].null_count() == 0
    assert found.trends.is_empty()
    assert not found.laps["outlier"].any()


def test_laps_of_times_only_have_no_corners_and_say_so() -> None:
    found = consistency(timed(60.0, 60.1, 60.2, 60.3))
    assert found.corners.is_empty()
    assert found.flags["no_corners"] == "none of the 4 laps is usable."
    assert found.lap_time_s.n == 4


def test_one_lap_has_a_time_and_no_spread() -> None:
    found = consistency(corner_laps()[:1], track=TRACK)
    assert found.lap_time_s.n == 1
    assert np.isnan(found.lap_time_s.sd_s)
    assert found.spread["sd_s"].to_list() == [None, None]


def test_no_lap_that_counts_is_a_result_without_numbers() -> None:
    found = consistency([replace(lap, valid=False) for lap in timed(60.0, 61.0)])
    assert found.lap_time_s.n == 0
    assert np.isnan(found.lap_time_s.mean_s)
    assert found.flags["few_laps"] == 0


def test_a_lap_given_twice_counts_once() -> None:
    laps = timed(60.0, 60.1, 60.2, 60.3)
    assert consistency([*laps, *laps]).lap_time_s == consistency(laps).lap_time_s


def test_the_order_given_does_not_matter() -> None:
    laps = corner_laps()
    one, two = consistency(laps, track=TRACK), consistency(laps[::-1], track=TRACK)
    assert one.lap_time_s == two.lap_time_s
    assert one.laps.equals(two.laps)
    assert one.corners.equals(two.corners)


def test_laps_of_different_tracks_are_refused_by_name() -> None:
    laps = timed(60.0, 60.1)
    with pytest.raises(IncompatibleLaps) as caught:
        consistency([replace(laps[0], track="Ring"), replace(laps[1], track="Oval")])
    assert caught.value.reason == "they are of different tracks: 'Ring', 'Oval'."
    with pytest.raises(IncompatibleLaps, match=r"there are none\."):
        consistency([])


def test_frames_will_do() -> None:
    frames = [lap.frames.drop("lap_number") for lap in corner_laps()]
    found = consistency(frames, track=TRACK)
    assert found.laps["lap_id"].to_list() == [f"frame {n}" for n in range(1, 7)]
    assert found.lap_time_s.n == 6
    assert len(found.corners) == 2


def test_robust_measures_are_scipys() -> None:
    values = np.random.default_rng(2).standard_cauchy(101)
    assert mad(values) == pytest.approx(stats.median_abs_deviation(values, scale="normal"))
    assert robust_z(values - np.median(values), floor=1e-9) == pytest.approx((values - np.median(values)) / mad(values))
    x = np.arange(101.0)
    expected = stats.theilslopes(values, x)
    found = trend(x, values)
    assert (found.slope, found.low, found.high) == pytest.approx((expected[0], expected[2], expected[3]))


@pytest.fixture(scope="module", params=[1021, 1022])
def session(request: pytest.FixtureRequest) -> SimulatedSession:
    seed: int = request.param
    circuit = generate("Ring", seed=seed, length_m=2600.0, corners=9)
    flying = [LapPlan(LapKind.TIMED)] * 6
    plan = [LapPlan(LapKind.OUT), *flying, LapPlan(LapKind.IN), LapPlan(LapKind.OUT), *flying]
    return simulate(circuit, GT, Driver("A", spread=0.005, seed=seed), plan, seed=seed)


def test_a_simulated_drivers_spread_is_found(session: SimulatedSession) -> None:
    found = consistency(laps_of(session))
    flying = [lap.lap_time_s for lap in session.truth if lap.kind is LapKind.TIMED and lap.lap_time_s is not None]
    assert found.lap_time_s.n == len(flying)
    assert found.lap_time_s.sd_s == pytest.approx(stats.tstd(flying), rel=1e-9)
    assert found.lap_time_s.sd_s / found.lap_time_s.mean_s == pytest.approx(session.driver.spread, rel=0.25)
    assert found.laps["stint"].max() == 2
    # Units tile the lap: their means add up to the laps' mean, and none loses less than nothing.
    assert found.corners["mean_s"].sum() == pytest.approx(found.lap_time_s.mean_s, abs=1e-6)
    assert found.corners["lost_s"].min() >= 0  # type: ignore[operator]
    assert {"lap_time", "tyre_wear_fl", "fuel"} <= set(found.trends["channel"])


def test_only_the_seeds_ten_columns_are_enough(session: SimulatedSession) -> None:
    bare = [without(lap, *(name for name in lap.traces if name not in TEN)) for lap in laps_of(session)]
    found = consistency(bare)
    assert len(found.corners) >= 4
    assert found.corners["min_sd_kmh"].null_count() == 0
    assert set(found.trends["channel"]) == {"lap_time"}


TEN = (
    "timestamp", "throttle", "brake", "steering", "speed", "gear", "rpm", "lap_time", "source_lap_number",
    "normalized_position",
)  # fmt: skip


def laps_of(session: SimulatedSession) -> list[Lap]:
    found = []
    for truth in session.truth:
        clock = pl.col("timestamp")
        own = session.frames.filter((clock >= truth.start_s) & (clock < truth.end_s))
        columns = {name: own[name].cast(pl.Float64).fill_null(np.nan).to_numpy() for name in own.columns}
        found.append(
            lap_from(
                columns,
                lap_time_s=truth.lap_time_s,
                start_s=truth.start_s,
                lap_number=truth.lap_number,
                kind=truth.kind,
            )
        )
    return found
