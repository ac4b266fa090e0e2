"""A session that is being recorded: its clock, its stream of laps, and the rows of both."""

import contextlib
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ps_analytics.errors import BadTrack, NotFound
from ps_analytics.ingest.boundaries import LapCorrection, LapCut, LapStream, RunningLap
from ps_analytics.ingest.line import COLUMNS
from ps_analytics.ingest.timeline import Timeline
from ps_analytics.lap import LapKind
from ps_analytics.proto.codec import MAX_CHANNELS, Batch, to_catalog
from ps_analytics.store.rows import LapRow, SessionRow
from ps_analytics.store.transaction import Transaction, session_name

RESUME_US = 3_000_000
"""A stream that goes on in mid-lap looks back so far before its start; sealing keeps as much."""
_OFF_LINE = "off_line"
"""Marks an open lap that began where the stream broke, and not at the line."""


class LiveSession:
    """One recording session. What it knows can be had again from the database at any time: `resume`."""

    def __init__(self, session: SessionRow, stream: LapStream, next_seq: int) -> None:
        self.session = session
        self.next_seq = next_seq
        self.timeline = Timeline()
        self.to_seal: list[str] = []
        """Laps closed and not sealed; whoever commits the transaction takes them over."""
        self.corrected = False
        """Whether a sealed lap got another time, so that it is to be cut anew; whoever commits takes that over."""
        self._stream = stream
        self._open_lap: int | None = None
        self._last_closed: str | None = None
        self._names: set[str] = set()
        self._uncut: list[Batch] = []

    @classmethod
    def open(cls, transaction: Transaction, batch: Batch) -> "LiveSession":
        """A new session that begins with a batch."""
        row = transaction.open_session(
            source=batch.source,
            started_us=int(batch.timestamp_us.min()),
            track=batch.track or None,
            car=batch.car or None,
            driver=batch.driver or None,
        )
        row = transaction.update_session(row, source_session_id=batch.session_id)
        return cls(row, _stream(transaction, row), batch.first_seq)

    @classmethod
    def resume(cls, transaction: Transaction, session: SessionRow) -> "LiveSession | None":
        """A session as a process left it that was killed at any moment; None if it has no open lap with frames."""
        laps = transaction.laps(session)
        if not laps or laps[-1].ended_us is not None:
            return None
        running, closed = laps[-1], laps[-2] if len(laps) > 1 else None
        batches = transaction.batches(session, since_us=_since(running))
        if not batches:
            return None
        last = None if closed is None else _cut_of(closed)
        stream = _stream(transaction, session, running=_running(running), closed=last)
        live = cls(session, stream, max(batch.next_seq for batch in batches))
        live._open_lap, live._last_closed = running.lap_number, None if closed is None else closed.id
        live.to_seal = [lap.id for lap in laps[:-1] if not lap.sealed]
        for batch in batches:
            live.take(batch)
        live.timeline.first_us = session.started_us
        live.cut(transaction)
        return live

    def fits(self, batch: Batch) -> bool:
        """Whether a batch is of this session."""
        return continues(self.session, batch)

    def admits(self, batch: Batch) -> bool:
        """Whether the session has room for the batch's channels."""
        return self._names.issuperset(batch.extras) or len(self._names.union(batch.extras)) <= MAX_CHANNELS

    def learn(self, transaction: Transaction, batch: Batch) -> None:
        """Note what the source says only now: a game may know the track some frames late."""
        row = self.session
        said = {"track": batch.track, "car": batch.car, "driver": batch.driver}
        new: dict[str, Any] = {name: text for name, text in said.items() if text and not getattr(row, name)}
        if not new:
            return
        if row.name == session_name(row.source, row.track, row.car):
            new["name"] = session_name(row.source, new.get("track", row.track), new.get("car", row.car))
        self.session = transaction.update_session(row, **new)

    def take(self, batch: Batch) -> None:
        """Take a batch over; `cut` gives it to the laps."""
        late = self.timeline.latest_us is not None and int(batch.timestamp_us.min()) <= self.timeline.latest_us
        if late and self._last_closed is not None and self._reaches_back(batch):
            self.to_seal.append(self._last_closed)
        self.timeline.follow(batch)
        self.next_seq = batch.next_seq
        self._names.update(batch.extras)
        self._uncut.append(batch)

    def cut(self, transaction: Transaction) -> None:
        """Cut what was taken into laps, and write the laps that open, close or change."""
        batches, self._uncut = self._uncut, []
        if batches:
            self._write(transaction, self._stream.feed(cutting_columns(batches, self.session.started_us)))

    def finish(self, transaction: Transaction) -> int:
        """Close the open lap; the time of the session's last frame, UTC microseconds."""
        assert self.timeline.latest_us is not None  # a session begins with a frame
        news = self._stream.finish()
        self._write(transaction, news[:-1])
        last = news[-1]
        assert isinstance(last, LapCut)  # the stretch that was open
        self._write_lap(transaction, last, ended_us=self.timeline.latest_us + 1)  # its last frame belongs to it
        return self.timeline.latest_us

    def _write(self, transaction: Transaction, news: Sequence[LapCut | LapCorrection]) -> None:
        for item in news:
            if isinstance(item, LapCorrection):
                self.corrected |= self._write_lap(transaction, item.lap).sealed
            else:
                self._last_closed = self._write_lap(transaction, item).id
        running = self._stream.running
        if running is not None and running.lap_number != self._open_lap:
            off_line = running.lap_number > 0 and not running.began_at_line
            flags = {name: True for name, is_so in (("race_start", running.race_start), (_OFF_LINE, off_line)) if is_so}
            started_us = self._microseconds(running.start_s)
            transaction.open_lap(self.session, lap_number=running.lap_number, started_us=started_us, flags=flags)
            self._open_lap = running.lap_number

    def _write_lap(self, transaction: Transaction, lap: LapCut, *, ended_us: int | None = None) -> LapRow:
        assert lap.end_s is not None  # it is over
        row = transaction.open_lap(
            self.session,
            lap_number=lap.lap_number,
            started_us=self._microseconds(lap.start_s),
            ended_us=self._microseconds(lap.end_s) if ended_us is None else ended_us,
            source_lap_number=lap.source_lap_number,
            lap_time_s=lap.lap_time_s,
            time_source=lap.time_source,
            kind=str(lap.kind),
            valid=lap.valid,
            valid_reason=lap.valid_reason,
            flags=dict(lap.flags),
        )
        if not row.sealed:
            self.to_seal.append(row.id)
        return row

    def _microseconds(self, time_s: float) -> int:
        return self.session.started_us + round(time_s * 1e6)

    def _reaches_back(self, batch: Batch) -> bool:
        running = self._stream.running
        return running is not None and int(batch.timestamp_us.min()) < self._microseconds(running.start_s)


