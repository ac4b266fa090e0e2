"""What can be wrong with rows: one function a kind of fault, each a few statements that read what an index holds.

The rows are named by id, key and number only: names, notes and drivers are their owner's.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from sqlalchemy import ColumnElement, Connection, SQLColumnExpression, and_, exists, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from ps_analytics.channels.catalog import CATALOG
from ps_analytics.lap import LapKind
from ps_analytics.store.models import (
    DeadLetter,
    Event,
    Lap,
    LapTrace,
    Session,
    TelemetryBatch,
    TelemetryFrame,
    Track,
)

_OVERLAP_US = 1_000  # laps cut from stated times of 1 ms may share that much
_SLACK = 1e-3  # of a range: what float32 and a game's rounding add to it
_NAN, _INFINITY = float("nan"), float("inf")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: `code` for programs, `message` for people, `table` and `id` to find it."""

    code: str
    message: str
    table: str
    id: str
    fixable: bool = False

    def as_dict(self) -> dict[str, Any]:
        """The fault as JSON has it."""
        return asdict(self)


def lost_frame_keys(connection: Connection) -> list[int]:
    """The session keys in telemetry_frame that no session has; steps from key to key instead of reading every row."""
    steps = select(func.min(TelemetryFrame.session_key).label("key")).cte("steps", recursive=True)
    following = select(func.min(TelemetryFrame.session_key)).where(TelemetryFrame.session_key > steps.c.key)
    steps = steps.union_all(select(following.scalar_subquery()).where(steps.c.key.is_not(None)))
    unknown = ~exists().where(Session.session_key == steps.c.key)
    return list(connection.scalars(select(steps.c.key).where(steps.c.key.is_not(None), unknown)))


def _lost_frames(connection: Connection) -> Iterator[Fault]:
    for key in lost_frame_keys(connection):
        count = _count(connection, TelemetryFrame.session_key == key)
        message = f"{counted(count, 'telemetry frame')} of a session that is not there (session_key {key})."
        yield Fault("orphan", message, "telemetry_frame", str(key), fixable=True)


_STORED = exists().where(LapTrace.lap_key == Lap.lap_key)
_FRAME_IN_LAP = exists().where(
    TelemetryFrame.session_key == Session.session_key,
    TelemetryFrame.timestamp_us >= Lap.started_us,
    TelemetryFrame.timestamp_us < Lap.ended_us,
)
_BATCH_IN_LAP = exists().where(
    TelemetryBatch.session_key == Session.session_key,
    TelemetryBatch.last_us >= Lap.started_us,
    TelemetryBatch.first_us < Lap.ended_us,
)
_SEALABLE = or_(_BATCH_IN_LAP, _STORED)


def _laps(*columns: Any) -> Any:
    return select(*columns).select_from(Lap).join(Session, Session.id == Lap.session_id)


def _laps_without_frames(connection: Connection) -> Iterator[Fault]:
    empty = _laps(Lap.id, Lap.lap_number, Session.id).where(
        Lap.ended_us.is_not(None), ~_STORED, ~_FRAME_IN_LAP, ~_BATCH_IN_LAP
    )
    measured: dict[str, bool] = {}
    for lap_id, number, session_id in connection.execute(empty.order_by(Session.session_key, Lap.lap_number)):
        if session_id not in measured:
            measured[session_id] = _has_telemetry(connection, session_id)
        if measured[session_id]:
            message = f"lap {number} of session {session_id} has no telemetry, though its session has."
            yield Fault("lap_without_frames", message, "lap", lap_id)


def _has_telemetry(connection: Connection, session_id: str) -> bool:
    """Whether a session is more than times: it names channels, or some of its laps have samples."""
    key, channels = connection.execute(select(Session.session_key, Session.channels).filter_by(id=session_id)).one()
    samples = (
        exists().where(TelemetryFrame.session_key == key),
        exists().where(TelemetryBatch.session_key == key),
        exists().where(LapTrace.lap_key == Lap.lap_key, Lap.session_id == session_id),
    )
    return bool(channels) or bool(connection.scalar(select(or_(*samples))))


