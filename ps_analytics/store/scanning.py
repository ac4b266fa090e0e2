"""The season path: one column a channel over many laps, lazily; a few laps are decoded at a time."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray
from polars.io.plugins import register_io_source
from sqlalchemy import Connection, case, func, null

from ps_analytics.channels.catalog import CATALOG
from ps_analytics.errors import NotFound, UnknownChannel
from ps_analytics.lap import SECTION_IDS, LapSection, column_dtype, section_column, section_ids
from ps_analytics.store import laps as laps_
from ps_analytics.store import sections
from ps_analytics.store.engine import Database
from ps_analytics.store.models import Lap, LapTrace, Session
from ps_analytics.store.scope import Reading
from ps_analytics.store.traces import COLUMNS, unpack_into

_IDS_A_QUERY = 10_000
"""PostgreSQL takes 65,535 parameters a statement, SQLite 32,766."""
_TRACES_A_CHUNK = 256
"""About 1.4 million samples of 90 s at 60 Hz: little memory, and few queries over a season."""

Dtypes = dict[str, type[np.float32] | type[np.float64] | type[np.int32]]
"""What columns are made of; int32 are those of sections, 0 outside all of them."""
POLARS = {np.float32: pl.Float32, np.float64: pl.Float64, np.int32: pl.Int32}


class ScannedLap(NamedTuple):
    """A lap whose samples are wanted."""

    key: int
    id: str
    sealed: bool
    started_us: int
    origin_us: int
    session_id: str
    kind: str


_SCANNED = (Lap.lap_key, Lap.id, Lap.sealed, Lap.started_us, Session.started_us, Lap.session_id, laps_.KIND)


def scan(
    database: Database, scope: Reading, channels: Sequence[str], laps: pl.DataFrame | Sequence[str] | None
) -> pl.LazyFrame:
    """Samples of many laps, lazily: columns `lap_id` and one a channel, in the order the laps were recorded.

    A few laps at a time are one query ordered by lap, decoded straight into one array a channel. The connection goes
    back before the samples are handed on, so no transaction is open while the reader thinks.

    Args:
        database: where the laps are.
        scope: whose.
        channels: names, of sections too.
        laps: lap ids, or a frame with a column `lap_id`; None means every sealed lap of the user.

    Raises:
        NotFound: no such lap.
        UnknownChannel: none of the laps has a channel of this name.
    """
    ids = None if laps is None else list(laps["lap_id"] if isinstance(laps, pl.DataFrame) else laps)
    with database.read() as connection:
        found = find(connection, scope, ids)
        dtypes = dtypes_of(connection, scope, channels, found)
    schema = pl.Schema({"lap_id": pl.String, **{name: POLARS[dtype] for name, dtype in dtypes.items()}})

    return lazily(schema, lambda columns: _frames(database, scope, found, dtypes, columns))


def lazily(schema: pl.Schema, frames: Callable[[list[str]], Iterator[pl.DataFrame]]) -> pl.LazyFrame:
    """A lazy frame of what a function reads part by part, given the columns that are wanted."""

    def source(
        with_columns: list[str] | None, predicate: pl.Expr | None, n_rows: int | None, _batch_size: int | None
    ) -> Iterator[pl.DataFrame]:
        left = n_rows
        for frame in frames(list(schema) if with_columns is None else with_columns):
            part = frame if left is None else frame.head(left)
            yield part if predicate is None else part.filter(predicate)
            if left is not None:
                left -= len(part)
                if left <= 0:
                    return

    return register_io_source(source, schema=schema, validate_schema=True)


def find(connection: Connection, scope: Reading, ids: list[str] | None) -> list[ScannedLap]:
    """The laps of these ids, or every sealed one, in the order they were recorded.

    Raises:
        NotFound: no such lap.
    """
    statement = scope.laps(*_SCANNED).order_by(Lap.lap_key)
    if ids is None:
        return [ScannedLap(*row) for row in connection.execute(statement.where(Lap.sealed.is_(True)))]
    found = [
        ScannedLap(*row)
        for first in range(0, len(ids), _IDS_A_QUERY)
        for row in connection.execute(statement.where(Lap.id.in_(ids[first : first + _IDS_A_QUERY])))
    ]
    known = {lap.id for lap in found}
    for lap_id in ids:
        if lap_id not in known:
            raise NotFound("lap", lap_id, hint="Take the ids of `find_laps`.")
    return sorted(set(found))


def find_of_session(connection: Connection, scope: Reading, session_id: str) -> list[ScannedLap]:
    """The sealed laps of a session, in order."""
    statement = scope.laps(*_SCANNED).where(Session.id == session_id, Lap.sealed.is_(True))
    return [ScannedLap(*row) for row in connection.execute(statement.order_by(Lap.started_us, Lap.lap_key))]


def dtypes_of(connection: Connection, scope: Reading, channels: Sequence[str], laps: list[ScannedLap]) -> Dtypes:
    """What each channel's column is made of.

    Raises:
        UnknownChannel: none of the laps has it.
    """
    return {
        name: np.int32 if name in SECTION_IDS else column_dtype(name, _stored_dtype(connection, scope, name, laps))
        for name in dict.fromkeys(channels)
    }


def _stored_dtype(connection: Connection, scope: Reading, name: str, laps: list[ScannedLap]) -> str:
    if name in laps_.MADE or (name in CATALOG and not laps):
        return "float32"
    one = name in CATALOG  # its dtype is the catalogue's: whether there is one is all there is to know
    for first in range(0, len(laps), _IDS_A_QUERY):
        keys = [lap.key for lap in laps[first : first + _IDS_A_QUERY]]
        statement = scope.traces(LapTrace.dtype if one else func.max(LapTrace.dtype))  # float32 < float64 < int32
        found = connection.scalar(statement.where(LapTrace.channel == name, LapTrace.lap_key.in_(keys)).limit(1))
        if found is not None:
            return str(found)
    if any(not lap.sealed for lap in laps):
        return "float32"  # it may be in a lap that is still being driven
    raise UnknownChannel(name, known=sorted({*_stored_channels(connection, scope, laps), *laps_.MADE}))


def _stored_channels(connection: Connection, scope: Reading, laps: list[ScannedLap]) -> set[str]:
    """The channels of the laps."""
    found: set[str] = set()
    for first in range(0, len(laps), _IDS_A_QUERY):
        keys = [lap.key for lap in laps[first : first + _IDS_A_QUERY]]
        found.update(connection.scalars(scope.traces(LapTrace.channel).distinct().where(LapTrace.lap_key.in_(keys))))
    return found


def _frames(
    database: Database, scope: Reading, laps: list[ScannedLap], dtypes: Dtypes, columns: list[str]
) -> Iterator[pl.DataFrame]:
    for some in chunks(laps, len(dtypes)):
        with database.read() as connection:
            frame = read(connection, scope, some, dtypes, columns)
        yield frame


def chunks(laps: list[ScannedLap], channels: int) -> Iterator[list[ScannedLap]]:
    """The laps, so many at a time as are read in one go."""
    size = max(1, _TRACES_A_CHUNK // max(1, channels))
    for first in range(0, len(laps), size):
        yield laps[first : first + size]


class _Piece(NamedTuple):
    """What a lap gives: rows of `lap_trace` by channel that share one clock, or a frame that was put on one."""

    lap: ScannedLap
    length: int
    rows: dict[str, Any]
    sections: tuple[LapSection, ...] = ()
    frame: pl.DataFrame | None = None


def read(
    connection: Connection, scope: Reading, laps: list[ScannedLap], dtypes: Dtypes, columns: list[str]
) -> pl.DataFrame:
    """The samples of laps in one frame; those of the channels among `dtypes` that are no columns tell the clocks."""
    pieces = list(_pieces(connection, scope, laps, list(dtypes), columns))
    total = sum(piece.length for piece in pieces)
    arrays: dict[str, NDArray[Any]] = {name: np.empty(total, dtypes[name]) for name in columns if name != "lap_id"}
    start = 0
    for piece in pieces:
        for name, column in arrays.items():
            _fill(piece, name, column[start : start + piece.length])
        start += piece.length
    made = {
        name: section_column(name, values) if name in SECTION_IDS else pl.Series(name, values, nan_to_null=True)
        for name, values in arrays.items()
    }
    if "lap_id" in columns:
        parts = [pl.repeat(piece.lap.id, piece.length, dtype=pl.String, eager=True) for piece in pieces]
        made["lap_id"] = pl.concat(parts) if parts else pl.Series([], dtype=pl.String)
    return pl.DataFrame({name: made[name] for name in columns})


def _pieces(
    connection: Connection, scope: Reading, laps: list[ScannedLap], names: list[str], columns: list[str]
) -> Iterator[_Piece]:
    """The laps that have something to give. The clock of a lap depends on all `names`, also on those not read."""
    channels = [name for name in names if name not in SECTION_IDS]
    cut = len(channels) < len(names)
    clock = ["timestamp"] * cut + ["speed"] * (not channels)  # what tells when the samples of a section were taken
    read = [name for name in names if name in columns] + ["timestamp"] * cut
    described = COLUMNS if set(read) >= {*channels, *clock} else _without_data(read)
    keys = [lap.key for lap in laps if lap.sealed]
    statement = scope.traces(LapTrace.lap_key, *described).where(
        LapTrace.lap_key.in_(keys), LapTrace.channel.in_([*channels, *clock])
    )
    rows: dict[int, dict[str, Any]] = {}
    for row in connection.execute(statement.order_by(LapTrace.lap_key)):
        rows.setdefault(row.lap_key, {})[row.channel] = row
    cut_into = sections.read_many(connection, scope, keys) if cut else {}
    for lap in laps:
        given = rows.get(lap.key, {})
        found = {name: row for name, row in given.items() if name in channels}
        clocks = {(row.samples, row.rate_hz) for row in (found or given).values()}
        makes = [name for name in channels if name in laps_.MADE and name not in found]
        if found and "timestamp" in makes:
            makes.remove("timestamp")  # the rate of the others tells it
        if lap.sealed and len(clocks) < 2 and not makes:
            if clocks and (found or not channels):
                yield _Piece(lap, clocks.pop()[0], given, cut_into.get(lap.key, ()))
        elif (
            frame := _on_one_clock(connection, scope, lap, {*(found if lap.sealed else channels), *makes})
        ) is not None:
            yield _Piece(lap, len(frame), {}, frame=frame)


def _without_data(read: list[str]) -> tuple[Any, ...]:
    data = case((LapTrace.channel.in_(read), LapTrace.data), else_=null()).label("data")
    return (*(column for column in COLUMNS if column is not LapTrace.data), data)


def _on_one_clock(connection: Connection, scope: Reading, lap: ScannedLap, names: set[str]) -> pl.DataFrame | None:
    """The frames of the lap with those of the channels it has; None if it has none of them."""
    while names:
        try:
            return laps_.read_lap(connection, scope, lap.id, sorted(names)).frames
        except UnknownChannel as unknown:
            names = names - {unknown.name}
    return None


def _fill(piece: _Piece, name: str, out: NDArray[Any]) -> None:
    if name in SECTION_IDS:
        out[:] = _section_ids(piece, name)
    elif piece.frame is not None:
        out[:] = piece.frame[name].to_numpy() if name in piece.frame.columns else np.nan
    elif (row := piece.rows.get(name)) is None:
        out[:] = _times(piece) if name == "timestamp" else np.nan
    elif row.dtype == out.dtype.name:
        unpack_into(row, out, lap_id=piece.lap.id)
    else:
        values = np.empty(row.samples, row.dtype)
        unpack_into(row, values, lap_id=piece.lap.id)
        out[:] = values


def _section_ids(piece: _Piece, name: str) -> NDArray[np.int32] | int:
    """The sections of a kind the samples of a piece lie in, as the lap's frames have them; 0 outside."""
    if piece.frame is not None:
        return piece.frame[name].fill_null(0).to_numpy() if name in piece.frame.columns else 0
    if not piece.sections:
        return 0
    time_us = piece.lap.origin_us + np.rint(_times(piece) * 1e6).astype(np.int64)
    return section_ids(piece.sections, SECTION_IDS[name], time_us)


def _times(piece: _Piece) -> NDArray[np.float64]:
    """When the samples of a piece were taken, in s since the session's first frame."""
    clock = piece.rows.get("timestamp")
    if clock is not None and clock.samples == piece.length:
        times = np.empty(clock.samples, clock.dtype)
        unpack_into(clock, times, lap_id=piece.lap.id)
        return np.asarray(times, np.float64)
    base = piece.rows["speed"] if "speed" in piece.rows else next(iter(piece.rows.values()))
    start_s = (piece.lap.started_us - piece.lap.origin_us) / 1e6 + base.start_offset_s
    return np.asarray(start_s + np.arange(piece.length) / base.rate_hz)
