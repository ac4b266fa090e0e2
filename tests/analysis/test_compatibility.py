"""Laps that cannot be compared are refused with a reason; laps of one track never are."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from ps_analytics.analysis.delta import delta
from ps_analytics.errors import IncompatibleLaps
from ps_analytics.lap import Lap, LapKind
from ps_analytics.simulate.car import FORMULA, GT
from ps_analytics.simulate.circuit import Circuit, generate
from ps_analytics.simulate.driver import Driver
from ps_analytics.simulate.route import LapPlan
from ps_analytics.simulate.session import SimulatedSession, simulate
from tests.analysis.laps import changed, drive_evenly, lap_from, values_of, without

RATE_HZ = 20.0
ALL = ("timestamp", "lap_time", "normalized_position", "speed", "x", "y")
SETS = (ALL, ("timestamp", "speed", "x", "y"), ("timestamp", "lap_time", "normalized_position", "speed"))
SEEDS = range(41_000, 41_004)


def session(circuit: Circuit, seed: int) -> SimulatedSession:
    car = replace((GT, FORMULA)[seed % 2], grip=GT.grip * (0.85 + 0.05 * (seed % 5)))
    driver = Driver("A", pace=0.93 + 0.01 * (seed % 6), smoothness=0.5, seed=seed)
    return simulate(circuit, car, driver, [LapPlan(LapKind.TIMED)] * 2, seed=seed, rate_hz=RATE_HZ)


def circuit(seed: int, length_m: float) -> Circuit:
    return generate("Ring", seed=seed, length_m=length_m, corners=10)


def stretch(driven: SimulatedSession, start_s: float, end_s: float, names: tuple[str, ...]) -> Lap:
    rows = driven.frames.filter((pl.col("timestamp") >= start_s) & (pl.col("timestamp") < end_s))
    columns = {name: rows[name].cast(pl.Float64).fill_null(np.nan).to_numpy() for name in names}
    return lap_from(columns, lap_time_s=end_s - start_s, start_s=start_s, rate_hz=RATE_HZ)


def first_lap(driven: SimulatedSession, names: tuple[str, ...]) -> Lap:
    return stretch(driven, driven.truth[0].start_s, driven.truth[0].end_s, names)


def from_half_way(driven: SimulatedSession, names: tuple[str, ...]) -> Lap:
    """From half-way round to half-way round, as by wrong lap marks."""
    first, second = driven.truth[:2]
    start_s, end_s = (
        lap.start_s + float(driven.true_time_s(lap.lap_number, np.array([0.5]))[0]) for lap in (first, second)
    )
    return stretch(driven, start_s, end_s, tuple(name for name in names if name != "lap_time"))


def reversed_lap(lap: Lap) -> Lap:
    """The same road the other way round."""
    turned = {
        n: t if n in ("timestamp", "lap_time") else replace(t, values=t.values[::-1]) for n, t in lap.traces.items()
    }
    back = replace(lap, traces=turned)
    if "normalized_position" in turned:
        back = changed(back, "normalized_position", np.mod(1 - values_of(back, "normalized_position"), 1.0))
    return back


def refusal(lap: Lap, reference: Lap) -> str:
    with pytest.raises(IncompatibleLaps) as caught:
        delta(lap, reference)
    return caught.value.reason


@pytest.mark.parametrize("names", SETS, ids=["all", "coordinates only", "position only"])
@pytest.mark.parametrize("seed", SEEDS)
def test_laps_of_one_track_are_compared_and_others_refused(seed: int, names: tuple[str, ...]) -> None:
    here, elsewhere = circuit(seed, 2600.0), circuit(seed + 500, 2610.0)
    one, other, away = session(here, seed), session(here, seed + 1), session(elsewhere, seed)
    lap, reference = first_lap(one, names), first_lap(other, names)
    assert delta(lap, reference).closure_s == 0
    assert "of different tracks" in refusal(first_lap(away, names), reference)
    assert refusal(reversed_lap(lap), reference) == "lap 1 runs the other way round."
    assert "they do not begin at the same line: lap 1 lies" in refusal(from_half_way(one, names), reference)


def test_a_version_of_the_track_that_is_longer_by_a_hundredth_is_laid_on_the_references_metres() -> None:
    names = ("timestamp", "lap_time", "normalized_position", "speed")
    reference, lap = (replace(first_lap(session(circuit(SEEDS[0], 2600.0), s), names), track="Ring") for s in (1, 2))
    longer = changed(lap, "speed", values_of(lap, "speed") * 1.01)
    found, same = delta(longer, reference), delta(lap, reference)
    assert found.method == "position"
    assert found.frame["distance_m"].equals(same.frame["distance_m"])
    assert found.frame["delta_s"].to_numpy() == pytest.approx(same.frame["delta_s"].to_numpy(), abs=2e-3)


def test_laps_of_a_few_seconds_close_too() -> None:
    lap, reference = drive_evenly(12.4, length_m=400.0), drive_evenly(12.0, length_m=400.0)
    found = delta(lap, reference)
    assert (found.method, found.frame["delta_s"][-1]) == ("position", 12.4 - 12.0)
    assert found.frame["delta_s"].to_numpy() == pytest.approx(
        reference_share(found.frame["distance_m"]) * 0.4, abs=1e-3
    )


def reference_share(distance_m: pl.Series) -> np.ndarray:
    """The share of a lap's time gone by each place, by `drive_evenly`: L (0.7 q + 0.3 q²)."""
    gone = distance_m.to_numpy() / distance_m[-1]
    return np.asarray((np.sqrt(0.49 + 1.2 * gone) - 0.7) / 0.6)


