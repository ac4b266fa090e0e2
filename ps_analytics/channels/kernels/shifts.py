"""Samples from elsewhere: so many samples back or ahead, or so far along an axis (specs/math.md §8, §8.1)."""

import numpy as np

from ps_analytics.channels.kernels.arrays import Floats, Ints, kernel, missing
from ps_analytics.channels.kernels.segments import runs

_AT_A_SAMPLE = 1e-6
"""A place on the axis so near a sample is that sample's."""


@kernel
def shift(x: Floats, segment: Ints, n: int) -> Floats:
    """The value n samples back, or -n samples ahead; NaN where that is another segment.

    Example:
        >>> shift(np.array([1.0, 2.0, 3.0, 4.0]), np.array([0, 0, 0, 1]), 1)
        array([nan,  1.,  2., nan])
    """
    if n == 0:
        return x.copy()
    result = missing(len(x))
    if abs(n) < len(x):
        here, there = (slice(n, None), slice(None, -n)) if n > 0 else (slice(None, n), slice(-n, None))
        result[here] = np.where(segment[here] == segment[there], x[there], np.nan)
    return result


@kernel
def delay(x: Floats, axis: Floats, segment: Ints, k: float) -> Floats:
    """The value at a place k before on the axis, or -k ahead, interpolated between the two samples around it.

    A place within 1e-6 of a sample takes that sample. NaN where the place is outside the segment or one of its
    neighbours is missing.

    Args:
        x: in any unit, which is the unit of the result.
        axis: grows inside each segment.
        segment: of each sample, rising.
        k: in the unit of the axis.

    Example:
        >>> delay(np.array([0.0, 10.0, 20.0]), np.array([0.0, 1.0, 2.0]), np.zeros(3, dtype=np.int64), 0.5)
        array([nan,  5., 15.])
    """
    starts, sizes = runs(segment)
    result = np.where(np.isnan(axis) | (abs(k) > _AT_A_SAMPLE), np.nan, x)
    several = sizes > 1
    for start, size in zip(starts[several].tolist(), sizes[several].tolist(), strict=True):
        part = slice(start, start + size)
        result[part] = _delayed(x[part], axis[part], k)
    return result


def _delayed(x: Floats, axis: Floats, k: float) -> Floats:
    """`delay` inside one segment."""
    place = axis - k
    nearest = np.rint(np.interp(place, axis, np.arange(float(len(axis))))).astype(np.int64)
    at_sample = np.abs(axis[nearest] - place) <= _AT_A_SAMPLE
    return np.where(at_sample, x[nearest], np.interp(place, axis, x, left=np.nan, right=np.nan))
