"""The door to a lap's samples: any lap or frame, cleaned, in SI units, on one clock that starts at the line.

Order: read, mend the order, drop duplicates, take out position spikes, then the clock.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ps_analytics.analysis.clock import LATE_PACKET_S, clock_of, within_clock
from ps_analytics.analysis.clock import LONGEST_STEP_S as LONGEST_STEP_S
from ps_analytics.analysis.rows import COORDINATES, GPS, XY, Channel, Rows, rows_of_frame, rows_of_lap
from ps_analytics.errors import IncompatibleLaps
from ps_analytics.lap import Lap

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FEWEST = 3
"""Samples a lap needs to be placed on the track."""
STOPPED_MS = 1.0
_BESIDE_S = 1.0
_SPAN_AT_LEAST = {XY: 50.0, GPS: 5e-4}


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """A lap's samples as driven, arrays of one length.

    `time_s` since the line at the lap's start (of a lap without a time and of a plain frame: since its first sample),
    never decreasing; `stamp_s` the same samples on the source's clock; `row` their places among the rows read;
    `speed_ms` and `position` (0 … 1) None where the source has none or a constant, NaN where a sample is missing.
    `speed_varies` is False for a constant speed, which counts only where no position contradicts it.
    `from_frame` tells a plain frame, which is taken for one lap, from a lap that says where it begins and ends.
    `places`: where the car was, by kind of coordinate: "xy" (x, y in m) and "gps" (latitude, longitude in degrees).
    """

    name: str
    row: Ints
    stamp_s: Floats
    time_s: Floats
    speed_ms: Floats | None
    position: Floats | None
    lap_time_s: float | None
    track_length_m: float | None
    channels: Mapping[str, Callable[[], Channel]]
    speed_varies: bool = True
    from_frame: bool = False
    places: Mapping[str, tuple[Floats, Floats]] = field(default_factory=dict)


def read_samples(lap: Lap | pl.DataFrame) -> Samples:
    """The samples of a lap, cleaned (specs: §1 of the analysis core).

    Args:
        lap: a lap, or a frame with the catalogue's columns: one lap, or a little more on either side.

    Raises:
        IncompatibleLaps: no telemetry, fewer than three samples, or a clock that runs backwards.
    """
    rows = rows_of_lap(lap) if isinstance(lap, Lap) else rows_of_frame(lap)
    keep = _without_duplicates(rows, _in_order(rows))
    if len(keep) < FEWEST:
        raise IncompatibleLaps(f"{rows.name} has {len(keep)} samples.")
    columns = {name: values[keep] for name, values in rows.columns.items()}
    stamp, position = rows.stamp[keep], _varying(columns.get("normalized_position"))
    position = None if position is None else _without_spikes(position)
    speed = _varying(columns.get("speed"), columns.get("gps_speed"))
    time_s = clock_of(rows, stamp, columns.get("lap_time"), position, speed)
    varies = speed is not None
    if speed is None and (position is None or _is_even(time_s, position)):
        speed = _constant(columns.get("speed"))
    beside = np.ones(len(keep), dtype=bool)
    if rows.lap_time_s is not None:
        beside = (time_s > -_BESIDE_S) & (time_s < rows.lap_time_s + _BESIDE_S)
        beside &= within_clock(rows, columns.get("lap_time"), time_s)
    if np.count_nonzero(beside) < FEWEST:
        raise IncompatibleLaps(f"{rows.name} has no samples between its start and its end.")
    return Samples(
        name=rows.name,
        row=keep[beside],
        stamp_s=np.maximum.accumulate(stamp[beside]),
        time_s=time_s[beside],
        speed_ms=None if speed is None else speed[beside] / 3.6,
        position=None if position is None else position[beside],
        lap_time_s=rows.lap_time_s,
        track_length_m=rows.track_length_m,
        channels=rows.channels,
        speed_varies=varies,
        from_frame=rows.from_frame,
        places=_places(columns, beside),
    )


def _places(columns: Mapping[str, Floats], rows: NDArray[np.bool_]) -> dict[str, tuple[Floats, Floats]]:
    """The coordinates that are there for half of the samples at least and go anywhere."""
    found = {}
    for kind, names in COORDINATES.items():
        if all(name in columns for name in names):
            first, second = (columns[name][rows] for name in names)
            known = np.isfinite(first) & np.isfinite(second)
            if 2 * np.count_nonzero(known) >= len(known) and known.any():
                span = max(float(np.ptp(values[known])) for values in (first, second))
                if span > _SPAN_AT_LEAST[kind]:
                    found[kind] = (first, second)
    return found


def _in_order(rows: Rows) -> Ints:
    """The rows with a time stamp, late packets put back in their place by stamp and by lap clock.

    Raises:
        IncompatibleLaps: the clock runs backwards.
    """
    keep = np.flatnonzero(np.isfinite(rows.stamp))
    back = np.diff(rows.stamp[keep]) < 0
    if np.count_nonzero(back) > len(back) / 2:
        raise IncompatibleLaps(f"the clock of {rows.name} runs backwards.")
    keep = _late_in_place(rows.stamp, keep)
    clock = rows.columns.get("lap_time")
    return keep if clock is None or np.isnan(clock[keep]).any() else _late_in_place(clock, keep)


def _late_in_place(clock: Floats, rows: Ints) -> Ints:
    """The rows in the order of a clock; where it goes back for good, another stretch begins."""
    steps = np.diff(clock[rows])
    if not np.any((steps < 0) & (steps > -LATE_PACKET_S)):
        return rows
    stretch = np.concatenate([[0], np.cumsum(steps <= -LATE_PACKET_S)])
    return np.asarray(rows[np.lexsort((clock[rows], stretch))])


def _without_duplicates(rows: Rows, keep: Ints) -> Ints:
    stamp = rows.stamp[keep]
    if len(keep) < 2 or np.ptp(stamp) == 0:
        return keep
    known = [stamp, *(rows.columns[n][keep] for n in ("lap_time", "normalized_position", "speed") if n in rows.columns)]
    same = np.ones(len(keep) - 1, dtype=bool)
    for values in known:
        same &= (values[1:] == values[:-1]) | (np.isnan(values[1:]) & np.isnan(values[:-1]))
    return np.asarray(keep[np.concatenate([[True], ~same])])


def _varying(*candidates: Floats | None) -> Floats | None:
    """The first that is there for half of the samples at least and not constant."""
    for values in candidates:
        if values is None:
            continue
        known = values[np.isfinite(values)]
        if 2 * len(known) >= len(values) and np.ptp(known) > 0:
            return values
    return None


def _constant(values: Floats | None) -> Floats | None:
    """A speed that never changes, if it is one at all."""
    known = np.zeros(0) if values is None else values[np.isfinite(values)]
    return values if len(known) and known[0] > 3.6 * STOPPED_MS else None


def _is_even(time_s: Floats, position: Floats) -> bool:
    """Whether the position goes round at one rate, as a constant speed would have it."""
    known = np.isfinite(position)
    at, gone = time_s[known], np.unwrap(position[known], period=1.0)
    if np.ptp(at) == 0:
        return False
    line = gone[0] + (gone[-1] - gone[0]) * (at - at[0]) / np.ptp(at)
    return bool(np.max(np.abs(gone - line)) < 0.01)


def _without_spikes(position: Floats) -> Floats:
    """Positions with a single sample that leaps away and back put in the middle of its neighbours."""
    step, past = np.abs(wrapped(np.diff(position))), wrapped(position[2:] - position[:-2])
    spike = (step[:-1] > 0.02) & (step[1:] > 0.02) & (np.abs(past) < 0.01)
    at = np.flatnonzero(spike) + 1
    mended = position.copy()
    mended[at] = np.mod(position[at - 1] + past[at - 1] / 2, 1.0)
    return mended


def wrapped(share: Floats) -> Floats:
    """Differences of positions the short way round: −0.5 … 0.5.

    Example:
        >>> wrapped(np.array([0.9, -0.75])).round(2)
        array([-0.1 ,  0.25])
    """
    return np.asarray(np.mod(share + 0.5, 1.0) - 0.5)
