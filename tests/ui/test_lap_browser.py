"""Laps of any session on a track are found by what is known of them, and offered as references."""

from typing import Any

import pytest

from ps_analytics.store.store import Store
from ps_analytics.ui.lap_browser import PAGE, LapBrowser, references
from ps_analytics.ui.rows import lap_rows, shown_laps
from ps_analytics.ui.state import ReviewState


@pytest.fixture
def state(store: Store) -> ReviewState:
    return ReviewState(lambda: store)


def browsed(state: ReviewState, search: str = "", **given: Any) -> list[tuple[str, list[int]]]:
    found = LapBrowser(state).browse({"search": search, **given})
    return [(session["name"], [lap["number"] for lap in session["laps"]]) for session in found["sessions"]]


@pytest.fixture
def season(paddock: Any, store: Store, drive: Any) -> dict[str, str]:
    """Ids of sessions by name: three on one track, one on another; the last is what a page opens with."""
    sessions = {
        "Elsewhere": paddock.session("Elsewhere", track="Pear", car="Fox"),
        "Test": paddock.session("Test", event="Winter test", car="Fox", notes="wet, new tyres"),
        "Practice": paddock.session("Practice", car="Hare"),
        "Race": paddock.session("Race", car="Fox"),
    }
    for times, name in (([70.0], "Elsewhere"), ([91.0, 90.0], "Test"), ([88.0, 89.0], "Practice"), ([92.0], "Race")):
        for time_s in times:
            paddock.lap(sessions[name], lap_time_s=time_s)
    paddock.lap(sessions["Practice"], kind="out", lap_time_s=130.0)
    store.write_lap_notes(paddock.laps[sessions["Practice"]][1], "Slick tyres, DAMP line")
    return sessions


def test_laps_of_all_sessions_of_the_track_come_by_session_newest_first(state, season) -> None:
    state.refresh()
    assert browsed(state) == [("Race", [0]), ("Practice", [0, 1, 2]), ("Test", [0, 1])]


def test_only_laps_that_count_are_asked_for(state, season) -> None:
    state.refresh()
    assert browsed(state, counts=True)[1] == ("Practice", [0, 1])


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("fox", ["Race", "Test"]),
        ("Bean, wet", ["Test"]),
        ("TYRES", ["Practice", "Test"]),
        ("winter", ["Test"]),
        ("2025", ["Race", "Practice", "Test"]),
        ("fox hare", []),
        ("pear", []),
        (" ,; ", ["Race", "Practice", "Test"]),
    ],
)
def test_every_word_is_found_in_car_name_date_event_or_notes(state, season, search: str, found: list[str]) -> None:
    state.refresh()
    assert [name for name, _ in browsed(state, search)] == found


def test_notes_of_a_lap_find_that_lap_only(state, season) -> None:
    state.refresh()
    assert browsed(state, "hare damp") == [("Practice", [1])]


def test_a_page_of_sessions_comes_at_a_time(state, paddock) -> None:
    for number in range(PAGE + 3):
        paddock.lap(paddock.session(f"Session {number}"), lap_time_s=90.0)
    state.refresh()
    browser = LapBrowser(state)
    first = browser.browse({"request": 7})
    assert (len(first["sessions"]), first["found"], first["next"], first["request"]) == (PAGE, PAGE + 3, PAGE, 7)
    rest = browser.browse({"from": first["next"]})
    assert [session["name"] for session in rest["sessions"]] == ["Session 2", "Session 1", "Session 0"]
    assert rest["next"] is None


def test_a_session_without_a_track_looks_everywhere(state, paddock) -> None:
    for track in ("Pear", None):
        paddock.lap(paddock.session(f"On {track}", track=track), lap_time_s=90.0)
    state.refresh()
    assert [name for name, _ in browsed(state)] == ["On None", "On Pear"]
    assert [row["label"] for row in references(state)["rows"]] == ["Best of this session"]


def test_what_is_not_shared_is_not_found_and_notes_of_others_are_not_sought(store, paddock, season) -> None:
    bert = store.for_user("bert")
    theirs = ReviewState(lambda: bert)
    store.share_session(season["Test"], "bert")
    theirs.refresh()
    assert browsed(theirs) == [("Test", [0, 1])]
    assert browsed(theirs, "anna") == [("Test", [0, 1])]
    assert browsed(theirs, "wet") == browsed(theirs, "winter") == []
    found = LapBrowser(theirs).browse({})["sessions"][0]
    assert (found["owner"], found["notes"]) == ("anna", "")


def test_references_are_the_personal_bests_the_session_the_ideal_lap_and_those_of_others(
    store, paddock, paddock_of, season
) -> None:
    bert = store.for_user("bert")
    his = paddock_of(bert)
    fast, slow = his.session("Quick", car="Fox"), his.session("Secret", car="Fox")
    shared = his.lap(fast, lap_time_s=80.0)
    his.lap(slow, lap_time_s=79.0)
    bert.share_session(fast, "anna")
    state = ReviewState(lambda: store)
    state.refresh()
    rows = references(state)["rows"]
    laps = paddock.laps
    assert [(row["label"], row["lap"], row["time_s"]) for row in rows if row["lap"] != "ideal"] == [
        ("Personal best, Fox", laps[season["Test"]][1], 90.0),
        ("Personal best, any car", laps[season["Practice"]][0], 88.0),
        ("Best of this session", laps[season["Race"]][0], 92.0),
        ("bert · Fox", shared, 80.0),
    ]
    assert rows[-1]["about"].endswith("Quick")


def test_a_lap_that_is_the_best_with_any_car_is_offered_once(state, paddock) -> None:
    paddock.lap(paddock.session(car="Fox"), lap_time_s=90.0)
    state.refresh()
    labels = [row["label"] for row in references(state)["rows"]]
    assert labels[:2] == ["Personal best, Fox", "Best of this session"]


def test_laps_of_other_tracks_say_why_in_the_list_and_are_drawn_by_their_time(store, paddock, drive) -> None:
    for number, length_m in enumerate((3000.0, 3600.0, 5000.0, 4200.0)):
        paddock.lap(paddock.session(f"On {number}", track=f"Track {number}"), drive(length_m=length_m))
    state = ReviewState(lambda: store)
    state.refresh()
    state.layouts.set_x_axis("time")
    for lap_ids in list(paddock.laps.values())[:3]:
        state.toggle_lap(lap_ids[0])
    assert state.problem == "3 laps cannot be laid over the reference: the list of laps says why."
    guests = [row for row in lap_rows(state) if row["guest"]]
    assert all(row["refused"].endswith("It is drawn by its time alone: no delta, no place.") for row in guests)
    drawn = shown_laps(state)
    assert [row["id"] for row in drawn if not row["reference"]] == [row["id"] for row in guests]
    assert [row["closure"]["text"] for row in drawn if not row["reference"]] == ["no delta: drawn by time alone"] * 3
    state.layouts.set_x_axis("distance")
    assert [row["id"] for row in shown_laps(state)] == [state.reference_id]
