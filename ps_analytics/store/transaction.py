"""One transaction of writing: what the daemon and the importer do to sessions, laps and telemetry."""

import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, insert, text

from ps_analytics.errors import NotFound
from ps_analytics.lap import Lap as ReadLap
from ps_analytics.lap import LapSection, Trace
from ps_analytics.proto.codec import Batch
from ps_analytics.store import frames, sealing, sections, tracks
from ps_analytics.store.columns import new_id
from ps_analytics.store.models import DeadLetter, Event, Lap, Session, TelemetryBatch
from ps_analytics.store.rows import LAP_COLUMNS, SESSION_COLUMNS, LapRow, SessionRow
from ps_analytics.store.scope import Rows, Scope, scope_of
from ps_analytics.track import TrackModel

_MOVE = text(
    "INSERT INTO ingest_offset (topic, partition, next_offset) VALUES (:topic, :partition, :next_offset)"
    " ON CONFLICT (topic, partition) DO UPDATE SET next_offset = excluded.next_offset"
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instant(us: int) -> datetime:
    """The instant of UTC microseconds since the epoch, exactly."""
    return EPOCH + timedelta(microseconds=us)


def microseconds(moment: datetime) -> int:
    """UTC microseconds since the epoch of an instant, exactly."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def session_name(source: str, track: str | None, car: str | None) -> str:
    """How a session is called that nobody named: by track and car, else by its source."""
    return " · ".join(part for part in (track, car) if part) or source


class Transaction:
    """What may be written for one user; `Store.transaction` commits it whole or not at all."""

    def __init__(self, connection: Connection, user: str, *, keep_rows: bool = True) -> None:
        self._connection, self._scope, self._keep_rows = connection, scope_of(user), keep_rows

    @property
    def user(self) -> str:
        """Whose data it writes."""
        return self._scope.user

    def for_user(self, user: str) -> "Transaction":
        """The same transaction, writing for somebody else: the daemon serves many at once."""
        return self if user == self.user else Transaction(self._connection, user, keep_rows=self._keep_rows)

    def open_event(self, name: str, **facts: Any) -> str:
        """The id of the user's event of this name, made with these facts if there is none."""
        found = self._connection.scalar(self._scope.events(Event.id).where(Event.name == name))
        if found is not None:
            return str(found)
        event_id = new_id()
        self._connection.execute(insert(Event).values(id=event_id, user_id=self.user, name=name, **facts))
        return event_id

    def open_session(
        self,
        *,
        source: str,
        started_us: int | None = None,
        started_at: datetime | None = None,
        source_session_id: str | None = None,
        name: str | None = None,
        track: str | None = None,
        car: str | None = None,
        event_id: str | None = None,
        status: str = "recording",
        **facts: Any,
    ) -> SessionRow:
        """The session that is recording under the source's own id, else a new one.

        Args:
            source: live collector's or file format's name.
            started_us: time of the first frame, UTC microseconds; None takes `started_at`.
            started_at: the instant people see; None takes `started_us`.
            source_session_id: the source's own id; None always makes a new session.
            name: None names it by track and car.
            track: as the source says it.
            car: as the source says it.
            event_id: the event it belongs to.
            status: of a new session.
            **facts: `driver`, `tags`, `notes`, `file_sha256`, `channels` of a new session.

        Raises:
            NotFound: no such event.
        """
        if source_session_id is not None and (found := self._recording(source, source_session_id)):
            return found
        self._check_event(event_id)
        if started_us is None:
            started_us = microseconds(started_at) if started_at else 0
        elif started_at is None:
            started_at = instant(started_us)
        session_id = new_id()
        self._connection.execute(
            insert(Session).values(
                id=session_id,
                user_id=self.user,
                name=name or session_name(source, track, car),
                source=source,
                source_session_id=source_session_id,
                track=track or None,
                car=car or None,
                event_id=event_id,
                status=status,
                started_at=started_at,
                started_us=started_us,
                **facts,
            )
        )
        return self.session(session_id)

    def _recording(self, source: str, source_session_id: str) -> SessionRow | None:
        row = self._connection.execute(
            self._scope.sessions(*SESSION_COLUMNS).where(
                Session.source == source,
                Session.source_session_id == source_session_id,
                Session.status == "recording",
            )
        ).first()
        return None if row is None else SessionRow(*row)

    def session(self, session_id: str) -> SessionRow:
        """The session of this id.

        Raises:
            NotFound: no such session.
        """
        row = self._connection.execute(self._scope.sessions(*SESSION_COLUMNS).where(Session.id == session_id)).first()
        if row is None:
            raise NotFound("session", session_id)
        return SessionRow(*row)

    def session_of_file(self, sha256: str) -> SessionRow | None:
        """The session imported from a file of these bytes, if there is one."""
        statement = self._scope.sessions(*SESSION_COLUMNS).where(Session.file_sha256 == sha256)
        row = self._connection.execute(statement).first()
        return None if row is None else SessionRow(*row)

    def recording_sessions(self) -> list[SessionRow]:
        """The user's sessions that are recording, oldest first: what a restarted daemon goes on with."""
        statement = self._scope.sessions(*SESSION_COLUMNS).where(Session.status == "recording")
        return [SessionRow(*row) for row in self._connection.execute(statement.order_by(Session.session_key))]

    def update_session(self, session: SessionRow, **facts: Any) -> SessionRow:
        """The session with other facts: columns of its table by name.

        Raises:
            NotFound: no such session, or no such event.
        """
        self._own(session)
        self._check_event(facts.get("event_id"))
        if facts.get("track", session.track) != session.track:
            tracks.uncut_sessions(self._connection, self._scope, Session.session_key == session.key)
        self._connection.execute(self._scope.update(Session).where(Session.session_key == session.key).values(**facts))
        return self.session(session.id)

    def end_session(self, session: SessionRow, *, ended_us: int | None = None, status: str = "completed") -> None:
        """Mark a session as over; once all its laps are sealed its last batches go.

        Args:
            session: the one to end.
            ended_us: time of its last frame, UTC microseconds, if there is one.
            status: what it is from now on.
        """
        self.update_session(session, status=status, ended_at=None if ended_us is None else instant(ended_us))
        if all(lap.sealed for lap in self.laps(session)):
            statement = self._scope.delete(TelemetryBatch)
            self._connection.execute(statement.where(TelemetryBatch.session_key == session.key))

    def write_batches(self, session: SessionRow, batches: Sequence[tuple[Batch, bytes]]) -> None:
        """Write batches and their rows; what is there already stays as it is."""
        self.write_all([(session, batch, payload) for batch, payload in batches])

    def write_all(self, batches: Sequence[tuple[SessionRow, Batch, bytes]]) -> None:
        """Write batches of several sessions at once: much cheaper than session by session."""
        for session in {session.id: session for session, _, _ in batches}.values():
            self._own(session)
        frames.write_batches(self._connection, [(s.key, batch, payload) for s, batch, payload in batches])

    def write_rows(self, session: SessionRow, batch: Batch) -> None:
        """Write the rows of frames that come from elsewhere than the wire; none if rows are not kept."""
        self._own(session)
        if self._keep_rows:
            frames.write_rows(self._connection, [(session.key, batch)])

    def batches(self, session: SessionRow, *, since_us: int | None = None) -> list[Batch]:
        """The batches of a session that are still there, in the order sent.

        Args:
            session: theirs.
            since_us: leave out those wholly before this time, UTC microseconds.
        """
        statement = self._scope.batches(TelemetryBatch.payload).where(TelemetryBatch.session_key == session.key)
        if since_us is not None:
            statement = statement.where(TelemetryBatch.last_us >= since_us)
        return frames.read_batches(self._connection.execute(statement.order_by(TelemetryBatch.first_seq)))

    def offset(self, topic: str, partition: int = 0) -> int | None:
        """The next offset of a topic that is not committed yet; None before the first."""
        return self._connection.scalar(Scope.offsets(topic, partition))

    def set_offset(self, topic: str, partition: int, next_offset: int) -> None:
        """Move a topic's position, together with the rows of this transaction."""
        self._connection.execute(_MOVE, {"topic": topic, "partition": partition, "next_offset": next_offset})

    def open_lap(self, session: SessionRow, *, lap_number: int, started_us: int, **facts: Any) -> LapRow:
        """The session's lap of this number, made if it is not there, starting at this time.

        Args:
            session: the one it belongs to.
            lap_number: ours.
            started_us: its start, UTC microseconds.
            **facts: other columns of its table by name, as `close_lap` takes them.
        """
        self._own(session)
        known = self._connection.scalar(
            self._scope.laps(Lap.id).where(Lap.session_id == session.id, Lap.lap_number == lap_number)
        )
        if known is not None:
            return self.close_lap(known, started_us=started_us, **facts)
        lap_id = new_id()
        values = {"session_id": session.id, "lap_number": lap_number, "started_us": started_us, **_stated(facts)}
        self._connection.execute(insert(Lap).values(id=lap_id, **values))
        return self.lap(lap_id)

    def close_lap(self, lap_id: str, **facts: Any) -> LapRow:
        """The lap with what is now known of it; a sealed one whose ends move is unsealed.

        Args:
            lap_id: the lap's.
            **facts: `ended_us`, `started_us`, `lap_time_s`, `time_source`, `kind`, `valid`, `valid_reason`, `flags`,
                `sectors_s`, `source_lap_number`, `lap_number`.

        Raises:
            NotFound: no such lap.
        """
        before, facts = self.lap(lap_id), _stated(facts)
        changed = {name for name, value in facts.items() if getattr(before, name, value) != value}
        if "flags" in facts:
            facts["flags"] = {**_of_traces(before.flags), **facts["flags"]}
        if before.sealed and changed & {"started_us", "ended_us"}:
            facts["sealed"] = False
        if changed & _CUT_BY:
            facts["cut_by"] = None
        if facts:
            self._connection.execute(self._scope.update(Lap).where(Lap.lap_key == before.key).values(**facts))
        return self.lap(lap_id)

    def delete_lap(self, lap_id: str) -> None:
        """Remove a lap that turned out to be none; its frames stay with the session.

        Raises:
            NotFound: no such lap.
        """
        self._connection.execute(self._scope.delete(Lap).where(Lap.lap_key == self.lap(lap_id).key))

    def lap(self, lap_id: str) -> LapRow:
        """The lap of this id as it stands.

        Raises:
            NotFound: no such lap.
        """
        row = self._connection.execute(self._scope.once(_lap_by_id), {"lap_id": lap_id}).first()
        if row is None:
            raise NotFound("lap", lap_id)
        return LapRow(*row)

    def laps(self, session: SessionRow) -> list[LapRow]:
        """The laps of a session, in order."""
        statement = self._scope.laps(*LAP_COLUMNS).where(Session.session_key == session.key).order_by(Lap.lap_number)
        return [LapRow(*row) for row in self._connection.execute(statement)]

    def seal_lap(self, lap_id: str) -> int:
        """Turn a closed lap's batches into traces; how many frames it has. Sealing again is fine.

        Raises:
            NotFound: no such lap, or it is still open.
        """
        lap = self.lap(lap_id)
        if lap.ended_us is None:
            raise NotFound("closed lap", lap_id, hint="It is still being driven.")
        return sealing.seal(self._connection, self._scope, lap, keep_rows=self._keep_rows)

    def write_traces(self, lap_id: str, traces: Iterable[Trace]) -> None:
        """Write a lap's channels as they are, in place of those it has, and mark it sealed.

        Raises:
            NotFound: no such lap.
        """
        sealing.write(self._connection, self._scope, self.lap(lap_id), traces)

    def read_track(self, name: str) -> TrackModel:
        """The track of this name as it stands.

        Raises:
            NotFound: no such track, or nothing is learned of it.
            BadTrack: what is stored is no model.
        """
        return tracks.read_track(self._connection, self._scope, name)

    def write_track(self, track: TrackModel, *, edited: bool | None = None) -> None:
        """Keep a track by its name; where a border moved, its laps are to be cut anew.

        Args:
            track: the model; it has a name.
            edited: whether the user had a hand in it; None leaves that as it is.

        Raises:
            BadTrack: it has no name, or makes no sense.
        """
        tracks.write_track(self._connection, self._scope, track, edited=edited)

    def write_sections(
        self, lap: ReadLap, cut_into: Iterable[LapSection], *, revision: int, sectors_s: Sequence[float] = ()
    ) -> bool:
        """Write what a lap was cut into by its track, in place of what is there; none means that it cannot be cut.

        Sector times that the source stated stay. False, and nothing is written, if lap or track have changed meanwhile.

        Args:
            lap: as it was read to be cut.
            cut_into: its sections.
            revision: of its track, as `find_uncut_laps` has it.
            sectors_s: its sector times in s.

        Raises:
            NotFound: no such lap.
        """
        row = self.lap(lap.lap_id)
        return sections.write(self._connection, self._scope, row, lap, cut_into, revision=revision, sectors_s=sectors_s)

    def dead_letter(self, source: str, reason: str, payload: bytes, *, received_us: int | None = None) -> None:
        """Set aside a message that cannot be taken, with its reason."""
        received = time.time_ns() // 1000 if received_us is None else received_us
        values = {"user_id": self.user, "received_us": received, "source": source, "reason": reason}
        self._connection.execute(insert(DeadLetter).values(payload=payload, **values))

    def _check_event(self, event_id: str | None) -> None:
        if event_id is not None and not self._connection.scalar(self._scope.events(Event.id).filter_by(id=event_id)):
            raise NotFound("event", event_id)

    def _own(self, session: SessionRow) -> None:
        if session.user_id != self.user:
            raise NotFound("session", session.id)


def _lap_by_id(scope: Scope) -> Rows:
    return scope.laps(*LAP_COLUMNS).where(Lap.id == bindparam("lap_id"))


_CUT_BY = {"started_us", "ended_us", "lap_time_s", "kind"}
"""What a lap's sections are made of, beside its channels and its track."""


def _stated(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What is to be written of a lap; sector times among it are the source's own."""
    return {**facts, "sectors_stated": bool(facts["sectors_s"])} if "sectors_s" in facts else dict(facts)


def _of_traces(flags: Mapping[str, Any]) -> dict[str, Any]:
    """The flags that speak of the stored channels, which stay until the lap is sealed again."""
    return {name: value for name, value in flags.items() if name == "out_of_range"}
