"""The corner table."""

import param

from ps_analytics.ui.components.base import PageComponent


class CornerTable(PageComponent):
    """What a lap lost in each corner of the track; a click shows the corner on every plot."""

    title = param.String(default="Corners", doc="The panel's name.")
