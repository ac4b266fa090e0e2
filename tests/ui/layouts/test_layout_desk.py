"""Between the layouts' state and the browser: one message a change, and nothing hostile gets through."""

import json
from typing import Any

import pytest
from bokeh.core.property.wrappers import PropertyValueDict, PropertyValueList
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ps_analytics.store.store import Store
from ps_analytics.ui.attempts import BROKEN
from ps_analytics.ui.layouts import SHIPPED, read_document
from ps_analytics.ui.layouts.desk import COMMANDS, LayoutDesk
from ps_analytics.ui.layouts.state import LayoutState


class Page:
    """A desk, its state, and what it sent."""

    def __init__(self, store: Store) -> None:
        self.state = LayoutState(lambda: store)
        self.sent: list[dict[str, Any]] = []
        self.desk = LayoutDesk(self.state, lambda message: self.sent.append(dict(message)))
        self.state.open_default()
        assert self.sent == []
        self.desk.listen()

    def ask(self, do: Any, **given: Any) -> dict[str, Any]:
        """The one message that answers a command."""
        self.sent.clear()
        self.desk.receive({"op": "layout", "do": do, **given})
        (message,) = self.sent
        return message


@pytest.fixture
def page(store: Store) -> Page:
    return Page(store)


def test_a_browser_that_comes_gets_all_of_it_and_the_kinds_there_are(page: Page) -> None:
    (first,) = page.sent
    assert {name: first[name] for name in first if name not in ("document", "entries", "kinds")} == {
        "op": "layout", "sheet": "overview", "id": "driver", "name": "Driver overview", "shipped": True,
        "modified": False, "undo": False, "redo": False, "deleted": "", "problem": "",
    }  # fmt: skip
    assert first["document"] == SHIPPED["driver"]
    assert {each["name"]: each["native"] for each in first["kinds"]}["scatter"] is False
    assert json.loads(json.dumps(first)) == first


