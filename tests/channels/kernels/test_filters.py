"""Filters against SciPy."""

import numpy as np
import pytest
from scipy import signal

from ps_analytics.channels.kernels.filters import highpass, lowpass

ONE = np.zeros(600, dtype=np.int64)
TIME = np.arange(600) / 60
NOISE = np.random.default_rng(2).normal(size=600)


@pytest.mark.parametrize("order", range(1, 9))
@pytest.mark.parametrize("rows", [4, 5, 20, 600])
def test_on_an_even_clock_it_is_scipys_filter_both_ways(order: int, rows: int) -> None:
    time, x, one = TIME[:rows], NOISE[:rows], ONE[:rows]
    for kernel, kind in ((lowpass, "lowpass"), (highpass, "highpass")):
        share = 2 * 5.0 * np.median(np.diff(time))
        sections = signal.butter(order, share, kind, output="sos")
        padding = min(3 * (2 * len(sections) + 1), rows - 1)
        expected = signal.sosfiltfilt(sections, x, padlen=padding)
        assert kernel(x, time, one, 5.0, order) == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_slow_waves_pass_without_delay_and_fast_ones_do_not() -> None:
    slow, fast = np.sin(2 * np.pi * TIME), 0.5 * np.sin(2 * np.pi * 20 * TIME)
    inside = slice(100, 500)
    assert lowpass(slow + fast, TIME, ONE, 5.0, 4)[inside] == pytest.approx(slow[inside], abs=2e-3)
    assert highpass(slow + fast, TIME, ONE, 5.0, 4)[inside] == pytest.approx(fast[inside], abs=2e-3)


def test_an_uneven_clock_is_made_even_and_its_samples_come_back() -> None:
    time = TIME + np.random.default_rng(3).uniform(-0.004, 0.004, 600)
    got = lowpass(np.sin(2 * np.pi * time), time, ONE, 8.0, 2)
    assert got[100:500] == pytest.approx(np.sin(2 * np.pi * time[100:500]), abs=0.01)


def test_at_half_the_sampling_rate_everything_is_slow() -> None:
    assert lowpass(NOISE, TIME, ONE, 31.0, 2).tolist() == NOISE.tolist()
    assert not highpass(NOISE, TIME, ONE, 31.0, 2).any()


def test_missing_samples_are_bridged_and_stay_missing() -> None:
    holes = np.isin(np.arange(600), [0, 100, 101, 300, 599])
    line = 3.0 + TIME
    got = lowpass(np.where(holes, np.nan, line), TIME, ONE, 5.0, 2)
    assert np.array_equal(np.isnan(got), holes)
    assert got[50:550] == pytest.approx(np.where(holes, np.nan, line)[50:550], abs=1e-3, nan_ok=True)


def test_fewer_than_four_samples_are_not_filtered() -> None:
    segment = np.repeat(np.array([0, 1]), [3, 4])
    x = np.array([1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0])
    got = lowpass(x, np.arange(7) / 60, segment, 5.0, 2)
    assert np.isnan(got[:3]).all()
    assert got[3:] == pytest.approx(2.0)
    x[4] = np.nan
    assert np.isnan(lowpass(x, np.arange(7) / 60, segment, 5.0, 2)).all()


def test_segments_are_filtered_each_by_itself() -> None:
    segment = np.repeat(np.array([0, 1]), 300)
    alone = [lowpass(NOISE[part], TIME[part], ONE[part], 5.0, 2) for part in (slice(0, 300), slice(300, 600))]
    assert np.array_equal(lowpass(NOISE, TIME, segment, 5.0, 2), np.concatenate(alone))


def test_a_clock_without_a_usual_step_and_a_filter_that_never_settles_give_nothing() -> None:
    bursts = np.cumsum(np.where(np.arange(600) % 3 == 0, 1.9, 1e-6))
    assert np.isnan(lowpass(NOISE, bursts, ONE, 5.0, 2)).all()
    assert np.isnan(lowpass(NOISE, TIME, ONE, 1e-12, 2)).all()
