"""Whole files in memory, with the sha256 that tells the same recording from another."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ps_analytics.errors import FileMissing, FileUnreadable

Progress = Callable[[float], None]
"""Told how far a long read is, 0…1."""

MAX_BYTES = 2 << 30
"""A larger file is refused: it would not fit in the memory of the machines this runs on."""

_CHUNK = 4 << 20


@dataclass(frozen=True, slots=True)
class FileBytes:
    """A file in memory: where it is, what is in it, and the sha256 of that in hexadecimal."""

    path: Path
    data: bytes = field(repr=False)
    sha256: str


def read_bytes(path: Path, progress: Progress) -> FileBytes:
    """A whole file with its sha256.

    Raises:
        FileMissing: there is no such file.
        FileUnreadable: a folder, no permission, or more than `MAX_BYTES`.
    """
    if path.is_dir():
        raise FileUnreadable(path, reason="it is a folder", hint="Name the files in it.")
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            limit = f"it has {size / 1e9:.1f} GB, more than {MAX_BYTES / 1e9:.1f}"
            raise FileUnreadable(path, reason=limit, hint="Split the recording.")
        digest, data = hashlib.sha256(), bytearray()
        with path.open("rb") as stream:
            while len(data) <= MAX_BYTES and (chunk := stream.read(_CHUNK)):
                digest.update(chunk)
                data += chunk
                progress(min(len(data) / max(size, 1), 1.0))
    except FileNotFoundError:
        raise FileMissing(path) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise FileUnreadable(path, reason=reason, hint="Check that you may read it.") from error
    return FileBytes(path, bytes(data), digest.hexdigest())
