"""Between a layout state and the browser: what changed is sent once, what the user does becomes a command."""

from collections.abc import Callable, Mapping
from typing import Any

import param

from ps_analytics.ui.attempts import attempt
from ps_analytics.ui.layouts.document import AXES, MODES, MOST_SHEETS
from ps_analytics.ui.layouts.edits import SIDES
from ps_analytics.ui.layouts.fields import Fields
from ps_analytics.ui.layouts.kinds import MOST_CHANNELS, all_kinds
from ps_analytics.ui.layouts.state import LayoutState

Command = Mapping[str, Any]
Send = Callable[[Mapping[str, Any]], None]

EDITS: dict[str, Callable[[LayoutState, Fields], None]] = {
    "split": lambda state, given: state.split(given.text("plot"), given.word("side", SIDES)),
    "remove": lambda state, given: state.remove(given.text("plot")),
    "place": lambda state, given: state.place(
        given.text("sheet"), given.value("items"), moved=given.text("moved", None)
    ),
    "add_panel": lambda state, given: state.add_panel(
        given.text("kind"),
        given.texts("channels", [], most=MOST_CHANNELS),
        title=given.title("title", None),
        options=given.plain("options"),
        sheet_id=given.text("sheet", None),
    ),
    "copy_panel": lambda state, given: state.copy_panel(given.text("plot")),
    "set_channels": lambda state, given: state.set_channels(
        given.text("plot"), given.texts("channels", most=MOST_CHANNELS)
    ),
    "set_title": lambda state, given: state.set_title(given.text("plot"), given.title("title")),
    "set_mode": lambda state, given: state.set_mode(given.text("plot"), given.word("mode", MODES)),
    "set_options": lambda state, given: state.set_options(given.text("plot"), given.plain("options")),
    "set_x_axis": lambda state, given: state.set_x_axis(
        given.word("axis", AXES, None), sheet_id=given.text("sheet", None), plot_id=given.text("plot", None)
    ),
    "add_sheet": lambda state, given: state.add_sheet(given.title("title")),
    "rename_sheet": lambda state, given: state.rename_sheet(given.text("sheet"), given.title("title")),
    "remove_sheet": lambda state, given: state.remove_sheet(given.text("sheet")),
    "move_sheet": lambda state, given: state.move_sheet(
        given.text("sheet"), given.whole("to", low=0, high=MOST_SHEETS)
    ),
    "show_sheet": lambda state, given: state.show_sheet(given.text("sheet")),
    "undo_edit": lambda state, _: state.undo_edit(),
    "redo_edit": lambda state, _: state.redo_edit(),
    "revert": lambda state, _: state.revert(),
}
"""What the browser may do to the layout that is shown."""

COMMANDS: dict[str, Callable[[LayoutState, Fields], None]] = {
    **EDITS,
    "open": lambda state, given: state.open(given.text("id")),
    "save": lambda state, _: state.save(),
    "save_as": lambda state, given: state.save_as(given.title("name")),
    "rename": lambda state, given: state.rename(given.text("id"), given.title("name")),
    "duplicate": lambda state, given: state.duplicate(given.text("id")),
    "delete": lambda state, given: state.delete(given.text("id")),
    "undo": lambda state, _: state.undo(),
    "make_default": lambda state, given: state.make_default(
        given.text("id"), given.word("for", ("", "car", "source"), ""), default=given.flag("default", True)
    ),
    "import": lambda state, given: state.import_(given.value("text")),
}
"""What it may ask for besides."""

TOLD = ("document", "sheet_id", "layout_id", "name", "modified", "entries", "deleted", "problem", "can_undo",
        "can_redo")  # fmt: skip
"""When one of these changes, the browser is told all of it, in one message."""


class LayoutDesk:
    """The browser side of a page's layouts, in step with their state. It sends nothing before it is asked to."""

    def __init__(self, state: LayoutState, send: Send) -> None:
        """The desk of a page.

        Args:
            state: what it shows.
            send: sends a message to the browser.
        """
        self.state, self._send = state, send
        self._listening = False
        self._watcher = state.param.watch(lambda *_: self._tell(), list(TOLD))

    def receive(self, command: Command) -> None:
        """Does what the browser asks; whatever goes wrong is said in one sentence, and nothing is changed."""
        self.attempt(lambda: self._receive(command))

    def attempt(self, action: Callable[[], None]) -> None:
        """Runs what a callback is for; what goes wrong is said with the layouts."""
        attempt(action, self._say)

    def listen(self) -> None:
        """Tells a browser that has just come all of it, and the kinds of panels there are; then what changes."""
        self._listening = True
        self._send({"op": "layout", **layout_message(self.state), "kinds": kind_rows()})

    def close(self) -> None:
        """Lets go of the state."""
        self.state.param.unwatch(self._watcher)

    def _receive(self, command: Command) -> None:
        with param.parameterized.batch_call_watchers(self.state):
            self.state.problem = ""
            self.attempt(lambda: self._do(command))

    def _say(self, problem: str) -> None:
        self.state.problem = problem

    def _do(self, command: Command) -> None:
        given = Fields(command)
        what = given.word("do", [*COMMANDS, "export"])
        if what == "export":
            self._send({"op": "layout_file", "name": self.state.name, "text": self.state.export()})
        else:
            COMMANDS[what](self.state, given)

    def _tell(self) -> None:
        if self._listening:
            self._send({"op": "layout", **layout_message(self.state)})


def layout_message(state: LayoutState) -> dict[str, Any]:
    """The layouts as the browser has them.

    Keys: document, sheet (the one shown), id, name, shipped (whether it is not the user's own, so that
    saving it needs a name), modified, undo and redo (whether there is an edit to take
    back or to do again), entries, deleted (the name of what can be brought back; empty if nothing can) and problem.
    """
    return {
        "document": state.document,
        "sheet": state.sheet_id,
        "id": state.layout_id,
        "name": state.name,
        "shipped": not state.is_own,
        "modified": state.modified,
        "undo": state.can_undo,
        "redo": state.can_redo,
        "entries": state.entries,
        "deleted": state.deleted[-1].saved.name if state.deleted else "",
        "problem": state.problem,
    }


def kind_rows() -> list[dict[str, Any]]:
    """The kinds of panels to choose from: name, title, about, native, and the least and most channels of each."""
    return [
        {
            "name": kind.name,
            "title": kind.title,
            "about": kind.about,
            "native": kind.native,
            "channels": list(kind.channels),
        }
        for kind in all_kinds().values()
    ]
