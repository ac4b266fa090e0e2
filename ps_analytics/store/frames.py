"""Frames on their way in: batches as received and the seed's ten columns as rows; and batches read back.

Every write is idempotent: a batch or a row that is there already stays as it is.
"""

import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

import numpy as np
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from ps_analytics.channels.catalog import CATALOG
from ps_analytics.lap import Trace
from ps_analytics.proto.batch import Batch, Channels, Column, Extra
from ps_analytics.proto.codec import MISSING_INT, SEED_COLUMNS, decode, to_catalog

Received = tuple[int, Batch, bytes]
"""A session's key, a batch of it, and the batch as it came."""

_VALUES = SEED_COLUMNS[1:]
_ROW = ("session_key", "timestamp_us", "seq", *_VALUES)
_WIRE_TYPES = {
    "session_key": ">i8", "timestamp_us": ">i8", "seq": ">i8", "throttle": ">f4", "brake": ">f4", "steering": ">f4",
    "speed": ">f4", "gear": ">i2", "rpm": ">f4", "lap_time_ms": ">i4", "lap_number": ">i4",
    "normalized_position": ">f4",
}  # fmt: skip
"""How PostgreSQL's binary COPY wants each column of `telemetry_frame`."""
_COPY_HEADER = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
_COPY_TRAILER = struct.pack(">h", -1)
_HEAD = ("session_key", "first_seq", "last_seq", "first_us", "last_us", "payload")
_BATCH = struct.Struct(">hiqiqiqiqiqi")
"""A row of `telemetry_batch` up to its payload: the number of fields, and the length before each."""
_NAMES = {"telemetry_frame": _ROW, "telemetry_batch": _HEAD}
_ROWS_A_STATEMENT = 50
"""SQLite takes rows in statements of so many in half the time of one by one."""


def _insert(table: str, rows: int = 1) -> str:
    names = _NAMES[table]
    values = f"({', '.join('?' * len(names))})"
    return f"INSERT OR IGNORE INTO {table} ({', '.join(names)}) VALUES {', '.join([values] * rows)}"


_SQLITE_BATCHES, _SQLITE_ROW = _insert("telemetry_batch"), _insert("telemetry_frame")
_SQLITE_MANY_ROWS = _insert("telemetry_frame", _ROWS_A_STATEMENT)
_GEAR_LIMIT = 2**15


def write_batches(connection: Connection, received: Sequence[Received]) -> None:
    """Write batches and their rows, inside the caller's transaction."""
    if not received:
        return
    heads = [
        (key, b.first_seq, b.next_seq - 1, int(b.timestamp_us.min()), int(b.timestamp_us.max()), payload)
        for key, b, payload in received
    ]
    rows = _columns([(key, batch) for key, batch, _ in received])
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(_SQLITE_BATCHES, heads)
        _insert_rows(connection, rows)
    else:
        _copy(connection, {"telemetry_batch": _batch_buffer(heads), "telemetry_frame": copy_buffer(rows)})


def write_rows(connection: Connection, batches: Sequence[tuple[int, Batch]]) -> None:
    """Write the rows of `telemetry_frame` of some batches, inside the caller's transaction."""
    rows = _columns(batches)
    if connection.dialect.name == "sqlite":
        _insert_rows(connection, rows)
    else:
        _copy(connection, {"telemetry_frame": copy_buffer(rows)})


def _columns(batches: Sequence[tuple[int, Batch]]) -> dict[str, Column]:
    """The columns of `telemetry_frame` of all batches, one array each."""
    lengths = np.array([len(batch) for _, batch in batches])
    begins = np.cumsum(lengths) - lengths
    keys = np.array([key for key, _ in batches], np.int64)
    seqs = np.array([batch.first_seq for _, batch in batches], np.int64)
    columns: dict[str, Column] = {
        "session_key": np.repeat(keys, lengths),
        "timestamp_us": np.concatenate([batch.timestamp_us for _, batch in batches]),
        "seq": np.repeat(seqs - begins, lengths) + np.arange(lengths.sum()),
    }
    for name in _VALUES:
        parts = [batch.columns.get(name) for _, batch in batches]
        columns[name] = np.concatenate(
            [
                _absent(name, len(batch)) if part is None else part
                for part, (_, batch) in zip(parts, batches, strict=True)
            ]
        )
    gear = columns["gear"]  # a small integer on PostgreSQL
    columns["gear"] = np.where((gear > -_GEAR_LIMIT) & (gear < _GEAR_LIMIT), gear, np.int32(MISSING_INT))
    return {name: columns[name] for name in _ROW}


def _absent(name: str, length: int) -> Column:
    real = _WIRE_TYPES[name].endswith("f4")
    return np.full(length, np.nan if real else MISSING_INT, np.float32 if real else np.int32)


