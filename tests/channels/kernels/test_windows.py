"""Windows against plain loops, and where running sums go wrong."""

import statistics
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ps_analytics.channels.kernels.arrays import Floats, Ints
from ps_analytics.channels.kernels.ranks import middle
from ps_analytics.channels.kernels.windows import (
    window_maximum,
    window_mean,
    window_median,
    window_minimum,
    window_std,
)
from tests.channels.kernels.recordings import Recording, joined, sessions

Kernel = Callable[[Floats, Floats, Ints, float], Floats]

KINDS: list[tuple[Kernel, Callable[[list[float]], float]]] = [
    (window_mean, statistics.fmean),
    (window_minimum, min),
    (window_maximum, max),
    (window_std, lambda values: statistics.stdev(values) if len(values) > 1 else float("nan")),
    (window_median, statistics.median),
]
EACH = pytest.mark.parametrize(("kernel", "plain"), KINDS, ids=[kernel.__name__ for kernel, _ in KINDS])


def looped(x: Floats, time: Floats, segment: Ints, seconds: float, plain: Callable[[list[float]], float]) -> Floats:
    """The statistic of the samples of each window, one window after the other."""
    stamp, reach = [round(t * 1e6) if t == t else None for t in time.tolist()], round(seconds / 2 * 1e6) + 1
    result = np.full(len(x), np.nan)
    for i in np.flatnonzero(~np.isnan(x)):
        near = [
            j
            for j in np.flatnonzero((segment == segment[i]) & ~np.isnan(x))
            if j == i or abs(stamp[j] - stamp[i]) <= reach
        ]
        result[i] = plain([float(x[j]) for j in near])
    return result


@EACH
@given(session=sessions(), seconds=st.sampled_from([0.001, 0.2, 0.25, 1.0, 3.0, 60.0]))
def test_a_window_holds_the_samples_of_its_segment_within_half_its_width(
    kernel: Kernel, plain: Callable[[list[float]], float], session: list[Recording], seconds: float
) -> None:
    r = joined(session)
    expected = looped(r.x, r.time, r.segment, seconds, plain)
    assert kernel(r.x, r.time, r.segment, seconds) == pytest.approx(expected, rel=1e-9, abs=1e-9, nan_ok=True)


@EACH
@pytest.mark.parametrize("seconds", [0.5, 3.0, 60.0])
def test_short_and_long_windows_agree_with_numpy_on_a_stint(
    kernel: Kernel, plain: Callable[[list[float]], float], seconds: float
) -> None:
    chance = np.random.default_rng(3)
    time = np.cumsum(chance.uniform(0.012, 0.02, 3000))
    x = np.where(chance.random(3000) < 0.05, np.nan, chance.normal(100.0, 30.0, 3000).round(1))
    segment = np.repeat(np.array([0, 1]), 1500)
    got = kernel(x, time, segment, seconds)
    for row in np.flatnonzero(~np.isnan(x))[::61]:
        inside = (np.abs(time - time[row]) <= seconds / 2 + 1e-9) & (segment == segment[row]) & ~np.isnan(x)
        assert got[row] == pytest.approx(plain(x[inside].tolist()), rel=1e-12)


@EACH
def test_a_spike_spoils_no_window_that_does_not_hold_it(kernel: Kernel, plain: Callable[[list[float]], float]) -> None:
    time, segment = np.arange(400) / 60, np.zeros(400, dtype=np.int64)
    x = np.random.default_rng(4).normal(size=400)
    spiked = np.where(np.arange(400) == 50, 1e20, x)
    clear = np.abs(np.arange(400) - 50) > 7
    same = kernel(x, time, segment, 0.2)[clear] == kernel(spiked, time, segment, 0.2)[clear]
    assert same.all()


def test_the_deviation_of_a_constant_is_nothing_however_large_it_is() -> None:
    time, segment = np.arange(300) / 60, np.zeros(300, dtype=np.int64)
    assert not window_std(np.full(300, 1234567.1), time, segment, 1.0).any()


def test_the_deviation_of_small_ripples_on_a_large_value_keeps_its_digits() -> None:
    time, segment = np.arange(300) / 60, np.zeros(300, dtype=np.int64)
    ripple = np.tile([0.0, 1.0, 2.0], 100)
    got = window_std(1e7 + ripple, time, segment, 0.3)
    assert got == pytest.approx(looped(ripple, time, segment, 0.3, statistics.stdev), rel=1e-9)


def test_samples_at_the_very_edge_belong_to_the_window_whatever_the_clock_says() -> None:
    x = np.arange(100.0)
    for start in (0.0, 0.1, 86_400.3, 1.7e9):
        time = start + np.arange(100) * 0.1
        expected = [max(0, i - 2) for i in range(100)]
        assert window_minimum(x, time, np.zeros(100, dtype=np.int64), 0.4).tolist() == expected


def test_a_hole_of_an_hour_inside_a_segment_is_no_bridge() -> None:
    x = np.array([1.0, 2.0, 30.0, 40.0])
    time = np.array([0.0, 0.1, 3600.0, 3600.1])
    assert window_mean(x, time, np.zeros(4, dtype=np.int64), 1.0).tolist() == [1.5, 1.5, 35.0, 35.0]


@given(
    values=st.lists(st.sampled_from([-1.5, 0.0, -0.0, 1.0, 2.0, 2.5, 1e30]), min_size=1, max_size=150),
    picks=st.lists(st.tuples(st.integers(0, 149), st.integers(1, 150)), min_size=1, max_size=20),
)
def test_the_middle_of_any_stretch_is_its_median(values: list[float], picks: list[tuple[int, int]]) -> None:
    first = np.array([start % len(values) for start, _ in picks])
    size = np.array([min(length, len(values) - at) for at, (_, length) in zip(first.tolist(), picks, strict=True)])
    expected = [statistics.median(values[a : a + n]) for a, n in zip(first.tolist(), size.tolist(), strict=True)]
    assert middle(np.array(values), first, size).tolist() == expected
