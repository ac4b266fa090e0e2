"""What goes to the browser and what comes from it, without one: the messages are read where they are sent."""

from typing import Any

import numpy as np
import pytest

from ps_analytics.store.store import Store
from ps_analytics.ui.state import ReviewState
from ps_analytics.ui.workspace import UNEXPECTED, ReviewWorkspace, lap_rows, session_choice


class Wire:
    """A workspace and the messages it has sent since last read."""

    def __init__(self, store: Store) -> None:
        self.state = ReviewState(lambda: store)
        self.workspace = ReviewWorkspace(self.state, page="p")
        self.sent: list[dict[str, Any]] = []
        self.workspace.bus.send = self.sent.append  # type: ignore[method-assign]  # the browser's end of the line

    def ask(self, op: str, **given: Any) -> list[dict[str, Any]]:
        self.sent.clear()
        self.workspace.receive({"op": op, **given})
        return list(self.sent)


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
    assert ops(messages) == ["clear", "columns", "commit"]
    assert messages[0]["x"].dtype == np.float32
    channels = ["speed", "throttle", "brake", "steering", "rpm", "gear", "x", "y", "delta"]
    assert keys(messages) == {f"{lap}|{name}" for lap in wire.state.chosen for name in channels}
    assert {column.dtype for column in messages[1]["columns"].values()} == {np.dtype(np.float32)}


def test_a_lap_more_sends_that_lap_only(wire: Wire, weekend: str) -> None:
    wire.ask("ready")
    lap_id = wire.state.laps[1].lap_id
    messages = wire.ask("toggle", lap=lap_id)
    assert {key.split("|")[0] for key in keys(messages)} == {lap_id}
    assert ops(messages)[-1] == "commit"
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


def test_a_live_lap_sends_no_column(wire: Wire, weekend: str, paddock: Any, drive: Any) -> None:
    wire.ask("ready")
    wire.sent.clear()
    paddock.lap(weekend, drive(grip_g=1.4, seed=3))
    wire.state.refresh()
    assert keys(wire.sent) == set()
    assert [row["number"] for row in wire.workspace.lap_list.laps] == list(range(8))


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
    assert commit["status"]["text"] == UNEXPECTED
    assert "a callback of the review page failed" in caplog.text


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
