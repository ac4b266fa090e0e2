"""MoTeC `.ldx`: the XML beside a `.ld` that holds its beacons (lap borders) and details.

Layout: LDXFile → Layers → Layer → MarkerBlock → MarkerGroup "Beacons" → Marker of class BCN, its Time in microseconds
since the start of the log.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

from ps_analytics.errors import CorruptFile, NotThisFormat
from ps_analytics.formats.files import FileBytes
from ps_analytics.formats.recording import YEARS, LapMark, Recording
from ps_analytics.lap import LapKind

NAME = "a MoTeC .ldx"
MAX_BYTES = 16 << 20
MAX_BEACONS = 20_000
SHORTEST_LAP_S = 5.0
"""Two beacons closer than this are one crossing signalled twice, not a lap."""

_MARKER_PATH = ["LDXFile", "Layers", "Layer", "MarkerBlock", "MarkerGroup", "Marker"]
_DETAILS_PATH = ["LDXFile", "Layers", "Details"]
_MAX_DETAILS = 1000
_SAME_S = 0.001
_LONGEST_LOG_S = 7 * 86_400
_ACC_NAME = re.compile(r"(?P<track>[^-]+)-(?P<car>[^-]+)-\d+-(?P<when>\d{4}\.\d\d\.\d\d-\d\d\.\d\d\.\d\d)")


@dataclass(frozen=True, slots=True)
class LapFile:
    """What a `.ldx` holds: beacons in s since the start of the log, sorted and once each; details by name."""

    beacons_s: tuple[float, ...]
    details: Mapping[str, str]


def recognises(head: bytes) -> bool:
    """Whether a file starts like XML; its root element is looked at when it is read."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<"


def parse(file: FileBytes) -> LapFile:
    """The beacons and details of a `.ldx`.

    Raises:
        NotThisFormat: the root element is not LDXFile, or the file is no XML of that kind.
        CorruptFile: malformed XML, or a beacon without a time; the message names line and column.
    """
    if len(file.data) > MAX_BYTES:
        raise NotThisFormat(file.path, expected=NAME, found=f"XML of {len(file.data) // 1_000_000} MB")
    target = _Target(file)
    try:
        parser = ElementTree.XMLParser(target=target, encoding=_encoding(file.data))
        parser.feed(file.data)
        parser.close()
    except ElementTree.ParseError as error:
        raise _malformed(file, error) from error
    except (ValueError, LookupError) as error:
        raise CorruptFile(file.path, reason="its XML states an encoding nobody knows", offset=0) from error
    if target.root != "LDXFile":
        raise NotThisFormat(file.path, expected=NAME, found=f"XML whose root element is '{target.root[:40]}'")
    kept: list[float] = []
    for time_s in sorted(target.times):
        if not kept or time_s - kept[-1] > _SAME_S:
            kept.append(time_s)
    return LapFile(tuple(kept), target.details)


class _Target:
    """Takes the beacons and details out of the XML as it is read; no tree is built, whatever the file holds."""

    def __init__(self, file: FileBytes) -> None:
        self._file, self._depth = file, 0
        self._path: list[str] = []
        self._in_beacons = False
        self.root = ""
        self.times: list[float] = []
        self.details: dict[str, str] = {}

    def doctype(self, name: str, public: str | None, system: str | None) -> None:
        """Called before a document type's entities are read, which could grow without end."""
        found = "XML with a document type of its own"
        raise NotThisFormat(self._file.path, expected=NAME, found=found, offset=max(self._file.data.find(b"<!"), 0))

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Called at each opening tag."""
        if self._depth == 0:
            self.root = tag
        self._depth += 1
        if self._depth > len(_MARKER_PATH):
            return
        self._path[self._depth - 1 :] = [tag]
        if self._depth == len(_MARKER_PATH) - 1:
            self._in_beacons = attributes.get("Name") == "Beacons"
        if self._path == _MARKER_PATH and self._in_beacons:
            self.times.append(_beacon_s(self._file, attributes))
            if len(self.times) > MAX_BEACONS:
                raise CorruptFile(self._file.path, reason=f"it has more than {MAX_BEACONS} beacons", offset=None)
        elif self._path[:-1] == _DETAILS_PATH and len(self.details) < _MAX_DETAILS:
            self.details[attributes.get("Id", "")] = attributes.get("Value", "")

    def end(self, tag: str) -> None:
        """Called at each closing tag."""
        self._depth -= 1

    def close(self) -> None:
        """Called at the end of the file."""


def _encoding(data: bytes) -> str | None:
    """The encoding to force: MoTeC writes the machine's own code page without saying so."""
    if re.match(rb"\s*<\?xml[^>]*encoding", data.removeprefix(b"\xef\xbb\xbf")):
        return None
    try:
        data.decode()
    except UnicodeDecodeError:
        return "windows-1252"
    return None


