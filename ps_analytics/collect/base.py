"""The contract of a collector, and what all of them share: sessions, batches of a fitting size, back-pressure.

A collector reads one source and hands its frames to `publish`, which belongs to a transport it knows nothing about.
"""

import logging
import threading
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import ClassVar

from ps_analytics.errors import TransportError
from ps_analytics.proto.codec import Batch, Column, Extra

log = logging.getLogger(__name__)

Publish = Callable[[Batch], None]
"""Takes one batch over; raises `TransportError`, with `retry_after`, while it cannot."""

BATCH_S = 0.1
"""So many seconds of driving a live batch holds at most: what a frame may wait at the collector."""
BATCH_FRAMES = 6
"""The same in frames, at 60 Hz."""


class Collector(ABC):
    """One source of frames.

    What it publishes:

    * frames in the order of time, on the wire's scale and in the catalogue's names, units and signs;
    * what the source does not know is not there: a channel it never gives is no column, a value missing on a frame
      is NaN (in a whole-number column −2147483648), never 0 or −1;
    * frames only of a car being driven: a menu, a pause, a replay shown by the game are nothing;
    * batches of at most `BATCH_FRAMES` (100 ms) while live, of any fitting size when it fills in the past;
    * a new session id when the source begins a new session: another car or track, a restart, another run;
    * `live=False` for frames whose time stamps are not the present.
    """

    name: ClassVar[str]
    """The source's name in batches, the spool's name on disk."""

    @abstractmethod
    def run(self, publish: Publish, stop: threading.Event) -> None:
        """Read the source and publish, until it ends or `stop` is set; called once, in a thread of its choice.

        Returns within a second of `stop`, and lets go of sockets and threads however it ends. A broken packet is
        counted and logged, never an error; while `publish` raises `TransportError` the same batch is tried again
        (`deliver`), and a source that does not wait keeps what it can. Any other error of `publish` ends the run.

        Raises:
            PurpleSectorError: the source cannot be read at all: a port in use, a damaged recording.
        """


@dataclass(frozen=True, slots=True)
class Session:
    """What every batch of one session says. `id` is the collector's own, another one for every session."""

    source: str
    track: str = ""
    car: str = ""
    driver: str = ""
    rate_hz: float = 60.0
    live: bool = True
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def batch(self, timestamp_us: Column, columns: dict[str, Column], extras: dict[str, Extra]) -> Batch:
        """A batch of this session; columns as `proto.codec.Batch` has them."""
        return Batch(
            session_id=self.id,
            source=self.source,
            timestamp_us=timestamp_us,
            columns=columns,
            extras=extras,
            rate_hz=self.rate_hz,
            track=self.track,
            car=self.car,
            driver=self.driver,
            live=self.live,
        )


def part(batch: Batch, first: int, end: int) -> Batch:
    """The frames `first` … `end - 1` of a batch; their columns share its memory."""
    return replace(batch.taken(slice(first, end)), first_seq=batch.first_seq + first)


def parts(batch: Batch, frames: int) -> Iterator[Batch]:
    """The batch in pieces of at most so many frames, in order."""
    for first in range(0, len(batch), frames):
        yield part(batch, first, first + frames)


def deliver(batch: Batch, publish: Publish, stop: threading.Event) -> bool:
    """Whether the transport took the batch; tries again, as often as it says, until it does or `stop` is set."""
    refused = False
    while True:
        try:
            publish(batch)
        except TransportError as error:
            if not refused:
                log.warning("frames wait at the collector: %s", error)
            refused = True
            if stop.wait(error.retry_after):
                log.error("%d frames of source '%s' were lost: %s", len(batch), batch.source, error)
                return False
        else:
            if refused:
                log.warning("frames of source '%s' are taken again", batch.source)
            return True
