"""The door to a lap's samples: any lap or frame, cleaned, in SI units, on one clock that starts at the line.

Order: read, mend the order, drop duplicates, take out position spikes, then the clock.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ps_analytics.channels.catalog import kind_of
from ps_analytics.errors import IncompatibleLaps
from ps_analytics.lap import Lap, LapKind, Trace, fill

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FEWEST = 3
"""Samples a lap needs to be placed on the track."""
LATE_PACKET_S = 0.25
"""A time stamp that steps back by less belongs to a packet that came late; by more, the clock was set."""
LONGEST_STEP_S = 5.0
"""No more time than this passes between two samples; a lap that misses more is refused."""
STOPPED_MS = 1.0
_BESIDE_S = 1.0
_FROZEN_S = 0.2
_REGULAR_WITHIN_S = 0.0016
_RESTARTED_BELOW_S = 4.5
_RESTART_WITHIN_S = 4.0
XY, GPS = "xy", "gps"
_COORDINATES = {XY: ("x", "y"), GPS: ("latitude", "longitude")}
_READ = (
    "lap_time",
    "normalized_position",
    "speed",
    "gps_speed",
    *(name for names in _COORDINATES.values() for name in names),
)
_SPAN_AT_LEAST = {XY: 50.0, GPS: 5e-4}


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel as recorded: `time_s` on the source's clock, or None where it has one value a row of the samples."""

    values: Floats
    time_s: Floats | None


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


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """What a lap or a frame holds, before cleaning; NaN where missing."""

    name: str
    stamp: Floats
    columns: Mapping[str, Floats]
    channels: Mapping[str, Callable[[], Channel]]
    start_s: float | None = None
    lap_time_s: float | None = None
    track_length_m: float | None = None
    restarts_at_line: bool = False
    from_frame: bool = False


def read_samples(lap: Lap | pl.DataFrame) -> Samples:
    """The samples of a lap, cleaned (specs: §1 of the analysis core).

    Args:
        lap: a lap, or a frame with the catalogue's columns: one lap, or a little more on either side.

    Raises:
        IncompatibleLaps: no telemetry, fewer than three samples, or a clock that runs backwards.
    """
    rows = _of_lap(lap) if isinstance(lap, Lap) else _of_frame(lap)
    keep = _without_duplicates(rows, _in_order(rows))
    if len(keep) < FEWEST:
        raise IncompatibleLaps(f"{rows.name} has {len(keep)} samples.")
    columns = {name: values[keep] for name, values in rows.columns.items()}
    stamp, position = rows.stamp[keep], _varying(columns.get("normalized_position"))
    position = None if position is None else _without_spikes(position)
    speed = _varying(columns.get("speed"), columns.get("gps_speed"))
    time_s = _clock(rows, stamp, columns.get("lap_time"), position, speed)
    varies = speed is not None
    if speed is None and (position is None or _is_even(time_s, position)):
        speed = _constant(columns.get("speed"))
    beside = np.ones(len(keep), dtype=bool)
    if rows.lap_time_s is not None:
        beside = (time_s > -_BESIDE_S) & (time_s < rows.lap_time_s + _BESIDE_S)
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
    for kind, names in _COORDINATES.items():
        if all(name in columns for name in names):
            first, second = (columns[name][rows] for name in names)
            known = np.isfinite(first) & np.isfinite(second)
            if 2 * np.count_nonzero(known) >= len(known) and known.any():
                span = max(float(np.ptp(values[known])) for values in (first, second))
                if span > _SPAN_AT_LEAST[kind]:
                    found[kind] = (first, second)
    return found


def _of_lap(lap: Lap) -> _Rows:
    name = f"lap {lap.lap_number}"
    if not lap.traces:
        raise IncompatibleLaps(f"{name} has a time and no telemetry.")
    stamp = lap.times(lap.base)
    timed = lap.lap_time_s is not None and lap.lap_time_s > 0
    return _Rows(
        name=name,
        stamp=stamp,
        columns={found: _on(lap, lap.traces[found], stamp) for found in _READ if found in lap.traces},
        channels={
            trace.name: _trace_reader(lap, trace, stamp) for trace in lap.traces.values() if trace.name != "timestamp"
        },
        start_s=lap.start_s,
        lap_time_s=lap.lap_time_s if timed else None,
        track_length_m=lap.track_length_m,
        restarts_at_line=timed and lap.kind is not LapKind.STANDING,
    )


def _on(lap: Lap, trace: Trace, stamp: Floats) -> Floats:
    values = np.asarray(trace.values, dtype=np.float64)
    if len(values) == len(stamp) and trace.rate_hz == lap.base.rate_hz:
        return values
    if len(values) == 0:
        return np.full(len(stamp), np.nan)
    return fill(lap.times(trace), values, stamp, kind=kind_of(trace.name))


def _trace_reader(lap: Lap, trace: Trace, stamp: Floats) -> Callable[[], Channel]:
    def read() -> Channel:
        values = np.asarray(trace.values, dtype=np.float64)
        shared = len(values) == len(stamp) and trace.rate_hz == lap.base.rate_hz
        return Channel(values, None if shared else lap.times(trace))

    return read