def test_the_other_coordinates_of_another_game_are_flagged_and_not_refused() -> None:
    here = circuit(SEEDS[0], 2600.0)
    lap, reference = (first_lap(session(here, seed), ALL) for seed in SEEDS[:2])
    x, y = values_of(lap, "x"), values_of(lap, "y")
    turned = changed(changed(lap, "x", 700 - y), "y", x - 4000)
    found = delta(turned, reference)
    assert found.method == "position"
    assert found.flags == {"other_coordinates": True}
    assert found.frame["delta_s"].to_numpy() == pytest.approx(
        delta(lap, reference).frame["delta_s"].to_numpy(), abs=1e-9
    )


@pytest.mark.parametrize(("unit", "share"), [("m/s", 1 / 3.6), ("mph", 1 / 1.609344)])
def test_a_speed_in_another_unit_is_named(unit: str, share: float) -> None:
    here = circuit(SEEDS[0], 2600.0)
    lap, reference = (first_lap(session(here, seed), ALL) for seed in SEEDS[:2])
    wrong = changed(lap, "speed", values_of(lap, "speed") * share)
    assert refusal(wrong, reference).endswith(f"Is the speed of lap 1 in {unit} instead of km/h?")


def test_speeds_alone_tell_tracks_apart_where_nothing_says_where_the_car_was() -> None:
    names = ("timestamp", "lap_time", "speed")
    here, elsewhere = circuit(SEEDS[0], 2600.0), circuit(SEEDS[1], 2600.0)
    reference = first_lap(session(here, 1), names)
    assert delta(first_lap(session(here, 2), names), reference).method == "scaled_distance"
    assert "nothing in common" in refusal(first_lap(session(elsewhere, 2), names), reference)


def test_a_gap_widens_the_band_where_it_is() -> None:
    lap, reference = (first_lap(session(circuit(SEEDS[0], 2600.0), seed), ALL) for seed in SEEDS[:2])
    stamp = values_of(lap, "timestamp") - lap.start_s
    kept = (stamp < 20.0) | (stamp > 21.5)
    holed = replace(lap, traces={n: replace(t, values=t.values[kept]) for n, t in lap.traces.items()})
    whole, found = delta(lap, reference), delta(holed, reference)
    assert set(found.flags) == {"gap_s"}
    wider = found.frame["band_s"].to_numpy() / np.maximum(whole.frame["band_s"].to_numpy(), 1e-9)
    there = wider > 10
    share = np.flatnonzero(there)[[0, -1]] / len(there)
    passed = [np.interp(at, np.linspace(0, 1, len(stamp)), stamp) for at in share]
    assert there.mean() < 0.1
    assert passed[1] > passed[0]


def test_a_point_to_point_stage_is_compared_by_its_path() -> None:
    def run(pace: float) -> Lap:
        driven = first_lap(session(circuit(SEEDS[0], 2600.0), 3), ("timestamp", "speed", "x", "y"))
        kept = int(0.7 * len(values_of(driven, "speed")))
        traces = {n: replace(t, values=t.values[:kept]) for n, t in driven.traces.items()}
        stamp = values_of(driven, "timestamp")[:kept]
        traces["timestamp"] = replace(traces["timestamp"], values=stamp[0] + (stamp - stamp[0]) * pace)
        traces["speed"] = replace(traces["speed"], values=traces["speed"].values / pace)
        took = float(stamp[-1] - stamp[0]) * pace
        return replace(driven, kind=LapKind.STANDING, lap_time_s=took, traces=traces)

    slow, fast = run(1.02), run(1.0)
    found = delta(slow, fast)
    assert found.method == "projection"
    assert found.frame["delta_s"][-1] == (slow.lap_time_s or 0) - (fast.lap_time_s or 0)
    middle = found.frame["delta_s"].to_numpy()[len(found.frame) // 2]
    assert 0 < middle < found.frame["delta_s"][-1]
    assert without(slow, "x").channels
