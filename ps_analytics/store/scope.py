"""Whose rows a statement touches: every select, update and delete of the store starts here, with the user in it."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar, cast

from sqlalchemy import ColumnElement, Delete, Executable, Select, Update, and_, delete, exists, or_, select, update

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


class Scope:
    """The statements of one user. Other modules of the store never write a bare `select`; a test proves it."""

    def __init__(self, user: str) -> None:
        self.user = user
        self._built: dict[Callable[[Scope], Any], Any] = {}

    def once(self, build: Callable[["Scope"], Statement]) -> Statement:
        """The statement a function builds for this scope, built at its first use: building takes longer than asking."""
        if build not in self._built:
            self._built[build] = build(self)
        return cast("Statement", self._built[build])

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

    def sessions(self, *columns: Any) -> Rows:
        """The user's sessions."""
        return select(*columns).select_from(Session).where(Session.user_id == self.user)

    def sessions_and_laps(self, *columns: Any) -> Rows:
        """The user's sessions, once for each lap, also those without one."""
        joined = select(*columns).select_from(Session).outerjoin(Lap, Lap.session_id == Session.id)
        return joined.outerjoin(Event, Event.id == Session.event_id).where(Session.user_id == self.user)

    def events_and_sessions(self, *columns: Any) -> Rows:
        """The user's events, once for each session, also those without one."""
        joined = select(*columns).select_from(Event).outerjoin(Session, Session.event_id == Event.id)
        return joined.where(Event.user_id == self.user)

    def laps(self, *columns: Any) -> Rows:
        """The laps of the user's sessions, beside their session."""
        joined = select(*columns).select_from(Lap).join(Session, Session.id == Lap.session_id)
        return joined.where(Session.user_id == self.user)

    def laps_on_tracks(self, *columns: Any) -> Rows:
        """The laps of the user's sessions, beside their session and the user's record of its track, if there is one."""
        joined = select(*columns).select_from(Lap).join(Session, Session.id == Lap.session_id)
        joined = joined.outerjoin(Track, and_(Track.user_id == self.user, Track.name == Session.track))
        return joined.where(Session.user_id == self.user)

    def tracks(self, *columns: Any) -> Rows:
        """The user's tracks."""
        return select(*columns).select_from(Track).where(Track.user_id == self.user)

    def math_channels(self, *columns: Any) -> Rows:
        """The user's math channels."""
        return select(*columns).select_from(MathTelemetryChannel).where(MathTelemetryChannel.user_id == self.user)

    def layouts(self, *columns: Any) -> Rows:
        """The layouts the user keeps."""
        return select(*columns).select_from(SavedPlotLayout).where(SavedPlotLayout.user_id == self.user)

    def preferences(self, *columns: Any) -> Rows:
        """The user's preferences."""
        return select(*columns).select_from(Preference).where(Preference.user_id == self.user)

    def vehicles(self, *columns: Any) -> Rows:
        """The user's vehicles."""
        return select(*columns).select_from(Vehicle).where(Vehicle.user_id == self.user)

    def sessions_and_setups(self, *columns: Any) -> Rows:
        """The user's sessions, beside the vehicle, configuration and setup driven, as far as they are the user's."""
        mine = select(Vehicle.id).where(Vehicle.user_id == self.user)
        joined = select(*columns).select_from(Session)
        joined = joined.outerjoin(Vehicle, and_(Vehicle.id == Session.vehicle_id, Vehicle.user_id == self.user))
        configured = and_(
            VehicleConfiguration.id == Session.vehicle_configuration_id, VehicleConfiguration.vehicle_id.in_(mine)
        )
        joined = joined.outerjoin(VehicleConfiguration, configured)
        set_up = and_(VehicleSetup.id == Session.vehicle_setup_id, VehicleSetup.vehicle_id.in_(mine))
        return joined.outerjoin(VehicleSetup, set_up).where(Session.user_id == self.user)

    def sections(self, *columns: Any) -> Rows:
        """The sections of the user's laps that are cut by their track as it is now, beside lap, session and track."""
        joined = select(*columns).select_from(LapSection).join(Lap, Lap.lap_key == LapSection.lap_key)
        joined = joined.join(Session, Session.id == Lap.session_id)
        joined = joined.join(Track, and_(Track.user_id == self.user, Track.name == Session.track))
        return joined.where(Session.user_id == self.user, Lap.cut_by == Track.revision)

    def traces(self, *columns: Any) -> Rows:
        """The stored channels of the user's laps, beside lap and session."""
        return (
            select(*columns)
            .select_from(LapTrace)
            .join(Lap, Lap.lap_key == LapTrace.lap_key)
            .join(Session, Session.id == Lap.session_id)
            .where(Session.user_id == self.user)
            .execution_options(binary_results=True)
        )

    def batches(self, *columns: Any) -> Rows:
        """The batches of the user's sessions, beside their session."""
        joined = select(*columns).select_from(TelemetryBatch)
        joined = joined.join(Session, Session.session_key == TelemetryBatch.session_key)
        return joined.where(Session.user_id == self.user).execution_options(binary_results=True)

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
        }
        return conditions[model]


def uncut() -> ColumnElement[bool]:
    """Whether a lap, beside its track, has still to be cut by it as it is now."""
    return and_(Lap.sealed.is_(True), Track.algo_version.is_not(None), Lap.cut_by.is_distinct_from(Track.revision))


@lru_cache(maxsize=1024)
def scope_of(user: str) -> Scope:
    """The scope of a user, with the statements it has built so far."""
    return Scope(user)
