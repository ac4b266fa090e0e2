"""Files into the store: a recording becomes a session with its laps, in one transaction or not at all."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ps_analytics.channels.catalog import SEED, Kind, kind_of
from ps_analytics.errors import StoreError
from ps_analytics.formats.base import LapMark, Progress, Recording, read_recording
from ps_analytics.ingest.boundaries import LapCut, detect_laps
from ps_analytics.ingest.line import COLUMNS
from ps_analytics.ingest.tracks import catch_up
from ps_analytics.lap import Lap, LapKind, Trace, fill, sample_times
from ps_analytics.proto.codec import from_frame
from ps_analytics.store.rows import SessionRow
from ps_analytics.store.store import Store
from ps_analytics.store.transaction import Transaction

_READ_SHARE, _LAPS_SHARE, _ROWS_SHARE = 0.5, 0.75, 0.9
"""How far an import is when the file is read, when the laps are written, and when all of it is."""
_ROWS_AT_ONCE = 50_000
_LONGEST_TEXT = 200
_LINE = ("normalized_position", "lap_time", "source_lap_number", "speed")
"""Whose clock laps are found on, the first a recording has: what tells the line must not be resampled."""
_WHOLE = (LapKind.TIMED, LapKind.STANDING)


def import_file(store: Store, path: Path | str, *, progress: Progress | None = None) -> dict[str, Any]:
    """A file as a session with laps and channels; the same bytes again are the session that is there already.

    Its track is learned, and its laps are cut into the track's sections, once everything is written; what fails there
    is logged and costs no lap.

    Args:
        store: where it goes.
        path: any file a reader knows.
        progress: called with 0…1 on the way; the last call is 1.

    Returns:
        What `psa import --json` prints: `file`, `session_id`, `track`, `car`, `laps` (`lap_id`, `lap_number`,
        `lap_time_s`, `kind`, `valid`), `channels` (`name`, `unit`, `source_name`, `source_unit`, `rate_hz`) and
        `error`, which is None.

    Raises:
        FileError: the file cannot be read; nothing is written.
        StoreError: the database refuses; nothing is written.
    """
    report = progress or (lambda share: None)
    recording = read_recording(path, progress=lambda share: report(_READ_SHARE * share))
    session = _keep(store, recording, report)
    if session.track:
        catch_up(store, session.track, report=lambda share: report(_ROWS_SHARE + (1 - _ROWS_SHARE) * share))
    laps = store.find_laps(session_id=session.id).select("lap_id", "lap_number", "lap_time_s", "kind", "valid")
    report(1.0)
    return {
        "file": str(path),
        "session_id": session.id,
        "track": session.track,
        "car": session.car,
        "laps": laps.to_dicts(),
        "channels": _channels(recording),
        "error": None,
    }


def find_laps(recording: Recording) -> list[LapCut]:
    """The laps of a recording in order, numbered as ours; times in s since its first sample.

    They are those the file states. Where it states none but has the channels that tell them, they are cut as those of
    a live stream are, up to the last sample. A standing start begins when the car moves off.
    """
    if recording.marks is not None:
        first = 1 if recording.marks and recording.marks[0].kind in _WHOLE else 0
        return [_stated(mark, number) for number, mark in enumerate(recording.marks, start=first)]
    laps = detect_laps(_line_frames(recording))
    if laps:
        laps[-1] = replace(laps[-1], end_s=max(laps[-1].end_s or 0.0, recording.duration_s))
    return laps


def _stated(mark: LapMark, number: int) -> LapCut:
    reason = mark.valid_reason if mark.lap_time_s is not None else mark.valid_reason or "the lap is not complete"
    return LapCut(
        lap_number=number,
        source_lap_number=mark.source_lap_number,
        start_s=mark.start_s,
        end_s=mark.end_s,
        lap_time_s=mark.lap_time_s,
        time_source=mark.time_source,
        kind=mark.kind,
        valid=mark.valid and reason is None,
        valid_reason=reason,
    )


def cut_traces(traces: Sequence[Trace], *, start_us: int, end_us: int) -> list[Trace]:
    """The part of each trace from one time up to another, at its own rate; those without a sample there are left out.

    Args:
        traces: of the whole recording; those of as many samples as the one named `timestamp` go by it.
        start_us: microseconds since the first sample; a sample at it is in.
        end_us: microseconds since the first sample; a sample at it is out.
    """
    clock = next((trace.values for trace in traces if trace.name == "timestamp"), np.empty(0))
    by_clock = slice(*(int(i) for i in np.searchsorted(_microseconds(clock), [start_us, end_us])))
    parts = []
    for trace in traces:
        by_itself = len(trace.values) != len(clock)
        part = slice(_index(trace, start_us), _index(trace, end_us)) if by_itself else by_clock
        if part.stop > part.start:
            start_s = trace.start_s + part.start / trace.rate_hz if by_itself else float(clock[part.start])
            parts.append(replace(trace, start_s=start_s, values=trace.values[part]))
    return parts


def _index(trace: Trace, at_us: int) -> int:
    """The first sample that is not before a time, to the microsecond."""
    index = np.ceil(((at_us - 0.5) / 1e6 - trace.start_s) * trace.rate_hz)
    return int(np.clip(index, 0, len(trace.values)))


def _keep(store: Store, recording: Recording, report: Callable[[float], None]) -> SessionRow:
    """The session of these bytes, written if it is not there.

    Where another process imports the same file at the same time, one of both is refused by the database and finds the
    other's session.
    """
    try:
        with store.transaction() as transaction:
            known = transaction.session_of_file(recording.sha256)
            return known or _write(transaction, recording, report)
    except StoreError:
        with store.transaction() as transaction:
            known = transaction.session_of_file(recording.sha256)
        if known is None:
            raise
        return known


def _write(transaction: Transaction, recording: Recording, report: Callable[[float], None]) -> SessionRow:
    session = transaction.open_session(
        source=recording.source,
        started_at=recording.started_at,
        name=_name(recording),
        track=_plain(recording.track),
        car=_plain(recording.car),
        driver=_plain(recording.driver),
        notes=_notes(recording),
        file_sha256=recording.sha256,
        channels=_channels(recording),
    )
    laps = find_laps(recording)
    for lap in laps:
        _write_lap(transaction, session, recording, lap)
        done = min((lap.end_s or 0.0) / max(recording.duration_s, 1e-9), 1.0)
        report(_READ_SHARE + (_LAPS_SHARE - _READ_SHARE) * done)
    for done in _write_rows(transaction, session, recording, since_s=laps[0].start_s if laps else 0.0):
        report(_LAPS_SHARE + (_ROWS_SHARE - _LAPS_SHARE) * done)
    ended_us = session.started_us + _us(recording.duration_s)
    transaction.end_session(session, ended_us=ended_us if recording.started_at else None)
    return session


def _write_lap(transaction: Transaction, session: SessionRow, recording: Recording, lap: LapCut) -> None:
    """One lap with its traces; an end of the recording too short for a sample is none."""
    start_us, end_us = _us(lap.start_s), _us(lap.end_s or 0.0)
    traces = cut_traces(recording.traces, start_us=start_us, end_us=end_us)
    if recording.traces and not traces and lap.kind not in _WHOLE:
        return
    row = transaction.open_lap(
        session,
        lap_number=lap.lap_number,
        source_lap_number=lap.source_lap_number,
        started_us=session.started_us + start_us,
        ended_us=session.started_us + end_us,
        lap_time_s=None if lap.lap_time_s is None else round(lap.lap_time_s, 6),
        time_source=lap.time_source,
        kind=lap.kind.value,
        valid=lap.valid,
        valid_reason=lap.valid_reason,
        flags=dict(lap.flags),
    )
    transaction.write_traces(row.id, traces)


def _write_rows(
    transaction: Transaction, session: SessionRow, recording: Recording, *, since_s: float
) -> Iterator[float]:
    """Write the seed's columns as rows at the base rate, from the first lap on; yields how far it is, 0…1."""
    frames = _base_frames(recording).filter(pl.col("timestamp") >= since_s)
    if frames.width < 2:
        return
    clock_us = session.started_us + _microseconds(frames["timestamp"].to_numpy())
    for first in range(0, frames.height, _ROWS_AT_ONCE):
        part = slice(first, first + _ROWS_AT_ONCE)
        batch = from_frame(
            frames[part], timestamp_us=clock_us[part], session_id=session.id, source=session.source, first_seq=first
        )
        transaction.write_rows(session, batch)
        yield min((first + _ROWS_AT_ONCE) / frames.height, 1.0)