def continues(session: SessionRow, batch: Batch) -> bool:
    """Whether a batch is of a session by what its source says; a track or car that one of them lacks is no other."""
    ids = (session.source, session.source_session_id) == (batch.source, batch.session_id)
    pairs = ((session.track, batch.track), (session.car, batch.car))
    return ids and all(not known or not said or known == said for known, said in pairs)


def end(transaction: Transaction, session: SessionRow, *, roughly: bool = False) -> None:
    """End a recording session: close its open lap, seal all of them, and mark it as over.

    Args:
        transaction: of the session's owner.
        session: the one to end.
        roughly: neither cut its last frames into laps nor seal them, because that failed before.
    """
    live = None if roughly else LiveSession.resume(transaction, session)
    ended_us = _close_roughly(transaction, session) if live is None else live.finish(transaction)
    for lap in transaction.laps(session):
        if not lap.sealed and not roughly:
            transaction.seal_lap(lap.id)
    transaction.end_session(session, ended_us=ended_us)


def _close_roughly(transaction: Transaction, session: SessionRow) -> int | None:
    """Close the open lap, if there is one, after its last frame; the time of the session's last frame."""
    laps = transaction.laps(session)
    if not laps:
        return None
    last = laps[-1]
    if last.ended_us is not None:
        return last.ended_us - 1
    batches = transaction.batches(session, since_us=last.started_us)
    latest_us = max((int(batch.timestamp_us.max()) for batch in batches), default=last.started_us)
    transaction.close_lap(last.id, ended_us=latest_us + 1, valid=False, valid_reason="the lap is not complete")
    return latest_us


def cutting_columns(batches: Sequence[Batch], origin_us: int) -> dict[str, NDArray[np.generic]]:
    """The columns that cutting needs of some batches, in the order of time; `timestamp` in s since `origin_us`."""
    found = [to_catalog(batch) for batch in batches]
    time_us = np.concatenate([batch.timestamp_us for batch in batches])
    columns: dict[str, NDArray[np.generic]] = {"timestamp": (time_us - origin_us) / 1e6}
    for name in COLUMNS[1:]:
        if any(name in known for known in found):
            columns[name] = np.concatenate(
                [known[name] if name in known else np.full(len(known["timestamp_us"]), np.nan) for known in found]
            )
    if np.all(time_us[1:] >= time_us[:-1]):
        return columns
    order = np.argsort(time_us, kind="stable")
    return {name: values[order] for name, values in columns.items()}


def _stream(
    transaction: Transaction, session: SessionRow, *, running: RunningLap | None = None, closed: LapCut | None = None
) -> LapStream:
    """The laps of a session, on a track as long as it is known to be; when a session ends is for others to say."""
    length_m = None
    if session.track is not None:
        with contextlib.suppress(NotFound, BadTrack):
            length_m = transaction.read_track(session.track).length_m
    return LapStream(length_m=length_m, running=running, closed=closed, silent_s=math.inf)


def _since(running: LapRow) -> int | None:
    """From where on the stream of an open lap is fed again: one that began in mid-lap from its first frame."""
    return running.started_us - RESUME_US if running.lap_number > 0 else None


def _running(lap: LapRow) -> RunningLap | None:
    if lap.lap_number == 0:
        return None
    start_s = (lap.started_us - lap.session_started_us) / 1e6
    off_line, race_start = (bool(lap.flags.get(name)) for name in (_OFF_LINE, "race_start"))
    return RunningLap(lap.lap_number, start_s, began_at_line=not off_line, race_start=race_start)


def _cut_of(lap: LapRow) -> LapCut:
    flags: Mapping[str, object] = {name: value for name, value in lap.flags.items() if name != "out_of_range"}
    return LapCut(
        lap_number=lap.lap_number,
        source_lap_number=lap.source_lap_number,
        start_s=(lap.started_us - lap.session_started_us) / 1e6,
        end_s=None if lap.ended_us is None else (lap.ended_us - lap.session_started_us) / 1e6,
        lap_time_s=lap.lap_time_s,
        time_source=lap.time_source,
        kind=LapKind(lap.kind),
        valid=lap.valid,
        valid_reason=lap.valid_reason,
        flags=flags,
    )
