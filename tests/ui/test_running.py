"""The lap that is being driven, on a review page: chosen, growing, and exact once it is over. Without a browser."""

import queue
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ps_analytics.analysis.delta import delta
from ps_analytics.channels import MathChannel
from ps_analytics.errors import IncompatibleLaps
from ps_analytics.proto.codec import encode
from ps_analytics.store.store import Store
from ps_analytics.ui.column_line import grown_piece
from ps_analytics.ui.live import StoreWatcher
from ps_analytics.ui.rows import lap_rows, shown_laps
from ps_analytics.ui.state import FIRST_LAP, ReviewState
from ps_analytics.ui.workspace import ReviewWorkspace
from tests.ui.recording import Recording


@pytest.fixture
def recording(store: Store, drive: Any) -> Recording:
    """Two laps are over, the third has been driven for 30 seconds."""
    found = Recording(store)
    for seed in (1, 2):
        found.begin(drive(seed=seed))
        found.drive()
    found.begin(drive(seed=3))
    found.drive(30.0)
    return found


@pytest.fixture
def state(store: Store, recording: Recording) -> ReviewState:
    opened = ReviewState(lambda: store)
    opened.refresh()
    return opened


def show(state: ReviewState, *names: str) -> None:
    for name in names:
        state.show_channel(name, "speed")


def test_a_recorded_session_opens_with_the_best_lap_and_the_running_one(state, recording) -> None:
    assert state.running.lap_id == recording.laps[2]
    assert state.chosen == [state.best.lap_id, recording.laps[2]]
    assert state.reference_id == state.best.lap_id
    state.tick(recording.latest)
    row = lap_rows(state)[-1]
    assert (row["id"], row["kind"], row["chosen"], row["time_s"]) == (
        recording.laps[2], "running", True, pytest.approx(30.0, abs=0.02)
    )  # fmt: skip
    (_, running) = shown_laps(state)
    assert (running["label"], running["running"], running["closure"]["text"]) == ("Lap 3 · running", True, "so far")


def test_it_is_drawn_as_far_as_it_was_driven_and_grows_with_every_tick(state, recording) -> None:
    def driven() -> int:
        return int(np.isfinite(state.comparison.laps[recording.laps[2]].columns["speed"]).sum())

    before = driven()
    assert 0.2 < before / len(state.comparison.distance_m) < 0.6
    for _ in range(3):
        recording.drive(2.0)
        state.tick(recording.latest)
        assert driven() > before + 20
        before = driven()


def test_its_delta_so_far_is_what_the_finished_lap_has_there(state, store, recording) -> None:
    so_far = state.comparison.laps[recording.laps[2]].columns["delta"].copy()
    assert np.isnan(so_far[-1])
    recording.drive()
    recording.begin(recording._channels)
    lap, reference = (store.read_lap(lap_id) for lap_id in (recording.laps[2], state.reference_id))
    whole = delta(lap, reference).frame["delta_s"].to_numpy()
    known = np.isfinite(so_far)
    assert known.sum() > 800
    assert np.abs(so_far - whole)[known].max() < 0.02


def test_a_lap_that_is_over_stays_chosen_and_is_exact_and_the_next_one_comes_beside_it(state, store, recording) -> None:
    recording.drive()
    ended, following = recording.laps[2], recording.begin(recording._channels)
    recording.drive(20.0)
    state.tick(recording.latest)
    assert state.running.lap_id == following
    assert state.chosen == [state.reference_id, ended, following]
    fresh = ReviewState(lambda: store)
    fresh.refresh()
    fresh.set_reference(state.reference_id)
    fresh.toggle_lap(ended)
    mine, theirs = (shown.comparison.laps[ended].columns for shown in (state, fresh))
    assert mine.keys() == theirs.keys()
    for name, column in mine.items():
        np.testing.assert_array_equal(column, theirs[name])


def test_following_keeps_the_reference_the_last_lap_and_the_running_one(state, recording) -> None:
    for _ in range(2):
        recording.drive()
        recording.begin(recording._channels)
        state.refresh()
    assert state.chosen == [state.reference_id, recording.laps[3], recording.laps[4]]


