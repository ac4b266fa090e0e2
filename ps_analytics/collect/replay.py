"""A recording, driven again: what a spool holds, at its own pace or another, as sessions of its own."""

import itertools
import threading
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import replace

from ps_analytics.collect.base import Collector, Publish
from ps_analytics.collect.clock import Clock
from ps_analytics.collect.pace import drive
from ps_analytics.proto.codec import Batch

PAUSE_US = 60_000_000
"""A recorded silence as long as this ends a session: nobody waits through it again."""
BACK_US = 5_000_000
"""So does a clock that goes back further than this."""
BETWEEN_US = 1_000_000
"""How long the source is silent between two sessions of a recording."""


class Replay(Collector):
    """Plays a recording as if it were driven now.

    Time stamps are moved so that a session begins now and keep their recorded spacing at any speed, so lap times stay
    as they were; at more than real time they run ahead of the clock, and the frames are not called live. The driver,
    car and track are those of the recording, the source is `replay`.

    Args:
        records: the recording's batches in order, as `transport.spool.read` gives them.
        speed: times real time.
        clock: what says when a frame is due.

    Raises (in `run`):
        FileError: the recording cannot be read, from the place on where it is damaged.
    """

    name = "replay"

    def __init__(self, records: Iterable[Batch], *, speed: float = 1.0, clock: Clock | None = None) -> None:
        self._records, self._speed, self._clock = records, speed, clock or Clock()

    def run(self, publish: Publish, stop: threading.Event) -> None:
        """Publish the recording to its end, or until `stop`."""
        next_us = 0
        for session in _sessions(self._records):
            latest_us = drive(session, publish, stop, speed=self._speed, clock=self._clock, not_before_us=next_us)
            if latest_us is None:
                return
            next_us = latest_us + BETWEEN_US


class _Border:
    """Numbers the sessions of a recording: the key that `itertools.groupby` parts it by."""

    def __init__(self) -> None:
        self._number, self._facts, self._last_us = 0, ("", "", "", ""), 0

    def __call__(self, batch: Batch) -> int:
        facts = (batch.session_id, batch.source, batch.track, batch.car)
        step_us = int(batch.timestamp_us[0]) - self._last_us
        if facts != self._facts or not -BACK_US <= step_us < PAUSE_US:
            self._number += 1
        self._facts, self._last_us = facts, int(batch.timestamp_us[-1])
        return self._number


def _sessions(records: Iterable[Batch]) -> Iterator[Iterator[Batch]]:
    """The sessions of a recording, each with an id of its own and time stamps from 0."""
    for _, batches in itertools.groupby(records, key=_Border()):
        yield _from_zero(batches)


def _from_zero(batches: Iterable[Batch]) -> Iterator[Batch]:
    identifier, first_us = str(uuid.uuid4()), None
    for batch in batches:
        if first_us is None:
            first_us = int(batch.timestamp_us[0])
        yield replace(batch, session_id=identifier, source=Replay.name, timestamp_us=batch.timestamp_us - first_us)
