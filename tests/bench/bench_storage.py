"""Storage against its targets: wire, ingest, sealing, reading, scanning, disk; on SQLite and on PostgreSQL.

A figure is a ratio to its stated peer, measured in turns with it in one run, since machines are shared.
`BENCH_LAPS` is how many laps the season has (2,000).
"""

import gc
import os
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, islice
from operator import attrgetter
from pathlib import Path

import numpy as np
import polars as pl
import psycopg
from sqlalchemy import insert

from ps_analytics.lap import Trace
from ps_analytics.plugins import load_plugins
from ps_analytics.proto.codec import SEED_COLUMNS, decode, frames
from ps_analytics.proto.telemetry_pb2 import TelemetryFrame
from ps_analytics.store import schema
from ps_analytics.store.engine import open_database
from ps_analytics.store.models import LapTrace
from ps_analytics.store.rows import SessionRow
from ps_analytics.store.store import Store
from ps_analytics.store.traces import pack
from tests import postgres
from tests.bench import peers
from tests.bench.recordings import FRAMES, SEED, START_US, STEP_US, messages, stretch
from tests.bench.table import at_least, at_most, cpu_s, heading

LAPS = int(os.environ.get("BENCH_LAPS", "2000"))
CHANNELS = 45
RUNS = 9
Action = Callable[[], object]


def main() -> None:
    """Print every row of the storage targets."""
    heading("The wire")
    decoding()
    with tempfile.TemporaryDirectory(prefix="psbench") as folder, sqlite_place(Path(folder)) as place:
        heading("Storage on SQLite")
        measure(place, per_commit=10, limits=(2.5, 1.5))
    with tempfile.TemporaryDirectory(prefix="psbench") as folder, postgres_place(Path(folder)) as place:
        heading("Storage on PostgreSQL")
        measure(place, per_commit=100, limits=(2, 3))


def measure(place: "Place", *, per_commit: int, limits: tuple[float, float]) -> None:
    """Every row for one database."""
    ingest(place, per_commit, limits)
    sealing(place)
    reading(place)
    disk(place)
    scanning(place)


@dataclass(frozen=True)
class Place:
    """A database to measure, the folder beside it, and the laps sealed so far."""

    store: Store
    folder: Path
    files: Callable[[], list[Path]]
    peer: Callable[..., Action]
    restart: Action
    sealed: list[str] = field(default_factory=list)

    def reopen(self) -> None:
        """Let go of every connection, and of what it caches."""
        self.store._database.close()

    def shrink(self) -> None:
        """Give back the room of what was deleted."""
        engine = self.store._database.engine
        self.reopen()
        if engine.dialect.name == "sqlite":
            with closing(sqlite3.connect(self.folder / "bench.sqlite")) as connection:
                connection.execute("VACUUM")
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        else:
            with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
                connection.exec_driver_sql("VACUUM FULL")

    def size(self) -> int:
        """Bytes of the database."""
        with self.store._database.read() as connection:
            if connection.dialect.name == "sqlite":
                return sum(path.stat().st_size for path in self.files())
            return int(connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one())


@contextmanager
def sqlite_place(folder: Path) -> Iterator[Place]:
    """SQLite in a folder."""

    def files() -> list[Path]:
        return list(folder.glob("bench.sqlite*"))

    with prepared(f"sqlite:///{(folder / 'bench.sqlite').as_posix()}") as store:
        peer = partial(peers.sqlite_rows, folder / "peer.sqlite")
        yield Place(store, folder, files, peer, lambda: peers.forget(files()))


@contextmanager
def postgres_place(folder: Path) -> Iterator[Place]:
    """PostgreSQL as it comes: every commit is synced."""
    with (
        postgres.server("max_wal_size=4GB") as server,
        prepared(server.url) as store,
        psycopg.connect(server.url.replace("+psycopg", "")) as connection,
    ):

        def restart() -> None:
            server.stop()
            peers.forget(list(server.data.rglob("*")))
            server.start()

        yield Place(store, folder, list, partial(peers.postgres_rows, connection), restart)


@contextmanager
def prepared(url: str) -> Iterator[Store]:
    """A store of a user on a database with the core's tables."""
    database = open_database(url)
    schema.push(database.engine, load_plugins(()))
    with Store(database, "bench") as store:
        yield store


