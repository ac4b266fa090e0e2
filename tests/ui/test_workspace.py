"""What goes to the browser and what comes from it, without one: the messages are read where they are sent."""

from typing import Any

import numpy as np
import pytest

from ps_analytics.store.store import Store
from ps_analytics.ui.attempts import BROKEN
from ps_analytics.ui.rows import corner_message, lap_rows, session_choice
from ps_analytics.ui.state import ReviewState
from ps_analytics.ui.workspace import ReviewWorkspace

LISTS = ("layout", "choices", "laps")
"""What a page is told beside what it draws."""


class Wire:
    """A workspace and the messages it has sent since last read."""

    def __init__(self, store: Store) -> None:
        self.state = ReviewState(lambda: store)
        self.workspace = ReviewWorkspace(self.state, page="p")
        self.sent: list[dict[str, Any]] = []
        self._told: dict[str, dict[str, Any]] = {}
        self.workspace.bus.send = self._hear  # type: ignore[method-assign]  # the browser's end of the line

    def _hear(self, message: dict[str, Any]) -> None:
        self._told[message["op"]] = message
        if message["op"] not in LISTS:
            self.sent.append(message)

    def ask(self, op: str, **given: Any) -> list[dict[str, Any]]:
        """What is drawn in answer."""
        self.sent.clear()
        self.workspace.receive({"op": op, **given})
        return list(self.sent)

    def told(self, op: str) -> dict[str, Any]:
        """What the browser has been told last of a kind."""
        return self._told[op]


@pytest.fixture
def wire(store: Store) -> Wire:
    return Wire(store)


def ops(messages: list[dict[str, Any]]) -> list[str]:
    return [message["op"] for message in messages]


def keys(messages: list[dict[str, Any]]) -> set[str]:
    return {key for message in messages if message["op"] == "columns" for key in message["columns"]}


def test_nothing_is_sent_before_the_browser_listens(wire: Wire, weekend: str) -> None:
    wire.state.refresh()
    assert wire.sent == []


def test_the_first_answer_is_the_grid_the_columns_and_one_commit(wire: Wire, weekend: str) -> None:
    messages = wire.ask("ready")
    assert ops(messages) == ["clear", "columns", "commit", "corners"]
    assert messages[0]["x"].dtype == np.float32
    channels = ["speed", "throttle", "brake", "steering", "rpm", "gear", "x", "y", "delta", "elapsed"]
    expected = {f"{lap}|{name}" for lap in wire.state.chosen for name in channels}
    assert keys(messages) == {*expected, f"{wire.state.chosen[1]}|band"}
    assert {column.dtype for column in messages[1]["columns"].values()} == {np.dtype(np.float32)}


def test_a_lap_more_sends_that_lap_only(wire: Wire, weekend: str) -> None:
    wire.ask("ready")
    lap_id = wire.state.laps[1].lap_id
    messages = wire.ask("toggle", lap=lap_id)
    assert {key.split("|")[0] for key in keys(messages)} == {lap_id}
    assert ops(messages)[-2:] == ["commit", "corners"]
    assert ops(messages).count("commit") == 1


def test_a_lap_shown_again_sends_no_column(wire: Wire, weekend: str) -> None:
    wire.ask("ready")
    lap_id = wire.state.laps[1].lap_id
    wire.ask("toggle", lap=lap_id)
    wire.ask("toggle", lap=lap_id)
    assert ops(wire.ask("toggle", lap=lap_id)) == ["commit"]


def test_another_reference_sends_everything_on_its_grid(wire: Wire, weekend: str) -> None:
    wire.ask("ready")
    messages = wire.ask("rotate")
    assert ops(messages)[0] == "clear"
    assert {key.split("|")[0] for key in keys(messages)} == set(wire.state.chosen)


def test_corners_go_with_their_tables_and_come_back_with_the_browser(wire: Wire, weekend: str) -> None:
    message = wire.ask("ready")[-1]
    assert set(message["tables"]) == set(wire.state.chosen)
    numbers = [corner["number"] for corner in message["corners"]]
    for rows in message["tables"].values():
        assert [row["number"] for row in rows] == numbers
    assert wire.ask("ready")[-1] == message


def test_the_corners_of_another_reference_stay_in_place_and_its_tables_wait(wire: Wire, weekend: str) -> None:
    wire.ask("ready")
    sheet = wire.state.corners
    waiting = corner_message(sheet, "another")
    assert (waiting["tables"], waiting["corners"]) == ({}, corner_message(sheet, sheet.reference_id)["corners"])


def test_every_shown_lap_says_how_its_delta_closes(wire: Wire, weekend: str, paddock: Any, drive: Any) -> None:
    paddock.lap(weekend, drive(grip_g=1.0, seed=7), kind="in", lap_time_s=None)
    untimed = paddock.laps[weekend][-1]
    wire.ask("ready")
    laps = wire.ask("toggle", lap=untimed)[-2]["laps"]
    assert [lap["closure"] and lap["closure"]["warns"] for lap in laps] == [None, False, True]
    assert laps[2]["closure"]["text"] == "no delta: no lap time"


