"""Laps laid on one grid of distance: one alone, or many on the metres of a reference."""

from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ps_analytics.analysis.compatibility import check_lengths, check_places
from ps_analytics.analysis.grid import GridLap as GridLap
from ps_analytics.analysis.grid import on_grid
from ps_analytics.analysis.methods import METHODS as METHODS
from ps_analytics.analysis.methods import Base, lay_best, lay_both
from ps_analytics.analysis.place import Placed, place
from ps_analytics.analysis.samples import Samples, read_samples
from ps_analytics.errors import UnknownMethod
from ps_analytics.lap import Lap
from ps_analytics.track import TrackModel

AUTO = "auto"


def grid_lap(lap: Lap | pl.DataFrame, *, length_m: float | None = None, step_m: float = 1.0) -> GridLap:
    """A lap on a grid of distance from the line, in m.

    Args:
        lap: a lap, or a frame with the catalogue's columns that holds one.
        length_m: the grid's last point; None takes the track's official length if it fits, else the length driven.
        step_m: the grid's step.

    Raises:
        IncompatibleLaps: the lap cannot be placed on the track, or not on one of this length; the reason says why.

    Example:
        >>> import numpy as np
        >>> t = np.arange(0.0, 20.0, 0.1)
        >>> speed = 180 + 36 * np.sin(np.pi * t / 10)
        >>> lap = grid_lap(pl.DataFrame({"timestamp": t, "speed": speed, "normalized_position": t / 20}))
        >>> lap.method, round(lap.lap_time_s)
        ('scaled_distance', 20)
    """
    return on_grid(place(read_samples(lap), length_m=length_m), step_m=step_m)


@dataclass(frozen=True, eq=False)
class Pair:
    """A lap and its reference on the reference's metres, both placed by the same `method`."""

    lap: GridLap
    reference: GridLap
    method: str
    flags: dict[str, object] = field(default_factory=dict)


class Alignment:
    """A reference lap on its own grid, ready for other laps to be laid on its metres.

    Args:
        reference: a lap, or a frame with the catalogue's columns that holds one.
        method: one of `METHODS`, or "auto" for the best each lap allows.
        track: what is known of the track; None takes the reference's own track model, if it has one.
        step_m: the grid's step in m.

    Raises:
        UnknownMethod: there is no such method.
        IncompatibleLaps: the reference cannot be placed on a track; says why.
    """

    def __init__(
        self,
        reference: Lap | pl.DataFrame,
        *,
        method: str = AUTO,
        track: TrackModel | None = None,
        step_m: float = 1.0,
    ) -> None:
        if method != AUTO and method not in METHODS:
            raise UnknownMethod(method, known=(AUTO, *METHODS))
        self.method, self.step_m = method, step_m
        self.track = track if track is not None or isinstance(reference, pl.DataFrame) else reference.track_model
        self._reference, self._samples = reference, read_samples(reference)
        self._own: Base | None = None
        self._grids: dict[int, tuple[Placed, GridLap]] = {}
        self._itself: Pair | None = None
        self._last: tuple[Lap | pl.DataFrame, Pair] | None = None

    @property
    def reference(self) -> Lap | pl.DataFrame:
        """The lap others are laid on."""
        return self._reference

    @property
    def grid(self) -> GridLap:
        """The reference on its own grid."""
        return self._on_grid(self._base(self._samples).placed)

    def lay(self, lap: Lap | pl.DataFrame) -> GridLap:
        """A lap on the reference's metres; NaN where a lap without a time was not driven.

        Raises:
            IncompatibleLaps: it cannot be compared with the reference; says why.
        """
        return self.pair(lap).lap

    def pair(self, lap: Lap | pl.DataFrame) -> Pair:
        """A lap and the reference, both placed by the same method. Asked again of the same lap, it costs nothing.

        Raises:
            IncompatibleLaps: they cannot be compared; says why.
        """
        if lap is self._reference:
            self._itself = self._itself or self._paired(lap)
            return self._itself
        last = self._last  # held, for another thread may ask of another lap meanwhile
        if last is None or last[0] is not lap:
            last = self._last = lap, self._paired(lap)
        return last[1]

    def _paired(self, lap: Lap | pl.DataFrame) -> Pair:
        samples = read_samples(lap)
        same_track = _same_track(lap, self._reference)
        base = self._base(samples)
        check_lengths(samples, base, same_track=same_track)
        both = lay_best(samples, base) if self.method == AUTO else lay_both(samples, base, self.method)
        flags: dict[str, object] = {} if same_track is not False else {"other_track": True}
        flags |= check_places(both, base)
        one, other = on_grid(both.lap, step_m=self.step_m), self._on_grid(both.reference)
        if _are_one(samples, self._samples):  # also where its own path tells its places not to the last bit
            still = np.zeros(len(one.distance_m))
            one, other = replace(one, time_s=other.time_s, band_s=still), replace(other, band_s=still)
        return Pair(one, other, one.method, flags)

    def _base(self, lap: Samples) -> Base:
        """The reference placed on its own length, or on the lap's where the reference cannot say it."""
        reference = self._samples
        if reference.speed_ms is None and reference.track_length_m is None and lap is not reference:
            return Base(reference, place(reference, length_m=place(lap).length_m), self.track)
        if self._own is None:
            self._own = Base(reference, place(reference), self.track)
        return self._own

    def _on_grid(self, placed: Placed) -> GridLap:
        """The reference on the grid: worked out once for every way it is placed."""
        if id(placed) not in self._grids:
            self._grids[id(placed)] = placed, on_grid(placed, step_m=self.step_m)
        return self._grids[id(placed)][1]


def _are_one(lap: Samples, reference: Samples) -> bool:
    """Whether a lap is compared with itself: everything that places it is the same."""
    if lap.lap_time_s != reference.lap_time_s or len(lap.time_s) != len(reference.time_s):
        return False
    pairs = ((lap.speed_ms, reference.speed_ms), (lap.position, reference.position))
    alike = all(one is other or _same(one, other) for one, other in pairs)
    return alike and np.array_equal(lap.time_s, reference.time_s)


def _same(one: NDArray[np.float64] | None, other: NDArray[np.float64] | None) -> bool:
    return one is not None and other is not None and np.array_equal(one, other, equal_nan=True)


def _same_track(lap: Lap | pl.DataFrame, reference: Lap | pl.DataFrame) -> bool | None:
    """Whether both laps name the same track; None where one names none."""
    names = [found.track for found in (lap, reference) if isinstance(found, Lap) and found.track]
    return None if len(names) < 2 else names[0].casefold() == names[1].casefold()
