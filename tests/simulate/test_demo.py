import numpy as np
import pytest

from ps_analytics.lap import LapKind
from ps_analytics.simulate.demo import DemoSession, demo_circuits, demo_sessions
from ps_analytics.simulate.session import SimulatedSession, simulate


@pytest.fixture(scope="module")
def driven() -> list[tuple[DemoSession, SimulatedSession]]:
    return [
        (plan, simulate(plan.circuit, plan.car, plan.driver, plan.plan, seed=plan.seed)) for plan in demo_sessions()
    ]


def test_the_demo_has_three_circuits_two_cars_two_drivers_and_four_sessions() -> None:
    sessions = demo_sessions()
    assert len(sessions) == 4
    assert len({session.circuit.name for session in sessions}) == 3
    assert len({session.car.name for session in sessions}) == 2
    assert len({session.driver.name for session in sessions}) == 2
    assert all(1500 <= circuit.length_m <= 7000 for circuit in demo_circuits())
    assert all(8 <= len(session.plan) <= 12 for session in sessions)
    assert [session.days_ago for session in sessions] == sorted((s.days_ago for s in sessions), reverse=True)


def test_its_sessions_hold_every_kind_of_lap_invalid_ones_and_one_that_breaks_off(
    driven: list[tuple[DemoSession, SimulatedSession]],
) -> None:
    laps = [lap for _, session in driven for lap in session.truth]
    assert {lap.kind for lap in laps} == set(LapKind)
    assert sum(lap.kind is LapKind.PARTIAL for lap in laps) == 1
    for _, session in driven:
        timed = [lap for lap in session.truth if lap.kind is LapKind.TIMED]
        assert 0 < sum(not lap.valid for lap in timed) <= 2
        assert sum(lap.valid for lap in timed) >= 4


def test_its_laps_take_one_to_two_minutes_and_spread_like_those_of_a_driver(
    driven: list[tuple[DemoSession, SimulatedSession]],
) -> None:
    for plan, session in driven:
        times = np.array([lap.lap_time_s for lap in session.truth if lap.kind is LapKind.TIMED and lap.valid])
        assert 60 < times.mean() < 130, plan.name
        assert 0.002 < times.std(ddof=1) / times.mean() < 0.008, plan.name
        assert session.frames["source_lap_number"].n_unique() == len(plan.plan)


def test_another_seed_makes_another_demo_that_is_as_good() -> None:
    for session in demo_sessions(seed=2):
        driven = simulate(session.circuit, session.car, session.driver, session.plan, seed=session.seed)
        times = np.array([lap.lap_time_s for lap in driven.truth if lap.kind is LapKind.TIMED and lap.valid])
        assert 50 < times.mean() < 150
        assert 0.002 < times.std(ddof=1) / times.mean() < 0.008
