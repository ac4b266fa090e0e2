"""Batches, rows and the position are written once, together or not at all."""

import numpy as np
import pytest
from sqlalchemy import Connection, text

from ps_analytics.errors import NotFound
from ps_analytics.proto.codec import MISSING_INT, Batch, encode
from ps_analytics.store.store import Store
from tests.store.stream import START_US, at, batch, drive, received


def rows(store: Store, query: str) -> list[tuple]:
    def ask(connection: Connection) -> list[tuple]:
        return [tuple(row) for row in connection.execute(text(query))]

    with store._database.read() as connection:
        return ask(connection)


def count(store: Store, table: str) -> int:
    return rows(store, f"SELECT count(*) FROM {table}")[0][0]


def test_every_frame_is_a_row_on_the_seeds_scale(store: Store) -> None:
    with store.transaction() as transaction:
        session = transaction.open_session(source="test", started_us=START_US)
        transaction.write_batches(session, received([batch(0, 3)]))
    found = rows(store, "SELECT timestamp_us, seq, throttle, speed, gear, lap_time_ms, rpm FROM telemetry_frame"
                        " ORDER BY timestamp_us")  # fmt: skip
    assert found == [
        (at(0), 0, 0.0, 0.0, 0, 0, None),
        (at(1), 1, 1.0, 1.0, 1, 10, None),
        (at(2), 2, 0.0, 2.0, 2, 20, None),
    ]


def test_what_is_missing_is_null_in_any_mixture(store: Store) -> None:
    columns = {
        "speed": np.array([1, np.nan, 3, np.nan], "<f4"),
        "gear": np.array([1, 2, MISSING_INT, MISSING_INT], "<i4"),
        "lap_number": np.array([7, MISSING_INT, 7, 7], "<i4"),
    }
    one = Batch("drive", "test", np.arange(4) * 1000 + START_US, columns)
    with store.transaction() as transaction:
        session = transaction.open_session(source="test", started_us=START_US)
        transaction.write_batches(session, [(one, encode(one))])
    found = rows(store, "SELECT speed, gear, lap_number FROM telemetry_frame ORDER BY timestamp_us")
    assert found == [(1.0, 1, 7), (None, 2, None), (3.0, None, 7), (None, None, 7)]


def test_a_gear_too_large_for_its_column_is_missing(store: Store) -> None:
    one = Batch("drive", "test", np.arange(2) + START_US, {"gear": np.array([70_000, 4], "<i4")})
    with store.transaction() as transaction:
        session = transaction.open_session(source="test", started_us=START_US)
        transaction.write_batches(session, [(one, encode(one))])
    assert rows(store, "SELECT gear FROM telemetry_frame ORDER BY timestamp_us") == [(None,), (4,)]


def test_frames_that_come_again_change_nothing(store: Store) -> None:
    with store.transaction() as transaction:
        session = transaction.open_session(source="test", started_us=START_US)
        transaction.write_batches(session, received([batch(0, 50), batch(50, 50)]))
    with store.transaction() as transaction:
        transaction.write_batches(session, received([batch(50, 50), batch(100, 50)]))
    assert (count(store, "telemetry_frame"), count(store, "telemetry_batch")) == (150, 3)
    with store.transaction() as transaction:
        again = transaction.batches(session)
    assert [one.first_seq for one in again] == [0, 50, 100]
    assert np.concatenate([one.columns["speed"] for one in again]).tolist() == list(range(150))


def test_a_frame_may_come_twice_in_one_write(store: Store) -> None:
    with store.transaction() as transaction:
        session = transaction.open_session(source="test", started_us=START_US)
        transaction.write_batches(session, received([batch(0, 50), batch(0, 50)]))
    assert (count(store, "telemetry_frame"), count(store, "telemetry_batch")) == (50, 1)


def test_batches_of_several_sessions_are_written_at_once(store: Store) -> None:
    with store.transaction() as transaction:
        one = transaction.open_session(source="test", started_us=START_US, source_session_id="a")
        two = transaction.open_session(source="test", started_us=START_US, source_session_id="b")
        first, second = batch(0, 10), batch(0, 20)
        transaction.write_all([(one, first, encode(first)), (two, second, encode(second))])
    assert rows(store, "SELECT count(*) FROM telemetry_frame GROUP BY session_key ORDER BY session_key") == [
        (10,), (20,)
    ]  # fmt: skip


