"""Scopes: the laps, sections or corners a statistic is taken over and a running value starts anew in.

A scope's samples are brought together first, so that what comes out of it depends on nothing else.
"""

from typing import NamedTuple

import numpy as np

from ps_analytics.channels.kernels.arrays import Floats, Ints, Mask, missing
from ps_analytics.channels.kernels.segments import runs

OUTSIDE = -1
"""The id of rows that belong to no scope."""


class Members(NamedTuple):
    """The rows that belong to scopes, one scope after the other, the rows of each in their order."""

    rows: Ints | slice
    """Into a column of all rows; a slice if it is all of them as they stand."""
    starts: Ints
    """Where each scope begins among `rows`."""
    sizes: Ints
    """The number of rows of each scope, at least one."""
    ids: Ints
    """The id of each scope, rising."""

    def repeated(self, values: Floats) -> Floats:
        """The value of each scope for each of its members."""
        return np.repeat(values, self.sizes)


def members(scope: Ints, present: Mask | None = None) -> Members:
    """The rows of the scopes, of these the ones on which something is present.

    Example:
        >>> members(np.array([5, -1, 3, 5])).rows
        array([2, 0, 3])
        >>> members(np.array([3, 3, 5]), np.array([True, True, True])).rows
        slice(None, None, None)
    """
    inside = scope != OUTSIDE
    if present is not None:
        inside &= present
    rows: Ints | slice = slice(None) if inside.all() else np.flatnonzero(inside)
    ids = scope[rows]
    starts, sizes = runs(ids)
    if not (ids[starts[1:]] > ids[starts[:-1]]).all():
        order = np.argsort(ids, kind="stable")
        rows, ids = np.arange(len(scope))[rows][order], ids[order]
        starts, sizes = runs(ids)
    return Members(rows, starts, sizes, ids[starts])


def on_rows(values: Floats, ids: Ints, scope: Ints) -> Floats:
    """The value of each scope on all of its rows; NaN on rows of other scopes and outside.

    Args:
        values: one a scope.
        ids: of these scopes, rising.
        scope: of each row.

    Example:
        >>> on_rows(np.array([0.5]), np.array([3]), np.array([3, -1, 3, 4]))
        array([0.5, nan, 0.5, nan])
    """
    if len(ids) == 0:
        return missing(len(scope))
    starts, sizes = runs(scope)
    of_run = scope[starts]
    place = np.minimum(np.searchsorted(ids, of_run), len(ids) - 1)
    return np.repeat(np.where(ids[place] == of_run, values[place], np.nan), sizes)


def running_total(values: Floats, scope: Ints) -> Floats:
    """The sum of the values so far, from the first row of each scope on; NaN outside.

    Scopes of one size are added up together: there can be only so many sizes, however many scopes.

    Example:
        >>> running_total(np.array([1.0, 2.0, 3.0, 4.0]), np.array([0, 0, -1, 1]))
        array([ 1.,  3., nan,  4.])
    """
    rows, starts, sizes, _ = members(scope)
    totals = values[rows].copy()
    by_size = np.argsort(sizes, kind="stable")
    for first, several in zip(*runs(sizes[by_size]), strict=True):
        start, size = starts[by_size[first]], sizes[by_size[first]]
        if several == 1:
            part = totals[start : start + size]
            np.cumsum(part, out=part)
        else:
            places = starts[by_size[first : first + several]][:, None] + np.arange(size)
            totals[places] = np.cumsum(totals[places], axis=1)
    if isinstance(rows, slice):
        return totals
    result = missing(len(scope))
    result[rows] = totals
    return result


def latest(event: Mask, scope: Ints) -> Ints:
    """The row of the last event at or before each row within its scope; -1 where there is none yet, and outside.

    Example:
        >>> latest(np.array([False, True, False, False]), np.array([0, 0, 0, 1]))
        array([-1,  1,  1, -1])
    """
    rows, starts, sizes, _ = members(scope)
    numbers = np.arange(len(scope))
    place = numbers[: sizes.sum()]
    last = np.maximum.accumulate(np.where(event[rows], place, -1))
    result = np.full(len(scope), -1, dtype=np.int64)
    result[rows] = np.where(last >= np.repeat(starts, sizes), numbers[rows][last], -1)
    return result
