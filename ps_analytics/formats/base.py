"""The door to every file: its content, not its name, decides which reader takes it.

A new format is one new module and one entry in `READERS`.
"""

from pathlib import Path

from ps_analytics.errors import NotThisFormat
from ps_analytics.formats import ibt, motec
from ps_analytics.formats.files import MAX_BYTES, FileBytes, Progress, read_bytes
from ps_analytics.formats.recording import LapMark, Reader, Recording

__all__ = ["MAX_BYTES", "READERS", "LapMark", "Progress", "Reader", "Recording", "read_recording"]

READERS: tuple[Reader, ...] = (motec.LD, motec.LDX, ibt.IBT)
"""Every format, in the order asked."""

_READ_SHARE = 0.3


def read_recording(path: Path | str, *, progress: Progress | None = None) -> Recording:
    """What is in a file: its channels in catalogue units, its laps where it states them, and who, where and when.

    Args:
        path: any file; its content decides the reader. A MoTeC `.ldx` beside its `.ld` is read with it, whichever is
            asked for.
        progress: called with 0…1 while reading; the last call is 1.

    Raises:
        FileMissing: there is no such file.
        FileUnreadable: a folder, no permission, or more than `MAX_BYTES`.
        NotThisFormat: it is no recording, or one of a format nobody here reads.
        CorruptFile: it starts as its format does and then breaks it.
        UnsupportedVersion: a version of the format nobody here reads.
    """
    report = progress or (lambda share: None)
    file = read_bytes(Path(path), lambda share: report(_READ_SHARE * share))
    reader = _pick_reader(file)
    recording = reader.read(file, lambda share: report(_READ_SHARE + (1 - _READ_SHARE) * share))
    report(1.0)
    return recording


def _pick_reader(file: FileBytes) -> Reader:
    head = file.data[:4096]
    for reader in READERS:
        if reader.recognises(head):
            return reader
    by_suffix = [r.name for r in READERS if file.path.suffix.lower() in r.suffixes]
    expected = by_suffix[0] if by_suffix else f"a recording ({', '.join(r.name for r in READERS)})"
    raise NotThisFormat(file.path, expected=expected, found=_describe(head))


def _describe(head: bytes) -> str:
    """What the first bytes of a foreign file look like, in words."""
    if not head:
        return "it is empty"
    if not head.strip(b"\0"):
        return "it starts with zeros only"
    for magic, name in ((b"PK\x03\x04", "a ZIP archive"), (b"\x1f\x8b", "a gzip archive"), (b"SQLite", "a database")):
        if head.startswith(magic):
            return f"it is {name}"
    written = head.replace(b"\0", b"")
    if sum(32 <= byte < 127 or byte in (9, 10, 13) for byte in written) > 0.9 * len(written):
        return "it is text"
    return f"it starts with the bytes {head[:8].hex(' ')}"
