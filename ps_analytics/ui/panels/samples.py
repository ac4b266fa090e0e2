"""The samples of the laps shown, as recorded, for panels that count time."""

from collections.abc import Container
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ps_analytics.analysis.dwell import Dwell, dwell
from ps_analytics.channels.catalog import Kind, kind_of
from ps_analytics.lap import CONDITION
from ps_analytics.ui.panels.context import Column, PanelContext


@dataclass(frozen=True, eq=False)
class Sampled:
    """A channel of a lap: its samples, its own unit, and how it is filled between them."""

    samples: Dwell
    unit: str | None
    kind: Kind


@dataclass(eq=False)
class LapSamples:
    """Reads channels of laps, and keeps them as long as the page has the same columns of them."""

    _kept: dict[tuple[str, str], tuple[Column, Sampled]] = field(default_factory=dict)

    def of(self, context: PanelContext, lap_id: str, name: str) -> Sampled | None:
        """A channel at its own rate; one worked out on the page at the points of its grid. None: the lap has none."""
        column = context.column(lap_id, name)
        if column is None or not np.isfinite(column).any():
            return None
        kept = self._kept.get((lap_id, name))
        if kept is None or kept[0] is not column:
            kept = self._kept[lap_id, name] = column, _read(context, lap_id, name, column)
        return kept[1]

    def forget_all_but(self, lap_ids: Container[str]) -> None:
        """Lets go of other laps."""
        self._kept = {key: kept for key, kept in self._kept.items() if key[0] in lap_ids}


def _read(context: PanelContext, lap_id: str, name: str, column: Column) -> Sampled:
    trace = context.read(lap_id).traces.get(name)
    if trace is None:
        unit, stamps = context.unit(name), context.stamps(lap_id)
        kind = Kind.STEP if unit == CONDITION else kind_of(name)
        times: NDArray[np.float64] = np.arange(len(column), dtype=np.float64) if stamps is None else stamps
        return Sampled(dwell(times, column.astype(np.float64), kind=kind), unit, kind)
    times = context.read(lap_id).times(trace)
    return Sampled(dwell(times, np.asarray(trace.values, dtype=np.float64), kind=trace.kind), trace.unit, trace.kind)
