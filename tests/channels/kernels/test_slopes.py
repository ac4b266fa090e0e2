"""Derivative, integral and weighted mean against NumPy and plain loops."""

import numpy as np
import pytest
from hypothesis import given

from ps_analytics.channels.kernels.slopes import integrate, mean_along, slope, total_trapezoid
from tests.channels.kernels.recordings import Floats, Recording, joined, laps, sessions

ONE = np.zeros(200, dtype=np.int64)


def test_the_slope_is_that_of_numpy_gradient() -> None:
    chance = np.random.default_rng(5)
    t = np.cumsum(chance.uniform(0.01, 0.03, 200))
    y = chance.normal(0.0, 50.0, 200)
    assert slope(y, t, ONE) == pytest.approx(np.gradient(y, t), rel=1e-12)


def test_the_slope_of_a_parabola_is_exact_inside() -> None:
    t = np.cumsum(np.random.default_rng(6).uniform(0.01, 0.03, 200))
    assert slope(3 * t**2 - t, t, ONE)[1:-1] == pytest.approx((6 * t - 1)[1:-1], rel=1e-9)


def test_beside_a_missing_sample_and_at_an_edge_the_one_slope_there_is_counts() -> None:
    y = np.array([0.0, 1.0, np.nan, 5.0, 8.0, 0.0, np.nan, 4.0])
    segment = np.array([0, 0, 0, 0, 0, 1, 1, 1])
    nan = np.nan
    assert slope(y, np.arange(8.0), segment) == pytest.approx([1, 1, nan, 3, 3, nan, nan, nan], nan_ok=True)


def areas(lap: Recording, y: Floats, scope: Floats) -> list[tuple[int, float]]:
    """The scope and area of each interval that counts."""
    segment = lap.segment
    return [
        (int(scope[j]), (y[j] + y[j - 1]) / 2 * (lap.time[j] - lap.time[j - 1]))
        for j in range(1, len(y))
        if segment[j] == segment[j - 1] and scope[j] == scope[j - 1] and not np.isnan(y[j] + y[j - 1])
    ]


@given(session=sessions())
def test_the_integral_runs_by_trapezoids_from_the_start_of_each_scope(session: list[Recording]) -> None:
    lap = joined(session)
    sums: dict[int, float] = {}
    expected = np.full(len(lap.x), np.nan)
    for row, scope in enumerate(lap.corner.tolist()):
        if scope == -1:
            continue
        joins = row > 0 and lap.segment[row] == lap.segment[row - 1] and lap.corner[row - 1] == scope
        if joins and not np.isnan(lap.x[row] + lap.x[row - 1]):
            area = (lap.x[row] + lap.x[row - 1]) / 2 * (lap.time[row] - lap.time[row - 1])
            sums[scope] = sums.get(scope, 0.0) + area
        if not np.isnan(lap.x[row]):
            expected[row] = sums.get(scope, 0.0)
    got = integrate(lap.x, lap.time, lap.segment, lap.corner)
    assert got == pytest.approx(expected, rel=1e-9, abs=1e-9, nan_ok=True)


@given(lap=laps())
def test_the_whole_integral_is_the_sum_of_its_intervals(lap: Recording) -> None:
    found = areas(lap, lap.x, lap.corner)
    sums = {scope: sum(area for of, area in found if of == scope) for scope in set(lap.corner.tolist()) - {-1}}
    expected = [sums.get(scope, np.nan) for scope in lap.corner.tolist()]
    got = total_trapezoid(lap.x, lap.time, lap.segment, lap.corner)
    assert got == pytest.approx(expected, rel=1e-9, abs=1e-9, nan_ok=True)


@given(lap=laps())
def test_a_weighted_mean_counts_samples_that_are_there_while_the_gate_is_open(lap: Recording) -> None:
    weight = np.array([1.0 if c == 1.0 and not np.isnan(x) else 0.0 for x, c in zip(lap.x, lap.c, strict=True)])
    amount = np.array([x * w if w else 0.0 for x, w in zip(lap.x, weight, strict=True)])
    above, below = (sum(area for _, area in areas(lap, y, lap.lap)) for y in (amount, weight))
    expected = np.full(len(lap.x), above / below if below else np.nan)
    got = mean_along(lap.x, lap.c, lap.time, lap.segment, lap.lap)
    assert got == pytest.approx(expected, rel=1e-9, abs=1e-9, nan_ok=True)


def test_many_short_scopes_run_as_a_few_long_ones() -> None:
    chance = np.random.default_rng(7)
    scope = np.repeat(np.arange(900), chance.integers(1, 12, 900))
    x, t = chance.normal(size=len(scope)), np.arange(len(scope)) / 60
    segment = np.zeros(len(scope), dtype=np.int64)
    got = integrate(x, t, segment, scope)
    for each in (0, 1, 17, 450, 899):
        rows = np.flatnonzero(scope == each)
        assert np.array_equal(got[rows], integrate(x[rows], t[rows], segment[rows], scope[rows]))
