"""Laps drawn as functions of the distance: what happens at which metre is known before any sample is taken."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from ps_analytics.lap import Lap
from ps_analytics.track import Corner, Direction, TrackModel
from tests.analysis.laps import lap_from

Floats = NDArray[np.float64]
Profile = Callable[[Floats], Floats]

LENGTH_M = 2000.0


def profile(*points: tuple[float, float]) -> Profile:
    """Straight lines through (metre, value); beyond the ends the value holds."""
    places, values = zip(*points, strict=True)
    return lambda at_m: np.asarray(np.interp(at_m, places, values))


def dips(top_kmh: float, *minima: tuple[float, float, float]) -> Profile:
    """A speed in km/h that falls to each (metre, km/h) within so many metres and rises again: parabolas in v²."""

    def speed(at_m: Floats) -> Floats:
        energy = np.full(len(at_m), top_kmh**2)
        for place, least, over in minima:
            away = np.minimum(np.abs((at_m - place + LENGTH_M / 2) % LENGTH_M - LENGTH_M / 2) / over, 1.0)
            energy = np.minimum(energy, least**2 + (top_kmh**2 - least**2) * away)
        return np.asarray(np.sqrt(energy))

    return speed


def drive_by_metre(
    channels: Mapping[str, Profile], *, length_m: float = LENGTH_M, rate_hz: float = 60.0, **options: object
) -> Lap:
    """A lap with these channels at each metre, `speed` among them, sampled evenly in time from just after the line."""
    fine = np.linspace(0.0, length_m, round(length_m / 0.02) + 1)
    speed = channels["speed"](fine) / 3.6
    when = np.concatenate([[0.0], np.cumsum(np.diff(fine) / ((speed[1:] + speed[:-1]) / 2))])
    time_s = np.arange(0.003, when[-1], 1 / rate_hz)
    at_m = np.interp(time_s, when, fine)
    columns = {"timestamp": time_s, "lap_time": time_s, "normalized_position": at_m / length_m}
    drawn = {name: drawing(at_m) for name, drawing in channels.items()}
    return lap_from({**columns, **drawn}, lap_time_s=float(when[-1]), rate_hz=rate_hz, **options)  # type: ignore[arg-type]


def track_with(*corners: tuple[float, float, float], length_m: float = LENGTH_M) -> TrackModel:
    """A track that knows its length and its corners: (start, apex, end) in m, right and left by turns."""
    grid = np.arange(0.0, length_m, 2.0)
    flat = np.zeros(len(grid))
    found = tuple(
        Corner(n, f"T{n}", Direction.RIGHT if n % 2 else Direction.LEFT, start, apex, end)
        for n, (start, apex, end) in enumerate(corners, 1)
    )
    return TrackModel(length_m, grid, flat, flat, flat + 200.0, "yaw_rate", "1", corners=found)
