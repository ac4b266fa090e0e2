"""The choices behind a review page, on a real store and without a browser."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ps_analytics.errors import NotFound
from ps_analytics.store.store import Store
from ps_analytics.ui.ideal import IDEAL
from ps_analytics.ui.later import at_once
from ps_analytics.ui.state import FIRST_LAP, NO_LAPS, NO_LAPS_HERE, TIMES_ONLY, ReviewState


@pytest.fixture
def state(store: Store) -> ReviewState:
    return ReviewState(lambda: store)


def numbers(state: ReviewState) -> list[int]:
    return [state.find_lap(lap_id).lap_number for lap_id in state.chosen]


def test_it_asks_the_store_nothing_before_it_is_told_to() -> None:
    def untouched() -> Store:
        raise AssertionError("the store was asked")

    assert ReviewState(untouched).status == "loading"


def test_a_first_look_compares_the_last_counting_lap_with_the_best(state: ReviewState, weekend: str) -> None:
    state.refresh()
    assert state.session_id == weekend
    assert numbers(state) == [5, 3]
    assert state.find_lap(state.reference_id).lap_number == 5
    assert state.best is state.find_lap(state.reference_id)
    assert (state.status, state.problem) == ("ready", "")


def test_a_first_look_prefers_a_session_with_a_lap_that_counts(state, weekend, paddock, drive) -> None:
    recording = paddock.session("Race", status="recording")
    paddock.lap(recording, drive(grip_g=1.1, seed=9), kind="out")
    state.refresh()
    assert state.session_id == weekend


def test_every_shown_lap_is_on_the_reference_grid_and_the_reference_against_itself_is_zero(state, weekend) -> None:
    state.refresh()
    comparison = state.comparison
    lengths = {len(column) for laid in comparison.laps.values() for column in laid.columns.values()}
    assert lengths == {len(comparison.distance_m)}
    assert not comparison.laps[state.reference_id].columns["delta"].any()


def test_the_delta_closes_at_the_line(state, weekend) -> None:
    state.refresh()
    best, other = (state.find_lap(lap_id) for lap_id in state.chosen)
    delta = state.comparison.laps[other.lap_id].columns["delta"]
    assert delta[-1] == pytest.approx(other.lap_time_s - best.lap_time_s, abs=1e-3)


def test_a_lap_without_a_time_is_drawn_where_it_was_driven_and_has_no_delta(state, paddock, drive) -> None:
    session = paddock.session()
    whole = drive()
    second_half = whole["normalized_position"] > 0.5
    out = {name: values[second_half] for name, values in whole.items()}
    out["timestamp"] = out["timestamp"] - out["timestamp"][0]
    untimed = paddock.lap(session, out, kind="out", lap_time_s=None)
    timed = paddock.lap(session, whole)
    state.refresh()
    state.toggle_lap(untimed)
    assert (state.reference_id, state.comparison.refused) == (timed, {})
    columns, closure = state.comparison.laps[untimed].columns, state.comparison.laps[untimed].closure
    assert "delta" not in columns
    assert closure is None
    driven = np.isfinite(columns["speed"])
    assert driven.mean() == pytest.approx(0.5, abs=0.02)
    assert not driven[: len(driven) // 3].any()


def test_taking_the_reference_away_makes_the_best_of_the_rest_the_reference(state, weekend) -> None:
    state.refresh()
    state.toggle_lap(state.laps[1].lap_id)
    state.toggle_lap(state.reference_id)
    assert numbers(state) == [3, 1]
    assert state.find_lap(state.reference_id).lap_number == 3


def test_the_last_lap_taken_away_leaves_an_empty_page_that_is_ready(state, weekend) -> None:
    state.refresh()
    for lap_id in list(state.chosen):
        state.toggle_lap(lap_id)
    assert (state.chosen, state.reference_id, state.comparison, state.status) == ([], "", None, "ready")
    state.rotate_reference()
    state.step_lap(1)
    assert numbers(state) == [0]


def test_a_lap_keeps_its_colour_and_a_new_one_takes_the_first_free(state, weekend) -> None:
    state.refresh()
    best, third = state.chosen
    first, second = state.laps[1].lap_id, state.laps[2].lap_id
    state.toggle_lap(first)
    state.toggle_lap(third)
    assert state.slots == {best: 0, first: 2}
    state.toggle_lap(second)
    assert state.slots == {best: 0, first: 2, second: 1}


def test_stepping_replaces_the_compared_lap_and_stops_at_the_ends(state, weekend) -> None:
    state.refresh()
    state.step_lap(1)
    assert numbers(state) == [5, 4]
    state.step_lap(1)
    assert numbers(state) == [5, 6]  # lap 5 is the reference
    state.step_lap(1)
    assert numbers(state) == [5, 6]


def test_an_event_narrows_the_sessions(state, weekend, paddock, drive) -> None:
    other = paddock.session("Test day", event="Another event")
    paddock.lap(other, drive())
    state.refresh()
    assert state.session_id == other
    event = next(row["event_id"] for row in state.events if row["name"] == "Test weekend")
    state.select_event(event)
    assert [row["session_id"] for row in state.sessions] == [weekend]
    assert state.session_id == weekend


def test_a_new_lap_comes_in_and_nothing_else_moves(state, weekend, paddock, drive) -> None:
    state.refresh()
    chosen, comparison = list(state.chosen), state.comparison
    paddock.lap(weekend, drive(grip_g=1.47, seed=12))
    state.refresh()
    assert [lap.lap_number for lap in state.laps] == list(range(8))
    assert state.chosen == chosen
    assert state.comparison is comparison
    assert state.best.lap_number == 7


def test_an_override_of_validity_changes_what_is_best(state, weekend, store) -> None:
    state.refresh()
    store.set_lap_override(state.laps[4].lap_id, valid=True)
    state.refresh()
    assert state.best.lap_number == 4


def test_an_empty_store_says_how_to_fill_it(state) -> None:
    state.refresh()
    assert (state.status, state.problem) == ("empty", NO_LAPS)


def test_a_session_without_laps_says_so(state, paddock) -> None:
    paddock.session()
    state.refresh()
    assert (state.status, state.problem) == ("empty", NO_LAPS_HERE)


def test_a_session_whose_first_lap_is_being_driven_says_so(state, paddock) -> None:
    paddock.session(status="recording")
    state.refresh()
    assert (state.status, state.problem) == ("empty", FIRST_LAP)


def test_a_session_of_times_only_has_laps_and_nothing_to_draw(state, paddock) -> None:
    session = paddock.session(source="ldx")
    paddock.lap(session, lap_time_s=91.0)
    paddock.lap(session, lap_time_s=90.0)
    state.refresh()
    assert (state.status, state.problem) == ("times", TIMES_ONLY)
    assert state.best.lap_number == 1


def test_a_lap_that_does_not_fit_the_reference_is_refused_with_its_reason(state, weekend, paddock, drive) -> None:
    longer = paddock.lap(weekend, drive(length_m=6000.0))
    state.refresh()
    assert state.chosen[1] == longer
    assert state.status == "ready"
    assert longer in state.comparison.refused
    assert state.problem.startswith("these laps cannot be compared")


def test_an_error_is_taken_back_by_the_next_refresh(state, weekend) -> None:
    state.report("the database does not answer.")
    assert state.status == "error"
    state.refresh()
    assert (state.status, state.problem) == ("ready", "")
    state.report("the database does not answer.")
    assert (state.status, state.problem) == ("ready", "the database does not answer.")
    state.refresh()
    assert state.problem == ""


def test_laps_and_sessions_nobody_has_are_not_found(state, weekend) -> None:
    state.refresh()
    with pytest.raises(NotFound, match=r"^no lap 'x'\.$"):
        state.toggle_lap("x")
    with pytest.raises(NotFound, match=r"^no session 'x'\.$"):
        state.select_session("x")


class Later:
    """What would run beside the page, kept until a test lets it."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []

    def __call__(self, work: Any, done: Any, failed: Any) -> None:
        self.waiting.append(lambda: at_once(work, done, failed))

    def run(self) -> None:
        while self.waiting:
            self.waiting.pop(0)()


