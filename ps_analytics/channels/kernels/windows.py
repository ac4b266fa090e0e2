"""Windows: statistics of the samples within so many seconds around each sample (specs/math.md §8.1).

Sums over 1, 2, 4, 8 … samples are made by doubling, and a window is put together from the few it is made of. So a
result depends on nothing but the samples of its window, and a window of a minute costs hardly more than a short one.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ps_analytics.channels.kernels.arrays import Floats, Ints, Mask, kernel, missing, there
from ps_analytics.channels.kernels.ranks import middle
from ps_analytics.channels.kernels.segments import joined


class _Windows(NamedTuple):
    """The samples there are, and the stretch of them that is the window of each."""

    rows: Ints | slice
    values: Floats
    first: Ints
    size: Ints

    @property
    def levels(self) -> range:
        """The powers of two, 1 being the first, of which the largest window is made."""
        return range(int(self.size.max(initial=0)).bit_length())

    def blocks(self) -> Iterator[tuple[int, Ints, Mask, Ints]]:
        """For each level: the level, the samples of the block each window has there (0: none), if any, its start."""
        start = self.first.copy()
        for level in self.levels:
            length = self.size & (1 << level)
            yield level, length, length != 0, start
            start += length

    def spread(self, values: Floats, rows: int) -> Floats:
        """The values on their rows, NaN on the others."""
        result = missing(rows)
        result[self.rows] = values
        return result


def _windows(x: Floats, time: Floats, segment: Ints, seconds: float) -> _Windows:
    """The window of each sample: those of its segment no more than half of `seconds` and 1 µs away.

    Samples out of reach, those of other segments too, are laid in whole µs just out of reach, so that one search does.
    """
    rows = there(x)
    reach = round(seconds / 2.0 * 1e6) + 1
    stamp = np.rint(time[rows] * 1e6)
    steps = stamp[1:] - stamp[:-1]
    near = joined(segment[rows]) & (steps <= reach)
    if near.all() and len(near):
        stamp = stamp - stamp[0]
    else:
        stamp = np.append(0.0, np.cumsum(np.where(near, steps, reach + 1.0)))[: len(stamp)]
    # Interpolating places and rounding up searches rising numbers twice as fast as `searchsorted`; between whole µs
    # no place is near a whole number.
    places = np.interp(stamp - (reach + 0.5), stamp, np.arange(float(len(stamp)))) if len(stamp) else stamp
    first = np.ceil(places).astype(np.int64)
    end = np.cumsum(np.bincount(first, minlength=len(stamp)))  # a sample is seen by those it sees
    return _Windows(rows, x[rows], first, end - first)


@kernel
def window_mean(x: Floats, time: Floats, segment: Ints, seconds: float) -> Floats:
    """The mean of the samples in a window of `seconds` around each sample; NaN where x is missing.

    Args:
        x: in any unit, which is the unit of the result.
        time: in s; taken to 1 µs.
        segment: of each sample, rising; a window ends at its edges.
        seconds: the whole width; samples just half of it away belong to it.

    Example:
        >>> window_mean(np.array([0.0, 3.0, 6.0, 3.0]), np.arange(4.0), np.zeros(4, dtype=np.int64), 2.0)
        array([1.5, 3. , 4. , 4.5])
    """
    windows = _windows(x, time, segment, seconds)
    total = np.zeros(len(windows.size))
    sums = windows.values
    for level, _, has, start in windows.blocks():
        total += np.where(has, sums.take(start, mode="clip"), 0.0)
        sums = sums[: -1 << level] + sums[1 << level :]
    return windows.spread(total / windows.size, len(x))


@kernel
def window_maximum(x: Floats, time: Floats, segment: Ints, seconds: float) -> Floats:
    """The largest sample in each window; arguments as for `window_mean`.

    Example:
        >>> window_maximum(np.array([0.0, 3.0, 6.0, 3.0]), np.arange(4.0), np.zeros(4, dtype=np.int64), 2.0)
        array([3., 6., 6., 6.])
    """
    windows = _windows(x, time, segment, seconds)
    result = np.empty(len(windows.size))
    largest = windows.values + 0.0  # of 0 and −0 the order of samples decides otherwise which it is
    for level in windows.levels:
        rows = np.flatnonzero(windows.size >> level == 1)
        first = windows.first[rows]
        last = first + windows.size[rows] - (1 << level)
        result[rows] = np.maximum(largest[first], largest[last])
        largest = np.maximum(largest[: -1 << level], largest[1 << level :])
    return windows.spread(result, len(x))


@kernel
def window_minimum(x: Floats, time: Floats, segment: Ints, seconds: float) -> Floats:
    """The smallest sample in each window; arguments as for `window_mean`.

    Example:
        >>> window_minimum(np.array([0.0, 3.0, 6.0, 3.0]), np.arange(4.0), np.zeros(4, dtype=np.int64), 2.0)
        array([0., 0., 3., 3.])
    """
    return 0.0 - window_maximum(-x, time, segment, seconds)


@kernel
def window_std(x: Floats, time: Floats, segment: Ints, seconds: float) -> Floats:
    """The standard deviation (n − 1) of each window, NaN of a single sample; arguments as for `window_mean`.

    Means and squared deviations of blocks are merged as in Chan, Golub and LeVeque (1983).

    Example:
        >>> window_std(np.array([0.0, 2.0, 4.0]), np.arange(3.0), np.zeros(3, dtype=np.int64), 2.0) ** 2
        array([2., 4., 2.])
    """
    windows = _windows(x, time, segment, seconds)
    seen, mean, squares = (np.zeros(len(windows.size)) for _ in range(3))
    means, deviations = windows.values, np.zeros(len(windows.size))
    for level, length, has, start in windows.blocks():
        both = seen + length
        share = length / np.maximum(both, 1.0)
        off = np.where(has, means.take(start, mode="clip") - mean, 0.0)
        squares += off * off * (share * seen) + np.where(has, deviations.take(start, mode="clip"), 0.0)
        mean += off * share
        seen = both
        apart = means[1 << level :] - means[: -1 << level]
        deviations = deviations[: -1 << level] + deviations[1 << level :] + apart * apart * 2.0 ** (level - 1)
        means = means[: -1 << level] + apart / 2.0
    return windows.spread(np.sqrt(squares / (windows.size - 1)), len(x))


@kernel
def window_median(x: Floats, time: Floats, segment: Ints, seconds: float) -> Floats:
    """The median of each window; arguments as for `window_mean`.

    Example:
        >>> window_median(np.array([0.0, 9.0, 6.0, 3.0]), np.arange(4.0), np.zeros(4, dtype=np.int64), 2.0)
        array([4.5, 6. , 6. , 4.5])
    """
    windows = _windows(x, time, segment, seconds)
    return windows.spread(middle(windows.values, windows.first, windows.size), len(x))
