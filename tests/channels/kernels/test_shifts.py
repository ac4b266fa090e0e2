"""Samples from elsewhere against plain loops."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ps_analytics.channels.kernels.shifts import delay, shift
from tests.channels.kernels.recordings import Floats, Ints, Recording, joined, sessions


@given(session=sessions(), n=st.integers(-50, 50))
def test_a_shift_takes_the_sample_so_many_rows_before_in_its_segment(session: list[Recording], n: int) -> None:
    r = joined(session)
    rows = range(len(r.x))
    expected = [r.x[i - n] if i - n in rows and r.segment[i - n] == r.segment[i] else np.nan for i in rows]
    assert np.array_equal(shift(r.x, r.segment, n), np.array(expected, dtype=np.float64), equal_nan=True)


def looked_up(x: Floats, axis: Floats, segment: Ints, row: int, k: float) -> float:
    """The value at k before a row: that of a sample as near as 1e-6, else between the two around it."""
    of = [j for j in range(len(x)) if segment[j] == segment[row]]
    place = axis[row] - k
    near = min(of, key=lambda j: abs(axis[j] - place))
    if abs(axis[near] - place) <= 1e-6:
        return float(x[near])
    for j, after in pairwise(of):
        if axis[j] < place < axis[after]:
            share = (place - axis[j]) / (axis[after] - axis[j])
            return float(x[j] + (x[after] - x[j]) * share)
    return float("nan")


@given(session=sessions(), k=st.sampled_from([0.25, -0.25, 0.1, 0.017, 3.0, -5.0, 0.0, 3600.0]))
def test_a_delay_interpolates_between_the_samples_around_the_place(session: list[Recording], k: float) -> None:
    r = joined(session)
    for axis, segment in ((r.time, r.segment), (r.distance, r.by_distance)):
        expected = [looked_up(r.x, axis, segment, row, k) for row in range(len(r.x))]
        assert delay(r.x, axis, segment, k) == pytest.approx(expected, rel=1e-9, abs=1e-9, nan_ok=True)


def test_a_delay_of_whole_samples_is_a_shift_although_the_clock_is_not_quite_even() -> None:
    t = np.arange(600) / 60 + np.random.default_rng(1).uniform(-2e-7, 2e-7, 600)
    x = np.where(np.arange(600) % 7 == 0, np.nan, np.arange(600.0))
    segment = np.zeros(600, dtype=np.int64)
    assert np.array_equal(delay(x, t, segment, 0.5), shift(x, segment, 30), equal_nan=True)
