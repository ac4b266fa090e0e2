"""Collector to daemon within one process."""

import threading
import uuid
from collections import deque
from collections.abc import Sequence
from dataclasses import replace

from ps_analytics.errors import PipeFull, WireError
from ps_analytics.proto.codec import MAX_BYTES, Batch, encode
from ps_analytics.transport.base import Message, Publisher, Subscriber, positions


class Pipe:
    """Publishers and one subscriber in one process; what waits in it dies with the process.

    Args:
        capacity: batches that may wait, polled ones that are not acknowledged included.
        patience_s: how long `publish` waits for room before it raises `PipeFull`.
    """

    def __init__(self, capacity: int = 256, patience_s: float = 5.0) -> None:
        self.capacity, self.patience_s = capacity, patience_s
        self._changed = threading.Condition()
        self._waiting: deque[Message] = deque()
        self._polled: deque[Message] = deque()
        self._acknowledged: dict[str, int] = {}

    def publisher(self, user_id: str) -> "PipePublisher":
        """A collector's end, with a topic of its own."""
        return PipePublisher(self, user_id)

    def subscriber(self) -> "PipeSubscriber":
        """The daemon's end. A new one gets again what an earlier one polled and did not acknowledge."""
        with self._changed:
            self._waiting.extendleft(reversed(self._polled))
            self._polled.clear()
            self._changed.notify_all()
        return PipeSubscriber(self)

    def put(self, message: Message) -> None:
        """Add a message, when there is room."""
        with self._changed:
            room = self._changed.wait_for(
                lambda: len(self._waiting) + len(self._polled) < self.capacity, self.patience_s
            )
            if not room:
                raise PipeFull(self.capacity)
            self._waiting.append(message)
            self._changed.notify_all()

    def take(self, timeout_s: float, max_messages: int) -> list[Message]:
        """The next messages; they stay in the pipe until acknowledged."""
        with self._changed:
            self._changed.wait_for(lambda: bool(self._waiting), timeout_s)
            taken = [self._waiting.popleft() for _ in range(min(max_messages, len(self._waiting)))]
            self._polled.extend(taken)
            return taken

    def forget(self, positions: dict[str, int]) -> None:
        """Drop the polled messages before these positions, by topic."""
        with self._changed:
            self._acknowledged.update(positions)
            kept = [m for m in self._polled if m.next_offset > self._acknowledged.get(m.topic, 0)]
            self._polled = deque(kept)
            self._changed.notify_all()

    def wait_acknowledged(self, topic: str, offset: int, timeout_s: float) -> bool:
        """Whether everything of a topic before an offset is acknowledged, within the time."""
        with self._changed:
            return self._changed.wait_for(lambda: self._acknowledged.get(topic, 0) >= offset, timeout_s)


class PipePublisher(Publisher):
    """The collector's end of a pipe."""

    def __init__(self, pipe: Pipe, user_id: str) -> None:
        self._pipe, self._user_id = pipe, user_id
        self.topic = str(uuid.uuid4())
        self._next_seq = 0

    def publish(self, batch: Batch) -> None:
        """Put a batch into the pipe; waits for room.

        Raises:
            PipeFull: the daemon has taken nothing for a while.
            WireError: a batch larger than a message may be.
        """
        numbered = replace(batch, first_seq=self._next_seq)
        payload = encode(numbered)
        if len(payload) > MAX_BYTES:
            raise WireError(f"{len(payload)} bytes, the limit is {MAX_BYTES}", field="payload")
        self._pipe.put(Message(self._user_id, self.topic, 0, numbered.first_seq, numbered.next_seq, payload))
        self._next_seq = numbered.next_seq

    def flush(self, timeout_s: float) -> bool:
        """Whether everything published was acknowledged within the time."""
        return self._pipe.wait_acknowledged(self.topic, self._next_seq, timeout_s)

    def close(self) -> None:
        """Nothing to let go of."""


class PipeSubscriber(Subscriber):
    """The daemon's end of a pipe."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe

    def poll(self, timeout_s: float, max_messages: int = 100) -> list[Message]:
        """The messages that wait, oldest first."""
        return self._pipe.take(timeout_s, max_messages)

    def acknowledge(self, messages: Sequence[Message]) -> None:
        """Drop these messages from the pipe."""
        self._pipe.forget(positions(messages))

    def close(self) -> None:
        """Nothing to let go of."""
