"""A closed lap becomes one trace a channel, cut at its borders; its batches go in the same transaction."""

import numpy as np
import pytest

from ps_analytics.errors import StoreError
from ps_analytics.lap import Trace, Values
from ps_analytics.store.sealing import MARGIN_US
from ps_analytics.store.store import Store
from tests.store.stream import START_US, STEP_US, at, batch, drive, received, seal
from tests.store.test_writing import count, rows


def numbers(store: Store, lap_id: str) -> list[int]:
    """The frames of a lap by number, out of its speed."""
    return store.read_lap(lap_id).frames["speed"].cast(int).to_list()


def test_a_lap_has_the_frames_between_its_borders(store: Store) -> None:
    _, laps = drive(store, laps=(0, 130, 400, 555), size=60)
    assert seal(store, laps) == [130, 270, 155]
    assert [numbers(store, lap.id) for lap in laps] == [
        list(range(130)), list(range(130, 400)), list(range(400, 555))
    ]  # fmt: skip
    assert store.find_laps()["sealed"].to_list() == [True] * 3


def test_a_line_between_two_frames_parts_them_by_time(store: Store) -> None:
    with store.transaction() as transaction:
        session = transaction.open_session(source="test", started_us=START_US)
        transaction.write_batches(session, received([batch(0, 100)]))
        line = at(40) + STEP_US // 3
        before = transaction.open_lap(session, lap_number=0, started_us=at(0), ended_us=line)
        after = transaction.open_lap(session, lap_number=1, started_us=line, ended_us=at(99) + 1)
        assert (transaction.seal_lap(before.id), transaction.seal_lap(after.id)) == (41, 59)
    assert numbers(store, before.id) == list(range(41))
    assert numbers(store, after.id) == list(range(41, 100))
    read = store.read_lap(after.id)
    assert read.frames["timestamp"][0] - read.start_s == pytest.approx(STEP_US * 2 / 3 / 1e6, abs=1e-6)


def test_batches_that_overlap_give_each_frame_once(store: Store) -> None:
    with store.transaction() as transaction:
        session = transaction.open_session(source="test", started_us=START_US)
        overlapping = [batch(0, 50), batch(30, 50), batch(10, 20), batch(80, 20)]
        transaction.write_batches(session, received(overlapping))
        lap = transaction.open_lap(session, lap_number=0, started_us=at(0), ended_us=at(100))
        assert transaction.seal_lap(lap.id) == 100
    assert numbers(store, lap.id) == list(range(100))


def test_late_frames_take_their_place_in_time(store: Store) -> None:
    with store.transaction() as transaction:
        session = transaction.open_session(source="test", started_us=START_US)
        early, late = batch(0, 60), batch(60, 40)
        transaction.write_batches(session, received([late]))
        transaction.write_batches(session, received([early]))
        lap = transaction.open_lap(session, lap_number=0, started_us=at(0), ended_us=at(100))
        transaction.seal_lap(lap.id)
    assert numbers(store, lap.id) == list(range(100))


def test_a_channel_that_comes_later_is_missing_before(store: Store) -> None:
    with store.transaction() as transaction:
        session = transaction.open_session(source="test", started_us=START_US)
        transaction.write_batches(session, received([batch(0, 2, without=["oil_temp", "gear"]), batch(2, 2)]))
        lap = transaction.open_lap(session, lap_number=0, started_us=at(0), ended_us=at(4))
        transaction.seal_lap(lap.id)
    frames = store.read_lap(lap.id).frames
    assert frames["oil_temp"].to_list() == [None, None, 92.0, 93.0]
    assert frames["gear"].to_list() == [None, None, 2.0, 3.0]


def test_sealing_drops_batches_long_before_its_end_and_no_others(store: Store) -> None:
    session, laps = drive(store, frames=2000, laps=(0, 1000, 2000), size=100)
    seal(store, laps[:1])
    first_left = 1000 - MARGIN_US // STEP_US
    with store.transaction() as transaction:
        assert min(one.next_seq for one in transaction.batches(session)) > first_left
        assert max(one.next_seq for one in transaction.batches(session)) == 2000
    seal(store, laps[1:])
    with store.transaction() as transaction:
        transaction.end_session(session, ended_us=at(2000))
    assert (count(store, "telemetry_batch"), count(store, "telemetry_frame")) == (0, 2000)
    assert numbers(store, laps[1].id) == list(range(1000, 2000))


def test_a_lap_before_it_that_is_not_sealed_keeps_its_batches(store: Store) -> None:
    session, laps = drive(store, frames=2000, laps=(0, 1000, 2000), size=100)
    seal(store, laps[1:])
    with store.transaction() as transaction:
        assert sum(len(one) for one in transaction.batches(session)) == 2000
    assert seal(store, laps[:1]) == [1000]
    assert numbers(store, laps[0].id) == list(range(1000))


def test_a_crash_before_the_commit_changes_nothing(store: Store) -> None:
    session, laps = drive(store)

    def crash() -> None:
        with store.transaction() as transaction:
            transaction.seal_lap(laps[1].id)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        crash()
    assert (count(store, "lap_trace"), count(store, "telemetry_batch")) == (0, 12)
    with store.transaction() as transaction:
        assert not any(lap.sealed for lap in transaction.laps(session))
    assert seal(store, laps) == [200, 200, 200]


