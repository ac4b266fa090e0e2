"""What can be done to a layout: whatever comes, it stays one that can be drawn."""

from contextlib import suppress
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ps_analytics.errors import BadLayout, NoRoom, NotFound
from ps_analytics.ui import layouts
from ps_analytics.ui.layouts import SHIPPED, Layout, read_document
from tests.ui.layouts.documents import KINDS, documents, item, pair
from tests.ui.layouts.test_places import SIZES, overlaps, places

ANYTHING = st.none() | st.integers(-3, 400) | st.text(max_size=3) | st.lists(st.text(max_size=2), max_size=3)


def items_of(layout: Layout, sheet: int = 0) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = layout["layout"]["sheets"][sheet]["items"]
    return found


def ids_of(layout: Layout) -> list[str]:
    return [each["id"] for each in layout["configs"]]


def check(layout: Layout) -> None:
    """It is as the reader would have it: so it has no overlap, and every panel one config and one place."""
    assert read_document(layout) == layout
    placed = [each["plotId"] for sheet in layout["layout"]["sheets"] for each in sheet["items"]]
    assert sorted(placed) == sorted(ids_of(layout))
    assert len(set(placed)) == len(placed)
    for sheet in layout["layout"]["sheets"]:
        assert overlaps(sheet["items"]) == []
        assert all(each["x"] >= 0 and each["x"] + each["w"] <= 12 for each in sheet["items"])


@st.composite
def edits(draw: Any, layout: Layout) -> Any:
    """Something done to a layout, most often with what is there."""
    plot = draw(st.sampled_from([*ids_of(layout), "nothing"]))
    sheet = draw(st.sampled_from([each["id"] for each in layout["layout"]["sheets"]]))
    given = draw(ANYTHING)
    items = next(each["items"] for each in layout["layout"]["sheets"] if each["id"] == sheet)
    thrown = []
    for each in items:
        w, h = draw(SIZES)
        thrown.append(item(each["plotId"], draw(st.integers(0, 12 - w)), draw(st.integers(0, 3000)), w, h))
    moved = draw(st.sampled_from([None, *[each["plotId"] for each in items]]))
    return draw(st.sampled_from([
        ("split", plot, draw(st.sampled_from(["right", "down"]))), ("remove", plot), ("copy_panel", plot),
        ("split", plot, given), ("place", sheet, given), ("place", sheet, thrown, moved), ("add_sheet", "More"),
        ("add_panel", sheet, draw(st.sampled_from(KINDS))), ("add_panel", sheet, given, given), ("add_sheet", given),
        ("set_channels", plot, given), ("set_title", plot, given), ("set_mode", plot, given),
        ("set_options", plot, given), ("set_options", plot, {"instead": given}), ("remove_sheet", sheet),
        ("rename_sheet", sheet, given), ("move_sheet", sheet, draw(st.integers(-2, 4))),
    ]))  # fmt: skip


@given(documents(), st.data())
@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], max_examples=30)
def test_whatever_is_done_to_a_layout_it_stays_one_that_can_be_drawn(layout: Layout, data: st.DataObject) -> None:
    for _ in range(8):
        name, *given = data.draw(edits(layout))
        before = deepcopy(layout)
        with suppress(BadLayout, NoRoom, NotFound):
            if name == "place" and len(given) == 3:
                layout = layouts.place(layout, *given[:2], moved=given[2])
            else:
                layout = getattr(layouts, name)(layout, *given)
            check(layout)
            continue
        assert layout == before


@given(documents(), st.data(), st.sampled_from(["right", "down"]))
@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=40)
def test_a_panel_that_is_split_and_removed_leaves_the_layout_as_it_was(
    layout: Layout, data: st.DataObject, side: Any
) -> None:
    if not ids_of(layout):
        return
    with suppress(NoRoom):
        halves = layouts.split(layout, data.draw(st.sampled_from(ids_of(layout))), side)
        (new,) = set(ids_of(halves)) - set(ids_of(layout))
        assert layouts.remove(halves, new) == layout


def test_a_split_panel_shows_the_same_twice() -> None:
    halves = layouts.split(SHIPPED["driver"], "pedals", "right")
    pedals, copied = [each for each in halves["configs"] if each["title"] == "Throttle / Brake"]
    assert copied == {**pedals, "id": "pedals-2"}
    assert places(items_of(halves))["pedals"] == [3, 390, 5, 196]
    assert places(items_of(halves))["pedals-2"] == [8, 390, 4, 196]
    again = layouts.split(halves, "pedals-2", "down")
    assert "pedals-3" in ids_of(again)
    assert ids_of(SHIPPED["driver"]).count("pedals-2") == 0


def test_a_removed_panel_leaves_its_room_to_its_neighbour() -> None:
    assert places(items_of(layouts.remove(SHIPPED["driver"], "delta")))["speed"] == [3, 0, 9, 390]


def test_places_from_a_drag_are_settled_with_the_moved_panel_first() -> None:
    dragged = [item("c", 0, 10, 12, 300), item("a", 0, 0, 6, 200), item("b", 6, 0, 6, 200)]
    placed = layouts.place(pair(), "one", dragged, moved="c")
    assert places(items_of(placed)) == {"c": [0, 0, 12, 300], "a": [0, 300, 6, 200], "b": [6, 300, 6, 200]}
    assert [each["plotId"] for each in items_of(placed)] == ["a", "b", "c"]


