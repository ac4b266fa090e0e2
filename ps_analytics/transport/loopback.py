"""What both ends of the loopback WebSocket agree on.

A message is `<u64 first sequence number, u32 frames>` and the batch; the daemon answers `<u64 next sequence number>`
once everything before it is committed. The token keeps other users of the machine out; refusing requests with an
Origin header keeps web pages out.
"""

import contextlib
import os
import secrets
import struct
from pathlib import Path

PREFIX = struct.Struct("<QI")
"""Before each batch: its first sequence number, its number of frames."""
ACKNOWLEDGEMENT = struct.Struct("<Q")
COLLECTOR_HEADER = "Collector-Id"
LOOPBACK = "127.0.0.1"


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
