"""Segments: the runs of samples inside which local functions look around (specs/math.md §7)."""

import numpy as np

from ps_analytics.channels.kernels.arrays import Floats, Ints, Mask

GAP_S = 2.0
"""The longest time between two samples of one segment, in s."""


def segment_ids(time: Floats, lap: Ints, axis: Floats) -> Ints:
    """The segment of each sample: 0, 1, 2 … along the rows.

    A segment ends where the lap changes, where time stands, runs backwards, is missing or leaps by more than `GAP_S`,
    and where the axis does not grow.

    Args:
        time: in s.
        lap: one id a lap.
        axis: what the function goes along: `time` itself, a distance, any channel that grows.

    Example:
        >>> time = np.array([0.0, 0.1, 0.2, 5.0, 5.1])
        >>> segment_ids(time, np.array([7, 7, 7, 7, 8]), time)
        array([0, 0, 0, 1, 2])
    """
    ids = np.zeros(len(time), dtype=np.int64)
    if len(time) > 1:
        with np.errstate(invalid="ignore", over="ignore"):
            step = np.diff(time)
            joined = (step > 0.0) & (step <= GAP_S) & (lap[1:] == lap[:-1])
            if axis is not time:
                joined &= np.diff(axis) > 0.0
        np.cumsum(~joined, out=ids[1:])
    return ids


def joined(ids: Ints) -> Mask:
    """Which samples but the first belong together with the one before: one value fewer than samples.

    Example:
        >>> joined(np.array([0, 0, 1]))
        array([ True, False])
    """
    return np.asarray(ids[1:] == ids[:-1])


def runs(ids: Ints) -> tuple[Ints, Ints]:
    """The row at which each run of equal ids begins, and its rows.

    Example:
        >>> runs(np.array([4, 4, -1, 4]))
        (array([0, 2, 3]), array([2, 1, 1]))
    """
    starts = np.append(np.zeros(min(len(ids), 1), dtype=np.int64), np.flatnonzero(~joined(ids)) + 1)
    return starts, np.append(starts[1:], len(ids))[: len(starts)] - starts
