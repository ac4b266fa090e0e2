"""What a lap or a frame holds, before anything is cleaned."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ps_analytics.channels.catalog import Kind, kind_of
from ps_analytics.errors import IncompatibleLaps
from ps_analytics.lap import Lap, LapKind, Trace, fill

Floats = NDArray[np.float64]

XY, GPS = "xy", "gps"
COORDINATES = {XY: ("x", "y"), GPS: ("latitude", "longitude")}
"""The channels that say where the car was, by kind of coordinate."""
_READ = (
    "lap_time",
    "normalized_position",
    "speed",
    "gps_speed",
    *(name for names in COORDINATES.values() for name in names),
)


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel as recorded: `time_s` on the source's clock, or None where it has one value a row of the samples."""

    values: Floats
    time_s: Floats | None
    kind: Kind


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
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


def rows_of_lap(lap: Lap) -> Rows:
    """What a lap holds, on the clock of its base channel.

    Raises:
        IncompatibleLaps: it has no telemetry.
    """
    name = f"lap {lap.lap_number}"
    if not lap.traces:
        raise IncompatibleLaps(f"{name} has a time and no telemetry.")
    stamp = lap.times(lap.base)
    timed = lap.lap_time_s is not None and lap.lap_time_s > 0
    return Rows(
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
    return fill(lap.times(trace), values, stamp, kind=trace.kind)


def _trace_reader(lap: Lap, trace: Trace, stamp: Floats) -> Callable[[], Channel]:
    def read() -> Channel:
        values = np.asarray(trace.values, dtype=np.float64)
        shared = len(values) == len(stamp) and trace.rate_hz == lap.base.rate_hz
        return Channel(values, None if shared else lap.times(trace), trace.kind)

    return read


def rows_of_frame(frame: pl.DataFrame) -> Rows:
    """What a plain frame holds.

    Raises:
        IncompatibleLaps: it holds nothing.
    """

    def column(name: str) -> Floats:
        return frame[name].cast(pl.Float64).fill_null(np.nan).to_numpy()

    def reader(name: str) -> Callable[[], Channel]:
        kind = Kind.STEP if frame.schema[name] == pl.Boolean else kind_of(name)
        return lambda: Channel(column(name), None, kind)

    numeric = [n for n, kind in frame.schema.items() if kind.is_numeric() or kind == pl.Boolean]
    if frame.is_empty() or not numeric:
        raise IncompatibleLaps("the frame has no samples.")
    return Rows(
        name="the frame",
        stamp=column("timestamp") if "timestamp" in numeric else np.zeros(len(frame)),
        columns={name: column(name) for name in _READ if name in numeric},
        channels={name: reader(name) for name in numeric if name != "timestamp"},
        from_frame=True,
    )