def test_who_takes_the_running_lap_away_is_not_given_the_next_one(state, recording) -> None:
    state.toggle_lap(recording.laps[2])
    recording.drive()
    recording.begin(recording._channels)
    state.refresh()
    assert state.chosen == [state.reference_id]
    assert state.running.lap_id == recording.laps[3]


def test_a_session_that_ends_has_no_running_lap(state, recording) -> None:
    recording.end()
    state.refresh()
    assert (state.running, state.grown) == (None, None)
    assert recording.laps[2] in state.chosen
    assert lap_rows(state)[-1]["kind"] == "partial"


def test_a_page_of_another_session_is_not_concerned(store, recording, weekend) -> None:
    state = ReviewState(lambda: store)
    state.refresh()
    state.select_session(weekend)
    assert (state.running, state.session_id) == (None, weekend)


def test_the_first_lap_of_a_session_waits_for_one_to_be_laid_on(store, drive) -> None:
    recording = Recording(store)
    recording.begin(drive())
    recording.drive(10.0)
    state = ReviewState(lambda: store)
    state.refresh()
    state.tick(recording.latest)
    assert (state.status, state.problem) == ("empty", FIRST_LAP)
    recording.drive()
    recording.begin(drive(seed=2))
    recording.drive(5.0)
    state.tick(recording.latest)
    assert (state.status, state.chosen) == ("ready", recording.laps)


def test_a_running_lap_is_no_reference_and_stepping_and_rotating_pass_it(state, recording) -> None:
    with pytest.raises(IncompatibleLaps, match="A lap can be the reference once it is over"):
        state.set_reference(recording.laps[2])
    state.rotate_reference()
    assert state.reference_id == state.best.lap_id
    other = next(lap.lap_id for lap in state.laps if lap.lap_id != state.reference_id)
    state.step_lap(1)
    assert state.chosen == [state.reference_id, recording.laps[2], other]


def test_alone_it_waits_for_a_reference(state, recording) -> None:
    state.toggle_lap(state.reference_id)
    assert (state.chosen, state.reference_id, state.comparison) == ([recording.laps[2]], "", None)
    state.tick(recording.latest)
    state.toggle_lap(state.laps[0].lap_id)
    assert state.reference_id == recording.laps[0]
    assert recording.laps[2] in state.comparison.laps


def test_math_channels_grow_and_say_from_where_on_they_may_change(state, store, recording) -> None:
    store.write_math_channel(MathChannel("Smooth Speed", "smooth(speed, 2)"))
    store.write_math_channel(MathChannel("Top", "max(speed)"))
    store.write_math_channel(MathChannel("There", "ref(speed)"))
    show(state, "Smooth Speed", "Top", "There")
    recording.drive(1.0)
    state.tick(recording.latest)
    growth, lap_id = state.grown, recording.laps[2]
    columns = growth.laid.columns
    driven = np.flatnonzero(np.isfinite(columns["speed"]))
    stamp = growth.laid.stamp_s
    # Half a window before the last frame; a maximum may change everywhere, a value of the reference nowhere.
    last = stamp[driven[-1]]
    assert stamp[growth.provisional["Smooth Speed"]] == pytest.approx(last - 1.0, abs=0.1)
    assert growth.provisional["Top"] == driven[0]
    assert "There" not in growth.provisional
    assert np.nanmax(columns["Top"]) == pytest.approx(np.nanmax(columns["speed"]), abs=0.5)
    reference = state.comparison.laps[state.reference_id].columns["speed"]
    assert np.abs(columns["There"] - reference)[driven].max() < 1.0
    recording.drive()
    recording.begin(recording._channels)
    state.refresh()
    exact = state.comparison.laps[lap_id].columns
    settled = slice(driven[0] + 2, growth.provisional["Smooth Speed"] - 2)
    assert np.abs(exact["Smooth Speed"] - columns["Smooth Speed"])[settled].max() < 0.05
    assert {"Smooth Speed", "Top", "There"} <= exact.keys()


