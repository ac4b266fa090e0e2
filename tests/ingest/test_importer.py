"""Files into the store: the laps of real recordings, and what an import promises whatever the file is."""

import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from ps_analytics.errors import CorruptFile, FileError
from ps_analytics.ingest import importer
from ps_analytics.ingest.importer import cut_traces, import_file
from ps_analytics.lap import Trace
from ps_analytics.plugins import load_plugins
from ps_analytics.store import check, models
from ps_analytics.store.engine import Database, open_database
from ps_analytics.store.store import Store, open_store
from tests.formats.written import IbtVariable, LdChannel, make_ibt, make_ld, make_ldx

FOLDERS = ("motec_ld", "iracing_ibt", "iracing_memdump")
TABLES = (models.Session, models.Lap, models.LapTrace, models.TelemetryFrame, models.TelemetryBatch)


@pytest.fixture
def database(prepared_url: str) -> Iterator[Database]:
    """A database with every table."""
    opened = open_database(prepared_url)
    yield opened
    opened.close()


@pytest.fixture
def store(database: Database, prepared_url: str) -> Iterator[Store]:
    """The store of anna in it."""
    with open_store(prepared_url, user="anna") as opened:
        yield opened


@pytest.fixture
def memory() -> Iterator[Store]:
    """A store of anna that is gone after the test."""
    with open_store("sqlite:///:memory:", user="anna") as opened:
        yield opened


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for files that are written again and again."""
    return tmp_path_factory.mktemp("again")


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine whose local time is two hours ahead of UTC, all year."""
    if not hasattr(time, "tzset"):
        pytest.skip("this system has no tzset")
    monkeypatch.setenv("TZ", "UTC-2")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def rows(database: Database) -> dict[str, int]:
    with database.read() as connection:
        return {m.__tablename__: connection.scalar(select(func.count()).select_from(m)) or 0 for m in TABLES}


