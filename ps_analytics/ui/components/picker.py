"""The choice of event and session."""

from ps_analytics.ui.components.base import PageComponent


class SessionPicker(PageComponent):
    """Two selects, and who is who on the plots; the choice goes to the workspace."""
