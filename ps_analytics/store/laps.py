"""Finding laps and reading one: a sealed lap from its traces, an open one from its batches, in the same shape."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import polars as pl
from sqlalchemy import Connection, bindparam, case, func

from ps_analytics.errors import CorruptTrace, NotFound, UnknownChannel
from ps_analytics.lap import SECTION_IDS, LapKind, LapSection, Trace
from ps_analytics.lap import Lap as ReadLap
from ps_analytics.store import sealing, sections
from ps_analytics.store.models import Lap, LapTrace, Session, Track
from ps_analytics.store.rows import LAP_COLUMNS, LapRow
from ps_analytics.store.scope import Reading, Rows, Scope
from ps_analytics.store.traces import COLUMNS, in_catalogue_order, unpack
from ps_analytics.store.track_cache import TrackCache
from ps_analytics.track import TrackModel

_log = logging.getLogger(__name__)

KIND = func.coalesce(Lap.kind_override, Lap.kind)
"""A lap's kind, the user's word first."""
VALID = func.coalesce(Lap.valid_override, Lap.valid)
"""Whether a lap is valid, the user's word first."""
BY_USER = "set by you"
"""The reason of a validity the user chose."""
_REASON = case((Lap.valid_override.is_not(None), BY_USER), else_=Lap.valid_reason)
BEST = "best"
"""What means the fastest lap in place of an id."""
_MANY = 150
"""Rows from which on it pays to make a frame column by column."""
_HINT = "Run `psa laps` to list yours."

MADE: dict[str, tuple[str, ...]] = {
    "timestamp": ("timestamp",),
    "lap_number": (),
    "distance": ("distance", "normalized_position", "speed"),
}
"""What a lap's frames have also where the source gives no such channel, and the channels that it is made of."""

LAPS: dict[str, Any] = {
    "lap_id": pl.String, "session_id": pl.String, "lap_number": pl.Int64, "source_lap_number": pl.Int64,
    "lap_time_s": pl.Float64, "time_source": pl.String, "kind": pl.String, "valid": pl.Boolean,
    "valid_reason": pl.String, "started_us": pl.Int64, "ended_us": pl.Int64, "frames": pl.Int64,
    "sealed": pl.Boolean, "flags": pl.List(pl.String), "sectors_s": pl.List(pl.Float64), "track": pl.String,
    "car": pl.String, "session_name": pl.String, "event_id": pl.String, "started_at": pl.Datetime("us", "UTC"),
    "notes": pl.String, "owner": pl.String,
}  # fmt: skip
"""The columns of `find_laps`."""
CHANNELS: dict[str, Any] = {"lap_id": pl.String, "channel": pl.String, "unit": pl.String, "rate_hz": pl.Float64}
"""The columns of `find_channels`."""
_COLUMNS = (
    Lap.id,
    Lap.session_id,
    Lap.lap_number,
    Lap.source_lap_number,
    Lap.lap_time_s,
    Lap.time_source,
    KIND.label("kind"),
    VALID.label("valid"),
    _REASON.label("valid_reason"),
    Lap.started_us,
    Lap.ended_us,
    Lap.frames,
    Lap.sealed,
    Lap.flags,
    Lap.sectors_s,
    Session.track,
    Session.car,
)


def find_laps(connection: Connection, scope: Reading, conditions: Sequence[Any]) -> pl.DataFrame:
    """The laps that meet the conditions: newest session first, its laps in order."""
    order = (Session.started_us.desc(), Session.session_key.desc(), Lap.lap_number)
    return _found(connection, scope.once(_seen).where(*conditions).order_by(*order))


def find_best_laps(connection: Connection, scope: Reading, conditions: Sequence[Any]) -> pl.DataFrame:
    """The fastest lap that counts of each session, among those that meet the conditions: the fastest of all first."""
    order = (Lap.lap_time_s, Lap.started_us, Lap.lap_key)
    counting = (KIND == "timed", VALID.is_(True), Lap.lap_time_s > 0)
    laps = _found(connection, scope.once(_seen).where(*counting, *conditions).order_by(*order))
    return laps.unique("session_id", keep="first", maintain_order=True)


