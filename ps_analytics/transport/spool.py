"""What a collector keeps on disk until the daemon has acknowledged it; nobody acknowledging, it is a recording.

A batch is written in one call before `append` returns, so a killed collector loses nothing. It is synced to the disk
before the sender lets it leave the machine, and within a second at the latest: a power cut takes at most that second,
and a sequence number the daemon has seen is never given to another frame.
"""

import contextlib
import logging
import os
import threading
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from io import FileIO
from pathlib import Path
from typing import BinaryIO, Self

from ps_analytics.errors import (
    CorruptFile,
    FileMissing,
    FileUnreadable,
    NotThisFormat,
    SpoolFull,
    SpoolInUse,
    SpoolUnwritable,
    WireError,
)
from ps_analytics.proto.codec import MAX_BYTES, Batch, decode, encode
from ps_analytics.transport.segment import (
    HEADER_BYTES,
    SUFFIX,
    Record,
    create_segment,
    header_bytes,
    read_header,
    read_records,
    sync_folder,
)

log = logging.getLogger(__name__)

MAX_SEQ = 2**61
SEGMENT_BYTES = 8 * 1024 * 1024
"""A segment is closed when it has grown to this, or to an eighth of it and everything in it is acknowledged."""


@dataclass(slots=True)
class _Segment:
    path: Path
    first_seq: int
    size: int


@dataclass(slots=True)
class Cursor:
    """How far a reader has come: the segment, by its first sequence number, and the byte offset in it."""

    segment: int
    offset: int = HEADER_BYTES


