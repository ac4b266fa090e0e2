"""What a formula is tried on: a lap with its reference, or nothing but the catalogue where there is no lap."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ps_analytics.channels.catalog import CATALOG
from ps_analytics.channels.units import is_unit
from ps_analytics.lap import SECTION_IDS, Lap

Places = tuple[NDArray[np.float32], NDArray[np.float64]]
"""Where a lap was when: metres from the line, and when each was passed, in s since the session's first frame."""


@dataclass(frozen=True, eq=False)
class Ground:
    """A lap to try formulas on (None: there is none), its reference, and what the setup says: values and units.

    `places` puts the lap on the metres of the page's plots; None takes the distance the lap itself tells.
    """

    lap: Lap | None = None
    reference: Lap | None = None
    places: Places | None = None
    setup: Mapping[str, tuple[Any, str]] = field(default_factory=dict)

    @cached_property
    def units(self) -> dict[str, str | None]:
        """The units of channels the catalogue does not know, as stated; None where that is no unit of ours."""
        traces = self.lap.traces.values() if self.lap else ()
        others = (trace for trace in traces if trace.name not in CATALOG)
        return {trace.name: trace.unit if trace.unit and is_unit(trace.unit) else None for trace in others}

    @cached_property
    def known(self) -> pl.DataFrame:
        """No rows, and a column for every channel there can be: the catalogue's and the lap's."""
        recorded = dict(self.lap.frames.schema) if self.lap else {}
        return pl.DataFrame(schema={**_CATALOGUE, **recorded})

    @cached_property
    def recorded(self) -> pl.DataFrame:
        """No rows, and a column for every channel the lap has."""
        return self.lap.frames.head(0) if self.lap else self.known

    @property
    def reference_frame(self) -> pl.DataFrame | None:
        """The frames of the reference, if there is one."""
        return self.reference.frames if self.reference else None

    def metres(self) -> NDArray[np.float64] | None:
        """Where each frame of the lap was taken, in m, never decreasing; None if nothing tells."""
        if self.lap is None:
            return None
        frames = self.lap.frames
        if self.places is not None:
            grid_m, stamp_s = self.places
            known = np.isfinite(stamp_s)
            if known.sum() > 1:
                metres = grid_m[known].astype(np.float64)
                return np.asarray(np.interp(frames["timestamp"].to_numpy(), stamp_s[known], metres))
        if "distance" not in frames.columns:
            return None
        distance = frames["distance"].cast(pl.Float64).forward_fill().backward_fill().to_numpy()
        return None if np.isnan(distance).all() else np.maximum.accumulate(distance)


_CATALOGUE: dict[str, pl.DataType | type[pl.DataType]] = {
    **{spec.name: pl.Boolean if spec.unit == "bool" else pl.Float64 for spec in CATALOG.values()},
    **dict.fromkeys(SECTION_IDS, pl.Int32),
}
