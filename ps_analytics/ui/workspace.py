"""Between the state and the components: what changed goes to the browser once, what the user does becomes a command."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ps_analytics.channels.catalog import CATALOG
from ps_analytics.errors import PurpleSectorError
from ps_analytics.ui.comparison import DELTA, Column, Comparison
from ps_analytics.ui.components.bus import PageBus
from ps_analytics.ui.components.grid import Grid
from ps_analytics.ui.components.picker import SessionPicker
from ps_analytics.ui.corner_sheet import CornerSheet
from ps_analytics.ui.display import channel_displays, measured_display
from ps_analytics.ui.layouts import channels_of
from ps_analytics.ui.math.desk import MathDesk
from ps_analytics.ui.math.host import ReviewHost
from ps_analytics.ui.math.state import MathState
from ps_analytics.ui.rows import corner_message, ideal_row, lap_rows, map_note, session_choice, shown_laps
from ps_analytics.ui.running import Growth
from ps_analytics.ui.state import ReviewState

_log = logging.getLogger(__name__)

MESSAGE_BYTES = 2_000_000
"""Columns beyond this go in another message, so that the first plots paint while the rest arrives."""

UNEXPECTED = "Something went wrong here; the log of `psa serve` says what. Reload the page to go on."

WATCHED = ("events", "sessions", "laps", "running", "event_id", "session_id", "chosen", "reference_id", "slots",
           "comparison", "status", "problem")  # fmt: skip
"""What one commit brings to the browser; the corners and the ideal lap come by themselves, when they are there."""

COMMANDS: dict[str, Callable[[ReviewState, Mapping[str, Any]], None]] = {
    "toggle": lambda state, given: state.toggle_lap(str(given["lap"])),
    "reference": lambda state, given: state.set_reference(str(given["lap"])),
    "rotate": lambda state, _: state.rotate_reference(),
    "step": lambda state, given: state.step_lap(1 if given["by"] > 0 else -1),
    "event": lambda state, given: state.select_event(str(given["event"])),
    "session": lambda state, given: state.select_session(str(given["session"])),
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
        self._listening = False
        self._said: dict[str, Mapping[str, Any]] = {}
        self._sent: dict[str, Column] = {}
        self._sent_x: Column | None = None
        self._generation = 0
        self.bus.listen(self.receive)
        self._sent_corners: tuple[CornerSheet, str] | None = None
        self._watchers = [
            state.param.watch(lambda *_: self.update(), list(WATCHED)),
            state.param.watch(lambda *_: self._send_corners(), ["corners"]),
            state.param.watch(lambda *_: self._list_laps(), ["ideal", "running_note"]),
            state.param.watch(lambda *_: self._tell_time(), ["running_s"]),
            state.param.watch(lambda *_: self._grow(), ["grown"]),
            state.param.watch(lambda *_: self._arrange(), ["document"]),
            state.param.watch(lambda *_: self._offer_laps(), ["comparison"]),
        ]

    def receive(self, command: Mapping[str, Any]) -> None:
        """Does what the browser asks; whatever goes wrong, the page says it in one sentence."""
        if command.get("op") == "ready":
            first, self._listening = not self._listening, True
            self._said, self._sent, self._sent_x, self._sent_corners = {}, {}, None, None
            self._arrange()
            self.attempt(self._opened if first else self.update)
        elif command.get("op") == "math" and self._make_math is not None:
            self._desk = self._desk or MathDesk(self._make_math(), self.bus.send, host=ReviewHost(self.state))
            self._desk.receive(command)
        elif action := COMMANDS.get(str(command.get("op"))):
            self.attempt(lambda: action(self.state, command))

    def attempt(self, action: Callable[[], None]) -> None:
        """Runs what a callback is for: an error becomes a sentence on the page; an unexpected one is logged as well."""
        try:
            action()
        except PurpleSectorError as error:
            self.state.report(str(error))
        except Exception:  # the top of every callback of the page: it must not die without a word
            _log.exception("a callback of the review page failed")
            self.state.report(UNEXPECTED)

    def update(self) -> None:
        """Brings the components up to date with the state."""
        if self._listening:
            self._say("choices", self._choices())
            self._list_laps()
            self._send_columns(self.state.comparison)
            self._commit()
            self._send_corners()

    def close(self) -> None:
        """Lets go of the state."""
        for watcher in self._watchers:
            self.state.param.unwatch(watcher)
        if self._desk is not None:
            self._desk.close()

    def _say(self, op: str, message: Mapping[str, Any]) -> None:
        """Sends a message of this kind, unless the browser has it."""
        if self._listening and self._said.get(op) != message:
            self._said[op] = message
            self.bus.send({"op": op, **message})

    def _arrange(self) -> None:
        """Sends the layout; what its panels draw comes with the next commit."""
        document = self.state.document
        self._say("layout", {"document": document, "sheet": document["layout"]["sheets"][0]["id"]})

    def _offer_laps(self) -> None:
        if self._desk is not None:
            self._desk.attempt(self._desk.follow)

    def _displays(self, source: str) -> dict[str, dict[str, Any]]:
        """How each channel of the layout is drawn; one that is worked out goes by its values."""
        names = [*channels_of(self.state.document), DELTA]
        made = [name for name in names if name not in CATALOG]
        found = {name: measured for name in made if (measured := self.state.measured(name)) is not None}
        worked_out = {
            name: measured_display(name, unit=m.unit, stepped=m.stepped, values=m.column) for name, m in found.items()
        }
        return channel_displays(names, source=source) | worked_out

    def _choices(self) -> dict[str, Any]:
        state = self.state
        events = [{"id": "", "name": "All events"}]
        events += [{"id": row["event_id"], "name": row["name"]} for row in state.events]
        sessions = [session_choice(row) for row in state.sessions]
        return {"events": events, "event": state.event_id, "sessions": sessions, "session": state.session_id}

    def _list_laps(self) -> None:
        self._say("laps", {"laps": lap_rows(self.state), "ideal": ideal_row(self.state)})

    def _send_corners(self) -> None:
        """Sends the corners if the browser does not have them; those of another reference without their rows."""
        now = (self.state.corners, self.state.reference_id)
        if self._listening and now != self._sent_corners:
            self._sent_corners = now
            self.bus.send({"op": "corners", **corner_message(*now)})

    def _send_columns(self, comparison: Comparison | None) -> None:
        if comparison is None:
            return
        columns = {
            f"{lap}|{name}": values for lap, laid in comparison.laps.items() for name, values in laid.columns.items()
        }
        if comparison.distance_m is not self._sent_x:
            self.bus.send({"op": "clear", "x": comparison.distance_m})
            self._sent, self._sent_x = {}, comparison.distance_m
        parcel: dict[str, Column] = {}
        for key, values in columns.items():
            if self._sent.get(key) is values:
                continue
            self._sent[key] = parcel[key] = values
            if sum(column.nbytes for column in parcel.values()) > MESSAGE_BYTES:
                self.bus.send({"op": "columns", "columns": parcel})
                parcel = {}
        if parcel:
            self.bus.send({"op": "columns", "columns": parcel})

    def _tell_time(self) -> None:
        """Sends how long the running lap has been driven: all that changes of its row while it is."""
        if self._listening and self.state.running is not None:
            self.bus.send({"op": "running", "lap": self.state.running.lap_id, "time_s": self.state.running_s})

    def _grow(self) -> None:
        """Sends what is new of the running lap; a column the browser does not have yet comes with a commit."""
        growth = self.state.grown
        if not self._listening or growth is None:
            return
        columns = {f"{growth.lap_id}|{name}": values for name, values in growth.laid.columns.items()}
        if any(len(self._sent.get(key, ())) != len(values) for key, values in columns.items()):
            self.update()
            return
        pieces = {key: piece for key, values in columns.items() if (piece := grown_piece(self._sent[key], values))}
        self._sent |= columns
        self.bus.send({"op": "grow", "columns": pieces, "provisional": _provisional(growth)})

    def _commit(self) -> None:
        state = self.state
        self._generation += 1
        source = next((row["source"] for row in state.sessions if row["session_id"] == state.session_id), "")
        self.bus.send({
            "op": "commit",
            "generation": self._generation,
            "session": state.session_id,
            "laps": shown_laps(state),
            "provisional": _provisional(state.grown),
            "channels": self._displays(source),
            "math": self._make_math is not None,
            "status": {"kind": state.status, "text": state.problem},
            "mapNote": map_note(state),
        })  # fmt: skip


def grown_piece(before: Column, now: Column) -> dict[str, Any]:
    """The stretch of a column that is another now: `at` its first point and its `values`; nothing if it is the same."""
    changed = np.flatnonzero(before.view(np.int32) != now.view(np.int32))  # bit by bit, for NaN is never NaN
    if not len(changed):
        return {}
    first = int(changed[0])
    return {"at": first, "values": now[first : int(changed[-1]) + 1]}


def _provisional(growth: Growth | None) -> dict[str, int]:
    """From which point on each column of the running lap may still change."""
    return {} if growth is None else {f"{growth.lap_id}|{name}": at for name, at in growth.provisional.items()}
