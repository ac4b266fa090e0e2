"""A lap that is being driven is read as it comes, and nothing of it twice."""

import pytest

from ps_analytics.errors import NotFound
from ps_analytics.store.store import Store
from tests.store.stream import START_US, at, batch, received


def drive_on(store: Store, first: int, frames: int, *, lap_at: int | None = None) -> str:
    """Sends frames of the session that is recording; the id of its last lap, which may begin at `lap_at`."""
    with store.transaction() as transaction:
        recording = transaction.recording_sessions()
        session = recording[0] if recording else transaction.open_session(source="test", started_us=START_US)
        transaction.write_batches(session, received(batch(at, 10) for at in range(first, first + frames, 10)))
        laps = transaction.laps(session)
        if lap_at is None:
            return laps[-1].id
        if laps:
            transaction.close_lap(laps[-1].id, ended_us=at(lap_at), kind="out")
        return transaction.open_lap(session, lap_number=len(laps), started_us=at(lap_at)).id


def test_it_knows_the_lap_that_is_being_driven_and_its_last_frame(store: Store) -> None:
    assert store.find_running_laps().is_empty()
    out = drive_on(store, 0, 100, lap_at=0)
    assert store.find_running_laps()["lap_id"].to_list() == [out]
    running = drive_on(store, 100, 50, lap_at=105)
    (row,) = store.find_running_laps().to_dicts()
    session_id = store.find_sessions()["session_id"].item()
    assert row == {
        "session_id": session_id, "lap_id": running, "lap_number": 1, "started_us": at(105), "latest_us": at(149),
    }  # fmt: skip


def test_a_session_that_is_over_has_no_running_lap(store: Store) -> None:
    drive_on(store, 0, 100, lap_at=0)
    with store.transaction() as transaction:
        transaction.end_session(transaction.recording_sessions()[0], ended_us=at(100))
    assert store.find_running_laps().is_empty()


def test_only_what_is_new_is_read(store: Store) -> None:
    drive_on(store, 0, 100, lap_at=0)
    lap_id = drive_on(store, 100, 50, lap_at=105)
    first = store.read_running_lap(lap_id)
    assert first.lap.frames["speed"].to_list() == list(range(105, 150))
    assert (first.next_seq, first.lap.lap_number, first.lap.ended_us) == (150, 1, None)
    nothing = store.read_running_lap(lap_id, first.next_seq)
    assert (nothing.next_seq, nothing.lap.traces) == (150, {})
    drive_on(store, 150, 30)
    second = store.read_running_lap(lap_id, first.next_seq)
    assert second.lap.frames["speed"].to_list() == list(range(150, 180))
    assert second.lap.frames["timestamp"][0] == pytest.approx(1.5)
    assert second.next_seq == 180
    whole = store.read_lap(lap_id)
    assert set(second.lap.channels) == set(whole.channels)


def test_a_lap_that_has_ended_ends_there(store: Store) -> None:
    first = drive_on(store, 0, 100, lap_at=0)
    drive_on(store, 100, 50, lap_at=105)
    assert store.read_running_lap(first, 90).lap.frames["speed"].to_list() == list(range(90, 105))


def test_a_lap_nobody_has_is_not_found(store: Store) -> None:
    with pytest.raises(NotFound):
        store.read_running_lap("nobody's")
