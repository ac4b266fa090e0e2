"""Frames on their way in: batches as received and the seed's ten columns as rows; and batches read back.

Every write is idempotent: a batch or a row that is there already stays as it is.
"""

import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert as insert_or_keep

from ps_analytics.channels.catalog import CATALOG
from ps_analytics.lap import Trace
from ps_analytics.proto.codec import MISSING_INT, SEED_COLUMNS, Batch, Column, Extra, decode, to_catalog
from ps_analytics.store.models import TelemetryBatch

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
_SQLITE_ROWS = f"INSERT OR IGNORE INTO telemetry_frame ({', '.join(_ROW)}) VALUES ({', '.join('?' * len(_ROW))})"
_SQLITE_BATCHES = (
    "INSERT OR IGNORE INTO telemetry_batch (session_key, first_seq, last_seq, first_us, last_us, payload)"
    " VALUES (?, ?, ?, ?, ?, ?)"
)
_COPY_ROWS = f"COPY {{table}} ({', '.join(_ROW)}) FROM STDIN (FORMAT BINARY)"
_GEAR_LIMIT = 2**15


def write_batches(connection: Connection, received: Sequence[Received]) -> None:
    """Write batches and their rows, inside the caller's transaction."""
    if not received:
        return
    heads = [
        (key, b.first_seq, b.next_seq - 1, int(b.timestamp_us.min()), int(b.timestamp_us.max()), payload)
        for key, b, payload in received
    ]
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(_SQLITE_BATCHES, heads)
    else:
        names = ("session_key", "first_seq", "last_seq", "first_us", "last_us", "payload")
        statement = insert_or_keep(TelemetryBatch).on_conflict_do_nothing()
        connection.execute(statement, [dict(zip(names, head, strict=True)) for head in heads])
    write_rows(connection, [(key, batch) for key, batch, _ in received])


def write_rows(connection: Connection, batches: Sequence[tuple[int, Batch]]) -> None:
    """Write the rows of `telemetry_frame` of some batches, inside the caller's transaction."""
    columns = {name: _joined(batches, name) for name in _ROW}
    if connection.dialect.name == "sqlite":
        cells = [_cells(columns[name]) for name in _ROW]
        connection.exec_driver_sql(_SQLITE_ROWS, list(zip(*cells, strict=True)))
    else:
        _copy(connection, copy_buffer(columns))


def _joined(batches: Sequence[tuple[int, Batch]], name: str) -> Column:
    parts = [_column(key, batch, name) for key, batch in batches]
    return np.concatenate(parts) if len(parts) > 1 else parts[0]


def _column(key: int, batch: Batch, name: str) -> Column:
    if name == "session_key":
        return np.full(len(batch), key, np.int64)
    if name == "timestamp_us":
        return batch.timestamp_us
    if name == "seq":
        return np.arange(batch.first_seq, batch.next_seq, dtype=np.int64)
    values = batch.columns.get(name)
    if values is None:
        real = _WIRE_TYPES[name].endswith("f4")
        return np.full(len(batch), np.nan if real else MISSING_INT, np.float32 if real else np.int32)
    if name == "gear":  # a small integer on PostgreSQL
        return np.where(np.abs(values.astype(np.int64)) < _GEAR_LIMIT, values, MISSING_INT).astype(np.int32)
    return values


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


def _copy(connection: Connection, rows: bytes) -> None:
    """COPY into the table; if a row is there already, through a temporary table that keeps what is there."""
    from psycopg.errors import UniqueViolation

    savepoint = connection.begin_nested()
    try:
        _copy_into(connection, "telemetry_frame", rows)
        savepoint.commit()
    except UniqueViolation:
        savepoint.rollback()
        connection.exec_driver_sql(
            "CREATE TEMPORARY TABLE IF NOT EXISTS arriving_frame (LIKE telemetry_frame) ON COMMIT DELETE ROWS"
        )
        connection.exec_driver_sql("TRUNCATE arriving_frame")
        _copy_into(connection, "arriving_frame", rows)
        connection.exec_driver_sql("INSERT INTO telemetry_frame SELECT * FROM arriving_frame ON CONFLICT DO NOTHING")


def _copy_into(connection: Connection, table: str, rows: bytes) -> None:
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(_COPY_ROWS.format(table=table)) as copy:
        copy.write(_COPY_HEADER + rows + _COPY_TRAILER)


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
    extras = {name: extra for part in parts for name, extra in part.extras.items()}
    return Batch(
        session_id=last.session_id,
        source=last.source,
        timestamp_us=join([part.timestamp_us for part in parts]),
        columns={name: join([part.columns.get(name) for part in parts]) for name in columns},
        extras={
            name: Extra(join([_values(part, name) for part in parts]), extra.unit, extra.rate_hz)
            for name, extra in extras.items()
        },
        first_seq=parts[0].first_seq + slices[0].start,
        rate_hz=last.rate_hz,
        track=last.track,
        car=last.car,
        driver=last.driver,
        live=last.live,
    )


def _values(part: Batch, name: str) -> Column | None:
    extra = part.extras.get(name)
    return None if extra is None else extra.values


def _in_order(batch: Batch) -> Batch:
    if (np.diff(batch.timestamp_us) >= 0).all():
        return batch
    return taken(batch, np.argsort(batch.timestamp_us, kind="stable"))


def taken(batch: Batch, index: NDArray[np.intp] | slice) -> Batch:
    """Some frames of a batch; their sequence numbers count from the batch's own first one."""
    return Batch(
        session_id=batch.session_id,
        source=batch.source,
        timestamp_us=batch.timestamp_us[index],
        columns={name: values[index] for name, values in batch.columns.items()},
        extras={name: Extra(e.values[index], e.unit, e.rate_hz) for name, e in batch.extras.items()},
        first_seq=batch.first_seq,
        rate_hz=batch.rate_hz,
        track=batch.track,
        car=batch.car,
        driver=batch.driver,
        live=batch.live,
    )


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
    return _traces(taken(batch, slice(first, last)), session_started_us)


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
