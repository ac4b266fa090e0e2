"""The track map."""

import param

from ps_analytics.ui.components.base import PageComponent


class TrackMap(PageComponent):
    """The reference's line coloured by its speed, and each lap's place at the cursor; says why it is empty."""

    title = param.String(default="Track map", doc="The panel's name.")
