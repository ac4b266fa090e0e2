"""Statistics: one value a scope, repeated on its rows (specs/math.md §8).

Missing samples are skipped. A scope without a sample has NaN (its count is 0), and so have the rows outside.
"""

from collections.abc import Callable

import numpy as np

from ps_analytics.channels.kernels.arrays import Floats, Ints, kernel, missing
from ps_analytics.channels.kernels.scopes import OUTSIDE, Members, members, on_rows

_LOOPED = 64
"""Samples a scope above which sorting one scope at a time beats sorting all by scope and value."""


def _reduced(x: Floats, scope: Ints, reduce: Callable[[Floats, Members], Floats]) -> Floats:
    """What `reduce` makes of the samples there are, ordered by scope, on the rows of each scope."""
    present = members(scope, ~np.isnan(x))
    if len(present.ids) == 0:
        return missing(len(x))
    return on_rows(reduce(x[present.rows], present), present.ids, scope)


@kernel
def minimum(x: Floats, scope: Ints) -> Floats:
    """The smallest value.

    Example:
        >>> minimum(np.array([3.0, 1.0, np.nan, 5.0]), np.array([0, 0, 0, -1]))
        array([ 1.,  1.,  1., nan])
    """
    return _reduced(x, scope, lambda values, of: np.minimum.reduceat(values + 0.0, of.starts))


@kernel
def maximum(x: Floats, scope: Ints) -> Floats:
    """The largest value.

    Example:
        >>> maximum(np.array([3.0, 1.0, np.nan, 5.0]), np.array([0, 0, 0, -1]))
        array([ 3.,  3.,  3., nan])
    """
    return _reduced(x, scope, lambda values, of: np.maximum.reduceat(values + 0.0, of.starts))


@kernel
def spread(x: Floats, scope: Ints) -> Floats:
    """The largest less the smallest value.

    Example:
        >>> spread(np.array([3.0, 1.0, 5.0]), np.array([0, 0, 1]))
        array([2., 2., 0.])
    """
    return maximum(x, scope) - minimum(x, scope)


@kernel
def total(x: Floats, scope: Ints) -> Floats:
    """The sum.

    Example:
        >>> total(np.array([3.0, 1.0, 5.0]), np.array([0, 0, 1]))
        array([4., 4., 5.])
    """
    return _reduced(x, scope, lambda values, of: np.add.reduceat(values, of.starts))


@kernel
def mean(x: Floats, scope: Ints) -> Floats:
    """The mean of the samples.

    Example:
        >>> mean(np.array([3.0, 1.0, np.nan]), np.array([0, 0, 0]))
        array([2., 2., 2.])
    """
    return _reduced(x, scope, _mean)


def _mean(values: Floats, of: Members) -> Floats:
    return np.add.reduceat(values, of.starts) / of.sizes


@kernel
def std(x: Floats, scope: Ints) -> Floats:
    """The standard deviation of a sample (n − 1); NaN of a single value.

    Example:
        >>> std(np.array([1.0, 3.0, 5.0]), np.array([0, 0, 1])) ** 2
        array([ 2.,  2., nan])
    """
    return _reduced(x, scope, _std)


def _std(values: Floats, of: Members) -> Floats:
    off = values - of.repeated(_mean(values, of))
    return np.asarray(np.sqrt(np.add.reduceat(off * off, of.starts) / (of.sizes - 1)))


@kernel
def median(x: Floats, scope: Ints) -> Floats:
    """The middle value, or the mean of the two in the middle.

    Example:
        >>> median(np.array([1.0, 9.0, 2.0]), np.array([0, 0, 0]))
        array([2., 2., 2.])
    """
    return percentile(x, scope, 50.0)


@kernel
def percentile(x: Floats, scope: Ints, p: float) -> Floats:
    """The value that p percent (0 to 100) of the samples stay below, interpolated as Hyndman and Fan's type 7 (1996).

    Example:
        >>> percentile(np.array([10.0, 20.0, 30.0]), np.array([0, 0, 0]), 75.0)
        array([25., 25., 25.])
    """

    def reduce(values: Floats, of: Members) -> Floats:
        ordered = _sorted(values + 0.0, of)
        rank = (of.sizes - 1) * (p / 100.0)
        below = np.floor(rank).astype(np.int64)
        low = ordered[of.starts + below]
        high = ordered[of.starts + np.minimum(below + 1, of.sizes - 1)]
        return np.asarray(low + (high - low) * (rank - below))

    return _reduced(x, scope, reduce)


def _sorted(values: Floats, of: Members) -> Floats:
    """The values, rising within each scope."""
    if len(of.starts) * _LOOPED > len(values):
        return values[np.lexsort((values, np.repeat(np.arange(len(of.starts)), of.sizes)))]
    for part in np.split(values, of.starts[1:]):
        part.sort()
    return values


@kernel
def first(x: Floats, scope: Ints) -> Floats:
    """The first value there is.

    Example:
        >>> first(np.array([np.nan, 1.0, 2.0]), np.array([0, 0, 0]))
        array([1., 1., 1.])
    """
    return _reduced(x, scope, lambda values, of: values[of.starts])


@kernel
def last(x: Floats, scope: Ints) -> Floats:
    """The last value there is.

    Example:
        >>> last(np.array([1.0, 2.0, np.nan]), np.array([0, 0, 0]))
        array([2., 2., 2.])
    """
    return _reduced(x, scope, lambda values, of: values[of.starts + of.sizes - 1])


@kernel
def count(x: Floats, scope: Ints) -> Floats:
    """The number of samples there are.

    Example:
        >>> count(np.array([1.0, np.nan, np.nan, 2.0]), np.array([0, 0, 1, -1]))
        array([ 1.,  1.,  0., nan])
    """
    counted = _reduced(x, scope, lambda _, of: of.sizes.astype(np.float64))
    return np.where(np.isnan(counted) & (scope != OUTSIDE), 0.0, counted)


@kernel
def at_maximum(y: Floats, x: Floats, scope: Ints) -> Floats:
    """The value of y at the first sample on which x is largest, among those on which both are there.

    Example:
        >>> at_maximum(np.array([1.0, 2.0, 3.0]), np.array([5.0, 9.0, 9.0]), np.array([0, 0, 0]))
        array([2., 2., 2.])
    """

    def reduce(values: Floats, of: Members) -> Floats:
        largest = of.repeated(np.maximum.reduceat(values, of.starts))
        place = np.where(values == largest, np.arange(len(values)), len(values))
        return y[of.rows][np.minimum.reduceat(place, of.starts)]

    return _reduced(np.where(np.isnan(y), np.nan, x), scope, reduce)


@kernel
def at_minimum(y: Floats, x: Floats, scope: Ints) -> Floats:
    """The value of y at the first sample on which x is smallest, among those on which both are there.

    Example:
        >>> at_minimum(np.array([1.0, 2.0, 3.0]), np.array([9.0, 5.0, 5.0]), np.array([0, 0, 0]))
        array([2., 2., 2.])
    """
    return at_maximum(y, -x, scope)
