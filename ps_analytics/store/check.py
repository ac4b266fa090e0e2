"""What is wrong in a database, over all its users, without a word of what they own; and mending what is safe to mend.

The rows are named by id, key and number only: names, notes and drivers are their owner's.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    ForeignKeyConstraint,
    Table,
    and_,
    delete,
    exists,
    func,
    inspect,
    or_,
    select,
    update,
)

from ps_analytics.errors import PurpleSectorError
from ps_analytics.lap import LapKind
from ps_analytics.plugins import Plugins
from ps_analytics.store import schema
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
_SLACK = 1e-3  # what float32 and a game's rounding add to a range
_NAN, _INFINITY = float("nan"), float("inf")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: `code` for programs, `message` for people, `table` and `id` to find it."""

    code: str
    message: str
    table: str
    id: str
    fixable: bool = False

    def as_dict(self) -> dict[str, Any]:
        """The finding as JSON has it."""
        return asdict(self)


Seal = Callable[[str, str], None]
"""Seals a lap: called with its user and its id."""


def check(engine: Engine, plugins: Plugins) -> list[Finding]:
    """Everything that is wrong, in the order of the checks; empty if all is well.

    Raises:
        SchemaOutdated: the core's tables are not those of this version.
        DatabaseUnreachable: nobody answers, or the URL is wrong.
    """
    schema.ensure(engine)
    with schema.reading(engine) as connection:
        known = schema.branches(plugins)
        current = [branch for branch in known if (branch.current(connection),) == branch.heads()]
        findings = [_behind(branch) for branch in known if branch not in current]
        for branch in current:
            findings += _structure(connection, branch)
        if any(finding.code in ("missing_table", "missing_column") for finding in findings):
            return findings  # the rows cannot be asked for
        for branch in current:
            for constraint in _references(branch):
                findings += _orphans(connection, constraint)
        for rows in ROW_CHECKS:
            findings += rows(connection)
        return findings


def repair(engine: Engine, plugins: Plugins, seal: Seal) -> list[PurpleSectorError]:
    """Mend what is safe: create missing indexes, delete orphans, seal closed laps. What could not be sealed, and why.

    Raises:
        SchemaOutdated: the core's tables are not those of this version.
        DatabaseUnreachable: nobody answers, or the URL is wrong.
    """
    found = check(engine, plugins)
    known = schema.branches(plugins)
    with schema.exclusive(engine) as connection:
        missing = {finding.id for finding in found if finding.code == "missing_index"}
        for index in (
            index for branch in known for table in branch.metadata.tables.values() for index in table.indexes
        ):
            if index.name in missing:
                index.create(connection)
        there = set(inspect(connection).get_table_names())
        for constraint in (constraint for branch in known for constraint in _references(branch)):
            if {constraint.table.name, constraint.referred_table.name} <= there:
                _mend_orphans(connection, constraint)
        for key in _lost_frame_keys(connection):
            connection.execute(delete(TelemetryFrame).where(TelemetryFrame.session_key == key))
        closed = connection.execute(_unsealed(Session.user_id, Lap.id)).all()
    refused: list[PurpleSectorError] = []
    for user_id, lap_id in closed:
        try:
            seal(user_id, lap_id)
        except PurpleSectorError as error:
            refused.append(error)
    return refused


def _behind(branch: schema.Branch) -> Finding:
    message = f"the tables of plugin '{branch.name}' are not those of its version. Run `psa db push`."
    return Finding("plugin_outdated", message, branch.version_table, branch.name)


def _structure(connection: Connection, branch: schema.Branch) -> Iterator[Finding]:
    """Tables, columns, indexes and keys of the models that the database does not have."""
    for kind, table, name in schema.missing(connection, branch):
        remedy = "" if kind == "index" else " Restore a backup, or `psa db reset`."
        yield Finding(f"missing_{kind}", f"{kind} '{name}' is missing.{remedy}", table, name, fixable=kind == "index")


def _references(branch: schema.Branch) -> list[ForeignKeyConstraint]:
    """Every reference between tables, owners before what they own."""
    return [
        constraint
        for table in branch.metadata.sorted_tables
        for constraint in sorted(table.foreign_key_constraints, key=lambda constraint: str(constraint.name))
    ]


def _dangling(constraint: ForeignKeyConstraint) -> ColumnElement[bool]:
    """The rows that refer to a row that is not there."""
    owner: Table = constraint.referred_table.alias()  # type: ignore[assignment]  # a table may refer to itself
    pairs = [(element.parent, owner.c[element.column.name]) for element in constraint.elements]
    return and_(
        *(column.is_not(None) for column, _ in pairs),
        ~exists().where(*(target == column for column, target in pairs)),
    )


