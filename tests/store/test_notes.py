"""Notes and the video of a session are kept as they were written, and refused where no database could keep them."""

from typing import Any

import pytest
from sqlalchemy import update

from ps_analytics.errors import NotKept
from ps_analytics.store.models import Session
from ps_analytics.store.store import Store
from tests.store.stream import drive

VIDEO = {"path": "videos/quali – übung.mp4", "offset_s": -12.25}


def test_notes_are_found_beside_sessions_and_laps(store: Store) -> None:
    session, laps = drive(store)
    store.write_notes(session.id, "softs\nwing 3 ☂")
    store.write_lap_notes(laps[1].id, "late at T1")
    assert store.find_sessions()["notes"].to_list() == ["softs\nwing 3 ☂"]
    assert store.read_session(session.id).notes == "softs\nwing 3 ☂"
    assert store.find_laps()["notes"].to_list() == ["", "late at T1", ""]
    store.write_notes(session.id, "")
    store.write_lap_notes(laps[1].id, "x" * 20_000)
    assert store.find_sessions()["notes"].to_list() == [""]
    assert store.find_laps()["notes"].str.len_chars().to_list() == [0, 20_000, 0]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x" * 20_001, "it has 20,001 characters, and there may be 20,000."),
        ("a\0b", "it has a character that no database keeps."),
        ("a\ud800b", "it has a character that no database keeps."),
        (None, "it is no text."),
        (["a"], "it is no text."),
    ],
)
def test_what_cannot_be_kept_is_no_note(store: Store, text: Any, reason: str) -> None:
    session, laps = drive(store)
    for write, key in ((store.write_notes, session.id), (store.write_lap_notes, laps[0].id)):
        with pytest.raises(NotKept) as raised:
            write(key, text)
        assert str(raised.value) == f"the notes cannot be kept: {reason}"
    assert (set(store.find_sessions()["notes"]), set(store.find_laps()["notes"])) == ({""}, {""})


def test_a_session_has_the_video_it_was_given_until_it_is_taken_away(store: Store) -> None:
    session, _ = drive(store)
    assert store.read_video(session.id) is None
    store.write_video(session.id, VIDEO)
    assert store.read_video(session.id) == VIDEO
    store.share_session(session.id, "ben")
    assert store.for_user("ben").read_video(session.id) == VIDEO
    store.write_video(session.id, {"path": "x" * 1024, "offset_s": 86_400})
    assert store.read_video(session.id) == {"path": "x" * 1024, "offset_s": 86_400.0}
    store.write_video(session.id, None)
    assert store.read_video(session.id) is None


@pytest.mark.parametrize(
    ("video", "sentence"),
    [
        ({**VIDEO, "path": "x" * 1025}, "the path of a video cannot be kept: it has 1,025 characters, and there may "),
        ({**VIDEO, "path": "a\0"}, "the path of a video cannot be kept: it has a character that no database keeps."),
        ({**VIDEO, "path": None}, "the path of a video cannot be kept: it is no text."),
        ({**VIDEO, "path": " "}, "this video cannot be kept: its path is empty."),
        ({"path": "a.mp4"}, "this video cannot be kept: it is a path and an offset_s, and nothing else."),
        ({**VIDEO, "bytes": "00"}, "this video cannot be kept: it is a path and an offset_s, and nothing else."),
        ("a.mp4", "this video cannot be kept: it is a path and an offset_s, and nothing else."),
        *(
            ({**VIDEO, "offset_s": offset}, "this video cannot be kept: its offset is a number of seconds, at most ")
            for offset in (float("nan"), float("inf"), 86_400.5, -86_401, 10**400, True, "1", None)
        ),
    ],
)
def test_what_is_no_video_is_refused(store: Store, video: Any, sentence: str) -> None:
    session, _ = drive(store)
    store.write_video(session.id, VIDEO)
    with pytest.raises(NotKept) as raised:
        store.write_video(session.id, video)
    assert str(raised.value).startswith(sentence)
    assert store.read_video(session.id) == VIDEO


@pytest.mark.parametrize("stored", [{}, {"path": 3, "offset_s": 0.0}, {"file": "a.mp4"}])
def test_what_is_stored_and_is_no_video_is_none(store: Store, stored: dict[str, Any]) -> None:
    session, _ = drive(store)
    with store.transaction() as transaction:
        transaction._connection.execute(update(Session).values(video=stored))
    assert store.read_video(session.id) is None
