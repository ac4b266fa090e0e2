"""Create the core's tables: what users own, the telemetry, and what the store keeps beside them."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # on SQLite only an INTEGER key is the rowid
INSTANT = sa.DateTime(timezone=True)

INDEXES = (  # table, columns, the query it serves
    ("event", ("user_id",), "the events of a user"),
    ("vehicle", ("user_id",), "the garage of a user"),
    ("vehicle_configuration", ("vehicle_id",), "the configurations of a vehicle"),
    ("vehicle_setup", ("vehicle_id",), "the setups of a vehicle"),
    ("vehicle_setup", ("configuration_id",), "the setups of a configuration, when it is deleted"),
    ("session", ("event_id",), "the sessions of an event"),
    ("session", ("vehicle_id",), "the sessions of a vehicle"),
    ("session", ("vehicle_configuration_id",), "the sessions of a configuration, when it is deleted"),
    ("session", ("vehicle_setup_id",), "the sessions driven with a setup"),
    ("session", ("user_id", "started_at"), "the sessions of a user, newest first"),
    ("session", ("user_id", "track"), "the laps of a user on a track, of any session"),
    ("session", ("status",), "the sessions the daemon resumes after a restart"),
    ("math_telemetry_channel", ("vehicle_id",), "the math channels of a vehicle"),
    ("dead_letter", ("user_id",), "the messages of a user that could not be taken"),
    ("share", ("reader",), "the sessions shared with a user"),
)


def upgrade() -> None:
    _what_a_user_owns()
    _sessions_and_laps()
    _telemetry()
    _support()
    for table, columns, query in INDEXES:
        _index(table, columns, query)
    everywhere = sa.text("vehicle_id IS NULL")  # to a constraint two absent vehicles are not the same
    of_all_vehicles = {"unique": True, "sqlite_where": everywhere, "postgresql_where": everywhere}
    _index(
        "math_telemetry_channel",
        ("user_id", "name"),
        "the math channels of a user for every vehicle, by name",
        **of_all_vehicles,
    )
    if op.get_bind().dialect.name == "postgresql":  # these are compressed or about to be deleted: do not try again
        op.execute("ALTER TABLE telemetry_batch ALTER COLUMN payload SET STORAGE EXTERNAL")
        op.execute("ALTER TABLE lap_trace ALTER COLUMN data SET STORAGE EXTERNAL")


def _text(name: str, *, null: bool = False, **options: Any) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=null, **options)


def _id() -> sa.Column[str]:
    return sa.Column("id", sa.String(), primary_key=True)


def _of(name: str, target: str, *, on_delete: str = "CASCADE", null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(), sa.ForeignKey(target, ondelete=on_delete), nullable=null)


def _key_of(name: str, target: str) -> sa.Column[int]:
    return sa.Column(name, KEY, sa.ForeignKey(target, ondelete="CASCADE"), primary_key=True, autoincrement=False)


def _index(table: str, columns: tuple[str, ...], query: str, **options: Any) -> None:
    name = f"ix_{table}_{'_'.join(columns)}"
    op.create_index(name, table, columns, **options)
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"COMMENT ON INDEX {name} IS '{query}'")


def _what_a_user_owns() -> None:
    op.create_table(
        "event",
        _id(),
        _text("user_id"),
        _text("name"),
        _text("description", null=True),
        _text("location", null=True),
        sa.Column("start_date", sa.Date()),
        sa.Column("end_date", sa.Date()),
    )
    op.create_table(
        "vehicle",
        _id(),
        _text("user_id"),
        _text("name"),
        _text("description", null=True),
        sa.Column("tags", sa.JSON()),
    )
    op.create_table(
        "vehicle_configuration",
        _id(),
        _of("vehicle_id", "vehicle.id"),
        _text("name"),
        _text("description", null=True),
        sa.Column("parts", sa.JSON(), nullable=False),
    )
    op.create_table(
        "vehicle_setup",
        _id(),
        _of("vehicle_id", "vehicle.id"),
        _of("configuration_id", "vehicle_configuration.id", on_delete="SET NULL", null=True),
        _text("name"),
        _text("description", null=True),
        sa.Column("parameters", sa.JSON(), nullable=False),
    )
    op.create_table(
        "saved_plot_layout",
        _id(),
        _text("user_id"),
        _text("name"),
        _text("description", null=True),
        sa.Column("configs", sa.JSON(), nullable=False),
        sa.Column("layout", sa.JSON(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False, server_default=sa.false()),
        _text("default_for", server_default=""),
        sa.UniqueConstraint("user_id", "name"),
    )
    op.create_table(
        "math_telemetry_channel",
        _id(),
        _text("user_id"),
        _text("name"),
        _text("formula"),
        _text("unit", null=True),
        _text("units_policy", server_default="strict"),
        sa.Column("inputs", sa.JSON()),
        _text("folder", null=True),
        _text("about", null=True),
        _of("vehicle_id", "vehicle.id", null=True),
        sa.UniqueConstraint("user_id", "name", "vehicle_id"),
    )


def _sessions_and_laps() -> None:
    op.create_table(
        "session",
        sa.Column("session_key", KEY, primary_key=True, autoincrement=True),
        _text("id", unique=True),
        _text("user_id"),
        _of("event_id", "event.id", null=True),
        _text("name"),
        _text("source"),
        _text("status"),
        _text("tags", null=True),
        _text("track", null=True),
        _text("car", null=True),
        _text("driver", null=True),
        sa.Column("started_at", INSTANT),
        sa.Column("ended_at", INSTANT),
        sa.Column("started_us", sa.BigInteger(), nullable=False),
        _of("vehicle_id", "vehicle.id", on_delete="SET NULL", null=True),
        _of("vehicle_configuration_id", "vehicle_configuration.id", on_delete="SET NULL", null=True),
        _of("vehicle_setup_id", "vehicle_setup.id", on_delete="SET NULL", null=True),
        _text("notes"),
        _text("source_session_id", null=True),
        _text("file_sha256", null=True),
        sa.Column("video", sa.JSON()),
        sa.Column("channels", sa.JSON()),
        sa.UniqueConstraint("user_id", "file_sha256"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "lap",
        sa.Column("lap_key", KEY, primary_key=True, autoincrement=True),
        _text("id", unique=True),
        _of("session_id", "session.id"),
        sa.Column("lap_number", sa.Integer(), nullable=False),
        sa.Column("source_lap_number", sa.Integer()),
        sa.Column("lap_time_s", sa.Double()),
        _text("time_source"),
        sa.Column("started_us", sa.BigInteger(), nullable=False),
        sa.Column("ended_us", sa.BigInteger()),
        _text("kind"),
        _text("kind_override", null=True),
        sa.Column("valid", sa.Boolean(), nullable=False),
        _text("valid_reason", null=True),
        sa.Column("valid_override", sa.Boolean()),
        sa.Column("flags", sa.JSON(), nullable=False),
        sa.Column("sectors_s", sa.JSON(), nullable=False),
        _text("notes"),
        sa.Column("frames", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.UniqueConstraint("session_id", "lap_number"),
        sqlite_autoincrement=True,
    )


def _telemetry() -> None:
    op.create_table(
        "telemetry_frame",
        sa.Column("session_key", KEY, primary_key=True, autoincrement=False),
        sa.Column("timestamp_us", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("seq", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("throttle", sa.REAL()),
        sa.Column("brake", sa.REAL()),
        sa.Column("steering", sa.REAL()),
        sa.Column("speed", sa.REAL()),
        sa.Column("gear", sa.SmallInteger()),
        sa.Column("rpm", sa.REAL()),
        sa.Column("lap_time_ms", sa.Integer()),
        sa.Column("lap_number", sa.Integer()),
        sa.Column("normalized_position", sa.REAL()),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "telemetry_batch",
        _key_of("session_key", "session.session_key"),
        sa.Column("first_seq", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("first_us", sa.BigInteger(), nullable=False),
        sa.Column("last_us", sa.BigInteger(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "lap_trace",
        _key_of("lap_key", "lap.lap_key"),
        sa.Column("channel", sa.String(), primary_key=True),
        _text("unit", null=True),
        sa.Column("rate_hz", sa.Double(), nullable=False),
        sa.Column("start_offset_s", sa.Double(), nullable=False),
        sa.Column("samples", sa.Integer(), nullable=False),
        _text("dtype"),
        _text("codec"),
        sa.Column("crc32", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "lap_section",
        _key_of("lap_key", "lap.lap_key"),
        sa.Column("kind", sa.String(), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        _text("name", null=True),
        sa.Column("start_m", sa.Double(), nullable=False),
        sa.Column("end_m", sa.Double(), nullable=False),
        sa.Column("started_us", sa.BigInteger(), nullable=False),
        sa.Column("ended_us", sa.BigInteger(), nullable=False),
    )


def _support() -> None:
    op.create_table(
        "ingest_offset",
        sa.Column("topic", sa.String(), primary_key=True),
        sa.Column("partition", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("next_offset", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "dead_letter",
        _id(),
        _text("user_id"),
        sa.Column("received_us", sa.BigInteger(), nullable=False),
        _text("source"),
        _text("reason"),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "track",
        _id(),
        _text("user_id"),
        _text("name"),
        sa.Column("length_m", sa.Double()),
        sa.Column("start_finish", sa.JSON()),
        sa.Column("model", sa.JSON()),
        _text("algo_version", null=True),
        sa.Column("laps_used", sa.JSON()),
        sa.UniqueConstraint("user_id", "name"),
    )
    op.create_table(
        "preference",
        sa.Column("user_id", sa.String(), primary_key=True),
        sa.Column("key", sa.String(), primary_key=True),
        sa.Column("value", sa.JSON(), nullable=False),
    )
    op.create_table(
        "share",
        sa.Column("owner", sa.String(), primary_key=True),
        sa.Column("reader", sa.String(), primary_key=True),
        sa.Column("session_id", sa.String(), sa.ForeignKey("session.id", ondelete="CASCADE"), primary_key=True),
    )
