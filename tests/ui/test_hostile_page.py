"""What comes from anywhere: commands nobody's page would send, layouts somebody made up, laps that are hardly any."""

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

from ps_analytics.store.store import Store
from ps_analytics.ui.layouts import driver_overview
from ps_analytics.ui.layouts.desk import COMMANDS as LAYOUT_COMMANDS
from ps_analytics.ui.math.state import MathState
from ps_analytics.ui.state import ReviewState
from ps_analytics.ui.workspace import COMMANDS, ReviewWorkspace
from tests.ui.conftest import Floats, Paddock, ReviewPage

MARKUP = "<img src=x onerror=\"document.title='owned'\">"
WRONG: tuple[Any, ...] = (None, True, -1, float("nan"), 1e308, "", "x" * 70_000, MARKUP, [], [[]], {}, {"lap": {}})
OTHER_OPS = ("view", "export", "panel", "channels", "laps_of", "references", "shares", "ready?", "", None, [], {})
WORDS = """
    lap session event by system channel favourite plot format axis request from to pixels do text items
    sheet id name title options channels kind valid reader track corner offset_s path mode side query
"""
FIELDS = WORDS.split()


class Page:
    """A page without a browser: what it says of itself, and whether it still draws."""

    def __init__(self, store: Store) -> None:
        self.state = ReviewState(lambda: store)
        self.workspace = ReviewWorkspace(self.state, page="p", math=lambda: MathState(lambda: store))
        self.sent: list[dict[str, Any]] = []
        self.workspace.bus.send = self.sent.append  # type: ignore[method-assign,assignment]  # the browser's end
        self.workspace.receive({"op": "ready"})

    def ask(self, command: dict[str, Any]) -> str:
        """What the page says when it is asked this."""
        self.state.report("")
        self.workspace.receive(command)
        return str(self.state.problem or self.state.layouts.problem)

    def is_alive(self) -> bool:
        """Whether a click still brings a commit with what is shown."""
        self.sent.clear()
        self.workspace.receive({"op": "rotate"})
        self.workspace.receive({"op": "rotate"})
        return any(message["op"] == "commit" and message["laps"] for message in self.sent)


def is_a_sentence(said: str) -> bool:
    """Whether somebody can read it: nothing, or a line or two with an end, and no name of Python's."""
    return said == "" or (len(said) < 600 and said.endswith((".", "?", "!")) and "Error(" not in said)


@pytest.mark.parametrize("op", [*COMMANDS, *OTHER_OPS], ids=str)
def test_a_command_of_wrong_things_leaves_the_page_as_it_is(op: Any, store: Store, weekend: str) -> None:
    page = Page(store)
    for wrong in WRONG:
        said = page.ask({"op": op, **dict.fromkeys(FIELDS, wrong)})
        assert is_a_sentence(said), (wrong, said[:300])
    assert is_a_sentence(page.ask({"op": op}))
    assert page.is_alive()


@pytest.mark.parametrize("do", [*LAYOUT_COMMANDS, "export"])
def test_a_layout_command_of_wrong_things_keeps_the_layout(
    do: str, store: Store, weekend: str, caplog: pytest.LogCaptureFixture
) -> None:
    page = Page(store)
    for wrong in WRONG:
        before = deepcopy(page.state.document)
        said = page.ask({"op": "layout", "do": do, **dict.fromkeys([f for f in FIELDS if f != "do"], wrong)})
        assert is_a_sentence(said), (wrong, said[:300])
        if said:
            assert page.state.document == before
    assert page.is_alive()
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []


def test_what_belongs_to_another_is_no_more_there_than_what_does_not_exist(store: Store, weekend: str) -> None:
    other = Paddock(store.for_user("bruno"))
    session = other.session("Secret test")
    lap = other.lap(session, lap_time_s=80.0)
    configs = driver_overview()["configs"]
    layout = other.store.write_layout("Secret layout", configs, driver_overview()["layout"])
    page, nowhere = Page(store), "0" * 32
    for command, theirs in (
        ({"op": "toggle"}, {"lap": lap}),
        ({"op": "reference"}, {"lap": lap}),
        ({"op": "override", "kind": "out", "valid": True}, {"lap": lap}),
        ({"op": "session"}, {"session": session}),
        ({"op": "layout", "do": "open"}, {"id": layout}),
        ({"op": "layout", "do": "rename", "name": "Mine"}, {"id": layout}),
        ({"op": "layout", "do": "delete"}, {"id": layout}),
        ({"op": "layout", "do": "duplicate"}, {"id": layout}),
        ({"op": "shares", "do": "share", "reader": "anna"}, {"session": session}),
    ):
        [(field, value)] = theirs.items()
        of_theirs, of_nobody = page.ask({**command, field: value}), page.ask({**command, field: nowhere})
        assert value in of_theirs or not of_theirs, command
        assert of_theirs.replace(value, nowhere) == of_nobody, command
        assert "Secret" not in json.dumps(page.sent, default=str)
    assert page.is_alive()


def forged() -> dict[str, str]:
    """Layouts nobody should have to draw, as texts."""
    good = driver_overview()
    many = {**good["configs"][0], "channels": ["speed"] * 5000, "kind": "traces"}
    unknown, titled = deepcopy(good), deepcopy(good)
    unknown["configs"][3]["kind"] = "constructor"
    titled["configs"][0]["title"] = MARKUP
    texts = {
        "markup": json.dumps(titled),
        "unknown kind": json.dumps(unknown),
        "no JSON": "{",
        "no object": "[1, 2]",
        "huge": json.dumps({"configs": [], "layout": {}, "more": "x" * 2_000_000}),
        "deep": "[" * 100_000 + "]" * 100_000,
        "many channels": json.dumps({**good, "configs": [many, *good["configs"][1:]]}),
        "many panels": json.dumps({**good, "configs": [{**good["configs"][0], "id": f"p{i}"} for i in range(5000)]}),
    }
    items = good["layout"]["sheets"][0]["items"]
    for name, change in {
        "no numbers": {"x": "0"},
        "beyond": {"x": 11, "w": 9},
        "endless": {"h": 1e308},
        "nowhere": {"plotId": "nobody"},
    }.items():
        document = deepcopy(good)
        document["layout"]["sheets"][0]["items"] = [{**items[0], **change}, *items[1:]]
        texts[name] = json.dumps(document)
    return texts


