"""Frames of another time, driven now: each batch leaves when its last frame is due."""

import threading
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from ps_analytics.collect.base import BATCH_S, Publish, deliver, part
from ps_analytics.collect.clock import Clock
from ps_analytics.proto.codec import Batch


def is_live(speed: float) -> bool:
    """Whether frames driven at this many times real time have time stamps of the present.

    Faster than real time the time stamps run ahead of the clock: lap times stay true, the present does not.

    Example:
        >>> is_live(1.0), is_live(10.0)
        (True, False)
    """
    return speed <= 1.0


def drive(
    batches: Iterable[Batch],
    publish: Publish,
    stop: threading.Event,
    *,
    speed: float,
    clock: Clock,
    not_before_us: int = 0,
) -> int | None:
    """Publish batches at `speed` times the pace of their time stamps, in pieces of 100 ms of real time.

    Args:
        batches: of one drive, their time stamps in µs from 0; they are moved to now, their spacing stays.
        publish: takes the pieces.
        stop: ends the drive.
        speed: times real time.
        clock: what says when a frame is due.
        not_before_us: UTC before which the drive does not begin, in µs.

    Returns:
        UTC of the latest frame in µs, `not_before_us` if there was none; None when `stop` ended it.
    """
    latest_us = not_before_us
    start_us = began_s = None
    for batch in batches:
        if start_us is None or began_s is None:
            start_us, began_s = max(clock.now_us(), not_before_us), clock.elapsed_s()
        for piece in _pieces(batch, round(BATCH_S * speed * 1e6)):
            due_s = began_s + float(piece.timestamp_us[-1]) / 1e6 / speed
            if clock.wait(due_s - clock.elapsed_s(), stop):
                return None
            moved = replace(piece, timestamp_us=piece.timestamp_us + start_us, live=is_live(speed))
            if not deliver(moved, publish, stop):
                return None
            latest_us = max(latest_us, int(moved.timestamp_us[-1]))
    return latest_us


def _pieces(batch: Batch, longest_us: int) -> Iterator[Batch]:
    """The batch cut so that no piece spans more than so many µs; a piece has one frame at least."""
    first = 0
    time_us = np.maximum.accumulate(batch.timestamp_us)
    while first < len(batch):
        end = max(first + 1, int(np.searchsorted(time_us, time_us[first] + longest_us)))
        yield part(batch, first, end)
        first = end
