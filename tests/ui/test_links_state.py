"""A link opens the view it was copied from, for whoever may see it; everything else is not found."""

import copy

import pytest

from ps_analytics.store.store import Store
from ps_analytics.ui.layouts import SHIPPED
from ps_analytics.ui.layouts.state import LINKED
from ps_analytics.ui.links import View, pack, read_view
from ps_analytics.ui.opening import NO_LAYOUT, NO_MORE, NOT_FOUND
from ps_analytics.ui.state import ReviewState


@pytest.fixture
def old(paddock, weekend: str, drive) -> str:
    """The id of a lap of a session before which another, the newest, is opened by itself."""
    newest = paddock.session("Race")
    paddock.lap(newest, drive(grip_g=1.41, seed=7))
    return weekend


def opened(store: Store, view: View) -> ReviewState:
    state = ReviewState(lambda: store)
    state.open_view(view)
    return state


def reader_of(store: Store, session: str) -> Store:
    store.share_session(session, "bert")
    return store.for_user("bert")


def test_a_link_opens_its_session_laps_reference_colours_and_sheet(store, paddock, old: str) -> None:
    laps = paddock.laps[old]
    view = View(old, (laps[2], laps[1]), laps[2], "inputs", "", (3, 0))
    state = opened(store, view)
    assert (state.session_id, state.chosen, state.reference_id) == (old, [laps[2], laps[1]], laps[2])
    assert state.slots == {laps[2]: 3, laps[1]: 0}
    assert (state.layouts.layout_id, state.problem, state.status) == ("inputs", "", "ready")
    state.refresh()
    assert (state.chosen, state.layouts.layout_id) == ([laps[2], laps[1]], "inputs")


def test_laps_of_other_sessions_come_with_a_link(store, paddock, old: str) -> None:
    (race,) = [laps for session, laps in paddock.laps.items() if session != old]
    state = opened(store, View(old, (paddock.laps[old][1], race[0]), race[0]))
    assert [guest.lap_id for guest in state.guests] == race
    assert state.reference_id == race[0]


def test_a_link_that_names_nothing_opens_the_page_as_ever(store, old: str) -> None:
    state, as_ever = opened(store, View(layout="inputs")), ReviewState(lambda: store)
    as_ever.refresh()
    assert (state.session_id, state.chosen) == (as_ever.session_id, as_ever.chosen)
    assert state.layouts.layout_id == "inputs"


def test_the_ideal_lap_of_a_link_is_worked_out(store, paddock, old: str) -> None:
    state = opened(store, View(old, (paddock.laps[old][1], "ideal"), "ideal"))
    assert set(state.chosen) == {paddock.laps[old][1], "ideal"}
    assert (state.reference_id, state.problem) == ("ideal", "")


def test_a_session_of_somebody_else_is_not_found_like_one_that_does_not_exist(store, paddock, old: str) -> None:
    laps = tuple(paddock.laps[old])
    theirs = opened(store.for_user("bert"), View(old, laps, laps[0]))
    nowhere = opened(store.for_user("bert"), View("nowhere", laps, laps[0]))
    assert theirs.problem == nowhere.problem
    assert theirs.problem.startswith(NOT_FOUND)
    assert (theirs.chosen, theirs.guests, theirs.session_id) == ([], [], "")


def test_a_link_that_is_not_found_shows_what_the_page_would_show_without_it(store, old: str) -> None:
    state = opened(store, View("nowhere"))
    assert state.problem == NOT_FOUND
    assert state.status == "ready"
    assert state.laps


def test_laps_that_are_not_found_are_told_in_one_sentence(store, paddock, old: str) -> None:
    lap = paddock.laps[old][1]
    state = opened(store, View(old, (lap, "x", "y"), "x"))
    assert state.problem == "2 laps of the link are not found."
    assert (state.chosen, state.reference_id) == ([lap], lap)
    assert opened(store, View(old, (lap, "x"))).problem == "1 lap of the link is not found."


