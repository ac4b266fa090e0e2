"""What a panel that Python makes is given, and what it has to be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from panel.viewable import Viewable

from ps_analytics.lap import Lap
from ps_analytics.ui.layouts.channels import with_stand_ins

Column = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ShownLap:
    """A lap of the comparison as the page shows it; `dash` in CSS pixels, None for a whole line."""

    lap_id: str
    label: str
    color: str
    dash: tuple[int, ...] | None = None
    reference: bool = False


class PanelContext(Protocol):
    """One panel's view of its page. A panel is given it anew for each update and keeps nothing of it."""

    @property
    def page(self) -> str:
        """Key of the page's bus in the browser."""

    @property
    def config(self) -> Mapping[str, Any]:
        """The panel's entry in the layout: `id`, `title`, `kind`, `channels`, `mode`, `options`."""

    @property
    def laps(self) -> Sequence[ShownLap]:
        """The laps shown, in the order chosen."""

    @property
    def x(self) -> Column:
        """The x all laps share, as the browser has it: m from the line, or s since it."""

    @property
    def x_unit(self) -> str:
        """"m" or "s"."""  # fmt: skip

    def column(self, lap_id: str, channel: str) -> Column | None:
        """A channel of a lap at each x, in its own unit, NaN where missing; None if the lap does not have it."""

    def stamps(self, lap_id: str) -> NDArray[np.float64] | None:
        """When the lap was at each x, in s on its source's clock, NaN where nobody knows; None: nowhere known."""

    @property
    def corners(self) -> Sequence[tuple[str, float, float]]:
        """The track's corners on the reference's metres: name, start and end; none while they are not known."""

    def read(self, lap_id: str) -> Lap:
        """The lap with the channels of the layout, as recorded."""

    @property
    def system(self) -> str:
        """Of units: "metric" or "imperial"."""

    def unit(self, channel: str) -> str | None:
        """A channel's own unit, "bool" of a condition."""

    def display(self, channel: str) -> Mapping[str, Any]:
        """How a channel is shown: `label`, `unit` (as written), `factor`, `offset`, `decimals`, `signed`, …"""


class PythonPanel(Protocol):
    """What `build` of a `PanelKind` answers with; or with a Panel viewable alone, which stays as it is."""

    @property
    def view(self) -> Viewable:
        """What is put into the panel's frame. It is one object for as long as the panel is there."""

    def update(self, context: PanelContext) -> None:
        """Shows what is new: after another choice of laps, units or config."""


def channels_shown(context: PanelContext) -> list[str]:
    """The panel's channels, each the first of its stand-ins that a lap has; where none has one, its own name."""
    found = []
    for names in with_stand_ins(context.config):
        known = [name for name in names if any(context.column(lap.lap_id, name) is not None for lap in context.laps)]
        found.append(known[0] if known else names[0])
    return found


def axis_label(display: Mapping[str, Any]) -> str:
    """A channel and its unit, as an axis says it.

    Example:
        >>> axis_label({"label": "Speed", "unit": "km/h"}), axis_label({"label": "Gear", "unit": ""})
        ('Speed [km/h]', 'Gear')
    """
    return f"{display['label']} [{display['unit']}]" if display["unit"] else str(display["label"])


def shown(values: NDArray[Any], display: Mapping[str, Any]) -> Column:
    """Values in the unit they are shown in."""
    factor, offset = display.get("factor", 1.0), display.get("offset", 0.0)
    return np.asarray(values * factor + offset, dtype=np.float32)
