"""Panels that Python makes come and go with the sheet, and one that fails harms nobody."""

from collections.abc import Callable
from typing import Any

import panel as pn
import pytest
from panel.viewable import Viewable

from ps_analytics.plugins import PanelKind
from ps_analytics.store.store import Store
from ps_analytics.ui.components.grid import Grid
from ps_analytics.ui.layouts import all_kinds
from ps_analytics.ui.made import FAILED, MadePanels
from ps_analytics.ui.rows import channel_rows
from ps_analytics.ui.state import ReviewState


class Counter:
    """A panel that says how many laps there are."""

    def __init__(self, context: Any) -> None:
        self.view = pn.pane.Str()
        self.update(context)

    def update(self, context: Any) -> None:
        self.view.object = f"{context.config['title']}: {len(context.laps)} laps"


def broken(context: Any) -> Viewable:
    raise RuntimeError(context.page)


def sheet(kind: str) -> dict[str, Any]:
    config = {"id": "own", "title": "Mine", "kind": kind, "channels": [], "mode": "tiled", "options": {}}
    item = {"plotId": "own", "x": 0, "y": 0, "w": 12, "h": 400}
    one = {"id": "one", "title": "One", "xAxis": "distance", "items": [item]}
    return {"configs": [config], "layout": {"version": 1, "cols": 12, "sheets": [one]}}


@pytest.fixture
def show(store: Store, weekend: str) -> Callable[..., tuple[Grid, Callable[[], None], ReviewState]]:
    def shown(kind: str, build: Callable[[Any], Any]) -> tuple[Grid, Callable[[], None], ReviewState]:
        state, grid = ReviewState(lambda: store), Grid(page="p")
        state.refresh()
        kinds = {**all_kinds(), kind: PanelKind(kind, "Mine", "", build=build)}
        made = MadePanels(state, grid, page="p", kinds=kinds)
        state.layouts.show_linked("Mine", sheet(kind))

        def bring() -> None:
            made.show(channel_rows(state))

        bring()
        return grid, bring, state

    return shown


def test_a_panel_is_made_once_and_told_what_is_new(show: Any) -> None:
    grid, bring, state = show("counter", Counter)
    (panel,) = grid.panels
    assert (grid.plots, panel.object) == (["own"], "Mine: 2 laps")
    state.toggle_lap(state.laps[1].lap_id)
    bring()
    assert grid.panels[0] is panel
    assert panel.object == "Mine: 3 laps"


def test_a_panel_goes_with_its_sheet(show: Any) -> None:
    grid, bring, state = show("counter", Counter)
    state.layouts.open("driver")
    bring()
    assert (grid.plots, list(grid.panels)) == ([], [])


def test_a_panel_may_be_a_viewable_and_no_more(show: Any) -> None:
    grid, bring, _ = show("still", lambda context: pn.pane.Str(context.config["title"]))
    bring()
    assert grid.panels[0].object == "Mine"


def test_one_that_fails_says_so_in_its_place_and_in_the_log(show: Any, caplog: pytest.LogCaptureFixture) -> None:
    grid, _, state = show("broken", broken)
    assert grid.panels[0].object == FAILED
    assert "the panel 'Mine' of kind 'broken' failed" in caplog.text
    assert state.status == "ready"
