"""What a review page shows: what is chosen, and every command. No widgets, so tests run it without a browser."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import param

from ps_analytics.channels.catalog import CATALOG
from ps_analytics.errors import IncompatibleLaps, NotFound
from ps_analytics.lap import Lap
from ps_analytics.ui.comparison import Comparison
from ps_analytics.ui.corner_sheet import CornerSheet
from ps_analytics.ui.ideal import IDEAL, NOTHING
from ps_analytics.ui.laps import (
    LapRow,
    best_of,
    first_choice,
    lap_row,
    reference_of,
    running_row,
    slots_of,
    worth_a_look,
)
from ps_analytics.ui.later import Later, at_once
from ps_analytics.ui.layouts import axes_of
from ps_analytics.ui.links import View
from ps_analytics.ui.opening import NO_MORE, NOT_FOUND, laps_not_found, open_layout
from ps_analytics.ui.overlay import Overlay, OverTime
from ps_analytics.ui.shown import Measured
from ps_analytics.ui.source import LapSource
from ps_analytics.ui.worked_out import WorkedOutState

NO_LAPS = "No laps yet. `psa demo` or `psa import FILE`."
NO_LAPS_HERE = "This session has no laps."
FIRST_LAP = "The first lap is being driven. It appears here when it ends."
TIME = "time"
NO_VIEW = View()
TIMES_ONLY = "This session has lap times and no telemetry: there is nothing to draw."


class ReviewState(WorkedOutState):
    """The choices behind a review page. Commands change it; a workspace watches it."""

    events = param.List(item_type=dict, doc="The user's events: `event_id`, `name`.")
    sessions = param.List(item_type=dict, doc="The sessions of the chosen event, newest first.")
    laps = param.List(item_type=LapRow, doc="The finished laps of the chosen session, in order.")
    guests = param.List(item_type=LapRow, doc="Laps of other sessions that are shown beside them.")
    event_id = param.String(doc="The chosen event; empty means every session.")
    session_id = param.String(doc="The chosen session.")
    chosen = param.List(item_type=str, doc="The ids of the laps shown, in the order chosen.")
    reference_id = param.String(doc="The lap the others are compared with; one of the chosen.")
    slots = param.Dict(default={}, doc="Lap id → number of its colour, constant while the lap is shown.")
    comparison = param.ClassSelector(class_=Comparison, doc="The chosen laps on the reference's grid.")
    status: Any = param.Selector(
        default="loading", objects=["loading", "empty", "times", "ready", "error"], doc="What there is to show."
    )
    problem = param.String(doc="One sentence: what is missing or went wrong, and what to do.")
    over_time = param.ClassSelector(
        class_=OverTime, doc="The chosen laps over their seconds, where a panel asks for them."
    )

    def __init__(
        self,
        source: Callable[[], LapSource],
        *,
        later: Later = at_once,
        running_later: Later = at_once,
        **params: Any,
    ) -> None:
        """The state of a page.

        Args:
            source: gives the store when it is asked for, so that a page is up before a database is opened.
            later: runs what no plot waits for: corners, the ideal lap.
            running_later: runs what the running lap takes, which should not wait for those.
            **params: other values than the defaults.
        """
        super().__init__(source, later, running_later, **params)
        self.layouts.param.watch(lambda *_: self._rearrange(), ["document", "sheet_id"])
        self._overlay = Overlay(source, self._made)
        self._said = ""  # of what is shown; a report comes and goes
        self._told = ""  # of how it came to be shown; it goes with it
        self._opening = False  # whether a session is: its laps are not there yet

    @property
    def session(self) -> dict[str, Any] | None:
        """The row of the chosen session; None while there is none."""
        return self._find_session(self.session_id)

    @property
    def recorded_by(self) -> str:
        """What recorded the chosen session."""
        return str(self.session["source"]) if self.session else ""

    @property
    def best(self) -> LapRow | None:
        """The session's best lap: the fastest that counts."""
        return best_of(self.laps)

    def find_lap(self, lap_id: str) -> LapRow:
        """The row of a lap of the chosen session, of a guest, or of the session's ideal lap once there is one.

        Raises:
            NotFound: there is no such lap here.
        """
        if lap_id == IDEAL and self.ideal.state:
            ideal: LapRow = self.ideal.row
            return ideal
        for lap in [*self.laps, self.running, *self.guests]:
            if lap is not None and lap.lap_id == lap_id:
                found: LapRow = lap
                return found
        raise NotFound("lap", lap_id)

    def refresh(self) -> None:
        """Asks the store what is new. What is chosen and shown stays; a first look opens the newest session.

        The newest is the newest with a lap that counts, if there is one: a first look should have something to see.
        """
        with param.parameterized.batch_call_watchers(self):
            was_shared = self._is_shared(self.session_id)
            self._find_sessions()
            known = {row["session_id"] for row in self.sessions}
            told = NO_MORE if was_shared and self.session_id not in known else ""
            session_id = self.session_id if self.session_id in known else worth_a_look(self.sessions, self.source.user)
            self._begin(session_id)
            self._open(session_id)
            self._tell(told)

    def open_view(self, view: View) -> None:
        """Opens the page with what a link says, as far as the user may see it; a sentence says what he may not."""
        with param.parameterized.batch_call_watchers(self):
            self._find_sessions()
            session_id = view.session or worth_a_look(self.sessions, self.source.user)
            if session_id not in {row["session_id"] for row in self.sessions}:
                self.refresh()
                self._tell(NOT_FOUND if view.session else "")
                return
            self._begin(session_id)
            told = open_layout(self.layouts, view)
            self._open(session_id, view)
            missing = [i for i in view.laps if i != IDEAL and i not in self.chosen]
            self._tell(" ".join(part for part in (told, laps_not_found(len(missing))) if part))
        if IDEAL in view.laps:
            (self.set_reference if view.reference == IDEAL else self.toggle_lap)(IDEAL)

    def report(self, problem: str) -> None:
        """Says what went wrong, in one sentence, beside what is shown; the next refresh takes it back."""
        status = self.status if self.status in ("ready", "times") else "error"
        self.param.update(status=status, problem=problem)

    def select_event(self, event_id: str) -> None:
        """Shows the sessions of an event ("" for all) and opens its newest.

        Raises:
            NotFound: the user has no such event.
        """
        if event_id and event_id not in {row["event_id"] for row in self.events}:
            raise NotFound("event", event_id)
        with param.parameterized.batch_call_watchers(self):
            self.event_id = event_id
            self._find_sessions()
            self._open(worth_a_look(self.sessions, self.source.user))

    def select_session(self, session_id: str) -> None:
        """Opens a session: its best lap as the reference, and the last other lap that counts.

        Raises:
            NotFound: the user has no such session.
        """
        if session_id not in {row["session_id"] for row in self.sessions}:
            raise NotFound("session", session_id)
        with param.parameterized.batch_call_watchers(self):
            self._open(session_id)

    def toggle_lap(self, lap_id: str) -> None:
        """Shows a lap of any session, or takes it away; without a reference the best of the rest becomes it.

        Raises:
            NotFound: the user may see no such lap.
        """
        self._bring(lap_id)
        if lap_id == IDEAL and self.ideal.lap is None:
            self._work_out_ideal(lambda: self.toggle_lap(IDEAL))
            return
        chosen = [*self.chosen, lap_id] if lap_id not in self.chosen else [i for i in self.chosen if i != lap_id]
        self._show(chosen, self.reference_id)

    def set_reference(self, lap_id: str) -> None:
        """Compares with this lap, of any session; it is shown if it was not.

        Raises:
            IncompatibleLaps: it is still being driven.
            NotFound: the user may see no such lap.
        """
        self._bring(lap_id)
        if self.is_running(lap_id):
            raise IncompatibleLaps("A lap can be the reference once it is over.")
        if lap_id == IDEAL and self.ideal.lap is None:
            self._work_out_ideal(lambda: self.set_reference(IDEAL))
            return
        self._show(self.chosen if lap_id in self.chosen else [*self.chosen, lap_id], lap_id)

    def rotate_reference(self) -> None:
        """Makes the next of the shown laps the reference."""
        over = [lap_id for lap_id in self.chosen if not self.is_running(lap_id)]
        if over:
            place = over.index(self.reference_id) if self.reference_id in over else -1
            self.set_reference(over[(place + 1) % len(over)])

    def step_lap(self, by: int) -> None:
        """Replaces the lap compared with the reference by the next (+1) or the one before it (−1) in the list."""
        order = [lap.lap_id for lap in self.laps if lap.lap_id != self.reference_id]
        others = [i for i in self.chosen if i != self.reference_id and not self.is_running(i)]
        if not order:
            return
        place = order.index(others[-1]) + by if others and others[-1] in order else 0
        if 0 <= place < len(order):
            self._show([*[i for i in self.chosen if i not in others[-1:]], order[place]], self.reference_id)

    def renew_math(self, renamed: Mapping[str, str]) -> None:
        """Reads the math channels that are drawn anew: they have changed; `renamed` has old names and new."""
        self._overlay.forget_math()
        self._follower.forget()
        if renamed:
            self.layouts.rename_channels(renamed)
        if self.comparison is not None and any(name not in CATALOG for name in self.channels):
            self._show(self.chosen, self.reference_id)

    def measured(self, name: str) -> Measured | None:
        """Unit and values of a math channel that is drawn."""
        found = self._overlay.measured(name)
        return found if found is not None or self.grown is None else self.grown.measured.get(name)

    def _rearrange(self) -> None:
        """Other panels may show other channels."""
        if self.chosen and not self._opening:
            self._show(self.chosen, self.reference_id)

    def renew_laps(self) -> None:
        """Reads the laps that are shown anew: what the store knows of their track has changed.

        The corners stay where they were until it is known where they are.
        """
        with param.parameterized.batch_call_watchers(self):
            before = self.corners
            self._forget({*self.chosen, self.reference_id})
            self.corners = replace(before, reference_id="", rows={}, refused={}, note="")
            self._show(self.chosen, self.reference_id)

    def read_shown(self, lap_id: str) -> Lap:
        """A lap with the channels of the sheet that is shown, as far as it has them.

        Raises:
            NotFound: there is no such lap.
        """
        return self._overlay.read(lap_id, self.channels)

    def read_whole(self, lap_id: str) -> Lap:
        """A lap with all it was recorded with, or the ideal lap; from any thread.

        Raises:
            NotFound: there is no such lap.
        """
        return self._made(lap_id) or self._source().read_lap(lap_id)

    def _made(self, lap_id: str) -> Lap | None:
        """The ideal lap, which is in no store."""
        lap: Lap | None = self.ideal.lap if lap_id == IDEAL else None
        return lap

    def _bring(self, lap_id: str) -> None:
        """Makes a lap of another session a guest here.

        Raises:
            NotFound: the user may see no such lap.
        """
        try:
            self.find_lap(lap_id)
        except NotFound:
            found = self._find_guests([lap_id])
            if not found:
                raise
            self.guests = [*self.guests, *found]

    def _begin(self, session_id: str) -> None:
        """What a first look asks the store for besides."""
        if self.status == "loading":
            self.preferences.refresh()
            self.layouts.open_default(**self._recording_of(session_id))

    def _find_sessions(self) -> None:
        source = self._source()
        rows = source.find_sessions(shared=True).to_dicts()
        self.events = source.find_events().to_dicts()
        self.sessions = [row for row in rows if not self.event_id or row["event_id"] == self.event_id]

    def _open(self, session_id: str, view: View = NO_VIEW) -> None:
        """Shows a session, or what is new of the one that is shown; the laps of a view, if it has any."""
        found = self._source().find_laps(session_id=session_id, shared=True).to_dicts() if session_id else []
        laps = [lap_row(row) for row in found if row["ended_us"] is not None]
        open_rows = found if self._is_recording(session_id) else []
        running = next((running_row(row) for row in open_rows if row["ended_us"] is None), None)
        same = session_id == self.session_id
        known = {lap.lap_id for lap in [*laps, running] if lap is not None}
        guests_before = [lap.lap_id for lap in self.guests]
        guests = self._find_guests(guests_before if same else [i for i in view.laps if i not in known])
        now, then = (laps, running, guests), (self.laps, self.running, self.guests)
        if same and now == then and self.status not in ("loading", "error"):
            return
        before = {lap.driven for lap in [*self.laps, *self.guests]}
        stale = {lap.lap_id for lap in [*laps, *guests] if lap.driven not in before}
        self._forget(stale if same else None)
        there = {*known, *(lap.lap_id for lap in guests)}
        chosen = self._going_on([*laps, *guests], running) if same else [i for i in view.laps if i in there]
        if running != self.running:
            self.param.update(running=running, running_s=0.0, running_note="", grown=None)
        self.param.update(session_id=session_id, laps=laps, guests=guests)
        self._opening = True
        self.layouts.follow(**self._recording_of(session_id), stay=bool(view.layout))
        self._opening = False
        if not chosen or chosen != self.chosen or stale & set(chosen) or self.status != "ready":
            self.slots = dict(zip(view.laps, view.colors, strict=True)) if view.colors else self.slots
            self._show(chosen or first_choice(laps, running), view.reference or self.reference_id)
        self._keep_ideal()

    def _find_guests(self, lap_ids: Sequence[str]) -> list[LapRow]:
        """The guests as they are now; a lap that was deleted, or is shared no more, is none."""
        if not lap_ids:
            return []
        found = self._source().find_laps(lap_ids=lap_ids, shared=True).to_dicts()
        now = {row["lap_id"]: lap_row(row) for row in found}
        return [now[lap_id] for lap_id in lap_ids if lap_id in now]

    def _find_session(self, session_id: str) -> dict[str, Any] | None:
        """The row of a session of the chosen event; None if it has no such session."""
        return next((row for row in self.sessions if row["session_id"] == session_id), None)

    def _is_shared(self, session_id: str) -> bool:
        """Whether a session is one of those that others share with the user."""
        row = self._find_session(session_id)
        return row is not None and row["owner"] != self.source.user

    def _tell(self, told: str) -> None:
        """Says something of what is shown now; it is forgotten with it."""
        self._told = told or self._told
        self.problem = " ".join(part for part in (self._told, self._said) if part)

    def _recording_of(self, session_id: str) -> dict[str, str | None]:
        """Which car a session is of, and what recorded it."""
        row = self._find_session(session_id) or {}
        return {"car": row.get("car"), "source": row.get("source")}

    def _is_recording(self, session_id: str) -> bool:
        row = self._find_session(session_id)
        return row is not None and row["status"] == "recording"

    def _forget(self, stale: set[str] | None) -> None:
        """What was worked out of laps that have changed holds no longer; None: of none of them."""
        self._overlay.forget(stale)
        if stale is None:
            self._asked = set()
            self._follower.forget()
            self._followed = ""
            self.param.update(corners=CornerSheet(), ideal=NOTHING)
            return
        if stale & {*self._asked, self.corners.reference_id}:
            self._asked = set()
            self.corners = CornerSheet(track=self.corners.track)

    def _show(self, chosen: Sequence[str], reference_id: str) -> None:
        """Puts laps on the screen: decides the reference and the colours, and computes what is missing."""
        rows = [self.find_lap(lap_id) for lap_id in chosen]
        if reference_id not in chosen or self.is_running(reference_id):
            reference_id = reference_of([row for row in rows if not self.is_running(row.lap_id)])
        before, names = self._overlay.grid, self.channels
        growing = [lap_id for lap_id in chosen if self.is_running(lap_id)]
        comparison, problem = self._overlay.compare(chosen, reference_id, names, open_laps=growing)
        if self._overlay.grid is not before:
            self._asked = set()
        over_time = None
        if TIME in axes_of(self.document, self.layouts.sheet_id):
            over_time = self._overlay.over_time(chosen, reference_id, names, open_laps=growing)
        status, self._said = self._status(comparison or over_time, problem)
        self._told = ""
        self.param.update(
            chosen=list(chosen),
            guests=[lap for lap in self.guests if lap.lap_id in chosen],
            reference_id=reference_id,
            slots=slots_of(self.slots, chosen),
            comparison=comparison,
            over_time=over_time,
            status=status,
            problem=self._said,
        )
        self._overlay.keep(chosen)
        self._work_out_corners()
        self._follow()

    def _status(self, drawn: Comparison | OverTime | None, problem: str) -> tuple[str, str]:
        """What there is to show, and the sentence that goes with it."""
        if not self.laps:
            recording = self._is_recording(self.session_id)
            return "empty", FIRST_LAP if recording else NO_LAPS_HERE if self.session_id else NO_LAPS
        if not any(lap.has_telemetry for lap in self.laps):
            return "times", TIMES_ONLY
        return ("ready" if drawn or not problem else "error"), problem