def find_channels(connection: Connection, scope: Reading, lap_ids: Sequence[str]) -> pl.DataFrame:
    """The channels sealed laps were recorded with: the columns of `Store.find_channels`."""
    columns = (Lap.id, LapTrace.channel, LapTrace.unit, LapTrace.rate_hz)
    rows = [tuple(row) for row in connection.execute(scope.traces(*columns).where(Lap.id.in_(lap_ids)))]
    rows.sort(key=lambda row: (lap_ids.index(row[0]), in_catalogue_order(row[1])))
    return pl.DataFrame(rows, schema=CHANNELS, orient="row")


def _seen(scope: Reading) -> Rows:
    """The laps, with what the user sees of each: the columns of `find_laps`."""
    of_session = (Session.name, scope.private(Session.event_id), Session.started_at)
    return scope.laps(*_COLUMNS, *of_session, scope.private(Lap.notes, ""), Session.user_id)


def _found(connection: Connection, statement: Rows) -> pl.DataFrame:
    rows = [(*row[:13], raised(row.flags), *row[14:]) for row in connection.execute(statement)]
    if len(rows) < _MANY:
        return pl.DataFrame(rows, schema=LAPS, orient="row")
    columns: dict[str, Any] = dict(zip(LAPS, zip(*rows, strict=True), strict=True))
    columns |= {name: _lists(columns[name], kind.inner) for name, kind in LAPS.items() if isinstance(kind, pl.List)}
    return pl.DataFrame(columns, schema=LAPS)


def _lists(values: Iterable[Sequence[Any] | None], inner: Any) -> pl.Series:
    """Lists as a column, made of all their elements in one go: one by one they take ten times as long."""
    lists = [one or () for one in values]
    rows = pl.int_range(len(lists), eager=True).alias("row")
    of_row = np.repeat(rows.to_numpy(), np.array([len(one) for one in lists], np.int64))
    flat = pl.DataFrame({"row": of_row, "list": pl.Series([one for some in lists for one in some], dtype=inner)})
    full = flat.group_by("row", maintain_order=True).agg("list")
    return rows.to_frame().join(full, on="row", how="left", maintain_order="left")["list"].fill_null([])


def conditions(*, kind: str | None, valid: bool | None, lap_ids: Sequence[str] | None = None) -> list[Any]:
    """The conditions on a lap for filters that are given; both see the user's word first.

    Raises:
        ValueError: no such kind.
    """
    found: list[Any] = []
    if kind is not None:
        found.append(LapKind(kind).value == KIND)
    if valid is not None:
        found.append(VALID.is_(valid))
    if lap_ids is not None:
        found.append(Lap.id.in_(lap_ids))
    return found


def raised(flags: dict[str, Any]) -> list[str]:
    """The names of the flags that stand, sorted."""
    return sorted(name for name, value in flags.items() if value)


def resolve_lap(connection: Connection, scope: Reading, text: str, conditions: Sequence[Any]) -> str:
    """The id of the lap a text means: a lap id, `SESSION:NUMBER`, or `best` among those that meet the conditions.

    Raises:
        NotFound: no such lap.
    """
    if text == BEST:
        statement = scope.laps(Lap.id).where(KIND == "timed", VALID.is_(True), Lap.lap_time_s.is_not(None), *conditions)
        statement = statement.order_by(Lap.lap_time_s, Lap.started_us, Lap.lap_key).limit(1)
        hint = "There is no timed and valid lap yet."
    elif ":" in text:
        session_id, _, number = text.rpartition(":")
        if not number.isdecimal():
            raise NotFound("lap", text, hint="Write SESSION:NUMBER, for example the session's id, ':' and 3.")
        statement = scope.laps(Lap.id).where(Lap.session_id == session_id, Lap.lap_number == int(number[:9]))
        hint = _HINT
    else:
        statement, hint = scope.laps(Lap.id).where(Lap.id == text), _HINT
    found = connection.scalar(statement)
    if found is None:
        raise NotFound("lap", text, hint=hint)
    return str(found)