def test_sealing_again_is_the_same(store: Store) -> None:
    _, laps = drive(store, frames=2000, laps=(0, 1000, 2000))
    seal(store, laps)
    before = store.read_lap(laps[1].id).frames
    assert seal(store, laps[1:]) == [1000]
    assert store.read_lap(laps[1].id).frames.equals(before)


def test_a_line_that_moves_takes_frames_from_the_neighbour(store: Store) -> None:
    session, laps = drive(store, frames=2000, laps=(0, 1000, 2000), size=100)
    seal(store, laps)
    with store.transaction() as transaction:
        transaction.end_session(session, ended_us=at(2000))
        transaction.close_lap(laps[1].id, started_us=at(990))
        transaction.close_lap(laps[0].id, ended_us=at(990))
        assert [lap.sealed for lap in transaction.laps(session)] == [False, False]
    assert numbers(store, laps[1].id) == list(range(990, 2000))
    assert seal(store, [laps[1], laps[0]]) == [1010, 990]
    assert numbers(store, laps[1].id) == list(range(990, 2000))
    assert numbers(store, laps[0].id) == list(range(990))


def test_new_facts_alone_leave_a_lap_sealed(store: Store) -> None:
    _, laps = drive(store)
    seal(store, laps)
    with store.transaction() as transaction:
        lap = transaction.close_lap(
            laps[1].id, lap_time_s=2.001, time_source="source", valid=False, flags={"cut": True}
        )
    assert (lap.sealed, lap.lap_time_s, lap.valid, dict(lap.flags)) == (True, 2.001, False, {"cut": True})


def test_values_beyond_the_physical_range_are_kept_and_flagged(store: Store) -> None:
    _, laps = drive(store, frames=1000, laps=(0, 400, 1000))  # the speed passes 500 km/h in the second lap
    seal(store, laps)
    assert store.find_laps()["flags"].to_list() == [[], ["out_of_range"]]
    read = store.read_lap(laps[1].id)
    assert (read.flags["out_of_range"], read.frames["speed"].max()) == (["speed"], 999.0)


def test_rows_of_sealed_laps_go_where_they_are_not_kept(frugal: Store) -> None:
    _, laps = drive(frugal, frames=600, laps=(0, 200, 400))
    seal(frugal, laps[:1])
    assert rows(frugal, "SELECT min(timestamp_us), count(*) FROM telemetry_frame") == [(at(200), 400)]
    assert numbers(frugal, laps[0].id) == list(range(200))


def test_a_session_lists_the_channels_its_source_gives(store: Store) -> None:
    session, laps = drive(store)
    assert store.read_session(session.id).channels is None
    seal(store, laps)
    found = store.read_session(session.id).channels
    assert found is not None
    assert [(channel["name"], channel["unit"], channel["rate_hz"]) for channel in found] == [
        ("lap_time", "s", 100.0), ("latitude", "deg", 100.0), ("throttle", "%", 100.0), ("gear", None, 100.0),
        ("speed", "km/h", 100.0), ("oil_temp", "C", 100.0), ("ballast", None, 100.0),
    ]  # fmt: skip


def test_the_sources_own_names_stay_beside_the_channels(store: Store) -> None:
    with store.transaction() as transaction:
        session = transaction.open_session(source="ld", started_us=START_US)
        lap = transaction.open_lap(session, lap_number=1, started_us=at(0), ended_us=at(4))
        values = [60.0, 61.0]
        transaction.write_traces(lap.id, [Trace("speed", "km/h", 50.0, 0.0, values_of(values), "Ground Speed", "mph")])
    assert store.read_session(session.id).channels == [
        {"name": "speed", "unit": "km/h", "source_name": "Ground Speed", "source_unit": "mph", "rate_hz": 50.0}
    ]
    trace = store.read_lap(lap.id).traces["speed"]
    assert (trace.source_name, trace.source_unit, trace.rate_hz, trace.values.tolist()) == (
        "Ground Speed", "mph", 50.0, values
    )  # fmt: skip


def test_channels_with_clocks_of_their_own_survive_sealing_again(store: Store) -> None:
    with store.transaction() as transaction:
        session = transaction.open_session(source="ld", started_us=START_US)
        lap = transaction.open_lap(session, lap_number=1, started_us=at(0), ended_us=at(4))
        transaction.write_traces(lap.id, [Trace("speed", "km/h", 50.0, 0.0, values_of([60.0, 61.0]))])
        transaction.close_lap(lap.id, ended_us=at(5))
        assert transaction.seal_lap(lap.id) == 2
    assert store.read_lap(lap.id).frames["speed"].to_list() == [60.0, 61.0]


def test_a_refusal_of_the_database_is_told_in_our_words(store: Store) -> None:
    with store.transaction() as transaction:
        transaction.open_session(source="ibt", started_us=START_US, file_sha256="00")
    with pytest.raises(StoreError, match="refuses"), store.transaction() as transaction:
        transaction.open_session(source="ibt", started_us=START_US, file_sha256="00")


def values_of(values: list[float]) -> Values:
    return np.array(values, np.float32)
