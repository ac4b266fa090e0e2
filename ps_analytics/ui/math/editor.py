"""The math editor as one object: for a notebook cell, or for a page of one's own."""

from typing import Any
from uuid import uuid4

import panel as pn
import param
from panel.viewable import Viewable, Viewer

from ps_analytics.lap import Lap
from ps_analytics.ui.components.bus import PageBus
from ps_analytics.ui.components.math_panel import MathPanel
from ps_analytics.ui.math.desk import MathDesk
from ps_analytics.ui.math.ground import Ground
from ps_analytics.ui.math.state import MathSource, MathState

_GROUND = {"background": "var(--ps-ground, #0b0e13)"}


class MathEditor(Viewer):
    """The math channels of a store, tried on a lap as they are typed; `state` has every command.

    In a notebook: `pn.extension(inline=True)`, then `MathEditor(store, lap=lap)` as a cell's last line.
    """

    height = param.Integer(default=520, bounds=(360, None), doc="Height in pixels.")

    def __init__(
        self, store: MathSource, *, lap: Lap | None = None, reference: Lap | None = None, **params: Any
    ) -> None:
        """The editor of a store's channels; the store is asked when the browser shows it.

        Args:
            store: whose channels.
            lap: what formulas are tried on; None checks them against the catalogue only.
            reference: the lap `ref()` reads.
            **params: `height`.
        """
        super().__init__(**params)
        self.state = MathState(lambda: store, ground=Ground(lap, reference))
        page = uuid4().hex
        self._bus = PageBus(page=page)
        self._panel = MathPanel(page=page, sizing_mode="stretch_both")
        self._desk = MathDesk(self.state, self._bus.send)
        self._bus.listen(lambda command: self._desk.receive(command) if command.get("op") == "math" else None)

    def __panel__(self) -> Viewable:
        return pn.Column(self._panel, self._bus, height=self.height, sizing_mode="stretch_width", styles=_GROUND)