def _of_frame(frame: pl.DataFrame) -> _Rows:
    def column(name: str) -> Floats:
        return frame[name].cast(pl.Float64).fill_null(np.nan).to_numpy()

    def reader(name: str) -> Callable[[], Channel]:
        return lambda: Channel(column(name), None)

    numeric = [n for n, kind in frame.schema.items() if kind.is_numeric() or kind == pl.Boolean]
    if frame.is_empty() or not numeric:
        raise IncompatibleLaps("the frame has no samples.")
    return _Rows(
        name="the frame",
        stamp=column("timestamp") if "timestamp" in numeric else np.zeros(len(frame)),
        columns={name: column(name) for name in _READ if name in numeric},
        channels={name: reader(name) for name in numeric if name != "timestamp"},
        from_frame=True,
    )


def _in_order(rows: _Rows) -> Ints:
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


def _without_duplicates(rows: _Rows, keep: Ints) -> Ints:
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


def _clock(rows: _Rows, stamp: Floats, clock: Floats | None, position: Floats | None, speed: Floats | None) -> Floats:
    """Seconds since the line, or since the first sample where the line is not known.

    The game's lap clock says how time passes wherever it runs, the time stamps where it restarts, stands still while
    the car moves, or cannot be trusted: the stamps of a live stream are those of arrival.

    Raises:
        IncompatibleLaps: there is neither.
    """
    usable = bool(np.ptp(stamp) >= 1.0)
    by_stamp = np.clip(np.diff(stamp), 0.0, LONGEST_STEP_S)
    moved = _changes(position, speed, len(stamp))
    trusted = clock is not None and _is_trusted(rows, stamp, clock, moved, usable=usable)
    if not trusted:
        if not usable:
            raise IncompatibleLaps(f"{rows.name} has no clock.")
        if np.any(np.diff(stamp) <= -LATE_PACKET_S):
            raise IncompatibleLaps(f"the clock of {rows.name} runs backwards.")
        steps = by_stamp
    else:
        assert clock is not None  # a trusted clock is there
        by_clock = np.clip(np.diff(clock), None, LONGEST_STEP_S)
        if usable:
            runs = (by_clock >= 0) & (by_clock <= by_stamp + LATE_PACKET_S) & ~_stands(by_clock, by_stamp, moved)
            steps = np.where(runs, by_clock, np.where(by_clock < 0, _in_frames(by_stamp, by_clock[runs]), by_stamp))
        else:
            steps = np.where(by_clock >= 0, by_clock, 0.0)
    first = 0.0
    if rows.start_s is not None and rows.lap_time_s is not None:
        first = float(stamp[0]) - rows.start_s if usable or clock is None else float(clock[0])
    return first + np.concatenate([[0.0], np.cumsum(steps)])


def _in_frames(by_stamp: Floats, by_clock: Floats) -> Floats:
    """Steps as whole frames where the source has a regular period: the stamps are those of arrival, too early or late.

    Needed where the lap clock restarts and cannot say how long that step took.
    """
    steps = by_clock[by_clock > 0]
    if len(steps) < 8:
        return by_stamp
    period = float(np.median(steps))
    period = float(np.mean(steps[np.abs(steps - period) < 0.25 * period]))
    near = np.abs(steps - period * np.maximum(1.0, np.round(steps / period)))
    if np.count_nonzero(near < _REGULAR_WITHIN_S) < 0.9 * len(steps):
        return by_stamp
    return np.asarray(period * np.maximum(1.0, np.round(by_stamp / period)))


def _changes(position: Floats | None, speed: Floats | None, count: int) -> NDArray[np.bool_]:
    """Between which samples the car moved, as far as its position or speed changed."""
    moved = np.zeros(count - 1, dtype=bool)
    for values in (position, speed):
        if values is not None:
            moved |= np.abs(np.diff(values)) > 0
    return moved


def _is_trusted(rows: _Rows, stamp: Floats, clock: Floats, moved: NDArray[np.bool_], *, usable: bool) -> bool:
    """Whether the lap clock is one: there, running with the car, and restarted at the line."""
    steps = np.diff(clock)
    known = np.isfinite(steps)
    if 2 * np.count_nonzero(known) < len(steps) or not np.any(steps[known] > 0):
        return False
    if not usable:
        return True
    driven = known & moved
    if np.count_nonzero(steps[driven] == 0) > 0.2 * np.count_nonzero(driven):
        return False
    if not rows.restarts_at_line or rows.start_s is None:
        return True
    opening = (stamp >= rows.start_s) & (stamp <= rows.start_s + _RESTART_WITHIN_S)
    return bool(not opening.any() or np.any(clock[opening] < _RESTARTED_BELOW_S))


def _stands(by_clock: Floats, by_stamp: Floats, moved: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The steps in which the lap clock stands for long while the car drives on; while it rests the game is paused."""
    zero = by_clock == 0
    if not zero.any():
        return np.asarray(zero)
    begins = np.flatnonzero(np.diff(zero, prepend=~zero[0]))
    stands = (np.add.reduceat(by_stamp, begins) > _FROZEN_S) & (np.add.reduceat(moved.astype(int), begins) > 0)
    return np.asarray(zero & np.repeat(stands, np.diff(np.append(begins, len(zero)))))
