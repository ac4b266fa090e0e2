"""One file of a spool: a header, then records of one batch each. This is also the format of recordings."""

import contextlib
import errno
import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import BinaryIO

from ps_analytics.errors import CorruptFile, NotThisFormat, UnsupportedVersion
from ps_analytics.proto.codec import MAX_BYTES

SUFFIX = ".psspool"
MAGIC = b"PSSPOOL\x1a"
VERSION = 1
_HEADER = struct.Struct("<8sHHQI")
"""Magic, version, reserved, sequence number of the first frame to come, CRC-32 of all before it."""
_RECORD = struct.Struct("<IIQI")
"""Length of the payload, CRC-32 of the next two and the payload, first sequence number, number of frames."""
_NUMBERS = struct.Struct("<QI")
HEADER_BYTES = _HEADER.size
RECORD_BYTES = _RECORD.size


@dataclass(frozen=True, slots=True)
class Record:
    """One batch as it lies in a segment."""

    first_seq: int
    frames: int
    payload: bytes

    @property
    def next_seq(self) -> int:
        """The sequence number after its last frame."""
        return self.first_seq + self.frames

    @property
    def size(self) -> int:
        """Bytes it takes in a segment."""
        return RECORD_BYTES + len(self.payload)

    def to_bytes(self) -> bytes:
        """The record as it is written."""
        numbers = _NUMBERS.pack(self.first_seq, self.frames)
        crc = zlib.crc32(self.payload, zlib.crc32(numbers))
        return _RECORD.pack(len(self.payload), crc, self.first_seq, self.frames) + self.payload


def header_bytes(first_seq: int) -> bytes:
    """The header of a segment whose first frame has this number."""
    fields = _HEADER.pack(MAGIC, VERSION, 0, first_seq, 0)[:-4]
    return fields + zlib.crc32(fields).to_bytes(4, "little")


def create_segment(path: Path, first_seq: int) -> FileIO:
    """A new, empty segment on disk, open for appending; its name is durable too.

    Raises:
        OSError: the disk refuses; nothing is left of it.
    """
    with contextlib.ExitStack() as undo:
        undo.callback(path.unlink, missing_ok=True)
        file = undo.enter_context(FileIO(path, "wb"))
        if file.write(header_bytes(first_seq)) != HEADER_BYTES:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(file.fileno())
        sync_folder(path.parent)
        undo.pop_all()
    return file


def sync_folder(folder: Path) -> None:
    """Make new and removed names of a folder durable, where the system lets a folder be synced (not Windows)."""
    if os.name != "nt":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def read_header(file: BinaryIO, path: Path) -> int:
    """The sequence number in a segment's header; leaves the file at the first record.

    Raises:
        NotThisFormat: no spool segment.
        UnsupportedVersion: written by a later ps-analytics.
        CorruptFile: a header cut short or damaged.
    """
    header = file.read(HEADER_BYTES)
    if header[: len(MAGIC)] != MAGIC:
        found = "an empty file" if not header else "other bytes at its start"
        raise NotThisFormat(path, expected="a ps-analytics recording", found=found)
    if len(header) < HEADER_BYTES:
        raise CorruptFile(path, reason="its header is cut short", offset=len(header))
    _, version, _, first_seq, crc = _HEADER.unpack(header)
    if version != VERSION:
        raise UnsupportedVersion(path, version=version, supported=str(VERSION), offset=len(MAGIC))
    if zlib.crc32(header[:-4]) != crc:
        raise CorruptFile(path, reason="its header fails its checksum", offset=0)
    return int(first_seq)


def read_records(file: BinaryIO, path: Path, *, start: int, end: int | None = None) -> Iterator[Record]:
    """The records of a segment from one byte offset to another (None = the end of the file).

    Raises:
        CorruptFile: a record cut short or failing its checksum; those before it have been yielded.
    """
    file.seek(start)
    offset = start
    while end is None or offset < end:
        head = file.read(RECORD_BYTES)
        if not head:
            return
        if len(head) < RECORD_BYTES:
            raise CorruptFile(path, reason="its last record is cut short", offset=offset)
        length, crc, first_seq, frames = _RECORD.unpack(head)
        if length > MAX_BYTES:
            raise CorruptFile(path, reason=f"a record claims {length} bytes", offset=offset)
        payload = file.read(length)
        if len(payload) < length:
            raise CorruptFile(path, reason="its last record is cut short", offset=offset)
        if zlib.crc32(payload, zlib.crc32(head[8:])) != crc:
            raise CorruptFile(path, reason="a record fails its checksum", offset=offset)
        yield Record(first_seq, frames, payload)
        offset += RECORD_BYTES + length
