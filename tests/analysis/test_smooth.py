"""The smoother against its definition, solved densely by another way."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ps_analytics.analysis.smooth import noise, whittaker, without_outliers


@given(
    values=st.lists(st.floats(-100, 100), min_size=3, max_size=60),
    strength=st.floats(1e-3, 1e6),
    seed=st.integers(0, 99),
)
def test_the_smoother_is_the_least_squares_solution(values: list[float], strength: float, seed: int) -> None:
    at = np.cumsum(np.random.default_rng(seed).uniform(0.5, 2.0, len(values)))
    series = np.array(values)
    # Independent of the banded system: penalised least squares as one tall system.
    gaps = np.diff(at) / np.median(np.diff(at))
    bends = np.zeros((len(series) - 2, len(series)))
    for row, (before, after) in enumerate(pairwise(gaps)):
        span = (before + after) / 2
        bends[row, row : row + 3] = [1 / (before * span), -1 / (before * span) - 1 / (after * span), 1 / (after * span)]
    tall = np.vstack([np.eye(len(series)), np.sqrt(strength) * bends])
    expected = np.linalg.lstsq(tall, np.concatenate([series, np.zeros(len(series) - 2)]), rcond=None)[0]
    assert whittaker(at, series, strength=strength) == pytest.approx(
        expected, abs=1e-6 * max(1.0, np.abs(series).max())
    )


def test_a_straight_line_passes_the_smoother_even_where_samples_are_lost() -> None:
    at = np.delete(np.arange(200.0), np.s_[60:75])
    assert whittaker(at, 3 * at - 7, strength=1e8) == pytest.approx(3 * at - 7, abs=1e-5)


def test_the_smoother_halves_a_wave_at_its_cutoff() -> None:
    rate_hz, cutoff_hz = 60.0, 1.0
    at = np.arange(0, 60, 1 / rate_hz)
    wave = np.sin(2 * np.pi * cutoff_hz * at)
    smooth = whittaker(at, wave, strength=(rate_hz / (2 * np.pi * cutoff_hz)) ** 4)
    middle = slice(600, -600)
    assert np.std(smooth[middle]) / np.std(wave[middle]) == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("spread", [0.01, 0.5, 3.0])
def test_noise_is_measured_beside_any_slow_curve(spread: float) -> None:
    rng = np.random.default_rng(8)
    t = np.linspace(0, 90, 5400)
    assert noise(20 * np.sin(t / 5) + rng.normal(0, spread, len(t))) == pytest.approx(spread, rel=0.08)


def test_a_lone_outlier_becomes_its_neighbours_median() -> None:
    series = np.linspace(0, 1, 50)
    spoiled = series.copy()
    spoiled[20] += 40
    mended = without_outliers(spoiled, floor=0.25)
    assert mended == pytest.approx(series, abs=0.05)
