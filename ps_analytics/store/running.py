"""The laps that are being driven: which there are, and what has come of one since it was read last."""

from typing import NamedTuple

import polars as pl
from sqlalchemy import Connection, bindparam

from ps_analytics.errors import NotFound
from ps_analytics.lap import Lap as ReadLap
from ps_analytics.store.frames import read_batches, traces_from_batches
from ps_analytics.store.laps import lap_by_id, lap_of
from ps_analytics.store.models import Lap, Session, TelemetryBatch
from ps_analytics.store.scope import Rows, Scope
from ps_analytics.store.track_cache import TrackCache

RUNNING = {
    "session_id": pl.String, "lap_id": pl.String, "lap_number": pl.Int64, "started_us": pl.Int64, "latest_us": pl.Int64,
}  # fmt: skip
"""The columns of `find_running_laps`."""


class NewFrames(NamedTuple):
    """The frames of a running lap from a batch on, as a lap, and the number of the batch that comes next."""

    lap: ReadLap
    next_seq: int


def find_running_laps(connection: Connection, scope: Scope) -> pl.DataFrame:
    """The laps that are being driven, and when the last frame of each was taken; null before the first."""
    rows = []
    for session_key, *found in connection.execute(scope.once(_running)):
        latest_us = connection.scalar(scope.once(_latest), {"session": session_key})
        rows.append((*found, latest_us))
    return pl.DataFrame(rows, schema=RUNNING, orient="row")


def read_running_lap(
    connection: Connection, scope: Scope, lap_id: str, since_seq: int, *, tracks: TrackCache | None = None
) -> NewFrames:
    """What has come of a lap that is not sealed, from the batch with this number on; only that is read.

    Raises:
        NotFound: no such lap.
    """
    row = connection.execute(scope.once(lap_by_id), {"lap_id": lap_id}).first()
    if row is None:
        raise NotFound("lap", lap_id)
    within = {"session": row.session_key, "since": since_seq, "start": row.started_us}
    batches = read_batches(connection.execute(scope.once(_batches_since), within))
    traces = traces_from_batches(
        batches, session_started_us=row.origin_us, started_us=row.started_us, ended_us=row.ended_us
    )
    model = tracks.model(connection, scope, row.track_id, row.revision) if tracks and row.track_id else None
    next_seq = max((batch.next_seq for batch in batches), default=since_seq)
    return NewFrames(lap_of(row, traces, flags=row.flags, track_model=model), next_seq)


def _running(scope: Scope) -> Rows:
    columns = (Session.session_key, Session.id, Lap.id.label("lap_id"), Lap.lap_number, Lap.started_us)
    return scope.laps(*columns).where(Session.status == "recording", Lap.ended_us.is_(None))


def _latest(scope: Scope) -> Rows:
    statement = scope.batches(TelemetryBatch.last_us).where(TelemetryBatch.session_key == bindparam("session"))
    return statement.order_by(TelemetryBatch.first_seq.desc()).limit(1)


def _batches_since(scope: Scope) -> Rows:
    """The batches of a session from a number on that may have frames of a lap."""
    since = (TelemetryBatch.first_seq >= bindparam("since"), TelemetryBatch.last_us >= bindparam("start"))
    statement = scope.batches(TelemetryBatch.payload).where(TelemetryBatch.session_key == bindparam("session"), *since)
    return statement.order_by(TelemetryBatch.first_seq)
