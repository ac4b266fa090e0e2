"""Where panels lie: the rule the browser follows too, halves, and who gets the room of one that goes."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ps_analytics.errors import NoRoom
from ps_analytics.ui.layouts.places import closed, halved, overlap, settle, with_new
from tests.ui.layouts.documents import SIZES, item

CASES = json.loads(Path(__file__).with_name("settling.json").read_text(encoding="utf-8"))


@st.composite
def sheets(draw: Any) -> list[dict[str, Any]]:
    """Panels anywhere, over each other too."""
    sizes = draw(st.lists(SIZES, min_size=1, max_size=10))
    return [
        item(f"p{i}", draw(st.integers(0, 12 - w)), draw(st.integers(0, 1500)), w, h) for i, (w, h) in enumerate(sizes)
    ]


def places(items: list[dict[str, Any]]) -> dict[str, list[int]]:
    return {each["plotId"]: [each["x"], each["y"], each["w"], each["h"]] for each in items}


def overlaps(items: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(a["plotId"], b["plotId"]) for i, a in enumerate(items) for b in items[:i] if overlap(a, b)]


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_the_cases_the_browser_is_tested_with(case: dict[str, Any]) -> None:
    assert places(settle(case["before"], case["moved"])) == case["after"]


@given(sheets(), st.data())
def test_wherever_a_panel_is_dropped_none_lies_over_another_and_the_list_keeps_its_order(
    items: list[dict[str, Any]], data: st.DataObject
) -> None:
    before = data.draw(st.sampled_from(items))
    w, h = data.draw(SIZES)
    moved = item(before["plotId"], data.draw(st.integers(0, 12 - w)), data.draw(st.integers(0, 2000)), w, h)
    after = settle(settle(items), moved)
    assert overlaps(after) == []
    assert [each["plotId"] for each in after] == [each["plotId"] for each in items]
    assert places(after)[moved["plotId"]][0] == moved["x"]


@given(sheets(), st.data())
def test_what_is_settled_stays_also_when_a_panel_is_put_back_where_it_was(
    items: list[dict[str, Any]], data: st.DataObject
) -> None:
    settled = settle(items)
    assert settle(settled) == settled
    assert settle(settled, data.draw(st.sampled_from(settled))) == settled


@given(sheets())
def test_a_settled_panel_rests_on_the_top_or_on_another(items: list[dict[str, Any]]) -> None:
    settled = settle(items)
    for each in settled:
        raised = {**each, "y": each["y"] - 1}
        assert each["y"] == 0 or any(overlap(raised, other) for other in settled if other is not each)


@given(sheets(), st.data(), st.sampled_from(["right", "down"]))
def test_a_half_that_is_removed_again_gives_back_the_same_places(
    items: list[dict[str, Any]], data: st.DataObject, side: Any
) -> None:
    before = settle(items)
    for new_id in ("new", "newer"):  # a half may hang in the air, where what it stood on was under the other half
        plot_id = data.draw(st.sampled_from(before))["plotId"]
        with suppress(NoRoom):
            halves = halved(before, plot_id, new_id, side)
            assert overlaps(halves) == []
            assert closed(halves, new_id) == before
            before = halves


def test_the_first_half_is_the_larger() -> None:
    items = [item("a", 0, 0, 5, 175)]
    assert places(halved(items, "a", "b", "right")) == {"a": [0, 0, 3, 175], "b": [3, 0, 2, 175]}
    assert places(halved(items, "a", "b", "down")) == {"a": [0, 0, 5, 88], "b": [0, 88, 5, 87]}


def test_a_panel_too_small_for_two_is_not_split() -> None:
    items = [item("a", 0, 0, 3, 159)]
    with pytest.raises(NoRoom) as narrow:
        halved(items, "a", "b", "right", title="Speed")
    assert str(narrow.value) == (
        "the panel 'Speed' cannot be split: two halves need 4 columns. Make it larger first."
    )  # fmt: skip
    with pytest.raises(NoRoom, match="two halves need 160 px"):
        halved(items, "a", "b", "down")


ROOM = {
    "the left neighbour before the one above": (
        [item("a", 0, 0, 6, 100), item("x", 6, 100, 6, 100), item("b", 6, 0, 6, 100), item("c", 0, 100, 6, 100)],
        {"a": [0, 0, 6, 100], "b": [6, 0, 6, 100], "c": [0, 100, 12, 100]},
    ),
    "the one above": (
        [item("a", 0, 0, 12, 100), item("x", 0, 100, 12, 100), item("b", 0, 200, 6, 100)],
        {"a": [0, 0, 12, 200], "b": [0, 200, 6, 100]},
    ),
    "the right neighbour": (
        [item("x", 0, 0, 4, 100), item("a", 4, 0, 8, 100)],
        {"a": [0, 0, 12, 100]},
    ),
    "the one below": (
        [item("x", 0, 0, 12, 100), item("a", 0, 100, 12, 100)],
        {"a": [0, 0, 12, 200]},
    ),
    "two that share the edge between them": (
        [item("a", 0, 0, 3, 100), item("b", 0, 100, 3, 150), item("x", 3, 0, 9, 250)],
        {"a": [0, 0, 12, 100], "b": [0, 100, 12, 150]},
    ),
    "nobody, and what is below rises": (
        [item("a", 0, 0, 12, 100), item("x", 0, 100, 5, 100), item("b", 0, 200, 12, 100)],
        {"a": [0, 0, 12, 100], "b": [0, 100, 12, 100]},
    ),
    "nobody where a neighbour is longer": (
        [item("a", 0, 0, 6, 300), item("x", 6, 0, 6, 100)],
        {"a": [0, 0, 6, 300]},
    ),
}


@pytest.mark.parametrize("who", ROOM)
def test_the_room_of_a_removed_panel_goes_to(who: str) -> None:
    items, after = ROOM[who]
    assert places(closed(items, "x")) == after


def test_a_new_panel_stands_below_the_column_most_panels_stand_in() -> None:
    items = [item("laps", 0, 0, 3, 300), item("a", 3, 0, 9, 200), item("b", 3, 200, 9, 100)]
    assert places(with_new(items, "new", 150, fit=False))["new"] == [3, 300, 9, 150]


def test_on_a_sheet_that_fills_the_window_the_column_makes_room_for_it() -> None:
    items = [item("laps", 0, 0, 3, 600), item("a", 3, 0, 9, 400), item("b", 3, 400, 9, 200)]
    assert places(with_new(items, "new", 150, fit=True)) == {
        "laps": [0, 0, 3, 600], "a": [3, 0, 9, 266], "b": [3, 266, 9, 133], "new": [3, 399, 9, 201],
    }  # fmt: skip


def test_it_does_not_where_a_panel_would_become_too_low() -> None:
    items = [item("a", 0, 0, 12, 100), item("b", 0, 100, 12, 100)]
    assert places(with_new(items, "new", 150, fit=True))["new"] == [0, 200, 12, 150]


def test_the_first_panel_of_a_sheet_has_its_whole_width() -> None:
    assert places(with_new([], "new", 200, fit=False)) == {"new": [0, 0, 12, 200]}
    # One that fills the window has room for others from the first on.
    assert places(with_new([], "new", 200, fit=True)) == {"new": [0, 0, 12, 900]}
