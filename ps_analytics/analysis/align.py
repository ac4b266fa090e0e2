"""Laps laid on one grid of distance: one alone, or many on the metres of a reference."""

from dataclasses import dataclass, field

import polars as pl

from ps_analytics.analysis.grid import GridLap as GridLap
from ps_analytics.analysis.grid import on_grid
from ps_analytics.analysis.place import SAME_LENGTH, SAME_TRACK, Placed, place
from ps_analytics.analysis.samples import Samples, read_samples
from ps_analytics.errors import IncompatibleLaps, UnknownMethod
from ps_analytics.lap import Lap
from ps_analytics.track import TrackModel

AUTO = "auto"
METHODS = ("position", "projection", "centre_line", "scaled_distance", "distance", "time")
"""Ways to lay a lap on another's metres, by name."""


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
        self._grid: GridLap | None = None

    @property
    def grid(self) -> GridLap:
        """The reference on its own grid."""
        if self._grid is None:
            self._grid = on_grid(place(self._samples), step_m=self.step_m)
        return self._grid

    def lay(self, lap: Lap | pl.DataFrame) -> GridLap:
        """A lap on the reference's metres; NaN where a lap without a time was not driven.

        Raises:
            IncompatibleLaps: it cannot be compared with the reference; says why.
        """
        return self.pair(lap).lap

    def pair(self, lap: Lap | pl.DataFrame) -> Pair:
        """A lap and the reference, both placed by the same method.

        Raises:
            IncompatibleLaps: they cannot be compared; says why.
        """
        same_track = _same_track(lap, self._reference)
        placed, base = _on_one_track(read_samples(lap), self._samples, same_track=same_track)
        flags: dict[str, object] = {} if same_track is not False else {"other_track": True}
        one, other = (on_grid(found, step_m=self.step_m) for found in (placed, base))
        return Pair(one, other, one.method, flags)


def _on_one_track(lap: Samples, reference: Samples, *, same_track: bool | None) -> tuple[Placed, Placed]:
    """Both laps placed on the reference's length, by the same method.

    Raises:
        IncompatibleLaps: see `Alignment.pair`.
    """
    base = _placed_alone(reference, lap)
    placed = place(lap, length_m=base.length_m)
    if placed.driven_m is not None and base.driven_m is not None:
        apart = abs(placed.driven_m / base.driven_m - 1)
        if apart > (SAME_TRACK if same_track else SAME_LENGTH):
            raise IncompatibleLaps(
                f"they are of different length: {placed.driven_m:.0f} m and {base.driven_m:.0f} m driven."
            )
    if placed.method != base.method:
        # Two ways of placing differ by more than the laps do; the errors of one way fall out of the difference.
        length = base.length_m
        placed, base = (place(samples, length_m=length, by_position=False) for samples in (lap, reference))
    return placed, base


def _placed_alone(reference: Samples, lap: Samples) -> Placed:
    """The reference placed on its own length, or on the lap's where the reference cannot say it."""
    if reference.speed_ms is None and reference.track_length_m is None:
        return place(reference, length_m=place(lap).length_m)
    return place(reference)


def _same_track(lap: Lap | pl.DataFrame, reference: Lap | pl.DataFrame) -> bool | None:
    """Whether both laps name the same track; None where one names none."""
    names = [found.track for found in (lap, reference) if isinstance(found, Lap) and found.track]
    return None if len(names) < 2 else names[0].casefold() == names[1].casefold()
