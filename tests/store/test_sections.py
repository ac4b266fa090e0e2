"""What a lap is cut into stands beside its frames, in `read_lap` and `scan`, and never outlives what it was cut by."""

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from ps_analytics.errors import UnknownChannel
from ps_analytics.lap import Lap, LapSection, SectionKind, Trace
from ps_analytics.store.store import Store
from tests.store.ring import ring
from tests.store.stream import START_US, STEP_US, at, drive, seal

IDS = ["sector_id", "corner_id", "straight_id"]


def part(kind: str, number: int, start: int, end: int) -> LapSection:
    """A section from one frame of the stream to before another."""
    return LapSection(SectionKind(kind), number, f"{kind} {number}", 0.0, 1.0, at(start), at(end))


def cut(store: Store, lap_id: str, parts: list[LapSection], *, sectors_s: tuple[float, ...] = ()) -> bool:
    revision = store.find_uncut_laps("Ring").filter(lap_id=lap_id)["revision"].item()
    with store.transaction() as transaction:
        return transaction.write_sections(store.read_lap(lap_id), parts, revision=revision, sectors_s=sectors_s)


@pytest.fixture
def lap(store: Store) -> str:
    """A sealed lap of frames 200 to 399, on a track that is known."""
    store.write_track(ring())
    _, laps = drive(store, track="Ring")
    seal(store, laps)
    return laps[1].id


PARTS = [
    part("sector", 1, 200, 300),
    part("sector", 2, 300, 400),
    part("corner", 3, 250, 260),
    part("straight", 1, 390, 210),  # through the line
]


def test_frames_say_in_which_section_they_are(store: Store, lap: str) -> None:
    assert cut(store, lap, PARTS)
    read = store.read_lap(lap)
    assert read.sections == tuple(PARTS)
    assert not set(IDS) & set(read.channels)  # keys, not channels
    frames = read.frames
    assert [frames.schema[name] for name in IDS] == [pl.Int32] * 3
    number = frames["speed"].cast(int).to_numpy()  # the stream's frames by number
    assert frames["sector_id"].to_list() == [1 if n < 300 else 2 for n in number]
    assert frames["corner_id"].to_list() == [3 if 250 <= n < 260 else None for n in number]
    assert frames["straight_id"].to_list() == [1 if n >= 390 or n < 210 else None for n in number]


def test_a_lap_that_is_not_cut_has_no_such_columns(store: Store, lap: str) -> None:
    assert not set(IDS) & set(store.read_lap(lap).frames.columns)
    with pytest.raises(UnknownChannel, match="no channel 'corner_id'"):
        store.read_lap(lap, ["speed", "corner_id"])
    assert store.scan(["speed", "corner_id"], [lap]).collect()["corner_id"].null_count() == 200


def test_fewer_channels_have_the_same_sections(store: Store, lap: str) -> None:
    cut(store, lap, PARTS)
    whole = store.read_lap(lap).frames
    for names in (["gear"], ["gear", "corner_id"], ["distance", "sector_id"], ["lap_number"], ["timestamp"]):
        read = store.read_lap(lap, names)
        assert_frame_equal(read.frames.select(IDS), whole.select(IDS))
        assert set(read.channels) <= {"timestamp", *names}
    assert_frame_equal(store.read_lap(lap).select("throttle").frames.select(IDS), whole.select(IDS))


def test_sections_may_be_asked_for_alone(store: Store, lap: str) -> None:
    cut(store, lap, PARTS)
    read = store.read_lap(lap, ["corner_id"])
    assert read.channels == ["timestamp"]
    assert_frame_equal(read.frames, store.read_lap(lap).frames.select("timestamp", "lap_number", *IDS))


def test_a_recorded_lap_without_stamps_goes_by_the_rate_of_its_base(store: Store) -> None:
    store.write_track(ring())
    with store.transaction() as transaction:
        session = transaction.open_session(source="ld", started_us=START_US, track="Ring")
        row = transaction.open_lap(session, lap_number=1, started_us=at(10), ended_us=at(60))
        speed = Trace("speed", "km/h", 100.0, 0.1025, np.arange(50.0))
        gear = Trace("gear", None, 10.0, 0.1, np.arange(5.0))
        transaction.write_traces(row.id, [speed, gear])
    cut(store, row.id, [part("corner", 1, 20, 30)])
    frames = store.read_lap(row.id).frames
    # the first sample is 2.5 ms after frame 10: samples 10 to 19 lie from frame 20 to before 30
    assert frames["corner_id"].to_list() == [1 if 10 <= n < 20 else None for n in range(50)]
    for names in (["speed", "corner_id"], ["gear", "speed", "corner_id"], ["corner_id"]):
        scanned = store.scan(names, [row.id]).collect()
        assert scanned["corner_id"].to_list() == frames["corner_id"].to_list()
    assert store.read_lap(row.id, ["corner_id"]).frames["corner_id"].to_list() == frames["corner_id"].to_list()