def in_turns(ours: Action, peer: Action, *, runs: int = RUNS, clock: Callable[[], float] = time.perf_counter) -> float:
    """How many times as long ours takes: the median over runs in turns, after one warm-up."""
    taken: tuple[list[float], list[float]] = ([], [])
    for run in range(runs + 1):
        for times, action in zip(taken, (ours, peer), strict=True):
            gc.collect()
            before = clock()
            action()
            if run:
                times.append(clock() - before)
    return statistics.median(taken[0]) / statistics.median(taken[1])


def decoding() -> None:
    """Batches of 60 frames to columns, against single messages whose ten attributes are read into the same columns."""
    sent = list(messages(stretch(1, len(SEED_COLUMNS) - 1)))
    payloads = [payload for _, payload in sent] * 5
    single = [[frame.SerializeToString() for frame in frames(batch)] for batch, _ in sent] * 5
    attributes = attrgetter(*SEED_COLUMNS)

    def one_by_one() -> None:
        for group in single:
            rows = [attributes(TelemetryFrame.FromString(payload)) for payload in group]
            for values, name in zip(zip(*rows, strict=True), SEED_COLUMNS, strict=True):
                np.array(values, sent[0][0].columns[name].dtype if name != "timestamp_us" else np.int64)

    def batches() -> None:
        for payload in payloads:
            decode(payload)

    faster = in_turns(one_by_one, batches, runs=15, clock=time.process_time)
    at_least("decode batches of 60, 10 ch, against attributes of single frames", faster, 6)


def new_sessions(store: Store, count: int) -> Iterator[SessionRow]:
    """Sessions that are recording."""
    with store.transaction() as transaction:
        return iter([transaction.open_session(source="bench", started_us=START_US) for _ in range(count)])


def write(store: Store, session: SessionRow, payloads: Sequence[bytes], per_commit: int) -> None:
    """What the daemon does with messages: decode, batches, rows and position, so many messages a commit."""
    for first in range(0, len(payloads), per_commit):
        group = payloads[first : first + per_commit]
        with store.transaction() as transaction:
            batches = [(session, decode(payload), payload) for payload in group]
            transaction.write_all(batches)
            transaction.set_offset("bench", 0, batches[-1][1].next_seq)


def ingest(place: Place, per_commit: int, limits: tuple[float, float]) -> None:
    """45 channels to rows, batches and position, against the ten columns alone; then the same again as duplicates."""
    laps = [messages(stretch(number, CHANNELS), first_seq=number * FRAMES) for number in range(3)]
    sent = list(islice(chain(*laps), 200))
    payloads = [payload for _, payload in sent]
    fresh = new_sessions(place.store, 2 * RUNS + 3)
    written = next(fresh)
    write(place.store, written, payloads, per_commit)

    def first_time() -> None:
        write(place.store, next(fresh), payloads, per_commit)

    def again() -> None:
        write(place.store, written, payloads, per_commit)

    ratio = in_turns(first_time, place.peer([batch for batch, _ in sent], per_commit))
    at_most(f"ingest 45 ch, {per_commit} messages a commit, against bare ten columns", ratio, limits[0])
    at_most("duplicates replayed, against first writing", in_turns(again, first_time), limits[1])


def sealing(place: Place) -> None:
    """A lap of 45 channels out of its messages into traces."""
    store, fresh = place.store, new_sessions(place.store, 8)
    laps = []
    for session in fresh:
        write(store, session, [payload for _, payload in messages(stretch(1, CHANNELS))], 100)
        with store.transaction() as transaction:
            end_us = START_US + FRAMES * STEP_US
            laps.append(transaction.open_lap(session, lap_number=1, started_us=START_US, ended_us=end_us).id)
    rest = iter(laps)

    def seal() -> None:
        with store.transaction() as transaction:
            transaction.seal_lap(next(rest))

    at_most("seal 45 ch × 5,400 frames", cpu_s(seal, runs=7) * 1e3, 15, "ms CPU")
    place.sealed.extend(laps)


