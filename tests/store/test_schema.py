"""What `push`, `reset` and their companions promise, on SQLite and on PostgreSQL."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, MetaData, NullPool, Table, create_engine, func, inspect, select, text
from sqlalchemy.types import Boolean, Date, DateTime, LargeBinary, Numeric, String

from ps_analytics.errors import DatabaseUnreachable, PluginClash, SchemaOutdated
from ps_analytics.plugins import load_plugins
from ps_analytics.store import schema
from ps_analytics.store.engine import open_database
from ps_analytics.store.store import Store
from tests.store.plugins import CREATE_NOTES, NOTES, notes, plugins_with, write_migrations

FIELDS = {  # as the data model is drawn; a key that telemetry carries and what a table needs for itself come on top
    "event": "id user_id name description? location? start_date? end_date?",
    "session": "id user_id event_id? name source status tags? track? car? driver? started_at? ended_at? vehicle_id? "
    "vehicle_configuration_id? vehicle_setup_id? notes source_session_id? file_sha256? video? "
    "+session_key +started_us +channels?",
    "lap": "id session_id lap_number source_lap_number? lap_time_s? time_source started_us ended_us? kind "
    "kind_override? valid valid_reason? valid_override? flags sectors_s notes +lap_key +frames +sealed +cut_by? "
    "+sectors_stated",
    "telemetry_frame": "timestamp_us throttle? brake? steering? speed? gear? rpm? lap_time_ms? lap_number? "
    "normalized_position? +session_key +seq",
    "vehicle": "id user_id name description? tags?",
    "vehicle_configuration": "id vehicle_id name description? parts",
    "vehicle_setup": "id vehicle_id configuration_id? name description? parameters",
    "saved_plot_layout": "id user_id name description? configs layout is_default default_for",
    "math_telemetry_channel": "id user_id name formula unit? units_policy inputs? folder? about? vehicle_id?",
    "telemetry_batch": "session_key first_seq last_seq first_us last_us payload",
    "lap_trace": "lap_key channel rate_hz start_offset_s samples dtype codec crc32 data +unit?",
    "ingest_offset": "topic partition next_offset",
    "dead_letter": "id user_id received_us source reason payload",
    "track": "id user_id name length_m? start_finish? model? algo_version? laps_used? +revision +edited",
    "lap_section": "lap_key kind number name? start_m end_m started_us ended_us",
    "preference": "user_id key value",
    "share": "owner reader session_id +shared_at",
}


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = create_engine(database_url, poolclass=NullPool)
    yield engine
    engine.dispose()


def test_push_creates_then_does_nothing(engine: Engine) -> None:
    plugins = load_plugins(())
    assert schema.current(engine) is None
    assert schema.push(engine, plugins) == [schema.Step("core", None, "0003")]
    assert schema.push(engine, plugins) == [schema.Step("core", "0003", "0003")]
    assert schema.current(engine) == schema.needed()


def test_the_tables_have_the_fields_of_the_data_model(engine: Engine) -> None:
    schema.push(engine, load_plugins(()))
    found = inspect(engine)
    for table, drawn in FIELDS.items():
        columns = {f"{c['name']}{'?' if c['nullable'] else ''}" for c in found.get_columns(table)}
        assert columns == {field.removeprefix("+") for field in drawn.split()}, table
    assert set(found.get_table_names()) == {*FIELDS, "alembic_version_core"}


def test_models_and_migrated_database_do_not_differ(engine: Engine) -> None:
    plugins = load_plugins()
    schema.push(engine, plugins)
    with engine.connect() as connection:
        for branch in schema.branches(plugins):
            names = set(branch.metadata.tables)
            options = {
                "include_name": lambda name, kind, _, names=names: kind != "table" or name in names,
                "compare_type": True,
                "compare_server_default": True,
            }
            context = MigrationContext.configure(connection, opts=options)
            assert compare_metadata(context, branch.metadata) == [], branch.name


def test_rows_survive_every_upgrade(engine: Engine) -> None:
    for branch in schema.branches(load_plugins()):
        first, *later = branch.revisions()
        with schema.exclusive(engine) as connection:
            branch.upgrade(connection, first)
        filled = _fill(engine, set(branch.metadata.tables))
        for revision in later:
            with schema.exclusive(engine) as connection:
                branch.upgrade(connection, revision)
            assert _count(engine, filled) == dict.fromkeys(filled, 1), revision
        assert len(filled) == len(branch.metadata.tables)


def test_sector_times_from_before_laps_were_cut_are_the_sources(engine: Engine) -> None:
    core = schema.core()
    with schema.exclusive(engine) as connection:
        core.upgrade(connection, "0001")
        connection.execute(
            text(
                "INSERT INTO session (id, user_id, name, source, status, started_us, notes) "
                "VALUES ('s', 'anna', 'Race', 'ld', 'completed', 0, '')"
            )
        )
        for number, sectors in enumerate(("[]", "[20.5, 30.25]", "null")):
            connection.execute(
                text(
                    "INSERT INTO lap (id, session_id, lap_number, time_source, started_us, kind, valid, flags, "
                    "sectors_s, notes, frames) "
                    "VALUES (:id, 's', :number, 'source', 0, 'timed', :valid, '{}', :sectors, '', 0)"
                ),
                {"id": f"lap {number}", "number": number, "valid": True, "sectors": sectors},
            )
    with schema.exclusive(engine) as connection:
        core.upgrade(connection)
        rows = connection.execute(text("SELECT sectors_stated, cut_by FROM lap ORDER BY lap_number")).all()
    assert [(bool(stated), by) for stated, by in rows] == [(False, None), (True, None), (False, None)]


def test_shares_from_before_they_had_a_time_have_that_of_the_upgrade(engine: Engine) -> None:
    core = schema.core()
    with schema.exclusive(engine) as connection:
        core.upgrade(connection, "0002")
        connection.execute(
            text(
                "INSERT INTO session (id, user_id, name, source, status, started_us, notes) "
                "VALUES ('s', 'anna', 'Race', 'ld', 'completed', 0, '')"
            )
        )
        connection.execute(text("INSERT INTO share (owner, reader, session_id) VALUES ('anna', 'ben', 's')"))
    begun = datetime.now(UTC).replace(microsecond=0)
    with schema.exclusive(engine) as connection:
        core.upgrade(connection)
    with Store(open_database(engine.url.render_as_string(hide_password=False)), "anna") as store:
        (shared_at,) = store.find_shares("s")["shared_at"]
        assert begun <= shared_at <= datetime.now(UTC)
        assert store.for_user("ben").read_session("s").name == "Race"
        store.delete_session("s")
    assert _count(engine, {"session", "share"}).items() >= {"session": 0, "share": 0}.items()


def test_a_plugin_is_upgraded_with_rows_in_its_tables(engine: Engine, tmp_path: Path) -> None:
    before = plugins_with(notes=(notes(), write_migrations(tmp_path / "before", {"0001": CREATE_NOTES})))
    assert schema.push(engine, before)[1] == schema.Step("notes", None, "0001")
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO note (id, body) VALUES (1, NULL), (2, 'wet')"))
        connection.execute(text("INSERT INTO note_line (id, note_id) VALUES (5, 1), (6, 2)"))
    after = plugins_with(notes=(notes(), write_migrations(tmp_path / "after", NOTES)))
    assert schema.push(engine, after)[1] == schema.Step("notes", "0001", "0002")
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT id, body, mood FROM note ORDER BY id")).all()
        lines = connection.execute(text("SELECT id, note_id FROM note_line ORDER BY id")).all()
    assert [tuple(row) for row in rows] == [(1, "", "calm"), (2, "wet", "calm")]
    assert [tuple(line) for line in lines] == [(5, 1), (6, 2)]


def test_an_upgrade_through_the_house_engine_keeps_what_refers_to_a_rebuilt_table(
    database_url: str, tmp_path: Path
) -> None:
    database = open_database(database_url)
    before = plugins_with(notes=(notes(), write_migrations(tmp_path / "before", {"0001": CREATE_NOTES})))
    schema.push(database.engine, before)
    with database.write() as connection:
        connection.execute(text("INSERT INTO note (id, body) VALUES (1, 'dry')"))
        connection.execute(text("INSERT INTO note_line (id, note_id) VALUES (5, 1)"))
    schema.push(database.engine, plugins_with(notes=(notes(), write_migrations(tmp_path / "after", NOTES))))
    with database.read() as connection:
        assert connection.scalar(text("SELECT count(*) FROM note_line")) == 1
    database.close()


def test_each_owner_has_a_version_table_of_its_own(engine: Engine) -> None:
    plugins = load_plugins()
    assert [step.branch for step in schema.push(engine, plugins)] == ["core", "agent"]
    assert {"alembic_version_core", "alembic_version_agent"} <= set(inspect(engine).get_table_names())


def test_a_plugin_that_is_gone_never_blocks_the_core(engine: Engine, tmp_path: Path) -> None:
    schema.push(engine, plugins_with(notes=(notes(), write_migrations(tmp_path, NOTES))))
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO note (id, body) VALUES (1, 'dry')"))
        connection.execute(text("UPDATE alembic_version_notes SET version_num = '0417'"))
    assert schema.push(engine, load_plugins(())) == [schema.Step("core", "0003", "0003")]
    schema.ensure(engine)
    assert _count(engine, {"note"}) == {"note": 1}


def test_a_plugin_from_a_later_version_is_told_and_stops_nobody(engine: Engine, tmp_path: Path) -> None:
    plugins = plugins_with(
        notes=(notes(), write_migrations(tmp_path / "notes", NOTES)),
        zeal=(MetaData(), write_migrations(tmp_path / "zeal", {"0001": "    pass\n"})),
    )
    schema.push(engine, plugins)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version_notes SET version_num = '0417'"))
    core, told, zeal = schema.push(engine, plugins)
    assert (core.error, zeal.error) == (None, None)
    assert told.error is not None
    assert told.error.endswith("is at revision '0417', this version needs '0002'. Install a newer ps-analytics.")


def test_a_migration_that_fails_leaves_nothing_and_stops_no_other(engine: Engine, tmp_path: Path) -> None:
    half = CREATE_NOTES + '    raise RuntimeError("out of ink")\n'
    plugins = plugins_with(
        notes=(notes(), write_migrations(tmp_path / "notes", {"0001": half})),
        zeal=(MetaData(), write_migrations(tmp_path / "zeal", {"0001": "    pass\n"})),
    )
    assert schema.push(engine, plugins) == [
        schema.Step("core", None, "0003"),
        schema.Step("notes", None, None, "RuntimeError: out of ink"),
        schema.Step("zeal", None, "0001"),
    ]
    assert "note" not in inspect(engine).get_table_names()


def test_two_heads_are_a_clash_and_the_core_is_there_all_the_same(engine: Engine, tmp_path: Path) -> None:
    forked = plugins_with(notes=(notes(), write_migrations(tmp_path, NOTES, chained=False)))
    with pytest.raises(PluginClash) as raised:
        schema.push(engine, forked)
    assert str(raised.value) == (
        "plugin clash, 'notes': its migrations have 2 newest revisions (0001, 0002) instead of one. "
        "Uninstall or mend one of the plugins."
    )
    schema.ensure(engine)
    assert "note" not in inspect(engine).get_table_names()


def test_two_plugins_with_one_table_are_a_clash(engine: Engine, tmp_path: Path) -> None:
    folder = write_migrations(tmp_path, NOTES)
    with pytest.raises(PluginClash) as raised:
        schema.push(engine, plugins_with(notes=(notes(), folder), diary=(notes(), folder)))
    assert str(raised.value) == (
        "plugin clash, 'diary' and 'notes': both own a table 'note'. Uninstall or mend one of the plugins."
    )


def test_a_plugin_cannot_take_a_table_of_the_core(tmp_path: Path) -> None:
    tables = MetaData()
    Table("lap", tables)
    with pytest.raises(PluginClash, match="'core' and 'greedy': both own a table 'lap'"):
        schema.merge(plugins_with(greedy=(tables, write_migrations(tmp_path, NOTES))))


def test_a_plugin_cannot_be_called_core(tmp_path: Path) -> None:
    with pytest.raises(PluginClash, match="'core' is the name of the core's own tables"):
        schema.merge(plugins_with(core=(notes(), write_migrations(tmp_path, NOTES))))


def test_a_database_of_a_later_version_is_refused(engine: Engine) -> None:
    schema.push(engine, load_plugins(()))
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version_core SET version_num = '0417'"))
    for ask in (schema.ensure, lambda engine: schema.push(engine, load_plugins(()))):
        with pytest.raises(SchemaOutdated) as raised:
            ask(engine)
        assert str(raised.value).endswith(
            "is at revision '0417', this version needs '0003'. Install a newer ps-analytics."
        )


def test_two_processes_may_push_at_once(database_url: str) -> None:
    start, steps, errors = threading.Barrier(2), [], []

    def push() -> None:
        database = open_database(database_url)
        try:
            start.wait()
            steps.append(schema.push(database.engine, load_plugins())[0].after)
        except Exception as error:  # told to the test's own thread
            errors.append(error)
        finally:
            database.close()

    threads = [threading.Thread(target=push) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (steps, errors) == (["0003", "0003"], [])


def test_reset_drops_every_row_and_creates_the_tables_anew(engine: Engine) -> None:
    plugins = load_plugins()
    schema.push(engine, plugins)
    filled = _fill(engine, {name for branch in schema.branches(plugins) for name in branch.metadata.tables})
    assert schema.count_rows(engine, plugins) == dict.fromkeys(filled, 1)
    assert [step.after for step in schema.reset(engine, plugins)] == ["0003", "0001"]
    assert schema.count_rows(engine, plugins) == {}


def test_merge_reports_every_table_of_every_owner() -> None:
    report = schema.merge(load_plugins())
    for table in (*FIELDS, "agent_conversation", "agent_message", "run_plan", "run_plan_item"):
        assert f"\n### {table}\n" in report
    assert "| session_id | VARCHAR | no | → session.id, cascade |" in report
    assert "## agent\n\nRevision 0001, noted in `alembic_version_agent`." in report


def test_merge_is_the_same_every_time() -> None:
    assert schema.merge(load_plugins()) == schema.merge(load_plugins())


@pytest.mark.postgres
def test_blobs_that_are_compressed_already_are_stored_as_they_are(postgres_database: str) -> None:
    query = (
        "SELECT relname || '.' || attname FROM pg_attribute JOIN pg_class ON attrelid = oid "
        "WHERE relkind = 'r' AND attstorage = 'e' AND attnum > 0 AND relname IN ('telemetry_batch', 'lap_trace')"
    )
    assert _column(postgres_database, query) == {"lap_trace.data", "telemetry_batch.payload"}


@pytest.mark.postgres
def test_every_index_says_which_query_it_serves(postgres_database: str) -> None:
    silent = (
        "SELECT i.relname FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid "
        "JOIN pg_namespace n ON n.oid = i.relnamespace "
        "LEFT JOIN pg_constraint c ON c.conindid = x.indexrelid "
        "WHERE n.nspname = 'public' AND c.oid IS NULL AND obj_description(i.oid, 'pg_class') IS NULL"
    )
    assert _column(postgres_database, silent) == set()


def test_nobody_answering_is_told_without_the_password() -> None:
    url = "postgresql+psycopg://anna:secret@127.0.0.1:1/laps"
    database = open_database(url)
    with pytest.raises(DatabaseUnreachable) as raised:
        schema.push(database.engine, load_plugins(()))
    database.close()
    assert str(raised.value).startswith("cannot open the database postgresql+psycopg://anna:***@127.0.0.1:1/laps: ")
    assert "secret" not in str(raised.value)


def _column(url: str, query: str) -> set[Any]:
    engine = create_engine(url, poolclass=NullPool)
    schema.push(engine, load_plugins())
    with engine.connect() as connection:
        return set(connection.scalars(text(query)))


def _fill(engine: Engine, names: set[str]) -> set[str]:
    """Put one row into every table, made from what the database says of it."""
    found = MetaData()
    found.reflect(engine, only=names)
    with engine.begin() as connection:
        for table in found.sorted_tables:
            values = {c.name: _value(c.type) for c in table.columns if not c.nullable or c.foreign_keys}
            connection.execute(table.insert().values(values))
    return {table.name for table in found.sorted_tables}


def _value(kind: Any) -> Any:
    if isinstance(kind, LargeBinary):
        return b"\0"
    if isinstance(kind, DateTime | Date):
        return func.current_timestamp()
    if isinstance(kind, Boolean):
        return True
    if isinstance(kind, String):
        return "1"
    return 1 if isinstance(kind, Numeric) or kind._type_affinity.__name__ in ("Integer", "Float") else {}


def _count(engine: Engine, names: set[str]) -> dict[str, int]:
    found = MetaData()
    found.reflect(engine, only=names)
    with engine.connect() as connection:
        counted = {t.name: connection.scalar(select(func.count()).select_from(t)) for t in found.sorted_tables}
    return {name: int(count or 0) for name, count in counted.items()}
