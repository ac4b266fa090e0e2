"""Several laps laid on the metres of one of them: what an ideal lap and a driver's consistency are worked out from."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ps_analytics.analysis.align import METHODS, Alignment, grid_lap
from ps_analytics.analysis.grid import GridLap
from ps_analytics.analysis.loop import speed_of
from ps_analytics.analysis.track import resolve_track
from ps_analytics.analysis.units import Unit, find_units
from ps_analytics.analysis.usable import pick_usable
from ps_analytics.errors import IncompatibleLaps
from ps_analytics.lap import Lap
from ps_analytics.track import TrackModel

Floats = NDArray[np.float64]

_ENOUGH = 3
_COMMON = "scaled_distance"


@dataclass(frozen=True, eq=False)
class LaidLaps:
    """Usable laps of one track on one grid, in the order given; arrays are laps × points of the grid.

    `ids` are what they are called. `distance_m` from the line, `time_s` since the line, `speed_ms` in m/s (from the
    times where a lap has none, NaN where it is missing). `best` is the place among them of the lap on whose metres
    they lie: the fastest. `left_out` says by id why a usable lap could not be laid there.
    """

    laps: tuple[Lap | pl.DataFrame, ...]
    ids: tuple[str, ...]
    grids: tuple[GridLap, ...]
    best: int
    distance_m: Floats
    time_s: Floats
    speed_ms: Floats
    left_out: Mapping[str, str]

    @property
    def length_m(self) -> float:
        """The length of the grid in m."""
        return float(self.distance_m[-1])

    @property
    def lap_time_s(self) -> Floats:
        """The time of each lap in s."""
        return self.time_s[:, -1]

    def track(self, given: TrackModel | None) -> TrackModel:
        """The track given, else the one a lap brings along, else the one they show, be it without corners."""
        try:
            return resolve_track(self.laps, given)
        except IncompatibleLaps:
            flat = np.zeros(len(self.distance_m) - 1)
            return TrackModel(self.length_m, self.distance_m[:-1], flat, flat, flat, source="none", algo_version="0")

    def units(self, track: TrackModel) -> tuple[Unit, ...]:
        """The units of these laps; `track` names them.

        The faster half says where one slows down: in the slower one somebody may have been in trouble.
        """
        ours = np.argsort(self.lap_time_s, kind="stable")[: max(_ENOUGH, (len(self.laps) + 1) // 2)]
        return find_units([self.speed_ms[lap] for lap in ours], self.distance_m, track)

    def points(self, places_m: Sequence[float]) -> NDArray[np.int64]:
        """The points of the grid nearest to places in m from the line."""
        step = self.distance_m[1] - self.distance_m[0]
        return np.asarray(np.clip(np.rint(np.asarray(places_m) / step), 0, len(self.distance_m) - 1), dtype=np.int64)


def lay_laps(
    laps: Sequence[Lap | pl.DataFrame], *, track: TrackModel | None = None, ids: Sequence[str] | None = None
) -> LaidLaps:
    """The usable ones of some laps on the metres of the fastest.

    A fastest lap that half of the others or more do not fit is not of this track, however fast: the next one takes its
    place.

    Args:
        laps: of one track.
        track: what is known of it.
        ids: what the laps are called; None takes their `label`.

    Raises:
        IncompatibleLaps: they name different tracks, none is usable, or they do not fit each other; says why.

    Example:
        >>> t = np.arange(0.0, 20.0, 0.1)
        >>> lap = pl.DataFrame({"timestamp": t, "speed": 180 + t, "normalized_position": (t + t**2 / 360) / 22.2})
        >>> lay_laps([lap, lap]).ids
        ('frame 1', 'frame 2')
    """
    one_track(laps)
    kept = {id(lap) for lap in pick_usable(laps)}
    names = ids or [label(lap, place) for place, lap in enumerate(laps)]
    usable = [_Named(lap, name, _time_s(lap)) for lap, name in zip(laps, names, strict=True) if id(lap) in kept]
    if not usable:
        raise IncompatibleLaps(f"none of the {len(laps)} laps is usable." if laps else "there are none.")
    refused: IncompatibleLaps | None = None
    for reference in sorted(usable, key=lambda named: named.time_s):
        try:
            return _laid_on(reference, usable, track)
        except IncompatibleLaps as error:
            refused = refused or error
    assert refused is not None  # each of them was
    raise refused


def one_track(laps: Sequence[Lap | pl.DataFrame]) -> None:
    """Nothing, if no two laps name different tracks.

    Raises:
        IncompatibleLaps: they do; names them.

    Example:
        >>> one_track([pl.DataFrame()])
    """
    names = {lap.track.casefold(): lap.track for lap in laps if isinstance(lap, Lap) and lap.track}
    if len(names) > 1:
        raise IncompatibleLaps(f"they are of different tracks: {', '.join(repr(name) for name in names.values())}.")


@dataclass(frozen=True, slots=True, eq=False)
class _Named:
    """A lap, what it is called, and its time in s."""

    lap: Lap | pl.DataFrame
    name: str
    time_s: float


def _laid_on(reference: _Named, laps: Sequence[_Named], track: TrackModel | None) -> LaidLaps:
    """The laps on the reference's metres, all of them by one method: two ways of placing differ by more than laps do.

    Raises:
        IncompatibleLaps: half of them or more do not fit there.
    """
    refused: IncompatibleLaps | None = None
    for method in _methods(reference, laps, track):
        grids, left_out = _by_method(Alignment(reference.lap, method=method, track=track), laps)
        if 2 * len(left_out) >= len(laps) or reference.name in left_out:
            refused = refused or next(iter(left_out.values()))
            continue
        kept = [named for named in laps if named.name in grids]
        return LaidLaps(
            laps=tuple(named.lap for named in kept),
            ids=tuple(named.name for named in kept),
            grids=tuple(grids.values()),
            best=kept.index(reference),
            distance_m=grids[reference.name].distance_m,
            time_s=np.stack([grid.time_s for grid in grids.values()]),
            speed_ms=np.stack([speed_of(grid) for grid in grids.values()]),
            left_out={name: error.reason for name, error in left_out.items()},
        )
    assert refused is not None  # each method was tried in vain
    raise refused


def _methods(reference: _Named, laps: Sequence[_Named], track: TrackModel | None) -> list[str]:
    """The methods to try: those that are best for the fastest of the laps, and the one that hardly any lap lacks."""
    asked = sorted((named for named in laps if named is not reference), key=lambda named: named.time_s)[:_ENOUGH]
    found = _by_method(Alignment(reference.lap, track=track), asked or [reference])[0]
    votes = Counter(grid.method for grid in found.values())
    return list(dict.fromkeys([*sorted(votes, key=lambda name: (-votes[name], METHODS.index(name))), _COMMON]))


def _by_method(alignment: Alignment, laps: Sequence[_Named]) -> tuple[dict[str, GridLap], dict[str, IncompatibleLaps]]:
    """By name those that can be laid, and why the others cannot."""
    laid, left_out = {}, {}
    for named in laps:
        try:
            grid = alignment.lay(named.lap)
            if grid.lap_time_s is None:
                raise IncompatibleLaps(f"{grid.name} has no lap time.")
        except IncompatibleLaps as error:
            left_out[named.name] = error
        else:
            laid[named.name] = grid
    return laid, left_out


def label(lap: Lap | pl.DataFrame, number: int) -> str:
    """What a lap is called where several are told apart: its id, or "frame N" counted from 1 by its place.

    Example:
        >>> label(pl.DataFrame(), 2)
        'frame 3'
    """
    return lap.lap_id if isinstance(lap, Lap) else f"frame {number + 1}"


def follows(before: Lap | pl.DataFrame, after: Lap | pl.DataFrame) -> bool:
    """Whether one lap was driven right after another: the same session, the next number.

    Example:
        >>> follows(pl.DataFrame(), pl.DataFrame())
        False
    """
    if not (isinstance(before, Lap) and isinstance(after, Lap)):
        return False
    return before.session_id == after.session_id and before.lap_number + 1 == after.lap_number


def _time_s(lap: Lap | pl.DataFrame) -> float:
    if isinstance(lap, Lap):
        return lap.lap_time_s or np.inf
    return grid_lap(lap).lap_time_s or np.inf