def test_nothing_to_write_is_fine(store: Store) -> None:
    with store.transaction() as transaction:
        transaction.write_all([])


def test_the_position_commits_with_the_rows_or_not_at_all(store: Store) -> None:
    with store.transaction() as transaction:
        session = transaction.open_session(source="test", started_us=START_US)
        assert transaction.offset("collector") is None
        transaction.write_batches(session, received([batch(0, 50)]))
        transaction.set_offset("collector", 0, 50)

    def crash() -> None:
        with store.transaction() as transaction:
            transaction.write_batches(session, received([batch(50, 50)]))
            transaction.set_offset("collector", 0, 100)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        crash()
    with store.transaction() as transaction:
        assert transaction.offset("collector") == 50
        transaction.set_offset("collector", 0, 70)
        assert transaction.offset("collector") == 70
        assert transaction.offset("collector", 1) is None
    assert count(store, "telemetry_frame") == 50


def test_a_session_that_is_recording_goes_on_under_the_sources_id(store: Store) -> None:
    with store.transaction() as transaction:
        first = transaction.open_session(source="test", started_us=START_US, source_session_id="a", track="Ring")
        assert transaction.open_session(source="test", started_us=START_US + 5, source_session_id="a") == first
        assert transaction.open_session(source="other", started_us=START_US, source_session_id="a").id != first.id
        assert first in transaction.recording_sessions()
        transaction.end_session(first, ended_us=at(100))
        assert transaction.open_session(source="test", started_us=START_US, source_session_id="a").id != first.id


def test_a_session_is_named_by_track_and_car(store: Store) -> None:
    with store.transaction() as transaction:
        named = transaction.open_session(source="test", started_us=START_US, track="Ring", car="Kart")
        bare = transaction.open_session(source="test", started_us=START_US)
    assert (named.name, bare.name, bare.track) == ("Ring · Kart", "test", None)


def test_an_event_of_a_name_is_opened_once(store: Store) -> None:
    with store.transaction() as transaction:
        event = transaction.open_event("Test day", location="Ring")
        assert transaction.open_event("Test day") == event
        session = transaction.open_session(source="test", started_us=START_US, event_id=event)
    assert session.event_id == event
    assert store.find_events()["location"].to_list() == ["Ring"]


def test_a_file_is_known_by_its_bytes(store: Store) -> None:
    with store.transaction() as transaction:
        assert transaction.session_of_file("ab" * 32) is None
        session = transaction.open_session(source="ibt", started_us=START_US, file_sha256="ab" * 32)
        assert transaction.session_of_file("ab" * 32) == session


def test_a_lap_of_a_number_is_opened_once(store: Store) -> None:
    with store.transaction() as transaction:
        session = transaction.open_session(source="test", started_us=START_US)
        lap = transaction.open_lap(session, lap_number=1, started_us=at(0))
        assert transaction.open_lap(session, lap_number=1, started_us=at(0)) == lap
        assert transaction.laps(session) == [lap]
        assert (lap.kind, lap.valid, lap.ended_us, lap.sealed) == ("partial", True, None, False)


def test_a_lap_that_turned_out_to_be_none_leaves_its_frames(store: Store) -> None:
    session, laps = drive(store)
    with store.transaction() as transaction:
        transaction.delete_lap(laps[1].id)
        assert [lap.lap_number for lap in transaction.laps(session)] == [0, 2]
    assert count(store, "telemetry_frame") == 600


def test_a_message_that_cannot_be_taken_is_set_aside(store: Store) -> None:
    with store.transaction() as transaction:
        transaction.dead_letter("test", "no frames", b"\x00\xff", received_us=at(0))
    assert rows(store, "SELECT user_id, received_us, source, reason FROM dead_letter") == [
        ("anna", at(0), "test", "no frames")
    ]


def test_a_lap_that_is_still_driven_cannot_be_sealed(store: Store) -> None:
    with store.transaction() as transaction:
        session = transaction.open_session(source="test", started_us=START_US)
        lap = transaction.open_lap(session, lap_number=1, started_us=at(0))
        with pytest.raises(NotFound, match="still being driven"):
            transaction.seal_lap(lap.id)