def test_a_lap_of_an_unshared_session_is_not_found_beside_those_of_a_shared_one(store, paddock, old: str) -> None:
    (race,) = [laps for session, laps in paddock.laps.items() if session != old]
    bert = reader_of(store, old)
    state = opened(bert, View(old, (paddock.laps[old][1], race[0])))
    assert state.chosen == [paddock.laps[old][1]]
    assert state.problem == "1 lap of the link is not found."


def test_a_reader_sees_the_layout_that_travels_in_the_link(store, paddock, old: str) -> None:
    document = copy.deepcopy(SHIPPED["inputs"])
    document["configs"][0]["title"] = "Mine"
    mine = store.write_layout("My inputs", document["configs"], document["layout"])
    sheet = document["layout"]["sheets"][0]["id"]
    view = View(old, layout=pack("My inputs", document), sheet=sheet, base=mine)
    theirs = opened(reader_of(store, old), view)
    assert (theirs.document, theirs.layouts.layout_id, theirs.layouts.name) == (document, LINKED, "My inputs")
    assert theirs.problem == ""
    own = opened(store, view)
    assert (own.document, own.layouts.layout_id, own.layouts.modified) == (document, mine, False)


def test_a_packed_layout_is_a_change_of_the_one_it_was_made_from(store, old: str) -> None:
    document = copy.deepcopy(SHIPPED["inputs"])
    document["configs"][0]["title"] = "Mine"
    state = opened(store, View(old, layout=pack("Inputs", document), base="inputs"))
    assert (state.layouts.layout_id, state.layouts.modified, state.document) == ("inputs", True, document)


@pytest.mark.parametrize(("layout", "told"), [("nobodys", NO_LAYOUT), ("~AAAA", "damaged")])
def test_a_layout_that_cannot_be_had_is_told_and_the_laps_are_shown(store, paddock, old, layout, told) -> None:
    state = opened(store, View(old, (paddock.laps[old][1],), layout=layout))
    assert told in state.problem
    assert (state.status, state.chosen) == ("ready", [paddock.laps[old][1]])


def test_another_users_layout_is_not_found(store, old: str) -> None:
    mine = store.write_layout("My inputs", SHIPPED["inputs"]["configs"], SHIPPED["inputs"]["layout"])
    assert opened(reader_of(store, old), View(old, layout=mine)).problem == NO_LAYOUT


def test_a_session_that_is_shared_no_more_goes_at_the_next_refresh(store, old: str) -> None:
    bert = reader_of(store, old)
    state = opened(bert, View(old))
    assert state.status == "ready"
    store.unshare_session(old, "bert")
    state.refresh()
    assert state.problem.startswith(NO_MORE)
    assert (state.laps, state.chosen, state.comparison) == ([], [], None)


def test_a_car_with_a_layout_of_its_own_brings_it_unless_the_one_shown_was_changed(store, paddock, drive) -> None:
    sessions = {car: paddock.session(car=car) for car in ("A", "B")}
    for session in sessions.values():
        paddock.lap(session, drive())
    state = ReviewState(lambda: store)
    state.refresh()
    assert (state.session_id, state.layouts.layout_id) == (sessions["B"], "driver")
    state.select_session(sessions["A"])
    state.layouts.open("tyres")
    state.layouts.make_default("tyres", "car")
    state.layouts.open("driver")
    state.select_session(sessions["B"])
    assert state.layouts.layout_id == "driver"
    state.select_session(sessions["A"])
    assert state.layouts.layout_id == "tyres"
    assert state.status == "ready"
    state.layouts.open("driver")
    state.layouts.add_sheet("Mine")
    state.select_session(sessions["B"])
    state.select_session(sessions["A"])
    assert state.layouts.layout_id == "driver"


def test_colours_are_numbers_for_the_laps_or_nothing() -> None:
    assert read_view({"laps": [b"a,b"], "colors": [b"2,0"]}).colors == (2, 0)
    for bad in (b"2", b"1,1", b"-1,0", b"1,x", b"99999,1", "²,1".encode()):
        assert read_view({"laps": [b"a,b"], "colors": [bad]}).colors == ()
