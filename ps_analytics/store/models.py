"""The core's tables: the data model of the house, then the support tables.

Public ids are text; `session` and `lap` also have a small integer key, which is what millions of telemetry rows carry.
Whatever a user owns reaches a `user_id`: in its own row, or through its session or vehicle.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, SmallInteger, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship
from sqlalchemy.types import REAL

from ps_analytics.store.columns import Base, Key, new_id


def _id() -> Mapped[str]:
    return mapped_column(primary_key=True, default=new_id)


def _owned_by(column: str, *, nullable: bool = False, delete: str = "CASCADE") -> Mapped[Any]:
    return mapped_column(ForeignKey(column, ondelete=delete), nullable=nullable, index=True)


class Event(Base):
    """A test day, a race weekend, an evening: what sessions belong to."""

    __tablename__ = "event"

    id: Mapped[str] = _id()
    user_id: Mapped[str] = mapped_column(index=True)  # the events of a user
    name: Mapped[str]
    description: Mapped[str | None]
    location: Mapped[str | None]
    start_date: Mapped[date | None]
    end_date: Mapped[date | None]
    sessions: Mapped[list["Session"]] = relationship(back_populates="event", passive_deletes=True)


class Session(Base):
    """One recording of one car on one track, live or imported."""

    __tablename__ = "session"

    session_key: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(unique=True, default=new_id)
    user_id: Mapped[str]
    event_id: Mapped[str | None] = _owned_by("event.id", nullable=True)  # the sessions of an event
    name: Mapped[str]
    source: Mapped[str]
    status: Mapped[str] = mapped_column(default="recording")
    tags: Mapped[str | None]
    track: Mapped[str | None]
    car: Mapped[str | None]
    driver: Mapped[str | None]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    started_us: Mapped[int] = mapped_column(BigInteger)
    vehicle_id: Mapped[str | None] = _owned_by("vehicle.id", nullable=True, delete="SET NULL")
    vehicle_configuration_id: Mapped[str | None] = _owned_by(
        "vehicle_configuration.id", nullable=True, delete="SET NULL"
    )
    vehicle_setup_id: Mapped[str | None] = _owned_by("vehicle_setup.id", nullable=True, delete="SET NULL")
    notes: Mapped[str] = mapped_column(default="")
    source_session_id: Mapped[str | None]
    file_sha256: Mapped[str | None]
    video: Mapped[dict[str, Any] | None]
    channels: Mapped[list[Any] | None]  # name, unit, source_name, source_unit, rate_hz of what the source gave
    event: Mapped[Event | None] = relationship(back_populates="sessions")
    laps: Mapped[list["Lap"]] = relationship(back_populates="session", passive_deletes=True)

    __table_args__ = (
        UniqueConstraint("user_id", "file_sha256"),  # the same bytes twice are the same session
        Index("ix_session_user_id_started_at", "user_id", "started_at"),  # a user's sessions, newest first
        Index("ix_session_user_id_track", "user_id", "track"),  # a user's laps on a track, of any session
        Index("ix_session_status", "status"),  # what the daemon resumes after a restart
        {"sqlite_autoincrement": True},  # a deleted session's key never comes back: frames have no foreign key
    )


class Lap(Base):
    """One lap; its telemetry frames are its time range in the session."""

    __tablename__ = "lap"

    lap_key: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(unique=True, default=new_id)
    session_id: Mapped[str] = mapped_column(ForeignKey("session.id", ondelete="CASCADE"))
    lap_number: Mapped[int]
    source_lap_number: Mapped[int | None]
    lap_time_s: Mapped[float | None]
    time_source: Mapped[str] = mapped_column(default="none")
    started_us: Mapped[int] = mapped_column(BigInteger)
    ended_us: Mapped[int | None] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(default="partial")
    kind_override: Mapped[str | None]
    valid: Mapped[bool] = mapped_column(default=True)
    valid_reason: Mapped[str | None]
    valid_override: Mapped[bool | None]
    flags: Mapped[dict[str, Any]] = mapped_column(default=dict)
    sectors_s: Mapped[list[Any]] = mapped_column(default=list)
    sectors_stated: Mapped[bool] = mapped_column(default=False, server_default=false())  # by the source: they stay
    cut_by: Mapped[int | None]  # the revision of its track that its sections were made by, also where they are none
    notes: Mapped[str] = mapped_column(default="")
    frames: Mapped[int] = mapped_column(default=0)
    sealed: Mapped[bool] = mapped_column(default=False, server_default=false())
    session: Mapped[Session] = relationship(back_populates="laps")

    __table_args__ = (
        UniqueConstraint("session_id", "lap_number"),  # the laps of a session in order
        {"sqlite_autoincrement": True},  # a deleted lap's key never comes back
    )


class TelemetryFrame(Base):
    """The seed's ten columns, on the seed's scale, one row a frame: open to SQL and to any BI tool.

    No foreign key: PostgreSQL would fire a trigger a row under COPY. The store deletes a session's rows with it.
    """

    __tablename__ = "telemetry_frame"

    session_key: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    timestamp_us: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    throttle: Mapped[float | None] = mapped_column(REAL)
    brake: Mapped[float | None] = mapped_column(REAL)
    steering: Mapped[float | None] = mapped_column(REAL)
    speed: Mapped[float | None] = mapped_column(REAL)
    gear: Mapped[int | None] = mapped_column(SmallInteger)
    rpm: Mapped[float | None] = mapped_column(REAL)
    lap_time_ms: Mapped[int | None]
    lap_number: Mapped[int | None]
    normalized_position: Mapped[float | None] = mapped_column(REAL)

    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012  # half the size: the key is the table


class Vehicle(Base):
    """A car somebody owns or drives."""

    __tablename__ = "vehicle"

    id: Mapped[str] = _id()
    user_id: Mapped[str] = mapped_column(index=True)  # the garage of a user
    name: Mapped[str]
    description: Mapped[str | None]
    tags: Mapped[list[Any] | None]
    configurations: Mapped[list["VehicleConfiguration"]] = relationship(passive_deletes=True)
    setups: Mapped[list["VehicleSetup"]] = relationship(passive_deletes=True)


class VehicleConfiguration(Base):
    """The parts a vehicle is built from."""

    __tablename__ = "vehicle_configuration"

    id: Mapped[str] = _id()
    vehicle_id: Mapped[str] = _owned_by("vehicle.id")  # the configurations of a vehicle
    name: Mapped[str]
    description: Mapped[str | None]
    parts: Mapped[dict[str, Any]] = mapped_column(default=dict)


class VehicleSetup(Base):
    """The numbers a vehicle is set to: `parameters` is a list of {key, value, units}."""

    __tablename__ = "vehicle_setup"

    id: Mapped[str] = _id()
    vehicle_id: Mapped[str] = _owned_by("vehicle.id")  # the setups of a vehicle
    configuration_id: Mapped[str | None] = _owned_by("vehicle_configuration.id", nullable=True, delete="SET NULL")
    name: Mapped[str]
    description: Mapped[str | None]
    parameters: Mapped[list[Any]] = mapped_column(default=list)


class SavedPlotLayout(Base):
    """A worksheet document: what is plotted, and where."""

    __tablename__ = "saved_plot_layout"

    id: Mapped[str] = _id()
    user_id: Mapped[str]
    name: Mapped[str]
    description: Mapped[str | None]
    configs: Mapped[list[Any]] = mapped_column(default=list)
    layout: Mapped[dict[str, Any]] = mapped_column(default=dict)
    is_default: Mapped[bool] = mapped_column(default=False, server_default=false())
    default_for: Mapped[str] = mapped_column(default="", server_default=text("''"))

    __table_args__ = (UniqueConstraint("user_id", "name"),)  # the layouts of a user by name


class MathTelemetryChannel(Base):
    """A channel computed from others; the formula is kept as text."""

    __tablename__ = "math_telemetry_channel"

    id: Mapped[str] = _id()
    user_id: Mapped[str]
    name: Mapped[str]
    formula: Mapped[str]
    unit: Mapped[str | None]
    units_policy: Mapped[str] = mapped_column(default="strict", server_default="strict")
    inputs: Mapped[list[Any] | None]
    folder: Mapped[str | None]
    about: Mapped[str | None]
    vehicle_id: Mapped[str | None] = _owned_by("vehicle.id", nullable=True)

    __table_args__ = (
        UniqueConstraint("user_id", "name", "vehicle_id"),  # the math channels of a user by name
        Index(  # and those of every vehicle: to a constraint two absent vehicles are not the same
            "ix_math_telemetry_channel_user_id_name",
            "user_id",
            "name",
            unique=True,
            sqlite_where=text("vehicle_id IS NULL"),
            postgresql_where=text("vehicle_id IS NULL"),
        ),
    )


class TelemetryBatch(Base):
    """Frames exactly as received, until the laps they belong to are sealed: the live tail and the safety copy."""

    __tablename__ = "telemetry_batch"

    session_key: Mapped[int] = mapped_column(
        Key, ForeignKey("session.session_key", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    first_seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    last_seq: Mapped[int] = mapped_column(BigInteger)
    first_us: Mapped[int] = mapped_column(BigInteger)
    last_us: Mapped[int] = mapped_column(BigInteger)
    payload: Mapped[bytes] = mapped_column(LargeBinary)


class LapTrace(Base):
    """One channel of one sealed lap, compressed, in the catalogue's name and unit, at its own rate."""

    __tablename__ = "lap_trace"

    lap_key: Mapped[int] = mapped_column(
        Key, ForeignKey("lap.lap_key", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    channel: Mapped[str] = mapped_column(primary_key=True)
    unit: Mapped[str | None]
    rate_hz: Mapped[float]
    start_offset_s: Mapped[float]  # of the first sample, from the lap's start
    samples: Mapped[int]
    dtype: Mapped[str]
    codec: Mapped[str]
    crc32: Mapped[int] = mapped_column(BigInteger)
    data: Mapped[bytes] = mapped_column(LargeBinary)


class IngestOffset(Base):
    """What is committed of each topic: written in the transaction that writes the rows, so redelivery is harmless."""

    __tablename__ = "ingest_offset"

    topic: Mapped[str] = mapped_column(primary_key=True)
    partition: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    next_offset: Mapped[int] = mapped_column(BigInteger)


class DeadLetter(Base):
    """A message that could not be taken, with its reason: set aside, never dropped."""

    __tablename__ = "dead_letter"

    id: Mapped[str] = _id()
    user_id: Mapped[str] = mapped_column(index=True)  # what `psa db check` counts
    received_us: Mapped[int] = mapped_column(BigInteger)
    source: Mapped[str]
    reason: Mapped[str]
    payload: Mapped[bytes] = mapped_column(LargeBinary)


class Track(Base):
    """A track learned from laps; names the user types stay when it is learned again.

    `revision` counts the changes of its model; `edited` where the user had a hand in it. `start_finish` holds
    `offset_m`, how far the user moved the line.
    """

    __tablename__ = "track"

    id: Mapped[str] = _id()
    user_id: Mapped[str]
    name: Mapped[str]
    length_m: Mapped[float | None]
    start_finish: Mapped[dict[str, Any] | None]
    model: Mapped[dict[str, Any] | None]
    algo_version: Mapped[str | None]
    laps_used: Mapped[list[Any] | None]
    revision: Mapped[int] = mapped_column(default=1, server_default=text("1"))
    edited: Mapped[bool] = mapped_column(default=False, server_default=false())

    __table_args__ = (UniqueConstraint("user_id", "name"),)  # the track of a session


class LapSection(Base):
    """A corner, straight or sector of a lap: what puts `corner_id` beside its frames."""

    __tablename__ = "lap_section"

    lap_key: Mapped[int] = mapped_column(
        Key, ForeignKey("lap.lap_key", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    kind: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str | None]
    start_m: Mapped[float]
    end_m: Mapped[float]
    started_us: Mapped[int] = mapped_column(BigInteger)
    ended_us: Mapped[int] = mapped_column(BigInteger)


class Preference(Base):
    """One choice of a user that outlives the page."""

    __tablename__ = "preference"

    user_id: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[dict[str, Any]]


class Share(Base):
    """A session its owner lets somebody read, and only read."""

    __tablename__ = "share"

    owner: Mapped[str] = mapped_column(primary_key=True)
    reader: Mapped[str] = mapped_column(primary_key=True)
    session_id: Mapped[str] = mapped_column(ForeignKey("session.id", ondelete="CASCADE"), primary_key=True)
    shared_at: Mapped[datetime]

    __table_args__ = (
        Index("ix_share_reader", "reader"),  # what is shared with a user
        Index("ix_share_session_id_reader", "session_id", "reader"),  # whether a user may read a session, and who may
    )
