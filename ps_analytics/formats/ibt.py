"""iRacing `.ibt` telemetry: 60 records a second of named variables, with the session's text beside them.

Little-endian. A header of 112 bytes, a disk header of 32, variable headers of 144 bytes each, the session's YAML and
then the records. Where a variable lies differs from car to car: everything is looked up by name. The file states no
laps of its own; they are cut from its channels.
"""

import struct
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from ps_analytics.errors import CorruptFile, NotThisFormat, UnsupportedVersion
from ps_analytics.formats.files import FileBytes, Progress, text_of
from ps_analytics.formats.ibt_names import TABLE, derived
from ps_analytics.formats.ibt_session import SessionText, read_session_text
from ps_analytics.formats.naming import Raw, RawChannel, name_channels
from ps_analytics.formats.recording import YEARS, Reader, Recording

NAME = "an iRacing .ibt"
VERSIONS = (1, 2)
MAX_VARIABLES = 4096

_HEADER = struct.Struct("<12i 16i")
_DISK = struct.Struct("<q dd ii")
_VARIABLE = struct.Struct("<iii B 3x 32s 64s 32s")
_DTYPES = (None, np.dtype("?"), np.dtype("<i4"), np.dtype("<u4"), np.dtype("<f4"), np.dtype("<f8"))
_LONGEST_GRID = 4
"""A finer channel is laid out over missed records only up to this many times its own length."""

