"""The daemon's end of the loopback WebSocket: admits collectors, queues what they send, sends acknowledgements."""

import asyncio
import contextlib
import hmac
import logging
import os
import socket
import threading
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from http import HTTPStatus

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from ps_analytics.config import Settings
from ps_analytics.errors import PortInUse
from ps_analytics.proto.codec import MAX_BYTES
from ps_analytics.transport.base import Message, Subscriber, positions
from ps_analytics.transport.loopback import ACKNOWLEDGEMENT, COLLECTOR_HEADER, LOOPBACK, PREFIX, make_token

log = logging.getLogger(__name__)

MAX_MESSAGE_BYTES = 4 * MAX_BYTES
"""Beyond the limit of a batch, so that an oversized one reaches the daemon, which sets it aside with its reason."""
MAX_SEQ = 2**62
MAX_WAITING_BYTES = 64 * 1024 * 1024


class Listener(Subscriber):
    """Takes messages from any number of collectors of one user.

    A thread of its own runs the sockets. When more waits than the limit, it stops reading and the collectors keep
    their frames in their spools.

    Args:
        settings: the user whose frames these are, the port (0 picks a free one, which `.port` then says), and the
            data folder, where the token is left for the user's collectors.
        max_waiting_bytes: how much may wait for `poll`.

    Raises:
        PortInUse: another program listens there.
    """

    def __init__(self, settings: Settings, *, max_waiting_bytes: int = MAX_WAITING_BYTES) -> None:
        self._user_id = settings.user
        self._expected = f"Bearer {make_token(settings.data_dir)}".encode()
        self._socket = _bind(settings.ingest_port)
        self.port: int = self._socket.getsockname()[1]
        self._max_waiting_bytes = max_waiting_bytes
        self._arrived = threading.Condition()
        self._waiting: deque[Message] = deque()
        self._waiting_bytes = 0
        self._links: dict[str, _Link] = {}
        self._loop = asyncio.new_event_loop()
        self._room, self._stop = asyncio.Event(), asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="collectors", daemon=True)
        self._thread.start()

    def poll(self, timeout_s: float, max_messages: int = 100) -> list[Message]:
        """The messages that wait, oldest first."""
        with self._arrived:
            self._arrived.wait_for(lambda: bool(self._waiting), timeout_s)
            taken = [self._waiting.popleft() for _ in range(min(max_messages, len(self._waiting)))]
            self._waiting_bytes -= sum(len(message.payload) for message in taken)
        if taken:
            self._soon(self._room.set)
        return taken

    def acknowledge(self, messages: Sequence[Message]) -> None:
        """Send each collector how far its frames are committed; one that is gone asks by sending again."""
        for topic, position in positions(messages).items():
            self._soon(self._acknowledge, topic, position)

    def close(self) -> None:
        """Close all connections and the port."""
        self._soon(self._stop.set)
        self._soon(self._room.set)
        self._thread.join()

    def _soon(self, call: Callable[..., object], *arguments: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is connected any more
            self._loop.call_soon_threadsafe(call, *arguments)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        async with serve(
            self._take,
            sock=self._socket,
            process_request=self._admit,
            compression=None,
            max_size=MAX_MESSAGE_BYTES,
            max_queue=4,
            ping_timeout=60,
            close_timeout=1,
        ):
            await self._stop.wait()

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        """Refuse web pages, strangers, and collectors that do not say who they are."""
        headers = request.headers
        if "Origin" in headers:
            return connection.respond(HTTPStatus.FORBIDDEN, "no web pages\n")
        if not hmac.compare_digest(headers.get("Authorization", "").encode(), self._expected):
            return connection.respond(HTTPStatus.UNAUTHORIZED, "show the token of this user's daemon\n")
        try:
            uuid.UUID(headers.get(COLLECTOR_HEADER, ""))
        except ValueError:
            return connection.respond(HTTPStatus.BAD_REQUEST, f"{COLLECTOR_HEADER} must be a UUID\n")
        return None

    async def _take(self, connection: ServerConnection) -> None:
        """One collector's connection, from its opening to its end; a newer one of the same collector replaces it."""
        assert connection.request is not None
        collector = str(uuid.UUID(connection.request.headers[COLLECTOR_HEADER]))
        link, old = _Link(connection), self._links.get(collector)
        self._links[collector] = link
        if old is not None:
            await old.connection.close()
        answering = asyncio.create_task(link.answer())
        try:
            async for data in connection:
                message = self._message(collector, data)
                if message is None:
                    await connection.close(1007, "not a numbered batch")
                    return
                await self._put(message)
        except ConnectionClosed:
            log.debug("collector %s broke off", collector)
        finally:
            answering.cancel()
            if self._links.get(collector) is link:
                del self._links[collector]

    def _message(self, collector: str, data: bytes | str) -> Message | None:
        """The message in a frame, None if it has no numbers a database can keep."""
        if isinstance(data, str) or len(data) <= PREFIX.size:
            return None
        first_seq, frames = PREFIX.unpack_from(data)
        if frames == 0 or first_seq >= MAX_SEQ:
            return None
        return Message(self._user_id, collector, 0, first_seq, first_seq + frames, data[PREFIX.size :])

    async def _put(self, message: Message) -> None:
        while self._waiting_bytes > self._max_waiting_bytes and not self._stop.is_set():
            self._room.clear()
            await self._room.wait()
        with self._arrived:
            self._waiting.append(message)
            self._waiting_bytes += len(message.payload)
            self._arrived.notify()

    def _acknowledge(self, collector: str, position: int) -> None:
        link = self._links.get(collector)
        if link is not None:
            link.acknowledge(position)


class _Link:
    """The way back to one collector; a slow one gets fewer acknowledgements, not later ones."""

    def __init__(self, connection: ServerConnection) -> None:
        self.connection = connection
        self._position = 0
        self._changed = asyncio.Event()

    def acknowledge(self, position: int) -> None:
        self._position = max(self._position, position)
        self._changed.set()

    async def answer(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                await self._changed.wait()
                self._changed.clear()
                await self.connection.send(ACKNOWLEDGEMENT.pack(self._position))


def _bind(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    option = socket.SO_REUSEADDR if os.name != "nt" else socket.SO_EXCLUSIVEADDRUSE  # type: ignore[attr-defined,unused-ignore]
    listening.setsockopt(socket.SOL_SOCKET, option, 1)
    try:
        listening.bind((LOOPBACK, port))
        listening.listen()
    except OSError:
        listening.close()
        raise PortInUse(port, setting="PS_INGEST_PORT") from None
    return listening