@pytest.fixture
def later() -> Later:
    return Later()


@pytest.fixture
def patient(store: Store, later: Later) -> ReviewState:
    return ReviewState(lambda: store, later=later)


def test_how_the_delta_closes_is_told_of_every_lap_but_the_reference(state, weekend) -> None:
    state.refresh()
    reference, other = (state.comparison.laps[lap_id] for lap_id in state.chosen)
    assert reference.closure is None
    assert other.closure.text.startswith("closes · position")
    assert not other.closure.warns


def test_no_plot_waits_for_the_corners(patient, later, weekend) -> None:
    patient.refresh()
    assert (patient.status, set(patient.comparison.laps)) == ("ready", set(patient.chosen))
    assert patient.corners.rows == {}
    later.run()
    assert patient.corners.reference_id == patient.reference_id
    assert set(patient.corners.rows) == set(patient.chosen)
    assert patient.corners.spans


def test_a_lap_shown_again_asks_for_no_corner_and_another_one_for_its_own(patient, later, weekend) -> None:
    patient.refresh()
    later.run()
    first = patient.corners
    patient.toggle_lap(patient.chosen[1])
    patient.toggle_lap(patient.laps[3].lap_id)
    assert later.waiting == []
    assert patient.corners is first
    patient.toggle_lap(patient.laps[1].lap_id)
    later.run()
    assert set(patient.corners.rows) == {*first.rows, patient.laps[1].lap_id}


