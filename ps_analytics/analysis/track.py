"""A track learned from laps: its length, line, curvature, corners and sectors (§4 of the analysis core)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ps_analytics.analysis.align import GridLap, grid_lap
from ps_analytics.analysis.curvature import line_of
from ps_analytics.analysis.known_track import with_known
from ps_analytics.analysis.place import SAME_TRACK
from ps_analytics.analysis.sectors import default_sectors, stated_sectors
from ps_analytics.analysis.segment import segment_corners
from ps_analytics.analysis.usable import WITHIN, why_uncounted, why_unusable
from ps_analytics.errors import IncompatibleLaps
from ps_analytics.lap import Lap, without_gaps
from ps_analytics.track import TrackModel

Floats = NDArray[np.float64]
Laps = Lap | pl.DataFrame | Sequence[Lap | pl.DataFrame]

ALGO_VERSION = "1"
STEP_M = 2.0
"""Metres between two points of a model's grid, about."""
MOST_LAPS = 5
"""The fastest ones are enough: the median of five hardly moves with a sixth."""
LEAST_DRIVEN = 0.95
"""A lap that lacks more of the way round is no lap to learn from."""
SHORTEST_M = 100.0
BESIDE_M = 200.0
"""A line that does not close lies between two straights of this length, so that its ends can be corners."""


@dataclass(frozen=True, slots=True, eq=False)
class _Driven:
    """A lap on its own grid of 1 m."""

    lap: Lap | pl.DataFrame
    grid: GridLap


class _OnShares(Mapping[str, Floats]):
    """A lap's channels at even shares of the way from line to line, both included, each read when it is asked for.

    It always has a `speed`: what the clock says where no channel does.
    """

    def __init__(self, grid: GridLap, points: int) -> None:
        self._grid = grid
        self._at_m = np.linspace(0.0, grid.length_m, points + 1)
        self._done: dict[str, Floats] = {}

    def __getitem__(self, name: str) -> Floats:
        if name not in self._done:
            values = self._speed() if name == "speed" else self._grid.channels[name]
            self._done[name] = np.asarray(np.interp(self._at_m, self._grid.distance_m, values))
        return self._done[name]

    def _speed(self) -> Floats:
        told = self._grid.channels.get("speed")
        if told is not None and np.isfinite(told).mean() > LEAST_DRIVEN and np.nanmax(told) > np.nanmin(told):
            return without_gaps(told)
        time_s = without_gaps(self._grid.time_s)
        return 3.6 * np.gradient(self._grid.distance_m) / np.maximum(np.gradient(time_s), 1e-6)

    def __iter__(self) -> Iterator[str]:
        return iter({**dict.fromkeys(self._grid.channels), "speed": None})

    def __len__(self) -> int:
        return len(self._grid.channels.keys() | {"speed"})

    def __contains__(self, name: object) -> bool:
        return name == "speed" or name in self._grid.channels


def track_model(laps: Laps, *, name: str | None = None, known: TrackModel | None = None) -> TrackModel:
    """The track these laps are driven on, learned from the fastest usable ones of them.

    Args:
        laps: laps, or frames with the catalogue's columns that hold one each, of one track; at best three to five.
        name: what the track is called; None takes what the laps say.
        known: the model there is already. Its name, its corners' names and numbers, its sectors and its line stay.

    Raises:
        IncompatibleLaps: no lap goes from line to line, none tells how it turns, they are of different tracks, or not
            of the known one; the reason says which.

    Example:
        >>> turn = 2 * np.pi * np.arange(0.0, 1.0, 0.002)
        >>> oval = {"timestamp": 10 * turn, "normalized_position": turn / (2 * np.pi), "speed": 114.0 + 0 * turn}
        >>> track = track_model(pl.DataFrame({**oval, "x": 400 * np.cos(turn), "y": -200 * np.sin(turn)}))
        >>> track.source, round(track.length_m, -1), [str(corner.direction) for corner in track.corners]
        ('position', 1990.0, ['right', 'right'])
    """
    chosen, flags = _chosen([laps] if isinstance(laps, Lap | pl.DataFrame) else list(laps))
    driven = _of_one_length(_gridded(chosen))
    length_m = _length_of(driven, known, flags)
    points = max(8, round(length_m / STEP_M))
    spread = [_OnShares(one.grid, points) for one in driven]
    line = line_of(spread, length_m / points, origin=None if known is None else known.origin)
    if line is None:
        raise IncompatibleLaps("none of them tells how it turns: by position, yaw rate, lateral g or steering.")
    speed_kmh = np.median([channels["speed"][:-1] for channels in spread], axis=0)
    model = TrackModel(
        length_m=length_m,
        distance_m=np.arange(points, dtype=np.float64) * (length_m / points),
        curvature=line.curvature.round(7),
        heading_deg=line.heading_deg.round(3) % 360.0,
        speed_kmh=speed_kmh.round(2),
        source=line.source,
        algo_version=ALGO_VERSION,
        x=None if line.x is None else line.x.round(3),
        y=None if line.y is None else line.y.round(3),
        origin=line.origin,
        name=name or (known and known.name) or _name_of(driven),
        laps_used=tuple(one.lap.lap_id for one in driven if isinstance(one.lap, Lap)),
        flags=MappingProxyType({**line.flags, **flags}),
    )
    model = with_corners_found(model)
    if known is not None:
        return with_known(model, known)
    return replace(model, sectors=stated_sectors(_stated(driven), length_m) or default_sectors(model))


