"""What the store is measured against: the ten columns through the bare drivers, and `.npy` files."""

import os
import sqlite3
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ps_analytics.proto.codec import SEED_COLUMNS, Batch


def sqlite_rows(path: Path, batches: Sequence[Batch], per_commit: int) -> Callable[[], None]:
    """Writes the batches' ten columns, made into tuples beforehand, by `sqlite3.executemany`: our settings and key."""
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode = WAL", "synchronous = FULL"):
        connection.execute(f"PRAGMA {pragma}")
    columns = ", ".join(SEED_COLUMNS)
    connection.execute(f"CREATE TABLE frame (run, {columns}, PRIMARY KEY (run, timestamp_us)) WITHOUT ROWID")
    insert = f"INSERT INTO frame (run, {columns}) VALUES ({', '.join('?' * 11)})"
    groups = [_tuples(batches[first : first + per_commit]) for first in range(0, len(batches), per_commit)]
    runs = count()

    def write() -> None:
        run = next(runs)
        for rows in groups:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(insert, [(run, *row) for row in rows])
            connection.execute("COMMIT")

    return write


def _tuples(batches: Sequence[Batch]) -> list[tuple[Any, ...]]:
    return list(zip(*(_joined(batches, name).tolist() for name in SEED_COLUMNS), strict=True))


def _joined(batches: Sequence[Batch], name: str) -> NDArray[Any]:
    return np.concatenate([batch.timestamp_us if name == "timestamp_us" else batch.columns[name] for batch in batches])


def postgres_rows(connection: Any, batches: Sequence[Batch], per_commit: int) -> Callable[[], None]:
    """Writes the batches' ten columns by binary COPY, one buffer a commit, made by NumPy: our key."""
    connection.execute("CREATE TABLE peer_frame (LIKE telemetry_frame INCLUDING ALL)")
    connection.commit()
    names = ("session_key", "seq", *SEED_COLUMNS)
    types = (">i8", ">i8", ">i8", *[">f4"] * 6, ">i2", ">i4", ">i4")
    layout = [("fields", ">i2")]
    for name, kind in zip(names, types, strict=True):
        layout += [(f"{name} size", ">i4"), (name, kind)]
    runs = count()

    def buffer(run: int, group: Sequence[Batch]) -> bytes:
        rows = np.empty(sum(map(len, group)), np.dtype(layout))
        rows["fields"], rows["session_key"], rows["seq"] = len(names), run, 0
        for name, kind in zip(names, types, strict=True):
            rows[f"{name} size"] = np.dtype(kind).itemsize
        for name in SEED_COLUMNS:
            rows[name] = _joined(group, name)
        return b"PGCOPY\n\xff\r\n\0" + bytes(8) + rows.tobytes() + b"\xff\xff"

    def write() -> None:
        run = next(runs)
        copy_in = f"COPY peer_frame ({', '.join(names)}) FROM STDIN (FORMAT BINARY)"
        for first in range(0, len(batches), per_commit):
            with connection.cursor() as cursor, cursor.copy(copy_in) as copy:
                copy.write(buffer(run, batches[first : first + per_commit]))
            connection.commit()

    return write


def save_npy(path: Path, frame: pl.DataFrame) -> None:
    """Write a lap as one `.npy` file, one row a channel, in float32."""
    np.save(path, np.ascontiguousarray(frame.cast(pl.Float32).fill_null(float("nan")).to_numpy().T))


def read_npy(path: Path, names: Sequence[str]) -> pl.DataFrame:
    """The first channels of a `.npy` file, memory-mapped, as a frame."""
    array = np.load(path, mmap_mode="r")
    return pl.DataFrame({name: array[place] for place, name in enumerate(names)})


def save_columns(folder: Path, frame: pl.DataFrame) -> None:
    """Write a lap as one `.npy` file a channel."""
    for column in frame:
        np.save(folder / f"{column.name}.npy", column.fill_null(float("nan")).to_numpy())


def read_columns(folder: Path, names: Sequence[str]) -> pl.DataFrame:
    """Some of these files as a frame."""
    return pl.DataFrame({name: np.load(folder / f"{name}.npy") for name in names})


def scan_npy(paths: Sequence[Path], place: int) -> pl.DataFrame:
    """One channel of many `.npy` files, memory-mapped, as one column."""
    return pl.DataFrame({"speed": np.concatenate([np.load(path, mmap_mode="r")[place] for path in paths])})


def forget(paths: Sequence[Path]) -> None:
    """Ask the system to drop what it caches of these files."""
    for path in paths:
        if path.is_file():
            handle = os.open(path, os.O_RDONLY)
            try:
                os.fsync(handle)
                os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
            finally:
                os.close(handle)
