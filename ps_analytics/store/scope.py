"""Whose rows a statement touches: every select, update and delete of the store starts here, with the user in it.

`Scope` is what a user has and may change. `Readable` is that and what others share with him: it reads, and no more.
"""

from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import Any, Self, TypeVar, cast

from sqlalchemy import (
    ColumnElement,
    Delete,
    Executable,
    Select,
    Update,
    and_,
    case,
    delete,
    exists,
    or_,
    select,
    true,
    union_all,
    update,
)
from sqlalchemy.orm import aliased

from ps_analytics.store.columns import Base
from ps_analytics.store.models import (
    DeadLetter,
    Event,
    IngestOffset,
    Lap,
    LapSection,
    LapTrace,
    MathTelemetryChannel,
    Preference,
    SavedPlotLayout,
    Session,
    Share,
    TelemetryBatch,
    TelemetryFrame,
    Track,
    Vehicle,
    VehicleConfiguration,
    VehicleSetup,
)

Rows = Select[*tuple[Any, ...]]
"""A statement that gives rows."""
Statement = TypeVar("Statement", bound=Executable)


class Reading:
    """The statements that read sessions and what belongs to them, as far as one user may see it."""

    def __init__(self, user: str) -> None:
        self.user = user
        self._built: dict[Callable[..., Any], Any] = {}

    def once(self, build: Callable[[Self], Statement]) -> Statement:
        """The statement a function builds for this scope, built at its first use: building takes longer than asking."""
        if build not in self._built:
            self._built[build] = build(self)
        return cast("Statement", self._built[build])

    def sessions(self, *columns: Any) -> Rows:
        """The sessions."""
        return select(*columns).select_from(Session).where(self._visible())

    def sessions_and_laps(self, *columns: Any) -> Rows:
        """The sessions, once for each lap, also those without one; beside their event where it is the user's."""
        joined = select(*columns).select_from(Session).outerjoin(Lap, Lap.session_id == Session.id)
        joined = joined.outerjoin(Event, and_(Event.id == Session.event_id, Event.user_id == self.user))
        return joined.where(self._visible())

    def laps(self, *columns: Any) -> Rows:
        """The laps of the sessions, beside their session."""
        joined = select(*columns).select_from(Lap).join(Session, Session.id == Lap.session_id)
        return joined.where(self._visible())

    def laps_on_tracks(self, *columns: Any) -> Rows:
        """The laps of the sessions, beside their session and its owner's record of its track, if there is one."""
        joined = select(*columns).select_from(Lap).join(Session, Session.id == Lap.session_id)
        joined = joined.outerjoin(Track, and_(Track.user_id == self._owner(), Track.name == Session.track))
        return joined.where(self._visible())

    def tracks(self, *columns: Any) -> Rows:
        """The tracks of the sessions' owners."""
        return select(*columns).select_from(Track).where(self._visible_track())

    def sessions_and_setups(self, *columns: Any) -> Rows:
        """The sessions, beside the vehicle, configuration and setup driven, as far as they are their owner's."""
        owner, garage = self._owner(), aliased(Vehicle)

        def owned(part: type[VehicleConfiguration | VehicleSetup]) -> ColumnElement[bool]:
            return exists().where(garage.id == part.vehicle_id, garage.user_id == owner).correlate(part, Session)

        configuration, setup = VehicleConfiguration, VehicleSetup
        joined = select(*columns).select_from(Session)
        joined = joined.outerjoin(Vehicle, and_(Vehicle.id == Session.vehicle_id, Vehicle.user_id == owner))
        configured = and_(configuration.id == Session.vehicle_configuration_id, owned(configuration))
        joined = joined.outerjoin(configuration, configured)
        joined = joined.outerjoin(setup, and_(setup.id == Session.vehicle_setup_id, owned(setup)))
        return joined.where(self._visible())

    def sections(self, *columns: Any) -> Rows:
        """The sections of the laps that are cut by their track as it is now, beside lap, session and track."""
        joined = select(*columns).select_from(LapSection).join(Lap, Lap.lap_key == LapSection.lap_key)
        joined = joined.join(Session, Session.id == Lap.session_id)
        joined = joined.join(Track, and_(Track.user_id == self._owner(), Track.name == Session.track))
        return joined.where(self._visible(), Lap.cut_by == Track.revision)

    def traces(self, *columns: Any) -> Rows:
        """The stored channels of the laps, beside lap and session."""
        return (
            select(*columns)
            .select_from(LapTrace)
            .join(Lap, Lap.lap_key == LapTrace.lap_key)
            .join(Session, Session.id == Lap.session_id)
            .where(self._visible())
            .execution_options(binary_results=True)
        )

    def batches(self, *columns: Any) -> Rows:
        """The batches of the sessions, beside their session."""
        joined = select(*columns).select_from(TelemetryBatch)
        joined = joined.join(Session, Session.session_key == TelemetryBatch.session_key)
        return joined.where(self._visible()).execution_options(binary_results=True)

    def math_channels(self, *columns: Any) -> Rows:
        """The user's own math channels: formulas are not shared."""
        return select(*columns).select_from(MathTelemetryChannel).where(MathTelemetryChannel.user_id == self.user)

    def listed(self) -> ColumnElement[bool]:
        """What leads a list from the user to the sessions: without it all users' sessions would be looked at."""
        return true()

    def private(self, column: Any, instead: object = None) -> Any:
        """A column of a session or a lap that only its owner sees; others see something instead."""
        return column

    def _visible(self) -> ColumnElement[bool]:
        """Whether the user sees a session."""
        raise NotImplementedError

    def _visible_track(self) -> ColumnElement[bool]:
        """Whether the user sees a track."""
        raise NotImplementedError

    def _owner(self) -> Any:
        """Whose a session is."""
        raise NotImplementedError