def read_lap(
    connection: Connection,
    scope: Reading,
    lap_id: str,
    channels: Sequence[str] | None,
    *,
    tracks: TrackCache | None = None,
    lenient: bool = False,
) -> ReadLap:
    """One lap with the channels asked for (None: all) and, given the cache of tracks, its track's model.

    Args:
        connection: to look with.
        scope: whose.
        lap_id: the lap's.
        channels: names; those of sections may be among them.
        tracks: None leaves the model out.
        lenient: leave out the channels it was not recorded with instead of refusing.

    Raises:
        NotFound: no such lap.
        UnknownChannel: it does not have a channel asked for.
        CorruptTrace: a channel asked for fails its checks.
    """
    row = connection.execute(scope.once(lap_by_id), {"lap_id": lap_id}).first()
    if row is None:
        raise NotFound("lap", lap_id, hint=_HINT)
    is_cut = row.cut_by is not None and row.cut_by == row.revision
    cut_into = sections.read(connection, scope, row.lap_key) if is_cut else ()
    wanted, clock_only = _without_sections(channels, refuse=not cut_into and not lenient)
    flags, read = dict(row.flags), _sealed if row.sealed else _open
    traces = read(connection, scope, row, {"speed"} if clock_only else wanted, flags, lenient=lenient or clock_only)
    model = tracks.model(connection, scope, row.track_id, row.revision) if tracks and row.track_id else None
    lap = lap_of(row, traces, flags=flags, track_model=model, sections=cut_into)
    if clock_only:
        return lap.clocked() if traces else lap
    return lap if wanted is None else _narrowed(lap, wanted, lenient=lenient)


def lap_of(
    row: Any,
    traces: Mapping[str, Trace],
    *,
    flags: Mapping[str, object],
    track_model: TrackModel | None = None,
    sections: tuple[LapSection, ...] = (),
) -> ReadLap:
    """The lap of a row of `lap_by_id` with these channels."""
    return ReadLap(
        lap_id=row.id,
        session_id=row.session_id,
        lap_number=row.lap_number,
        lap_time_s=row.lap_time_s,
        kind=LapKind(row.kind),
        valid=row.valid,
        started_us=row.started_us,
        ended_us=row.ended_us,
        session_started_us=row.origin_us,
        time_source=row.time_source,
        source_lap_number=row.source_lap_number,
        valid_reason=row.valid_reason,
        flags=MappingProxyType(dict(flags)),
        sectors_s=tuple(row.sectors_s),
        track=row.track,
        car=row.car,
        track_length_m=row.track_length_m,
        track_model=track_model,
        traces=MappingProxyType(dict(traces)),
        sections=sections,
    )


def _without_sections(channels: Sequence[str] | None, *, refuse: bool) -> tuple[set[str] | None, bool]:
    """The channels to read, and whether only columns of sections are asked for, which need a clock and no channel.

    Raises:
        UnknownChannel: columns of sections are asked for and refused: the lap is not cut.
    """
    if channels is None:
        return None, False
    ids = SECTION_IDS.keys() & set(channels)
    if ids and refuse:
        raise UnknownChannel(min(ids), known=())
    wanted = set(channels) - ids
    return wanted, bool(ids) and wanted <= {"timestamp", "lap_number"}


def _narrowed(lap: ReadLap, wanted: set[str], *, lenient: bool) -> ReadLap:
    """The lap without the channels that were read only to make others."""
    traces = lap.traces
    if wanted | {"timestamp"} >= traces.keys() and ("distance" in traces or "distance" not in wanted):
        return lap
    names = sorted(wanted.difference(("timestamp", "lap_number")), key=in_catalogue_order)
    return lap.select(*(name for name in names if not lenient or name in traces))


