"""A path as driven, mended and smoothed: where the car was, where it headed and how its way turned."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

Floats = NDArray[np.float64]

SMOOTH_M = 5.0
"""Standard deviation of the Gaussian a path is smoothed with before it is differentiated twice."""
QUIET_MS2 = 0.5
"""Noise of the lateral acceleration along a path, v²κ, that no corner is made of: a twentieth of a car's grip."""
FIRST_SMOOTH_S = 0.25
LONGEST_SMOOTH_S = 0.6
"""A noisy path is smoothed over time instead, at most so long: a car changes direction within a second."""
OPEN_M = 60.0
"""A lap that ends farther from where it began is not closed."""
LONGEST_GUESS = 20
"""Where more points are missing at an end, the path is taken for closed: it goes straight to the first known one."""
_ENDS = 5
_BESIDE = 150


@dataclass(frozen=True, slots=True, eq=False)
class SmoothPath:
    """A path on its grid without the point that closes it: metres, 1/m (right +) and degrees clockwise from north.

    `noise_ms2` is the noise of v²κ before it was smoothed over time, None where that was not needed.
    """

    x: Floats
    y: Floats
    curvature: Floats
    heading_deg: Floats
    closed: bool
    noise_ms2: float | None = None


def without_steps(path: Floats) -> Floats | None:
    """A path (2, n) as it runs on between the points at which it was told anew; None where it hardly is.

    A source that tells its position more seldom than its speed repeats it; a straight line goes on beyond the last.

    Example:
        >>> without_steps(np.array([np.arange(80) // 4 * 4.0, np.zeros(80)]))[0, 4:8]
        array([4., 5., 6., 7.])
    """
    told = np.asarray(np.isfinite(path).all(axis=0), dtype=np.bool_)
    told[1:] &= np.any(np.diff(path, axis=1) != 0, axis=0)
    at = np.flatnonzero(told)
    if len(at) > 1 and at[0] == 0 and at[1] > 1:
        at = at[1:]  # what is held before the first sample is not where the car was
    if len(at) < 2 * _ENDS:
        return None
    index = np.arange(path.shape[1])
    if max(at[0], index[-1] - at[-1]) > LONGEST_GUESS:
        return np.array([np.interp(index, at, axis[at], period=index[-1]) for axis in path])
    return np.array([_extended(index, at, axis[at]) for axis in path])


def _extended(index: NDArray[np.int64], at: NDArray[np.int64], values: Floats) -> Floats:
    """Linear between the known points, and on beyond them at the rate of the last few."""
    found = np.interp(index, at, values)
    for beyond, edge, inner in ((index < at[0], 0, _ENDS), (index > at[-1], -1, -_ENDS - 1)):
        rate = (values[inner] - values[edge]) / (at[inner] - at[edge])
        found[beyond] = values[edge] + rate * (index[beyond] - at[edge])
    return np.asarray(found)


def smooth_path(path: Floats, speed_ms: Floats, step_m: float) -> SmoothPath:
    """A path smoothed over 5 m; a noisy one over as much time as takes the noise out.

    In time a fast bend, which is long, and a hairpin are smoothed alike, and so is the noise of the lateral
    acceleration, which decides what a corner is.

    Args:
        path: east and north in m, (2, n), from the line to the line.
        speed_ms: what is driven there, (n,).
        step_m: metres between two points.

    Example:
        >>> turn = 2 * np.pi * np.arange(501) / 500
        >>> found = smooth_path(159.155 * np.array([1 - np.cos(turn), np.sin(turn)]), 25 + 0 * turn, 2.0)
        >>> found.closed, round(1 / found.curvature.mean()), round(found.heading_deg[125])
        (True, 159, 90)
    """
    gap = path[:, -1] - path[:, 0]
    closed = bool(np.hypot(*gap) <= OPEN_M)
    if closed:  # the driver's line and the source's drift make it miss its beginning by a little
        path, speed = (path - np.outer(gap, np.linspace(-0.5, 0.5, path.shape[1])))[:, :-1], speed_ms[:-1]
        keep = slice(None)
    else:
        index, count = np.arange(-_BESIDE, path.shape[1] - 1 + _BESIDE), path.shape[1]
        path = np.array([_extended(index, np.arange(count), axis) for axis in path])
        speed = speed_ms[np.clip(index, 0, count - 1)]
        keep = slice(_BESIDE, -_BESIDE)
    x, y, turn, heading = _smoothed(path, SMOOTH_M / step_m)
    noise_ms2 = _noise_ms2(turn, speed, SMOOTH_M / step_m)
    if noise_ms2 <= QUIET_MS2:
        return SmoothPath(x[keep], y[keep], turn[keep], heading[keep], closed)
    x, y, turn, heading = _over_time(path, speed, step_m)
    return SmoothPath(x[keep], y[keep], turn[keep], heading[keep], closed, round(noise_ms2, 2))


def _over_time(path: Floats, speed_ms: Floats, step_m: float) -> tuple[Floats, Floats, Floats, Floats]:
    """The path smoothed over time, on its own points: x, y, curvature, heading."""
    count = path.shape[1]
    edges = np.concatenate([[0.0], np.cumsum(step_m / speed_ms)])
    time_s, total = edges[:-1], edges[-1]
    even = np.arange(count) * (total / count)
    # Beyond the ends it goes round; an open path is straight there, and cut off.
    at = np.interp(even, edges, np.arange(count + 1))
    round_again = np.concatenate([path, path[:, :1]], axis=1)
    timed = np.array([np.interp(at, np.arange(count + 1), axis) for axis in round_again])
    step_s = total / count
    over_s = FIRST_SMOOTH_S
    _, _, turn, _ = _smoothed(timed, over_s / step_s)
    noisy = _noise_ms2(turn, np.interp(even, time_s, speed_ms), over_s / step_s)
    # The noise of a second difference falls with the 2.5th power of what it is smoothed over.
    over_s = float(np.clip(over_s * (noisy / QUIET_MS2) ** 0.4, over_s, LONGEST_SMOOTH_S))
    x, y, turn, heading = _smoothed(timed, over_s / step_s)
    unwrapped = np.unwrap(heading, period=360.0)
    whole = np.interp(time_s, even, unwrapped) % 360.0
    return np.interp(time_s, even, x), np.interp(time_s, even, y), np.interp(time_s, even, turn), whole


def _smoothed(path: Floats, over: float) -> tuple[Floats, Floats, Floats, Floats]:
    """A path that goes round, smoothed over so many points: x, y, curvature, heading in degrees."""
    even = gaussian_filter1d(path, over, axis=1, mode="wrap")
    before, after = np.roll(even, 1, axis=1), np.roll(even, -1, axis=1)
    (dx, dy), (ddx, ddy) = (after - before) / 2, after - 2 * even + before
    turn = (dy * ddx - dx * ddy) / np.maximum(np.hypot(dx, dy), 1e-6) ** 3
    return even[0], even[1], turn, np.degrees(np.arctan2(dx, dy)) % 360.0


def _noise_ms2(turn: Floats, speed_ms: Floats, over: float) -> float:
    """What of the lateral acceleration is too short to be driven: its standard deviation, by the median."""
    lateral = speed_ms**2 * turn
    short = lateral - gaussian_filter1d(lateral, over, mode="wrap")
    return float(1.4826 * np.median(np.abs(short)))
