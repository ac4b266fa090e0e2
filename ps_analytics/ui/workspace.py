"""Between the state and the components: what changed goes to the browser once, what the user does becomes a command."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from ps_analytics.errors import PurpleSectorError
from ps_analytics.lap import LapKind
from ps_analytics.ui.comparison import DELTA, Column, Comparison
from ps_analytics.ui.components.bus import PageBus
from ps_analytics.ui.components.grid import Grid
from ps_analytics.ui.components.lap_list import LapList
from ps_analytics.ui.components.picker import SessionPicker
from ps_analytics.ui.components.traces import Traces
from ps_analytics.ui.components.track_map import TrackMap
from ps_analytics.ui.display import channel_displays, lap_line
from ps_analytics.ui.layouts import channels_of, with_stand_ins
from ps_analytics.ui.state import LapRow, ReviewState

_log = logging.getLogger(__name__)

MESSAGE_BYTES = 2_000_000
"""Columns beyond this go in another message, so that the first plots paint while the rest arrives."""

UNEXPECTED = "Something went wrong here; the log of `psa serve` says what. Reload the page to go on."

WATCHED = ("events", "sessions", "laps", "event_id", "session_id", "chosen", "reference_id", "slots", "comparison",
           "status", "problem")  # fmt: skip

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

    def __init__(self, state: ReviewState, *, page: str, opened: Callable[[], None] | None = None) -> None:
        """The workspace of a page.

        Args:
            state: what it shows.
            page: key of the page's bus in the browser.
            opened: called once, when the browser shows the page; None asks the store for what there is.
        """
        self.state = state
        self._opened = opened or state.refresh
        self.bus = PageBus(page=page)
        self.picker = SessionPicker(page=page)
        self.lap_list = LapList(page=page)
        self.grid = self._build_grid(page)
        self._listening = False
        self._sent: dict[str, Column] = {}
        self._sent_x: Column | None = None
        self._generation = 0
        self.bus.listen(self.receive)
        self._watcher = state.param.watch(lambda *_: self.update(), list(WATCHED))

    def receive(self, command: Mapping[str, Any]) -> None:
        """Does what the browser asks; whatever goes wrong, the page says it in one sentence."""
        if command.get("op") == "ready":
            first, self._listening = not self._listening, True
            self._sent, self._sent_x = {}, None
            self.attempt(self._opened if first else self.update)
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
        self.picker.param.update(**self._choices())
        rows = lap_rows(self.state)
        if rows != self.lap_list.laps:
            self.lap_list.laps = rows
        if self._listening:
            self._send_columns(self.state.comparison)
            self._commit()

    def close(self) -> None:
        """Lets go of the state."""
        self.state.param.unwatch(self._watcher)

    def _build_grid(self, page: str) -> Grid:
        document = self.state.document
        sheet = document["layout"]["sheets"][0]
        configs = {config["id"]: config for config in document["configs"]}
        panels = [self._build_panel(configs[item["plotId"]], page) for item in sheet["items"]]
        layout = {"cols": document["layout"]["cols"], "sheets": [sheet]}
        return Grid(page=page, layout=layout, panels=panels)

    def _build_panel(self, config: dict[str, Any], page: str) -> LapList | TrackMap | Traces:
        if config["kind"] == "laps":
            return self.lap_list
        if config["kind"] == "map":
            return TrackMap(page=page, title=config["title"])
        return Traces(page=page, title=config["title"], channels=with_stand_ins(config), mode=config["mode"])

    def _choices(self) -> dict[str, Any]:
        state = self.state
        events = [{"id": "", "name": "All events"}]
        events += [{"id": row["event_id"], "name": row["name"]} for row in state.events]
        sessions = [session_choice(row) for row in state.sessions]
        return {"events": events, "event": state.event_id, "sessions": sessions, "session": state.session_id}

    def _send_columns(self, comparison: Comparison | None) -> None:
        if comparison is None:
            return
        columns = {
            f"{lap}|{name}": values for lap, named in comparison.columns.items() for name, values in named.items()
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

    def _commit(self) -> None:
        state = self.state
        self._generation += 1
        source = next((row["source"] for row in state.sessions if row["session_id"] == state.session_id), "")
        self.bus.send({
            "op": "commit",
            "generation": self._generation,
            "session": state.session_id,
            "laps": shown_laps(state),
            "channels": channel_displays([*channels_of(state.document), DELTA], source=source),
            "status": {"kind": state.status, "text": state.problem},
            "mapNote": map_note(state),
        })  # fmt: skip


def shown_laps(state: ReviewState) -> list[dict[str, Any]]:
    """The laps that are drawn, in the order chosen: id, label, time_s, color, dash and whether it is the reference."""
    columns = state.comparison.columns if state.comparison else {}
    rows = [state.find_lap(lap_id) for lap_id in state.chosen if lap_id in columns]
    return [
        {
            "id": row.lap_id,
            "label": f"Lap {row.lap_number}",
            "time_s": row.lap_time_s,
            "reference": row.lap_id == state.reference_id,
        }
        | lap_line(state.slots[row.lap_id])
        for row in rows
    ]


def lap_rows(state: ReviewState) -> list[dict[str, Any]]:
    """The laps of the session as the list shows them; gaps are to its best lap, in s."""
    best = state.best
    return [_lap_item(lap, state, best) for lap in state.laps]


def _lap_item(lap: LapRow, state: ReviewState, best: LapRow | None) -> dict[str, Any]:
    shown = lap.lap_id in state.chosen
    # An in or out lap is minutes slower for reasons of its own: its gap says nothing.
    comparable = best and lap.lap_time_s is not None and lap.kind in (LapKind.TIMED, LapKind.STANDING)
    reasons = [lap.valid_reason] if lap.valid_reason and not lap.valid else []
    return {
        "id": lap.lap_id,
        "number": lap.lap_number,
        "time_s": lap.lap_time_s,
        "gap_s": lap.lap_time_s - best.lap_time_s if comparable else None,  # type: ignore[operator, union-attr]
        "kind": str(lap.kind),
        "valid": lap.valid,
        "reasons": [*reasons, *(name.replace("_", " ") for name in lap.flags)],
        "telemetry": lap.has_telemetry,
        "best": lap is best,
        "counts": lap.counts,
        "chosen": shown,
        "reference": lap.lap_id == state.reference_id,
        "color": lap_line(state.slots[lap.lap_id])["color"] if shown else "",
    }


def session_choice(row: Mapping[str, Any]) -> dict[str, Any]:
    """A session as the picker offers it: when and what; beside it track, car and how many laps."""
    started = row["started_at"]
    when = f"{started.astimezone():%d %b %Y %H:%M}" if started else ""
    name = " · ".join(part for part in (when, row["name"]) if part)
    facts = [row["track"] or "", row["car"] or ""]
    about = " · ".join(fact for fact in facts if fact and fact not in row["name"])
    return {"id": row["session_id"], "name": name, "about": about, "recording": row["status"] == "recording"}


def map_note(state: ReviewState) -> str:
    """Why there is no track map; "" if there is one."""
    columns = state.comparison.columns.get(state.reference_id, {}) if state.comparison else {}
    if "x" in columns or not columns:
        return ""
    number = state.find_lap(state.reference_id).lap_number
    return f"No track map: lap {number}, the reference, has no positions. It needs x and y, or GPS."
