"""Windows: statistics of the samples within so many seconds around each sample (specs/math.md §8.1).

Sums over 1, 2, 4, 8 … samples are made by doubling, and a window is put together from the few it is made of. So a
result depends on nothing but the samples of its window, and a window of a minute costs hardly more than a short one.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ps_analytics.channels.kernels.arrays import Floats, Ints, Mask, kernel, missing
from ps_analytics.channels.kernels.ranks import middle


class _Windows(NamedTuple):
    """The samples there are, and the window of each among them."""

    rows: Ints
    values: Floats
    first: Ints
    size: Ints


def _windows(x: Floats, time: Floats, segment: Ints, seconds: float) -> _Windows:
    """The window of each sample: those of its segment no more than half of `seconds` and 1 µs away.

    In whole µs the segments are laid one after the other, too far apart to see each other, so that one search does.
    """
    rows = np.flatnonzero(~np.isnan(x))
    reach = round(seconds / 2.0 * 1e6) + 1
    stamp = np.nan_to_num(np.rint(time[rows] * 1e6))
    step = np.diff(stamp, prepend=stamp[:1])
    step[1:][np.diff(segment[rows]) != 0] = 2 * reach + 1
    stamp = np.cumsum(step)
    first = np.searchsorted(stamp, stamp - reach)
    end = np.cumsum(np.bincount(first, minlength=len(rows)))  # who is seen by a sample sees it
    return _Windows(rows, x[rows], first, end - first)


def _back(values: Floats, windows: _Windows, rows: int) -> Floats:
    """The values on their rows, NaN on the others."""
    result = missing(rows)
    result[windows.rows] = values
    return result


def _blocks(windows: _Windows) -> Iterator[tuple[int, Mask, Ints]]:
    """Powers of two, rising: which windows have a block of that many samples, and where it starts."""
    start = windows.first.copy()
    for level in range(int(windows.size.max(initial=0)).bit_length()):
        has = (windows.size >> level) & 1 == 1
        yield level, has, start
        start += has << level


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
    total = np.zeros(len(windows.rows))
    block = windows.values
    for level, has, start in _blocks(windows):
        total += np.where(has, np.take(block, start, mode="clip"), 0.0)
        block = block[: -1 << level] + block[1 << level :]
    return _back(total / windows.size, windows, len(x))


@kernel
def window_maximum(x: Floats, time: Floats, segment: Ints, seconds: float) -> Floats:
    """The largest sample in each window; arguments as for `window_mean`.

    Example:
        >>> window_maximum(np.array([0.0, 3.0, 6.0, 3.0]), np.arange(4.0), np.zeros(4, dtype=np.int64), 2.0)
        array([3., 6., 6., 6.])
    """
    windows = _windows(x, time, segment, seconds)
    result = np.empty(len(windows.rows))
    largest = np.frexp(windows.size)[1] - 1
    block = windows.values + 0.0
    for level in range(int(windows.size.max(initial=0)).bit_length()):
        rows = np.flatnonzero(largest == level)
        first, last = windows.first[rows], (windows.first + windows.size)[rows] - (1 << level)
        result[rows] = np.maximum(block[first], block[last])
        block = np.maximum(block[: -1 << level], block[1 << level :])
    return _back(result, windows, len(x))


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
    """The standard deviation (n − 1) of each window, NaN for a single sample; arguments as for `window_mean`.

    Means and squared deviations of blocks are merged as Chan, Golub and LeVeque (1983) do.

    Example:
        >>> window_std(np.array([0.0, 2.0, 4.0]), np.arange(3.0), np.zeros(3, dtype=np.int64), 2.0) ** 2
        array([2., 4., 2.])
    """
    windows = _windows(x, time, segment, seconds)
    seen = np.zeros(len(windows.rows), dtype=np.int64)
    mean, squares = np.zeros(len(seen)), np.zeros(len(seen))
    block, block_squares = windows.values, np.zeros(len(seen))
    for level, has, start in _blocks(windows):
        both = seen + (has << level)
        off = np.where(has, np.take(block, start, mode="clip") - mean, 0.0)
        share = (has << level) / np.maximum(both, 1)
        mean = mean + off * share
        squares = squares + np.where(has, np.take(block_squares, start, mode="clip"), 0.0) + off * off * share * seen
        seen = both
        left, right = block[: -1 << level], block[1 << level :]
        block_squares = (
            block_squares[: -1 << level] + block_squares[1 << level :] + (right - left) ** 2 * 2.0 ** (level - 1)
        )
        block = (left + right) / 2.0
    return _back(np.sqrt(squares / (windows.size - 1)), windows, len(x))


@kernel
def window_median(x: Floats, time: Floats, segment: Ints, seconds: float) -> Floats:
    """The median of each window; arguments as for `window_mean`.

    Example:
        >>> window_median(np.array([0.0, 9.0, 6.0, 3.0]), np.arange(4.0), np.zeros(4, dtype=np.int64), 2.0)
        array([4.5, 6. , 6. , 4.5])
    """
    windows = _windows(x, time, segment, seconds)
    return _back(middle(windows.values + 0.0, windows.first, windows.size), windows, len(x))
