"""`psa ingest` as a process of its own, killed at random moments while a simulated car drives."""

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import islice

import numpy as np
import polars as pl
import pytest

from ps_analytics.collect import pace
from ps_analytics.collect.base import parts
from ps_analytics.collect.clock import Clock
from ps_analytics.config import Settings
from ps_analytics.ingest.daemon import Daemon
from ps_analytics.lap import LapKind
from ps_analytics.proto.codec import Batch, from_frame, to_catalog
from ps_analytics.simulate.car import GT
from ps_analytics.simulate.circuit import generate
from ps_analytics.simulate.demo import DRIVERS
from ps_analytics.simulate.stint import drive_on
from ps_analytics.transport.connection import Connection
from ps_analytics.transport.listener import Listener
from ps_analytics.transport.pipe import Pipe

SPEED = 20.0
FRAMES = 12
LAPS = 8
"""As many as a machine of usual speed needs for all kills: a slow one drives no more."""


class Drive:
    """A simulated car in a thread, on a circuit of 40 s a lap; `sent` is what its collector published."""

    def __init__(self, connection: Connection) -> None:
        self.sent, self._connection, self._stop = [], connection, threading.Event()
        self._thread = threading.Thread(target=self._drive)
        self._thread.start()

    def _drive(self) -> None:
        pace.drive(self._laps(), self._publish, self._stop, speed=SPEED, clock=Clock())

    def _laps(self) -> Iterator[Batch]:
        circuit = generate("Ring", seed=3, length_m=1500, corners=6)
        for frames in islice(drive_on(circuit, GT, DRIVERS[0], seed=7), LAPS):
            time_us = np.rint(frames["timestamp"].to_numpy() * 1e6).astype(np.int64)
            yield from_frame(frames, timestamp_us=time_us, session_id="drive", source="simulated", track="Ring")

    def _publish(self, batch: Batch) -> None:
        for piece in parts(batch, FRAMES):
            self._connection.publish(piece)
            self.sent.append(piece)

    def close(self) -> None:
        self._stop.set()
        self._thread.join()


def free_port(settings: Settings) -> int:
    with Listener(settings) as listener:
        return listener.port


@contextmanager
def running_daemon(settings: Settings) -> Iterator[subprocess.Popen]:
    """`psa ingest`, once it listens; killed at the end."""
    environment = os.environ | {
        "PS_DATA_DIR": str(settings.data_dir),
        "PS_DATABASE_URL": settings.database_url,
        "PS_INGEST_PORT": str(settings.ingest_port),
        "PS_USER": settings.user,
    }
    command = [sys.executable, "-m", "ps_analytics", "ingest"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as daemon:
        try:
            said = daemon.stdout.readline()
            assert said == f"Listening for collectors on 127.0.0.1:{settings.ingest_port}. Ctrl-C stops.\n"
            yield daemon
        finally:
            daemon.kill()


@pytest.mark.slow
def test_frames_outlive_a_daemon_killed_at_random_moments(house):
    moments, kills = random.Random(20), 4 if house.settings.url.startswith("postgresql") else 6
    settings = house.settings.model_copy(update={"ingest_port": free_port(house.settings)})
    with Connection(settings, name="simulated") as connection:
        with closing(Drive(connection)) as drive:
            for _ in range(kills):
                with running_daemon(settings) as daemon:
                    threading.Event().wait(moments.uniform(0.0, 1.6))
                assert daemon.returncode == -signal.SIGKILL
        with running_daemon(settings) as daemon:
            assert connection.flush(60.0)
            daemon.send_signal(signal.SIGTERM)
            assert daemon.wait(10.0) == 0
    end_sessions(house)
    check_frames(house, drive.sent)
    check_laps(house, drive.sent)
    assert house.dead_letters() == []


def end_sessions(house) -> None:
    now_s = [0.0]
    daemon = Daemon(house.store, Pipe().subscriber(), house.settings, monotonic=lambda: now_s[0])
    daemon.turn(0)
    now_s[0] = 61.0
    daemon.turn(0)


def check_frames(house, sent) -> None:
    """Every frame sent is in the rows, and in the laps of its one session, exactly once."""
    times = np.concatenate([batch.timestamp_us for batch in sent])
    assert len(times) > 3_000
    assert house.rows() == list(zip(times.tolist(), range(len(times)), strict=True))
    (session,) = house.store.find_sessions().iter_rows(named=True)
    assert session["status"] == "completed"
    origin_us = house.store.read_session(session["session_id"]).started_us
    laps = [house.store.read_lap(lap_id, ["speed", "rpm"]).frames for lap_id in house.laps()["lap_id"]]
    stored = pl.concat(lap.select("timestamp", "speed", "rpm") for lap in laps)  # some are cut in sections
    np.testing.assert_array_equal(origin_us + np.rint(stored["timestamp"].to_numpy() * 1e6), times)
    for name in ("speed", "rpm"):
        np.testing.assert_array_equal(stored[name], np.concatenate([batch.columns[name] for batch in sent]))


def check_laps(house, sent) -> None:
    """The laps are those the source counts, with the times it states."""
    said = [to_catalog(batch) for batch in sent]
    count = np.concatenate([columns["source_lap_number"] for columns in said])
    stated = np.concatenate([columns["last_lap_time"] for columns in said])
    last_s = {int(number): float(stated[count == number + 1][-1]) for number in np.unique(count)[:-1]}
    laps = house.laps()
    assert laps["lap_number"].to_list() == [*last_s, int(count[-1])]
    assert laps["source_lap_number"].to_list() == [*last_s, int(count[-1])]
    whole = laps.filter(pl.col("lap_time_s").is_not_null())
    assert len(whole) >= 2
    np.testing.assert_allclose(whole["lap_time_s"], [last_s[n] for n in whole["lap_number"]], atol=1e-3)
    assert set(laps["lap_number"][:-1]) - set(whole["lap_number"]) == {0}
    assert laps["kind"][0] == LapKind.OUT
    assert laps["sealed"].all()
