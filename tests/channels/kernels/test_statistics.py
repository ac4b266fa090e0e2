"""Statistics against NumPy, one scope after the other."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ps_analytics.channels.kernels import statistics
from ps_analytics.channels.kernels.arrays import Floats
from tests.channels.kernels.recordings import Ints, Recording, joined, sessions

NAN = float("nan")

PLAIN: dict[str, Callable[[Floats], float]] = {
    "minimum": np.min,
    "maximum": np.max,
    "mean": np.mean,
    "total": np.sum,
    "std": lambda values: np.std(values, ddof=1) if len(values) > 1 else NAN,
    "median": np.median,
    "first": lambda values: values[0],
    "last": lambda values: values[-1],
    "count": len,
    "spread": np.ptp,
}


def looped(x: Floats, scope: Ints, plain: Callable[[Floats], float], empty: float = NAN) -> Floats:
    """The statistic of each scope's samples on its rows."""
    result = np.full(len(x), NAN)
    for each in set(scope.tolist()) - {-1}:
        values = x[(scope == each) & ~np.isnan(x)]
        result[scope == each] = plain(values) if len(values) else empty
    return result


@pytest.mark.parametrize("name", PLAIN)
@given(session=sessions(), scattered=st.booleans())
def test_a_statistic_is_numpys_of_the_samples_of_each_scope(
    name: str, session: list[Recording], scattered: bool
) -> None:
    r = joined(session)
    scope = r.corner if scattered else r.lap
    expected = looped(r.x, scope, PLAIN[name], empty=0.0 if name == "count" else NAN)
    got = getattr(statistics, name)(r.x, scope)
    assert got == pytest.approx(expected, rel=1e-9, abs=1e-9, nan_ok=True)


@given(session=sessions(), p=st.sampled_from([0.0, 1.0, 25.0, 50.0, 99.0, 100.0]))
def test_a_percentile_is_interpolated_as_numpy_does(session: list[Recording], p: float) -> None:
    r = joined(session)
    expected = looped(r.x, r.corner, lambda values: float(np.percentile(values, p)))
    assert statistics.percentile(r.x, r.corner, p) == pytest.approx(expected, rel=1e-9, abs=1e-9, nan_ok=True)


@pytest.mark.parametrize("laps", [1, 3, 400])
def test_few_long_scopes_and_many_short_ones_are_sorted_alike(laps: int) -> None:
    x = np.random.default_rng(laps).normal(size=2000)
    scope = np.arange(2000) * laps // 2000
    expected = looped(x, scope, lambda values: float(np.percentile(values, 90)))
    assert statistics.percentile(x, scope, 90.0) == pytest.approx(expected, rel=1e-12)


@given(session=sessions())
def test_the_value_at_an_extreme_is_taken_at_the_first_sample_that_has_it(session: list[Recording]) -> None:
    r = joined(session)
    known = np.where(np.isnan(r.y), NAN, r.x.round())
    rows = np.arange(len(known))
    for kernel, pick in ((statistics.at_maximum, np.argmax), (statistics.at_minimum, np.argmin)):
        expected = np.full(len(known), NAN)
        for each in set(r.corner.tolist()) - {-1}:
            there = rows[(r.corner == each) & ~np.isnan(known)]
            if len(there):
                expected[r.corner == each] = r.y[there[pick(known[there])]]
        assert np.array_equal(kernel(r.y, r.x.round(), r.corner), expected, equal_nan=True)


def test_samples_of_the_largest_size_have_no_deviation_but_no_infinity_either() -> None:
    scope = np.zeros(2, dtype=np.int64)
    assert np.isnan(statistics.std(np.array([1e308, -1e308]), scope)).all()
    assert statistics.std(np.array([1e30, -1e30]), scope) == pytest.approx(np.sqrt(2.0) * 1e30)
