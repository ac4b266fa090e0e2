"""A panel's view of a page, put together by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ps_analytics.channels.catalog import unit_of
from ps_analytics.lap import Lap, LapKind, Trace
from ps_analytics.ui.display import channel_display, lap_line
from ps_analytics.ui.panels import ShownLap

Floats = NDArray[np.float64]
LENGTH_M = 1000.0


@dataclass(frozen=True)
class Context:
    """What `PanelContext` asks for; columns are those of the laps at their stamps."""

    config: Mapping[str, Any]
    laps: Sequence[ShownLap]
    read_laps: Mapping[str, Lap]
    x: NDArray[np.float32]
    columns: Mapping[tuple[str, str], NDArray[np.float32]]
    units: Mapping[str, str] = field(default_factory=dict)
    corners: Sequence[tuple[str, float, float]] = ()
    system: str = "metric"
    x_unit: str = "m"
    page: str = "page"

    def column(self, lap_id: str, channel: str) -> NDArray[np.float32] | None:
        return self.columns.get((lap_id, channel))

    def stamps(self, lap_id: str) -> Floats | None:
        return self.x / LENGTH_M * float(self.read_laps[lap_id].lap_time_s or 0)

    def read(self, lap_id: str) -> Lap:
        return self.read_laps[lap_id]

    def unit(self, channel: str) -> str | None:
        return self.units.get(channel, unit_of(channel))

    def display(self, channel: str) -> Mapping[str, Any]:
        return channel_display(channel, system=self.system)

    def showing(self, *lap_ids: str) -> "Context":
        return replace(self, laps=[lap for lap in self.laps if lap.lap_id in lap_ids])

    def with_config(self, *channels: str, **options: Any) -> "Context":
        return replace(self, config={**self.config, "channels": list(channels), "options": options})


def context_of(
    laps: Mapping[str, Mapping[str, Floats]], *channels: str, time_s: float = 10.0, **options: Any
) -> Context:
    """A page of laps that drive 1000 m evenly in `time_s`, with channels as given; the first one is the reference."""
    x = np.arange(0, LENGTH_M + 1, dtype=np.float32)
    read, shown, columns = {}, [], {}
    for slot, (lap_id, given) in enumerate(laps.items()):
        traces = {
            name: Trace(name, unit_of(name), len(values) / time_s, 0.0, np.asarray(values, dtype=np.float32))
            for name, values in given.items()
        }
        read[lap_id] = Lap(
            lap_id, "session", slot, time_s, LapKind.TIMED, True, 0, round(time_s * 1e6), 0, traces=traces
        )
        line = lap_line(slot)
        dash = tuple(line["dash"]) if line["dash"] else None
        shown.append(ShownLap(lap_id, f"Lap {slot}", line["color"], dash, reference=slot == 0))
        for name, values in given.items():
            at = np.linspace(0, LENGTH_M, len(values), endpoint=False)
            columns[lap_id, name] = np.interp(x, at, values).astype(np.float32)
    config = {
        "id": "plot",
        "title": "Plot",
        "kind": "",
        "channels": list(channels),
        "mode": "tiled",
        "options": options,
    }
    return Context(config, shown, read, x, columns)
