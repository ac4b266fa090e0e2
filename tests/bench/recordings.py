"""Laps to measure with: 90 s of a simulated car at 60 Hz, the seed's ten columns and as many more as asked for."""

from collections.abc import Iterator
from functools import cache

import numpy as np
import polars as pl

from ps_analytics.proto.codec import Batch, encode, from_frame
from ps_analytics.simulate.demo import demo_sessions
from ps_analytics.simulate.session import simulate

FRAMES = 5400
STEP_US = 16_667
START_US = 1_760_000_000_000_000
SEED = ("throttle", "brake", "steering", "speed", "rpm", "normalized_position", "gear", "lap_time", "source_lap_number")
"""What the wire's nine value columns are in a frame."""


@cache
def _driven() -> pl.DataFrame:
    demo = demo_sessions()[0]
    return simulate(demo.circuit, demo.car, demo.driver, demo.plan, seed=demo.seed).frames


def stretch(number: int, channels: int) -> pl.DataFrame:
    """Stretch `number` of a session, 5,400 frames: the seed's nine values, and others spread over all kinds."""
    driven = _driven()
    others = [name for name in driven.columns if name not in (*SEED, "timestamp", "latitude", "longitude")]
    chosen = [others[round(place)] for place in np.linspace(0, len(others) - 1, channels - len(SEED))]
    first = number * FRAMES % (len(driven) - FRAMES)
    return driven[first : first + FRAMES].select(*SEED, *chosen)


def messages(frame: pl.DataFrame, *, size: int = 60, first_seq: int = 0) -> Iterator[tuple[Batch, bytes]]:
    """A stretch in messages of `size` frames: each as a batch and as its bytes."""
    for first in range(0, len(frame), size):
        part = frame[first : first + size]
        times = START_US + np.arange(first_seq + first, first_seq + first + len(part)) * STEP_US
        batch = from_frame(part, timestamp_us=times, session_id="bench", source="bench", first_seq=first_seq + first)
        yield batch, encode(batch)
