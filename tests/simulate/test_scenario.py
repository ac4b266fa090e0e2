"""Drawn sessions: every kind of trouble and source turns up, and the truth is one the frames can tell."""

from collections import Counter

import numpy as np
import pytest

from ps_analytics.lap import LapKind
from ps_analytics.simulate.mishap import CONFLICTS, MISHAPS
from ps_analytics.simulate.scenario import REPORTING_SEEDS, TUNING_SEEDS, Scenario, draw

SEEDS = range(3_000, 3_014)


@pytest.fixture(scope="module")
def drawn() -> list[Scenario]:
    return [draw(seed) for seed in SEEDS]


def test_the_same_seed_draws_the_same_and_another_another(drawn: list[Scenario]) -> None:
    again = draw(SEEDS[0])
    assert again.session.frames.equals(drawn[0].session.frames)
    assert again.session.truth == drawn[0].session.truth
    assert again.troubles == drawn[0].troubles
    assert len({scenario.session.circuit.length_m for scenario in drawn}) == len(drawn)


def test_the_truth_tiles_what_was_driven_and_has_flying_laps(drawn: list[Scenario]) -> None:
    for scenario in drawn:
        truth = scenario.session.truth
        first = truth[0].lap_number
        assert [lap.lap_number for lap in truth] == list(range(first, first + len(truth))), scenario.seed
        timed = [lap for lap in truth if lap.kind is LapKind.TIMED and lap.valid]
        assert len(timed) >= 1, scenario.seed
        for lap in timed:
            time_s = scenario.session.true_time_s(lap.lap_number, np.array([0.0, 1.0]))
            assert time_s == pytest.approx([0.0, lap.lap_time_s], abs=1e-9)


def test_circuits_and_troubles_are_of_every_size(drawn: list[Scenario]) -> None:
    lengths = [scenario.session.circuit.length_m for scenario in drawn]
    corners = [len(scenario.session.circuit.corners) for scenario in drawn]
    assert min(lengths) >= 1500
    assert max(lengths) <= 7000
    assert min(corners) >= 6
    assert max(corners) <= 20
    assert np.ptp(lengths) > 3000
    counts = Counter(len(scenario.troubles) for scenario in drawn)
    assert set(counts) <= {0, 1, 2, 3}
    assert len(counts) >= 3


def test_troubles_strike_in_their_order_and_only_sources_they_fit(drawn: list[Scenario]) -> None:
    order = list(MISHAPS)
    for scenario in drawn:
        assert sorted(scenario.troubles, key=order.index) == list(scenario.troubles)
        assert all(MISHAPS[name].fits(scenario.source) for name in scenario.troubles)
        assert all(len(group & set(scenario.troubles)) <= 1 for group in CONFLICTS)


def test_a_source_without_a_verdict_has_no_lap_only_a_verdict_could_spoil(drawn: list[Scenario]) -> None:
    for scenario in drawn:
        if not scenario.source.verdict:
            off_road = [lap for lap in scenario.session.truth if lap.kind is LapKind.TIMED and not lap.valid]
            assert all(lap.driven is not None and lap.driven.drive.route.stops for lap in off_road)


def test_seeds_for_tuning_and_for_reporting_do_not_meet() -> None:
    assert not set(TUNING_SEEDS) & set(REPORTING_SEEDS)
    assert TUNING_SEEDS.stop <= 10_000
    assert REPORTING_SEEDS.start >= 20_000
