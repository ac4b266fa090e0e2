"""Batches to send."""

from collections.abc import Callable

import numpy as np
import pytest

from ps_analytics.proto.codec import Batch

START_US = 1_760_000_000_000_000


def make_batch(start: int, frames: int = 6) -> Batch:
    """Frames `start` … of a car at 60 Hz; the speed is the frame's number."""
    numbers = np.arange(start, start + frames)
    return Batch(
        session_id="session",
        source="test",
        timestamp_us=START_US + numbers * 16_667,
        columns={"speed": numbers.astype("<f4"), "gear": np.full(frames, 3, "<i4")},
    )


@pytest.fixture
def batch_from() -> Callable[..., Batch]:
    return make_batch
