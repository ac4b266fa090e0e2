"""The thin socket under every collector of a game that sends UDP."""

import errno
import os
import socket
import time

from ps_analytics.collect.base import BATCH_FRAMES, BATCH_S
from ps_analytics.errors import BadSetting, PortInUse

LONGEST = 65_535
KERNEL_BYTES = 1 << 20
"""What the system is asked to keep while nobody reads; where it grants less, it is still some seconds of a game."""
DRAIN = 512
"""So many datagrams are read at most before they are looked at."""


class Datagrams:
    """A UDP port a game sends to.

    Args:
        host: an address of this machine; `0.0.0.0` or `::` for all of them.
        port: 0 picks a free one, which `.port` then says.

    Raises:
        PortInUse: another program listens there.
        BadSetting: not an address of this machine, or a port this user may not open.
    """

    def __init__(self, host: str, port: int) -> None:
        self._socket = _bind(host, port)
        self.port: int = self._socket.getsockname()[1]

    def take(self, timeout_s: float) -> list[bytes]:
        """What a live batch needs: up to 100 ms of datagrams from the first on, or all that wait already.

        Args:
            timeout_s: how long to wait for the first; empty if none came.
        """
        packets: list[bytes] = []
        until = time.monotonic() + timeout_s
        while len(packets) < DRAIN:
            patience = until - time.monotonic() if len(packets) < BATCH_FRAMES else 0.0
            self._socket.settimeout(max(patience, 0.0))
            try:
                packets.append(self._socket.recv(LONGEST))
            except (TimeoutError, BlockingIOError):
                break
            if len(packets) == 1:
                until = time.monotonic() + BATCH_S
        return packets

    def close(self) -> None:
        """Let go of the port."""
        self._socket.close()


def _bind(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    except (OSError, UnicodeError):
        raise BadSetting("--host", f"'{host}' is not an address. Try 127.0.0.1, or 0.0.0.0 for a console.") from None
    listening = socket.socket(family, kind, protocol)
    try:
        if os.name == "nt":
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)  # type: ignore[attr-defined,unused-ignore]
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, KERNEL_BYTES)
        listening.bind(address)
    except OSError as error:
        listening.close()
        raise _refusal(error, host, port) from None
    return listening


def _refusal(error: OSError, host: str, port: int) -> PortInUse | BadSetting:
    reason = error.strerror or str(error)
    if error.errno == errno.EADDRINUSE or getattr(error, "winerror", None) == 10048:
        return PortInUse(port, setting="--port")
    if isinstance(error, PermissionError):
        return BadSetting("--port", f"this user may not listen on {port} ({reason}). Take one above 1023.")
    return BadSetting("--host", f"cannot listen on '{host}': {reason}. It must be an address of this machine.")
