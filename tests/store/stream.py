"""A car that sends 100 frames a second; every value is known from the frame's number."""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import numpy as np

from ps_analytics.proto.codec import Batch, Extra, encode
from ps_analytics.store.rows import LapRow, SessionRow
from ps_analytics.store.store import Store

START_US = 1_760_000_000_000_000
STEP_US = 10_000


def at(frame: int) -> int:
    """The time of a frame, UTC microseconds."""
    return START_US + frame * STEP_US


def batch(first: int, frames: int, *, session_id: str = "drive", without: Iterable[str] = ()) -> Batch:
    """Frames `first` … : speed is the frame's number, gear its last digit, throttle full on every other one."""
    numbers = np.arange(first, first + frames)
    columns = {
        "speed": numbers.astype("<f4"),
        "gear": (numbers % 10).astype("<i4"),
        "throttle": (numbers % 2).astype("<f4"),
        "lap_time_ms": (numbers * 10).astype("<i4"),
    }
    extras = {
        "oil_temp": Extra((90 + numbers % 8).astype("<f4"), "C", 100.0),
        "latitude": Extra(47.0 + numbers * 1e-7, "deg", 100.0),
        "ballast": Extra(np.where(numbers % 3, numbers, np.nan).astype("<f4"), "", 100.0),
    }
    return Batch(
        session_id=session_id,
        source="test",
        timestamp_us=START_US + numbers.astype("<i8") * STEP_US,
        columns={name: values for name, values in columns.items() if name not in without},
        extras={name: extra for name, extra in extras.items() if name not in without},
        first_seq=first,
        rate_hz=100.0,
    )


def received(batches: Iterable[Batch]) -> list[tuple[Batch, bytes]]:
    """Batches beside their bytes, as they come."""
    return [(one, encode(one)) for one in batches]


def drive(
    store: Store, *, frames: int = 600, laps: Iterable[int] = (0, 200, 400, 600), size: int = 50, **facts: Any
) -> tuple[SessionRow, list[LapRow]]:
    """A session whose laps begin at the frames given, the last number closing the last; nothing is sealed."""
    borders = list(laps)
    with store.transaction() as transaction:
        session = transaction.open_session(source="test", started_us=START_US, **facts)
        transaction.write_batches(session, received(batch(first, size) for first in range(0, frames, size)))
        rows = []
        for number, (first, end) in enumerate(pairwise(borders)):
            lap = transaction.open_lap(session, lap_number=number, started_us=at(first))
            time_s = (end - first) / 100
            known = {"lap_time_s": time_s, "time_source": "clock", "kind": "timed"} if number else {"kind": "out"}
            rows.append(transaction.close_lap(lap.id, ended_us=at(end), **known))
    return session, rows


def seal(store: Store, laps: Iterable[LapRow]) -> list[int]:
    """Seal laps, each in a transaction of its own; how many frames each has."""
    counts = []
    for lap in laps:
        with store.transaction() as transaction:
            counts.append(transaction.seal_lap(lap.id))
    return counts
