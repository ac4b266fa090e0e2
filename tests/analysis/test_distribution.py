"""Histograms of time and the strokes of a damper: hand-worked, and of distributions with a closed form."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ps_analytics.analysis.distribution import MOST_BINS, bin_edges, distribution
from ps_analytics.analysis.dwell import Dwell, dwell
from ps_analytics.analysis.thinning import thinned
from ps_analytics.channels.catalog import Kind


def samples(*values: float, rate_hz: float = 1.0, kind: Kind = Kind.LINEAR) -> Dwell:
    return dwell(np.arange(len(values)) / rate_hz, np.array(values), kind=kind)


def test_shares_are_of_time_where_samples_are_uneven() -> None:
    # 10 for 1 s, 20 for 2.5 s (0.5 + 2), 30 for 2 + 1 s: of 6.5 s in all.
    uneven = dwell(np.array([0.0, 1.0, 5.0]), np.array([10.0, 20.0, 30.0]))
    found = distribution([uneven], "throttle", "%", bins=3)
    assert found.edges.tolist() == [10.0, 20.0, 30.0]
    seconds = [0.5 + 1.25, 0.5 + 2.0, 2.0 + 1.25]
    assert uneven.seconds().tolist() == seconds
    last = seconds[1] + seconds[2]  # 30 lies on the outer edge, which belongs to the last bin
    assert found.shares[0] == pytest.approx([100 * seconds[0] / sum(seconds), 100 * last / sum(seconds)])
    counted = distribution([uneven], "throttle", "%", bins=3, weighted=False)
    assert counted.shares[0] == pytest.approx([100 / 3, 200 / 3])


def test_a_sine_is_longest_at_its_ends() -> None:
    # The share of the time below v of a sine is 1/2 + asin(v) / pi.
    at = np.arange(100_000) / 1000
    found = distribution([dwell(at, 10 * np.sin(2 * np.pi * at))], "steering", "%", bins=20)
    below = [math.asin(edge / 10) for edge in found.edges]
    expected = [100 * (high - low) / math.pi for low, high in pairwise(below)]
    assert found.edges.tolist() == list(range(-10, 11))
    assert found.shares[0] == pytest.approx(expected, abs=0.2)


def test_what_goes_both_ways_has_bins_about_zero() -> None:
    edges = bin_edges([np.array([-3.0, 47.0])], "g_lat", "G")
    assert 0.0 in edges
    assert edges[0] == -edges[-1] <= -47
    assert bin_edges([np.array([-3.0, 47.0])], "anything", "mm/s")[0] < -40


def test_a_spike_does_not_squeeze_the_rest_and_is_counted_all_the_same() -> None:
    values = np.append(np.linspace(-99, 99, 9999), 5000.0)
    found = distribution([dwell(np.arange(10_000) / 200, values)], "damper_rate_fl", "mm/s", bins=20)
    assert found.edges.tolist() == list(range(-100, 101, 10))
    assert found.shares[0].sum() == pytest.approx(100)


def test_the_strokes_of_a_damper_are_shares_of_time() -> None:
    # Fast out, slowly out, still, slowly in, fast in twice.
    moving = samples(-80, -10, 0, 10, 80, 90)
    [found] = distribution([moving], "damper_rate_fl", "mm/s").strokes
    assert found is not None
    sixth = 100 / 6
    assert (found.fast_rebound, found.slow_rebound) == pytest.approx((sixth, 1.5 * sixth))
    assert (found.slow_bump, found.fast_bump) == pytest.approx((1.5 * sixth, 2 * sixth))
    assert found.bump + found.rebound == pytest.approx(100)
    [slower] = distribution([moving], "damper_rate_fl", "mm/s", slow=85).strokes
    assert slower is not None
    assert slower.fast_bump == pytest.approx(sixth)


def test_laps_share_their_bins_and_a_stretch_keeps_them() -> None:
    one, two = samples(0, 10, 20, 30), samples(100, 90, 80, 70)
    whole = distribution([one, two], "throttle", "%", bins=10)
    corner = distribution([one, two], "throttle", "%", bins=10, parts=[[(0.5, 1.5)], [(9.0, 10.0)]])
    assert corner.edges.tolist() == whole.edges.tolist() == list(range(0, 101, 10))
    assert corner.shares[0].tolist() == [0, 100, 0, 0, 0, 0, 0, 0, 0, 0]
    assert corner.shares[1].sum() == 0  # it was never there


def test_a_condition_has_two_bins_and_a_constant_one() -> None:
    assert bin_edges([np.array([0.0, 1.0])], "tc_active", "bool").tolist() == [-0.5, 0.5, 1.5]
    assert bin_edges([np.array([7.0, 7.0])], "throttle", "%").tolist() == [6.5, 7.5]
    assert bin_edges([np.zeros(4)], "throttle", "%").tolist() == [-0.5, 0.5]
    assert bin_edges([np.array([np.nan])], "throttle", "%").tolist() == [0.0, 1.0]


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50),
    st.integers(-3, 2000),
    st.sampled_from(["throttle", "g_lat", "gear", "mine"]),
)
@example([5e-324], 0, "g_lat")
@example([1e6, 1e6 + 1e-9], 2000, "mine")
@settings(max_examples=200, deadline=None)
def test_every_value_has_its_share_whatever_the_bins(values: list[float], bins: int, name: str) -> None:
    found = distribution([samples(*values)], name, None, bins=bins)
    assert found.shares[0].sum() == pytest.approx(100)
    assert np.all(np.diff(found.edges) > 0)
    assert len(found.edges) <= MOST_BINS + 3


def test_thinned_points_are_where_the_points_are() -> None:
    at = np.linspace(0, 200 * np.pi, 500_000)
    x, y = np.cos(at) * at, np.sin(at) * at
    rows = thinned(x, y)
    assert len(rows) <= 20_000
    assert np.all(np.diff(rows) > 0)
    for values in (x, y):
        assert (values[rows].min(), values[rows].max()) == (values.min(), values.max())
    near = np.hypot(x[::997, None] - x[rows], y[::997, None] - y[rows]).min(axis=1)
    assert near.max() < 0.01 * np.ptp(x)


def test_few_points_all_stay_and_a_heap_of_equal_ones_becomes_one() -> None:
    assert thinned(np.array([1.0, 2.0, np.nan]), np.array([1.0, np.nan, 3.0])).tolist() == [0]
    assert thinned(np.ones(50_000), np.ones(50_000)).tolist() == [0]
    assert thinned(np.zeros(0), np.zeros(0)).tolist() == []