def _insert_rows(connection: Connection, columns: Mapping[str, Column]) -> None:
    cells = list(chain.from_iterable(zip(*(_cells(columns[name]) for name in _ROW), strict=True)))
    many, one = _ROWS_A_STATEMENT * len(_ROW), len(_ROW)
    whole = len(cells) // many * many
    for statement, first, end, size in ((_SQLITE_MANY_ROWS, 0, whole, many), (_SQLITE_ROW, whole, len(cells), one)):
        if first < end:
            parameters = [tuple(cells[at : at + size]) for at in range(first, end, size)]
            connection.exec_driver_sql(statement, parameters)


def _cells(values: Column) -> list[Any]:
    """The values as Python has them; the driver stores NaN as NULL."""
    cells: list[Any] = values.tolist()
    if values.dtype == np.int32 and (values == MISSING_INT).any():
        return [None if cell == MISSING_INT else cell for cell in cells]
    return cells


def copy_buffer(columns: Mapping[str, Column]) -> bytes:
    """The rows as PostgreSQL's binary COPY reads them, without header and trailer.

    A missing value has no bytes, so rows that miss the same columns are laid out together.
    Layout: https://www.postgresql.org/docs/15/sql-copy.html, "Binary Format".
    """
    pattern = np.zeros(len(columns["seq"]), np.int64)
    for bit, name in enumerate(_VALUES):
        values = columns[name]
        pattern |= (np.isnan(values) if values.dtype.kind == "f" else values == MISSING_INT).astype(np.int64) << bit
    if (pattern == pattern[0]).all():
        return _fixed_rows(columns, int(pattern[0]))
    return b"".join(
        _fixed_rows({name: values[pattern == missing] for name, values in columns.items()}, int(missing))
        for missing in np.unique(pattern)
    )


def _fixed_rows(columns: Mapping[str, Column], missing: int) -> bytes:
    absent = {name for bit, name in enumerate(_VALUES) if missing >> bit & 1}
    layout: list[tuple[str, str]] = [("fields", ">i2")]
    for name in _ROW:
        layout.append((f"{name} size", ">i4"))
        if name not in absent:
            layout.append((name, _WIRE_TYPES[name]))
    rows = np.empty(len(columns["seq"]), np.dtype(layout))
    rows["fields"] = len(_ROW)
    for name in _ROW:
        rows[f"{name} size"] = -1 if name in absent else np.dtype(_WIRE_TYPES[name]).itemsize
        if name not in absent:
            rows[name] = columns[name]
    return rows.tobytes()


def _batch_buffer(heads: Iterable[tuple[int, int, int, int, int, bytes]]) -> bytes:
    """The rows of `telemetry_batch` as PostgreSQL's binary COPY reads them."""
    pack = _BATCH.pack
    return b"".join(
        part
        for key, first, last, first_us, last_us, payload in heads
        for part in (pack(6, 8, key, 8, first, 8, last, 8, first_us, 8, last_us, len(payload)), payload)
    )


def _copy(connection: Connection, tables: Mapping[str, bytes]) -> None:
    """COPY into tables; if a row is there already, all through temporary tables that keep what is there."""
    from psycopg.errors import UniqueViolation

    savepoint = connection.begin_nested()
    try:
        for table, rows in tables.items():
            _copy_into(connection, table, _NAMES[table], rows)
        savepoint.commit()
    except UniqueViolation:
        savepoint.rollback()
        for table, rows in tables.items():
            arriving = f"arriving_{table}"
            connection.exec_driver_sql(
                f"CREATE TEMPORARY TABLE IF NOT EXISTS {arriving} (LIKE {table}) ON COMMIT DELETE ROWS"
            )
            connection.exec_driver_sql(f"TRUNCATE {arriving}")
            _copy_into(connection, arriving, _NAMES[table], rows)
            connection.exec_driver_sql(f"INSERT INTO {table} SELECT * FROM {arriving} ON CONFLICT DO NOTHING")


def _copy_into(connection: Connection, table: str, names: Sequence[str], rows: bytes) -> None:
    from psycopg import Error
    from psycopg.errors import UniqueViolation

    driver: Any = connection.connection.driver_connection
    statement = f"COPY {table} ({', '.join(names)}) FROM STDIN (FORMAT BINARY)"
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            copy.write(_COPY_HEADER + rows + _COPY_TRAILER)
    except UniqueViolation:
        raise
    except Error as error:  # the driver's own, for SQLAlchemy knows no COPY: from here on it is like any other
        raise DBAPIError.instance(statement, None, error, Error, dialect=connection.dialect) from error


def read_batches(rows: Iterable[Any]) -> list[Batch]:
    """The batches in rows of `telemetry_batch`, in the order given."""
    return [decode(bytes(row.payload)) for row in rows]