class Readable(Reading):
    """What is the user's own, or of a session that is shared with him: for reading only."""

    def listed(self) -> ColumnElement[bool]:
        """The keys of the sessions, found by the user's name on both ways."""
        mine = select(Session.session_key).where(Session.user_id == self.user)
        shared = select(Session.session_key).join(Share, self._shared()).where(Share.reader == self.user)
        return Session.session_key.in_(union_all(mine, shared))

    def private(self, column: Any, instead: object = None) -> Any:
        """The column in the user's own rows, something instead in those of others."""
        return case((Session.user_id == self.user, column), else_=instead).label(column.key)

    def _visible(self) -> ColumnElement[bool]:
        return or_(Session.user_id == self.user, exists().where(self._shared()))

    def _shared(self) -> ColumnElement[bool]:
        return and_(Share.session_id == Session.id, Share.owner == Session.user_id, Share.reader == self.user)

    def _visible_track(self) -> ColumnElement[bool]:
        driven = and_(Session.user_id == Track.user_id, Session.track == Track.name)
        return or_(Track.user_id == self.user, exists().where(driven, self._shared()))

    def _owner(self) -> Any:
        return Session.user_id


class Scope(Reading):
    """What one user has. Other modules of the store never write a bare `select`; a test proves it."""

    @cached_property
    def readable(self) -> Readable:
        """What the user may read: this, and what others share with him."""
        return Readable(self.user)

    @staticmethod
    def recording_users() -> Select[str]:
        """Whose sessions are recording; of all users, for the daemon."""
        return select(Session.user_id).where(Session.status == "recording").distinct()

    @staticmethod
    def uncut_tracks() -> Select[str, str | None]:
        """User and name of each track that is not learned, or that laps are not cut by as it is now; of all users."""
        joined = select(Session.user_id, Session.track).join(Lap, Lap.session_id == Session.id)
        joined = joined.outerjoin(Track, and_(Track.user_id == Session.user_id, Track.name == Session.track))
        unknown = and_(Lap.sealed.is_(True), Track.id.is_(None))
        return joined.where(Session.track.is_not(None), or_(uncut(), unknown)).distinct()

    @staticmethod
    def offsets(topic: str, partition: int) -> Select[int]:
        """The position of a topic, which belongs to no user."""
        return select(IngestOffset.next_offset).where(IngestOffset.topic == topic, IngestOffset.partition == partition)

    def events(self, *columns: Any) -> Rows:
        """The user's events."""
        return select(*columns).select_from(Event).where(Event.user_id == self.user)

    def events_and_sessions(self, *columns: Any) -> Rows:
        """The user's events, once for each session, also those without one."""
        joined = select(*columns).select_from(Event).outerjoin(Session, Session.event_id == Event.id)
        return joined.where(Event.user_id == self.user)

    def layouts(self, *columns: Any) -> Rows:
        """The layouts the user keeps."""
        return select(*columns).select_from(SavedPlotLayout).where(SavedPlotLayout.user_id == self.user)

    def preferences(self, *columns: Any) -> Rows:
        """The user's preferences."""
        return select(*columns).select_from(Preference).where(Preference.user_id == self.user)

    def shares(self, *columns: Any) -> Rows:
        """To whom the user lets his sessions be read."""
        return select(*columns).select_from(Share).where(Share.owner == self.user)

    def vehicles(self, *columns: Any) -> Rows:
        """The user's vehicles."""
        return select(*columns).select_from(Vehicle).where(Vehicle.user_id == self.user)

    def frames(self, *columns: Any) -> Rows:
        """The rows of the user's sessions, beside their session."""
        joined = select(*columns).select_from(TelemetryFrame)
        joined = joined.join(Session, Session.session_key == TelemetryFrame.session_key)
        return joined.where(Session.user_id == self.user)

    def update(self, model: type[Base]) -> Update:
        """An update of the user's rows."""
        return update(model).where(self._owned(model))

    def delete(self, model: type[Base]) -> Delete:
        """A delete of the user's rows."""
        return delete(model).where(self._owned(model))

    def delete_frames(self, session_key: int, first_us: int | None = None, end_us: int | None = None) -> Delete:
        """A delete of the rows of one session, by a constant key: TimescaleDB drops whole batches of it.

        Args:
            session_key: the session's.
            first_us: rows from this time on; None from the first.
            end_us: rows before this time; None to the last.
        """
        owner = exists().where(Session.session_key == session_key, Session.user_id == self.user)
        statement = delete(TelemetryFrame).where(TelemetryFrame.session_key == session_key, owner)
        if first_us is not None:
            statement = statement.where(TelemetryFrame.timestamp_us >= first_us)
        if end_us is not None:
            statement = statement.where(TelemetryFrame.timestamp_us < end_us)
        return statement

    def _visible(self) -> ColumnElement[bool]:
        return Session.user_id == self.user

    def _visible_track(self) -> ColumnElement[bool]:
        return Track.user_id == self.user

    def _owner(self) -> Any:
        return self.user

    def _owned(self, model: type[Base]) -> ColumnElement[bool]:
        mine = Session.user_id == self.user
        conditions: dict[type[Base], ColumnElement[bool]] = {
            Event: Event.user_id == self.user,
            Session: mine,
            DeadLetter: DeadLetter.user_id == self.user,
            Lap: exists().where(Session.id == Lap.session_id, mine),
            TelemetryBatch: exists().where(Session.session_key == TelemetryBatch.session_key, mine),
            LapTrace: exists().where(Lap.lap_key == LapTrace.lap_key, Session.id == Lap.session_id, mine),
            LapSection: exists().where(Lap.lap_key == LapSection.lap_key, Session.id == Lap.session_id, mine),
            Track: Track.user_id == self.user,
            MathTelemetryChannel: MathTelemetryChannel.user_id == self.user,
            SavedPlotLayout: SavedPlotLayout.user_id == self.user,
            Share: Share.owner == self.user,
        }
        return conditions[model]


def uncut() -> ColumnElement[bool]:
    """Whether a lap, beside its track, has still to be cut by it as it is now."""
    return and_(Lap.sealed.is_(True), Track.algo_version.is_not(None), Lap.cut_by.is_distinct_from(Track.revision))


@lru_cache(maxsize=1024)
def scope_of(user: str) -> Scope:
    """The scope of a user, with the statements it has built so far."""
    return Scope(user)
