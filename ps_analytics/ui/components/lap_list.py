"""The lap list."""

import param

from ps_analytics.ui.components.base import PageComponent


class LapList(PageComponent):
    """The session's laps with time, gap, kind and validity; asks the workspace to show laps and set the reference."""

    title = param.String(default="Laps", doc="The panel's name.")
    laps = param.List(item_type=dict, doc="One row a lap, as `rows.lap_rows` makes them.")
    ideal = param.Dict(default={"state": ""}, doc="The ideal lap above them, as `rows.ideal_row` makes it.")