def test_another_reference_keeps_the_track_and_counts_the_same_corners(state, weekend) -> None:
    state.refresh()
    before = state.corners
    state.rotate_reference()
    assert state.corners.reference_id == state.reference_id
    assert state.corners.track is before.track
    assert [span.number for span in state.corners.spans] == [span.number for span in before.spans]


def test_corners_that_come_for_a_reference_of_before_are_not_shown(patient, later, weekend) -> None:
    patient.refresh()
    patient.rotate_reference()
    later.waiting.pop(0)()
    assert patient.corners.rows == {}
    later.run()
    assert patient.corners.reference_id == patient.reference_id


def test_three_samples_are_refused_in_words_and_the_rest_is_drawn(state, weekend, paddock, drive) -> None:
    few = paddock.lap(weekend, {name: values[:3] for name, values in drive().items()}, lap_time_s=80.0)
    state.refresh()
    if few not in state.chosen:
        state.toggle_lap(few)
    assert state.status == "ready"
    assert state.comparison.refused[few].startswith("these laps cannot be compared")
    assert state.reference_id in state.comparison.laps


def test_a_math_channel_on_a_plot_is_computed_on_the_ideal_lap_too(patient, later, weekend) -> None:
    patient.refresh()
    later.run()
    patient.toggle_lap(IDEAL)
    later.run()
    plot = next(config["id"] for config in patient.document["configs"] if config["kind"] == "traces")
    patient.show_channel("Distance Driven", plot)  # ∫v dt, which on a metre grid is the grid
    laid = patient.comparison.laps[IDEAL].columns["Distance Driven"]
    known = np.isfinite(laid)
    assert known.mean() > 0.95
    metres = patient.comparison.distance_m[known]
    assert np.abs(np.diff(laid[known]) - np.diff(metres)).max() < 0.2


def test_the_ideal_lap_is_worked_out_when_it_is_asked_for_and_drawn_like_any_other(patient, later, weekend) -> None:
    patient.refresh()
    later.run()
    assert (patient.ideal.state, patient.ideal.lap) == ("unknown", None)
    patient.toggle_lap(IDEAL)
    assert (patient.ideal.state, IDEAL in patient.chosen) == ("busy", False)
    patient.toggle_lap(IDEAL)  # nothing more happens while it is worked out
    assert len(later.waiting) == 1
    later.run()
    assert patient.ideal.state == "ready"
    assert patient.ideal.text.startswith("feasible, ")
    assert patient.chosen[-1] == IDEAL
    assert {"speed", "delta"} <= set(patient.comparison.laps[IDEAL].columns)
    assert IDEAL in patient.corners.rows


def test_the_ideal_lap_is_no_slower_than_the_best_and_is_never_the_best(state, weekend) -> None:
    state.refresh()
    best = state.best
    state.set_reference(IDEAL)
    assert state.reference_id == IDEAL
    assert state.best is best
    assert state.find_lap(IDEAL).lap_time_s <= best.lap_time_s
    assert not state.find_lap(IDEAL).counts
    against = state.comparison.laps[best.lap_id].columns["delta"]
    assert against[-1] == pytest.approx(best.lap_time_s - state.find_lap(IDEAL).lap_time_s, abs=1e-6)


def test_a_lap_more_makes_the_shown_ideal_lap_anew_and_forgets_one_nobody_sees(state, weekend, paddock, drive) -> None:
    state.refresh()
    state.toggle_lap(IDEAL)
    before = state.ideal.lap
    paddock.lap(weekend, drive(grip_g=1.46, seed=21))
    state.refresh()
    assert state.ideal.lap is not before
    assert IDEAL in state.chosen
    state.toggle_lap(IDEAL)
    paddock.lap(weekend, drive(grip_g=1.46, seed=22))
    state.refresh()
    assert state.ideal.state == "unknown"


