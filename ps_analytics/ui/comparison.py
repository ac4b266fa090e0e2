"""The chosen laps on the reference's grid: what the browser draws, computed once in Python."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ps_analytics.analysis.align import Alignment
from ps_analytics.analysis.delta import delta_of_pair
from ps_analytics.analysis.plane import on_plane
from ps_analytics.lap import Lap
from ps_analytics.ui.closure import Closure, closure_of
from ps_analytics.ui.gaps import Stretch, lap_gaps, on_axis, within
from ps_analytics.ui.reckoning import reckoned_line

Column = NDArray[np.float32]
Channels = Mapping[str, NDArray[np.float64]]

DELTA = "delta"
"""The column beside the channels: seconds lost to the reference so far."""
BAND = "band"
"""The column beside the delta: half the width of what holds the true delta 95 times of 100, in s."""

ALIGNING = ("timestamp", "lap_time", "normalized_position", "distance", "speed", "x", "y", "latitude", "longitude")
"""The channels that say where on the track a sample was taken."""


@dataclass(frozen=True, eq=False)
class LaidLap:
    """One lap on the x of a plot: its columns by channel, and how its delta closes if it has one.

    `stamp_s` says when each point of x was passed, in s since the session's first frame; NaN where nobody knows.
    `gaps` are where on x its source said nothing: there its channels are missing, the delta is not. `reckoned_from` is
    what its line on the map was reckoned from ("yaw_rate", "g_lat", "steering"), where its source tells no positions.
    """

    columns: Mapping[str, Column]
    closure: Closure | None = None
    stamp_s: NDArray[np.float64] | None = None
    gaps: tuple[Stretch, ...] = ()

    @property
    def since_s(self) -> float | None:
        """When the first point that is known was passed, in s since the session's first frame; None: nowhere known."""
        known = np.zeros(0) if self.stamp_s is None else self.stamp_s[np.isfinite(self.stamp_s)]
        return float(known[0]) if len(known) else None

    reckoned_from: str = ""


@dataclass(frozen=True, eq=False)
class Comparison:
    """Laps on one grid of `distance_m` (from the line, in m), by lap id; catalogue units, NaN = missing.

    `refused` says of each chosen lap that is not laid why.
    """

    reference_id: str
    distance_m: Column
    laps: Mapping[str, LaidLap] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Grid:
    """The reference on its own grid: the x all laps share."""

    lap: Lap
    alignment: Alignment
    distance_m: Column

    @classmethod
    def of(cls, lap: Lap) -> "Grid":
        """The grid a reference lap spans, 1 m steps from line to line.

        Raises:
            IncompatibleLaps: the lap has no telemetry.
        """
        alignment = Alignment(lap)
        return cls(lap, alignment, _column(alignment.grid.distance_m))

    def lay(self, lap: Lap, names: Iterable[str]) -> LaidLap:
        """The named channels the lap has, its place (`x`, `y` in m) and, of two timed laps, its `delta` and `band`.

        Raises:
            IncompatibleLaps: the lap has no telemetry, or cannot be laid over the reference.
        """
        itself = lap is self.lap
        pair = None if itself else self.alignment.pair(lap)
        on_grid = pair.lap if pair else self.alignment.grid
        channels, gaps = on_grid.channels, lap_gaps(lap)
        missing = within(gaps, on_grid.stamp_s)
        stamp_s = np.where(missing, np.nan, on_grid.stamp_s)
        columns = {name: _column(channels[name]) for name in names if name in channels}
        columns |= self._positions(channels)
        for values in columns.values() if gaps else ():
            values[missing] = np.nan
        laid = LaidLap(columns, None, stamp_s, on_axis(gaps, stamp_s, on_grid.distance_m))
        if pair is None:
            own = LaidLap(columns) if "x" in columns else self._reckoned()
            still = np.zeros(len(self.distance_m), np.float32)
            return replace(laid, columns={**columns, **own.columns, DELTA: still}, reckoned_from=own.reckoned_from)
        if None in (lap.lap_time_s, self.lap.lap_time_s):
            return laid
        found = delta_of_pair(pair)
        columns[DELTA] = _column(found.frame["delta_s"].to_numpy())
        if not found.frame["band_s"].is_null().all():
            columns[BAND] = _column(found.frame["band_s"].to_numpy())
        return replace(laid, closure=closure_of(found))

    def _reckoned(self) -> LaidLap:
        """The reference's line on the map by dead reckoning: `reckoned_x`, `reckoned_y`; nothing if nobody can tell."""
        found = reckoned_line(self.alignment.grid)
        if found is None:
            return LaidLap({})
        x, y, source = found
        return LaidLap({"reckoned_x": _column(x), "reckoned_y": _column(y)}, reckoned_from=source)

    def _positions(self, channels: Channels) -> dict[str, Column]:
        if "x" in channels and "y" in channels:
            return {"x": _column(channels["x"]), "y": _column(channels["y"])}
        origin = self.alignment.grid.channels
        if not {"latitude", "longitude"} <= set(channels) & set(origin):
            return {}
        middle = {f"{name}_0": float(np.nanmean(origin[name])) for name in ("latitude", "longitude")}
        x, y = on_plane(channels["latitude"], channels["longitude"], **middle)
        return {"x": _column(x), "y": _column(y)}


def _column(values: NDArray[np.float64]) -> Column:
    return np.ascontiguousarray(values, dtype=np.float32)