def write(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def logged(folder: Path, *, seconds: int = 40, beacons_s: tuple[float, ...] = (5.5, 15.25, 25.0), **facts: Any) -> Path:
    """A MoTeC log of a car that speeds up by 1 km/h a second, with a second channel at 7 Hz and its laps beside it."""
    channels = [
        LdChannel("Ground Speed", unit="km/h", rate_hz=20, samples=(np.arange(20 * seconds) / 20).astype("<f4")),
        LdChannel("Flux", unit="V", rate_hz=7, samples=np.arange(7 * seconds, dtype="<f4")),
    ]
    path = write(folder, "log.ld", make_ld(channels, **facts))
    if beacons_s:
        path.with_suffix(".ldx").write_bytes(make_ldx([1e6 * beacon_s for beacon_s in beacons_s]))
    return path


def driven(folder: Path, *, laps: int = 3, seconds: float = 30.0, lost: tuple[int, ...] = ()) -> Path:
    """An iRacing file of a car at constant speed that starts half a lap before the line and stops half a lap after.

    The records `lost` have no position.
    """
    clock = np.arange(0.0, (laps + 1) * seconds, 1 / 60)
    done = clock / seconds + 0.5
    position = done % 1.0
    position[list(lost)] = -1.0
    variables = [
        IbtVariable("SessionTime", "s", 5, clock + 500.0),
        IbtVariable("LapDistPct", "%", 4, position),
        IbtVariable("Lap", "", 2, np.floor(done)),
        IbtVariable("Speed", "m/s", 4, np.full(len(clock), 50.0)),
        IbtVariable("Gear", "", 2, np.full(len(clock), 4)),
        IbtVariable("Torque_ST", "N*m", 4, np.repeat(clock, 6).reshape(-1, 6), in_time=True),
    ]
    return write(folder, "drive.ibt", make_ibt(variables))


def expected_times(truth: dict[str, Any]) -> tuple[list[float], list[float]]:
    """The times a file states (1 ms), and those between its crossings (5 ms)."""
    stated = truth.get("lap_times_between_beacons_s") or [
        change["value_s"] for change in truth.get("LapLastLapTime_changes", [])
    ]
    return stated, [lap["time_s"] for lap in truth.get("laps") or []]


def compare_with_truth(store: Store, database: Database, shared_data: Path) -> None:
    """Import every MoTeC and iRacing file and compare laps and channels with what independent readers found."""
    for path in sorted(p for folder in FOLDERS for p in (shared_data / folder).iterdir()):
        truth = json.loads((shared_data / "truth" / f"{path.parent.name}__{path.name}.json").read_text("utf-8"))
        if "refused_with" in truth:
            before = rows(database)
            with pytest.raises(FileError) as caught:
                import_file(store, path)
            assert type(caught.value).__name__ in truth["refused_with"]
            assert rows(database) == before
            continue
        result = import_file(store, path)
        timed = [lap["lap_time_s"] for lap in result["laps"] if lap["kind"] == "timed"]
        stated, crossed = expected_times(truth)
        assert timed == pytest.approx(stated, abs=1e-3), path.name
        assert not crossed or timed == pytest.approx(crossed, abs=5e-3), path.name
        named = sorted((c["name"], c["unit"]) for c in truth.get("channels", []))
        sources = [(c["source_name"], c["source_unit"]) for c in result["channels"] if c["source_name"]]
        assert sorted(sources) == named, path.name
        assert import_file(store, path) == result, path.name


def test_every_real_file_gives_the_laps_of_its_truth(store: Store, database: Database, shared_data: Path) -> None:
    compare_with_truth(store, database, shared_data)
    assert check.check(database.engine, load_plugins(())) == []
    with database.read() as connection:
        drivers = [name for name in connection.scalars(select(models.Session.driver)) if name]
        shown = connection.execute(select(models.Session.name, models.Session.notes)).all()
    assert not [text for driver in drivers for row in shown for text in row if driver in text]


def test_the_stretches_of_a_real_drive_are_out_timed_timed_and_in(memory: Store, shared_data: Path) -> None:
    (path,) = (shared_data / "iracing_ibt").glob("formulavee*")
    result = import_file(memory, path)
    assert [(lap["lap_number"], lap["kind"], lap["valid"]) for lap in result["laps"]] == [
        (0, "out", False), (1, "timed", True), (2, "timed", True), (3, "in", False),
    ]  # fmt: skip


def test_a_lap_keeps_each_channel_at_its_own_rate_between_its_lines(store: Store, tmp_path: Path) -> None:
    result = import_file(store, logged(tmp_path))
    assert [(lap["kind"], lap["lap_time_s"]) for lap in result["laps"]] == [
        ("out", None), ("timed", 9.75), ("timed", 9.75), ("partial", None),
    ]  # fmt: skip
    lap = store.read_lap(result["laps"][1]["lap_id"])
    speed, flux = lap.channel("speed"), lap.channel("Flux")
    np.testing.assert_allclose(speed["timestamp"], np.arange(110, 305) / 20, atol=1e-6)  # 5.5 is in, 15.25 is not
    np.testing.assert_allclose(speed["speed"], np.arange(110, 305) / 20, rtol=1e-6)
    np.testing.assert_allclose(flux["timestamp"], np.arange(39, 107) / 7, atol=1e-6)
    np.testing.assert_array_equal(flux["Flux"], np.arange(39, 107))
    assert (lap.traces["Flux"].rate_hz, lap.traces["Flux"].source_unit) == (7.0, "V")


def test_no_sample_is_lost_or_doubled_at_the_lines(store: Store, tmp_path: Path) -> None:
    for path in (logged(tmp_path), driven(tmp_path)):
        recording = importer.read_recording(path)
        laps = [store.read_lap(lap["lap_id"]) for lap in import_file(store, path)["laps"]]
        for trace in recording.traces:
            parts = [lap.traces[trace.name].values for lap in laps if trace.name in lap.traces]
            np.testing.assert_array_equal(np.concatenate(parts), trace.values)


def test_laps_are_found_in_a_file_that_states_none(store: Store, tmp_path: Path) -> None:
    result = import_file(store, driven(tmp_path))
    assert [(lap["lap_number"], lap["kind"]) for lap in result["laps"]] == [
        (0, "out"), (1, "timed"), (2, "timed"), (3, "timed"), (4, "partial"),
    ]  # fmt: skip
    timed = [lap["lap_time_s"] for lap in result["laps"] if lap["kind"] == "timed"]
    assert timed == pytest.approx([30.0] * 3, abs=1e-3)
    lap = store.read_lap(result["laps"][1]["lap_id"])
    assert lap.traces["Torque_ST"].rate_hz == 360.0
    assert len(lap.traces["Torque_ST"].values) == 6 * len(lap.traces["speed"].values)


def test_records_without_a_position_move_no_line(memory: Store, tmp_path: Path) -> None:
    result = import_file(memory, driven(tmp_path, lost=(0, 1, 300, 2000)))
    timed = [lap["lap_time_s"] for lap in result["laps"] if lap["kind"] == "timed"]
    assert timed == pytest.approx([30.0] * 3, abs=1e-3)


def test_a_file_without_any_sign_of_a_line_is_one_stint(store: Store, tmp_path: Path) -> None:
    result = import_file(store, logged(tmp_path, beacons_s=()))
    (stint,) = result["laps"]
    assert (stint["lap_number"], stint["lap_time_s"], stint["kind"], stint["valid"]) == (0, None, "partial", False)
    assert len(store.read_lap(stint["lap_id"]).traces["speed"].values) == 800


def test_a_lone_ldx_is_a_session_of_times_only(store: Store, database: Database, tmp_path: Path) -> None:
    result = import_file(store, write(tmp_path, "Zolder-mx5-3-2024.05.01-18.30.00.ldx", make_ldx([2e6, 92.5e6, 181e6])))
    assert (result["track"], result["car"], result["channels"]) == ("Zolder", "mx5", [])
    assert [lap["lap_time_s"] for lap in result["laps"]] == [None, 90.5, 88.5]
    lap = store.read_lap(result["laps"][1]["lap_id"])
    assert (lap.lap_time_s, lap.time_source, lap.channels) == (90.5, "source", [])
    assert rows(database)["telemetry_frame"] == 0
    assert check.check(database.engine, load_plugins(())) == []


def test_the_seed_s_columns_are_rows_on_the_seed_s_scale(store: Store, database: Database, tmp_path: Path) -> None:
    result = import_file(store, driven(tmp_path, laps=1))
    session = store.read_session(result["session_id"])
    frame = models.TelemetryFrame
    columns = (frame.timestamp_us, frame.speed, frame.gear, frame.lap_number, frame.normalized_position, frame.throttle)
    with database.read() as connection:
        found = connection.execute(select(*columns).order_by(frame.timestamp_us)).all()
    assert len(found) == 3600
    assert [row.timestamp_us - session.started_us for row in found] == [round(i * 1e6 / 60) for i in range(3600)]
    assert {(row.speed, row.gear, row.throttle) for row in found} == {(180.0, 4, None)}
    assert (found[0].lap_number, found[-1].lap_number) == (0, 2)
    assert found[0].normalized_position == pytest.approx(0.5)


def test_what_no_row_can_hold_is_missing_in_rows_and_stays_in_the_lap(
    store: Store, database: Database, tmp_path: Path
) -> None:
    gears = np.array([3, 1e20, -1e20, 40_000, np.nan, 2**31], "<f4")
    result = import_file(store, write(tmp_path, "gears.ld", make_ld([LdChannel("gear", samples=gears)])))
    with database.read() as connection:
        found = connection.scalars(select(models.TelemetryFrame.gear).order_by(models.TelemetryFrame.timestamp_us))
        assert found.all() == [3, None, None, None, None, None]
    lap = store.read_lap(result["laps"][0]["lap_id"])
    np.testing.assert_array_equal(lap.traces["gear"].values, gears)
    assert lap.flags["out_of_range"] == ["gear"]


def test_rows_are_left_out_where_the_settings_say_so(database: Database, tmp_path: Path) -> None:
    result = import_file(Store(database, "anna", keep_rows=False), driven(tmp_path, laps=1))
    assert len(result["laps"]) == 3
    assert rows(database)["telemetry_frame"] == 0


def test_the_session_knows_where_when_and_with_what(here: None, store: Store, tmp_path: Path) -> None:
    result = import_file(store, logged(tmp_path, venue="Zolder", vehicle="Caterham"))
    session = store.read_session(result["session_id"])
    assert (session.name, session.track, session.car) == ("Zolder · Caterham", "Zolder", "Caterham")
    assert (session.source, session.status) == ("motec", "completed")
    assert session.started_at == datetime(2024, 12, 25, 11, 14, 15, tzinfo=UTC)  # 13:14:15 two hours ahead


def test_local_time_is_noted_and_the_driver_stays_on_the_session(
    store: Store, database: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    result = import_file(store, logged(tmp_path))
    with database.read() as connection:
        driver, notes, name = connection.execute(
            select(models.Session.driver, models.Session.notes, models.Session.name)
        ).one()
    assert driver == "A Driver"
    assert "has no time zone: it is read as this machine's local time." in notes
    assert "Comment in the file: a comment" in notes
    assert "Driver" not in name + notes + json.dumps(result) + caplog.text


def test_a_session_without_track_and_car_is_called_by_its_file_unless_that_is_the_driver_s(
    memory: Store, tmp_path: Path
) -> None:
    assert memory.read_session(import_file(memory, logged(tmp_path))["session_id"]).name == "log"
    named = write(tmp_path, "driver_tuesday.ld", make_ld([LdChannel("Flux")]))
    assert memory.read_session(import_file(memory, named)["session_id"]).name == "motec"


def test_texts_of_a_file_cannot_write_on_a_terminal(memory: Store, tmp_path: Path) -> None:
    venue = "Zol\x1b[2Jder\r\n 1"
    assert import_file(memory, logged(tmp_path, venue=venue))["track"] == "Zol [2Jder 1"


def test_the_same_bytes_twice_are_the_same_session(store: Store, database: Database, tmp_path: Path) -> None:
    path = logged(tmp_path)
    first = import_file(store, path)
    before = rows(database)
    copied = tmp_path / "copy"
    copied.mkdir()
    for file in (path, path.with_suffix(".ldx")):
        (copied / file.name).write_bytes(file.read_bytes())
    assert import_file(store, path) == first
    assert import_file(store, path.with_suffix(".ldx")) == first | {"file": str(path.with_suffix(".ldx"))}
    assert import_file(store, copied / path.name) == first | {"file": str(copied / path.name)}
    assert rows(database) == before


def test_the_same_bytes_of_two_users_are_two_sessions(store: Store, tmp_path: Path) -> None:
    path = logged(tmp_path)
    mine, theirs = import_file(store, path), import_file(store.for_user("ben"), path)
    assert mine["session_id"] != theirs["session_id"]
    assert store.find_laps()["session_id"].unique().to_list() == [mine["session_id"]]


def test_two_imports_of_one_file_at_the_same_time_are_one_session(
    store: Store, database: Database, tmp_path: Path
) -> None:
    path, together, found = logged(tmp_path), threading.Barrier(3), []

    def run() -> None:
        together.wait()
        found.append(import_file(store, path))

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 3
    assert found[0] == found[1] == found[2]
    assert rows(database)["session"] == 1


def test_an_import_that_fails_half_way_leaves_nothing(store: Store, database: Database, tmp_path: Path) -> None:
    path = logged(tmp_path)

    def give_up(share: float) -> None:
        if share > 0.6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_file(store, path, progress=give_up)
    assert set(rows(database).values()) == {0}
    assert len(import_file(store, path)["laps"]) == 4


def test_a_damaged_file_leaves_nothing(store: Store, database: Database, tmp_path: Path) -> None:
    path = logged(tmp_path, beacons_s=())
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(CorruptFile):
        import_file(store, path)
    assert set(rows(database).values()) == {0}


def test_the_user_s_word_on_a_lap_survives_another_import(memory: Store, tmp_path: Path) -> None:
    path = logged(tmp_path)
    lap = import_file(memory, path)["laps"][1]
    memory.set_lap_override(lap["lap_id"], valid=False)
    assert import_file(memory, path)["laps"][1] == lap | {"valid": False}


def test_progress_grows_to_1(memory: Store, tmp_path: Path) -> None:
    shares: list[float] = []
    import_file(memory, driven(tmp_path), progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert len([share for share in shares if 0.5 < share < 0.8]) >= 4


def test_two_hundred_channels_of_mixed_rate_go_in_and_come_out(memory: Store, tmp_path: Path) -> None:
    rates = [(1, 10, 20, 50, 100, 200)[index % 6] for index in range(200)]
    dice = np.random.default_rng(3)
    channels = [
        LdChannel(f"Sensor {index}", unit="V", rate_hz=rate, samples=dice.normal(size=60 * rate).astype("<f4"))
        for index, rate in enumerate(rates)
    ]
    path = write(tmp_path, "wide.ld", make_ld(channels))
    path.with_suffix(".ldx").write_bytes(make_ldx([10_000_000, 30_000_000, 50_000_000]))
    result = import_file(memory, path)
    assert [channel["rate_hz"] for channel in result["channels"]] == rates
    laps = [memory.read_lap(lap["lap_id"]) for lap in result["laps"]]
    for channel in channels:
        found = np.concatenate([lap.traces[channel.name].values for lap in laps])
        np.testing.assert_array_equal(found, channel.samples)


def test_a_session_without_a_date_starts_at_zero(store: Store, database: Database, tmp_path: Path) -> None:
    result = import_file(store, logged(tmp_path, date="", time=""))
    session = store.read_session(result["session_id"])
    assert (session.started_at, session.started_us) == (None, 0)
    assert check.check(database.engine, load_plugins(())) == []


def test_laps_are_cut_on_the_clock_of_the_line_whatever_rate_the_speed_has(memory: Store, tmp_path: Path) -> None:
    clock = np.arange(0.0, 90.0, 0.02)
    done = clock / 25 + 0.6
    channels = [
        LdChannel("Lap Number", kind=5, rate_hz=50, samples=np.floor(done).astype("<i4")),
        LdChannel("normalized position", rate_hz=50, samples=(done % 1).astype("<f4")),
        LdChannel("Ground Speed", unit="km/h", rate_hz=1, samples=np.full(90, 100, "<f4")),
        LdChannel("lap time", unit="s", rate_hz=5, samples=((clock[::10] + 15) % 25).astype("<f4")),
    ]
    result = import_file(memory, write(tmp_path, "mixed.ld", make_ld(channels)))
    timed = [lap["lap_time_s"] for lap in result["laps"] if lap["kind"] == "timed"]
    assert timed == pytest.approx([25.0, 25.0, 25.0], abs=1e-3)


def test_a_standing_start_begins_when_the_car_moves_off(store: Store, database: Database, tmp_path: Path) -> None:
    clock = np.arange(0.0, 80.0, 1 / 60)
    raced = np.maximum(clock - 10.0, 0.0)  # ten seconds on the grid
    variables = [
        IbtVariable("SessionTime", "s", 5, clock),
        IbtVariable("LapDistPct", "%", 4, (raced / 40 + 0.001) % 1.0),
        IbtVariable("LapCurrentLapTime", "s", 4, raced % 39.96),
        IbtVariable("Speed", "m/s", 4, np.where(raced > 0, 50.0, 0.0)),
    ]
    result = import_file(store, write(tmp_path, "grid.ibt", make_ibt(variables)))
    assert [lap["kind"] for lap in result["laps"]] == ["standing", "partial"]
    lap = store.read_lap(result["laps"][0]["lap_id"])
    assert lap.lap_time_s == pytest.approx(39.96, abs=0.02)
    assert lap.start_s == pytest.approx(10.0, abs=0.02)
    assert check.check(database.engine, load_plugins(())) == []


@settings(max_examples=40)
@given(changes=st.lists(st.tuples(st.integers(0, 40_000), st.integers(0, 255)), min_size=1, max_size=12))
def test_a_file_with_any_bytes_changed_is_imported_or_refused(folder: Path, changes: list[tuple[int, int]]) -> None:
    data = bytearray(driven(folder, laps=1, seconds=5.0).read_bytes())
    for at, value in changes:
        data[at % len(data)] = value
    path = write(folder, "any.ibt", bytes(data))
    with open_store("sqlite:///:memory:", user="anna") as store:
        try:
            laps = import_file(store, path)["laps"]
        except FileError:
            assert store.find_sessions().is_empty()
            return
        assert [lap["lap_number"] for lap in laps] == list(range(len(laps)))


def test_a_trace_is_cut_to_the_microsecond() -> None:
    even = Trace("speed", "km/h", 3.0, 0.0, np.arange(10, dtype=np.float32))
    (part,) = cut_traces([even], start_us=333_333, end_us=1_000_000)
    assert (part.values.tolist(), part.start_s) == ([1.0, 2.0], pytest.approx(1 / 3))
    assert cut_traces([even], start_us=1_000_001, end_us=1_000_002) == []
    clock = Trace("timestamp", "s", 60.0, 0.0, np.array([0.0, 0.5, 0.6, 2.0]))
    gear = Trace("gear", None, 60.0, 0.0, np.array([1, 2, 3, 4], np.int32))
    parts = cut_traces([clock, gear], start_us=500_000, end_us=2_000_000)
    assert [(p.name, p.values.tolist(), p.start_s) for p in parts] == [
        ("timestamp", [0.5, 0.6], 0.5), ("gear", [2, 3], 0.5),
    ]  # fmt: skip
