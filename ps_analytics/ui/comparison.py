"""The chosen laps on the reference's grid: what the browser draws, computed once in Python."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ps_analytics.analysis.align import grid_lap
from ps_analytics.analysis.delta import delta
from ps_analytics.analysis.plane import on_plane
from ps_analytics.errors import IncompatibleLaps
from ps_analytics.lap import Lap

Column = NDArray[np.float32]
Channels = Mapping[str, NDArray[np.float64]]

DELTA = "delta"
"""The column beside the channels: seconds lost to the reference so far."""

ALIGNING = ("timestamp", "lap_time", "normalized_position", "distance", "speed", "x", "y", "latitude", "longitude")
"""The channels that say where on the track a sample was taken."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """Laps on one grid of `distance_m` (from the line, in m), by lap id and channel; catalogue units, NaN = missing.

    `refused` says of each chosen lap that has no columns why.
    """

    reference_id: str
    distance_m: Column
    columns: Mapping[str, Mapping[str, Column]] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Grid:
    """The reference on its own grid: the x all laps share."""

    lap: Lap
    distance_m: Column
    channels: Channels

    @classmethod
    def of(cls, lap: Lap) -> "Grid":
        """The grid a reference lap spans, 1 m steps from line to line.

        Raises:
            IncompatibleLaps: the lap has no telemetry.
        """
        gridded = grid_lap(_with_telemetry(lap))
        return cls(lap, _column(gridded.distance_m), gridded.channels)

    def columns(self, lap: Lap, names: Iterable[str]) -> dict[str, Column]:
        """The named channels the lap has, its place (`x`, `y` in m) and, of two timed laps, its `delta` in s.

        Raises:
            IncompatibleLaps: the lap has no telemetry, or cannot be laid over the reference.
        """
        channels = self.channels if lap is self.lap else self._laid(lap)
        columns = {name: _column(channels[name]) for name in names if name in channels}
        columns |= self._positions(channels)
        if lap is self.lap:
            columns[DELTA] = np.zeros(len(self.distance_m), np.float32)
        elif None not in (lap.lap_time_s, self.lap.lap_time_s):
            columns[DELTA] = self._delta(lap)
        return columns

    def _laid(self, lap: Lap) -> Channels:
        gridded = grid_lap(_with_telemetry(lap), length_m=float(self.distance_m[-1]))
        if len(gridded.distance_m) == len(self.distance_m):
            return gridded.channels
        return {name: np.interp(self.distance_m, gridded.distance_m, v) for name, v in gridded.channels.items()}

    def _delta(self, lap: Lap) -> Column:
        frame = delta(lap, self.lap).frame
        return _column(np.interp(self.distance_m, frame["distance_m"].to_numpy(), frame["delta_s"].to_numpy()))

    def _positions(self, channels: Channels) -> dict[str, Column]:
        if "x" in channels and "y" in channels:
            return {"x": _column(channels["x"]), "y": _column(channels["y"])}
        origin = self.channels
        if not {"latitude", "longitude"} <= set(channels) & set(origin):
            return {}
        middle = {f"{name}_0": float(np.nanmean(origin[name])) for name in ("latitude", "longitude")}
        x, y = on_plane(channels["latitude"], channels["longitude"], **middle)
        return {"x": _column(x), "y": _column(y)}


def _with_telemetry(lap: Lap) -> Lap:
    if not lap.traces:
        raise IncompatibleLaps(f"lap {lap.lap_number} has a time and no telemetry.")
    return lap


def _column(values: NDArray[np.float64]) -> Column:
    return np.ascontiguousarray(values, dtype=np.float32)