def test_a_formula_that_cannot_be_used_says_so_once_and_the_others_are_drawn(state, store, recording) -> None:
    store.write_math_channel(MathChannel("Grip", "g_lat * 2"))
    store.write_math_channel(MathChannel("Top of All", "max(speed, over=session)"))
    said: list[str] = []
    state.param.watch(lambda event: said.append(event.new), ["running_note"])
    show(state, "Grip", "Top of All", "Combined G")
    for _ in range(3):
        recording.drive(1.0)
        state.tick(recording.latest)
    assert said[-1].startswith("'g_lat' is not recorded in this session")
    assert "'Top of All' goes beyond a lap: it is known when the lap is over." in said[-1]
    assert len(said) == 3  # one more name each
    assert lap_rows(state)[-1]["refused"] == said[-1]
    assert "speed" in state.grown.laid.columns


def test_only_what_is_new_crosses_the_wire(store: Store, recording: Recording) -> None:
    state = ReviewState(lambda: store)
    workspace = ReviewWorkspace(state, page="p")
    sent: list[dict[str, Any]] = []
    workspace.bus.send = sent.append  # type: ignore[method-assign]  # the browser's end of the line
    workspace.receive({"op": "ready"})
    lap_id = recording.laps[2]
    browser = {
        key: values.copy()
        for message in sent
        if message["op"] == "columns"
        for key, values in message["columns"].items()
    }
    known = int(np.isfinite(browser[f"{lap_id}|speed"]).sum())
    sent.clear()
    recording.drive(1.0)
    state.tick(recording.latest)
    assert [message["op"] for message in sent] == ["running", "grow"]
    assert sent[0] == {"op": "running", "lap": lap_id, "time_s": pytest.approx(31.0, abs=0.02)}
    piece = sent[1]["columns"][f"{lap_id}|speed"]
    assert piece["at"] >= known - 1
    assert len(piece["values"]) < 100
    assert sum(part["values"].nbytes for part in sent[1]["columns"].values()) < 6_000
    for key, part in sent[1]["columns"].items():
        browser[key][part["at"] : part["at"] + len(part["values"])] = part["values"]
    for name, column in state.comparison.laps[lap_id].columns.items():
        np.testing.assert_array_equal(browser[f"{lap_id}|{name}"], column)
    sent.clear()
    state.tick(recording.latest)
    assert sent == []  # nothing has come


def test_a_piece_is_the_stretch_that_changed() -> None:
    before = np.array([1.0, np.nan, 3.0, np.nan], np.float32)
    assert grown_piece(before, before.copy()) == {}
    piece = grown_piece(before, np.array([1.0, 2.0, 3.5, np.nan], np.float32))
    assert (piece["at"], piece["values"].tolist()) == (1, [2.0, 3.5])


def test_the_watcher_ticks_for_laps_that_go_on_and_for_nobody_who_does_not_drive(store, recording, paddock_of) -> None:
    watcher = StoreWatcher(lambda: store)
    ticks: queue.Queue[list[Any]] = queue.Queue()
    others: queue.Queue[list[Any]] = queue.Queue()
    paddock_of(store.for_user("bruno")).session()
    watcher.subscribe("anna", lambda _: None, lambda rows: ticks.put(list(rows)))
    watcher.subscribe("bruno", lambda _: None, others.put)
    first = ticks.get(timeout=10)
    assert [row["lap_id"] for row in first] == [recording.laps[2]]
    recording.drive(1.0)
    (row,) = ticks.get(timeout=10)
    assert row["latest_us"] == first[0]["latest_us"] + 1_000_000
    watcher.close()
    assert ticks.empty()
    assert others.empty()


def test_a_lap_that_did_not_begin_at_the_line_has_no_delta(state, store, recording, drive) -> None:
    recording.drive()
    recording.begin(drive(seed=4), flags={"off_line": True})
    recording.drive(20.0)
    state.tick(recording.latest)
    assert state.grown.lap_id == recording.laps[3]
    assert "delta" not in state.grown.laid.columns
    assert shown_laps(state)[-1]["closure"]["text"] == "no delta yet"


def test_frames_that_come_late_wait_for_the_end_of_the_lap(state, store, recording) -> None:
    with store.transaction() as writing:
        batches = writing.batches(recording.session)
        late = replace(batches[-1], timestamp_us=batches[-1].timestamp_us - 500_000, first_seq=batches[-1].next_seq)
        writing.write_batches(recording.session, [(late, encode(late))])
    recording._seq += len(late)
    recording.drive(1.0)
    state.tick(recording.latest)
    assert np.nanmin(np.diff(state.grown.laid.stamp_s)) >= 0
