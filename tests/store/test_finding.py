"""Events, sessions and laps are found as frames; the user's word on a lap counts; what is deleted is gone."""

from datetime import UTC, date, datetime

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from ps_analytics.errors import NotFound, SessionRecording
from ps_analytics.store import laps as laps_
from ps_analytics.store.store import Store
from tests.store.stream import START_US, at, drive, seal
from tests.store.test_writing import count


def test_an_empty_store_gives_frames_with_their_columns(store: Store) -> None:
    assert store.find_laps().columns == [
        "lap_id", "session_id", "lap_number", "source_lap_number", "lap_time_s", "time_source", "kind", "valid",
        "valid_reason", "started_us", "ended_us", "frames", "sealed", "flags", "sectors_s", "track", "car",
        "session_name", "event_id", "started_at", "notes", "owner",
    ]  # fmt: skip
    assert store.find_sessions().columns == [
        "session_id", "event_id", "event_name", "name", "source", "status", "track", "car", "started_at", "laps",
        "best_lap_time_s", "notes", "owner",
    ]  # fmt: skip
    assert store.find_events().columns == [
        "event_id", "name", "description", "location", "start_date", "end_date", "sessions"
    ]  # fmt: skip
    assert store.find_recording_users() == []


def test_laps_come_newest_session_first_and_in_order(store: Store) -> None:
    with store.transaction() as transaction:
        for name, started_us in (("late", at(5)), ("early", at(0))):
            session = transaction.open_session(source="test", started_us=started_us, name=name)
            for number in (1, 0):
                transaction.open_lap(session, lap_number=number, started_us=at(number))
    found = store.find_laps()
    assert found.select("session_name", "lap_number").rows() == [("late", 0), ("late", 1), ("early", 0), ("early", 1)]


def test_a_row_says_what_is_known_of_a_lap(store: Store) -> None:
    with store.transaction() as transaction:
        event = transaction.open_event("Evening")
        session = transaction.open_session(source="test", started_us=START_US, track="Ring", car="Kart", event_id=event)
        lap = transaction.open_lap(
            session, lap_number=3, started_us=at(0), ended_us=at(100), source_lap_number=9, lap_time_s=1.0,
            time_source="source", kind="timed", valid=False, valid_reason="cut", sectors_s=[0.4, 0.6],
            flags={"cut": True, "gap": False},
        )  # fmt: skip
    assert store.find_laps().to_dicts() == [
        {
            "lap_id": lap.id, "session_id": session.id, "lap_number": 3, "source_lap_number": 9, "lap_time_s": 1.0,
            "time_source": "source", "kind": "timed", "valid": False, "valid_reason": "cut", "started_us": at(0),
            "ended_us": at(100), "frames": 0, "sealed": False, "flags": ["cut"], "sectors_s": [0.4, 0.6],
            "track": "Ring", "car": "Kart", "session_name": "Ring · Kart", "event_id": event,
            "started_at": datetime(2025, 10, 9, 8, 53, 20, tzinfo=UTC), "notes": "", "owner": "anna",
        }
    ]  # fmt: skip


def test_laps_are_filtered(store: Store) -> None:
    session, laps = drive(store, track="Lime Rock", car="Kart")
    drive(store, track="Ring", car="GT3")
    store.set_lap_override(laps[2].id, valid=False)
    assert store.find_laps(track="LIME rock", car="kart")["lap_id"].to_list() == [lap.id for lap in laps]
    assert store.find_laps(session_id=session.id, kind="timed")["lap_number"].to_list() == [1, 2]
    assert store.find_laps(session_id=session.id, kind="timed", valid=True)["lap_number"].to_list() == [1]
    assert store.find_laps(valid=False)["lap_id"].to_list() == [laps[2].id]
    assert store.find_laps(event_id="none").is_empty()
    with pytest.raises(ValueError, match="fastest"):
        store.find_laps(kind="fastest")


def test_laps_are_found_by_their_ids(store: Store) -> None:
    _, laps = drive(store, laps=(0, 100, 250, 600))
    _, others = drive(store.for_user("ben"))
    asked = [laps[2].id, "nobody", others[1].id, laps[0].id]
    assert store.find_laps(lap_ids=asked)["lap_id"].to_list() == [laps[0].id, laps[2].id]
    assert store.find_laps(lap_ids=asked, kind="timed", shared=True)["lap_id"].to_list() == [laps[2].id]
    assert store.find_laps(lap_ids=[]).is_empty()