def resolve_track(laps: Laps, track: TrackModel | None = None) -> TrackModel:
    """The track to go by: the one given, else the one the first lap brings along, else one learned from the laps.

    Raises:
        IncompatibleLaps: there is none, and the laps teach none; see `track_model`.

    Example:
        >>> frame = pl.DataFrame({"timestamp": [0.0, 1.0]})
        >>> given = TrackModel(2.0, *4 * (np.zeros(1),), source="position", algo_version="1")
        >>> resolve_track(frame, given) is given
        True
    """
    if track is not None:
        return track
    for lap in [laps] if isinstance(laps, Lap | pl.DataFrame) else laps:
        if isinstance(lap, Lap) and lap.track_model is not None:
            return lap.track_model
    return track_model(laps)


def with_corners_found(track: TrackModel) -> TrackModel:
    """The track with the corners its curvature has, named T1, T2 …, in place of any it had."""
    step_m = track.length_m / len(track.distance_m)
    if not track.flags.get("open"):
        return replace(track, corners=segment_corners(track.curvature, track.speed_kmh / 3.6, step_m))
    beside = round(BESIDE_M / step_m)
    curvature = np.pad(track.curvature, beside)
    corners = segment_corners(curvature, np.pad(track.speed_kmh / 3.6, beside, mode="edge"), step_m)
    last = np.nextafter(track.length_m, 0.0)
    places = [np.clip(np.array([c.start_m, c.apex_m, c.end_m]) - beside * step_m, 0.0, last) for c in corners]
    return replace(
        track,
        corners=tuple(
            replace(corner, start_m=float(start), apex_m=float(apex), end_m=float(end))
            for corner, (start, apex, end) in zip(corners, places, strict=True)
        ),
    )


def _chosen(laps: Sequence[Lap | pl.DataFrame]) -> tuple[list[Lap | pl.DataFrame], dict[str, object]]:
    """The fastest usable laps; where there is none, all of them, flagged.

    Raises:
        IncompatibleLaps: there is none, or they name different tracks.
    """
    names = {lap.track.casefold(): lap.track for lap in laps if isinstance(lap, Lap) and lap.track}
    if not laps:
        raise IncompatibleLaps("there is none to learn a track from.")
    if len(names) > 1:
        raise IncompatibleLaps(
            f"they are of different tracks: {' and '.join(repr(n) for n in sorted(names.values()))}."
        )
    counted = [lap for lap in laps if isinstance(lap, Lap) and why_uncounted(lap) is None]
    counted.sort(key=lambda lap: lap.lap_time_s or 0.0)
    found: list[Lap | pl.DataFrame] = []
    candidates: list[Lap | pl.DataFrame] = [*counted, *(lap for lap in laps if not isinstance(lap, Lap))]
    for lap in candidates:
        too_slow = isinstance(lap, Lap) and (lap.lap_time_s or 0.0) > WITHIN * (counted[0].lap_time_s or 0.0)
        if len(found) < MOST_LAPS and not too_slow and why_unusable(lap) is None:
            found.append(lap)
    return (found, {}) if found else (list(laps), {"laps_doubtful": True})


def _gridded(laps: Sequence[Lap | pl.DataFrame]) -> list[_Driven]:
    """The laps on their grids, those from line to line, the fastest first.

    Raises:
        IncompatibleLaps: none is.
    """
    found, reason = [], "none of them goes from line to line."
    for lap in laps:
        try:
            grid = grid_lap(lap)
        except IncompatibleLaps as refused:
            reason = refused.reason
            continue
        if grid.lap_time_s is not None and np.isfinite(grid.time_s).mean() >= LEAST_DRIVEN:
            found.append(_Driven(lap, grid))
    if not found:
        raise IncompatibleLaps(reason)
    return sorted(found, key=lambda one: one.grid.lap_time_s or 0.0)[:MOST_LAPS]


def _of_one_length(driven: list[_Driven]) -> list[_Driven]:
    """The laps as long as most are.

    Raises:
        IncompatibleLaps: most are of different length, or hardly have one.
    """
    lengths = np.array([one.grid.length_m for one in driven])
    if np.median(lengths) < SHORTEST_M:
        raise IncompatibleLaps(f"they are {np.median(lengths):.0f} m long, which is no track.")
    alike = np.abs(lengths / np.median(lengths) - 1) < SAME_TRACK
    if 2 * np.count_nonzero(alike) <= len(lengths) and len(lengths) > 1:
        raise IncompatibleLaps(f"they are of different length: {lengths.min():.0f} m and {lengths.max():.0f} m driven.")
    return [one for one, fits in zip(driven, alike, strict=True) if fits]


def _length_of(driven: Sequence[_Driven], known: TrackModel | None, flags: dict[str, object]) -> float:
    """The official length if it fits what was driven, else the median of that, in m."""
    own = float(np.median([one.grid.length_m for one in driven]))
    stated = [one.lap.track_length_m for one in driven if isinstance(one.lap, Lap) and one.lap.track_length_m]
    if known is not None and known.flags.get("length_official"):
        stated.append(known.length_m)
    for official in stated:
        if abs(own / official - 1) < SAME_TRACK:
            flags["length_official"] = True
            return official
    return own


def _name_of(driven: Sequence[_Driven]) -> str | None:
    return next((one.lap.track for one in driven if isinstance(one.lap, Lap) and one.lap.track), None)


def _stated(driven: Sequence[_Driven]) -> list[tuple[GridLap, tuple[float, ...]]]:
    """Laps with the sector times their source stated."""
    return [(one.grid, one.lap.sectors_s) for one in driven if isinstance(one.lap, Lap) and one.lap.sectors_s]
