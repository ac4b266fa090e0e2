"""The distance driven, and how a lap goes on beyond its first and last sample."""

import numpy as np
from numpy.typing import NDArray

from ps_analytics.analysis.samples import STOPPED_MS, Samples

Floats = NDArray[np.float64]

END_SAMPLES = 6
_NEAR_END = 3
_HARDEST_MS2 = 30.0


def driven_of(samples: Samples) -> Floats | None:
    """Metres driven since the first sample: ∫v dt by the trapezoid; missing speeds are interpolated."""
    if samples.speed_ms is None:
        return None
    speed, time_s = samples.speed_ms, samples.time_s
    known = np.isfinite(speed)
    if not known.all():
        speed = np.interp(time_s, time_s[known], speed[known])
    return np.concatenate([[0.0], np.cumsum(np.diff(time_s) * (speed[1:] + speed[:-1]) / 2)])


def line_time(samples: Samples, at_m: Floats, there_m: float) -> float:
    """When the car was at a place, in s; beyond the samples it goes on with the speed and acceleration of that end.

    Args:
        samples: a lap's.
        at_m: where they were taken, never decreasing.
        there_m: the place, in m from the line.
    """
    time_s = samples.time_s
    if at_m[0] <= there_m <= at_m[-1]:
        return float(np.interp(there_m, at_m, time_s))
    edge = 0 if there_m < at_m[0] else -1
    rate, gain = _end_speed(samples, at_m, edge)
    if rate < STOPPED_MS:
        return float(time_s[edge])
    apart = there_m - float(at_m[edge])
    return float(time_s[edge]) + apart / max(rate + gain * apart / rate / 2, rate / 2)


def extended(samples: Samples, driven: Floats, at: float) -> float:
    """Metres driven at a time; beyond the samples the car goes on with the speed and acceleration of that end."""
    time_s = samples.time_s
    if time_s[0] <= at <= time_s[-1]:
        return float(np.interp(at, time_s, driven))
    edge = 0 if at < time_s[0] else -1
    rate, gain = _end_speed(samples, driven, edge)
    since = at - float(time_s[edge])
    return float(driven[edge]) + since * max(rate + gain * since / 2, rate / 2)


def _end_speed(samples: Samples, at_m: Floats, edge: int) -> tuple[float, float]:
    """Speed in m/s and acceleration in m/s² at the first (0) or last (−1) sample: by its speed, else by the places."""
    end = slice(None, END_SAMPLES) if edge == 0 else slice(-END_SAMPLES, None)
    near = slice(None, _NEAR_END) if edge == 0 else slice(-_NEAR_END, None)
    time_s, speed = samples.time_s[near], None if samples.speed_ms is None else samples.speed_ms[near]
    took = float(time_s[-1] - time_s[0])
    if speed is None or not np.isfinite(speed).all() or not took > 0 or not samples.speed_varies:
        return end_rate(at_m[end], samples.time_s[end]), 0.0
    gain = float(np.clip((speed[-1] - speed[0]) / took, -_HARDEST_MS2, _HARDEST_MS2))
    metres = float(np.sum(np.diff(time_s) * (speed[1:] + speed[:-1])) / 2)
    scale = float(at_m[near][-1] - at_m[near][0]) / metres if metres > 0 else 0.0
    scale = scale if 0.8 < scale < 1.25 else 1.0
    return scale * float(speed[edge]), scale * gain


def end_rate(values: Floats, time_s: Floats) -> float:
    """How fast a quantity grows, a second: the median over some samples."""
    steps = np.diff(time_s)
    good = steps > 0
    return float(np.median(np.diff(values)[good] / steps[good])) if good.any() else 0.0
