"""What a math editor's browser side is sent and may ask for, without one: the messages are read where they are sent."""

from typing import Any

import numpy as np
import pytest

from ps_analytics.store.store import Store
from ps_analytics.ui.attempts import BROKEN
from ps_analytics.ui.math.editor import MathEditor
from ps_analytics.ui.math.entries import key_of
from ps_analytics.ui.math.state import MathState
from ps_analytics.ui.state import ReviewState
from ps_analytics.ui.workspace import ReviewWorkspace

COMBINED = key_of("shipped", "Brake Throttle Overlap")


class Wire:
    """A review page's workspace and what it has sent its math editor since last read."""

    def __init__(self, store: Store) -> None:
        self.made: list[MathState] = []
        self.state = ReviewState(lambda: store)
        self.workspace = ReviewWorkspace(self.state, page="p", math=lambda: self._make(store))
        self.sent: list[dict[str, Any]] = []
        self.workspace.bus.send = self.sent.append  # type: ignore[method-assign]  # the browser's end of the line
        self.workspace.receive({"op": "ready"})

    def _make(self, store: Store) -> MathState:
        self.made.append(MathState(lambda: store))
        return self.made[-1]

    @property
    def math(self) -> MathState:
        return self.made[-1]

    def ask(self, do: str, **given: Any) -> dict[str, Any]:
        """The parts of what comes back, the last of each."""
        self.sent.clear()
        self.workspace.receive({"op": "math", "do": do, **given})
        parts: dict[str, Any] = {}
        for message in self.sent:
            parts |= message if message["op"] == "math" else {message["op"]: message}
        return parts

    def type(self, field: str, value: Any, version: Any = 1) -> dict[str, Any]:
        return self.ask("edit", key=self.math.key, field=field, value=value, version=version)

    def begin(self, name: str, formula: str) -> None:
        self.ask("new")
        self.type("name", name)
        self.type("formula", formula)

    def columns(self) -> dict[str, Any]:
        return {k: v for m in self.sent if m["op"] == "columns" for k, v in m["columns"].items()}


@pytest.fixture
def wire(store: Store, weekend: str) -> Wire:
    return Wire(store)


@pytest.fixture
def opened(wire: Wire) -> Wire:
    wire.ask("open")
    return wire


def test_a_page_makes_no_editor_before_it_is_opened(wire: Wire) -> None:
    assert wire.made == []
    assert [message["math"] for message in wire.sent if message["op"] == "commit"] == [True]


def test_a_page_without_an_editor_says_so_and_hears_nothing(store: Store, weekend: str) -> None:
    workspace = ReviewWorkspace(ReviewState(lambda: store), page="p")
    sent: list[dict[str, Any]] = []
    workspace.bus.send = sent.append  # type: ignore[method-assign]
    workspace.receive({"op": "ready"})
    workspace.receive({"op": "math", "do": "open"})
    assert [message["math"] for message in sent if message["op"] == "commit"] == [False]
    assert "math" not in {message["op"] for message in sent}


def test_opening_it_brings_list_form_words_laps_and_preview(wire: Wire) -> None:
    parts = wire.ask("open")
    assert {"list", "draft", "report", "preview", "words", "laps", "plots", "said"} <= set(parts)
    assert len(parts["list"]["entries"]) == 32
    assert parts["draft"]["key"] == parts["list"]["key"] == parts["report"]["key"]
    assert [plot["title"] for plot in parts["plots"]] == [
        "Speed", "Delta", "Throttle / Brake", "Steering", "Engine speed / Gear",
    ]  # fmt: skip


def test_it_is_tried_on_the_compared_lap_and_another_one_can_be_chosen(opened: Wire) -> None:
    state = opened.state
    reference, other = state.reference_id, next(i for i in state.chosen if i != state.reference_id)
    assert opened.math.ground.lap.lap_id == other
    assert opened.math.ground.reference.lap_id == reference
    parts = opened.ask("lap", lap=reference)
    assert (parts["laps"]["lap"], opened.math.ground.lap.lap_id) == (reference, reference)
    assert opened.ask("lap", lap="nobody's")["laps"]["lap"] == other