def test_many_laps_are_found_as_few_are(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with store.transaction() as transaction:
        session = transaction.open_session(source="test", started_us=START_US)
        for number, sectors in enumerate(([], [1.0, 2.5], [3.25], [])):
            flags = {"cut": number % 2 == 0, "gap": number == 2}
            transaction.open_lap(session, lap_number=number, started_us=at(number), sectors_s=sectors, flags=flags)
    few = store.find_laps()
    monkeypatch.setattr(laps_, "_MANY", 0)
    assert_frame_equal(store.find_laps(), few)
    assert few["sectors_s"].to_list() == [[], [1.0, 2.5], [3.25], []]
    assert few["flags"].to_list() == [["cut"], [], ["cut", "gap"], []]


def test_sessions_count_their_laps_and_know_the_best(store: Store) -> None:
    session, laps = drive(store, laps=(0, 100, 250, 600), track="Ring")
    drive(store, laps=(0,))
    with store.transaction() as transaction:
        transaction.end_session(session, ended_us=at(600))
    found = store.find_sessions(track="ring")
    assert found.select("session_id", "laps", "best_lap_time_s", "status").rows() == [(session.id, 3, 1.5, "completed")]
    store.set_lap_override(laps[1].id, valid=False)
    assert store.find_sessions(status="completed")["best_lap_time_s"].to_list() == [3.5]
    assert store.find_sessions(source="test", status="recording")["laps"].to_list() == [0]
    assert len(store.find_sessions()) == 2
    assert store.find_recording_users() == ["anna"]


def test_events_come_newest_first_with_their_sessions(store: Store) -> None:
    with store.transaction() as transaction:
        transaction.open_event("undated")
        for name, day in (("old", 1), ("new", 2)):
            event = transaction.open_event(name, start_date=date(2026, 5, day))
        transaction.open_session(source="test", started_us=START_US, event_id=event)
    assert store.find_events().select("name", "sessions").rows() == [("new", 1), ("old", 0), ("undated", 0)]


def test_the_users_word_on_a_lap_counts_until_it_is_taken_back(store: Store) -> None:
    _, laps = drive(store)
    with store.transaction() as transaction:
        transaction.close_lap(laps[1].id, valid=False, valid_reason="cut")
    words = ("kind", "valid", "valid_reason")
    store.set_lap_override(laps[1].id, kind="out", valid=True)
    assert store.find_laps().select(words).row(1) == ("out", True, "set by you")
    lap = store.read_lap(laps[1].id)
    assert (lap.kind, lap.valid, lap.valid_reason) == ("out", True, "set by you")
    store.set_lap_override(laps[1].id)
    assert store.find_laps().select(words).row(1) == ("timed", False, "cut")
    with pytest.raises(ValueError, match="fastest"):
        store.set_lap_override(laps[1].id, kind="fastest")


def test_a_text_means_a_lap(store: Store) -> None:
    session, laps = drive(store, laps=(0, 100, 250, 600), track="Ring")
    assert store.resolve_lap(laps[0].id) == laps[0].id
    assert store.resolve_lap(f"{session.id}:2") == laps[2].id
    assert store.resolve_lap("best") == laps[1].id
    assert store.resolve_lap("best", track="ring", session_id=session.id) == laps[1].id
    store.set_lap_override(laps[1].id, valid=False)
    assert store.resolve_lap("best") == laps[2].id
    for text, words in (
        ("nobody", "Run `psa laps`"),
        (f"{session.id}:9", "Run `psa laps`"),
        (f"{session.id}:x", "Write SESSION:NUMBER"),
    ):
        with pytest.raises(NotFound, match=words):
            store.resolve_lap(text)
    with pytest.raises(NotFound, match="There is no timed and valid lap yet"):
        store.resolve_lap("best", car="Kart")


def test_deleting_a_session_deletes_its_laps_and_telemetry(store: Store) -> None:
    session, laps = drive(store)
    kept, kept_laps = drive(store)
    seal(store, [*laps[:2], *kept_laps])
    with pytest.raises(SessionRecording, match="is recording"):
        store.delete_session(session.id)
    with store.transaction() as transaction:
        transaction.end_session(session)
    store.delete_session(session.id)
    assert store.find_sessions()["session_id"].to_list() == [kept.id]
    assert store.find_laps()["lap_id"].to_list() == [lap.id for lap in kept_laps]
    assert count(store, "telemetry_frame") == 600
    assert count(store, f"lap_trace WHERE lap_key NOT IN ({', '.join(str(lap.key) for lap in kept_laps)})") == 0
    assert count(store, f"telemetry_batch WHERE session_key <> {kept.key}") == 0
    with pytest.raises(NotFound):
        store.delete_session(session.id)


def test_deleting_an_event_deletes_its_sessions(store: Store) -> None:
    with store.transaction() as transaction:
        event = transaction.open_event("Test day")
    session, laps = drive(store, event_id=event)
    seal(store, laps)
    with pytest.raises(SessionRecording):
        store.delete_event(event)
    assert count(store, "telemetry_frame") == 600
    with store.transaction() as transaction:
        transaction.end_session(session)
    store.delete_event(event)
    tables = ("event", "session", "lap", "lap_trace", "telemetry_frame", "telemetry_batch")
    assert [count(store, table) for table in tables] == [0] * 6


def test_a_key_never_comes_back(store: Store) -> None:
    session, _ = drive(store)
    with store.transaction() as transaction:
        transaction.end_session(session)
    store.delete_session(session.id)
    assert drive(store)[0].key > session.key


def test_flags_are_a_list_of_the_names_that_stand(store: Store) -> None:
    drive(store)
    assert store.find_laps().schema["flags"] == pl.List(pl.String)
