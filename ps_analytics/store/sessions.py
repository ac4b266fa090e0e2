"""Finding and deleting events and sessions."""

from typing import Any

import polars as pl
from sqlalchemy import Connection, and_, func

from ps_analytics.errors import NotFound, SessionRecording
from ps_analytics.store.laps import KIND, VALID
from ps_analytics.store.models import Event, Lap, Session
from ps_analytics.store.rows import SESSION_COLUMNS, SessionRow
from ps_analytics.store.scope import Reading, Scope

Schema = dict[str, Any]
INSTANT = pl.Datetime("us", "UTC")
SESSIONS: Schema = {
    "session_id": pl.String, "event_id": pl.String, "event_name": pl.String, "name": pl.String, "source": pl.String,
    "status": pl.String, "track": pl.String, "car": pl.String, "started_at": INSTANT, "laps": pl.Int64,
    "best_lap_time_s": pl.Float64, "notes": pl.String, "owner": pl.String,
}  # fmt: skip
"""The columns of `find_sessions`."""
EVENTS: Schema = {
    "event_id": pl.String, "name": pl.String, "description": pl.String, "location": pl.String,
    "start_date": pl.Date, "end_date": pl.Date, "sessions": pl.Int64,
}  # fmt: skip
"""The columns of `find_events`."""
_OF_OWNER: dict[str | None, Any] = {"driver": None, "event_id": None, "notes": ""}
"""What only a session's owner sees of it, and what others see instead."""


def find_events(connection: Connection, scope: Scope) -> pl.DataFrame:
    """The user's events, newest first; those without a date last."""
    columns = (Event.id, Event.name, Event.description, Event.location, Event.start_date, Event.end_date)
    statement = scope.events_and_sessions(*columns, func.count(Session.id)).group_by(*columns)
    frame = pl.DataFrame([tuple(row) for row in connection.execute(statement)], schema=EVENTS, orient="row")
    return frame.sort("start_date", "name", descending=[True, False], nulls_last=True)


def find_sessions(connection: Connection, scope: Reading, **filters: str | None) -> pl.DataFrame:
    """The sessions, newest first; `filters` are those of `Store.find_sessions`."""
    best = func.min(Lap.lap_time_s).filter(and_(KIND == "timed", VALID.is_(True)))
    columns = (
        Session.id,
        Event.id,
        Event.name,
        Session.name,
        Session.source,
        Session.status,
        Session.track,
        Session.car,
        Session.started_at,
    )
    others = (scope.private(Session.notes, "").label("notes"), Session.user_id)
    statement = (
        scope.sessions_and_laps(*columns, func.count(Lap.id), best, *others)
        .where(*conditions(scope, **filters))
        .group_by(Session.session_key, Event.id)
        .order_by(Session.started_us.desc(), Session.session_key.desc())
    )
    return pl.DataFrame([tuple(row) for row in connection.execute(statement)], schema=SESSIONS, orient="row")


def conditions(scope: Reading, **filters: str | None) -> list[Any]:
    """The conditions on a session for filters that are given; track and car are compared without regard to case."""
    found: list[Any] = [] if filters.get("session_id") is not None else [scope.listed()]
    for name, wanted in filters.items():
        if wanted is None:
            continue
        column = Session.id if name == "session_id" else getattr(Session, name)
        column = scope.private(column) if name in _OF_OWNER else column
        text = name in ("track", "car")
        found.append(func.lower(column) == func.lower(wanted) if text else column == wanted)
    return found


def read_session(connection: Connection, scope: Reading, session_id: str) -> SessionRow:
    """The session of this id.

    Raises:
        NotFound: no such session.
    """
    columns = (scope.private(c, _OF_OWNER[c.key]) if c.key in _OF_OWNER else c for c in SESSION_COLUMNS)
    row = connection.execute(scope.sessions(*columns).where(Session.id == session_id)).first()
    if row is None:
        raise NotFound("session", session_id)
    return SessionRow(*row)


def delete_session(connection: Connection, scope: Scope, session_id: str) -> None:
    """Delete a session with its laps and telemetry.

    Raises:
        NotFound: no such session.
        SessionRecording: it is recording.
    """
    session = read_session(connection, scope, session_id)
    if session.status == "recording":
        raise SessionRecording(session.id, session.name)
    connection.execute(scope.delete_frames(session.key))
    connection.execute(scope.delete(Session).where(Session.session_key == session.key))


def delete_event(connection: Connection, scope: Scope, event_id: str) -> None:
    """Delete an event with its sessions, laps and telemetry.

    Raises:
        NotFound: no such event.
        SessionRecording: one of its sessions is recording.
    """
    if connection.scalar(scope.events(Event.id).where(Event.id == event_id)) is None:
        raise NotFound("event", event_id)
    for session_id in list(connection.scalars(scope.sessions(Session.id).where(Session.event_id == event_id))):
        delete_session(connection, scope, session_id)
    connection.execute(scope.delete(Event).where(Event.id == event_id))
