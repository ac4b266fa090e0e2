"""Collector to daemon without a broker: a pipe within one process, a loopback WebSocket between two.

Between processes a message is `<u64 first sequence number, u32 frames>` and the batch; the daemon answers with
`<u64 next sequence number>` once everything before it is committed. The token keeps other users of the machine out,
refusing the Origin header keeps web pages out.
"""

import contextlib
import logging
import os
import random
import secrets
import struct
import threading
import uuid
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect

from ps_analytics.errors import DaemonUnreachable, PipeFull, WireError
from ps_analytics.proto.codec import MAX_BYTES, Batch, encode
from ps_analytics.transport.base import Message, Publisher, Subscriber
from ps_analytics.transport.spool import Spool

log = logging.getLogger(__name__)

PREFIX = struct.Struct("<QI")
"""Before each batch: its first sequence number, its number of frames."""
ACKNOWLEDGEMENT = struct.Struct("<Q")
COLLECTOR_HEADER = "Collector-Id"
LOOPBACK = "127.0.0.1"
_FIRST_DELAY_S = 0.05
_LAST_DELAY_S = 1.0
_LOOK_S = 0.5


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


def positions(messages: Sequence[Message]) -> dict[str, int]:
    """The furthest `next_offset` of each topic."""
    furthest: dict[str, int] = {}
    for message in messages:
        furthest[message.topic] = max(furthest.get(message.topic, 0), message.next_offset)
    return furthest


def token_path(data_dir: Path) -> Path:
    """Where the daemon leaves the token for the collectors of the same user."""
    return data_dir / "ingest.token"


def make_token(data_dir: Path) -> str:
    """The token collectors must show; the first call makes it, in a file only this user can read."""
    path = token_path(data_dir)
    data_dir.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(OSError):
        if token := path.read_text("ascii").strip():
            return token
        path.unlink()
    token = secrets.token_urlsafe(32)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(token)
    return token


class Connection(Publisher):
    """A collector's way to the daemon of another process, over a spool on disk.

    `publish` returns once the batch is in the spool; a thread sends what is not acknowledged, in order, as long as a
    daemon answers, and again from the last acknowledgement after every break.
    """

    def __init__(self, spool: Spool, data_dir: Path, port: int) -> None:
        self._spool, self._token = spool, token_path(data_dir)
        self.address = f"ws://{LOOPBACK}:{port}"
        self.problem: DaemonUnreachable | None = None
        self._stopped = threading.Event()
        self._socket: ClientConnection | None = None
        self._thread = threading.Thread(target=self._run, name="spool-sender", daemon=True)
        self._thread.start()

    def publish(self, batch: Batch) -> None:
        """Write a batch to the spool; it is sent as soon as a daemon answers.

        Raises:
            SpoolFull: no daemon has taken anything for too long.
            SpoolUnwritable: the disk refuses.
            WireError: a batch larger than a message may be.
        """
        self._spool.append(batch)

    def flush(self, timeout_s: float) -> bool:
        """Whether the daemon acknowledged everything published within the time."""
        return self._spool.wait_acknowledged(timeout_s)

    def close(self) -> None:
        """Stop sending and close the spool; what is not acknowledged stays in it for the next run."""
        self._stopped.set()
        self._spool.wake()
        self._thread.join(timeout=2.0)
        if self._thread.is_alive() and self._socket is not None:
            with contextlib.suppress(OSError):  # ends a send that the daemon does not take
                self._socket.socket.shutdown(2)
            self._thread.join(timeout=2.0)
        self._spool.close()

    def _run(self) -> None:
        delay = _FIRST_DELAY_S
        while not self._stopped.is_set():
            try:
                self._spool.sync()
                with self._connect() as self._socket:
                    delay = _FIRST_DELAY_S
                    self._report(None)
                    self._send(self._socket)
            except InvalidStatus as error:
                self._report(f"it answers {error.response.status_code} to the token in {self._token}")
            except (OSError, WebSocketException) as error:
                self._report(str(error) or type(error).__name__)
            self._stopped.wait(delay * random.uniform(0.5, 1.0))
            delay = min(2 * delay, _LAST_DELAY_S)

    def _connect(self) -> ClientConnection:
        headers = {
            "Authorization": f"Bearer {self._token.read_text('ascii').strip()}",
            COLLECTOR_HEADER: self._spool.collector_id,
        }
        return connect(
            self.address, additional_headers=headers, compression=None, proxy=None, open_timeout=5, close_timeout=1
        )

    def _send(self, socket: ClientConnection) -> None:
        """Send until the connection ends or `close` is called."""
        listening = threading.Thread(target=self._take_acknowledgements, args=(socket,), daemon=True)
        listening.start()
        cursor = self._spool.cursor()
        try:
            while listening.is_alive() and not self._stopped.is_set():
                seen = self._spool.next_seq
                records = self._spool.read_from(cursor)
                self._spool.sync()
                for record in records:
                    socket.send(PREFIX.pack(record.first_seq, record.frames) + record.payload)
                if not records:
                    self._spool.wait(seen, _LOOK_S)
        finally:
            socket.close()
            listening.join()

    def _take_acknowledgements(self, socket: ClientConnection) -> None:
        with contextlib.suppress(ConnectionClosed, OSError):
            for data in socket:
                if isinstance(data, bytes) and len(data) == ACKNOWLEDGEMENT.size:
                    self._spool.acknowledge(ACKNOWLEDGEMENT.unpack(data)[0])
        self._spool.wake()

    def _report(self, reason: str | None) -> None:
        """Say it once when the daemon goes, and once when it comes back."""
        if reason is None and self.problem is not None:
            log.info("the daemon at %s takes frames again", self.address)
        elif reason is not None and self.problem is None:
            log.warning("%s", DaemonUnreachable(self.address, reason))
        self.problem = None if reason is None else DaemonUnreachable(self.address, reason)
