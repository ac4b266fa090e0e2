"""The store: one user's events, sessions and laps in one database, and the transactions that write them."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

import polars as pl
from sqlalchemy import inspect

from ps_analytics.channels.evaluate import Formula, math_channel
from ps_analytics.config import Settings, read_settings
from ps_analytics.errors import PluginClash
from ps_analytics.lap import Lap
from ps_analytics.plugins import load_plugins
from ps_analytics.store import computed, computed_lap, running, schema, sessions
from ps_analytics.store import laps as laps_
from ps_analytics.store.engine import Database, open_database
from ps_analytics.store.math_store import MathStore
from ps_analytics.store.rows import SessionRow
from ps_analytics.store.scope import Reading, Scope, scope_of
from ps_analytics.store.track_cache import TrackCache
from ps_analytics.store.track_store import TrackStore
from ps_analytics.store.transaction import Transaction
from ps_analytics.store.workspace_store import WorkspaceStore


class Store(MathStore, TrackStore, WorkspaceStore):
    """What one user has, and only that: somebody else's ids are `NotFound` exactly as ids nobody has.

    What others share with him can be read by its id, and is found where `shared` is said; it is never written.
    """

    def __init__(
        self, database: Database, user: str, *, keep_rows: bool = True, tracks: TrackCache | None = None
    ) -> None:
        self._database, self._scope, self._keep_rows = database, scope_of(user), keep_rows
        self._tracks = TrackCache() if tracks is None else tracks

    @property
    def user(self) -> str:
        """Whose data it shows."""
        return self._scope.user

    @property
    def url(self) -> str:
        """The database, without its password."""
        return self._database.shown

    def for_user(self, user: str) -> "Store":
        """The same database for somebody else; closing one closes both."""
        return Store(self._database, user, keep_rows=self._keep_rows, tracks=self._tracks)

    def close(self) -> None:
        """Close every connection."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """One transaction of writing: committed at the end of the block, rolled back if it raises.

        Raises:
            DatabaseUnreachable: nobody answers.
            StoreError: the database refuses.
        """
        with self._database.write() as connection:
            yield Transaction(connection, self.user, keep_rows=self._keep_rows)

    def find_recording_users(self) -> list[str]:
        """Whose sessions are recording, sorted: the daemon asks, to go on with all of them after a restart."""
        with self._database.read() as connection:
            return sorted(connection.scalars(Scope.recording_users()))

    def find_events(self) -> pl.DataFrame:
        """The events, newest first: event_id, name, description, location, start_date, end_date, sessions."""
        with self._database.read() as connection:
            return sessions.find_events(connection, self._scope)

    def find_sessions(
        self,
        *,
        event_id: str | None = None,
        track: str | None = None,
        car: str | None = None,
        source: str | None = None,
        status: str | None = None,
        shared: bool = False,
    ) -> pl.DataFrame:
        """The sessions, newest first, one row each; with `shared` also those that others share with the user.

        Columns: session_id, event_id, event_name, name, source, status, track, car, started_at (UTC), laps (how many),
        best_lap_time_s (of the timed and valid ones; null if there is none), notes, owner (a user). Of a session of
        somebody else event and notes are not told.
        """
        given = {"event_id": event_id, "track": track, "car": car, "source": source, "status": status}
        with self._database.read() as connection:
            return sessions.find_sessions(connection, self._within(shared=shared), **given)

    def read_session(self, session_id: str) -> SessionRow:
        """What is known of a session; of a shared one neither its driver, nor its event, nor its notes.

        Raises:
            NotFound: no such session.
        """
        with self._database.read() as connection:
            return sessions.read_session(connection, self._scope.readable, session_id)

    def find_laps(
        self,
        *,
        session_id: str | None = None,
        track: str | None = None,
        car: str | None = None,
        event_id: str | None = None,
        kind: str | None = None,
        valid: bool | None = None,
        lap_ids: Sequence[str] | None = None,
        shared: bool = False,
    ) -> pl.DataFrame:
        """The laps, newest session first, its laps in order, one row each; track and car regardless of case.

        With `lap_ids` only those of these; an id nobody has is not among them. With `shared` also those of sessions
        that others share with the user; event and notes of those are not told.

        Columns: lap_id, session_id, lap_number, source_lap_number, lap_time_s, time_source, kind, valid, valid_reason,
        started_us, ended_us, frames, sealed, flags (the names of those that stand), sectors_s, track, car,
        session_name, event_id, started_at (of the session, UTC), notes, owner (a user). Kind and validity are the
        owner's where he chose.

        Raises:
            ValueError: no such kind.
        """
        scope = self._within(shared=shared)
        given = sessions.conditions(scope, session_id=session_id, track=track, car=car, event_id=event_id)
        given += laps_.conditions(kind=kind, valid=valid, lap_ids=lap_ids)
        with self._database.read() as connection:
            return laps_.find_laps(connection, scope, given)

    def find_channels(self, lap_ids: Sequence[str]) -> pl.DataFrame:
        """What laps were recorded with, none of which is read; the laps in the order given, one channel of one a row.

        Columns: lap_id, channel, unit (null if unknown), rate_hz. A lap that is not sealed yet has none here, and
        neither has one the user may not see.
        """
        with self._database.read() as connection:
            return laps_.find_channels(connection, self._scope.readable, list(lap_ids))

    def read_lap(
        self,
        lap_id: str,
        channels: Sequence[str] | None = None,
        *,
        lenient: bool = False,
        reference: Lap | None = None,
        math: Mapping[str, Formula] | None = None,
    ) -> Lap:
        """One lap with these channels (None: all), its track and its sections; only what is asked for is read.

        A damaged channel nobody asked for by name is left out and named in `flags["damaged"]`. Where the lap is cut
        into its track's sections, its frames tell them whatever is asked for. Math channels are the user's and the
        shipped ones, computed with the setup of the lap's session, from no more channels than they need. A lap of a
        session that is shared with the user reads as it does for its owner.

        Args:
            lap_id: the lap's.
            channels: names, of math channels too; `corner_id`, `sector_id` and `straight_id` may be among them.
            lenient: leave out what it was not recorded with, or cannot be computed, instead of refusing.
            reference: the lap that `ref()` looks at.
            math: formulas to compute beside them: name → formula, (formula, unit), or a math channel.

        Raises:
            NotFound: no such lap.
            UnknownChannel: it does not have a channel asked for, or is not cut and sections are asked for.
            FormulaError: a math channel cannot be computed on this lap.
            CorruptTrace: a channel asked for fails its checks.
        """
        entries = {name: replace(math_channel(name, one, "strict"), name=name) for name, one in (math or {}).items()}
        with self._database.read() as connection:
            return computed_lap.read_lap(
                connection,
                self._scope.readable,
                lap_id,
                channels,
                tracks=self._tracks,
                lenient=lenient,
                reference=reference,
                math=entries,
            )

    def find_running_laps(self) -> pl.DataFrame:
        """The laps that are being driven: session_id, lap_id, lap_number, started_us, latest_us (of its last frame)."""
        with self._database.read() as connection:
            return running.find_running_laps(connection, self._scope)

    def read_running_lap(self, lap_id: str, since_seq: int = 0) -> running.NewFrames:
        """What has come of a lap that is being driven since it was read last, and from where to read on next time.

        Args:
            lap_id: the lap's.
            since_seq: what the reading before said; 0 reads it from its start.

        Raises:
            NotFound: no such lap.
        """
        with self._database.read() as connection:
            return running.read_running_lap(connection, self._scope, lap_id, since_seq, tracks=self._tracks)

    def resolve_lap(
        self, text: str, *, session_id: str | None = None, track: str | None = None, car: str | None = None
    ) -> str:
        """The id of the lap a text means: a lap id, `SESSION:NUMBER`, or `best`.

        `best` is the user's fastest timed and valid lap, of this track and car if they are given; the fastest one of
        the session where one is named.

        Raises:
            NotFound: no such lap.
        """
        scope = self._within(shared=text != laps_.BEST or session_id is not None)
        given = sessions.conditions(scope, session_id=session_id, track=track, car=car)
        with self._database.read() as connection:
            return laps_.resolve_lap(connection, scope, text, given)

    def scan(
        self,
        channels: Sequence[str],
        laps: pl.DataFrame | Sequence[str] | None = None,
        *,
        reference: Lap | None = None,
    ) -> pl.LazyFrame:
        """Samples of many laps, lazily: columns `lap_id` and one a channel, in the catalogue's units.

        Math channels are those of the user and the shipped ones, bound to each session's vehicle and setup; they are
        computed when the samples are collected. What a session lacks for one makes it null there.

        Args:
            channels: names; a lap that lacks one has nulls there. Channels of one lap with different rates are put on
                the lap's base rate.
            laps: lap ids, or a frame of `find_laps`; None means every sealed lap of the user's own.
            reference: the lap that `ref()` looks at.

        Raises:
            NotFound: no such lap.
            UnknownChannel: no lap has a channel of this name, and there is no math channel of it.
            FormulaError: a math channel cannot be used on any lap.
        """
        scope = self._within(shared=laps is not None)
        return computed.scan(self._database, scope, list(channels), laps, reference=reference)

    def set_lap_override(self, lap_id: str, *, kind: str | None = None, valid: bool | None = None) -> None:
        """Put the user's word on a lap's kind and validity above what was found; None takes it back.

        Raises:
            NotFound: no such lap.
            ValueError: no such kind.
        """
        with self._database.write() as connection:
            laps_.set_override(connection, self._scope, lap_id, kind, valid)

    def _within(self, *, shared: bool) -> Reading:
        return self._scope.readable if shared else self._scope

    def delete_session(self, session_id: str) -> None:
        """Delete a session with its laps and telemetry.

        Raises:
            NotFound: no such session.
            SessionRecording: it is recording.
        """
        with self._database.write() as connection:
            sessions.delete_session(connection, self._scope, session_id)

    def delete_event(self, event_id: str) -> None:
        """Delete an event with its sessions, laps and telemetry.

        Raises:
            NotFound: no such event.
            SessionRecording: one of its sessions is recording.
        """
        with self._database.write() as connection:
            sessions.delete_event(connection, self._scope, event_id)


def open_store(url: str | None = None, *, user: str | None = None, settings: Settings | None = None) -> Store:
    """The store of a user.

    A SQLite database without any table gets its tables; any other that is not at the needed revision is refused.

    Args:
        url: SQLAlchemy URL; None takes the settings'. `sqlite:///:memory:` lives as long as the store.
        user: whose data; None takes the settings'.
        settings: None reads them from the environment.

    Raises:
        DatabaseUnreachable: the URL is wrong, or nobody answers.
        SchemaOutdated: the tables are older or newer than this code.
        MissingExtra: PostgreSQL without its packages.
        BadSetting: a setting that cannot be used.
    """
    settings = settings or read_settings()
    if url is None:
        url = settings.url
        if not settings.database_url:
            Path(settings.data_dir).mkdir(parents=True, exist_ok=True)
    database = open_database(url)
    try:
        _prepare(database)
    except BaseException:
        database.close()
        raise
    return Store(database, user or settings.user, keep_rows=settings.keep_rows)


def _prepare(database: Database) -> None:
    if database.engine.dialect.name == "sqlite":
        with database.read() as connection:
            blank = not inspect(connection).get_table_names()
        if blank:
            with suppress(PluginClash):  # the core is there all the same; `psa db push` and `merge` tell of it
                schema.push(database.engine, load_plugins())
    schema.ensure(database.engine)
