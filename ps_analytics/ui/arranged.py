"""The part of a review page's state that says what is shown where and in which units, and the store behind it all."""

from collections.abc import Callable
from typing import Any

import param

from ps_analytics.ui.layouts import Layout, channels_of, panels_of, with_channel
from ps_analytics.ui.layouts.state import LayoutState
from ps_analytics.ui.preferences import Preferences
from ps_analytics.ui.source import LapSource


class ArrangedState(param.Parameterized):
    """A layout in force and a user's preferences."""

    def __init__(self, source: Callable[[], LapSource], **params: Any) -> None:
        super().__init__(**params)
        self._source = source
        self.preferences = Preferences(source)
        self.layouts = LayoutState(source)

    @property
    def source(self) -> LapSource:
        """The store."""
        return self._source()

    @property
    def document(self) -> Layout:
        """The plot layout in force: `configs` and `layout`."""
        document: Layout = self.layouts.document
        return document

    @property
    def panels(self) -> list[dict[str, Any]]:
        """The configs of the panels of the sheet that is shown."""
        return panels_of(self.document, self.layouts.sheet_id)

    @property
    def channels(self) -> list[str]:
        """The channels of the sheet that is shown."""
        return channels_of(self.document, self.layouts.sheet_id)

    def show_channel(self, name: str, plot_id: str, *, shown: bool = True) -> None:
        """Draws a channel on one of this page's plots, or takes it away there.

        Raises:
            NotFound: there is no such plot.
        """
        self.layouts.edit(with_channel, plot_id, name, shown=shown)
