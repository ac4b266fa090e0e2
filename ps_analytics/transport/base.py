"""The two ends of every transport: who publishes batches, and who takes messages and acknowledges them."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from ps_analytics.proto.codec import Batch


@dataclass(frozen=True, slots=True)
class Message:
    """One batch on its way to the daemon, still as bytes.

    `user_id` comes from the connection or the topic, never from the payload. `offset` is the sequence number of the
    payload's first frame and `next_offset` the one after its last, as the transport says; the payload may disagree.
    """

    user_id: str
    topic: str
    partition: int
    offset: int
    next_offset: int
    payload: bytes


class Publisher(ABC):
    """The collector's end."""

    @abstractmethod
    def publish(self, batch: Batch) -> None:
        """Take a batch over; called by the collector for each batch, in the order of time, from one thread.

        The publisher numbers the frames: `first_seq` of the batch given is ignored. When this returns, the batch
        outlives a crash of the daemon, and of the collector where the transport says so.

        Raises:
            TransportError: it cannot be taken now; `.retry_after` seconds say when trying again makes sense.
            WireError: a batch larger than a message may be.
        """

    @abstractmethod
    def flush(self, timeout_s: float) -> bool:
        """Whether everything published was acknowledged within the time; called when the collector has finished."""

    @abstractmethod
    def close(self) -> None:
        """Let go of threads, files and sockets; called once, last. What is not acknowledged yet is not waited for."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


class Subscriber(ABC):
    """The daemon's end."""

    @abstractmethod
    def poll(self, timeout_s: float, max_messages: int = 100) -> list[Message]:
        """The messages that wait, oldest first, each topic in order; empty if none came within the time.

        Called in the daemon's loop. A message that was polled and never acknowledged comes again after a restart of
        either end, so a message may come twice; it is never left out.
        """

    @abstractmethod
    def acknowledge(self, messages: Sequence[Message]) -> None:
        """Tell the publishers that these, and all before them in their topics, are safe.

        Called after the database transaction that holds them has committed, never before.
        """

    @abstractmethod
    def close(self) -> None:
        """Stop taking messages; called once, last. What was not acknowledged stays with its publisher."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def positions(messages: Sequence[Message]) -> dict[str, int]:
    """The furthest `next_offset` of each topic."""
    furthest: dict[str, int] = {}
    for message in messages:
        furthest[message.topic] = max(furthest.get(message.topic, 0), message.next_offset)
    return furthest
