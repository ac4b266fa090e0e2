"""The tracks of a user: reading, writing and changing their models; each change counts the row's revision up."""

from collections.abc import Callable
from typing import Any

import polars as pl
from sqlalchemy import Connection, bindparam, exists, insert

from ps_analytics.errors import BadTrack, NotFound
from ps_analytics.lap import SectionKind
from ps_analytics.store.columns import new_id
from ps_analytics.store.laps import KIND, VALID, raised
from ps_analytics.store.models import Lap, LapSection, LapTrace, Session, Track
from ps_analytics.store.scope import Scope, uncut
from ps_analytics.track import TrackModel

TRACKS: dict[str, Any] = {
    "name": pl.String, "length_m": pl.Float64, "corners": pl.Int64, "sectors": pl.Int64, "laps_used": pl.Int64,
    "algo_version": pl.String, "edited": pl.Boolean,
}  # fmt: skip
"""The columns of `find_tracks`."""
FASTEST: dict[str, Any] = {
    "lap_id": pl.String, "lap_time_s": pl.Float64, "car": pl.String, "flags": pl.List(pl.String),
    "has_position": pl.Boolean,
}  # fmt: skip
"""The columns of `find_fastest_laps`."""
UNCUT: dict[str, Any] = {"lap_id": pl.String, "revision": pl.Int64}
"""The columns of `find_uncut_laps`."""
_PLACES = ("x", "latitude")
_HINT = "Run `psa track list` to list yours."
_LEARN = "Nothing is learned of it yet; `psa track learn` does it."


def find_tracks(connection: Connection, scope: Scope) -> pl.DataFrame:
    """The user's tracks by name; one whose model does not read has no corners and no sectors."""
    columns = (Track.name, Track.length_m, Track.model, Track.laps_used, Track.algo_version, Track.edited)
    rows = []
    for row in connection.execute(scope.tracks(*columns).order_by(Track.name)):
        parts = row.model if isinstance(row.model, dict) else {}
        counts = [len(parts[name]) if isinstance(parts.get(name), list) else None for name in ("corners", "sectors")]
        rows.append((row.name, row.length_m, *counts, len(row.laps_used or ()), row.algo_version, row.edited))
    return pl.DataFrame(rows, schema=TRACKS, orient="row")


def read_track(connection: Connection, scope: Scope, name: str) -> TrackModel:
    """The model of the user's track of this name.

    Raises:
        NotFound: no such track, or nothing is learned of it.
        BadTrack: what is stored is no model.
    """
    row = connection.execute(scope.tracks(Track.model).where(Track.name == name)).first()
    if row is None or row.model is None:
        raise NotFound("track", name, hint=_HINT if row is None else _LEARN)
    return TrackModel.from_json(row.model)


def write_track(connection: Connection, scope: Scope, track: TrackModel, *, edited: bool | None = None) -> None:
    """Keep a model as the user's track of its name. Laps stay cut where no border moved; else they are to be cut anew.

    Args:
        connection: in a transaction.
        scope: whose.
        track: the model; it has a name.
        edited: whether the user had a hand in it; None leaves that as it is.

    Raises:
        BadTrack: it has no name, or makes no sense.
    """
    if not track.name:
        raise BadTrack("this track model", reason="it has no name.")
    model = track.to_json()
    TrackModel.from_json(model)  # nothing is kept that would not read
    facts: dict[str, Any] = {
        "length_m": track.length_m,
        "model": model,
        "algo_version": track.algo_version,
        "laps_used": list(track.laps_used),
    }
    if edited is not None:
        facts["edited"] = edited
    columns = (Track.id, Track.revision, Track.model)
    row = connection.execute(scope.tracks(*columns).where(Track.name == track.name)).first()
    if row is None:
        connection.execute(insert(Track).values(id=new_id(), user_id=scope.user, name=track.name, **facts))
        return
    same = row.model == model
    revision = row.revision if same else row.revision + 1
    connection.execute(scope.update(Track).where(Track.id == row.id).values(revision=revision, **facts))
    before = None if same else _readable(row.model)
    if before is not None and _borders(before) == _borders(track):
        _carry(connection, scope, before, track, row.revision)


def change(connection: Connection, scope: Scope, name: str, how: Callable[[TrackModel], TrackModel]) -> TrackModel:
    """The user's track of this name as he has it from now on.

    Raises:
        NotFound: no such track, or nothing is learned of it.
        BadTrack: it cannot be like that.
    """
    changed = how(read_track(connection, scope, name))
    write_track(connection, scope, changed, edited=True)
    return changed