class Spool:
    """An append-only queue of batches in a folder of its own; safe to use from several threads, not processes.

    Raises:
        SpoolInUse: another process has the folder open.
        SpoolUnwritable: the folder cannot be made or written.
        UnsupportedVersion: a later ps-analytics wrote the folder.
    """

    def __init__(self, folder: Path, limit_bytes: int = 1_000_000_000, *, segment_bytes: int = SEGMENT_BYTES) -> None:
        self.folder, self.limit_bytes = folder, limit_bytes
        self._segment_bytes = min(segment_bytes, limit_bytes // 4)
        self._changed = threading.Condition()
        self._dirty = False
        self._torn = False
        """Bytes of a record that was not written whole may lie behind the last good one."""
        with contextlib.ExitStack() as undo:
            try:
                folder.mkdir(parents=True, exist_ok=True)
                self._lock = undo.enter_context(_lock(folder))
                self.collector_id = self._read_id()
                paths = _segment_paths(folder)
                self._segments = [_Segment(path, int(path.stem), path.stat().st_size) for path in paths]
                self.next_seq, self._file = self._recover()
                undo.enter_context(self._file)
                self.acknowledged = self._read_position()
                if self.acknowledged > self.next_seq:  # frames the daemon has are gone here; their numbers are taken
                    self.next_seq = self.acknowledged
                    self._rotate()
            except OSError as error:
                raise SpoolUnwritable(folder, error.strerror or str(error)) from None
            undo.pop_all()

    def append(self, batch: Batch) -> Batch:
        """The batch with its sequence numbers, once it is written.

        Raises:
            SpoolFull: the folder holds `limit_bytes` that nobody acknowledged.
            SpoolUnwritable: the disk refuses; nothing of the batch is kept.
            WireError: larger than a message may be, or without frames.
        """
        with self._changed:
            numbered = replace(batch, first_seq=self.next_seq)
            payload = encode(numbered)
            if not len(batch) or len(payload) > MAX_BYTES:
                raise WireError(f"{len(batch)} frames in {len(payload)} bytes, at most {MAX_BYTES}", field="payload")
            record = Record(self.next_seq, len(batch), payload)
            if self.size + record.size > self.limit_bytes:
                raise SpoolFull(self.folder, self.limit_bytes)
            self._write(record)
            self.next_seq = record.next_seq
            self._changed.notify_all()
        return numbered

    def read_from(self, cursor: Cursor, max_bytes: int = 1024 * 1024) -> list[Record]:
        """The records after a cursor, about `max_bytes` of them; moves the cursor. Empty at the end.

        Acknowledged records are left out. A damaged segment is left at its first bad record, with an error logged.
        """
        records: list[Record] = []
        with self._changed:
            segments = [replace(segment) for segment in self._segments if segment.first_seq >= cursor.segment]
            acknowledged = self.acknowledged
        for segment in segments:
            if segment.first_seq != cursor.segment:
                cursor.segment, cursor.offset = segment.first_seq, HEADER_BYTES
            try:
                with segment.path.open("rb") as file:
                    for record in read_records(file, segment.path, start=cursor.offset, end=segment.size):
                        cursor.offset += record.size
                        if record.next_seq > acknowledged:
                            records.append(record)
                            max_bytes -= record.size
                        if max_bytes <= 0:
                            return records
            except FileNotFoundError:  # acknowledged and deleted since
                continue
            except CorruptFile as error:
                log.error("frames of the spool are lost: %s", error)
                cursor.offset = segment.size
        return records

    def cursor(self) -> Cursor:
        """A cursor before the first record that is not acknowledged."""
        with self._changed:
            before = [segment for segment in self._segments if segment.first_seq <= self.acknowledged]
            return Cursor((before or self._segments)[-1 if before else 0].first_seq)

    def unacknowledged(self) -> Iterator[Record]:
        """Every record nobody has acknowledged, in order."""
        cursor = self.cursor()
        while records := self.read_from(cursor):
            yield from records

    def acknowledge(self, next_seq: int) -> None:
        """Remember that everything before `next_seq` is safe, and delete the segments that hold nothing else."""
        with self._changed:
            if next_seq <= self.acknowledged:
                return
            self.acknowledged = min(next_seq, self.next_seq)
            with contextlib.suppress(OSError):  # a full disk: what is spent makes room below
                if self.acknowledged == self.next_seq and self._segments[-1].size >= self._segment_bytes // 8:
                    self._rotate()
            spent = [old for old, new in zip(self._segments, self._segments[1:], strict=False)
                     if new.first_seq <= self.acknowledged]  # fmt: skip
            with contextlib.suppress(OSError):  # an old position costs sending again, never a frame
                self._write_position(durable=bool(spent))
            for segment in spent:
                with contextlib.suppress(OSError):  # still open in a reader on Windows: it goes with the next one
                    segment.path.unlink()
                    self._segments.remove(segment)
            self._changed.notify_all()

    def wait(self, seq: int, timeout_s: float) -> bool:
        """Whether there are frames from `seq` on; waits for a change as long as `timeout_s`."""
        with self._changed:
            return self.next_seq > seq or (self._changed.wait(timeout_s) and self.next_seq > seq)

    def wait_acknowledged(self, timeout_s: float) -> bool:
        """Whether everything appended is acknowledged; waits for it as long as `timeout_s`."""
        with self._changed:
            return self._changed.wait_for(lambda: self.acknowledged >= self.next_seq, timeout_s)

    def wake(self) -> None:
        """Let who waits for frames look again."""
        with self._changed:
            self._changed.notify_all()

    def sync(self) -> None:
        """Make what was appended outlive a power cut."""
        with self._changed:
            if self._dirty:
                os.fsync(self._file.fileno())
                self._dirty = False

    @property
    def size(self) -> int:
        """Bytes of all segments."""
        return sum(segment.size for segment in self._segments)

    def close(self) -> None:
        """Sync, and let another process have the folder."""
        with self._changed:
            if not self._file.closed:
                self.sync()
                self._file.close()
                self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _write(self, record: Record) -> None:
        data = record.to_bytes()
        try:
            if self._segments[-1].size >= self._segment_bytes:
                self._rotate()
            self._mend()
            segment, self._torn = self._segments[-1], True
            written = self._file.write(data)
            reason = "the disk is full" if written != len(data) else ""
        except OSError as error:
            reason = error.strerror or str(error)
        if reason:
            with contextlib.suppress(OSError):  # then before the next record
                self._mend()
            raise SpoolUnwritable(self.folder, reason)
        self._torn, self._dirty = False, True
        segment.size += len(data)

    def _mend(self) -> None:
        """Cut what was not written whole."""
        if self._torn:
            self._file.truncate(self._segments[-1].size)
            self._file.seek(self._segments[-1].size)
            self._torn = False

    def _rotate(self) -> None:
        """Go on in a new segment; the old one stays open for appending if there is no room for another."""
        if self._segments[-1].first_seq == self.next_seq:
            return
        self._mend()
        self.sync()
        path = self.folder / f"{self.next_seq:020d}{SUFFIX}"
        file = create_segment(path, self.next_seq)
        self._file.close()
        self._file = file
        self._segments.append(_Segment(path, self.next_seq, HEADER_BYTES))

    def _recover(self) -> tuple[int, FileIO]:
        """The next sequence number, and the last segment cut after its last good record, open for appending."""
        if not self._segments:
            path = self.folder / f"{0:020d}{SUFFIX}"
            self._segments.append(_Segment(path, 0, HEADER_BYTES))
            return 0, create_segment(path, 0)
        last = self._segments[-1]
        next_seq, end = last.first_seq, HEADER_BYTES
        with last.path.open("r+b") as file:
            try:
                read_header(file, last.path)
                for record in read_records(file, last.path, start=HEADER_BYTES):
                    next_seq, end = record.next_seq, end + record.size
            except (CorruptFile, NotThisFormat) as error:
                log.warning("the spool's last %d bytes are cut: %s", max(last.size - end, 0), error)
                file.seek(0)
                file.write(header_bytes(last.first_seq))
                file.truncate(end)
        last.size = end
        return next_seq, FileIO(last.path, "ab")

    def _read_id(self) -> str:
        path = self.folder / "collector"
        with contextlib.suppress(OSError, ValueError):
            return str(uuid.UUID(path.read_text("ascii").strip()))
        identifier = str(uuid.uuid4())
        path.write_text(identifier, "ascii")
        sync_folder(self.folder)
        return identifier

    def _read_position(self) -> int:
        """What was acknowledged; a position that got lost costs sending again, never a frame."""
        position = self._segments[0].first_seq
        with contextlib.suppress(OSError, ValueError):
            position = max(position, int((self.folder / "acknowledged").read_text("ascii")))
        return min(position, MAX_SEQ)

    def _write_position(self, *, durable: bool) -> None:
        new = self.folder / "acknowledged.new"
        with new.open("w", encoding="ascii") as file:
            file.write(str(self.acknowledged))
            if durable:
                file.flush()
                os.fsync(file.fileno())
        new.replace(self.folder / "acknowledged")


def open_spool(root: Path, name: str, limit_bytes: int) -> Spool:
    """The first spool of a name that no other collector has open: `name`, `name-2`, `name-3` …

    A collector started again gets its old folder back, and sends what still waits in it.
    """
    number = 1
    while True:
        try:
            return Spool(root / (name if number == 1 else f"{name}-{number}"), limit_bytes)
        except SpoolInUse:
            number += 1


def read(path: Path) -> Iterator[Batch]:
    """The batches of a recording: a spool's folder or one of its segments, as far as they go when reading begins.

    Raises:
        FileMissing: there is no such file or folder.
        NotThisFormat: something else.
        FileUnreadable: it cannot be opened.
        UnsupportedVersion: written by a later ps-analytics.
        CorruptFile: damaged or cut short; names the segment and the byte. The batches before it have been yielded.
    """
    if not path.exists():
        raise FileMissing(path)
    paths = _segment_paths(path) if path.is_dir() else [path]
    if not paths:
        found = f"a folder without '{SUFFIX}' files"
        raise NotThisFormat(path, expected="a ps-analytics recording", found=found, offset=None)
    sizes = [segment.stat().st_size for segment in paths]  # a collector may be appending
    for segment, size in zip(paths, sizes, strict=True):
        with _open(segment) as file:
            read_header(file, segment)
            offset = HEADER_BYTES
            for record in read_records(file, segment, start=HEADER_BYTES, end=size):
                try:
                    yield decode(record.payload)
                except WireError as error:
                    raise CorruptFile(segment, reason=str(error), offset=offset) from None
                offset += record.size


def write(path: Path, batches: Iterable[Batch]) -> None:
    """Write a recording of one segment; frames are numbered from 0."""
    next_seq = 0
    with create_segment(path, next_seq) as file:
        for batch in batches:
            record = Record(next_seq, len(batch), encode(replace(batch, first_seq=next_seq)))
            file.write(record.to_bytes())
            next_seq = record.next_seq
        os.fsync(file.fileno())


def _open(segment: Path) -> BinaryIO:
    try:
        return segment.open("rb")
    except OSError as error:
        hint = "Stop the collector that uses the folder, or copy it first."
        raise FileUnreadable(segment, reason=error.strerror or str(error), hint=hint) from None


def _segment_paths(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob(f"*{SUFFIX}") if path.stem.isdecimal())


def _lock(folder: Path) -> FileIO:
    """The folder's lock file, locked for this process until it is closed or the process ends, however it ends."""
    file = FileIO(folder / "lock", "ab+")
    try:
        if os.name == "nt":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise SpoolInUse(folder) from None
    return file
