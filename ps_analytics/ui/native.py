"""What Python works out for panels the browser draws: report, notes, video. A panel is told only what is new."""

from collections.abc import Callable, Mapping
from typing import Any

from ps_analytics.errors import PurpleSectorError
from ps_analytics.ui.attempts import attempt
from ps_analytics.ui.made import PageContext
from ps_analytics.ui.panels.notes import notes_message, write_note
from ps_analytics.ui.panels.report import ReportPanel
from ps_analytics.ui.panels.video import align_video, attach_video, video_message
from ps_analytics.ui.rows import channel_rows
from ps_analytics.ui.state import ReviewState

Message = Mapping[str, Any]
Displays = Mapping[str, Mapping[str, Any]]

KINDS = ("report", "notes", "video")
"""The kinds of panels that are told something."""

Action = Callable[[Any, Message], None]

ACTIONS: dict[str, Action] = {
    "note": write_note,
    "video": attach_video,
    "align": align_video,
}
"""What the browser may do in such a panel, by `do`: given the store and what it says."""


class NativePanels:
    """The messages of the panels of the sheet that is shown."""

    def __init__(self, state: ReviewState, send: Callable[[Message], None], *, page: str) -> None:
        """Nothing said yet."""
        self._state, self._send, self._page = state, send, page
        self._said: dict[str, Message] = {}
        self._reports: dict[str, ReportPanel] = {}
        self._reported: dict[str, tuple[Any, ...]] = {}  # what a report was made of

    def forget(self) -> None:
        """The browser knows nothing."""
        self._said, self._reported = {}, {}

    def receive(self, command: Message) -> None:
        """Does what is asked in a panel, and tells it what it shows now; what goes wrong is said there."""
        plot, problem = str(command.get("plot")), ""
        if action := ACTIONS.get(str(command.get("do"))):
            said: list[str] = []
            attempt(lambda: self._act(action, command), said.append)
            problem = "".join(said)
        self._said.pop(plot, None)
        self._reported.pop(plot, None)
        self.tell(only=plot, problem=problem, lap=command.get("lap"))

    def _act(self, action: Action, command: Message) -> None:
        action(self._state.source, command)
        self._state.refresh()

    def tell(self, displays: Displays | None = None, *, only: str = "", problem: str = "", lap: object = None) -> None:
        """Tells each panel what is another for it.

        Args:
            displays: how each channel is shown, if that is known already.
            only: the panel to tell; "" is every one.
            problem: what went wrong there, in one sentence.
            lap: what it was about.
        """
        for config in self._state.panels:
            if config["kind"] not in KINDS or (only and config["id"] != only):
                continue
            message = self._message(config, displays)
            if message is None:
                continue
            message = {**message, **({"problem": problem, "lap": lap} if problem else {})}
            if self._said.get(config["id"]) != message:
                self._said[config["id"]] = message
                self._send({"op": "panel", **message, "plot": config["id"]})

    def _message(self, config: Mapping[str, Any], displays: Displays | None) -> Message | None:
        """What a panel shows; None if nothing has changed for it, or there is nothing yet."""
        state, kind, session = self._state, config["kind"], self._state.session
        if kind == "report":
            return self._report(config, displays)
        if session is None:
            return None
        if kind == "notes":
            return notes_message(session, state.laps, user=state.source.user)
        return video_message(state.source, session, user=state.source.user)

    def _report(self, config: Mapping[str, Any], displays: Displays | None) -> Message | None:
        """A report is worked out anew only if what it is made of is another."""
        state = self._state
        comparison, system = state.comparison, state.preferences.units
        if comparison is None:
            return None
        corners = state.corners.spans if config["options"].get("by") == "corner" else ()
        # A lap that is being driven is another one in every frame; its rows are worked out when it is over.
        laps = tuple((lap_id, None if state.is_running(lap_id) else laid) for lap_id, laid in comparison.laps.items())
        made_of = (config, laps, corners, system)
        if self._reported.get(config["id"]) == made_of:
            return None
        self._reported[config["id"]] = made_of
        report = self._reports.setdefault(config["id"], ReportPanel())
        try:
            known = channel_rows(state) if displays is None else displays
            return report.message(PageContext(state, comparison, config, page=self._page, displays=known))
        except PurpleSectorError as error:
            return {"by": "lap", "columns": [], "rows": [], "note": str(error)}