def _orphans(connection: Connection, constraint: ForeignKeyConstraint) -> Iterator[Finding]:
    columns = list(constraint.columns)
    query = select(func.count(), *columns).where(_dangling(constraint)).group_by(*columns)
    table, target = constraint.table.name, constraint.referred_table.name
    for count, *values in connection.execute(query):
        lost = ", ".join(map(str, values))
        message = f"{_counted(count, 'row')} of {table} of a {target} that is not there ({columns[0].name} {lost})."
        fixable = constraint.ondelete in ("CASCADE", "SET NULL")
        yield Finding("orphan", message, table, lost, fixable=fixable)


def _mend_orphans(connection: Connection, constraint: ForeignKeyConstraint) -> None:
    """Do to the orphans what the database does when their owner is deleted."""
    if constraint.ondelete == "CASCADE":
        connection.execute(delete(constraint.table).where(_dangling(constraint)))
    elif constraint.ondelete == "SET NULL":
        nothing = {column.name: None for column in constraint.columns}
        connection.execute(update(constraint.table).where(_dangling(constraint)).values(nothing))


def _lost_frame_keys(connection: Connection) -> list[int]:
    """The session keys in telemetry_frame that no session has; steps from key to key instead of reading every row."""
    steps = select(func.min(TelemetryFrame.session_key).label("key")).cte("steps", recursive=True)
    following = select(func.min(TelemetryFrame.session_key)).where(TelemetryFrame.session_key > steps.c.key)
    steps = steps.union_all(select(following.scalar_subquery()).where(steps.c.key.is_not(None)))
    unknown = ~exists().where(Session.session_key == steps.c.key)
    return list(connection.scalars(select(steps.c.key).where(steps.c.key.is_not(None), unknown)))


def _lost_frames(connection: Connection) -> Iterator[Finding]:
    for key in _lost_frame_keys(connection):
        count = _count(connection, TelemetryFrame.session_key == key)
        message = f"{_counted(count, 'telemetry frame')} of a session that is not there (session_key {key})."
        yield Finding("orphan", message, "telemetry_frame", str(key), fixable=True)


_FRAME_IN_LAP = exists().where(
    TelemetryFrame.session_key == Session.session_key,
    TelemetryFrame.timestamp_us.between(Lap.started_us, Lap.ended_us),
)
_BATCH_IN_LAP = exists().where(
    TelemetryBatch.session_key == Session.session_key,
    TelemetryBatch.last_us >= Lap.started_us,
    TelemetryBatch.first_us <= Lap.ended_us,
)


def _laps(*columns: Any) -> Any:
    return select(*columns).select_from(Lap).join(Session, Session.id == Lap.session_id)


def _laps_without_frames(connection: Connection) -> Iterator[Finding]:
    stored = exists().where(LapTrace.lap_key == Lap.lap_key)
    empty = _laps(Lap.id, Lap.lap_number, Session.id).where(
        Lap.ended_us.is_not(None), ~stored, ~_FRAME_IN_LAP, ~_BATCH_IN_LAP
    )
    measured: dict[str, bool] = {}
    for lap_id, number, session_id in connection.execute(empty.order_by(Session.session_key, Lap.lap_number)):
        if session_id not in measured:
            measured[session_id] = _has_telemetry(connection, session_id)
        if measured[session_id]:
            message = f"lap {number} of session {session_id} has no telemetry, though its session has."
            yield Finding("lap_without_frames", message, "lap", lap_id)


def _has_telemetry(connection: Connection, session_id: str) -> bool:
    """Whether a session is more than times: it names channels, or some of its laps have samples."""
    key, channels = connection.execute(select(Session.session_key, Session.channels).filter_by(id=session_id)).one()
    samples = (
        exists().where(TelemetryFrame.session_key == key),
        exists().where(TelemetryBatch.session_key == key),
        exists().where(LapTrace.lap_key == Lap.lap_key, Lap.session_id == session_id),
    )
    return bool(channels) or bool(connection.scalar(select(or_(*samples))))


def _frames_without_laps(connection: Connection) -> Iterator[Finding]:
    ended = select(Session.session_key, Session.id).where(Session.status != "recording")
    for key, session_id in connection.execute(ended.order_by(Session.session_key)).all():
        ranges = select(Lap.started_us, Lap.ended_us).filter_by(session_id=session_id).order_by(Lap.started_us)
        count = sum(
            _count(connection, TelemetryFrame.session_key == key, *within)
            for within in _gaps([(started, ended) for started, ended in connection.execute(ranges)])
        )
        if count:
            message = f"{_counted(count, 'telemetry frame')} of session {session_id} belong to no lap."
            yield Finding("frames_without_lap", message, "telemetry_frame", str(key))


