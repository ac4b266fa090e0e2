"""What is slow in a noisy series: median filter, noise estimate, and the Whittaker smoother."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Floats = NDArray[np.float64]


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


def whittaker(at: Floats, values: Floats, *, strength: float) -> Floats:
    """The smooth series z that minimises Σ(values − z)² + strength · Σ(z'')², shape of `values`.

    Second differences are divided by the real spacing, in units of the median one, so that lost samples do not bend
    the curve. The system is pentadiagonal and solved by banded Cholesky. Whittaker (1923); Eilers (2003).

    Args:
        at: where the values were taken, increasing.
        values: the series, finite.
        strength: λ ≥ 0; (fs / 2π fc)⁴ cuts at fc.

    Example:
        >>> whittaker(np.arange(4.0), np.array([0.0, 1.0, 2.0, 3.0]), strength=100.0).round(9)
        array([0., 1., 2., 3.])
    """
    if len(values) < 3 or strength <= 0:
        return values
    from scipy.linalg import solveh_banded

    gaps = np.diff(at) / np.median(np.diff(at))
    before, after = gaps[:-1], gaps[1:]
    whole = (before + after) / 2
    low, high = 1.0 / (before * whole), 1.0 / (after * whole)
    rows = np.stack([low, -low - high, high])
    count = len(values)
    bands = np.zeros((3, count))  # upper form: the diagonal comes last
    for offset in range(3):
        for first in range(3 - offset):
            at_row = first + offset
            bands[2 - offset, at_row : at_row + count - 2] += strength * rows[first] * rows[at_row]
    bands[2] += 1.0
    return np.asarray(solveh_banded(bands, values, overwrite_ab=True, check_finite=False), dtype=np.float64)
