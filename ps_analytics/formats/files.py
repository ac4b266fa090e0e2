"""Whole files in memory, with the sha256 that tells the same recording from another."""

import hashlib
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ps_analytics.errors import CorruptFile, FileMissing, FileUnreadable

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

    def need(self, start: int, size: int, what: str) -> None:
        """Do nothing if the file has these bytes.

        Raises:
            CorruptFile: it ends before; `what` says in words what is cut off.
        """
        if start < 0 or start + size > len(self.data):
            reason = f"{what} should go to byte {start + size}, but the file ends here"
            raise CorruptFile(self.path, reason=reason, offset=len(self.data))


def read_bytes(path: Path, progress: Progress) -> FileBytes:
    """A whole file with its sha256.

    Raises:
        FileMissing: there is no such file.
        FileUnreadable: a folder, a device, no permission, or more than `MAX_BYTES`.
    """
    try:
        status = path.stat()
        _refuse(path, status)
        with path.open("rb") as stream:
            data = stream.read(status.st_size)  # at once: a second copy of a large file would not fit
    except (FileNotFoundError, NotADirectoryError):
        raise FileMissing(path) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise FileUnreadable(path, reason=reason, hint="Check that you may read it.") from error
    digest = hashlib.sha256()
    for start in range(0, len(data), _CHUNK):
        digest.update(memoryview(data)[start : start + _CHUNK])
        progress(min((start + _CHUNK) / len(data), 1.0))
    return FileBytes(path, data, digest.hexdigest())


def _refuse(path: Path, status: os.stat_result) -> None:
    """Refuse what is no file of a size that fits: reading a pipe or a device might never end."""
    if stat.S_ISDIR(status.st_mode):
        raise FileUnreadable(path, reason="it is a folder", hint="Name the files in it.")
    if not stat.S_ISREG(status.st_mode):
        raise FileUnreadable(path, reason="it is a device or a pipe", hint="Name a file.")
    if status.st_size > MAX_BYTES:
        limit = f"it has {status.st_size / 1e9:.1f} GB, more than {MAX_BYTES / 1e9:.1f}"
        raise FileUnreadable(path, reason=limit, hint="Split the recording.")


def text_of(field: bytes) -> str:
    """The text in a field of fixed size: Latin-1, up to the first zero."""
    return field.split(b"\0", 1)[0].decode("latin-1")
