"""The grid the panels lie on."""

import param
from panel.viewable import Children

from ps_analytics.ui.components.base import PageComponent


class Grid(PageComponent):
    """Panels in 12 columns, placed in the browser by a plot layout; shows what the workspace says when it is empty."""

    _render_policy = "manual"

    layout = param.Dict(doc="The `layout` part of a plot layout; item i is the place of panel i.")
    panels = Children(doc="The panels, in the order of the sheet's items.")