def test_the_ideal_lap_stands_above_the_laps_and_is_no_lap_of_the_list(wire: Wire, weekend: str) -> None:
    wire.ask("ready")
    assert wire.told("laps")["ideal"]["state"] == "unknown"
    commits = [message for message in wire.ask("reference", lap="ideal") if message["op"] == "commit"]
    assert [(lap["label"], lap["reference"]) for lap in commits[-1]["laps"]][-1] == ("Ideal", True)
    row = wire.told("laps")["ideal"]
    assert (row["state"], row["chosen"], row["reference"]) == ("ready", True, True)
    assert row["gap_s"] <= 0
    assert [lap["number"] for lap in wire.told("laps")["laps"]] == list(range(7))


def test_a_refused_lap_has_its_reason_beside_it(wire: Wire, weekend: str, paddock: Any, drive: Any) -> None:
    longer = paddock.lap(weekend, drive(length_m=6000.0))
    wire.ask("ready")
    reasons = {row["id"]: row["refused"] for row in wire.told("laps")["laps"] if row["refused"]}
    assert list(reasons) == [longer]
    assert reasons[longer].startswith("these laps cannot be compared")


def test_sectors_are_listed_and_the_session_s_best_are_marked(wire: Wire, paddock: Any, drive: Any) -> None:
    session = paddock.session()
    for seed, sectors in enumerate(([30.0, 31.5, 29.0], [30.5, 31.0, 29.5])):
        paddock.lap(session, drive(seed=seed), sectors_s=sectors)
    wire.ask("ready")
    rows = wire.told("laps")["laps"]
    assert [[one["time_s"] for one in row["sectors"]] for row in rows] == [[30.0, 31.5, 29.0], [30.5, 31.0, 29.5]]
    assert [[one["best"] for one in row["sectors"]] for row in rows] == [[True, False, True], [False, True, False]]


def test_a_live_lap_sends_no_column(wire: Wire, weekend: str, paddock: Any, drive: Any) -> None:
    wire.ask("ready")
    wire.sent.clear()
    paddock.lap(weekend, drive(grip_g=1.4, seed=3))
    wire.state.refresh()
    assert keys(wire.sent) == set()
    assert [row["number"] for row in wire.told("laps")["laps"]] == list(range(8))


def test_a_browser_that_comes_back_gets_all_of_it_again(wire: Wire, weekend: str) -> None:
    first = keys(wire.ask("ready"))
    assert keys(wire.ask("ready")) == first


def test_what_a_user_may_not_do_is_one_sentence(wire: Wire, weekend: str) -> None:
    wire.ask("ready")
    (commit,) = wire.ask("toggle", lap="theirs")
    assert commit["status"] == {"kind": "ready", "text": "no lap 'theirs'."}


@pytest.mark.parametrize("command", [{"op": "toggle"}, {"op": "step", "by": "far"}])
def test_a_command_that_makes_no_sense_is_logged_and_said(
    wire: Wire, weekend: str, command: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    wire.ask("ready")
    (commit,) = wire.ask(**command)
    assert commit["status"]["text"] == BROKEN
    assert "a callback of the page failed" in caplog.text


def test_an_unknown_command_does_nothing(wire: Wire, weekend: str) -> None:
    wire.ask("ready")
    assert wire.ask("drop_table") == []


def test_lap_rows_tell_gap_kind_and_validity(wire: Wire, weekend: str) -> None:
    wire.state.refresh()
    rows = {row["number"]: row for row in lap_rows(wire.state)}
    best = wire.state.best.lap_time_s
    assert rows[5]["best"]
    assert rows[1]["gap_s"] == pytest.approx(rows[1]["time_s"] - best)
    assert (rows[0]["kind"], rows[0]["gap_s"]) == ("out", None)
    assert (rows[4]["valid"], rows[4]["reasons"]) == (False, ["four wheels off the track"])
    assert [row["color"] for row in rows.values() if row["chosen"]] == ["#ff9d42", "#4cc2ff"]


def test_a_session_is_offered_by_when_and_what(wire: Wire, weekend: str) -> None:
    wire.state.refresh()
    choice = session_choice(wire.state.sessions[0])
    assert choice["name"].endswith(" · Qualifying")
    assert choice["about"] == "Bean · Formula Test"
    assert not choice["recording"]


def test_a_closed_workspace_lets_go_of_its_state(wire: Wire, weekend: str) -> None:
    wire.ask("ready")
    wire.workspace.close()
    wire.sent.clear()
    wire.state.report("nobody hears this.")
    assert wire.sent == []