def reading(place: Place) -> None:
    """A sealed lap as a frame, against the same arrays in `.npy` files and against its rows."""
    store, lap_id, path = place.store, place.sealed[-1], place.folder / "lap.npy"
    whole = store.read_lap(lap_id).frames
    names = [name for name in whole.columns if name not in ("timestamp", "lap_number", "distance")]
    peers.save_npy(path, whole.select(names))
    peers.save_columns(place.folder, whole.select(names))
    for count in (10, CHANNELS):
        asked = names[:count] if count < CHANNELS else None
        read = repeated(partial(lambda some: store.read_lap(lap_id, some).frames, asked))
        ratio = in_turns(read, repeated(partial(peers.read_columns, place.folder, names[:count])))
        at_most(f"read {count} of {CHANNELS} channels, against the same arrays in .npy files", ratio, 2)
        mapped = in_turns(read, repeated(partial(peers.read_npy, path, names[:count])))
        print(f"  … against one memory-mapped .npy of the lap {mapped:29.2f} ×")
    key = store.read_session(store.read_lap(lap_id).session_id).key
    query = f"SELECT {', '.join(SEED_COLUMNS)} FROM telemetry_frame WHERE session_key = {key} ORDER BY timestamp_us"

    def rows() -> pl.DataFrame:
        with store._database.read() as connection:
            return pl.read_database(query, connection)

    ratio = in_turns(rows, lambda: store.read_lap(lap_id, SEED).frames)
    at_least("read 10 channels, against pl.read_database over rows", ratio, 10)


def repeated(action: Action, times: int = 10) -> Action:
    """The action so many times: long enough to be timed."""

    def run() -> None:
        for _ in range(times):
            action()

    return run


def scanning(place: Place) -> None:
    """One channel over a season of 45-channel laps, against mapped `.npy` files; then from the disk."""
    store, paths = place.store, season(place)
    place.reopen()
    scan = store.for_user("season").scan(["speed"])

    def ours() -> float:
        return scan.select(pl.col("speed").mean()).collect().item()

    def npy() -> float:
        return peers.scan_npy(paths, 3).select(pl.col("speed").mean()).item()

    assert abs(ours() - npy()) < 1e-3 * npy()
    at_most(f"scan 1 channel × {LAPS} laps, warm, against mapped .npy", in_turns(ours, npy, runs=5), 1)
    place.reopen()
    place.restart()
    before = time.perf_counter()
    ours()
    cold = time.perf_counter() - before
    peers.forget(paths)
    before = time.perf_counter()
    npy()
    at_most(f"scan 1 channel × {LAPS} laps, cold (.npy: {time.perf_counter() - before:.2f} s)", cold, 2, "s")


def season(place: Place) -> list[Path]:
    """Fill the database with sealed laps of another user, and a folder with the same as `.npy` files."""
    frames_ = [stretch(number, CHANNELS) for number in range(8)]
    packed = [[pack(0, as_trace(frame, name), 0.0) for name in frame.columns] for frame in frames_]
    paths = [place.folder / f"{number}.npy" for number in range(LAPS)]
    per_session = 50
    for first in range(0, LAPS, per_session):
        with place.store.for_user("season").transaction() as transaction:
            session = transaction.open_session(source="bench", started_us=START_US)
            for number in range(first, min(first + per_session, LAPS)):
                peers.save_npy(paths[number], frames_[number % 8])
                started_us = START_US + number % per_session * FRAMES * STEP_US
                lap = transaction.open_lap(session, lap_number=number % per_session, started_us=started_us,
                                           ended_us=started_us + FRAMES * STEP_US, sealed=True)  # fmt: skip
                rows = [row | {"lap_key": lap.key} for row in packed[number % 8]]
                transaction._connection.execute(insert(LapTrace), rows)
    return paths


def as_trace(frame: pl.DataFrame, name: str) -> Trace:
    """A column of a frame as a channel."""
    values = frame[name].cast(pl.Float32).fill_null(float("nan")).to_numpy()
    return Trace(name, None, 1e6 / STEP_US, 0.0, values)


def disk(place: Place) -> None:
    """What a frame takes on disk when its lap is sealed and its rows are kept, against raw float32."""
    store, laps = place.store, 40
    place.shrink()
    before = place.size()
    session = next(new_sessions(store, 1))
    for number in range(laps):
        sent = messages(stretch(number, CHANNELS), first_seq=number * FRAMES)
        write(store, session, [payload for _, payload in sent], 100)
        with store.transaction() as transaction:
            started_us = START_US + number * FRAMES * STEP_US
            lap = transaction.open_lap(session, lap_number=number, started_us=started_us,
                                       ended_us=started_us + FRAMES * STEP_US)  # fmt: skip
            transaction.seal_lap(lap.id)
    with store.transaction() as transaction:
        transaction.end_session(session)
    place.shrink()
    grown = (place.size() - before) / (laps * FRAMES)
    at_most(f"disk, 45 ch, rows kept ({grown:.0f} B a frame), against raw float32", grown / (4 * CHANNELS), 0.95)
