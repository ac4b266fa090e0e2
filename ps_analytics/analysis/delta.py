"""Where one lap gains and loses time against another."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from ps_analytics.analysis.align import GridLap, on_grid
from ps_analytics.analysis.place import SAME_LENGTH, SAME_TRACK, Placed, place
from ps_analytics.analysis.samples import Samples, read_samples
from ps_analytics.errors import IncompatibleLaps
from ps_analytics.lap import Lap


@dataclass(frozen=True, eq=False)
class Delta:
    """Time lost to a reference lap along the track.

    `frame` has the columns `distance_m` (from the line, on the reference's length), `delta_s` (above 0: slower than
    the reference so far) and `band_s` (half-width of the error band; null while nobody measures it). `method` is
    "position", or "distance" where one lap has no position to go by. `closure_s` is the delta at the line less the
    difference of the lap times. `flags` says what to mind: those of either lap, and `other_track` where the laps name
    different tracks.
    """

    frame: pl.DataFrame
    method: str
    closure_s: float
    flags: Mapping[str, object] = field(default_factory=dict)


def delta(lap: Lap | pl.DataFrame, reference: Lap | pl.DataFrame, *, step_m: float = 1.0) -> Delta:
    """Seconds a lap has lost to a reference at every metre; above 0 it is slower so far.

    Both laps are laid on one grid of distance. At the line the delta is the difference of the lap times, bit for bit;
    a lap against itself is 0 everywhere.

    Args:
        lap: a lap, or a frame with the catalogue's columns that holds one.
        reference: the lap to compare with, likewise.
        step_m: the grid's step in m.

    Raises:
        IncompatibleLaps: one has no lap time or no telemetry to go by, or they are not of one track; says why.

    Example:
        >>> import numpy as np
        >>> t = np.arange(0.0, 20.0, 0.1)
        >>> lap = pl.DataFrame({"timestamp": t, "speed": 180 + t, "normalized_position": (t + t**2 / 360) / 22.2})
        >>> found = delta(lap, lap)
        >>> found.method, found.frame["delta_s"].abs().max(), found.closure_s
        ('position', 0.0, 0.0)
    """
    first, second = read_samples(lap), read_samples(reference)
    placed, base = _on_one_track(first, second, same_track=_same_track(lap, reference))
    one, other = _timed(placed, step_m), _timed(base, step_m)
    lost = one.time_s - other.time_s
    assert one.lap_time_s is not None  # a timed lap has one
    assert other.lap_time_s is not None
    frame = pl.DataFrame(
        {"distance_m": other.distance_m, "delta_s": lost, "band_s": pl.Series([None] * len(lost), dtype=pl.Float64)}
    )
    flags: dict[str, object] = {**other.flags, **one.flags}
    if _same_track(lap, reference) is False:
        flags["other_track"] = True
    return Delta(frame, one.method, float(lost[-1] - (one.lap_time_s - other.lap_time_s)), flags)


def _on_one_track(lap: Samples, reference: Samples, *, same_track: bool | None) -> tuple[Placed, Placed]:
    """Both laps placed on the reference's length, by the same method.

    Raises:
        IncompatibleLaps: see `delta`.
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


def _timed(placed: Placed, step_m: float) -> GridLap:
    if not placed.whole:
        raise IncompatibleLaps(f"{placed.samples.name} has no lap time.")
    return on_grid(placed, step_m=step_m)


def _same_track(lap: Lap | pl.DataFrame, reference: Lap | pl.DataFrame) -> bool | None:
    """Whether both laps name the same track; None where one names none."""
    names = [found.track for found in (lap, reference) if isinstance(found, Lap) and found.track]
    return None if len(names) < 2 else names[0].casefold() == names[1].casefold()
