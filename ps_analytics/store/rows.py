"""What the store hands out for a session or a lap that is being written, and for a layout."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ps_analytics.store.models import Lap, Session


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session: its public id, the key its telemetry carries, and what is known of it."""

    id: str
    key: int
    user_id: str
    name: str
    source: str
    source_session_id: str | None
    status: str
    track: str | None
    car: str | None
    driver: str | None
    event_id: str | None
    started_at: datetime | None
    started_us: int
    channels: list[Any] | None = None
    """Name, unit, source_name, source_unit and rate_hz of what the source gave, as far as it is stored."""
    notes: str = ""


@dataclass(frozen=True, slots=True)
class LapRow:
    """A lap as it stands in its table, before the user's overrides. `ended_us` is None while it is driven."""

    id: str
    key: int
    session_id: str
    session_key: int
    session_started_us: int
    lap_number: int
    source_lap_number: int | None
    lap_time_s: float | None
    time_source: str
    kind: str
    valid: bool
    valid_reason: str | None
    started_us: int
    ended_us: int | None
    frames: int
    sealed: bool
    flags: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SavedLayout:
    """A layout a user keeps: `configs` and `layout` are the two halves of its document.

    `is_default` where it is what a page opens with: for everything (`default_for` ""), for a car ("car:…") or for a
    source ("source:…").
    """

    layout_id: str
    name: str
    description: str | None
    configs: list[Any]
    layout: dict[str, Any]
    is_default: bool = False
    default_for: str = ""


SESSION_COLUMNS = (
    Session.id,
    Session.session_key.label("key"),
    Session.user_id,
    Session.name,
    Session.source,
    Session.source_session_id,
    Session.status,
    Session.track,
    Session.car,
    Session.driver,
    Session.event_id,
    Session.started_at,
    Session.started_us,
    Session.channels,
    Session.notes,
)
"""What makes a `SessionRow`."""

LAP_COLUMNS = (
    Lap.id,
    Lap.lap_key.label("key"),
    Lap.session_id,
    Session.session_key,
    Session.started_us.label("session_started_us"),
    Lap.lap_number,
    Lap.source_lap_number,
    Lap.lap_time_s,
    Lap.time_source,
    Lap.kind,
    Lap.valid,
    Lap.valid_reason,
    Lap.started_us,
    Lap.ended_us,
    Lap.frames,
    Lap.sealed,
    Lap.flags,
)
"""What makes a `LapRow`, from a lap and its session."""