def test_every_command_is_answered_by_one_message(page: Page) -> None:
    assert page.ask("split", plot="speed", side="right")["modified"] is True
    assert page.ask("add_panel", kind="gauges", channels=["speed"])["document"]["configs"][-1]["channels"] == ["speed"]
    answer = page.ask("save_as", name="Mine")
    mine = answer["id"]
    assert (answer["name"], answer["modified"], answer["shipped"]) == ("Mine", False, False)
    items = answer["document"]["layout"]["sheets"][0]["items"]
    assert page.ask("place", sheet="overview", items=[{**i, "y": 0} for i in items], moved="map")["undo"] is True
    assert page.ask("set_x_axis", axis="time")["document"]["layout"]["sheets"][0]["xAxis"] == "time"
    assert page.ask("set_x_axis", axis="position", plot="speed")["document"]["configs"][3]["xAxis"] == "position"
    assert "xAxis" not in page.ask("set_x_axis", plot="speed", axis=None)["document"]["configs"][3]
    assert page.ask("set_options", plot="map", options={"color": "brake"})["document"]["configs"][2]["options"] == {
        "color": "brake"
    }
    assert page.ask("set_options", plot="map", options={"color": None})["document"]["configs"][2]["options"] == {}
    assert page.ask("add_sheet", title="More")["sheet"] == "sheet"
    assert page.ask("show_sheet", sheet="overview")["sheet"] == "overview"
    assert page.ask("move_sheet", sheet="sheet", to=0)["document"]["layout"]["sheets"][0]["title"] == "More"
    assert page.ask("revert")["modified"] is False
    assert page.ask("undo_edit")["redo"] is True
    assert page.ask("make_default", id="tyres")["entries"][3]["default"] is True
    assert page.ask("rename", id=mine, name="Ours")["name"] == "Ours"
    assert page.ask("duplicate", id="tyres")["name"] == "Tyres 2"
    assert page.ask("delete", id=mine)["deleted"] == "Ours"
    assert page.ask("undo")["deleted"] == ""
    assert page.ask("open", id="engineer")["sheet"] == "laps"
    page.sent.clear()
    page.desk.receive({"op": "layout", "do": "export"})
    (exported,) = page.sent
    assert (exported["op"], exported["name"]) == ("layout_file", "Engineer")
    assert page.ask("import", text=exported["text"])["name"] == "Engineer 2"


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown command": (
        {"do": "spilt"}, "bad layout, do: 'spilt' is not known here. Did you mean 'split'? There are split, "
    ),
    "no command": ({}, "bad layout, do: it is missing."),
    "a panel that is no text": (
        {"do": "remove", "plot": {"id": 1}}, "bad layout, plot: an object is not a text."
    ),
    "a panel that is not there": ({"do": "remove", "plot": "nothing"}, "no panel 'nothing'."),
    "a side there is not": (
        {"do": "split", "plot": "speed", "side": "up"},
        "bad layout, side: 'up' is not known here. There are right, down.",
    ),
    "a panel that is too small": (
        {"do": "split", "plot": "steering", "side": "down"},
        "the panel 'Steering' cannot be split: two halves need 160 px. Make it larger first.",
    ),
    "places that are none": (
        {"do": "place", "sheet": "overview", "items": "all"}, "bad layout, items: 'all' is not a list."
    ),
    "a shipped one": (
        {"do": "save"}, "the layout 'Driver overview' is shipped and stays as it is. Save it under a new name."
    ),
    "somebody's layout": ({"do": "open", "id": "x"}, "no layout 'x'."),
    "an import of nothing": ({"do": "import", "text": ["{}"]}, "bad layout: it is not a text."),
    "a car without one": (
        {"do": "make_default", "id": "tyres", "for": "car"},
        "a default for the car cannot be kept: this session names no car. Make it one for all.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_done_is_one_sentence_and_changes_nothing(what: str, page: Page) -> None:
    command, sentence = REFUSED[what]
    before = {name: value for name, value in page.sent[-1].items() if name != "kinds"}
    page.sent.clear()
    page.desk.receive({"op": "layout", **command})
    (message,) = page.sent
    assert message["problem"].startswith(sentence)
    assert {**message, "problem": ""} == before
    assert page.ask("set_title", plot="speed", title="Pace")["problem"] == ""


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=4)
    | st.sampled_from(["speed", "overview"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
FIELDS = ("plot", "side", "sheet", "items", "moved", "kind", "channels", "title", "options", "mode", "axis", "to", "id",
          "name", "for", "default", "text")  # fmt: skip


@given(st.sampled_from([*COMMANDS, "export"]), st.dictionaries(st.sampled_from(FIELDS), ANYTHING))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
def test_nothing_a_browser_sends_is_worse_than_refused(page: Page, do: str, given: dict[str, Any]) -> None:
    page.desk.receive({"op": "layout", "do": do, **given})
    assert page.state.problem != BROKEN
    assert read_document(page.state.document) == page.state.document


def test_nothing_of_the_browser_s_is_kept(page: Page) -> None:
    channels = PropertyValueList(["speed", "rpm"])
    options = PropertyValueDict({"palette": PropertyValueList(["a"])})
    items = PropertyValueList([PropertyValueDict(i) for i in SHIPPED["driver"]["layout"]["sheets"][0]["items"]])
    page.ask("set_channels", plot="speed", channels=channels)
    page.ask("set_options", plot="speed", options=options)
    page.desk.receive({"do": "place", "sheet": "overview", "items": items})
    page.ask("add_panel", kind="gauges", channels=channels, options=options)

    def plain(value: Any) -> bool:
        if isinstance(value, dict):
            return type(value) is dict and all(map(plain, value.values()))
        return type(value) is list and all(map(plain, value)) if isinstance(value, list) else True

    assert plain(page.state.document)


def test_an_error_nobody_foresaw_is_logged_and_said_in_one_sentence(caplog: pytest.LogCaptureFixture) -> None:
    def gone() -> Store:
        raise OSError("the disk is gone")

    sent: list[Any] = []
    desk = LayoutDesk(LayoutState(gone), sent.append)
    desk.listen()
    desk.receive({"op": "layout", "do": "open", "id": "x"})
    assert sent[-1]["problem"] == BROKEN
    assert "the disk is gone" in caplog.text


def test_what_fails_behind_the_state_is_said_too_and_the_browser_has_what_is_so(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: Any) -> None:
        raise OSError("no panel")

    state = LayoutState(lambda: store)
    state.param.watch(fails, ["document"])
    sent: list[Any] = []
    desk = LayoutDesk(state, sent.append)
    desk.listen()
    desk.receive({"op": "layout", "do": "remove", "plot": "delta"})
    assert (sent[-1]["problem"], sent[-1]["modified"]) == (BROKEN, True)
    assert "no panel" in caplog.text


def test_a_page_that_is_closed_is_told_nothing(page: Page) -> None:
    page.desk.close()
    page.sent.clear()
    page.state.remove("delta")
    assert page.sent == []
