"""The daemon's memory while 1,000 simulated cars drive: it is to stay flat.

The cars drive as fast as the daemon takes their frames. `BENCH_DAEMON_S` is how long, in seconds of the cars (150; the
target speaks of 600, which takes some minutes and 3 GB of disk).
"""

import gc
import os
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil

from ps_analytics.config import Settings
from ps_analytics.ingest.daemon import Daemon
from ps_analytics.proto.codec import Batch, encode
from ps_analytics.store.store import open_store
from ps_analytics.transport.base import Message, Subscriber
from tests.bench.table import at_most, heading

SECONDS = int(os.environ.get("BENCH_DAEMON_S", "150"))
CARS = 1_000
RATE_HZ = 60
LAP_S = 25


def main() -> None:
    """Print the row of the storage targets that speaks of the daemon."""
    heading("The daemon's memory")
    with tempfile.TemporaryDirectory(prefix="psbench") as folder:
        url = f"sqlite:///{(Path(folder) / 'bench.sqlite').as_posix()}"
        stop = threading.Event()
        with open_store(url, user="bench") as store:
            cars = Cars(stop)
            Daemon(store, cars, Settings(data_dir=Path(folder), user="bench")).run(stop)
            laps = len(store.find_laps().filter(sealed=True))
    first, last = cars.samples[len(cars.samples) // 3], cars.samples[-1]
    growth = 100 * (last - first) / first
    print(f"{laps:,} laps sealed; {first / 1e6:.0f} MB after a third, {last / 1e6:.0f} MB at the end")
    at_most(f"{CARS:,} cars: growth over the last two thirds of {SECONDS} s", growth, 5, "%")


class Cars(Subscriber):
    """Every car's frames, a second of each in turn; the memory of the process is sampled once a second of the cars."""

    def __init__(self, stop: threading.Event) -> None:
        self.samples: list[int] = []
        self._stop, self._began_us = stop, time.time_ns() // 1000 - SECONDS * 1_000_000
        self._second, self._car = 0, 0
        self._templates = [self._drive(second) for second in range(LAP_S)]

    def poll(self, timeout_s: float, max_messages: int = 100) -> list[Message]:
        """The next seconds of the next cars."""
        if self._second == SECONDS:
            self._stop.set()
            return []
        cars = range(self._car, min(CARS, self._car + max_messages))
        messages = [self._message(car) for car in cars]
        self._car = cars.stop % CARS
        if self._car == 0:
            self._second += 1
            gc.collect()
            memory = psutil.Process().memory_info()
            self.samples.append(memory.rss - getattr(memory, "shared", 0))  # pages of the mapped database are shared
        return messages

    def acknowledge(self, messages: Sequence[Message]) -> None:
        """Nothing is kept here."""

    def close(self) -> None:
        """Nothing is open."""

    def _message(self, car: int) -> Message:
        first = self._second * RATE_HZ
        template = self._templates[(self._second + car) % LAP_S]
        times = self._began_us + (first + np.arange(RATE_HZ, dtype=np.int64)) * 1_000_000 // RATE_HZ
        batch = replace(template, session_id=f"car {car}", timestamp_us=times, first_seq=first)
        return Message("bench", f"car {car}", 0, first, first + RATE_HZ, encode(batch))

    @staticmethod
    def _drive(second: int) -> Batch:
        """One second of a lap at a constant speed."""
        since = second + np.arange(RATE_HZ) / RATE_HZ
        columns = {
            "speed": np.full(RATE_HZ, 144.0, np.float32),
            "throttle": np.full(RATE_HZ, 0.5, np.float32),
            "brake": np.zeros(RATE_HZ, np.float32),
            "steering": np.sin(since).astype(np.float32),
            "rpm": (6000 + 1000 * np.sin(since)).astype(np.float32),
            "normalized_position": (since / LAP_S).astype(np.float32),
            "gear": np.full(RATE_HZ, 4, np.int32),
            "lap_time_ms": np.rint(since * 1e3).astype(np.int32),
            "lap_number": np.full(RATE_HZ, 1, np.int32),
        }
        return Batch("", "bench", np.zeros(RATE_HZ, np.int64), columns, rate_hz=RATE_HZ)