def _base_frames(recording: Recording) -> pl.DataFrame:
    """`timestamp` and the seed's columns of the whole recording, as `Lap.frames` lays them on one clock."""
    wanted = ("timestamp", *SEED)
    traces = {trace.name: trace for trace in recording.traces if trace.name in wanted and len(trace.values)}
    return Lap(
        lap_id="", session_id="", lap_number=0, lap_time_s=None, kind=LapKind.PARTIAL, valid=True, started_us=0,
        ended_us=None, session_started_us=0, traces=traces,
    ).frames  # fmt: skip


def _line_frames(recording: Recording) -> pl.DataFrame:
    """The columns laps are found in, on the clock of the channel that tells the line best.

    A slower lap clock is left out: between its samples it would seem to run backwards over the line.
    """
    traces = {trace.name: trace for trace in recording.traces if trace.name in COLUMNS and len(trace.values)}
    clock = traces.pop("timestamp", None)
    base = next((traces[name] for name in _LINE if name in traces), clock)
    if base is None:
        return pl.DataFrame(schema={"timestamp": pl.Float64})
    times_s = sample_times(base, clock)
    columns: dict[str, Any] = {"timestamp": times_s}
    for name, trace in traces.items():
        own_s, values = sample_times(trace, clock), np.asarray(trace.values, dtype=np.float64)
        known = np.isfinite(values)
        if np.array_equal(own_s, times_s):
            columns[name] = values
        elif known.any() and (kind_of(name) is not Kind.LINEAR or name == "speed" or trace.rate_hz > base.rate_hz):
            columns[name] = fill(own_s[known], values[known], times_s, kind=kind_of(name))
    return pl.DataFrame(columns)


