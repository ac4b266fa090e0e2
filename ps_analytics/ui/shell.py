"""The page around a workspace: template, title, the session's life from opening to closing."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache, partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import panel as pn
from bokeh.models import CustomJS
from panel.viewable import Viewable

from ps_analytics.ui.components.base import NOT_BUILT, is_built
from ps_analytics.ui.later import on
from ps_analytics.ui.links import read_view
from ps_analytics.ui.math.state import MathState
from ps_analytics.ui.memory import give_back
from ps_analytics.ui.shared import shared
from ps_analytics.ui.state import ReviewState
from ps_analytics.ui.workspace import ReviewWorkspace

TEMPLATE = Path(__file__).with_name("page.html")
LOST = "for (const bus of globalThis[Symbol.for('ps-analytics.pages')].values()) bus.receive({op: 'lost'})"
"""Tells the page that its server is gone."""


class Page(pn.Template):
    """Our template. It does not describe itself at every panel it is given: that is a tenth of opening a page."""

    def __repr__(self) -> str:
        return type(self).__name__


def review_page() -> Page:
    """The review page of the settings' user. It reads nothing before the browser shows it."""
    if not is_built():
        return page_of("Review", problem=NOT_BUILT)
    own = shared()
    user = own.settings.user
    document: Any = pn.state.curdoc
    in_turn = partial(_later, document)
    later, running_later = (
        on(worker, in_turn=in_turn, attempt=lambda action: workspace.attempt(action))
        for worker in (own.worker, own.running_worker)
    )
    state = ReviewState(lambda: own.store().for_user(user), later=later, running_later=running_later)
    view = read_view(pn.state.session_args)
    leave: list[Callable[[], None]] = []

    def opened() -> None:
        leave.append(own.watcher.subscribe(user, lambda problem: in_turn(partial(changed, problem)), ticked))
        state.open_view(view)

    def ticked(laps: Sequence[Mapping[str, Any]]) -> None:
        for lap in laps:
            if lap["session_id"] == state.session_id:  # a page that looks at another session has nothing to do
                in_turn(partial(workspace.attempt, partial(state.tick, lap)))

    def changed(problem: str) -> None:
        workspace.attempt(partial(state.report, problem) if problem else state.refresh)

    def closed(_: Any) -> None:
        for unsubscribe in leave:
            unsubscribe()
        workspace.close()
        if not own.watcher.is_looking:  # the last one
            with suppress(RuntimeError):  # the server is closing as well
                own.worker.submit(give_back)

    # Panel's own signal that a page is up comes late, and on a busy machine not always: the bus says it itself.
    math = partial(MathState, lambda: own.store().for_user(user), later=later)
    workspace = ReviewWorkspace(state, page=uuid4().hex, opened=opened, math=math)
    pn.state.on_session_destroyed(closed)
    document.js_on_event("connection_lost", CustomJS(code=LOST))
    return page_of("Review", bus=workspace.bus, picker=workspace.picker, grid=workspace.grid)


def page_of(title: str, *, problem: str = "", **panels: Viewable) -> Page:
    """Our template around the panels `bus`, `picker` and `grid`, or around a sentence that says why there are none."""
    page = Page(_template())
    page.add_variable("page_title", f"{title} · ps-analytics")
    page.add_variable("problem", problem)
    for name, panel in panels.items():
        page.add_panel(name, panel)
    return page


@cache
def _template() -> Any:
    """Our template, compiled once: every page would do it anew, a tenth of opening it."""
    return pn.Template(TEMPLATE.read_text(encoding="utf-8")).template


def _later(document: Any, action: Any) -> None:
    """Runs an action in a page's own turn; from any thread. A page that has just closed has none."""
    context = document.session_context  # a document that is gone has lost its session
    if context is not None and not context.destroyed:
        document.add_next_tick_callback(action)
