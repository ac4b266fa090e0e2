"""A map without positions: the line of a lap by dead reckoning from its speed and how it turns."""

import numpy as np
from numpy.typing import NDArray

from ps_analytics.analysis.curvature import line_of
from ps_analytics.analysis.grid import GridLap
from ps_analytics.lap import without_gaps

Floats = NDArray[np.float64]

RECKONED_FROM = {
    "yaw_rate": "estimated from speed and yaw rate",
    "g_lat": "estimated from speed and lateral g",
    "steering": "roughly estimated from speed and steering",
}
"""What a map says of a line, by what it was reckoned from."""
_TURNING = ("yaw_rate", "g_lat", "steering", "steering_angle")


def reckoned_line(grid: GridLap) -> tuple[Floats, Floats, str] | None:
    """East and north in m at each place of a lap without positions, and what they were reckoned from.

    The scale is true and the shape is as good as the sensor; where north is nobody knows: the lap begins northwards.
    None where the lap has no channel that tells how it turns, or is not known all the way round.

    Example:
        >>> s = np.arange(0.0, 1001.0)
        >>> circle = {"speed": 0 * s + 180.0, "yaw_rate": np.degrees(50.0 * 2 * np.pi / 1000) + np.sin(s) / 1e3}
        >>> x, y, source = reckoned_line(GridLap(s, s / 50.0, circle, 1000.0, 20.0, "position"))
        >>> source, round(float(np.ptp(x))), round(float(np.ptp(y)))
        ('yaw_rate', 318, 318)
    """
    if grid.lap_time_s is None or len(grid.distance_m) < 2:
        return None
    at_m = np.linspace(0.0, grid.length_m, round(grid.length_m) + 1)
    told = {"speed": _speed_kmh(grid)} | {name: grid.channels[name] for name in _TURNING if name in grid.channels}
    channels = {name: np.interp(at_m, grid.distance_m, values) for name, values in told.items()}
    line = line_of([channels], grid.length_m / (len(at_m) - 1))
    if line is None or line.x is None or line.y is None:
        return None
    # Its points are the ends of the steps; the lap begins where they are counted from.
    x, y = (np.interp(grid.distance_m, at_m, [0.0, *axis]) for axis in (line.x, line.y))
    return x, y, line.source


def _speed_kmh(grid: GridLap) -> Floats:
    """The speed, or what the clock says where no channel does."""
    if "speed" in grid.channels and np.isfinite(grid.channels["speed"]).any():
        return without_gaps(grid.channels["speed"])
    return np.asarray(3.6 * np.gradient(grid.distance_m) / np.maximum(np.gradient(without_gaps(grid.time_s)), 1e-6))
