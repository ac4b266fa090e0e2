"""Closed-form streams (a car at constant speed, or at two, whose every crossing is known exactly), and a house."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from sqlalchemy import NullPool, create_engine, text

from ps_analytics.config import Settings
from ps_analytics.ingest.daemon import Daemon
from ps_analytics.proto.codec import Batch, from_frame
from ps_analytics.store.store import Store, open_store
from ps_analytics.transport.base import Message, Publisher
from ps_analytics.transport.pipe import Pipe


@dataclass(frozen=True)
class Stream:
    frames: pl.DataFrame
    crossings_s: np.ndarray
    lap_times_s: np.ndarray


def drive(
    lap_times_s: list[float],
    *,
    before: float = 0.3,
    after: float = 0.4,
    rate_hz: float = 60.0,
    length_m: float = 1000.0,
    clock_lag_s: float = 0.0,
    counter_lag_s: float = 0.0,
    first_count: int = 1,
    quantum_s: float = 0.0,
) -> Stream:
    """A car that starts a share `before` short of the line and stops sending a share `after` past the last line.

    Each lap is driven at constant speed. The lap clock and the last-lap time change `clock_lag_s` after the line,
    the source's counter `counter_lag_s` after it.
    """
    pace = np.array([lap_times_s[0], *lap_times_s, lap_times_s[-1]])
    shares = np.array([before, *np.ones(len(lap_times_s)), after])
    borders = np.concatenate([[0.0], np.cumsum(pace * shares)])
    crossings = borders[1:-1]
    time = np.arange(0.0, borders[-1], 1 / rate_hz)
    progress = np.interp(time, borders, 1 - before + np.concatenate([[0.0], np.cumsum(shares)]))
    lap = np.searchsorted(borders[1:-1], time, side="right")
    shown = np.searchsorted(crossings + clock_lag_s, time, side="right")
    began = np.concatenate([[-(1 - before) * lap_times_s[0]], crossings])
    official = np.concatenate([[np.nan, np.nan], lap_times_s])
    clock = time - began[shown]
    return Stream(
        frames=pl.DataFrame(
            {
                "timestamp": time,
                "lap_time": np.round(clock / quantum_s) * quantum_s if quantum_s else clock,
                "last_lap_time": official[shown],
                "source_lap_number": first_count
                + np.searchsorted(crossings + counter_lag_s, time, side="right").astype(float),
                "normalized_position": progress % 1.0,
                "speed": 3.6 * length_m / pace[lap],
                "in_pit": np.zeros(len(time), dtype=bool),
            },
            nan_to_null=True,
        ),
        crossings_s=crossings,
        lap_times_s=np.asarray(lap_times_s),
    )


@pytest.fixture(scope="session", name="drive")
def drive_fixture():
    """The function `drive`: closed-form streams with known crossings."""
    return drive


START_US = 1_760_000_000_000_000


def to_batches(frames: pl.DataFrame, *, size: int = 6, start_us: int = START_US, **facts: Any) -> list[Batch]:
    """The frames in messages of `size`, as a collector sends them; `facts` are of every batch."""
    said = {"session_id": "race", "source": "test", "track": "Ring", "car": "Kart", **facts}
    time_us = start_us + np.rint(frames["timestamp"].to_numpy() * 1e6).astype(np.int64)
    whole = from_frame(frames.drop("timestamp"), timestamp_us=time_us, **said)
    return [whole.taken(slice(first, first + size)) for first in range(0, len(frames), size)]


@dataclass
class House:
    """A store and a daemon behind a pipe, with clocks that stand still until they are moved."""

    store: Store
    settings: Settings
    pipe: Pipe = field(default_factory=lambda: Pipe(capacity=100_000))
    now_s: float = 0.0
    now_us: int = START_US

    def __post_init__(self) -> None:
        self.daemon = self.start()
        self.publisher = self.pipe.publisher(self.store.user)

    def start(self) -> Daemon:
        """Another daemon, as after a kill: it gets again what the one before did not acknowledge."""
        self.daemon = Daemon(
            self.store,
            self.pipe.subscriber(),
            self.settings,
            monotonic=lambda: self.now_s,
            now_us=lambda: self.now_us,
        )
        return self.daemon

    def send(self, batches: Iterable[Batch], publisher: Publisher | None = None) -> None:
        """Publish the batches and let the daemon take them all."""
        publisher = publisher or self.publisher
        for batch in batches:
            publisher.publish(batch)
        while not publisher.flush(0):
            self.daemon.turn(0)

    def put(self, payload: bytes, frames: int) -> None:
        """Send any bytes as the publisher's next message of so many frames."""
        first = self.publisher._next_seq
        self.pipe.put(Message(self.store.user, self.publisher.topic, 0, first, first + frames, payload))
        self.publisher._next_seq += frames

    def fall_silent(self) -> None:
        """Let time pass until every session has ended."""
        self.now_s += self.settings.session_gap_s + 1
        self.daemon.turn(0)

    def laps(self, **conditions: Any) -> pl.DataFrame:
        """The laps in the order of time."""
        return self.store.find_laps(**conditions).sort("started_us", "lap_number")

    def rows(self) -> list[tuple[int, int]]:
        """Every row of `telemetry_frame`: time and sequence number, in the order of both."""
        return self.query("SELECT timestamp_us, seq FROM telemetry_frame ORDER BY timestamp_us, seq")

    def dead_letters(self) -> list[tuple[str, str, bytes]]:
        """Source, reason and payload of the dead letters, oldest first."""
        found = self.query("SELECT source, reason, payload FROM dead_letter ORDER BY received_us, reason")
        return [(source, reason, bytes(payload)) for source, reason, payload in found]

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """What the database itself says."""
        engine = create_engine(self.settings.url, poolclass=NullPool)
        with engine.begin() as connection:
            result = connection.execute(text(statement))
            return [tuple(row) for row in result] if result.returns_rows else []


@pytest.fixture(name="to_batches")
def to_batches_fixture() -> Callable[..., list[Batch]]:
    """The function `to_batches`: frames as messages."""
    return to_batches


@pytest.fixture
def house(prepared_url: str, tmp_path: Path) -> Iterator[House]:
    """A store with its tables and a daemon, on SQLite and on PostgreSQL."""
    settings = Settings(database_url=prepared_url, data_dir=tmp_path, ingest_port=0, user="anna")
    with open_store(settings=settings) as store:
        yield House(store, settings)
