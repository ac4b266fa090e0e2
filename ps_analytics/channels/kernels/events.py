"""Events: edges of conditions, counters, latches, values held (specs/math.md §8). A condition is 1, 0 or NaN."""

import numpy as np

from ps_analytics.channels.kernels.arrays import Floats, Ints, Mask, is_true, kernel, missing
from ps_analytics.channels.kernels.scopes import OUTSIDE, latest, running_total
from ps_analytics.channels.kernels.segments import joined


@kernel
def rising(c: Floats, segment: Ints) -> Floats:
    """1 on the first sample on which c is true after it was false, else 0; NaN where c is missing.

    The first sample of a segment and one after a missing sample are no edges.

    Example:
        >>> rising(np.array([1.0, 0.0, 1.0, np.nan, 1.0]), np.zeros(5, dtype=np.int64))
        array([ 0.,  0.,  1., nan,  0.])
    """
    return _edges(c, c == 0.0, is_true(c), segment)


@kernel
def falling(c: Floats, segment: Ints) -> Floats:
    """1 on the first sample on which c is false after it was true, else 0; NaN where c is missing.

    Example:
        >>> falling(np.array([1.0, 0.0, 1.0, 0.0]), np.array([0, 0, 1, 1]))
        array([0., 1., 0., 1.])
    """
    return _edges(c, is_true(c), c == 0.0, segment)


def _edges(c: Floats, before: Mask, after: Mask, segment: Ints) -> Floats:
    """1 where `after` follows `before` within a segment."""
    edges = np.zeros(len(c))
    edges[1:] = before[:-1] & after[1:] & joined(segment)
    edges[np.isnan(c)] = np.nan
    return edges


@kernel
def counter(c: Floats, segment: Ints, scope: Ints) -> Floats:
    """The number of rising edges since the start of the scope; NaN outside every scope.

    Example:
        >>> counter(np.array([0.0, 1.0, np.nan, 0.0, 1.0]), np.zeros(5, dtype=np.int64), np.array([0, 0, 0, 0, 1]))
        array([0., 1., 1., 1., 1.])
    """
    return running_total(np.where(is_true(rising(c, segment)), 1.0, 0.0), scope)


@kernel
def latch(set_: Floats, reset: Floats, scope: Ints) -> Floats:
    """1 from where `set_` is true to where `reset` is, else 0: 0 at first, `set_` wins, missing counts as false.

    NaN outside every scope.

    Example:
        >>> latch(np.array([0.0, 1.0, 0.0, 0.0]), np.array([0.0, 0.0, np.nan, 1.0]), np.zeros(4, dtype=np.int64))
        array([0., 1., 1., 0.])
    """
    on, off = is_true(set_), is_true(reset)
    last = latest(on | off, scope)
    return np.where(scope == OUTSIDE, np.nan, (last >= 0) & on[last])


@kernel
def hold(x: Floats, c: Floats, scope: Ints) -> Floats:
    """The last value that x had while c was true; NaN before the first one in the scope, and outside.

    Example:
        >>> hold(np.array([1.0, 2.0, 3.0]), np.array([0.0, 1.0, 0.0]), np.zeros(3, dtype=np.int64))
        array([nan,  2.,  2.])
    """
    last = latest(is_true(c) & ~np.isnan(x), scope)
    return np.where(last >= 0, x[last], np.nan) if len(x) else missing(0)
