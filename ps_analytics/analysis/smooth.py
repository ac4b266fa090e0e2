"""What is slow in a noisy series: median filter, noise estimate, the Whittaker smoother and how much of it to take."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_LEAP = 9.0
"""A fourth difference so many times the usual one is a leap, not noise."""


def noise(values: Floats) -> float:
    """The standard deviation of white noise on a slow series, in its unit: from its fourth differences.

    Fourth differences take away any cubic and scale white noise by √70.

    Example:
        >>> noise(np.linspace(0.0, 3.0, 50) ** 2) < 1e-12
        True
    """
    if len(values) < 5:
        return 0.0
    return float(1.4826 * np.median(np.abs(np.diff(values, n=4))) / np.sqrt(70.0))


def noise_power(values: Floats) -> float:
    """The standard deviation of white noise as `noise`, but of all of it: heavy tails count, single leaps do not.

    Example:
        >>> late = np.random.default_rng(1).exponential(1.0, 5000)
        >>> round(noise(late), 1), round(noise_power(late), 1)
        (0.8, 1.0)
    """
    if len(values) < 5:
        return 0.0
    differences = np.abs(np.diff(values, n=4))
    return float(_power(differences[None])[0])


def _power(differences: Floats) -> Floats:
    """The noise behind fourth differences, a row each; single leaps are held down."""
    most = _LEAP * np.median(differences, axis=1, keepdims=True)
    return np.asarray(np.sqrt(np.mean(np.minimum(differences, most) ** 2, axis=1) / 70.0))


def noise_along(values: Floats, *, over: int = 120) -> Floats:
    """The standard deviation of white noise around each value, in its unit: `noise_power` of each `over` values.

    All of it counts, for a clock in whole milliseconds is off in a pattern, of which a median says little.

    Example:
        >>> values = np.random.default_rng(1).normal(0, np.where(np.arange(2000) < 1000, 1.0, 3.0))
        >>> noise_along(values)[[200, 1800]].round()
        array([1., 3.])
    """
    blocks = len(values) // over
    if blocks < 2:
        return np.full(len(values), noise_power(values))
    differences = np.abs(np.diff(values, n=4, append=values[-4:]))[: blocks * over].reshape(blocks, over)
    middles = (np.arange(blocks) + 0.5) * over
    return np.asarray(np.interp(np.arange(len(values)), middles, _power(differences)))


def without_outliers(values: Floats, *, floor: float) -> Floats:
    """The series with what stands out of its running median of five replaced by that median.

    It stands out by more than `floor` (in the series' unit) and four times the usual distance (MAD).

    Example:
        >>> without_outliers(np.array([0.0, 0.1, 9.0, 0.3, 0.4]), floor=0.25)
        array([0. , 0.1, 0.3, 0.3, 0.4])
    """
    if len(values) < 5:
        return values
    middle = np.median(sliding_window_view(np.pad(values, 2, mode="edge"), 5), axis=1)
    off = values - middle
    mad = 1.4826 * float(np.median(np.abs(off - np.median(off))))
    return np.where(np.abs(off) > max(floor, 4.0 * mad), middle, values)


def whittaker(at: Floats, values: Floats, *, strength: float, weights: Floats | None = None) -> Floats:
    """The smooth series z that minimises Σ weights · (values − z)² + strength · Σ(z'')², shape of `values`.

    Second differences are divided by the real spacing, in units of the median one, so that lost samples do not bend
    the curve. The system is pentadiagonal and solved by banded Cholesky. Whittaker (1923); Eilers (2003).

    Args:
        at: where the values were taken, increasing.
        values: the series, finite.
        strength: λ ≥ 0; (fs / 2π fc)⁴ cuts at fc.
        weights: how much each value counts, above 0; None counts all alike.

    Example:
        >>> whittaker(np.arange(4.0), np.array([0.0, 1.0, 2.0, 3.0]), strength=100.0).round(9)
        array([0., 1., 2., 3.])
    """
    if len(values) < 3 or strength <= 0:
        return values
    return _solved(_bends(at), values, strength, weights)


def _bends(at: Floats) -> Floats:
    """What Σ(z'')² is made of: a pentadiagonal matrix in upper form, the diagonal last."""
    gaps = np.maximum(np.diff(at) / np.median(np.diff(at)), _NEAREST)
    before, after = gaps[:-1], gaps[1:]
    whole = (before + after) / 2
    low, high = 1.0 / (before * whole), 1.0 / (after * whole)
    rows = (low, -low - high, high)
    count = len(at)
    bands = np.zeros((3, count))
    for offset in range(3):
        for first in range(3 - offset):
            at_row = first + offset
            bands[2 - offset, at_row : at_row + count - 2] += rows[first] * rows[at_row]
    return bands


def _solved(bends: Floats, values: Floats, strength: float, weights: Floats | None) -> Floats:
    from scipy.linalg import solveh_banded

    bands = strength * bends
    bands[2] += 1.0 if weights is None else weights
    wanted = values if weights is None else weights * values  # weighted is one series only
    return np.asarray(solveh_banded(bands, wanted, overwrite_ab=True, check_finite=False), dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Slow:
    """The slow part of a noisy series: `values` at its places, the `cutoff_hz` that suits it best.

    `noise` is the standard deviation of what was taken away, `error` that of the slow part against the true one
    (bias included), both in the series' unit.
    """

    values: Floats
    cutoff_hz: float
    noise: float
    error: float


_NEAREST = 0.05
"""Values nearer to each other (of the usual spacing) count as so far apart: else no arithmetic solves the system."""
SLOWEST_HZ, FASTEST_HZ = 0.05, 3.0
"""Cutoffs a slow part may have."""
_CHOICES = 10
_CHOSEN_AT_HZ = 12.0
_PASSED = 1 / (2 * np.sqrt(2))
"""The share of a smoother's degrees of freedom by its cutoff in rad a sample: ∫ du / (1 + u⁴) / π."""
_PIN = 1e6


def slow_part(
    time_s: Floats,
    values: Floats,
    *,
    spread: float,
    pins: tuple[tuple[float, float], ...] = (),
    cutoff_hz: float | None = None,
) -> Slow:
    """The slow part of a series under white noise, with the cutoff that costs least.

    The cutoff minimises Stein's unbiased estimate of the squared error, RSS + 2 σ² tr H: neither more noise than
    needed nor a bend cut off. Stein (1981); what `error` says holds on average over the series, Nychka (1988).

    Args:
        time_s: when the values were taken, increasing, in s.
        values: the series, finite; at least five. Or several series as columns, which share one cutoff.
        spread: their noise σ.
        pins: (time, value) of moments at which the slow part is known.
        cutoff_hz: the cutoff, where it was chosen before.

    Example:
        >>> t = np.arange(0.0, 60.0, 0.1)
        >>> noisy = np.sin(t / 5) + np.random.default_rng(1).normal(0, 0.1, len(t))
        >>> slow = slow_part(t, noisy, spread=0.1)
        >>> bool(np.std(slow.values - np.sin(t / 5)) < 0.03), round(slow.noise, 2)
        (True, 0.1)
    """
    step = float(np.median(np.diff(time_s)))
    cutoff_hz = cutoff_hz or _best_cutoff(time_s, values, spread, step)
    at, weights = time_s, None
    if pins:
        at, values, weights, own = _pinned(time_s, values, step, pins)
    smooth = whittaker(at, values, strength=_strength(step, cutoff_hz), weights=weights)
    if pins:
        smooth, values = smooth[own], values[own]
    passed = _PASSED * 2 * np.pi * cutoff_hz * step
    left = float(np.sqrt(np.mean((values - smooth) ** 2) / max(1.0 - passed, 0.1)))
    found = max(spread, left)
    return Slow(smooth, cutoff_hz, found, found * float(np.sqrt(min(passed, 1.0))))


def _strength(step_s: float, cutoff_hz: float) -> float:
    return float((1.0 / (step_s * 2 * np.pi * cutoff_hz)) ** 4)


def _best_cutoff(time_s: Floats, values: Floats, spread: float, step_s: float) -> float:
    """Chosen on means of some samples: the noise stays white, and a fraction of the work is left."""
    over = max(1, int(1.0 / (_CHOSEN_AT_HZ * step_s)))
    count = len(values) // over
    at, means = (
        series[: count * over].reshape(count, over, *series.shape[1:]).mean(axis=1) for series in (time_s, values)
    )
    if count < 8:
        return FASTEST_HZ
    fastest = min(FASTEST_HZ, 0.2 / (step_s * over))
    choices = np.geomspace(min(SLOWEST_HZ, fastest / 2), fastest, _CHOICES)
    bends, columns = _bends(at), means.size / count

    def cost(cutoff_hz: float) -> float:
        smooth = _solved(bends, means, _strength(step_s * over, cutoff_hz), None)
        used = 2.0 + count * _PASSED * 2 * np.pi * cutoff_hz * step_s * over
        return float(np.sum((means - smooth) ** 2) + 2 * spread**2 / over * used * columns)

    return float(choices[_cheapest(lambda place: cost(float(choices[place])))])


def _cheapest(cost: Callable[[int], float]) -> int:
    """The choice that costs least: every third is tried, then those beside the best of them, as far as they are better.

    Costs fall and rise once, but for a little noise.
    """
    costs = {place: cost(place) for place in range(1, _CHOICES, 3)}
    while True:
        best = min(costs, key=lambda place: costs[place])
        beside = [place for place in (best - 1, best + 1) if 0 <= place < _CHOICES and place not in costs]
        if not beside:
            return best
        costs |= {place: cost(place) for place in beside}


def _pinned(
    time_s: Floats, values: Floats, step_s: float, pins: tuple[tuple[float, float], ...]
) -> tuple[Floats, Floats, Floats, NDArray[np.bool_]]:
    """The series with its pins: on the sample they fall on, else beside the samples; and which are samples."""
    at, series, weights, own = time_s, values.copy(), np.ones(len(values)), np.ones(len(values), dtype=bool)
    for when, value in pins:
        near = int(np.argmin(np.abs(at - when)))
        if abs(at[near] - when) > step_s:
            near = int(np.searchsorted(at, when))
            at, series, weights = np.insert(at, near, when), np.insert(series, near, value), np.insert(weights, near, 1)
            own = np.insert(own, near, False)
        series[near], weights[near] = value, _PIN
    return at, series, weights, own