def test_the_preview_lies_on_the_metres_of_the_plots(opened: Wire) -> None:
    opened.begin("Same", "speed * 1")
    state = opened.state
    other = next(i for i in state.chosen if i != state.reference_id)
    speed = state.comparison.laps[other].columns["speed"]
    preview = opened.math.preview
    on_grid = np.interp(state.comparison.distance_m[5:-5], preview.distance_m, preview.value.values)
    assert np.abs(on_grid - speed[5:-5]).max() < 0.1  # km/h: straight between two samples a metre apart


def test_another_reference_moves_the_preview_to_its_metres(opened: Wire) -> None:
    before = opened.math.ground.places[0]
    opened.workspace.receive({"op": "rotate"})
    assert opened.math.ground.places[0] is not before
    assert opened.math.ground.places[0] is opened.state.comparison.distance_m


def test_a_key_brings_the_report_of_its_text_and_not_the_text(opened: Wire) -> None:
    opened.ask("new")
    parts = opened.type("formula", "sped", 41)
    (said,) = parts["report"]["diagnostics"]
    assert (parts["report"]["version"], said["code"], said["position"], said["end"]) == (41, "E-UNKNOWN-CHANNEL", 0, 4)
    assert said["fix"] == {"position": 0, "end": 4, "text": "speed"}
    assert "draft" not in parts
    assert "words" not in parts
    assert "list" not in parts
    assert opened.type("name", "Sped", 42)["list"]["entries"][0]["name"] == "Sped"


def test_what_another_formula_gets_wrong_is_named_and_underlines_nothing(opened: Wire, store: Store) -> None:
    opened.ask("select", key=key_of("shipped", "Understeer Angle"))
    said = opened.ask("open")["report"]["diagnostics"][0]
    assert (said["code"], said["elsewhere"], said["position"], said["end"]) == ("E-SETUP", "Kinematic Steer", 0, 0)
    assert said["severity"] == "warning"


def test_words_complete_what_the_lap_has_first_and_tell_what_it_lacks(opened: Wire) -> None:
    words = {(word["kind"], word["text"]): word for word in opened.ask("open")["words"]}
    assert not words["channel", "speed"]["dim"]
    assert "Ground Speed" in words["channel", "speed"]["also"]
    assert words["channel", "brake_press_f"]["dim"]
    assert words["math", "Combined G"]["insert"] == "'Combined G'"
    assert words["function", "smooth"]["detail"] == "smooth(x, seconds)"
    assert words["function", "smooth"]["about"].endswith(".")
    assert ("unit", "km/h") in words


def test_a_saved_channel_is_drawn_on_the_plot_it_is_shown_on(opened: Wire, store: Store) -> None:
    opened.begin("Double", "speed * 2")
    opened.ask("save")
    parts = opened.ask("show", channel="Double", plot="speed", shown=True)
    assert {key.split("|")[1] for key in opened.columns()} == {"Double"}
    assert parts["commit"]["channels"]["Double"]["unit"] == "km/h"
    assert next(plot for plot in parts["plots"] if plot["id"] == "speed")["channels"] == ["speed", "Double"]
    for lap_id, laid in opened.state.comparison.laps.items():
        np.testing.assert_allclose(laid.columns["Double"], 2 * laid.columns["speed"], atol=1e-3, err_msg=lap_id)
    parts = opened.ask("show", channel="Double", plot="speed", shown=False)
    assert "Double" not in parts["commit"]["channels"]


def test_a_channel_that_is_drawn_is_drawn_anew_when_it_is_saved_anew(opened: Wire) -> None:
    opened.begin("Double", "speed * 2")
    opened.ask("save")
    opened.ask("show", channel="Double", plot="speed", shown=True)
    opened.type("formula", "speed * 4")
    opened.ask("save")
    laid = opened.state.comparison.laps[opened.state.reference_id].columns
    np.testing.assert_allclose(laid["Double"], 4 * laid["speed"], atol=2e-3)
    opened.type("name", "Fourfold")
    opened.ask("save")
    laid = opened.state.comparison.laps[opened.state.reference_id].columns
    assert "Double" not in laid
    np.testing.assert_allclose(laid["Fourfold"], 4 * laid["speed"], atol=2e-3)