def _gaps(ranges: list[tuple[int, int | None]]) -> Iterator[tuple[ColumnElement[bool], ...]]:
    """The conditions on a frame's time between which there is no lap; a lap that is open reaches to the end."""
    at = TelemetryFrame.timestamp_us
    if not ranges:
        yield ()
        return
    yield (at < ranges[0][0],)
    reached: float = -_INFINITY
    for (_, ended), (started, _) in pairwise(ranges):
        reached = max(reached, _INFINITY if ended is None else ended)
        if started > reached + 1:
            yield at > int(reached), at < started
    reached = max(reached, _INFINITY if ranges[-1][1] is None else ranges[-1][1])
    if math.isfinite(reached):
        yield (at > int(reached),)


def _overlapping_laps(connection: Connection) -> Iterator[Finding]:
    before = func.max(Lap.ended_us).over(
        partition_by=Lap.session_id, order_by=(Lap.started_us, Lap.lap_number), rows=(None, -1)
    )
    laps = select(Lap.id, Lap.session_id, Lap.lap_number, Lap.started_us, before.label("reached")).subquery()
    shared = laps.c.reached - laps.c.started_us
    query = select(laps.c.id, laps.c.session_id, laps.c.lap_number, shared).where(shared > _OVERLAP_US)
    for lap_id, session_id, number, microseconds in connection.execute(query.order_by(laps.c.session_id, "lap_number")):
        message = f"lap {number} of session {session_id} starts {microseconds / 1e6:.3f} s before a lap before it ends."
        yield Finding("overlapping_laps", message, "lap", lap_id)


def _unsealed(*columns: Any) -> Any:
    """The laps that are over, have samples, and are not sealed."""
    closed = _laps(*columns).where(Lap.ended_us.is_not(None), Lap.sealed.is_(False))
    return closed.where(or_(_BATCH_IN_LAP, _FRAME_IN_LAP)).order_by(Session.session_key, Lap.lap_number)


def _unsealed_laps(connection: Connection) -> Iterator[Finding]:
    for lap_id, number, session_id in connection.execute(_unsealed(Lap.id, Lap.lap_number, Session.id)):
        message = f"lap {number} of session {session_id} is over and not sealed."
        yield Finding("unsealed_lap", message, "lap", lap_id, fixable=True)


def _not_a_number(column: ColumnElement[Any]) -> ColumnElement[bool]:
    return column.in_((_NAN, _INFINITY, -_INFINITY))


def _outside(column: ColumnElement[Any], low: float, high: float) -> ColumnElement[bool]:
    return ~column.between(low - _SLACK, high + _SLACK)  # PostgreSQL sorts NaN above every number


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
    _outside(TelemetryFrame.speed, -1e6, 1e6),
    _outside(TelemetryFrame.rpm, -1e6, 1e6),
)


def _impossible_values(connection: Connection) -> Iterator[Finding]:
    for model, condition, words in _IMPOSSIBLE:
        table = model.__tablename__
        for (identifier,) in connection.execute(select(model.id).where(condition).order_by(model.id)):
            yield Finding("impossible_value", f"{table} {identifier}: {words}.", table, identifier)
    bad = or_(LapTrace.samples < 0, LapTrace.rate_hz < 0, _not_a_number(LapTrace.rate_hz))
    for key, channel in connection.execute(select(LapTrace.lap_key, LapTrace.channel).where(bad)):
        message = f"channel '{channel}' of the lap with key {key}: its rate or its length is impossible."
        yield Finding("impossible_value", message, "lap_trace", f"{key}, {channel}")


def _impossible_frames(connection: Connection) -> Iterator[Finding]:
    query = select(TelemetryFrame.session_key, func.count()).where(_IMPOSSIBLE_FRAME)
    for key, count in connection.execute(query.group_by(TelemetryFrame.session_key)):
        message = f"{_counted(count, 'telemetry frame')} of the session with key {key}: values outside their range."
        yield Finding("impossible_value", message, "telemetry_frame", str(key))


def _dead_letters(connection: Connection) -> Iterator[Finding]:
    query = select(DeadLetter.source, DeadLetter.reason, func.count(), func.min(DeadLetter.id))
    for source, reason, count, first in connection.execute(query.group_by(DeadLetter.source, DeadLetter.reason)):
        message = f"{_counted(count, 'message')} from {source} could not be taken: {reason}."
        yield Finding("dead_letter", message, "dead_letter", first)


def _count(connection: Connection, *conditions: ColumnElement[bool]) -> int:
    return connection.scalar(select(func.count()).select_from(TelemetryFrame).where(*conditions)) or 0


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


ROW_CHECKS: tuple[Callable[[Connection], Iterator[Finding]], ...] = (
    _lost_frames,
    _laps_without_frames,
    _frames_without_laps,
    _overlapping_laps,
    _impossible_values,
    _impossible_frames,
    _unsealed_laps,
    _dead_letters,
)
