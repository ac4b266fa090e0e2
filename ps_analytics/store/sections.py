"""The sections of laps: written when a lap is cut by its track, read beside its channels."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Delete, Update, bindparam, insert

from ps_analytics.lap import Lap as ReadLap
from ps_analytics.lap import LapSection, SectionKind
from ps_analytics.store import models
from ps_analytics.store.models import Lap, Track
from ps_analytics.store.rows import LapRow
from ps_analytics.store.scope import Reading, Rows, Scope

_KINDS = tuple(SectionKind)
_SECTION = (
    models.LapSection.kind,
    models.LapSection.number,
    models.LapSection.name,
    models.LapSection.start_m,
    models.LapSection.end_m,
    models.LapSection.started_us,
    models.LapSection.ended_us,
)


def read(connection: Connection, scope: Reading, lap_key: int) -> tuple[LapSection, ...]:
    """The sections of a lap cut by its track as it is now, in the order of kind and start."""
    return _in_order(connection.execute(scope.once(_of_lap), {"lap": lap_key}))


def read_many(connection: Connection, scope: Reading, lap_keys: Sequence[int]) -> dict[int, tuple[LapSection, ...]]:
    """The sections of those of the laps that are cut by their track as it is now, by lap key."""
    statement = scope.sections(models.LapSection.lap_key, *_SECTION)
    rows: dict[int, list[Any]] = {}
    for key, *row in connection.execute(statement.where(models.LapSection.lap_key.in_(lap_keys))):
        rows.setdefault(key, []).append(row)
    return {key: _in_order(found) for key, found in rows.items()}


def write(
    connection: Connection,
    scope: Scope,
    row: LapRow,
    lap: ReadLap,
    sections: Iterable[LapSection],
    *,
    revision: int,
    sectors_s: Sequence[float],
) -> bool:
    """Write what a lap was cut into by a revision of its track, in place of what is there.

    False, and nothing is written, if the lap or its track is no longer what it was cut by. Sector times that the source
    stated stay.
    """
    current = connection.execute(scope.once(_state), {"lap": row.key}).one()
    was = (lap.started_us, lap.ended_us, lap.lap_time_s)
    if not row.sealed or was != (row.started_us, row.ended_us, row.lap_time_s) or current.revision != revision:
        return False
    connection.execute(scope.once(_delete), {"lap": row.key})
    written = [
        {
            "lap_key": row.key,
            "kind": section.kind.value,
            "number": section.number,
            "name": section.name,
            "start_m": section.start_m,
            "end_m": section.end_m,
            "started_us": section.started_us,
            "ended_us": section.ended_us,
        }
        for section in sections
    ]
    if written:
        connection.execute(insert(models.LapSection), written)
    told = current.sectors_s if current.sectors_stated else list(sectors_s)
    connection.execute(scope.once(_mark_cut), {"lap": row.key, "revision": revision, "sectors": told})
    return True


def _of_lap(scope: Reading) -> Rows:
    return scope.sections(*_SECTION).where(models.LapSection.lap_key == bindparam("lap"))


def _state(scope: Scope) -> Rows:
    return scope.laps_on_tracks(Track.revision, Lap.sectors_stated, Lap.sectors_s).where(
        Lap.lap_key == bindparam("lap")
    )


def _delete(scope: Scope) -> Delete:
    return scope.delete(models.LapSection).where(models.LapSection.lap_key == bindparam("lap"))


def _mark_cut(scope: Scope) -> Update:
    values: dict[str, Any] = {"cut_by": bindparam("revision"), "sectors_s": bindparam("sectors")}
    return scope.update(Lap).where(Lap.lap_key == bindparam("lap")).values(**values)


def _in_order(rows: Iterable[Any]) -> tuple[LapSection, ...]:
    found = [LapSection(SectionKind(kind), *others) for kind, *others in rows if kind in _KINDS]
    return tuple(sorted(found, key=lambda section: (_KINDS.index(section.kind), section.start_m, section.number)))