def test_a_lap_shown_later_has_the_channel_too(opened: Wire) -> None:
    opened.ask("show", channel="Brake Throttle Overlap", plot="pedals", shown=True)
    lap_id = opened.state.laps[1].lap_id
    opened.sent.clear()
    opened.workspace.receive({"op": "toggle", "lap": lap_id})
    assert f"{lap_id}|Brake Throttle Overlap" in opened.columns()


def test_a_channel_no_lap_has_is_told_where_it_would_be_drawn(opened: Wire) -> None:
    parts = opened.ask("show", channel="Nobody", plot="speed", shown=True)
    assert parts["commit"]["channels"]["Nobody"]["missing"] == "no values on these laps"


@pytest.mark.parametrize(
    "command",
    [
        {"do": "edit", "field": "formula"},
        {"do": "select"},
        {"do": "show", "channel": "x"},
    ],
)
def test_a_command_that_makes_no_sense_is_logged_and_said(
    opened: Wire, command: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    assert opened.ask(**command)["said"] == BROKEN
    assert "a callback of the page failed" in caplog.text


@pytest.mark.parametrize(
    ("field", "value"),
    [("formula", 5), ("formula", ["speed"]), ("policy", "none"), ("was", "x"), ("vehicle_id", "x"), ("__class__", "x")],
)
def test_what_is_no_text_of_a_field_changes_nothing(opened: Wire, field: str, value: Any) -> None:
    opened.ask("new")
    before = opened.math.draft
    opened.type(field, value)
    assert opened.math.draft is before


def test_a_plot_that_is_not_there_and_a_channel_that_is_not_yours_are_one_sentence(opened: Wire) -> None:
    assert opened.ask("show", channel="x", plot="laps", shown=True)["said"] == "no plot 'laps'."
    assert opened.ask("select", key="own||theirs")["said"] == "no math channel 'theirs'."
    assert opened.ask("drop_table") == {}


def test_what_the_store_refuses_is_said_with_its_hint(opened: Wire) -> None:
    opened.begin("speed", "throttle")
    assert "recorded channel" in opened.ask("save")["said"]
    assert opened.type("formula", "throttle * 2")["said"] == ""


def test_a_closed_editor_hears_nothing_and_holds_no_lap(opened: Wire) -> None:
    opened.ask("close")
    opened.sent.clear()
    opened.workspace.receive({"op": "rotate"})
    assert [message for message in opened.sent if message["op"] == "math"] == []
    assert opened.math.ground.lap is None
    parts = opened.ask("open")
    assert opened.math.ground.lap.lap_id == parts["laps"]["lap"]


def test_a_closed_page_lets_go_of_its_editor(opened: Wire) -> None:
    opened.workspace.close()
    opened.sent.clear()
    opened.math.problem = "nobody hears this."
    assert opened.sent == []


def test_in_a_cell_it_is_tried_on_the_lap_it_was_given(store: Store, weekend: str, paddock: Any) -> None:
    lap = store.read_lap(paddock.laps[weekend][1])
    editor = MathEditor(store, lap=lap)
    sent: list[dict[str, Any]] = []
    editor._desk._send = sent.append  # type: ignore[assignment]  # the browser's end of the line
    editor._bus._handle_msg({"op": "math", "do": "open"})
    editor._bus._handle_msg({"op": "math", "do": "select", "key": COMBINED})
    preview = [message["preview"] for message in sent if "preview" in message][-1]
    throttle, brake = (lap.channel(name)[name].to_numpy() for name in ("throttle", "brake"))
    np.testing.assert_allclose(preview["columns"]["lap|value"], np.minimum(throttle, brake), atol=1e-4)
    assert [message["plots"] for message in sent if "plots" in message] == [[]]