@given(data=st.data())
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_scan_has_the_sections_of_the_frames(store: Store, lap: str, data: st.DataObject) -> None:
    borders = st.integers(START_US + 200 * STEP_US - 5, START_US + 400 * STEP_US + 5)
    parts = data.draw(st.lists(st.tuples(st.sampled_from(list(SectionKind)), borders, borders), max_size=9))
    sections = [LapSection(kind, n, None, 0.0, 1.0, *times) for n, (kind, *times) in enumerate(parts, start=1)]
    read = store.read_lap(lap)
    with store.transaction() as transaction:
        assert transaction.write_sections(read, sections, revision=1)
    names = data.draw(st.lists(st.sampled_from([*IDS, "speed", "gear", "timestamp"]), min_size=1, unique=True))
    frames = store.read_lap(lap, names if sections else None).frames
    scanned = store.scan(names, [lap]).collect()
    absent = [pl.lit(None, pl.Int32).alias(name) for name in IDS if name not in frames.columns]
    assert_frame_equal(scanned.drop("lap_id"), frames.with_columns(absent).select(names))


def test_a_season_is_scanned_with_its_sections(store: Store, lap: str) -> None:
    cut(store, lap, PARTS)
    found = store.scan(["speed", "corner_id"])
    assert dict(found.collect_schema()) == {"lap_id": pl.String, "speed": pl.Float32, "corner_id": pl.Int32}
    rows = found.filter(pl.col("corner_id") == 3).collect()
    assert rows["speed"].to_list() == [float(n) for n in range(250, 260)]
    assert found.select("corner_id").collect()["corner_id"].count() == 10
    assert found.select("speed").collect().height == 600


def test_a_lap_or_track_that_changed_meanwhile_is_not_cut(store: Store, lap: str) -> None:
    read = store.read_lap(lap)
    with store.transaction() as transaction:
        transaction.close_lap(lap, lap_time_s=1.9)
        assert not transaction.write_sections(read, PARTS, revision=1)
    read = store.read_lap(lap)
    store.edit_sectors("Ring", [])
    with store.transaction() as transaction:
        assert not transaction.write_sections(read, PARTS, revision=1)
        assert transaction.write_sections(read, PARTS, revision=2)


@pytest.mark.parametrize("facts", [{"ended_us": at(390)}, {"lap_time_s": 1.99}, {"kind": "in"}])
def test_a_lap_that_is_corrected_is_to_be_cut_anew(store: Store, lap: str, facts: dict[str, object]) -> None:
    cut(store, lap, PARTS)
    assert lap not in store.find_uncut_laps("Ring")["lap_id"]
    with store.transaction() as transaction:
        transaction.close_lap(lap, **facts)
        transaction.seal_lap(lap)
    assert lap in store.find_uncut_laps("Ring")["lap_id"]
    assert store.read_lap(lap).sections == ()


def test_what_changes_nothing_leaves_a_lap_cut(store: Store, lap: str) -> None:
    cut(store, lap, PARTS)
    with store.transaction() as transaction:
        transaction.close_lap(lap, lap_time_s=2.0, kind="timed", ended_us=at(400), valid=False)
    assert store.read_lap(lap).sections == tuple(PARTS)


def test_the_users_word_outlives_being_cut(store: Store, lap: str) -> None:
    store.set_lap_override(lap, kind="out", valid=False)
    cut(store, lap, PARTS, sectors_s=(1.0, 1.0))
    with store.transaction() as transaction:
        transaction.seal_lap(lap)
    cut(store, lap, PARTS, sectors_s=(1.0, 1.0))
    read = store.read_lap(lap)
    assert (str(read.kind), read.valid, read.valid_reason) == ("out", False, "set by you")


def test_sector_times_the_source_stated_stay(store: Store, lap: str) -> None:
    assert cut(store, lap, PARTS, sectors_s=(1.25, 0.75))
    assert store.read_lap(lap).sectors_s == (1.25, 0.75)
    with store.transaction() as transaction:
        transaction.close_lap(lap, sectors_s=[0.5, 1.5], ended_us=at(399))
        transaction.seal_lap(lap)
    assert cut(store, lap, PARTS, sectors_s=(1.25, 0.75))
    assert store.read_lap(lap).sectors_s == (0.5, 1.5)
    store.delete_track("Ring")
    assert store.read_lap(lap).sectors_s == (0.5, 1.5)


def test_sections_go_with_their_lap(store: Store, lap: str) -> None:
    cut(store, lap, PARTS)
    with store.transaction() as transaction:
        transaction.delete_lap(lap)
        count = transaction._connection.exec_driver_sql("SELECT count(*) FROM lap_section").scalar()
    assert count == 0


def test_only_the_channels_it_has_are_read_where_that_is_asked(store: Store, lap: str) -> None:
    read: Lap = store.read_lap(lap, ["speed", "x", "latitude"], lenient=True)
    assert set(read.channels) == {"timestamp", "speed", "latitude"}
    assert set(store.read_lap(lap, ["x"], lenient=True).channels) == {"timestamp"}
