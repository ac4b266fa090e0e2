"""Between a math editor's state and the browser: what changed is sent once, what the user does becomes a command."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from ps_analytics.errors import FormulaError, PurpleSectorError
from ps_analytics.ui.attempts import attempt
from ps_analytics.ui.math.ground import Ground
from ps_analytics.ui.math.preview import Preview
from ps_analytics.ui.math.rows import draft_message, list_message, preview_message, report_message
from ps_analytics.ui.math.state import MathState
from ps_analytics.ui.math.words import words_for

FIELDS = ("name", "formula", "unit", "policy", "folder", "about")
POLICIES = ("strict", "warn", "off")

Command = Mapping[str, Any]
Send = Callable[[Mapping[str, Any]], None]


def _edit(state: MathState, given: Command) -> None:
    field, value, version = str(given["field"]), given["value"], given["version"]
    if field in FIELDS and isinstance(value, str) and (field != "policy" or value in POLICIES):
        state.edit(str(given["key"]), field, value, version=version if isinstance(version, int) else 0)


COMMANDS: dict[str, Callable[[MathState, Command], None]] = {
    "select": lambda state, given: state.select(str(given["key"])),
    "edit": _edit,
    "save": lambda state, _: state.save(),
    "revert": lambda state, _: state.revert(),
    "new": lambda state, _: state.new(),
    "duplicate": lambda state, given: state.duplicate(str(given["key"])),
    "override": lambda state, given: state.override(str(given["key"])),
    "delete": lambda state, given: state.delete(str(given["key"])),
    "undo": lambda state, _: state.undo(),
}
"""What the browser may ask of every editor."""

PARTS: dict[str, tuple[str, ...]] = {
    "list": ("entries", "key", "deleted"),
    "draft": ("key", "draft", "uses"),
    "report": ("report", "draft"),
    "preview": ("preview",),
    "said": ("problem",),
    "words": ("ground", "saves"),
}
"""What a message is made of: each part goes when one of these has changed."""


class Host(Protocol):
    """The page around an editor: whose laps formulas are tried on, and whose plots show channels."""

    def laps(self) -> list[dict[str, Any]]:
        """The laps to choose from: `id`, `label`, `color`."""

    def ground_of(self, lap_id: str) -> Callable[[], Ground]:
        """Reads what formulas are tried on; the answer may be called on another thread."""

    def plots(self) -> list[dict[str, Any]]:
        """The plots a channel can be shown on: `id`, `title`, and the `channels` it shows."""

    def show(self, channel: str, plot_id: str, *, shown: bool) -> None:
        """Shows a saved channel on a plot, or takes it away."""

    def renew(self, names: Mapping[str, str]) -> None:
        """The user's channels have changed: reads those that are shown anew; `names` has old names and new."""


class MathDesk:
    """The browser side of an editor, in step with its state. It asks nothing of the store before it is opened."""

    def __init__(self, state: MathState, send: Send, *, host: Host | None = None) -> None:
        """The desk of an editor.

        Args:
            state: what it shows.
            send: sends a message to the browser.
            host: the page around it; None in a cell of its own.
        """
        self.state, self._send, self._host = state, send, host
        self._open, self._typing = False, False
        self._laps: tuple[list[dict[str, Any]], str] = ([], "")
        self._watchers = [
            state.param.watch(self._told, sorted({name for names in PARTS.values() for name in names})),
            state.param.watch(lambda *_: self._renew(), ["saves"]),
        ]

    def receive(self, command: Command) -> None:
        """Does what the browser asks; whatever goes wrong, the editor says it in one sentence."""
        self.attempt(lambda: self._do(str(command.get("do")), command))

    def attempt(self, action: Callable[[], None]) -> None:
        """Runs what a callback is for; what goes wrong is said in the editor."""
        attempt(action, self._say, worded=sentence)

    def follow(self) -> None:
        """Offers the laps the page shows now, and goes on with the one chosen while it is there."""
        if self._open and self._host is not None:
            self._stand_on(self._laps[1], self._host)

    def close(self) -> None:
        """Lets go of the state."""
        for watcher in self._watchers:
            self.state.param.unwatch(watcher)

    def _say(self, problem: str) -> None:
        self.state.problem = problem

    def _do(self, what: str, given: Command) -> None:
        if what == "open":
            self._open = False  # one answer with all of it, not one with what has changed as well
            self.state.refresh()
            self._open = True
            self._send_parts([*PARTS, "plots"])
            self.follow()
        elif what == "close":
            self._open = False
            if self._host is not None:  # whose laps are read again when they are needed
                self.state.param.update(ground=Ground(), preview=Preview())
        elif what == "lap" and self._host is not None:
            self._stand_on(str(given["lap"]), self._host)
        elif what == "show" and self._host is not None:
            self._host.show(str(given["channel"]), str(given["plot"]), shown=bool(given["shown"]))
            self._send_parts(["plots"])
        elif action := COMMANDS.get(what):
            self._typing = what == "edit"
            try:
                action(self.state, given)
            finally:
                self._typing = False

    def _stand_on(self, wanted: str, host: Host) -> None:
        """Tries formulas on this lap, or on the last one of the page if it does not show it."""
        laps = host.laps()
        known = [lap["id"] for lap in laps]
        chosen = wanted if wanted in known else known[-1] if known else ""
        self._laps = (laps, chosen)
        self._send_parts(["laps"])
        self.state.stand_on(host.ground_of(chosen) if chosen else Ground)

    def _told(self, *events: Any) -> None:
        changed = {event.name for event in events}
        parts = [part for part, names in PARTS.items() if changed & set(names)]
        # What is typed the browser has already; it is told what comes of it.
        self._send_parts([part for part in parts if part != "draft" or not self._typing])

    def _renew(self) -> None:
        if self._host is not None:
            self._host.renew(self.state.renamed)
            self._send_parts(["plots"])

    def _send_parts(self, parts: Sequence[str]) -> None:
        if self._open and parts:
            self._send({"op": "math", **{part: self._part(part) for part in parts}})

    def _part(self, part: str) -> Any:
        state = self.state
        if part == "words":
            return words_for(state.ground, state.library)
        if part == "plots":
            return self._host.plots() if self._host else []
        if part == "laps":
            return {"laps": self._laps[0], "lap": self._laps[1]}
        if part == "said":
            return state.problem
        made = {"list": list_message, "draft": draft_message, "report": report_message}
        return preview_message(state.preview) if part == "preview" else made[part](state)


def sentence(error: PurpleSectorError) -> str:
    """What an error says, in one line: the place in a formula is underlined beside it."""
    if isinstance(error, FormulaError):
        where = f" (in '{error.channel}')" if error.channel else ""
        return f"{error.message}{where}{f': {error.hint}' if error.hint else ''}"
    return str(error)
