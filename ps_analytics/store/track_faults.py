"""What can be wrong with tracks and with the sections of laps: one function a kind of fault.

Tracks and laps are named by id and number only: their names are their owner's.
"""

import math
from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Update, and_, case, func, or_, select, union_all, update

from ps_analytics.errors import BadTrack
from ps_analytics.store.faults import Fault, counted
from ps_analytics.store.models import Lap, LapSection, Session, Track
from ps_analytics.store.scope import uncut
from ps_analytics.track import TrackModel

OURS_S, STATED_S = 1e-6, 0.01
"""So far sector times may sum beside the lap time: ours, and a source's, each rounded by itself."""


def bad_tracks(connection: Connection) -> Iterator[Fault]:
    """Tracks whose model does not read."""
    statement = select(Track.id, Track.model).where(Track.algo_version.is_not(None)).order_by(Track.id)
    for track_id, model in connection.execute(statement):
        try:
            TrackModel.from_json(model)
        except BadTrack as error:
            message = f"the model of track {track_id} does not read: {error.reason}"
            yield Fault("bad_track", message, "track", track_id)


def bad_sections(connection: Connection) -> Iterator[Fault]:
    """Laps whose sections overlap or leave the lap."""
    for _, lap_id, number, session_id in connection.execute(_badly_cut()):
        message = f"lap {number} of session {session_id}: its sections overlap, or do not lie in it."
        yield Fault("bad_sections", message, "lap_section", lap_id, fixable=True)


def bad_sector_times(connection: Connection) -> Iterator[Fault]:
    """Laps whose sector times do not sum to their lap time."""
    for lap_id, number, session_id, stated in _wrong_sums(connection):
        message = f"lap {number} of session {session_id}: its sector times do not sum to its lap time."
        yield Fault("bad_sector_times", message, "lap", lap_id, fixable=not stated)


def uncut_laps(connection: Connection) -> Iterator[Fault]:
    """Tracks by which laps of sessions that are over are still to be cut."""
    statement = _uncut(Track.id, func.count()).group_by(Track.id).order_by(Track.id)
    for track_id, count in connection.execute(statement):
        message = f"{counted(count, 'lap')} of track {track_id} to be cut into its sections."
        yield Fault("uncut_laps", message, "track", track_id, fixable=True)


def uncut_tracks() -> Select[str, str]:
    """The query of user and name of each track by which laps are still to be cut."""
    return _uncut(Track.user_id, Track.name).distinct().order_by(Track.user_id, Track.name)


def take_back_sections(connection: Connection) -> list[Update]:
    """The statements after which laps that are cut badly, or have wrong sector times of ours, are to be cut anew."""
    keys = [row.lap_key for row in connection.execute(_badly_cut())]
    ids = [lap_id for lap_id, _, _, stated in _wrong_sums(connection) if not stated]
    wrong = or_(Lap.lap_key.in_(keys), Lap.id.in_(ids))
    return [update(Lap).where(wrong, Lap.cut_by.is_not(None)).values(cut_by=None)] if keys or ids else []


def _uncut(*columns: Any) -> Select[Any]:
    joined = select(*columns).select_from(Track)
    joined = joined.join(Session, and_(Session.user_id == Track.user_id, Session.track == Track.name))
    return joined.join(Lap, Lap.session_id == Session.id).where(uncut(), Session.status != "recording")


def _badly_cut() -> Select[int, str, int, str]:
    """The laps whose sections overlap or leave the lap; a section through the line is two stretches."""
    wraps = LapSection.ended_us < LapSection.started_us
    stretches = union_all(
        _stretches(LapSection.started_us, case((wraps, Lap.ended_us), else_=LapSection.ended_us)),
        _stretches(Lap.started_us, LapSection.ended_us).where(wraps),
    ).subquery()
    columns = stretches.c
    before = func.max(columns.end).over(
        partition_by=(columns.lap_key, columns.kind), order_by=(columns.start, columns.end), rows=(None, -1)
    )
    ordered = select(columns.lap_key, columns.start, columns.end, before.label("reached")).subquery()
    outside = or_(ordered.c.start < Lap.started_us, ordered.c.end > Lap.ended_us)
    joined = select(Lap.lap_key, Lap.id, Lap.lap_number, Lap.session_id).join(ordered, ordered.c.lap_key == Lap.lap_key)
    bad = joined.where(or_(ordered.c.start < ordered.c.reached, outside)).distinct()
    return bad.order_by(Lap.session_id, Lap.lap_number)


def _stretches(start: ColumnElement[int] | Any, end: ColumnElement[int] | Any) -> Select[Any]:
    columns = (LapSection.lap_key, LapSection.kind, start.label("start"), end.label("end"))
    joined = select(*columns).select_from(LapSection).join(Lap, Lap.lap_key == LapSection.lap_key)
    return joined.where(Lap.cut_by.is_not(None))


def _wrong_sums(connection: Connection) -> Iterator[tuple[str, int, str, bool]]:
    """Id, number, session and whether the source stated it, of each lap whose sector times sum to something else."""
    columns = (Lap.id, Lap.lap_number, Lap.session_id, Lap.sectors_stated, Lap.sectors_s, Lap.lap_time_s)
    timed = select(*columns).where(Lap.lap_time_s.is_not(None), or_(Lap.cut_by.is_not(None), Lap.sectors_stated))
    for lap_id, number, session_id, stated, sectors_s, lap_time_s in connection.execute(timed.order_by(Lap.lap_key)):
        if not sectors_s:
            continue
        known = all(isinstance(one, float | int) for one in sectors_s)
        off = abs(math.fsum(sectors_s) - lap_time_s) if known else math.inf
        if not off <= (STATED_S if stated else OURS_S):
            yield lap_id, number, session_id, stated