def merged(batches: Sequence[Batch]) -> Batch | None:
    """One batch of all, in the order of time; a frame whose sequence number came twice is in it once.

    A channel some batches lack is missing there. None if there is no frame.
    """
    parts: list[Batch] = []
    slices: list[slice] = []
    next_seq = -1
    for batch in sorted(batches, key=lambda batch: batch.first_seq):
        known = max(0, next_seq - batch.first_seq)
        if known < len(batch):
            parts.append(batch)
            slices.append(slice(known, None))
            next_seq = batch.next_seq
    if not parts:
        return None
    lengths = [len(part) - cut.start for part, cut in zip(parts, slices, strict=True)]
    return _in_order(_concatenated(parts, slices, lengths))


def _concatenated(parts: Sequence[Batch], slices: Sequence[slice], lengths: Sequence[int]) -> Batch:
    def join(found: Sequence[Column | None]) -> Column:
        dtype = np.result_type(*(values for values in found if values is not None))
        missing = np.nan if dtype.kind == "f" else MISSING_INT
        return np.concatenate(
            [
                np.full(length, missing, dtype) if values is None else values[cut]
                for values, cut, length in zip(found, slices, lengths, strict=True)
            ]
        )

    last = parts[-1]
    columns = {name: None for part in parts for name in part.columns}
    return replace(
        last,
        timestamp_us=join([part.timestamp_us for part in parts]),
        columns={name: join([part.columns.get(name) for part in parts]) for name in columns},
        extras=_channels_of_all(parts, slices) or _extras_of_all(parts, join),
        first_seq=parts[0].first_seq + slices[0].start,
    )


def _channels_of_all(parts: Sequence[Batch], slices: Sequence[slice]) -> Channels | None:
    """The other channels of all parts in one go, if all have the same."""
    cuts: list[Channels] = []
    for part, cut in zip(parts, slices, strict=True):
        if not isinstance(part.extras, Channels):
            return None
        cuts.append(part.extras.taken(cut) if cut.start else part.extras)
    return cuts[0].followed_by(cuts[1:])


def _extras_of_all(parts: Sequence[Batch], join: Callable[[Sequence[Column | None]], Column]) -> dict[str, Extra]:
    extras = {name: extra for part in parts for name, extra in part.extras.items()}
    return {
        name: Extra(join([_values(part, name) for part in parts]), extra.unit, extra.rate_hz)
        for name, extra in extras.items()
    }


def _values(part: Batch, name: str) -> Column | None:
    extra = part.extras.get(name)
    return None if extra is None else extra.values


def _in_order(batch: Batch) -> Batch:
    if (np.diff(batch.timestamp_us) >= 0).all():
        return batch
    return batch.taken(np.argsort(batch.timestamp_us, kind="stable"))


def traces_from_batches(
    batches: Sequence[Batch], *, session_started_us: int, started_us: int, ended_us: int | None
) -> dict[str, Trace]:
    """The channels of a lap out of its session's batches, by name, `timestamp` first; empty if it has no frame.

    Args:
        batches: in any order, overlapping or not.
        session_started_us: the session's first frame, UTC microseconds.
        started_us: the lap's start, UTC microseconds; a frame at it belongs to the lap.
        ended_us: its end, which belongs to the next lap; None takes every frame from the start on.
    """
    batch = merged(batches)
    if batch is None:
        return {}
    first = int(np.searchsorted(batch.timestamp_us, started_us, side="left"))
    last = len(batch) if ended_us is None else int(np.searchsorted(batch.timestamp_us, ended_us, side="left"))
    if last <= first:
        return {}
    return _traces(batch.taken(slice(first, last)), session_started_us)


def _traces(batch: Batch, session_started_us: int) -> dict[str, Trace]:
    clock = (batch.timestamp_us - session_started_us) / 1e6
    start_s, rate_hz = float(clock[0]), float(batch.rate_hz or 60.0)
    traces = {"timestamp": Trace("timestamp", "s", rate_hz, start_s, clock)}
    units = {name: extra.unit or None for name, extra in batch.extras.items()}
    for name, values in to_catalog(batch).items():
        if name != "timestamp_us":
            unit = CATALOG[name].unit if name in CATALOG else units[name]
            traces[name] = Trace(name, unit, rate_hz, start_s, _narrowed(name, values))
    return traces


def _narrowed(name: str, values: Column) -> Column:
    """Float32, which is what sensors are worth, except where it is too coarse: places on Earth and long clocks."""
    if values.dtype == np.float32 or name in ("latitude", "longitude"):
        return values
    if CATALOG.get(name) is not None and CATALOG[name].unit == "s" and np.fmax.reduce(values, initial=0.0) > 4096.0:
        return values
    return values.astype(np.float32)