def _malformed(file: FileBytes, error: ElementTree.ParseError) -> CorruptFile | NotThisFormat:
    line, column = error.position
    lines = file.data.split(b"\n")
    offset = min(sum(len(text) + 1 for text in lines[: line - 1]) + column, len(file.data))
    if b"<LDXFile" not in file.data[:4096] and file.path.suffix.lower() != ".ldx":
        return NotThisFormat(file.path, expected=NAME, found="it starts like XML and is none", offset=offset)
    reason = str(error).split(":")[0]
    return CorruptFile(file.path, reason=f"malformed XML in line {line}, column {column} ({reason})", offset=offset)


def _beacon_s(file: FileBytes, marker: Mapping[str, str]) -> float:
    text = marker.get("Time", "")
    try:
        time_s = float(text) / 1e6
    except ValueError:
        time_s = math.nan
    if not 0 <= time_s <= _LONGEST_LOG_S:
        where = f"beacon '{marker.get('Name', '?')[:40]}'"
        raise CorruptFile(file.path, reason=f"{where} has no usable time ('{text[:40]}')", offset=None)
    return time_s


def cut(beacons_s: Sequence[float], duration_s: float | None, *, time_source: str = "source") -> tuple[LapMark, ...]:
    """The laps between beacons: out up to the first, timed between two, partial after the last.

    Laps count from 0 at the start of the log, as MoTeC counts them. Without a duration there is no last stretch.
    """
    if not beacons_s:
        return ()
    marks = [LapMark(0.0, beacons_s[0], None, "none", LapKind.OUT, source_lap_number=0)] if beacons_s[0] > 0 else []
    for number, (start, end) in enumerate(pairwise(beacons_s), start=1):
        lap_time_s = round(end - start, 6)
        short = lap_time_s < SHORTEST_LAP_S
        reason = f"shorter than {SHORTEST_LAP_S:g} s" if short else None
        marks.append(LapMark(start, end, lap_time_s, time_source, LapKind.TIMED, not short, reason, number))
    if duration_s is not None and duration_s - beacons_s[-1] > _SAME_S:
        marks.append(
            LapMark(beacons_s[-1], duration_s, None, "none", LapKind.PARTIAL, source_lap_number=len(beacons_s))
        )
    return tuple(marks)


def beside(path: Path, suffix: str) -> Path | None:
    """The file of the same stem with a suffix in any case, or None."""
    try:
        return next(
            (
                p
                for p in sorted(path.parent.iterdir())
                if p.stem == path.stem and p.suffix.lower() == suffix and p.is_file()
            ),
            None,
        )
    except OSError:
        return None


def local_time(text: str, form: str) -> tuple[datetime | None, str]:
    """A date without a zone as UTC, taken for this machine's local time, and the note that says so."""
    try:
        local = datetime.strptime(text, form)
        utc = local.astimezone(UTC) if local.year in YEARS else None
    except (ValueError, OverflowError, OSError):
        utc = None
    if utc is None:
        return None, f"The date '{text[:40]}' is not understood."
    return utc, f"The date '{text}' has no time zone: it is read as this machine's local time."


def read_alone(file: FileBytes) -> Recording:
    """A session of times only: the beacons of a `.ldx` that lies alone.

    Track, car and date come from the file's name where it is one Assetto Corsa Competizione gives.

    Raises:
        NotThisFormat, CorruptFile: see `parse`.
    """
    laps = parse(file)
    notes = ["A .ldx without its .ld: lap times, no channels."]
    if laps.beacons_s:
        notes.append("Where the last lap ends is not stated.")
    track, car, started_at = laps.details.get("Venue") or None, laps.details.get("Vehicle Id") or None, None
    named = _ACC_NAME.fullmatch(file.path.stem)
    if named:
        track, car = track or named["track"].replace("_", " "), car or named["car"]
        started_at, note = local_time(named["when"], "%Y.%m.%d-%H.%M.%S")
        notes += ["Track, car and date are those of the file's name.", note]
    return Recording(
        path=file.path, sha256=file.sha256, source="motec", track=track, car=car,
        driver=laps.details.get("Driver") or None, started_at=started_at,
        duration_s=laps.beacons_s[-1] if laps.beacons_s else 0.0,
        traces=(), marks=cut(laps.beacons_s, None), notes=tuple(notes),
    )  # fmt: skip
