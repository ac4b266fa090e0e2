"""The editor of math channels."""

from ps_analytics.ui.components.base import PageComponent


class MathPanel(PageComponent):
    """The list of math channels, the form of one, its preview. On a review page the grid makes it when it is opened."""
