"""Every fault, planted by SQL: `check` tells it in exactly its line, and `repair` mends what is safe to mend."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import text

from ps_analytics.errors import PurpleSectorError, SchemaOutdated, StoreError
from ps_analytics.lap import LapSection, SectionKind
from ps_analytics.plugins import Plugins, load_plugins
from ps_analytics.store import schema
from ps_analytics.store.check import check, repair
from ps_analytics.store.engine import Database, open_database
from ps_analytics.store.faults import Fault
from ps_analytics.store.rows import LapRow, SessionRow
from ps_analytics.store.store import Store
from tests.store.plugins import CREATE_NOTES, NOTES, notes, plugins_with, write_migrations
from tests.store.ring import ring
from tests.store.stream import at, batch, drive, received, seal

BORDERS = (0, 100, 200, 300)  # three laps of a second each


@dataclass
class House:
    """A healthy database: one session, over, with three sealed laps."""

    url: str
    database: Database
    store: Store
    session: SessionRow
    laps: list[LapRow]
    plugins: Plugins

    def plant(self, *statements: str, **values: object) -> None:
        """Write what no code of ours writes: references are not looked at."""
        with self.database.engine.connect() as connection:
            sqlite = connection.dialect.name == "sqlite"
            driver = connection.connection.driver_connection
            assert driver is not None
            if sqlite:
                driver.execute("PRAGMA foreign_keys = OFF")
            with connection.begin():
                if not sqlite:
                    connection.execute(text("SET LOCAL session_replication_role = replica"))
                for statement in statements:
                    connection.execute(text(statement), values)
            if sqlite:
                driver.execute("PRAGMA foreign_keys = ON")

    def check(self) -> list[Fault]:
        return check(self.database.engine, self.plugins)

    def lines(self) -> list[tuple[str, str]]:
        return [(fault.code, fault.message) for fault in self.check()]

    def repair(self) -> list[PurpleSectorError]:
        def seal_lap(user: str, lap_id: str) -> None:
            with self.store.for_user(user).transaction() as transaction:
                transaction.seal_lap(lap_id)

        return repair(self.database.engine, self.plugins, self.check(), seal_lap, self.cut)

    def cut(self, user: str, track: str) -> None:
        """Every lap becomes one sector: the store does not know how laps are placed."""
        store = self.store.for_user(user)
        for lap_id, revision in store.find_uncut_laps(track).iter_rows():
            lap = store.read_lap(lap_id)
            sector = LapSection(SectionKind.SECTOR, 1, "S1", 0.0, 600.0, lap.started_us, lap.ended_us or 0)
            sectors_s = [] if lap.lap_time_s is None else [lap.lap_time_s]
            with store.transaction() as transaction:
                transaction.write_sections(lap, [sector], revision=revision, sectors_s=sectors_s)

    def query(self, statement: str) -> object:
        with self.database.read() as connection:
            return connection.scalar(text(statement))

    def count(self, table: str) -> int:
        with self.database.read() as connection:
            return int(connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0)


@pytest.fixture
def house(prepared_url: str) -> Iterator[House]:
    database = open_database(prepared_url)
    store = Store(database, "anna")
    session, laps = drive(store, frames=300, laps=BORDERS, track="Testring", car="Testcar")
    seal(store, laps)
    with store.transaction() as transaction:
        transaction.end_session(session, ended_us=at(299))
    yield House(prepared_url, database, store, session, laps, load_plugins(()))
    database.close()


def test_a_healthy_database_has_no_faults(house: House) -> None:
    assert house.lines() == []
    assert house.repair() == []


def test_it_says_what_it_looks_at(house: House) -> None:
    said: list[str] = []
    check(house.database.engine, house.plugins, say=said.append)
    assert said[:2] == ["tables, columns and indexes", "references"]
    assert said[-1] == "laps to be cut into sections"


def test_a_database_without_tables_is_refused(database_url: str) -> None:
    database = open_database(database_url)
    with pytest.raises(SchemaOutdated, match=r"has no tables yet, this version needs '0003'\. Run `psa db push`\."):
        check(database.engine, load_plugins(()))
    database.close()


def test_orphans_are_told_and_removed(house: House) -> None:
    house.plant("DELETE FROM session")
    lost, key = house.session.id, house.session.key
    assert house.lines() == [
        ("orphan", f"3 rows of lap of a session that is not there (session_id {lost})."),
        ("orphan", f"300 telemetry frames of a session that is not there (session_key {key})."),
    ]
    assert house.repair() == []
    assert house.lines() == []
    assert [house.count(table) for table in ("lap", "lap_trace", "telemetry_frame")] == [0, 0, 0]


def test_a_reference_that_may_be_empty_is_emptied(house: House) -> None:
    house.plant("UPDATE session SET vehicle_id = 'gone'")
    assert house.lines() == [("orphan", "1 row of session of a vehicle that is not there (vehicle_id gone).")]
    house.repair()
    assert house.lines() == []
    assert house.count("session WHERE vehicle_id IS NULL") == 1


def test_traces_and_batches_without_their_owner_are_removed(house: House) -> None:
    house.plant(
        "INSERT INTO lap_trace (lap_key, channel, rate_hz, start_offset_s, samples, dtype, codec, crc32, data) "
        "VALUES (901, 'speed', 60, 0, 0, 'float32', 'x', 0, :blob)",
        "INSERT INTO telemetry_batch (session_key, first_seq, last_seq, first_us, last_us, payload) "
        "VALUES (902, 0, 1, 0, 1, :blob)",
        blob=b"",
    )
    assert sorted(house.lines()) == [
        ("orphan", "1 row of lap_trace of a lap that is not there (lap_key 901)."),
        ("orphan", "1 row of telemetry_batch of a session that is not there (session_key 902)."),
    ]
    house.repair()
    assert house.lines() == []


def test_a_lap_without_frames_is_told(house: House) -> None:
    lap = house.laps[1]
    house.plant(
        "DELETE FROM lap_trace WHERE lap_key = :key",
        "DELETE FROM telemetry_frame WHERE timestamp_us >= :first AND timestamp_us < :end",
        key=lap.key,
        first=lap.started_us,
        end=lap.ended_us,
    )
    assert house.lines() == [
        ("lap_without_frames", f"lap 1 of session {house.session.id} has no telemetry, though its session has.")
    ]
    assert not any(fault.fixable for fault in house.check())


def test_a_session_of_times_only_has_laps_without_frames(house: House) -> None:
    with house.store.transaction() as transaction:
        times = transaction.open_session(source="ldx", started_us=at(9000), status="completed")
        for number in (1, 2):
            lap = transaction.open_lap(times, lap_number=number, started_us=at(9000 + number * 100))
            transaction.close_lap(lap.id, ended_us=at(9100 + number * 100), lap_time_s=1.0, kind="timed")
    assert house.lines() == []


def test_frames_without_a_lap_are_told(house: House) -> None:
    house.plant("DELETE FROM lap_trace WHERE lap_key = :key", "DELETE FROM lap WHERE lap_key = :key",
                key=house.laps[1].key)  # fmt: skip
    told = ("frames_without_lap", f"100 telemetry frames of session {house.session.id} belong to no lap.")
    assert house.lines() == [told]
    assert house.repair() == []
    assert house.lines() == [told]


def test_frames_before_the_first_lap_are_told_unless_the_car_waits_on_the_grid(house: House) -> None:
    house.plant("UPDATE lap SET started_us = started_us + 500000 WHERE lap_number = 0")
    told = ("frames_without_lap", f"50 telemetry frames of session {house.session.id} belong to no lap.")
    assert house.lines() == [told]
    house.plant("UPDATE lap SET kind = 'standing' WHERE lap_number = 0")
    assert house.lines() == []


def test_frames_of_a_session_that_is_recording_wait_for_their_lap(house: House) -> None:
    with house.store.transaction() as transaction:
        live = transaction.open_session(source="live", started_us=at(300))
        transaction.write_batches(live, received([batch(300, 50)]))
    assert house.lines() == []


def test_laps_that_overlap_are_told(house: House) -> None:
    house.plant("UPDATE lap SET started_us = started_us - 250000 WHERE lap_key = :key", key=house.laps[2].key)
    assert house.lines() == [
        ("overlapping_laps",
         f"lap 2 of session {house.session.id} starts 0.250 s before a lap before it ends.")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("table", "change", "words"),
    [
        ("lap", "lap_time_s = -1.5", "its lap time is not a time"),
        ("lap", "lap_time_s = 0", "its lap time is not a time"),
        ("lap", "kind = 'warm-up'", "its kind is unknown"),
        ("lap", "kind_override = 'best'", "its kind is unknown"),
        ("lap", "frames = -1", "its number or its count of frames is negative"),
        ("session", "ended_at = '2001-01-01 00:00:00'", "it ended before it started"),
    ],
)
def test_an_impossible_value_is_told(house: House, table: str, change: str, words: str) -> None:
    identifier = house.laps[1].id if table == "lap" else house.session.id
    house.plant(f"UPDATE {table} SET {change} WHERE id = :id", id=identifier)
    assert house.lines() == [("impossible_value", f"{table} {identifier}: {words}.")]


def test_a_lap_that_ended_before_it_started_is_told(house: House) -> None:
    house.plant("UPDATE lap SET ended_us = started_us - 1 WHERE id = :id", id=house.laps[2].id)
    assert ("impossible_value", f"lap {house.laps[2].id}: it ended before it started.") in house.lines()


def test_a_lap_left_open_by_a_session_that_is_over_is_told(house: House) -> None:
    house.plant(f"UPDATE lap SET ended_us = NULL, sealed = FALSE WHERE id = '{house.laps[2].id}'")
    assert house.lines() == [("impossible_value", f"lap {house.laps[2].id}: it is open and its session is over.")]


def test_an_event_and_a_track_with_impossible_values_are_told(house: House) -> None:
    house.plant(
        "INSERT INTO event (id, user_id, name, start_date, end_date) VALUES ('e', 'anna', 'x', '2026-05-02', "
        "'2026-05-01')",
        "INSERT INTO track (id, user_id, name, length_m) VALUES ('t', 'anna', 'x', 0)",
    )
    assert house.lines() == [
        ("impossible_value", "event e: it ended before it started."),
        ("impossible_value", "track t: its length is not a length."),
    ]


def test_a_channel_with_an_impossible_rate_is_told(house: House) -> None:
    key = house.laps[0].key
    house.plant("UPDATE lap_trace SET rate_hz = -60 WHERE lap_key = :key AND channel = 'speed'", key=key)
    assert house.lines() == [
        ("impossible_value", f"channel 'speed' of the lap with key {key}: its rate or its length is impossible.")
    ]


@pytest.mark.parametrize(
    "change",
    ["speed = 4000", "throttle = 1.5", "brake = -0.5", "steering = 3", "rpm = -200", "normalized_position = 2",
     "gear = 77", "lap_time_ms = -5", "lap_number = -1"],
)  # fmt: skip
def test_a_frame_with_an_impossible_value_is_told(house: House, change: str) -> None:
    house.plant(f"UPDATE telemetry_frame SET {change} WHERE seq = 42")
    message = f"1 telemetry frame of the session with key {house.session.key}: values outside their range."
    assert house.lines() == [("impossible_value", message)]


@pytest.mark.postgres
def test_a_number_that_is_none_is_told(house: House) -> None:
    if house.database.engine.dialect.name == "sqlite":
        pytest.skip("SQLite stores NaN as NULL")
    house.plant("UPDATE lap SET lap_time_s = 'NaN' WHERE id = :id", id=house.laps[1].id)
    assert house.lines() == [("impossible_value", f"lap {house.laps[1].id}: its lap time is not a time.")]


def test_a_missing_index_is_told_and_created(house: House) -> None:
    house.plant("DROP INDEX ix_session_status")
    assert house.lines() == [("missing_index", "index 'ix_session_status' of table 'session' is missing.")]
    assert house.repair() == []
    assert house.lines() == []


def test_a_unique_index_that_rows_contradict_is_refused_and_the_others_are_created(house: House) -> None:
    insert = "INSERT INTO math_telemetry_channel (id, user_id, name, formula) VALUES ('{}', 'anna', 'g', '1')"
    house.plant(
        "DROP INDEX ix_session_status",
        "DROP INDEX ix_math_telemetry_channel_user_id_name",
        insert.format(1),
        insert.format(2),
    )
    (refused,) = house.repair()
    assert isinstance(refused, StoreError)
    assert str(refused).endswith("Nothing is changed.")
    assert [fault.id for fault in house.check()] == ["ix_math_telemetry_channel_user_id_name"]


def test_a_missing_table_is_told_and_stops_the_rest(house: House) -> None:
    house.plant("DROP TABLE share")
    told = ("missing_table", "table 'share' is missing. Restore a backup, or `psa db reset`.")
    assert house.lines() == [told]
    assert house.repair() == []
    assert house.lines() == [told]


def test_a_missing_column_is_told(house: House) -> None:
    house.plant("ALTER TABLE lap DROP COLUMN valid_reason")
    assert house.lines() == [
        ("missing_column",
         "column 'valid_reason' of table 'lap' is missing. Restore a backup, or `psa db reset`.")
    ]  # fmt: skip


def test_unsealed_laps_are_told_and_sealed(house: House) -> None:
    session, laps = drive(house.store, frames=200, laps=(0, 100, 200), source_session_id="second")
    with house.store.transaction() as transaction:
        transaction.update_session(session, status="completed")
    assert house.lines() == [
        ("unsealed_lap", f"lap 0 of session {session.id} is over and not sealed."),
        ("unsealed_lap", f"lap 1 of session {session.id} is over and not sealed."),
    ]
    assert house.repair() == []
    assert house.lines() == []
    assert house.store.read_lap(laps[1].id).frames["speed"].to_list() == [float(n) for n in range(100, 200)]


def test_a_lap_whose_batches_are_gone_is_told_and_never_sealed_empty(house: House) -> None:
    session, laps = drive(house.store, frames=100, laps=(0, 100), source_session_id="second")
    house.plant("DELETE FROM telemetry_batch", f"UPDATE session SET status = 'completed' WHERE id = '{session.id}'")
    told = (
        "unsealed_lap",
        f"lap 0 of session {session.id} is over and not sealed, and only its rows of telemetry_frame are left.",
    )
    assert house.lines() == [told]
    house.repair()
    assert house.lines() == [told]
    assert house.count(f"lap WHERE id = '{laps[0].id}' AND sealed") == 0


def test_a_lap_that_cannot_be_sealed_is_reported_and_stops_no_other(house: House) -> None:
    _, laps = drive(house.store, frames=100, laps=(0, 100), source_session_id="second")
    drive(house.store.for_user("bea"), frames=100, laps=(0, 100))

    def seal_lap(user: str, lap_id: str) -> None:
        if lap_id == laps[0].id:
            raise StoreError("not today")
        with house.store.for_user(user).transaction() as transaction:
            transaction.seal_lap(lap_id)

    refused = repair(house.database.engine, house.plugins, house.check(), seal_lap, house.cut)
    assert [str(error) for error in refused] == ["not today"]
    assert [fault.id for fault in house.check()] == [laps[0].id]


def test_dead_letters_are_counted_by_source_and_reason(house: House) -> None:
    with house.store.transaction() as transaction:
        for payload in (b"a", b"b"):
            transaction.dead_letter("forza", "a frame from the future\nof 2031.", payload)
        transaction.dead_letter("acc", "too large", b"c")
    assert sorted(house.lines()) == [
        ("dead_letter", "1 message from acc could not be taken: too large."),
        ("dead_letter", "2 messages from forza could not be taken: a frame from the future of 2031."),
    ]
    house.repair()
    assert house.count("dead_letter") == 3


def test_the_tables_of_a_plugin_are_checked_too(house: House, tmp_path: Path) -> None:
    old = plugins_with(notes=(notes(), write_migrations(tmp_path / "before", {"0001": CREATE_NOTES})))
    schema.push(house.database.engine, old)
    house.plugins = plugins_with(notes=(notes(), write_migrations(tmp_path / "after", NOTES)))
    assert house.lines() == [
        ("plugin_outdated", "the tables of plugin 'notes' are not those of its version. Run `psa db push`.")
    ]
    schema.push(house.database.engine, house.plugins)
    house.plant("INSERT INTO note_line (id, note_id) VALUES (1, 77)")
    assert house.lines() == [("orphan", "1 row of note_line of a note that is not there (note_id 77).")]
    house.repair()
    assert house.lines() == []


@pytest.fixture
def cut_house(house: House) -> House:
    """The house with its track known and its laps cut into one sector each."""
    house.store.write_track(ring("Testring"))
    house.cut("anna", "Testring")
    assert house.lines() == []
    return house


def test_laps_that_are_not_cut_by_their_track_are_told_and_cut(cut_house: House) -> None:
    track_id = cut_house.query("SELECT id FROM track")
    cut_house.store.edit_sectors("Testring", [100.0])
    assert cut_house.lines() == [("uncut_laps", f"3 laps of track {track_id} to be cut into its sections.")]
    assert cut_house.repair() == []
    assert cut_house.lines() == []


def test_laps_of_a_session_that_is_recording_are_about_to_be_cut(cut_house: House) -> None:
    cut_house.plant("UPDATE session SET status = 'recording', ended_at = NULL")
    cut_house.store.edit_sectors("Testring", [100.0])
    assert cut_house.lines() == []


def test_a_track_whose_model_does_not_read_is_told(cut_house: House) -> None:
    track_id = cut_house.query("SELECT id FROM track")
    cut_house.plant("UPDATE track SET model = :model", model='{"version": 1, "length_m": "long"}')
    (fault,) = cut_house.check()
    assert (fault.code, fault.fixable) == ("bad_track", False)
    assert fault.message == (
        f"the model of track {track_id} does not read: 'length_m' is not a number from 1 to 200000."
    )


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE lap_section SET ended_us = ended_us + 1 WHERE lap_key = :key",
        "UPDATE lap_section SET started_us = started_us - 1 WHERE lap_key = :key",
        "INSERT INTO lap_section (lap_key, kind, number, start_m, end_m, started_us, ended_us) "
        "SELECT lap_key, kind, 2, 0, 1, started_us + 5, ended_us - 5 FROM lap_section WHERE lap_key = :key",
        "INSERT INTO lap_section (lap_key, kind, number, start_m, end_m, started_us, ended_us) "
        "SELECT lap_key, kind, 2, 5, 1, ended_us - 5, started_us + 5 FROM lap_section WHERE lap_key = :key",
    ],
    ids=["after the lap", "before the lap", "over each other", "over each other at the line"],
)
def test_sections_that_overlap_or_leave_their_lap_are_told_and_made_anew(cut_house: House, change: str) -> None:
    cut_house.plant(change, key=cut_house.laps[1].key)
    message = f"lap 1 of session {cut_house.session.id}: its sections overlap, or do not lie in it."
    assert cut_house.lines() == [("bad_sections", message)]
    assert cut_house.repair() == []
    assert cut_house.lines() == []


def test_a_section_through_the_line_overlaps_nothing(cut_house: House) -> None:
    lap = cut_house.laps[1]
    cut_house.plant(
        "INSERT INTO lap_section (lap_key, kind, number, start_m, end_m, started_us, ended_us) "
        "VALUES (:key, 'straight', 1, 10, 20, :a, :b), (:key, 'straight', 2, 500, 10, :b, :a)",
        key=lap.key,
        a=lap.started_us + 1000,
        b=lap.started_us + 5000,
    )
    assert cut_house.lines() == []


def test_sector_times_that_do_not_sum_are_told_and_ours_are_made_anew(cut_house: House) -> None:
    cut_house.plant("UPDATE lap SET sectors_s = '[0.25, 0.5]' WHERE lap_number > 0")
    cut_house.plant("UPDATE lap SET sectors_stated = TRUE WHERE lap_number = 2")
    told = [
        ("bad_sector_times", f"lap {n} of session {cut_house.session.id}: its sector times do not sum to its lap time.")
        for n in (1, 2)
    ]
    assert cut_house.lines() == told
    assert [fault.fixable for fault in cut_house.check()] == [True, False]
    cut_house.repair()
    assert cut_house.lines() == told[1:]  # what the source stated is not ours to change


def test_a_source_may_round_each_sector(cut_house: House) -> None:
    cut_house.plant("UPDATE lap SET sectors_s = '[0.334, 0.334, 0.333]', sectors_stated = TRUE WHERE lap_number = 1")
    assert cut_house.lines() == []
