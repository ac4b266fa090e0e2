"""A simulated session: its frames against the truth it was made from."""

import re

import numpy as np
import polars as pl
import pytest

from ps_analytics.lap import LapKind
from ps_analytics.simulate.car import GT
from ps_analytics.simulate.circuit import Circuit
from ps_analytics.simulate.driver import Driver
from ps_analytics.simulate.route import LapPlan
from ps_analytics.simulate.session import SimulatedSession, simulate

OUT, IN, PIT, TIMED, STANDING, PARTIAL = (
    LapKind.OUT,
    LapKind.IN,
    LapKind.PIT,
    LapKind.TIMED,
    LapKind.STANDING,
    LapKind.PARTIAL,
)


def crossings(frames: pl.DataFrame) -> np.ndarray:
    """Times in s at which the position passes the line, by interpolation between frames."""
    time, position = (frames[name].to_numpy() for name in ("timestamp", "normalized_position"))
    before = np.flatnonzero(np.diff(position) < -0.5)
    share = (1 - position[before]) / (1 - position[before] + position[before + 1])
    return np.asarray(time[before] + share * (time[before + 1] - time[before]))


def test_the_line_is_crossed_in_the_frames_when_the_truth_says(any_session: SimulatedSession) -> None:
    seen = crossings(any_session.frames)
    assert seen == pytest.approx([lap.end_s for lap in any_session.truth[:-1]], abs=1e-3)
    assert np.diff(seen) == pytest.approx([lap.lap_time_s for lap in any_session.truth[1:-1]], abs=1e-3)


def test_the_truth_names_kind_number_and_validity_of_each_lap(
    session: SimulatedSession, race: SimulatedSession
) -> None:
    assert [(lap.lap_number, lap.kind, lap.valid, lap.lap_time_s is None) for lap in session.truth] == [
        (0, OUT, False, True),
        (1, TIMED, True, False),
        (2, TIMED, True, False),
        (3, TIMED, False, False),
        (4, IN, False, False),
        (5, PIT, False, False),
        (6, OUT, True, False),
        (7, TIMED, False, False),
        (8, TIMED, True, False),
        (9, IN, False, True),
    ]
    assert [(lap.lap_number, lap.kind, lap.valid, lap.lap_time_s is None) for lap in race.truth] == [
        (0, STANDING, True, False),
        (1, TIMED, True, False),
        (2, TIMED, True, False),
        (3, TIMED, True, False),
        (4, PARTIAL, False, True),
    ]


def test_a_standing_lap_is_timed_from_the_moment_the_car_moves(race: SimulatedSession) -> None:
    first = race.truth[0]
    moves = race.frames.filter(pl.col("speed") > 0)["timestamp"][0]
    assert first.start_s == pytest.approx(4.0)
    assert moves == pytest.approx(first.start_s, abs=1 / 60)
    assert first.lap_time_s == pytest.approx(first.end_s - 4.0)
    assert race.frames.filter(pl.col("timestamp") < 3.9)["lap_time"].max() == 0.0


def test_an_interrupted_session_ends_on_the_road(race: SimulatedSession) -> None:
    assert race.frames["normalized_position"][-1] == pytest.approx(0.4, abs=0.01)
    assert race.frames["speed"][-1] > 30


def test_the_sources_clocks_restart_with_the_lap_and_show_the_one_before(any_session: SimulatedSession) -> None:
    for lap in any_session.truth:
        frames = any_session.frames.filter(pl.col("source_lap_number") == lap.lap_number)
        since = frames["timestamp"] - lap.start_s
        assert frames["lap_time"].to_numpy() == pytest.approx(np.maximum(since.to_numpy(), 0), abs=1e-9)
        assert lap.start_s - 4.0 - 1e-9 <= frames["timestamp"][0] < lap.start_s + 1 / 60
        assert lap.end_s - 1 / 60 <= frames["timestamp"][-1] + 1e-9 <= lap.end_s + 1e-8
    for lap, following in zip(any_session.truth, any_session.truth[1:], strict=False):
        shown = any_session.frames.filter(pl.col("source_lap_number") == following.lap_number)["last_lap_time"]
        assert shown.unique().to_list() == [lap.lap_time_s]