def _channels(recording: Recording) -> list[dict[str, Any]]:
    return [
        {"name": t.name, "unit": t.unit, "source_name": t.source_name, "source_unit": t.source_unit,
         "rate_hz": t.rate_hz}
        for t in recording.traces
    ]  # fmt: skip


def _name(recording: Recording) -> str:
    """What the session is called: track and car, else the file's name where that is not the driver's."""
    known = " · ".join(text for text in (_plain(recording.track), _plain(recording.car)) if text)
    stem = _plain(recording.path.stem)
    return known or (stem if stem and not _tells_driver(recording, stem) else recording.source)


def _notes(recording: Recording) -> str:
    """What the reader noted, and the file's own comment unless it names the driver."""
    comment = _plain(recording.comment)
    own = [f"Comment in the file: {comment}"] if comment and not _tells_driver(recording, comment) else []
    return "\n".join((*recording.notes, *own))


def _tells_driver(recording: Recording, text: str) -> bool:
    names = [name for name in (recording.driver or "").lower().split() if len(name) > 2]
    return any(name in text.lower() for name in names)


def _plain(text: str | None) -> str | None:
    """A file's text fit for one line on a screen; None where nothing is left."""
    shown = "".join(c if c.isprintable() else " " for c in (text or "")[: 2 * _LONGEST_TEXT])
    return " ".join(shown.split())[:_LONGEST_TEXT] or None


def _us(seconds: float) -> int:
    return round(seconds * 1e6)


def _microseconds(seconds: Any) -> NDArray[np.int64]:
    return np.rint(np.asarray(seconds, dtype=np.float64) * 1e6).astype(np.int64)