def lap_by_id(scope: Reading) -> Rows:
    """A lap with its session and track, by its `lap_id`."""
    columns = (Lap.lap_key, Session.session_key, Session.started_us.label("origin_us"), Session.channels, Lap.cut_by)
    track = (Track.id.label("track_id"), Track.length_m.label("track_length_m"), Track.revision)
    return scope.laps_on_tracks(*_COLUMNS, *columns, *track).where(Lap.id == bindparam("lap_id"))


def _traces(scope: Reading) -> Rows:
    return scope.traces(*COLUMNS).where(LapTrace.lap_key == bindparam("lap_key"))


def _some_traces(scope: Reading) -> Rows:
    return _traces(scope).where(LapTrace.channel.in_(bindparam("channels", expanding=True)))


def _sealed(
    connection: Connection, scope: Reading, lap: Any, wanted: set[str] | None, flags: dict[str, Any], *, lenient: bool
) -> dict[str, Trace]:
    if wanted is None:
        rows = connection.execute(scope.once(_traces), {"lap_key": lap.lap_key}).all()
    else:
        some = {"lap_key": lap.lap_key, "channels": sorted(_sources_of(wanted))}
        rows = connection.execute(scope.once(_some_traces), some).all()
    if wanted is not None and not lenient and not wanted.difference(MADE).issubset(row.channel for row in rows):
        known = connection.scalars(scope.traces(LapTrace.channel).where(LapTrace.lap_key == lap.lap_key)).all()
        _refuse_absent(wanted, known)
    sources = {channel["name"]: channel for channel in lap.channels or ()}
    start_s = (lap.started_us - lap.origin_us) / 1e6
    traces: dict[str, Trace] = {}
    for row in sorted(rows, key=lambda row: in_catalogue_order(row.channel)):
        try:
            traces[row.channel] = unpack(row, lap_id=lap.id, lap_start_s=start_s, source=sources.get(row.channel))
        except CorruptTrace as error:
            if row.channel == "timestamp" or (wanted is not None and row.channel in wanted):
                raise
            _log.warning("%s", error)
            flags.setdefault("damaged", []).append(row.channel)
    return traces


def _open(
    connection: Connection, scope: Reading, lap: Any, wanted: set[str] | None, _flags: dict[str, Any], *, lenient: bool
) -> dict[str, Trace]:
    row = connection.execute(scope.laps(*LAP_COLUMNS).where(Lap.lap_key == lap.lap_key)).one()
    found = sealing.gather(connection, scope, LapRow(*row))
    if not lenient:
        _refuse_absent(wanted, found)
    read = None if wanted is None else _sources_of(wanted)
    return {name: found[name] for name in sorted(found, key=in_catalogue_order) if read is None or name in read}


def _sources_of(wanted: set[str]) -> set[str]:
    """The traces to read for some channels: theirs, the clock, and those a channel the lap makes is made of."""
    return wanted.union(MADE["timestamp"], *(MADE[name] for name in wanted.intersection(MADE)))


def _refuse_absent(wanted: set[str] | None, known: Iterable[str]) -> None:
    absent = (wanted or set()).difference(known, MADE)
    if absent:
        raise UnknownChannel(min(absent), known=sorted(known))


def set_override(connection: Connection, scope: Scope, lap_id: str, kind: str | None, valid: bool | None) -> None:
    """Put the user's word on a lap above what was found; None takes it back.

    Raises:
        NotFound: no such lap.
    """
    values = {"kind_override": None if kind is None else LapKind(kind).value, "valid_override": valid}
    changed = connection.execute(scope.update(Lap).where(Lap.id == lap_id).values(**values))
    if changed.rowcount == 0:
        raise NotFound("lap", lap_id, hint=_HINT)
