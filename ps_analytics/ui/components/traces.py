"""A panel of channels against distance, drawn by uPlot."""

from typing import Any

import param

from ps_analytics.ui.components.base import PageComponent


class Traces(PageComponent):
    """Channels of the chosen laps, with the values at the cursor above them."""

    title = param.String(doc="The panel's name.")
    channels = param.List(item_type=list, doc="Each channel with its stand-ins: the first that is recorded is shown.")
    mode: Any = param.Selector(
        default="tiled", objects=["tiled", "overlaid"], doc="Lanes of their own, or one for all."
    )
