"""The panels that Python makes: built when a sheet shows them, told what is new, put into the grid."""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import panel as pn
from numpy.typing import NDArray
from panel.viewable import Viewable

from ps_analytics.channels.catalog import unit_of
from ps_analytics.lap import CONDITION, Lap
from ps_analytics.plugins import PanelKind
from ps_analytics.ui.comparison import Column, Comparison
from ps_analytics.ui.components.grid import Grid
from ps_analytics.ui.layouts import all_kinds
from ps_analytics.ui.panels import ShownLap
from ps_analytics.ui.rows import shown_laps
from ps_analytics.ui.state import ReviewState

_log = logging.getLogger(__name__)

FAILED = "This panel cannot be drawn; the log of psa serve says why."
_QUIET = {"color": "var(--ps-dim, #8590a0)", "padding": "24px"}


class PageContext:
    """What a panel sees of the page: one look, for one update."""

    def __init__(
        self,
        state: ReviewState,
        comparison: Comparison,
        config: Mapping[str, Any],
        *,
        page: str,
        displays: Mapping[str, Mapping[str, Any]],
    ) -> None:
        """The page as it is now.

        Args:
            state: of the page.
            comparison: the laps it shows.
            config: the panel's, of the layout.
            page: key of its bus in the browser.
            displays: how each channel is shown.
        """
        self._state, self._comparison, self._displays = state, comparison, displays
        self.config, self.page = config, page

    @property
    def laps(self) -> Sequence[ShownLap]:
        """The laps shown, in the order chosen."""
        return [_shown(lap) for lap in shown_laps(self._state)]

    @property
    def x(self) -> Column:
        """The x all laps share, in m from the line."""
        return self._comparison.distance_m

    @property
    def x_unit(self) -> str:
        """What x is measured in."""
        return "m"

    def column(self, lap_id: str, channel: str) -> Column | None:
        """A channel of a lap at each x; None if the lap does not have it."""
        laid = self._comparison.laps.get(lap_id)
        return None if laid is None else laid.columns.get(channel)

    def stamps(self, lap_id: str) -> NDArray[Any] | None:
        """When the lap was at each x, in s on its source's clock."""
        laid = self._comparison.laps.get(lap_id)
        return None if laid is None else laid.stamp_s

    @property
    def corners(self) -> Sequence[tuple[str, float, float]]:
        """The track's corners on the reference's metres: name, start and end; none while they are not known."""
        return [(span.name, span.parts[-1][0], span.parts[0][1]) for span in self._state.corners.spans]

    def read(self, lap_id: str) -> Lap:
        """The lap with the channels of the layout, as recorded."""
        return self._state.read_shown(lap_id)

    @property
    def system(self) -> str:
        """Of units."""
        return str(self._state.preferences.units)

    def unit(self, channel: str) -> str | None:
        """A channel's own unit."""
        measured = self._state.measured(channel)
        return unit_of(channel) if measured is None else CONDITION if measured.stepped else measured.unit or None

    def display(self, channel: str) -> Mapping[str, Any]:
        """How a channel is shown."""
        return self._displays[channel]


def _shown(lap: Mapping[str, Any]) -> ShownLap:
    dash = tuple(lap["dash"]) if lap["dash"] else None
    return ShownLap(lap["id"], lap["label"], lap["color"], dash, lap["reference"])


def _brought_up(panel: Any, build: Callable[[Any], Any] | None, context: PageContext) -> Any:
    """A panel that shows what the context has now: a new one if there is none, or it is one that failed."""
    if panel is None or isinstance(panel, pn.pane.Str):
        return build(context) if build is not None else pn.pane.Str("")
    if not isinstance(panel, Viewable):
        panel.update(context)
    return panel


class MadePanels:
    """The panels of the sheet that is shown which the browser cannot draw by itself."""

    def __init__(
        self, state: ReviewState, grid: Grid, *, page: str, kinds: Mapping[str, PanelKind] | None = None
    ) -> None:
        """None yet.

        Args:
            state: of the page.
            grid: where they go.
            page: key of its bus in the browser.
            kinds: the kinds of panels there are; None: ours and those of the installed plugins.
        """
        self._state, self._grid, self._page = state, grid, page
        self._kinds = all_kinds() if kinds is None else kinds
        self._panels: dict[tuple[str, str], Any] = {}  # by id and kind

    def show(self, displays: Mapping[str, Mapping[str, Any]]) -> None:
        """Builds what is new on the sheet, lets go of what is not there any more, and brings the rest up to date."""
        ours = {name for name, kind in self._kinds.items() if not kind.native}
        configs = {(config["id"], config["kind"]): config for config in self._state.panels if config["kind"] in ours}
        comparison: Comparison | None = self._state.comparison
        if comparison is None:
            return
        before, self._panels = self._panels, {}
        for key, config in configs.items():
            context = PageContext(self._state, comparison, config, page=self._page, displays=displays)
            try:
                self._panels[key] = _brought_up(before.get(key), self._kinds[key[1]].build, context)
            except Exception:  # whatever a stranger's panel raises must not take the page with it
                _log.exception("the panel '%s' of kind '%s' failed", config["title"], config["kind"])
                self._panels[key] = pn.pane.Str(FAILED, styles=_QUIET)
        if list(self._panels.items()) != list(before.items()):
            views = [panel if isinstance(panel, Viewable) else panel.view for panel in self._panels.values()]
            self._grid.param.update(plots=[plot for plot, _ in self._panels], panels=[pn.panel(view) for view in views])
