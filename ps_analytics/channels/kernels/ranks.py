"""The middle of any stretch of a column."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ps_analytics.channels.kernels.arrays import Floats, Ints

_SORTED = 64
"""Samples up to which sorting every stretch by itself is quicker than the wavelet matrix."""
_AT_ONCE = 2048
"""Stretches sorted together: what they take stays near the processor."""


def middle(values: Floats, first: Ints, size: Ints) -> Floats:
    """The median of the `size` values from `first` on, for each pair of these; sizes of one or more.

    Example:
        >>> middle(np.array([4.0, 1.0, 7.0, 2.0]), np.array([0, 1]), np.array([3, 2]))
        array([4., 4.])
    """
    values = values + 0.0  # of 0 and −0 the order of sorting decides otherwise which it is
    lower, upper = (_of_sorted if size.max(initial=0) <= _SORTED else _of_wavelet)(values, first, size)
    return lower + (upper - lower) / 2.0


def _of_sorted(values: Floats, first: Ints, size: Ints) -> tuple[Floats, Floats]:
    """The two values in the middle of each stretch, from all stretches sorted."""
    width = 1 << (int(size.max(initial=1)) - 1).bit_length()  # NumPy sorts rows of 16 or 32 in vectors
    ahead = sliding_window_view(np.concatenate((values, np.full(width, np.inf))), width)
    lower, upper = np.empty(len(first)), np.empty(len(first))
    for start in range(0, len(first), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        stretches, sizes = ahead[first[part]], size[part].astype(np.int16)
        stretches[np.arange(width, dtype=np.int16) >= sizes[:, None]] = np.inf
        stretches.sort(axis=1)
        begin = np.arange(0, stretches.size, width)
        lower[part] = stretches.ravel()[begin + (sizes - 1) // 2]
        upper[part] = stretches.ravel()[begin + sizes // 2]
    return lower, upper


def _of_wavelet(values: Floats, first: Ints, size: Ints) -> tuple[Floats, Floats]:
    """The same by a wavelet matrix (Claude, Navarro and Ordóñez, "The wavelet matrix", 2015).

    The ranks of the values are sorted by one binary digit after the other, the highest first, and for each place it is
    kept how many before it had a 0. So one step a digit leads from a stretch to the value of a given place in its
    order: where enough of its values have a 0 the stretch becomes these, else those with a 1, which lie behind all 0.
    """
    order = np.argsort(values)
    rank = np.empty(len(values), dtype=np.int64)
    rank[order] = np.arange(len(values))
    even = np.flatnonzero(size % 2 == 0)
    wanted = np.concatenate(((size - 1) // 2, size[even] // 2))
    begin = np.concatenate((first, first[even]))
    end = begin + np.concatenate((size, size[even]))
    found = np.zeros(len(wanted), dtype=np.int64)
    zeros_before = np.zeros(len(values) + 1, dtype=np.int64)
    for digit in reversed(range(len(values).bit_length())):
        is_one = (rank >> digit) & 1
        np.cumsum(1 - is_one, out=zeros_before[1:])
        begin_zero, end_zero = zeros_before.take(begin), zeros_before.take(end)
        zeros = end_zero - begin_zero
        one = (wanted >= zeros).astype(np.int64)  # by products, since a choice by chance costs a processor more
        wanted -= zeros * one
        found += one << digit
        begin = begin_zero + one * (begin + zeros_before[-1] - 2 * begin_zero)
        end = end_zero + one * (end + zeros_before[-1] - 2 * end_zero)
        rank = rank[np.argsort(is_one.astype(bool), kind="stable")]
    chosen = values[order[found]]
    lower, upper = chosen[: len(size)], chosen[: len(size)].copy()
    upper[even] = chosen[len(size) :]
    return lower, upper
