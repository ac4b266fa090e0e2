"""The collector's end of the loopback WebSocket: spool first, then send until acknowledged."""

import contextlib
import logging
import random
import socket
import threading
import time

from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect

from ps_analytics.config import Settings
from ps_analytics.errors import DaemonUnreachable
from ps_analytics.proto.codec import Batch
from ps_analytics.transport.base import Publisher
from ps_analytics.transport.loopback import ACKNOWLEDGEMENT, COLLECTOR_HEADER, LOOPBACK, PREFIX, token_path
from ps_analytics.transport.spool import open_spool

log = logging.getLogger(__name__)

_FIRST_DELAY_S = 0.05
_LAST_DELAY_S = 1.0
_LOOK_S = 0.5
_PATIENCE_S = 3.0
"""A daemon that is being started together with its collectors is not missed before that."""


class Connection(Publisher):
    """A collector's way to the daemon of another process, over a spool on disk.

    `publish` returns once the batch is in the spool; a thread sends what is not acknowledged, in order, as long as a
    daemon answers, and again from the last acknowledgement after every break.

    Args:
        settings: where the spools and the token are, and the daemon's port.
        name: of the spool, usually the source's; a collector of the same name gets what the last run left.
        port: the daemon's port if it is not the setting's.

    Raises:
        SpoolUnwritable: the spool's folder cannot be made or written.
    """

    def __init__(self, settings: Settings, *, name: str, port: int | None = None) -> None:
        root, limit = settings.data_dir / "spool", settings.spool_limit_mb * 1_000_000
        self._spool, self._token = open_spool(root, name, limit), token_path(settings.data_dir)
        self.address = f"ws://{LOOPBACK}:{settings.ingest_port if port is None else port}"
        self.problem: DaemonUnreachable | None = None
        self._since_s, self._said = 0.0, False
        self._stopped = threading.Event()
        self._socket: ClientConnection | None = None
        self._thread = threading.Thread(target=self._run, name="spool-sender", daemon=True)
        self._thread.start()

    @property
    def collector_id(self) -> str:
        """The topic of its messages."""
        return self._spool.collector_id

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
                self._socket.socket.shutdown(socket.SHUT_RDWR)
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
            except (OSError, WebSocketException, ValueError) as error:  # ValueError: a token that is no header
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

    def _send(self, link: ClientConnection) -> None:
        """Send until the connection ends or `close` is called."""
        listening = threading.Thread(target=self._take_acknowledgements, args=(link,), daemon=True)
        listening.start()
        cursor = self._spool.cursor()
        try:
            while listening.is_alive() and not self._stopped.is_set():
                seen = self._spool.next_seq
                records = self._spool.read_from(cursor)
                self._spool.sync()
                for record in records:
                    link.send(PREFIX.pack(record.first_seq, record.frames) + record.payload)
                if not records:
                    self._spool.wait(seen, _LOOK_S)
        finally:
            link.close()
            listening.join()

    def _take_acknowledgements(self, link: ClientConnection) -> None:
        with contextlib.suppress(ConnectionClosed, OSError):
            for data in link:
                if isinstance(data, bytes) and len(data) == ACKNOWLEDGEMENT.size:
                    self._spool.acknowledge(ACKNOWLEDGEMENT.unpack(data)[0])
        self._spool.wake()

    def _report(self, reason: str | None) -> None:
        """Say it once when no daemon has answered for a while, and once when one does again."""
        now_s = time.monotonic()
        if reason is None:
            if self._said:
                log.warning("the daemon at %s takes frames again", self.address)
            self.problem, self._said = None, False
            return
        if self.problem is None:
            self._since_s = now_s
        self.problem = DaemonUnreachable(self.address, reason)
        if not self._said and now_s - self._since_s >= _PATIENCE_S:
            log.warning("%s", self.problem)
            self._said = True
