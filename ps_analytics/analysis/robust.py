"""Statistics that a few odd values do not move: the MAD, what stands out by it, and the Theil–Sen trend."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

OUTLIER_Z = 3.5
"""What stands out by more is an outlier (Iglewicz and Hoaglin 1993)."""
CONFIDENCE = 0.95
"""The true slope lies in a trend's interval so often."""
_NORMAL_MAD = 1.4826022185056018


@dataclass(frozen=True, slots=True)
class Trend:
    """A straight line through n points: `slope` a step with its 95 % interval `low` … `high`, and the value at 0."""

    slope: float
    low: float
    high: float
    intercept: float
    n: int

    def at(self, x: Floats) -> Floats:
        """The line's values."""
        return self.intercept + self.slope * x


def mad(values: Floats) -> float:
    """The median absolute deviation, scaled so that it is the standard deviation of normal values; NaN of none.

    Example:
        >>> round(mad(np.array([1.0, 2.0, 3.0, 4.0, 99.0])), 4)
        1.4826
    """
    return float(_NORMAL_MAD * np.median(np.abs(values - np.median(values)))) if len(values) else np.nan


def robust_z(off: Floats, *, floor: float) -> Floats:
    """How many scaled MADs each value lies from 0, shape of `off`; a MAD below `floor` counts as that.

    Args:
        off: deviations from what is usual.
        floor: above 0, in their unit: deviations of this size are nothing however alike the others are.

    Example:
        >>> robust_z(np.array([0.0, 0.0, 3.0]), floor=0.5)
        array([0., 0., 6.])
    """
    return np.asarray(off / max(mad(off), floor))


def trend(x: Floats, y: Floats) -> Trend:
    """The Theil–Sen line through the points: the median of the slopes of all pairs, hardly moved by 29 % of outliers.

    Sen (1968) for its interval.

    Args:
        x: at least two different values.
        y: one finite value for each.

    Example:
        >>> found = trend(np.arange(5.0), np.array([1.0, 3.0, 5.0, 70.0, 9.0]))
        >>> found.slope, found.intercept
        (2.0, 1.0)
    """
    from scipy.stats import theilslopes

    found = theilslopes(y, x, alpha=CONFIDENCE)
    return Trend(float(found[0]), float(found[2]), float(found[3]), float(found[1]), len(x))
