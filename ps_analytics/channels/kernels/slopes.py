"""Slopes and areas along an axis: derivative, integral, weighted mean (specs/math.md §8.1)."""

import numpy as np

from ps_analytics.channels.kernels.arrays import Floats, Ints, kernel, missing
from ps_analytics.channels.kernels.scopes import members, on_rows, running_total
from ps_analytics.channels.kernels.segments import joined
from ps_analytics.channels.kernels.statistics import total


@kernel
def slope(y: Floats, axis: Floats, segment: Ints) -> Floats:
    """The derivative of y along the axis: the slopes on either side weighted by the other side's length.

    At the edge of a segment and beside a missing sample it is the one slope there is, else NaN. This is the second
    order difference of `numpy.gradient` (Fornberg 1988 gives the weights).

    Args:
        y: in any unit; the result is in that unit per unit of the axis.
        axis: grows inside each segment.
        segment: of each sample, rising.

    Example:
        >>> t = np.array([0.0, 1.0, 3.0, 4.0])
        >>> slope(t**2, t, np.zeros(4, dtype=np.int64))
        array([1., 2., 6., 7.])
    """
    if len(y) < 2:
        return missing(len(y))
    step = axis[1:] - axis[:-1]
    slopes = np.where(joined(segment), (y[1:] - y[:-1]) / step, np.nan)
    before, after = np.append(np.nan, slopes), np.append(slopes, np.nan)
    left, right = np.append(np.nan, step), np.append(step, np.nan)
    both = (before * right + after * left) / (left + right)
    return np.where(np.isnan(before), after, np.where(np.isnan(after), before, both))


def _areas(x: Floats, axis: Floats, segment: Ints, scope: Ints) -> Floats:
    """The trapezoid between each sample and the one before; 0 where they do not belong together or one is missing."""
    areas = np.zeros(len(x))
    if len(x) > 1:
        trapezoids = (x[1:] + x[:-1]) * ((axis[1:] - axis[:-1]) / 2.0)
        counts = joined(segment) & joined(scope) & ~np.isnan(trapezoids)
        areas[1:] = np.where(counts, trapezoids, 0.0)
    return areas


@kernel
def integrate(x: Floats, axis: Floats, segment: Ints, scope: Ints) -> Floats:
    """The running integral of x along the axis by trapezoids, from 0 at the start of each scope.

    An interval counts if both of its samples are there and lie in one segment and one scope. NaN where x is missing
    and outside every scope.

    Args:
        x: in any unit; the result is in that unit times the unit of the axis.
        axis: grows inside each segment.
        segment: of each sample, rising.
        scope: of each sample, -1 outside.

    Example:
        >>> one = np.zeros(4, dtype=np.int64)
        >>> integrate(np.array([2.0, 4.0, np.nan, 1.0]), np.arange(4.0), one, one)
        array([ 0.,  3., nan,  3.])
    """
    return np.where(np.isnan(x), np.nan, running_total(_areas(x, axis, segment, scope), scope))


@kernel
def total_trapezoid(x: Floats, axis: Floats, segment: Ints, scope: Ints) -> Floats:
    """The whole integral of x over each scope, repeated on its rows: 0 without an interval, NaN outside.

    Arguments as for `integrate`.

    Example:
        >>> one = np.zeros(3, dtype=np.int64)
        >>> total_trapezoid(np.array([1.0, 1.0, 0.0]), np.array([0.0, 0.1, 0.2]), one, one)
        array([0.15, 0.15, 0.15])
    """
    return total(_areas(x, axis, segment, scope), scope)


@kernel
def mean_along(x: Floats, gate: Floats, axis: Floats, segment: Ints, scope: Ints) -> Floats:
    """The mean of x along the axis while the gate is open, one a scope, repeated on its rows.

    It is the integral of x times gate over the integral of gate. A missing gate is closed, and where x is missing the
    gate is closed as well. NaN where nothing counts and outside every scope.

    Args:
        x: in any unit, which is the unit of the result.
        gate: 1 or 0.
        axis: grows inside each segment.
        segment: of each sample, rising.
        scope: of each sample, -1 outside.

    Example:
        >>> one = np.zeros(3, dtype=np.int64)
        >>> mean_along(np.array([2.0, 2.0, 8.0]), np.ones(3), np.array([0.0, 1.0, 3.0]), one, one)
        array([4., 4., 4.])
    """
    counts = ~(np.isnan(x) | np.isnan(gate))
    weight = np.where(counts, gate, 0.0)
    area = _areas(np.where(counts, x, 0.0) * weight, axis, segment, scope)
    width = _areas(weight, axis, segment, scope)
    rows, starts, _, ids = members(scope)
    if len(ids) == 0:
        return missing(len(x))
    return on_rows(np.add.reduceat(area[rows], starts) / np.add.reduceat(width[rows], starts), ids, scope)
