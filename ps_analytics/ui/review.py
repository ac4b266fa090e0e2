"""The review page's panels as one object: for a notebook cell, or for a page of one's own."""

from typing import Any, Protocol
from uuid import uuid4

import panel as pn
import param
from panel.viewable import Viewable, Viewer

from ps_analytics.ui.math.state import MathSource, MathState
from ps_analytics.ui.source import LapSource
from ps_analytics.ui.state import ReviewState
from ps_analytics.ui.workspace import ReviewWorkspace

_BAR_PX, _EDGE_PX = 44, 12
_GROUND = {"background": "var(--ps-ground, #0b0e13)"}


class ReviewSource(LapSource, MathSource, Protocol):
    """What the panels and their editor of math channels ask of a store."""


class Review(Viewer):
    """Laps of a store compared, as on the review page; `state` has every command.

    In a notebook: `pn.extension(inline=True)`, which asks nothing of the internet, then `Review(ps.open_store())` as a
    cell's last line.
    """

    height = param.Integer(default=860, bounds=(400, None), doc="Height in pixels.")

    def __init__(self, store: ReviewSource, **params: Any) -> None:
        """The panels of a store's laps; the store is asked when the browser shows them.

        Args:
            store: whose laps.
            **params: `height`.
        """
        super().__init__(**params)
        self.state = ReviewState(lambda: store)
        self._workspace = ReviewWorkspace(self.state, page=uuid4().hex, math=lambda: MathState(lambda: store))

    def __panel__(self) -> Viewable:
        own = self._workspace
        own.picker.margin = (0, _EDGE_PX)
        bar = pn.Row(own.picker, own.bus, height=_BAR_PX, sizing_mode="stretch_width", styles=_GROUND)
        return pn.Column(bar, own.grid, height=self.height, sizing_mode="stretch_width", styles=_GROUND)
