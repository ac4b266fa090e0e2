"""Building blocks of channels over frames: noise without edges, lags of first order, ramps."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.signal import lfilter

Floats = NDArray[np.float64]


def soften(values: Floats, frames: float) -> Floats:
    """The values rounded off by a Gaussian of this many frames."""
    return np.asarray(gaussian_filter1d(values, frames, mode="nearest"), dtype=np.float64)


def noise(rng: np.random.Generator, count: int, frames: float) -> Floats:
    """Noise of standard deviation 1 that changes over about this many frames.

    Example:
        >>> values = noise(np.random.default_rng(1), 5000, 6.0)
        >>> bool(abs(values.std() - 1) < 0.1), bool(np.abs(np.diff(values)).max() < 0.5)
        (True, True)
    """
    white = rng.normal(size=count)
    if frames < 0.5:
        return white
    return soften(white, frames) * math.sqrt(2 * math.sqrt(math.pi) * frames)


def lag(values: Floats, frames: float, start: float | Floats) -> Floats:
    """What follows the values with a time constant of this many frames, along the last axis, from `start` on.

    Example:
        >>> lag(np.full(4, 10.0), 1.0, 0.0).round(2)
        array([6.32, 8.65, 9.5 , 9.82])
    """
    keep = math.exp(-1.0 / frames)
    before = np.broadcast_to(np.asarray(start, dtype=np.float64), values.shape[:-1])
    followed, _ = lfilter([1.0 - keep], [1.0, -keep], values, axis=-1, zi=keep * before[..., None])
    return np.asarray(followed, dtype=np.float64)


def ramp(values: Floats, low: float, high: float) -> Floats:
    """0 up to `low`, 1 from `high` on, smooth between them.

    Example:
        >>> ramp(np.array([0.0, 1.0, 1.5, 2.0, 9.0]), 1.0, 2.0).round(2)
        array([0. , 0. , 0.5, 1. , 1. ])
    """
    share = np.clip((values - low) / (high - low), 0.0, 1.0)
    return share * share * (3.0 - 2.0 * share)