def _frames_without_laps(connection: Connection) -> Iterator[Fault]:
    ended = select(Session.session_key, Session.id).where(Session.status != "recording")
    for key, session_id in connection.execute(ended.order_by(Session.session_key)).all():
        laps = select(Lap.started_us, Lap.ended_us, Lap.kind).filter_by(session_id=session_id).order_by(Lap.started_us)
        found = connection.execute(laps).all()
        gaps = _gaps([(started, ended) for started, ended, _ in found])
        if found and found[0].kind == LapKind.STANDING:
            next(gaps)  # a standing start begins when the car moves off: before it, it waits on the grid
        count = sum(_count(connection, TelemetryFrame.session_key == key, *within) for within in gaps)
        if count:
            message = f"{counted(count, 'telemetry frame')} of session {session_id} belong to no lap."
            yield Fault("frames_without_lap", message, "telemetry_frame", str(key))


def _gaps(ranges: list[tuple[int, int | None]]) -> Iterator[tuple[ColumnElement[bool], ...]]:
    """The conditions on a frame's time that no lap meets: before the first, between two, after the last.

    A lap that is open reaches to the end.
    """
    at = TelemetryFrame.timestamp_us
    if not ranges:
        yield ()
        return
    yield (at < ranges[0][0],)
    reached: float = -_INFINITY
    for (_, ended), (started, _) in pairwise(ranges):
        reached = max(reached, _INFINITY if ended is None else ended)
        if started > reached:
            yield at >= int(reached), at < started
    reached = max(reached, _INFINITY if ranges[-1][1] is None else ranges[-1][1])
    if math.isfinite(reached):
        yield (at > int(reached),)


def _overlapping_laps(connection: Connection) -> Iterator[Fault]:
    before = func.max(Lap.ended_us).over(
        partition_by=Lap.session_id, order_by=(Lap.started_us, Lap.lap_number), rows=(None, -1)
    )
    laps = select(Lap.id, Lap.session_id, Lap.lap_number, Lap.started_us, before.label("reached")).subquery()
    shared = laps.c.reached - laps.c.started_us
    query = select(laps.c.id, laps.c.session_id, laps.c.lap_number, shared).where(shared > _OVERLAP_US)
    for lap_id, session_id, number, microseconds in connection.execute(query.order_by(laps.c.session_id, "lap_number")):
        message = f"lap {number} of session {session_id} starts {microseconds / 1e6:.3f} s before a lap before it ends."
        yield Fault("overlapping_laps", message, "lap", lap_id)


def _unsealed(*columns: Any) -> Any:
    """The laps that are over, have samples, and are not sealed."""
    closed = _laps(*columns).where(Lap.ended_us.is_not(None), Lap.sealed.is_(False))
    return closed.where(or_(_SEALABLE, _FRAME_IN_LAP)).order_by(Session.session_key, Lap.lap_number)


def sealable() -> Any:
    """The query of user and id of each lap that is over and not sealed, and whose channels are there to be sealed."""
    return _unsealed(Session.user_id, Lap.id).where(_SEALABLE)


def _unsealed_laps(connection: Connection) -> Iterator[Fault]:
    for lap_id, number, session_id, fixable in connection.execute(
        _unsealed(Lap.id, Lap.lap_number, Session.id, _SEALABLE)
    ):
        lost = "" if fixable else ", and only its rows of telemetry_frame are left"
        message = f"lap {number} of session {session_id} is over and not sealed{lost}."
        yield Fault("unsealed_lap", message, "lap", lap_id, fixable=bool(fixable))


def _not_a_number(column: SQLColumnExpression[Any]) -> ColumnElement[bool]:
    return column.in_((_NAN, _INFINITY, -_INFINITY))


def _outside(column: SQLColumnExpression[Any], low: float, high: float) -> ColumnElement[bool]:
    slack = _SLACK * (high - low)
    return ~column.between(low - slack, high + slack)  # PostgreSQL sorts NaN above every number


