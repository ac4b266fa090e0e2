"""Between the state and the components: what changed goes to the browser once, what the user does becomes a command."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ps_analytics.ui.attempts import attempt
from ps_analytics.ui.channel_list import channel_list
from ps_analytics.ui.column_line import ColumnLine
from ps_analytics.ui.components.bus import PageBus
from ps_analytics.ui.components.grid import Grid
from ps_analytics.ui.components.picker import SessionPicker
from ps_analytics.ui.corner_sheet import CornerSheet
from ps_analytics.ui.edits import EDITS
from ps_analytics.ui.exports import panel_file
from ps_analytics.ui.lap_browser import LapBrowser, references
from ps_analytics.ui.layouts.desk import LayoutDesk
from ps_analytics.ui.made import MadePanels
from ps_analytics.ui.math.desk import MathDesk
from ps_analytics.ui.math.host import ReviewHost
from ps_analytics.ui.math.state import MathState
from ps_analytics.ui.native import NativePanels
from ps_analytics.ui.rows import (
    channel_rows,
    corner_message,
    ideal_row,
    lap_rows,
    map_note,
    session_choices,
    shown_laps,
)
from ps_analytics.ui.running import Growth
from ps_analytics.ui.sharing import answer_shares
from ps_analytics.ui.state import ReviewState

WATCHED = ("events", "sessions", "laps", "guests", "running", "event_id", "session_id", "chosen", "reference_id",
           "slots", "comparison", "over_time", "status", "problem")  # fmt: skip
"""What one commit brings to the browser; the corners and the ideal lap come by themselves, when they are there."""

COMMANDS: dict[str, Callable[[ReviewState, Mapping[str, Any]], None]] = {
    "toggle": lambda state, given: state.toggle_lap(str(given["lap"])),
    "reference": lambda state, given: state.set_reference(str(given["lap"])),
    "rotate": lambda state, _: state.rotate_reference(),
    "step": lambda state, given: state.step_lap(1 if given["by"] > 0 else -1),
    "event": lambda state, given: state.select_event(str(given["event"])),
    "session": lambda state, given: state.select_session(str(given["session"])),
    "units": lambda state, given: state.preferences.set_units(str(given["system"])),
    "favourite": lambda state, given: state.preferences.set_favourite(
        str(given["channel"]), favourite=bool(given["favourite"])
    ),
    **EDITS,
}
"""What the browser may ask for."""


class ReviewWorkspace:
    """The components of a review page, in step with its state. It remembers what the browser has and sends the rest."""

    def __init__(
        self,
        state: ReviewState,
        *,
        page: str,
        opened: Callable[[], None] | None = None,
        math: Callable[[], MathState] | None = None,
    ) -> None:
        """The workspace of a page.

        Args:
            state: what it shows.
            page: key of the page's bus in the browser.
            opened: called once, when the browser shows the page; None asks the store for what there is.
            math: makes the state of the editor of math channels when that is first opened; None: there is none.
        """
        self.state = state
        self._opened = opened or state.refresh
        self._make_math = math
        self._desk: MathDesk | None = None
        self.bus = PageBus(page=page)
        self.picker = SessionPicker(page=page)
        self.grid = Grid(page=page)
        self.layouts = LayoutDesk(state.layouts, self.bus.send)
        self._made = MadePanels(state, self.grid, page=page)
        self._native = NativePanels(state, self._send, page=page)
        self._columns = {axis: ColumnLine(axis, self._send) for axis in ("distance", "time")}
        self._answers: dict[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]] = {
            "channels": lambda _: channel_list(state),
            "browse": LapBrowser(state).browse,
            "references": lambda _: references(state),
            "shares": lambda given: answer_shares(state.source, given),
        }
        self._listening = False
        self._said: dict[str, Mapping[str, Any]] = {}
        self._generation = 0
        self.bus.listen(self.receive)
        self._sent_corners: tuple[CornerSheet, str] | None = None
        watched = state.param.watch
        self._watchers = [
            watched(lambda *_: self.update(), list(WATCHED)),
            watched(lambda *_: self._bring_corners(), ["corners"]),
            watched(lambda *_: self._list_laps(), ["ideal", "running_note"]),
            watched(lambda *_: self._tell_time(), ["running_s"]),
            watched(lambda *_: self._grow(), ["grown"]),
            watched(lambda *_: self._offer_laps(), ["comparison"]),
        ]
        self._likes = state.preferences.param.watch(lambda *_: self.update(), ["units", "favourites"])

    def receive(self, command: Mapping[str, Any]) -> None:
        """Does what the browser asks; whatever goes wrong, the page says it in one sentence."""
        if command.get("op") == "ready":
            first, self._listening = not self._listening, True
            self._said, self._sent_corners = {}, None
            self._native.forget()
            for line in self._columns.values():
                line.forget()
            self.layouts.listen()
            self.attempt(self._opened if first else self.update)
        elif command.get("op") == "layout":
            self.layouts.receive(command)
        elif command.get("op") == "math" and self._make_math is not None:
            self._desk = self._desk or MathDesk(self._make_math(), self.bus.send, host=ReviewHost(self.state))
            self._desk.receive(command)
        elif command.get("op") == "panel":
            self.attempt(lambda: self._native.receive(command))
        elif command.get("op") == "view":
            self.attempt(lambda: self._send_detail(command))
        elif answer := self._answers.get(str(command.get("op"))):
            self.attempt(lambda: self.bus.send({"op": command["op"], **answer(command)}))
        elif command.get("op") == "export":
            self.attempt(lambda: self._export(str(command["plot"]), str(command["format"])))
        elif action := COMMANDS.get(str(command.get("op"))):
            self.attempt(lambda: action(self.state, command))

    def attempt(self, action: Callable[[], None]) -> None:
        """Runs what a callback is for; what goes wrong is said on the page."""
        attempt(action, self.state.report)

    def update(self) -> None:
        """Brings the components up to date with the state."""
        if self._listening:
            self._say("choices", session_choices(self.state))
            self._list_laps()
            self._send_columns()
            displays = channel_rows(self.state)
            self._commit(displays)
            self._send_corners()
            self._made.show(displays)
            self._native.tell(displays)

    def close(self) -> None:
        """Lets go of the state."""
        for watcher in self._watchers:
            self.state.param.unwatch(watcher)
        self.state.preferences.param.unwatch(self._likes)
        self.layouts.close()
        if self._desk is not None:
            self._desk.close()

    def _say(self, op: str, message: Mapping[str, Any]) -> None:
        """Sends a message of this kind, unless the browser has it."""
        if self._listening and self._said.get(op) != message:
            self._said[op] = message
            self.bus.send({"op": op, **message})

    def _offer_laps(self) -> None:
        if self._desk is not None:
            self._desk.attempt(self._desk.follow)

    def _list_laps(self) -> None:
        self._say("laps", {"laps": lap_rows(self.state), "ideal": ideal_row(self.state)})

    def _send_corners(self) -> None:
        """Sends the corners if the browser does not have them; those of another reference without their rows."""
        now = (self.state.corners, self.state.reference_id)
        if self._listening and now != self._sent_corners:
            self._sent_corners = now
            self.bus.send({"op": "corners", **corner_message(*now)})

    def _bring_corners(self) -> None:
        """Sends the corners, and what is told by corner."""
        self._send_corners()
        if self._listening:
            self._native.tell()

    def _send(self, message: Mapping[str, Any]) -> None:
        self.bus.send(message)

    def _send_columns(self) -> None:
        """Sends what the browser does not have of what is drawn."""
        comparison, over_time = self.state.comparison, self.state.over_time
        if comparison is not None:
            self._columns["distance"].bring(comparison.distance_m, comparison.laps)
        if over_time is not None:
            self._columns["time"].bring(over_time.time_s, over_time.laps)

    def _send_detail(self, given: Mapping[str, Any]) -> None:
        """Sends what is drawn of a view of laps that are too long to be there whole."""
        line = self._columns.get(str(given["axis"]))
        if line is not None:
            view = (float(given["from"]), float(given["to"]))
            line.detail(int(given["request"]), view, int(given["pixels"]))

    def _export(self, plot_id: str, form: str) -> None:
        """Gives the browser the data of a panel to keep."""
        file = panel_file(self.state, plot_id, form)
        data = np.frombuffer(file.data, np.uint8)
        self.bus.send({"op": "file", "name": file.name, "mime": file.mime, "data": data})

    def _tell_time(self) -> None:
        """Sends how long the running lap has been driven: all that changes of its row while it is."""
        if self._listening and self.state.running is not None:
            self.bus.send({"op": "running", "lap": self.state.running.lap_id, "time_s": self.state.running_s})

    def _grow(self) -> None:
        """Sends what is new of the running lap; a column the browser does not have yet comes with a commit."""
        growth = self.state.grown
        if not self._listening or growth is None:
            return
        if not self._columns["distance"].grow(growth.lap_id, growth.laid, _provisional(growth)):
            self.update()

    def _commit(self, displays: Mapping[str, Any]) -> None:
        state = self.state
        self._generation += 1
        self.bus.send({
            "op": "commit",
            "generation": self._generation,
            "session": state.session_id,
            "laps": shown_laps(state),
            "provisional": _provisional(state.grown),
            "channels": displays,
            "units": state.preferences.units,
            "favourites": list(state.preferences.favourites),
            "math": self._make_math is not None,
            "status": {"kind": state.status, "text": state.problem},
            "mapNote": map_note(state),
        })  # fmt: skip


def _provisional(growth: Growth | None) -> dict[str, int]:
    """From which point on each column of the running lap may still change."""
    return {} if growth is None else {f"{growth.lap_id}|{name}": at for name, at in growth.provisional.items()}