_LONGEST_GAP_S = 86_400

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Header:
    """The two headers of an `.ibt`; offsets and sizes in bytes."""

    version: int
    rate_hz: int
    text_bytes: int
    text_at: int
    variables: int
    variables_at: int
    buffers: int
    record_bytes: int
    records_at: int
    started: int
    records: int


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable of the records: `kind` 0 text, 1 bool, 2 int, 3 bits, 4 float, 5 double; `count` of them."""

    name: str
    unit: str
    kind: int
    offset: int
    count: int
    in_time: bool

    @property
    def size(self) -> int:
        """Its bytes in a record."""
        return self.count * (_DTYPES[self.kind] or np.dtype("S1")).itemsize


def recognises(head: bytes) -> bool:
    """Whether the first numbers can be those of an iRacing header: a rate, counts and offsets in their ranges."""
    if len(head) < _HEADER.size:
        return False
    version, _, rate, _, text, text_at, variables, variables_at, buffers, record, *_ = _HEADER.unpack_from(head)
    plausible = (0 < version < 100, 0 < rate <= 1000, 0 < variables <= MAX_VARIABLES, 1 <= buffers <= 4, record > 0)
    return all(plausible) and text >= 0 and text_at >= 0 and variables_at >= _HEADER.size


def read_header(file: FileBytes) -> Header:
    """The headers of an `.ibt`.

    Raises:
        NotThisFormat: a dump of the game's live memory, which looks alike.
        UnsupportedVersion: a version other than 1 and 2.
        CorruptFile: the file ends inside, or an offset leaves it.
    """
    version, _, rate, _, text, text_at, variables, variables_at, buffers, record, *_ = _HEADER.unpack_from(file.data)
    if buffers != 1:
        found = f"a dump of iRacing's live memory with {buffers} rotating buffers, not a recording"
        raise NotThisFormat(file.path, expected=NAME, found=found, offset=32)
    if version not in VERSIONS:
        raise UnsupportedVersion(file.path, version=version, supported="1 and 2", offset=0)
    records_at = _HEADER.unpack_from(file.data)[13]
    file.need(_HEADER.size, _DISK.size, "the second header")
    started, _, _, _, records = _DISK.unpack_from(file.data, _HEADER.size)
    if records_at < _HEADER.size + _DISK.size or records < 0:
        raise CorruptFile(file.path, reason="its headers contradict each other", offset=52)
    file.need(variables_at, variables * _VARIABLE.size, "the list of variables")
    file.need(text_at, text, "the session's text")
    if records == 0:
        records = max(len(file.data) - records_at, 0) // record
    if records == 0:
        raise CorruptFile(file.path, reason="it holds no records", offset=min(records_at, len(file.data)))
    file.need(records_at, records * record, f"its {records} records")
    return Header(
        version, rate, text, text_at, variables, variables_at, buffers, record, records_at, started, records
    )  # fmt: skip


def read_variables(file: FileBytes, header: Header) -> list[Variable]:
    """The variables of the records, in the file's order.

    Raises:
        CorruptFile: an unknown type, or a variable outside the record.
    """
    variables, room = [], header.record_bytes
    for index in range(header.variables):
        at = header.variables_at + index * _VARIABLE.size
        kind, offset, count, in_time, name, _, unit = _VARIABLE.unpack_from(file.data, at)
        label = text_of(name)
        if not 0 <= kind < len(_DTYPES):
            raise CorruptFile(file.path, reason=f"variable '{label}' is of type {kind}", offset=at)
        variable = Variable(label, text_of(unit), kind, offset, count, bool(in_time) or label.endswith("_ST"))
        room -= max(variable.size, 0)
        if count < 1 or offset < 0 or offset + variable.size > header.record_bytes or room < 0:
            raise CorruptFile(file.path, reason=f"variable '{label}' lies outside its record", offset=at)
        variables.append(variable)
    return variables


def read(file: FileBytes, progress: Progress) -> Recording:
    """An `.ibt`: every variable of the driver's own car as a channel; `marks` is None.

    The tables of all cars on the track (CarIdx…) are left out: they describe the others.

    Raises:
        NotThisFormat, UnsupportedVersion, CorruptFile: see `read_header` and `read_variables`.
    """
    header = read_header(file)
    kept, notes = _own(read_variables(file, header))
    columns = _columns(file, header, kept)
    clock = _clock(columns.get("SessionTime"), header)
    channels: list[RawChannel] = []
    for index, variable in enumerate(kept):
        channels += _channels(variable, columns[variable.name], clock, header)
        progress((index + 1) / len(kept) * 0.7)
    traces, named = name_channels(channels, TABLE)
    text = read_session_text(file.data[header.text_at : header.text_at + header.text_bytes])
    started_at = _started_at(header)
    progress(1.0)
    return Recording(
        path=file.path, sha256=file.sha256, source="iracing", track=text.track, car=text.car, driver=text.driver,
        started_at=started_at, duration_s=float(clock[-1]) + 1 / header.rate_hz,
        traces=(*traces, *derived(traces)), marks=None,
        notes=(*notes, *named, *_said(text, started_at)),
    )  # fmt: skip


def _own(variables: list[Variable]) -> tuple[list[Variable], list[str]]:
    """The variables that become channels, each name once, and what is said of the others."""
    kept: dict[str, Variable] = {}
    others, texts = 0, 0
    for variable in variables:
        if variable.name.startswith("CarIdx"):
            others += 1
        elif variable.kind == 0:
            texts += 1
        else:
            kept.setdefault(variable.name, variable)
    notes = [f"Tables of all cars on the track are left out: {others}."] if others else []
    return list(kept.values()), notes + ([f"Texts in the records are left out: {texts}."] if texts else [])


def _columns(file: FileBytes, header: Header, variables: list[Variable]) -> dict[str, Raw]:
    """Each variable as an array of shape (records,) or (records, count), without copying."""
    layout = np.dtype({
        "names": [f"v{index}" for index in range(len(variables))],
        "formats": [(_DTYPES[v.kind], (v.count,)) if v.count > 1 else _DTYPES[v.kind] for v in variables],
        "offsets": [v.offset for v in variables],
        "itemsize": header.record_bytes,
    })  # fmt: skip
    records = np.frombuffer(file.data, dtype=layout, count=header.records, offset=header.records_at)
    return {variable.name: records[f"v{index}"] for index, variable in enumerate(variables)}


def _clock(session_time: Raw | None, header: Header) -> Floats:
    """Seconds since the first record, never falling: the session's own clock, which misses a tick now and then.

    Where that clock restarts (the next session of an event) or is unusable, records follow each other at the rate.
    """
    tick = 1.0 / header.rate_hz
    if session_time is None or session_time.dtype != np.float64 or session_time.ndim != 1:
        return np.arange(header.records, dtype=np.float64) * tick
    steps = np.diff(session_time.astype(np.float64))
    steps = np.where((steps > 0) & (steps < _LONGEST_GAP_S), steps, tick)
    return np.asarray(np.concatenate([[0.0], np.cumsum(steps)]), dtype=np.float64)


def _channels(variable: Variable, column: Raw, clock: Floats, header: Header) -> list[RawChannel]:
    """A variable as channels: one for a number, one of a finer rate for samples in time, else one an element."""
    rate_hz = float(header.rate_hz)
    if variable.name == "SessionTime":
        return [RawChannel(variable.name, variable.unit, rate_hz, clock)]
    if variable.count == 1:
        return [RawChannel(variable.name, variable.unit, rate_hz, column)]
    if variable.in_time:
        values = _on_grid(column, clock, header)
        return [RawChannel(variable.name, variable.unit, rate_hz * variable.count, values)]
    return [RawChannel(variable.name, variable.unit, rate_hz, column[:, i]) for i in range(variable.count)]


def _on_grid(column: Raw, clock: Floats, header: Header) -> Raw:
    """Sub-samples in one row of even steps: missed records leave missing samples, so that the rest stay in time."""
    ticks = np.rint(clock * header.rate_hz).astype(np.int64)
    length = int(ticks[-1]) + 1
    if length == len(column) or length > _LONGEST_GRID * len(column):
        return column.reshape(-1)
    grid = np.full((length, column.shape[1]), np.nan, dtype=np.float32)
    grid[ticks] = column
    return grid.reshape(-1)


def _started_at(header: Header) -> datetime | None:
    try:
        started_at = datetime.fromtimestamp(header.started, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return started_at if started_at.year in YEARS else None


def _said(text: SessionText, started_at: datetime | None) -> list[str]:
    notes = [] if started_at else ["The file does not say when it was recorded."]
    if text.track_id or text.car_id:
        notes.append(f"iRacing's own names: track '{text.track_id or '?'}', car '{text.car_id or '?'}'.")
    return notes


IBT = Reader(NAME, (".ibt",), recognises, read)
