"""For how long both pedals are down, or both free: time summed along a lap, exact between its points."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

COASTS, RELEASED = 0.06, 0.04
"""With less throttle than the first and less brake than the second the car coasts."""
BOTH = 0.08
"""More than this on both pedals is overlap."""


@dataclass(frozen=True, slots=True, eq=False)
class Summed:
    """Seconds for which something was so, up to each point, and how many of the steps up to there are unknown."""

    seconds: Floats
    unknown: NDArray[np.int64]

    def between(self, start: int, end: int) -> float:
        """Seconds from one point to another; NaN where a step between them is unknown."""
        if self.unknown[end] > self.unknown[start]:
            return float("nan")
        return float(self.seconds[end] - self.seconds[start])


def coasted(throttle: Floats, brake: Floats, time_s: Floats) -> Summed:
    """For how long both pedals are free; throttle and brake 0 … 1, time in s, shape of each other.

    Example:
        >>> coasted(np.array([0.12, 0.0, 0.0]), np.zeros(3), np.arange(3.0)).between(0, 2)
        1.5
    """
    return _summed(_above(-throttle, -COASTS), _above(-brake, -RELEASED), time_s)


def overlapped(throttle: Floats, brake: Floats, time_s: Floats) -> Summed:
    """For how long both pedals are down; throttle and brake 0 … 1, time in s, shape of each other.

    Example:
        >>> overlapped(np.array([0.16, 0.0, 0.0]), np.ones(3), np.arange(3.0)).between(0, 2)
        0.5
    """
    return _summed(_above(throttle, BOTH), _above(brake, BOTH), time_s)


def _summed(one: tuple[Floats, Floats], two: tuple[Floats, Floats], time_s: Floats) -> Summed:
    share = np.maximum(np.minimum(one[1], two[1]) - np.maximum(one[0], two[0]), 0.0)
    steps = share * np.diff(time_s)
    unknown = np.isnan(steps)
    seconds = np.concatenate([[0.0], np.cumsum(np.where(unknown, 0.0, steps))])
    return Summed(seconds, np.concatenate([[0], np.cumsum(unknown)]))


def _above(values: Floats, least: float) -> tuple[Floats, Floats]:
    """From which to which share of the way to the next point the values are above; NaN where one is missing.

    Between two points a pedal moves evenly, so that it is so on one stretch.
    """
    before, steps = values[:-1], np.diff(values)
    at = np.clip((least - before) / np.where(steps == 0, 1.0, steps), 0.0, 1.0)
    begins = np.where(steps > 0, at, 0.0)
    ends = np.where(steps < 0, at, np.where((steps > 0) | (before > least), 1.0, 0.0))
    return np.where(np.isnan(steps), np.nan, begins), np.where(np.isnan(steps), np.nan, ends)
