"""The grid the panels lie on."""

import param
from panel.viewable import Children

from ps_analytics.ui.components.base import PageComponent


class Grid(PageComponent):
    """Panels in 12 columns, made and placed in the browser by the plot layout that comes over the page's bus."""

    _render_policy = "manual"

    plots = param.List(item_type=str, doc="The ids of the panels that Python makes.")
    panels = Children(doc="Those panels, in the order of `plots`.")
