"""What a review page shows: what is chosen, and every command. No widgets, so tests run it without a browser."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import param
import polars as pl

from ps_analytics.errors import NotFound, PurpleSectorError
from ps_analytics.lap import Lap, LapKind
from ps_analytics.ui.comparison import ALIGNING, Column, Comparison, Grid
from ps_analytics.ui.layouts import channels_of, driver_overview

NO_LAPS = "No laps yet. `psa demo` or `psa import FILE`."
NO_LAPS_HERE = "This session has no laps."
FIRST_LAP = "The first lap is being driven. It appears here when it ends."
TIMES_ONLY = "This session has lap times and no telemetry: there is nothing to draw."


class LapSource(Protocol):
    """What the page asks of a store; every answer is the asking user's own."""

    def find_events(self) -> pl.DataFrame:
        """The events, one a row."""

    def find_sessions(self) -> pl.DataFrame:
        """The sessions, newest first, one a row."""

    def find_laps(self, *, session_id: str) -> pl.DataFrame:
        """The laps of a session in order, one a row."""

    def read_lap(self, lap_id: str, channels: Sequence[str] | None = None) -> Lap:
        """A lap with these channels, or with all it has."""


@dataclass(frozen=True, slots=True)
class LapRow:
    """A finished lap of the chosen session, as the list shows it. `lap_time_s` is None where there is none."""

    lap_id: str
    lap_number: int
    lap_time_s: float | None
    kind: str
    valid: bool
    valid_reason: str | None
    flags: tuple[str, ...] = ()
    has_telemetry: bool = True
    version: tuple[Any, ...] = ()

    @property
    def counts(self) -> bool:
        """Whether it may be a best lap: timed, valid, with a time."""
        return self.kind == LapKind.TIMED and self.valid and self.lap_time_s is not None


class ReviewState(param.Parameterized):
    """The choices behind a review page. Commands change it; a workspace watches it."""

    events = param.List(item_type=dict, doc="The user's events: `event_id`, `name`.")
    sessions = param.List(item_type=dict, doc="The sessions of the chosen event, newest first.")
    laps = param.List(item_type=LapRow, doc="The finished laps of the chosen session, in order.")
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
    document = param.Dict(doc="The plot layout in force: `configs` and `layout`.")

    def __init__(self, source: Callable[[], LapSource], **params: Any) -> None:
        """The state of a page.

        Args:
            source: gives the store when it is asked for, so that a page is up before a database is opened.
            **params: other values than the defaults.
        """
        super().__init__(**{"document": driver_overview(), **params})
        self._source = source
        self._grid: Grid | None = None
        self._columns: dict[str, dict[str, Column]] = {}
        self._said = ""  # of what is shown; a report comes and goes

    @property
    def best(self) -> LapRow | None:
        """The session's best lap: the fastest that counts."""
        return min((lap for lap in self.laps if lap.counts), key=lambda lap: lap.lap_time_s or 0.0, default=None)

    def find_lap(self, lap_id: str) -> LapRow:
        """The row of a lap of the chosen session.

        Raises:
            NotFound: the session has no such lap.
        """
        for lap in self.laps:
            if lap.lap_id == lap_id:
                return lap
        raise NotFound("lap", lap_id)

    def refresh(self) -> None:
        """Asks the store what is new. What is chosen and shown stays; a first look opens the newest session.

        The newest is the newest with a lap that counts, if there is one: a first look should have something to see.
        """
        with param.parameterized.batch_call_watchers(self):
            self._find_sessions()
            known = {row["session_id"] for row in self.sessions}
            self._open(self.session_id if self.session_id in known else _worth_a_look(self.sessions))
            self.problem = self._said

    def report(self, problem: str) -> None:
        """Says what went wrong, in one sentence, beside what is shown; the next refresh takes it back."""
        status = self.status if self.status in ("ready", "times") else "error"
        self.param.update(status=status, problem=problem)

    def select_event(self, event_id: str) -> None:
        """Shows the sessions of an event ("" for all) and opens its newest."""
        with param.parameterized.batch_call_watchers(self):
            self.event_id = event_id
            self._find_sessions()
            self._open(_worth_a_look(self.sessions))

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
        """Shows a lap, or takes it away; without a reference the best of the rest becomes it."""
        self.find_lap(lap_id)
        chosen = [*self.chosen, lap_id] if lap_id not in self.chosen else [i for i in self.chosen if i != lap_id]
        self._show(chosen, self.reference_id)

    def set_reference(self, lap_id: str) -> None:
        """Compares with this lap; it is shown if it was not."""
        self.find_lap(lap_id)
        self._show(self.chosen if lap_id in self.chosen else [*self.chosen, lap_id], lap_id)

    def rotate_reference(self) -> None:
        """Makes the next of the shown laps the reference."""
        if self.chosen:
            place = self.chosen.index(self.reference_id) if self.reference_id in self.chosen else -1
            self.set_reference(self.chosen[(place + 1) % len(self.chosen)])

    def step_lap(self, by: int) -> None:
        """Replaces the lap compared with the reference by the next (+1) or the one before it (−1) in the list."""
        order = [lap.lap_id for lap in self.laps if lap.lap_id != self.reference_id]
        others = [lap_id for lap_id in self.chosen if lap_id != self.reference_id]
        if not order:
            return
        place = order.index(others[-1]) + by if others else 0
        if 0 <= place < len(order):
            self._show([*[i for i in self.chosen if i not in others[-1:]], order[place]], self.reference_id)

    def _find_sessions(self) -> None:
        source = self._source()
        rows = source.find_sessions().to_dicts()
        self.events = source.find_events().to_dicts()
        self.sessions = [row for row in rows if not self.event_id or row["event_id"] == self.event_id]

    def _open(self, session_id: str) -> None:
        found = self._source().find_laps(session_id=session_id).to_dicts() if session_id else []
        laps = [_lap_row(row) for row in found if row["ended_us"] is not None]
        same = session_id == self.session_id
        if same and laps == self.laps and self.status not in ("loading", "error"):
            return
        stale = {lap.lap_id for lap in laps} - {lap.lap_id for lap in laps if lap in self.laps}
        for lap_id in stale:
            self._columns.pop(lap_id, None)
        if self.reference_id in stale:
            self._grid = None
        chosen = [lap_id for lap_id in self.chosen if lap_id in {lap.lap_id for lap in laps}] if same else []
        self.param.update(session_id=session_id, laps=laps)
        if not chosen or stale & set(chosen) or self.status != "ready":
            self._show(chosen or _first_choice(laps), self.reference_id)

    def _show(self, chosen: Sequence[str], reference_id: str) -> None:
        """Puts laps on the screen: decides the reference and the colours, and computes what is missing."""
        rows = [self.find_lap(lap_id) for lap_id in chosen]
        if reference_id not in chosen:
            reference_id = _reference_of(rows)
        if self._grid is None or self._grid.lap.lap_id != reference_id:
            self._grid, self._columns = None, {}
        comparison, problem = self._compare(chosen, reference_id)
        status, self._said = self._status(comparison, problem)
        self.param.update(
            chosen=list(chosen),
            reference_id=reference_id,
            slots=_slots(self.slots, chosen),
            comparison=comparison,
            status=status,
            problem=self._said,
        )

    def _status(self, comparison: Comparison | None, problem: str) -> tuple[str, str]:
        """What there is to show, and the sentence that goes with it."""
        if not self.laps:
            recording = any(r["session_id"] == self.session_id and r["status"] == "recording" for r in self.sessions)
            return "empty", FIRST_LAP if recording else NO_LAPS_HERE if self.session_id else NO_LAPS
        if not any(lap.has_telemetry for lap in self.laps):
            return "times", TIMES_ONLY
        return ("ready" if comparison or not problem else "error"), problem

    def _compare(self, chosen: Sequence[str], reference_id: str) -> tuple[Comparison | None, str]:
        if not chosen:
            return None, ""
        names = channels_of(self.document)
        try:
            self._grid = self._grid or Grid.of(self._read(reference_id))
        except PurpleSectorError as error:
            return None, str(error)
        refused: dict[str, str] = {}
        for lap_id in [i for i in chosen if i not in self._columns]:
            try:
                lap = self._grid.lap if lap_id == reference_id else self._read(lap_id)
                self._columns[lap_id] = self._grid.columns(lap, names)
            except PurpleSectorError as error:
                refused[lap_id] = str(error)
        shown = {lap_id: self._columns[lap_id] for lap_id in chosen if lap_id in self._columns}
        return Comparison(reference_id, self._grid.distance_m, shown, refused), " ".join(refused.values())

    def _read(self, lap_id: str) -> Lap:
        lap = self._source().read_lap(lap_id)
        wanted = {*channels_of(self.document), *ALIGNING}
        return lap.select(*[name for name in lap.channels if name in wanted])


