"""Laps put into the store of the settings, as commands find them."""

from datetime import UTC, datetime

from ps_analytics.lap import Lap
from ps_analytics.store.store import Store


def keep(store: Store, *, track: str | None, car: str | None, laps: list[Lap], valid: int | None = None) -> str:
    """The id of a session with these laps, numbered from 1, of which so many (None: all) are valid."""
    with store.transaction() as transaction:
        session = transaction.open_session(
            source="test", track=track, car=car, started_at=datetime(2026, 5, 1, tzinfo=UTC), status="completed"
        )
        for number, lap in enumerate(laps, start=1):
            row = transaction.open_lap(
                session,
                lap_number=number,
                started_us=session.started_us + lap.started_us,
                ended_us=session.started_us + (lap.ended_us or 0),
                lap_time_s=lap.lap_time_s,
                kind="timed",
                valid=valid is None or number <= valid,
            )
            transaction.write_traces(row.id, lap.traces.values())
        return session.id