def note_line(connection: Connection, scope: Scope, name: str, offset_m: float) -> None:
    """Note that the user moved the line by so much more."""
    mine = scope.tracks(Track.start_finish).where(Track.name == name)
    before = (connection.scalar(mine) or {}).get("offset_m", 0.0)
    moved = {"offset_m": before + offset_m}
    connection.execute(scope.update(Track).where(Track.name == name).values(start_finish=moved))


def delete_track(connection: Connection, scope: Scope, name: str) -> None:
    """Delete a track; its laps stay, uncut, with only the sector times their source stated.

    Raises:
        NotFound: no such track.
    """
    if connection.execute(scope.delete(Track).where(Track.name == name)).rowcount == 0:
        raise NotFound("track", name, hint=_HINT)
    uncut_sessions(connection, scope, Session.track == name)


def uncut_sessions(connection: Connection, scope: Scope, *conditions: Any) -> None:
    """Take back what the laps of the user's sessions that meet the conditions were cut into."""
    within = exists().where(Session.id == Lap.session_id, Session.user_id == scope.user, *conditions)
    of_lap = exists().where(Lap.lap_key == LapSection.lap_key, within)
    connection.execute(scope.delete(LapSection).where(of_lap))
    laps = scope.update(Lap).where(within, Lap.cut_by.is_not(None))
    connection.execute(laps.where(Lap.sectors_stated.is_(False)).values(sectors_s=[]))
    connection.execute(laps.values(cut_by=None))


def find_uncut_laps(connection: Connection, scope: Scope, name: str, limit: int | None) -> pl.DataFrame:
    """The sealed laps of a track that are not cut by it as it is now, newest first, and its revision."""
    statement = scope.laps_on_tracks(Lap.id, Track.revision).where(Session.track == name, uncut())
    rows = connection.execute(statement.order_by(Lap.lap_key.desc()).limit(limit)).all()
    return pl.DataFrame([tuple(row) for row in rows], schema=UNCUT, orient="row")


def find_fastest_laps(connection: Connection, scope: Scope, name: str, limit: int) -> pl.DataFrame:
    """The fastest timed and valid sealed laps of a track, of any session and car."""
    placed = exists().where(LapTrace.lap_key == Lap.lap_key, LapTrace.channel.in_(_PLACES))
    statement = scope.laps(Lap.id, Lap.lap_time_s, Session.car, Lap.flags, placed).where(
        Session.track == bindparam("track"),
        KIND == "timed",
        VALID.is_(True),
        Lap.sealed.is_(True),
        Lap.frames > 0,
        Lap.lap_time_s > 0,
    )
    statement = statement.order_by(Lap.lap_time_s, Lap.lap_key).limit(limit)
    rows = connection.execute(statement, {"track": name})
    found = [(lap_id, time_s, car, raised(flags), has) for lap_id, time_s, car, flags, has in rows]
    return pl.DataFrame(found, schema=FASTEST, orient="row")


def _readable(model: Any) -> TrackModel | None:
    try:
        return TrackModel.from_json(model)
    except BadTrack:
        return None


def _borders(track: TrackModel) -> tuple[Any, ...]:
    """What laps are cut by."""
    corners = [(corner.number, corner.start_m, corner.end_m, corner.nominal) for corner in track.corners]
    return track.length_m, corners, [(sector.number, sector.start_m, sector.end_m) for sector in track.sectors]


def _names(track: TrackModel) -> dict[tuple[str, int], str]:
    """What the parts of a track are called, by kind and number."""
    corners = {(SectionKind.CORNER.value, corner.number): corner.name for corner in track.corners}
    return corners | {(SectionKind.SECTOR.value, sector.number): sector.name for sector in track.sectors}


def _carry(connection: Connection, scope: Scope, before: TrackModel, after: TrackModel, revision: int) -> None:
    """Laps that were cut by a revision of the same borders are cut by the next one, with its names."""
    within = exists().where(Session.id == Lap.session_id, Session.user_id == scope.user, Session.track == after.name)
    of_lap = exists().where(Lap.lap_key == LapSection.lap_key, within)
    for (kind, number), name in _names(after).items() - _names(before).items():
        section = (LapSection.kind == kind, LapSection.number == number, of_lap)
        connection.execute(scope.update(LapSection).where(*section).values(name=name))
    connection.execute(scope.update(Lap).where(within, Lap.cut_by == revision).values(cut_by=revision + 1))
