"""What a file reader makes: a `Recording` with its laps, and how a format presents itself."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from ps_analytics.formats.files import FileBytes, Progress
from ps_analytics.lap import LapKind, Trace

YEARS = range(1980, 2100)
"""A date outside these years is a file's way of saying that it does not know."""


@dataclass(frozen=True, slots=True)
class LapMark:
    """A lap as the file states it; times in s since the recording's first sample.

    A mark without a `lap_time_s` is no whole lap.
    `time_source` is "source" (the file states the time), "clock" (a signal in the samples marks the line) or "none".
    `source_lap_number` counts as the file does.
    """

    start_s: float
    end_s: float
    lap_time_s: float | None
    time_source: str
    kind: LapKind
    valid: bool = True
    valid_reason: str | None = None
    source_lap_number: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """One file as read: its channels for the whole of it, and its laps where it states them.

    `marks` is None where the file states no lap borders but has the channels to find them; marks without traces are a
    session of times only. `sha256` is that of the file's bytes, followed by those of the file beside it if one counts.
    `driver` is private to the owner and never shown by `repr`. Where a trace is named `timestamp`, the traces of as
    many samples go by it.
    """

    path: Path
    sha256: str
    source: str
    track: str | None
    car: str | None
    driver: str | None = field(repr=False)
    started_at: datetime | None
    duration_s: float
    traces: tuple[Trace, ...] = field(repr=False)
    marks: tuple[LapMark, ...] | None
    notes: tuple[str, ...] = ()
    comment: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Reader:
    """One format: its name for messages, its suffixes, how its content is known, and how it is read.

    `recognises` sees the first bytes only and never raises; `read` raises a `FileError`.
    """

    name: str
    suffixes: tuple[str, ...]
    recognises: Callable[[bytes], bool]
    read: Callable[[FileBytes, Progress], Recording]