def _outside_catalogue(column: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    spec = CATALOG[column.key]
    return _outside(column, spec.low, spec.high)


_KINDS = tuple(LapKind)
_IMPOSSIBLE: tuple[tuple[Any, ColumnElement[bool], str], ...] = (  # whose id, what cannot be, in words
    (Lap, or_(Lap.lap_time_s <= 0, _not_a_number(Lap.lap_time_s)), "its lap time is not a time"),
    (Lap, Lap.ended_us < Lap.started_us, "it ended before it started"),
    (Lap, or_(Lap.kind.not_in(_KINDS), Lap.kind_override.not_in(_KINDS)), "its kind is unknown"),
    (Lap, or_(Lap.lap_number < 0, Lap.frames < 0), "its number or its count of frames is negative"),
    (Lap, and_(Lap.ended_us.is_(None), Lap.sealed), "it is sealed and not over"),
    (
        Lap,
        and_(Lap.ended_us.is_(None), exists().where(Session.id == Lap.session_id, Session.status == "completed")),
        "it is open and its session is over",
    ),
    (Session, Session.ended_at < Session.started_at, "it ended before it started"),
    (Event, Event.end_date < Event.start_date, "it ended before it started"),
    (Track, or_(Track.length_m <= 0, _not_a_number(Track.length_m)), "its length is not a length"),
)
_IMPOSSIBLE_FRAME = or_(
    _outside(TelemetryFrame.normalized_position, 0, 1),
    _outside(TelemetryFrame.throttle, 0, 1),
    _outside(TelemetryFrame.brake, 0, 1),
    _outside(TelemetryFrame.steering, -1, 1),
    *(_outside_catalogue(column) for column in (TelemetryFrame.speed, TelemetryFrame.rpm, TelemetryFrame.gear)),
    TelemetryFrame.timestamp_us < 0,
    TelemetryFrame.lap_time_ms < 0,
    TelemetryFrame.lap_number < 0,
)


def _impossible_values(connection: Connection) -> Iterator[Fault]:
    for model, condition, words in _IMPOSSIBLE:
        table = model.__tablename__
        for (identifier,) in connection.execute(select(model.id).where(condition).order_by(model.id)):
            yield Fault("impossible_value", f"{table} {identifier}: {words}.", table, identifier)
    bad = or_(LapTrace.samples < 0, LapTrace.rate_hz < 0, _not_a_number(LapTrace.rate_hz))
    for key, channel in connection.execute(select(LapTrace.lap_key, LapTrace.channel).where(bad)):
        message = f"channel '{channel}' of the lap with key {key}: its rate or its length is impossible."
        yield Fault("impossible_value", message, "lap_trace", f"{key}, {channel}")


def _impossible_frames(connection: Connection) -> Iterator[Fault]:
    query = select(TelemetryFrame.session_key, func.count()).where(_IMPOSSIBLE_FRAME)
    for key, count in connection.execute(query.group_by(TelemetryFrame.session_key)):
        message = f"{counted(count, 'telemetry frame')} of the session with key {key}: values outside their range."
        yield Fault("impossible_value", message, "telemetry_frame", str(key))


def _dead_letters(connection: Connection) -> Iterator[Fault]:
    query = select(DeadLetter.source, DeadLetter.reason, func.count(), func.min(DeadLetter.id))
    for source, reason, count, first in connection.execute(query.group_by(DeadLetter.source, DeadLetter.reason)):
        why = " ".join(reason.split()).rstrip(".")  # one line a fault
        message = f"{counted(count, 'message')} from {source} could not be taken: {why}."
        yield Fault("dead_letter", message, "dead_letter", first)


def _count(connection: Connection, *conditions: ColumnElement[bool]) -> int:
    return connection.scalar(select(func.count()).select_from(TelemetryFrame).where(*conditions)) or 0


def counted(count: int, noun: str) -> str:
    """A count in words.

    Example:
        >>> counted(1, "row"), counted(1200, "row")
        ('1 row', '1,200 rows')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


ROW_CHECKS: tuple[tuple[str, Callable[[Connection], Iterator[Fault]]], ...] = (
    ("telemetry frames without their session", _lost_frames),
    ("laps without frames", _laps_without_frames),
    ("frames without laps", _frames_without_laps),
    ("overlapping laps", _overlapping_laps),
    ("impossible values", _impossible_values),
    ("impossible values of telemetry frames", _impossible_frames),
    ("unsealed laps", _unsealed_laps),
    ("dead letters", _dead_letters),
)
"""What is looked for in rows, in words, and how."""
