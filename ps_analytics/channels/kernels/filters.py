"""Zero-phase Butterworth filters, segment by segment (specs/math.md §8.1)."""

from functools import lru_cache
from typing import Literal

import numpy as np

from ps_analytics.channels.kernels.arrays import Floats, Ints, kernel, missing, there
from ps_analytics.channels.kernels.segments import runs

_Kind = Literal["lowpass", "highpass"]

_FEWEST = 4
"""Samples a segment needs to be filtered."""
_LONGEST_GRID = 100
"""Points of the regular grid for each sample; a clock so uneven that it takes more has no usual step."""


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
    """Every segment with enough samples, filtered."""
    result = missing(len(x))
    if len(x) == 0:
        return result
    starts, sizes = runs(segment)
    enough = np.add.reduceat(~np.isnan(x), starts, dtype=np.int64) >= _FEWEST
    for start, size in zip(starts[enough].tolist(), sizes[enough].tolist(), strict=True):
        part = slice(start, start + size)
        result[part] = _in_segment(x[part], time[part], hz, order, kind)
    result[np.isnan(x)] = np.nan
    return result


def _in_segment(x: Floats, time: Floats, hz: float, order: int, kind: _Kind) -> Floats:
    """One segment filtered, also where x is missing."""
    step = float(np.median(time[1:] - time[:-1]))
    share = 2.0 * hz * step
    if share >= 1.0:
        return x if kind == "lowpass" else np.zeros(len(x))
    if time[-1] - time[0] > _LONGEST_GRID * len(x) * step:
        return missing(len(x))
    rows, grid = there(x), np.arange(time[0], time[-1] + step / 2.0, step)
    try:
        even = _both_ways(np.interp(grid, time[rows], x[rows]), order, share, kind)
    except np.linalg.LinAlgError:  # so slow a filter that it settles on nothing a float64 can tell from 0
        return missing(len(x))
    return np.asarray(np.interp(time, grid, even))


def _both_ways(x: Floats, order: int, share: float, kind: _Kind) -> Floats:
    """`scipy.signal.sosfiltfilt` (Gustafsson's way is not taken), with the design and its settled state kept."""
    from scipy.signal import sosfilt  # loading it takes a second, which only a filter should cost

    sections, settled = _design(order, share, kind)
    padding = min(3 * (2 * len(sections) + 1), len(x) - 1)
    before, after = 2.0 * x[0] - x[padding:0:-1], 2.0 * x[-1] - x[-2 : -padding - 2 : -1]
    padded = np.concatenate((before, x, after))
    for _ in range(2):
        padded = sosfilt(sections, padded, zi=settled * padded[0])[0][::-1]
    return np.asarray(padded[padding : len(padded) - padding])


@lru_cache(maxsize=256)
def _design(order: int, share: float, kind: _Kind) -> tuple[Floats, Floats]:
    """The filter as second-order sections, and their state after a long 1; `share` is of half the sampling rate."""
    from scipy.signal import butter, sosfilt_zi

    sections = butter(order, share, kind, output="sos")
    return np.asarray(sections), np.asarray(sosfilt_zi(sections))
