"""Sectors of a track and the times a lap takes for them."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ps_analytics.analysis.align import GridLap, grid_lap
from ps_analytics.errors import IncompatibleLaps
from ps_analytics.lap import Lap
from ps_analytics.track import Sector, TrackModel, sectors_between

Floats = NDArray[np.float64]

SECTORS = 3
"""A lap has so many sectors where nobody says otherwise."""
TICKS_PER_S = 2.0**20
STATED_WITHIN_S = 0.05
"""Sector times that miss the lap time by more are not those of a whole lap."""
STATED_WITHIN_M = 30.0
"""Places of one sector's end, worked out from several laps, that differ by more (at the median) are none."""


def sector_times(lap: Lap | pl.DataFrame | GridLap, track: TrackModel) -> tuple[float, ...]:
    """Seconds a lap takes for each sector of a track; together they are its lap time.

    Args:
        lap: a timed lap, or a frame that holds one, or one on its grid.
        track: a track with sectors; one without counts as one sector.

    Raises:
        IncompatibleLaps: the lap has no time, or not the track's length.

    Example:
        >>> t = np.arange(0.0, 20.0, 0.1)
        >>> lap = pl.DataFrame({"timestamp": t, "speed": 180 + t, "normalized_position": (t + t**2 / 360) / 22.2})
        >>> halves = (Sector(1, "One", 0.0, 555.0), Sector(2, "Two", 555.0, 1110.0))
        >>> track = TrackModel(1110.0, *4 * (np.zeros(1),), source="position", algo_version="1", sectors=halves)
        >>> [round(time, 1) for time in sector_times(lap, track)]
        [10.8, 10.2]
    """
    grid = lap if isinstance(lap, GridLap) else grid_lap(lap, length_m=track.length_m)
    if grid.lap_time_s is None:
        raise IncompatibleLaps("a lap without a time has no sector times.")
    # The shares of the way are the same on any grid of the lap.
    ends_m = np.array([sector.end_m for sector in track.sectors[:-1]]) / track.length_m * grid.length_m
    crossed = np.interp(ends_m, grid.distance_m, grid.time_s)
    # On whole 2⁻²⁰ s every difference and every sum of these numbers is exact, in whatever order they are added.
    edges = [0.0, *(np.rint(crossed * TICKS_PER_S) / TICKS_PER_S).tolist(), grid.lap_time_s]
    return tuple(after - before for before, after in pairwise(edges))


def mini_sectors(track: TrackModel, count: int = 25) -> tuple[Sector, ...]:
    """A track cut in equal parts, in m from the line; finer than 25 says more about the cutting than about driving.

    Raises:
        ValueError: `count` is below 1.

    Example:
        >>> track = TrackModel(1000.0, *4 * (np.zeros(1),), source="position", algo_version="1")
        >>> [sector.end_m for sector in mini_sectors(track, 4)]
        [250.0, 500.0, 750.0, 1000.0]
    """
    if count < 1:
        raise ValueError(f"a track is not cut in {count} mini-sectors: take at least 1")
    return sectors_between([track.length_m * part / count for part in range(1, count)], track.length_m, "Mini-sector ")


def default_sectors(track: TrackModel) -> tuple[Sector, ...]:
    """Three sectors of about equal length whose borders lie in the middle of straights, never in a corner.

    A border goes to the straight whose middle is nearest to the third; to the third itself on a track without corners.

    Example:
        >>> track = TrackModel(900.0, *4 * (np.zeros(1),), source="position", algo_version="1")
        >>> [(sector.name, sector.end_m) for sector in default_sectors(track)]
        [('Sector 1', 300.0), ('Sector 2', 600.0), ('Sector 3', 900.0)]
    """
    length_m = track.length_m
    wishes = [length_m * part / SECTORS for part in range(1, SECTORS)]
    real = [corner for corner in track.corners if not corner.nominal]
    if not real:
        return sectors_between(wishes, length_m, "Sector ")
    middles = np.array([s.start_m + (s.end_m - s.start_m) % length_m / 2 for s in track.straights]) % length_m
    borders = sorted({float(middles[np.argmin(np.abs(middles - wish))]) for wish in wishes} - {0.0})
    return sectors_between(borders, length_m, "Sector ")


def stated_sectors(laps: Sequence[tuple[GridLap, tuple[float, ...]]], length_m: float) -> tuple[Sector, ...]:
    """The sectors whose times the source stated, their borders where the laps were at those times; none if they differ.

    Args:
        laps: laps on their grids, each with the times in s its source stated for its sectors.
        length_m: the track's length.

    Example:
        >>> stated_sectors([], 1000.0)
        ()
    """
    whole = [
        (grid, np.cumsum(times)[:-1])
        for grid, times in laps
        if len(times) > 1 and min(times) > 0 and abs(sum(times) - (grid.lap_time_s or 0.0)) < STATED_WITHIN_S
    ]
    if not whole or len({len(ends) for _, ends in whole}) > 1:
        return ()
    places = np.array([np.interp(ends, grid.time_s, grid.distance_m / grid.length_m) for grid, ends in whole])
    borders = np.median(places, axis=0) * length_m
    off = np.median(np.abs(places * length_m - borders), axis=0)
    if off.max() > STATED_WITHIN_M or np.any(np.diff(borders) <= 0):
        return ()
    return sectors_between(borders.tolist(), length_m, "Sector ")
