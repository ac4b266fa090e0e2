"""The page around a workspace: template, title, the session's life from opening to closing."""

from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import panel as pn

from ps_analytics.ui.components.base import NOT_BUILT, is_built
from ps_analytics.ui.shared import shared
from ps_analytics.ui.state import ReviewState
from ps_analytics.ui.workspace import ReviewWorkspace

TEMPLATE = Path(__file__).with_name("page.html")


def review_page() -> pn.Template:
    """The review page of the settings' user. It reads nothing before the browser shows it."""
    if not is_built():
        return _page("Review", problem=NOT_BUILT)
    own = shared()
    user = own.settings.user
    workspace = ReviewWorkspace(ReviewState(lambda: own.store().for_user(user)), page=uuid4().hex)
    document = pn.state.curdoc
    leave: list[Any] = []

    def refresh(problem: str = "") -> None:
        workspace.attempt(partial(workspace.state.report, problem) if problem else workspace.state.refresh)

    def opened() -> None:
        leave.append(own.watcher.subscribe(user, lambda problem: _later(document, partial(refresh, problem))))
        refresh()

    def closed(_: Any) -> None:
        for unsubscribe in leave:
            unsubscribe()
        workspace.close()

    pn.state.onload(opened)
    pn.state.on_session_destroyed(closed)
    page = _page("Review")
    for name in ("bus", "picker", "grid"):
        page.add_panel(name, getattr(workspace, name))
    return page


def _page(title: str, *, problem: str = "") -> pn.Template:
    page = pn.Template(TEMPLATE.read_text(encoding="utf-8"))
    page.add_variable("page_title", f"{title} · ps-analytics")
    page.add_variable("problem", problem)
    return page


def _later(document: Any, action: Any) -> None:
    """Runs an action in a page's own turn; from any thread. A page that has just closed has none."""
    if document.session_context is None or not document.session_context.destroyed:
        document.add_next_tick_callback(action)