PLACES = {
    "items: 'z' is no panel of this sheet": [*items_of(pair()), item("z", 0, 0, 12, 100)],
    "items: the panel 'c' has no place among them": items_of(pair())[:2],
    "items[1].plotId: 'a' is there already, at items[0].plotId": [item("a", 0, 0, 6, 200)] * 2,
    "items[0].w: '13' is not a number from 2 to 12": [item("a", 0, 0, 13, 200)],
    "items[0].plotId: it is missing": [{"x": 0, "y": 0, "w": 6, "h": 200}],
    "items[0]: 'a' is not a JSON object": ["a"],
    "items: 'a' is not a list": "a",
}


@pytest.mark.parametrize("fault", PLACES)
def test_places_that_make_no_sense_are_refused(fault: str) -> None:
    with pytest.raises(BadLayout) as refused:
        layouts.place(pair(), "one", PLACES[fault])  # type: ignore[arg-type]  # it comes from a browser
    assert str(refused.value) == f"bad layout, {fault}."


def test_a_panel_is_added_with_the_title_of_its_kind_and_the_channels_given() -> None:
    added = layouts.add_panel(pair(), "one", "gauges", ["speed", "rpm"])
    assert added["configs"][-1] == {
        "id": "gauges", "title": "Gauges", "kind": "gauges", "channels": ["speed", "rpm"], "mode": "tiled",
        "options": {},
    }  # fmt: skip
    with pytest.raises(BadLayout, match=r"kind: 'gauge' is not known here\. Did you mean 'gauges'\?"):
        layouts.add_panel(pair(), "one", "gauge")
    with pytest.raises(BadLayout, match="takes none"):
        layouts.add_panel(pair(), "one", "laps", ["speed"])


def test_a_copied_panel_stands_below_and_pushes_the_rest_down() -> None:
    copied = layouts.copy_panel(pair(), "a")
    assert places(items_of(copied)) == {
        "a": [0, 0, 6, 200], "b": [6, 0, 6, 200], "c": [0, 400, 12, 300], "a-2": [0, 200, 6, 200],
    }  # fmt: skip


def test_what_a_panel_shows_is_changed_a_field_at_a_time() -> None:
    layout = layouts.set_channels(pair(), "a", ["gear", "rpm"])
    layout = layouts.set_mode(layout, "a", "overlaid")
    layout = layouts.set_title(layout, "a", " Engine ")
    layout = layouts.set_options(layout, "a", {"shade": 1, "palette": "warm"})
    layout = layouts.set_options(layout, "a", {"shade": None})
    layout = layouts.set_x_axis(layout, "time", plot_id="a")
    assert layout["configs"][0] == {
        "id": "a", "title": "Engine", "kind": "traces", "xAxis": "time", "channels": ["gear", "rpm"],
        "mode": "overlaid", "options": {"palette": "warm"},
    }  # fmt: skip
    assert "xAxis" not in layouts.set_x_axis(layout, None, plot_id="a")["configs"][0]
    assert layouts.set_x_axis(layout, "position", sheet_id="one")["layout"]["sheets"][0]["xAxis"] == "position"


def test_sheets_come_go_and_change_places() -> None:
    layout = layouts.add_sheet(layouts.add_sheet(pair(), "Two"), "Three")
    layout = layouts.move_sheet(layouts.add_panel(layout, "sheet", "notes"), "sheet-2", 0)
    assert [(each["id"], each["title"]) for each in layout["layout"]["sheets"]] == [
        ("sheet-2", "Three"), ("one", "One"), ("sheet", "Two"),
    ]  # fmt: skip
    layout = layouts.remove_sheet(layouts.rename_sheet(layout, "one", "First"), "sheet")
    assert [each["title"] for each in layout["layout"]["sheets"]] == ["Three", "First"]
    assert ids_of(layout) == ["a", "b", "c"]
    with pytest.raises(BadLayout) as refused:
        layouts.remove_sheet(pair(), "one")
    assert str(refused.value) == "bad layout, sheets: this is the only one. A layout has at least one sheet."


def test_what_is_not_there_is_not_found() -> None:
    for edit in (
        lambda: layouts.split(pair(), "z", "down"), lambda: layouts.remove(pair(), "z"),
        lambda: layouts.set_title(pair(), "z", "Z"), lambda: layouts.copy_panel(pair(), "z"),
    ):  # fmt: skip
        with pytest.raises(NotFound, match="no panel 'z'"):
            edit()
    for edit in (
        lambda: layouts.place(pair(), "z", []), lambda: layouts.add_panel(pair(), "z", "notes"),
        lambda: layouts.remove_sheet(pair(), "z"), lambda: layouts.set_x_axis(pair(), "time", sheet_id="z"),
    ):  # fmt: skip
        with pytest.raises(NotFound, match="no sheet 'z'"):
            edit()


def test_there_is_an_end_to_panels_and_sheets() -> None:
    layout = pair()
    for number in range(63):
        layout = layouts.add_sheet(layout, f"{number}")
    with pytest.raises(BadLayout, match="there are 64 already"):
        layouts.add_sheet(layout, "one more")
    for sheet in layout["layout"]["sheets"]:
        for _ in range(4):
            if len(layout["configs"]) < 200:
                layout = layouts.add_panel(layout, sheet["id"], "notes")
    with pytest.raises(BadLayout, match="there are 200 panels already"):
        layouts.copy_panel(layout, "a")