@pytest.mark.browser
def test_hostile_layouts_and_commands_leave_the_browser_unharmed(review: ReviewPage) -> None:
    page = review.page
    before = review.bus("JSON.stringify(bus.layout.document)")
    for name, text in forged().items():
        review.bus("bus.layout.problem = ''")
        page.evaluate(
            "(text) => [...globalThis[Symbol.for('ps-analytics.pages')].values()][0]"
            ".ask({op: 'layout', do: 'import', text})",
            text,
        )
        review.wait("bus.layout.problem !== ''")
        assert is_a_sentence(review.bus("bus.layout.problem")), name
        assert review.bus("JSON.stringify(bus.layout.document)") == before, name
    document = deepcopy(driver_overview())
    document["configs"][5]["channels"] = ["__proto__", "constructor", "<i>gear", "brake"]
    with review.redrawn():
        review.bus(f"bus.ask({{op: 'layout', do: 'import', text: {json.dumps(json.dumps(document))}}})")
    expect(page.get_by_test_id("panel-Throttle / Brake").locator("s").first).to_have_text("__proto__")
    for op in ("drop", "toggle", "step", "view", "panel", "export", "track", "layout", "math"):
        for wrong in ("null", "[]", "{}", "'x'", "-1"):
            fields = ", ".join(f"{name}: {wrong}" for name in FIELDS if name != "format")
            review.bus(f"bus.ask({{op: '{op}', {fields}}})")
    with review.redrawn():
        review.lap(1).click()
    assert page.title() == "Review · ps-analytics"
    assert not page.locator("img[src=x]").count()
    review.screenshot("review-hostile-layout")


def odd_laps(drive: Callable[..., dict[str, Floats]]) -> dict[str, dict[str, Floats]]:
    """Laps of one session that are hardly any, by what is odd about them."""
    holes = {name: values.copy() for name, values in drive(seed=3).items()}
    for name in ("speed", "throttle", "x", "y", "distance", "normalized_position"):
        holes[name][1000:1400] = np.nan
    places = ("x", "y", "distance", "normalized_position")
    return {
        "whole": drive(grip_g=1.6, seed=1),
        "three samples": {name: values[:3] for name, values in drive(seed=2).items()},
        "holes": holes,
        "no places": {name: values for name, values in drive(seed=4).items() if name not in places},
        "nothing known": {
            name: values if name == "timestamp" else np.full_like(values, np.nan)
            for name, values in drive(seed=5).items()
        },
        "standing still": {
            name: np.zeros_like(values) if name == "speed" else values for name, values in drive().items()
        },
        "another length": drive(length_m=9000.0, seed=6),
    }


@pytest.mark.browser
def test_laps_that_are_hardly_any_and_laps_of_ten_tracks_are_drawn_or_refused_in_plain_words(
    open_review: Callable[[], ReviewPage], paddock: Paddock, drive: Callable[..., dict[str, Floats]]
) -> None:
    review = open_review()
    expect(review.status()).to_have_text("No laps yet. psa demo or psa import FILE.")
    ours = paddock.session("Odd")
    odd = [
        paddock.lap(ours, channels, **({"lap_time_s": 80.0} if name == "three samples" else {}))
        for name, channels in odd_laps(drive).items()
    ]
    review.drawn()
    abroad = [
        paddock.lap(paddock.session(f"Abroad {i}", track=f"Track {i}"), drive(length_m=3000.0 + 400 * i))
        for i in range(10)
    ]
    review.wait(f"bus.choices.sessions.length === {1 + len(abroad)}")
    review.bus(f"bus.ask({{op: 'session', session: '{ours}'}})")
    review.wait("bus.lapList.laps.length === 7 && bus.painted === bus.generation")
    shown = set(review.bus("bus.laps.map(({id}) => id)"))
    for lap in [*(lap for lap in odd if lap not in shown), *abroad]:
        with review.redrawn():
            review.bus(f"bus.ask({{op: 'toggle', lap: '{lap}'}})")
        assert is_a_sentence(review.bus("bus.status.text")), lap
    assert review.bus("bus.status.kind") == "ready"
    review.screenshot("review-odd-laps")
    for layout in ("engineer", "inputs", "tyres"):
        review.bus(f"bus.ask({{op: 'layout', do: 'open', id: '{layout}'}})")
        review.wait(f"bus.layout.id === '{layout}' && bus.painted === bus.generation")
        for sheet in review.bus("bus.layout.document.layout.sheets.map(({id}) => id)"):
            review.bus(f"bus.ask({{op: 'layout', do: 'show_sheet', sheet: '{sheet}'}})")
            review.wait(f"bus.layout.sheet === '{sheet}' && bus.painted === bus.generation")
    review.bus("bus.ask({op: 'layout', do: 'open', id: 'driver'})")
    for lap in odd:  # each of them as what the others are compared with
        with review.redrawn():
            review.bus(f"bus.ask({{op: 'reference', lap: '{lap}'}})")
        assert is_a_sentence(review.bus("bus.status.text")), lap
    review.screenshot("review-odd-references")