def test_another_session_has_an_ideal_lap_of_its_own(state, weekend, paddock, drive) -> None:
    other = paddock.session("Test day")
    paddock.lap(other, drive(seed=3), kind="out")
    state.refresh()
    state.toggle_lap(IDEAL)
    state.select_session(other)
    assert state.ideal.state == ""
    assert IDEAL not in state.chosen
    with pytest.raises(NotFound):
        state.toggle_lap(IDEAL)


def test_an_ideal_lap_that_cannot_be_is_told_with_its_reason(state, paddock, drive) -> None:
    session = paddock.session()
    few = {name: values[:3] for name, values in drive().items()}
    for _ in range(2):
        paddock.lap(session, few, lap_time_s=80.0)
    state.refresh()
    state.toggle_lap(IDEAL)
    assert state.ideal.state == "impossible"
    assert state.ideal.text.endswith(".")
    assert IDEAL not in state.chosen


def test_a_lap_of_another_session_is_laid_beside_those_of_this_one(store: Store, paddock: Any, drive: Any) -> None:
    before = paddock.session("Last year")
    guest = paddock.lap(before, drive(grip_g=1.5, seed=8))
    paddock.lap(before, drive(grip_g=1.3, seed=7))
    now = paddock.session("Today")
    for seed in range(2):
        paddock.lap(now, drive(grip_g=1.4, seed=seed))
    state = ReviewState(lambda: store)
    state.refresh()
    slots = dict(state.slots)
    state.set_reference(guest)
    assert [lap.session_name for lap in state.guests] == ["Last year"]
    assert state.reference_id == guest
    assert set(state.comparison.laps) == {*slots, guest}
    assert {lap_id: state.slots[lap_id] for lap_id in slots} == slots  # no lap changes its colour
    state.refresh()
    assert state.reference_id == guest
    state.toggle_lap(guest)
    assert state.guests == []
    assert state.reference_id in slots


def test_a_lap_of_somebody_else_is_not_found_as_one_that_is_not_there(
    store: Store, weekend: str, paddock_of: Any, drive: Any
) -> None:
    theirs = paddock_of(store.for_user("bert"))
    lap_id = theirs.lap(theirs.session("Secret"), drive())
    state = ReviewState(lambda: store)
    state.refresh()
    said = []
    for wanted in (lap_id, "0" * 32):
        with pytest.raises(NotFound) as caught:
            state.toggle_lap(wanted)
        said.append(str(caught.value).replace(wanted, "…"))
    assert said[0] == said[1]


def test_a_shared_session_can_be_opened_until_it_is_shared_no_more(
    store: Store, weekend: str, paddock_of: Any, drive: Any
) -> None:
    bert = store.for_user("bert")
    theirs = paddock_of(bert)
    session = theirs.session("Bert's")
    lap_id = theirs.lap(session, drive(grip_g=1.5, seed=8))
    state = ReviewState(lambda: store)
    state.refresh()
    assert session not in {row["session_id"] for row in state.sessions}
    bert.share_session(session, "anna")
    state.refresh()
    assert session in {row["session_id"] for row in state.sessions}
    state.set_reference(lap_id)
    bert.unshare_session(session, "anna")
    state.refresh()
    assert state.guests == []
    assert lap_id not in state.chosen


def test_a_guest_whose_track_is_another_says_why_it_is_not_laid(
    store: Store, weekend: str, paddock: Any, drive: Any
) -> None:
    elsewhere = paddock.session("Elsewhere", track="Long")
    lap_id = paddock.lap(elsewhere, drive(length_m=6000.0))
    state = ReviewState(lambda: store)
    state.select_event("")
    state.select_session(weekend)
    state.toggle_lap(lap_id)
    assert lap_id not in state.comparison.laps
    assert state.comparison.refused[lap_id].startswith("these laps cannot be compared")


def test_a_first_look_opens_the_layout_of_the_session_s_car_and_a_later_session_leaves_it(
    store: Store, weekend: str, paddock: Any, drive: Any
) -> None:
    before = ReviewState(lambda: store)
    before.refresh()
    before.layouts.make_default("tyres", "car")
    other = paddock.session("Practice", car="Another")
    paddock.lap(other, drive())
    state = ReviewState(lambda: store)
    state.session_id = weekend
    state.refresh()
    assert state.layouts.layout_id == "tyres"
    state.select_session(other)
    assert state.layouts.layout_id == "tyres"
    state.layouts.make_default("engineer", "car")  # of the session that is shown now
    assert ReviewState(lambda: store).layouts.layout_id == "driver"
    later = ReviewState(lambda: store)
    later.session_id = other
    later.refresh()
    assert later.layouts.layout_id == "engineer"
