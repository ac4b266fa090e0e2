"""A Bokeh figure on a page's bus."""

import param
from panel.viewable import Child

from ps_analytics.ui.components.base import PageComponent


class Chart(PageComponent):
    """A figure Python drew, in the page's colours; the browser marks the cursor in it and dims what is out of view.

    It finds what to mark by the first tag of a figure's renderers: "lap" (the points of a lap, told apart in place by
    the column `at`; the second tag is its colour), "all" (the same points, whatever the zoom), "zones" (texts in the
    colours of the column `hue`), "rings", and any other with a lap's colour. A figure whose first tag is "values" marks
    the values of a channel, its second.
    """

    figure = Child(doc="A Bokeh figure, or a grid of them.")
    note = param.String(doc="Why there is nothing to see, in one sentence; it takes the figure's place.")
    follows = param.Boolean(doc="Whether Python draws what is in view, so that it has to be told.")
    window = param.List(doc="From where to where the page has zoomed, in the x of its cursor; empty: not at all.")
    revision = param.Integer(doc="Counts what was changed in the figure, so that the browser has another look at it.")
    remark = param.String(doc="What else is to be said, beside the figure.")