def test_the_source_calls_a_lap_invalid_from_the_moment_it_is_spoiled(session: SimulatedSession) -> None:
    for number in (3, 7):
        verdict = session.frames.filter(pl.col("source_lap_number") == number)["lap_valid"].to_list()
        assert verdict[0]
        assert verdict == sorted(verdict, reverse=True)
        assert not verdict[-1]
    others = session.frames.filter(~pl.col("source_lap_number").is_in([3, 7]))
    assert others["lap_valid"].all()


def test_the_same_seed_gives_the_same_session_to_the_last_bit_and_another_seed_another(circuit: Circuit) -> None:
    plan = [LapPlan(OUT), *[LapPlan(TIMED)] * 3, LapPlan(IN)]
    one, again, other = (simulate(circuit, GT, Driver("A"), plan, seed=seed) for seed in (1, 1, 2))
    assert one.frames.equals(again.frames)
    assert one.truth == again.truth
    assert [lap.lap_time_s for lap in one.truth] != [lap.lap_time_s for lap in other.truth]


@pytest.mark.parametrize("rate_hz", [20.0, 100.0])
def test_the_rate_changes_the_frames_but_not_the_truth(circuit: Circuit, rate_hz: float) -> None:
    plan = [LapPlan(TIMED), LapPlan(TIMED)]
    usual, here = (simulate(circuit, GT, Driver("A"), plan, seed=1, rate_hz=rate) for rate in (60.0, rate_hz))
    assert here.truth == usual.truth
    assert here.frames.height == pytest.approx(usual.frames.height * rate_hz / 60, abs=1)
    assert crossings(here.frames) == pytest.approx([lap.end_s for lap in here.truth[:-1]], abs=1e-3)


def test_a_flying_start_is_at_speed_on_the_line_and_the_stretch_after_the_last_line_a_lap(circuit: Circuit) -> None:
    session = simulate(circuit, GT, Driver("A"), [LapPlan(TIMED), LapPlan(TIMED)], seed=1)
    assert [(lap.lap_number, lap.kind) for lap in session.truth] == [(1, TIMED), (2, TIMED), (3, PARTIAL)]
    first, second = session.truth[:2]
    assert session.frames["normalized_position"][0] == 0
    assert session.frames["speed"][0] > 100
    assert first.lap_time_s == pytest.approx(second.lap_time_s, rel=0.02)


def test_flying_laps_spread_as_their_driver_does(circuit: Circuit) -> None:
    plan = [LapPlan(OUT), *[LapPlan(TIMED)] * 9, LapPlan(IN)]
    for spread in (0.003, 0.006):
        session = simulate(circuit, GT, Driver("A", spread=spread), plan, seed=2)
        times = np.array([lap.lap_time_s for lap in session.truth if lap.kind is TIMED], dtype=float)
        assert np.std(times, ddof=1) / np.mean(times) == pytest.approx(spread, rel=0.3)


def test_a_quicker_driver_is_quicker(circuit: Circuit) -> None:
    plan = [LapPlan(TIMED)] * 4
    best = [
        min(lap.lap_time_s or 999 for lap in simulate(circuit, GT, Driver("A", pace=pace), plan, seed=2).truth)
        for pace in (0.94, 0.98)
    ]
    assert 0.01 < best[0] / best[1] - 1 < 0.04


def test_a_plan_that_cannot_be_driven_is_refused(circuit: Circuit) -> None:
    message = "a standing lap is the first of its session, a partial lap the last"
    with pytest.raises(ValueError, match=re.escape(message)):
        simulate(circuit, GT, Driver("A"), [LapPlan(PARTIAL), LapPlan(TIMED)], seed=1)
