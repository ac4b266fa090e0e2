"""The middle of any stretch of a column, by a wavelet matrix (Claude and Navarro, "The wavelet matrix", 2012)."""

import numpy as np

from ps_analytics.channels.kernels.arrays import Floats, Ints


def middle(values: Floats, first: Ints, size: Ints) -> Floats:
    """The median of `size` values from `first` on, for each pair of these.

    The values' ranks are sorted by one binary digit after the other, the highest first, each time keeping how many
    had a 0 up to each place: so many operations as ranks have digits lead from a stretch to the value of a given rank.

    Example:
        >>> middle(np.array([4.0, 1.0, 7.0, 2.0]), np.array([0, 1]), np.array([3, 2]))
        array([4., 4.])
    """
    order = np.argsort(values, kind="stable")
    rank = np.empty(len(values), dtype=np.int64)
    rank[order] = np.arange(len(values))
    wanted = np.concatenate(((size - 1) // 2, size // 2))
    low, high = np.tile(first, 2), np.tile(first + size, 2)
    found = np.zeros(len(wanted), dtype=np.int64)
    for digit in reversed(range(len(values).bit_length())):
        is_zero = (rank >> digit) & 1 == 0
        zeros = np.concatenate(([0], np.cumsum(is_zero)))
        low_zeros, high_zeros = zeros[low], zeros[high]
        among = high_zeros - low_zeros
        one = wanted >= among
        wanted = np.where(one, wanted - among, wanted)
        low = np.where(one, zeros[-1] + low - low_zeros, low_zeros)
        high = np.where(one, zeros[-1] + high - high_zeros, high_zeros)
        found |= one.astype(np.int64) << digit
        rank = np.concatenate((rank[is_zero], rank[~is_zero]))
    lower, upper = values[order[found]].reshape(2, -1)
    return lower + (upper - lower) / 2.0
