"""Zero-phase Butterworth filters, segment by segment (specs/math.md §8.1)."""

from functools import lru_cache
from typing import Literal

import numpy as np

from ps_analytics.channels.kernels.arrays import Floats, Ints, kernel, missing
from ps_analytics.channels.kernels.segments import run_starts

_Kind = Literal["lowpass", "highpass"]

_FEWEST = 4
"""Samples a segment needs to be filtered."""
_LONGEST_GRID = 100
"""Points of the regular grid a sample; a clock so uneven that it takes more has no usual step to speak of."""


@kernel
def lowpass(x: Floats, time: Floats, segment: Ints, hz: float, order: int) -> Floats:
    """What is slower than hz: forwards and backwards through a Butterworth filter, so without delay.

    Each segment is brought to its median step by interpolation, filtered and brought back. At a cut-off of half the
    sampling rate or more it is x. NaN where x is missing and in segments of fewer than four samples.

    Args:
        x: in any unit, which is the unit of the result.
        time: in s.
        segment: of each sample, rising.
        hz: cut-off frequency, in Hz.
        order: of the filter, 1 to 8; both ways together it is twice that.

    Example:
        >>> t = np.arange(200) / 100.0
        >>> slow, fast = np.sin(2 * np.pi * t), np.sin(80 * np.pi * t)
        >>> smooth = lowpass(slow + fast, t, np.zeros(200, dtype=np.int64), 8.0, 4)
        >>> float(np.abs(smooth - slow)[50:150].max()) < 1e-3
        True
    """
    return _filtered(x, time, segment, hz, order, "lowpass")


@kernel
def highpass(x: Floats, time: Floats, segment: Ints, hz: float, order: int) -> Floats:
    """What is faster than hz. At a cut-off of half the sampling rate or more it is 0; else as `lowpass`.

    Example:
        >>> t = np.arange(200) / 100.0
        >>> highpass(np.full(200, 7.0), t, np.zeros(200, dtype=np.int64), 8.0, 4)[100].round(9)
        np.float64(0.0)
    """
    return _filtered(x, time, segment, hz, order, "highpass")


def _filtered(x: Floats, time: Floats, segment: Ints, hz: float, order: int, kind: _Kind) -> Floats:
    result = missing(len(x))
    rows = np.flatnonzero(~(np.isnan(x) | np.isnan(time)))
    starts = run_starts(segment[rows])
    sizes = np.diff(starts, append=len(rows))
    enough = sizes >= _FEWEST
    for start, size in zip(starts[enough].tolist(), sizes[enough].tolist(), strict=True):
        part = rows[start : start + size]
        result[part] = _in_segment(x[part], time[part], hz, order, kind)
    return result


def _in_segment(x: Floats, time: Floats, hz: float, order: int, kind: _Kind) -> Floats:
    """The samples of one segment, filtered."""
    step = float(np.median(np.diff(time)))
    share = 2.0 * hz * step
    if share >= 1.0:
        return x if kind == "lowpass" else np.zeros(len(x))
    if (time[-1] - time[0]) / step > _LONGEST_GRID * len(x):
        return missing(len(x))
    grid = np.arange(time[0], time[-1] + step / 2.0, step)
    even = _both_ways(np.interp(grid, time, x), order, share, kind)
    return np.asarray(np.interp(time, grid, even))


def _both_ways(x: Floats, order: int, share: float, kind: _Kind) -> Floats:
    """`scipy.signal.sosfiltfilt` with the padding of the specification, its design and its initial state kept."""
    from scipy.signal import sosfiltfilt  # loading it takes a second, which only a filter should cost

    sections = _design(order, share, kind)
    padding = min(3 * (2 * len(sections) + 1), len(x) - 1)
    return np.asarray(sosfiltfilt(sections, x, padlen=padding))


@lru_cache(maxsize=256)
def _design(order: int, share: float, kind: _Kind) -> Floats:
    """The filter as second-order sections; `share` is the cut-off as a share of half the sampling rate."""
    from scipy.signal import butter

    return np.asarray(butter(order, share, kind, output="sos"))
