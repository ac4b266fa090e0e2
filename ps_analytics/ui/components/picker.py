"""The choice of event and session."""

import param

from ps_analytics.ui.components.base import PageComponent


class SessionPicker(PageComponent):
    """Two selects; the choice goes to the workspace."""

    events = param.List(item_type=dict, doc="Rows of `id` and `name`.")
    event = param.String(doc="The chosen event's id; empty means every event.")
    sessions = param.List(item_type=dict, doc="Rows of `id`, `name`, `about` and `recording`.")
    session = param.String(doc="The chosen session's id.")
