"""The laps of a session as a page lists them: what is known of each, and which are looked at first."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ps_analytics.lap import LapKind

FLAG_WORDS = {
    "gap_s": "samples are missing",
    "stopped": "the car stood still",
    "cut": "the source saw a track limit passed",
    "paused": "paused on the way",
    "rewound": "rewound on the way",
    "damaged": "a stored channel is damaged",
}
"""What to mind about a lap, in words."""

RUNNING = "running"
"""The kind of the lap that is being driven: it counts for nothing yet."""


@dataclass(frozen=True, slots=True)
class LapRow:
    """A lap of the chosen session, as the list shows it. `lap_time_s` is None where there is none."""

    lap_id: str
    lap_number: int
    lap_time_s: float | None
    kind: str
    valid: bool
    valid_reason: str | None
    flags: tuple[str, ...] = ()
    sectors_s: tuple[float, ...] = ()
    has_telemetry: bool = True
    version: tuple[Any, ...] = ()
    session_id: str = ""
    session_name: str = ""
    started_at: datetime | None = None
    owner: str = ""
    notes: str = ""

    @property
    def driven(self) -> tuple[Any, ...]:
        """What a drawing of it goes by; its validity and its sectors change nothing there."""
        return self.lap_id, self.lap_time_s, self.kind, self.version

    @property
    def home(self) -> str:
        """When and in which session it was driven."""
        when = f"{self.started_at.astimezone():%d %b %Y}" if self.started_at else ""
        return " · ".join(part for part in (when, self.session_name) if part)

    @property
    def flag_words(self) -> list[str]:
        """What to mind about it."""
        return [FLAG_WORDS.get(name, name.replace("_", " ")) for name in self.flags]

    @property
    def reasons(self) -> list[str]:
        """Why it does not count, if it is not valid, and what to mind about it."""
        invalid = [self.valid_reason] if self.valid_reason and not self.valid else []
        return [*invalid, *self.flag_words]

    @property
    def counts(self) -> bool:
        """Whether it may be a best lap: timed, valid, with a time."""
        return self.kind == LapKind.TIMED and self.valid and self.lap_time_s is not None


def lap_row(row: Mapping[str, Any]) -> LapRow:
    """A row of `Store.find_laps` as the list has it."""
    return LapRow(
        lap_id=row["lap_id"],
        lap_number=row["lap_number"],
        lap_time_s=row["lap_time_s"],
        kind=row["kind"],
        valid=row["valid"],
        valid_reason=row["valid_reason"],
        flags=tuple(row["flags"]),
        sectors_s=tuple(row["sectors_s"] or ()),
        # A lap that is not sealed yet is read from its batches, whatever its count says.
        has_telemetry=row["frames"] > 0 or not row["sealed"],
        version=(row["ended_us"], row["frames"], row["sealed"]),
        session_id=row["session_id"],
        session_name=row["session_name"],
        started_at=row["started_at"],
        owner=row["owner"],
        notes=row["notes"],
    )


def running_row(row: Mapping[str, Any]) -> LapRow:
    """The row of the lap that is being driven; it stays the same for as long as it is."""
    lap = lap_row(row)
    return replace(lap, kind=RUNNING, lap_time_s=None, valid=True, valid_reason=None, has_telemetry=True, version=())


def worth_a_look(sessions: Sequence[Mapping[str, Any]], user: str = "") -> str:
    """The id of the newest session with a lap that counts, else of the newest; "" if there is none.

    Args:
        sessions: rows of `Store.find_sessions`.
        user: whose own come before those that others share.
    """
    order = sorted(sessions, key=lambda row: (row["owner"] != user, row["best_lap_time_s"] is None))
    return str(order[0]["session_id"]) if order else ""


def best_of(laps: Iterable[LapRow]) -> LapRow | None:
    """The fastest of the laps that count; None if none does."""
    return min((lap for lap in laps if lap.counts), key=lambda lap: lap.lap_time_s or 0.0, default=None)


def first_choice(laps: Sequence[LapRow], running: LapRow | None = None) -> list[str]:
    """The laps to open with: the best, and the running one or the last other one that counts.

    Without a lap that counts it is the last lap there is to draw, and the running one.
    """
    drawn = [lap for lap in laps if lap.has_telemetry]
    best = best_of(drawn)
    beside = [running.lap_id] if running is not None and drawn else []
    if best is None:
        return [*(lap.lap_id for lap in drawn[-1:]), *beside]
    return [best.lap_id, *(beside or [lap.lap_id for lap in drawn if lap.counts and lap is not best][-1:])]


def reference_of(rows: Sequence[LapRow]) -> str:
    """The id of the lap to compare the others with: the fastest that counts, else the fastest; "" if there is none."""
    order = sorted(rows, key=lambda lap: (not lap.counts, lap.lap_time_s is None, lap.lap_time_s or 0.0))
    return order[0].lap_id if order else ""


def slots_of(before: Mapping[str, int], chosen: Sequence[str]) -> dict[str, int]:
    """Each lap keeps its colour while it is shown; a new one takes the first that is free."""
    slots = {lap_id: before[lap_id] for lap_id in chosen if lap_id in before}
    for lap_id in chosen:
        slots.setdefault(lap_id, next(n for n in range(len(chosen) + 1) if n not in slots.values()))
    return slots


def best_sectors(laps: Sequence[LapRow]) -> list[float]:
    """The session's best time of each sector in s, of the laps that count."""
    counting = [lap.sectors_s for lap in laps if lap.counts and lap.sectors_s]
    count = max(map(len, counting), default=0)
    return [min(sectors[i] for sectors in counting if len(sectors) == count) for i in range(count)]