def _worth_a_look(sessions: Sequence[Mapping[str, Any]]) -> str:
    """The id of the newest session with a lap that counts, else of the newest; "" if there is none."""
    driven = [row for row in sessions if row["best_lap_time_s"] is not None]
    return next((row["session_id"] for row in [*driven, *sessions]), "")


def _lap_row(row: Mapping[str, Any]) -> LapRow:
    return LapRow(
        lap_id=row["lap_id"],
        lap_number=row["lap_number"],
        lap_time_s=row["lap_time_s"],
        kind=row["kind"],
        valid=row["valid"],
        valid_reason=row["valid_reason"],
        flags=tuple(row["flags"]),
        # A lap that is not sealed yet is read from its batches, whatever its count says.
        has_telemetry=row["frames"] > 0 or not row["sealed"],
        version=(row["ended_us"], row["frames"], row["sealed"]),
    )


def _first_choice(laps: Sequence[LapRow]) -> list[str]:
    """The laps to open with: the best, and the last other one that counts; else the last lap there is to draw."""
    drawn = [lap for lap in laps if lap.has_telemetry]
    counting = [lap for lap in drawn if lap.counts]
    if not counting:
        return [lap.lap_id for lap in drawn[-1:]]
    best = min(counting, key=lambda lap: lap.lap_time_s or 0.0)
    return [best.lap_id, *[lap.lap_id for lap in counting if lap is not best][-1:]]


def _reference_of(rows: Sequence[LapRow]) -> str:
    order = sorted(rows, key=lambda lap: (not lap.counts, lap.lap_time_s is None, lap.lap_time_s or 0.0))
    return order[0].lap_id if order else ""


def _slots(before: Mapping[str, int], chosen: Sequence[str]) -> dict[str, int]:
    """Each lap keeps its colour while it is shown; a new one takes the first that is free."""
    slots = {lap_id: before[lap_id] for lap_id in chosen if lap_id in before}
    for lap_id in chosen:
        slots.setdefault(lap_id, next(n for n in range(len(chosen) + 1) if n not in slots.values()))
    return slots
