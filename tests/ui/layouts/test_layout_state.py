"""The choices behind a page's layouts, on a real store and without a browser."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from ps_analytics.errors import BadLayout, LimitReached, NameTaken, NoRoom, NotFound, NotKept, ShippedLayout
from ps_analytics.store.store import Store
from ps_analytics.ui.layouts import SHIPPED, read_document
from ps_analytics.ui.layouts.defaults import PREFERENCE
from ps_analytics.ui.layouts.state import LayoutState
from tests.ui.layouts.documents import config, document, item


@pytest.fixture
def state(store: Store) -> LayoutState:
    state = LayoutState(lambda: store)
    state.open_default()
    return state


@pytest.fixture
def again(store: Store) -> Callable[[], LayoutState]:
    """The same user, another day."""

    def opened() -> LayoutState:
        state = LayoutState(lambda: store)
        state.open_default()
        return state

    return opened


def own(state: LayoutState) -> list[str]:
    return [entry["name"] for entry in state.entries if not entry["shipped"]]


def entry(state: LayoutState, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in state.entries if each["name"] == name)
    return found


def titles(state: LayoutState) -> list[str]:
    return [each["title"] for each in state.document["configs"]]


def watched(state: LayoutState) -> list[set[str]]:
    """What changed together, each time something did."""
    seen: list[set[str]] = []
    state.param.watch(lambda *events: seen.append({event.name for event in events}), list(state.param))
    return seen


def test_it_asks_the_store_nothing_before_it_is_told_to() -> None:
    def untouched() -> Store:
        raise AssertionError("the store was asked")

    state = LayoutState(untouched)
    state.split("speed", "right")
    assert (state.layout_id, state.name, state.sheet_id) == ("driver", "Driver overview", "overview")
    assert len(state.entries) == 5


def test_a_first_look_lists_the_shipped_layouts_and_shows_the_driver_overview(state: LayoutState) -> None:
    assert [(each["id"], each["name"], each["shipped"]) for each in state.entries] == [
        ("driver", "Driver overview", True), ("inputs", "Driver inputs", True), ("tyres", "Tyres", True),
        ("suspension", "Suspension", True), ("engineer", "Engineer", True),
    ]  # fmt: skip
    assert state.document == SHIPPED["driver"]
    assert not state.modified


def test_an_edit_is_seen_taken_back_and_done_again(state: LayoutState) -> None:
    seen = watched(state)
    state.remove("delta")
    assert (state.modified, state.can_undo, state.can_redo) == (True, True, False)
    assert seen == [{"document", "modified", "can_undo"}]
    assert "Delta" not in titles(state)
    state.undo_edit()
    assert state.document == SHIPPED["driver"]
    assert (state.modified, state.can_undo, state.can_redo) == (False, False, True)
    state.redo_edit()
    assert "Delta" not in titles(state)
    state.undo_edit()
    state.set_title("delta", "Δ")
    assert not state.can_redo


def test_modified_means_another_than_it_is_kept_however_that_came(state: LayoutState) -> None:
    state.set_title("speed", "Pace")
    state.set_title("speed", "Speed")
    assert (state.modified, state.can_undo) == (False, True)
    state.set_title("speed", "Speed")
    state.undo_edit()
    assert titles(state)[3] == "Pace"


def test_an_edit_that_cannot_be_done_changes_nothing(state: LayoutState) -> None:
    seen = watched(state)
    with pytest.raises(NotFound):
        state.remove("nothing")
    with pytest.raises(BadLayout):
        state.set_title("speed", "<b>Speed</b>")
    with pytest.raises(NoRoom):
        state.split("laps", "right")
    assert seen == []


def test_every_edit_is_a_command(state: LayoutState) -> None:
    state.split("pedals", "down")
    state.add_panel("gauges", ["speed"], title="Now", options={"size": 2})
    state.copy_panel("gauges")
    state.set_channels("speed", ["speed", "gps_speed"])
    state.set_mode("speed", "overlaid")
    state.set_options("map", {"color": "delta"})
    state.set_x_axis("time")
    state.set_x_axis("distance", plot_id="speed")
    state.add_sheet("More")
    assert state.sheet_id == "sheet"
    state.rename_sheet("sheet", "Even more")
    state.move_sheet("sheet", 0)
    items = state.document["layout"]["sheets"][1]["items"]
    state.place("overview", [{**each, "y": each["y"] + 10} for each in items], moved="speed")
    assert read_document(state.document) == state.document
    assert state.document["layout"]["sheets"][1]["xAxis"] == "time"
    state.remove_sheet("sheet")
    assert state.sheet_id == "overview"
    for _ in range(13):
        state.undo_edit()
    assert state.document == SHIPPED["driver"]
    assert not state.can_undo


def test_a_sheet_that_goes_gives_way_to_the_one_in_its_place(state: LayoutState) -> None:
    state.open("engineer")
    state.show_sheet("engine")
    state.remove_sheet("engine")
    assert state.sheet_id == "histograms"
    state.undo_edit()
    state.show_sheet("notes")
    state.remove_sheet("notes")
    assert state.sheet_id == "reports"
    with pytest.raises(NotFound):
        state.show_sheet("notes")


def test_what_is_saved_under_a_name_is_there_another_day(state: LayoutState, again: Callable[[], LayoutState]) -> None:
    state.split("speed", "right")
    changed = state.document
    state.save_as("  My overview ")
    assert (state.name, state.modified, own(state)) == ("My overview", False, ["My overview"])
    other = again()
    assert other.document == SHIPPED["driver"]
    other.open(entry(other, "My overview")["id"])
    assert (other.document, other.name) == (changed, "My overview")
    state.open("driver")
    assert not state.modified


def test_saving_keeps_the_edits_and_undo_goes_behind_it(state: LayoutState, again: Callable[[], LayoutState]) -> None:
    state.save_as("Mine")
    state.remove("delta")
    state.save()
    assert not state.modified
    other = again()
    other.open(state.layout_id)
    assert "Delta" not in titles(other)
    state.undo_edit()
    assert state.modified
    assert "Delta" in titles(state)
    state.revert()
    assert not state.modified
    state.undo_edit()
    assert "Delta" in titles(state)


def test_a_shipped_layout_stays_as_it_is(state: LayoutState) -> None:
    state.remove("delta")
    for command in (
        state.save, lambda: state.rename("tyres", "Mine"), lambda: state.delete("driver"),
    ):  # fmt: skip
        with pytest.raises(ShippedLayout):
            command()
    with pytest.raises(ShippedLayout) as refused:
        state.save()
    assert str(refused.value) == (
        "the layout 'Driver overview' is shipped and stays as it is. Save it under a new name."
    )  # fmt: skip
    assert state.modified
    assert SHIPPED["driver"]["configs"][4]["title"] == "Delta"


def test_a_name_is_taken_once(state: LayoutState) -> None:
    state.save_as("Mine")
    mine = state.layout_id
    state.save_as("Yours")
    for command in (
        lambda: state.save_as("Mine"), lambda: state.rename(mine, "Yours"), lambda: state.save_as("Tyres"),
    ):  # fmt: skip
        with pytest.raises(NameTaken):
            command()
    with pytest.raises(NameTaken) as refused:
        state.save_as("Tyres")
    assert str(refused.value) == "you have another layout 'Tyres'. Choose another name."
    for name in ("", " ", "x" * 121, "<b>", "a\u202eb"):
        with pytest.raises(BadLayout):
            state.save_as(name)
    assert own(state) == ["Mine", "Yours"]


def test_a_layout_is_renamed_and_duplicated(state: LayoutState) -> None:
    state.save_as("Mine")
    mine = state.layout_id
    state.remove("delta")
    state.rename(mine, "Ours")
    assert (state.name, own(state), state.modified) == ("Ours", ["Ours"], True)
    state.duplicate(mine)
    assert (state.name, state.modified) == ("Ours 2", False)
    assert "Delta" not in titles(state)
    state.duplicate("tyres")
    assert (state.name, own(state)) == ("Tyres 2", ["Ours", "Ours 2", "Tyres 2"])
    assert state.document == SHIPPED["tyres"]


def test_what_was_not_saved_waits_while_another_layout_is_shown(state: LayoutState) -> None:
    state.remove("delta")
    state.open("tyres")
    assert (state.name, state.modified, state.can_undo) == ("Tyres", False, False)
    assert entry(state, "Driver overview")["modified"]
    state.open("driver")
    assert state.modified
    assert "Delta" not in titles(state)
    state.undo_edit()
    assert state.document == SHIPPED["driver"]


def test_one_that_was_deleted_elsewhere_is_saved_under_another_name(state: LayoutState, store: Store) -> None:
    state.save_as("Mine")
    store.delete_layout(state.layout_id)
    state.remove("delta")
    with pytest.raises(NotFound):
        state.save()
    state.save_as("Mine again")
    assert (own(state), state.modified) == (["Mine again"], False)
    assert "Delta" not in titles(state)


def test_a_layout_saved_elsewhere_is_opened_as_it_is_there(
    state: LayoutState, again: Callable[[], LayoutState]
) -> None:
    state.save_as("Mine")
    mine = state.layout_id
    other = again()
    other.open(mine)
    other.set_title("speed", "Pace")
    other.save()
    state.open("tyres")
    state.open(mine)
    assert (titles(state)[3], state.modified) == ("Pace", False)


def test_a_deleted_layout_comes_back_as_it_was(state: LayoutState) -> None:
    state.save_as("Mine")
    state.make_default(state.layout_id)
    state.remove("delta")
    state.delete(state.layout_id)
    assert (state.name, own(state), [each.saved.name for each in state.deleted]) == ("Driver overview", [], ["Mine"])
    assert not state.modified
    state.undo()
    assert (state.name, own(state), state.deleted, state.modified) == ("Mine", ["Mine"], [], True)
    assert entry(state, "Mine")["default"]
    assert "Delta" not in titles(state)
    state.undo()
    assert own(state) == ["Mine"]


def test_one_that_was_not_shown_comes_back_without_being_shown(state: LayoutState) -> None:
    state.save_as("Mine")
    mine = state.layout_id
    state.open("tyres")
    state.delete(mine)
    assert state.name == "Tyres"
    state.save_as("Mine")
    state.undo()
    assert (state.name, own(state)) == ("Mine", ["Mine", "Mine 2"])


def test_a_page_opens_with_the_layout_of_the_car_before_that_of_the_source_before_that_of_all(
    state: LayoutState,
) -> None:
    state.save_as("All")
    state.make_default(state.layout_id)
    state.open_default(car="M4", source="acc")
    assert state.name == "All"
    state.make_default("tyres", "source")
    state.open_default(car="M4", source="acc")
    assert state.name == "Tyres"
    state.save_as("For the M4")
    state.make_default(state.layout_id, "car")
    shown = {}
    for car, source in [("M4", "acc"), ("M4", "f1"), ("Miata", "acc"), ("Miata", "f1"), (None, None)]:
        state.open_default(car=car, source=source)
        shown[car, source] = state.name
    assert shown == {
        ("M4", "acc"): "For the M4", ("M4", "f1"): "For the M4", ("Miata", "acc"): "Tyres", ("Miata", "f1"): "All",
        (None, None): "All",
    }  # fmt: skip
    assert [(each["name"], each["default_for"]) for each in state.entries if each["default"]] == [
        ("All", ""), ("For the M4", "car:M4"), ("Tyres", "source:acc"),
    ]  # fmt: skip


def test_one_default_takes_the_place_of_another_shipped_or_not(state: LayoutState, store: Store) -> None:
    state.make_default("tyres")
    state.make_default("engineer")
    assert [each["name"] for each in state.entries if each["default"]] == ["Engineer"]
    state.save_as("Mine")
    state.make_default(state.layout_id)
    assert [each["name"] for each in state.entries if each["default"]] == ["Mine"]
    assert store.read_preference(PREFERENCE) == {}
    state.make_default("tyres")
    assert [each["name"] for each in state.entries if each["default"]] == ["Tyres"]
    state.make_default("tyres", default=False)
    assert not any(each["default"] for each in state.entries)
    state.open_default()
    assert state.name == "Driver overview"


def test_a_default_for_a_car_needs_a_car(state: LayoutState) -> None:
    with pytest.raises(NotKept) as refused:
        state.make_default("tyres", "car")
    assert str(refused.value) == (
        "a default for the car cannot be kept: this session names no car. Make it one for all."
    )  # fmt: skip
    with pytest.raises(NotFound):
        state.make_default("nothing")


def test_a_layout_of_somebody_else_s_is_not_found(state: LayoutState, store: Store) -> None:
    other = LayoutState(lambda: store.for_user("ben"))
    other.open_default()
    other.save_as("Ben's")
    for command in (state.open, state.duplicate, state.delete, lambda i: state.rename(i, "Mine"), state.make_default):
        with pytest.raises(NotFound):
            command(other.layout_id)
    assert own(state) == []
    assert state.where_used("speed") == ["Driver overview", "Driver inputs", "Tyres", "Suspension", "Engineer"]


def test_what_was_exported_is_imported_under_a_free_name(state: LayoutState, store: Store) -> None:
    state.remove("delta")
    text = state.export()
    other = LayoutState(lambda: store.for_user("ben"))
    other.open_default()
    other.import_(text)
    assert (other.name, other.document, other.modified) == ("Driver overview 2", state.document, False)
    other.import_(text)
    assert own(other) == ["Driver overview 2", "Driver overview 3"]


def test_an_import_with_unknown_channels_is_fine(state: LayoutState) -> None:
    made = document(item("a", 0, 0, 12, 300)) | {"configs": [config("a", channels=["speed", "Düse 3"])]}
    state.import_(json.dumps(made))
    assert (state.name, state.document) == ("Imported layout", made)


def test_a_layout_that_came_with_a_link_is_shown_and_kept_under_a_name(state: LayoutState) -> None:
    state.remove("delta")
    state.show_linked("Ben's tyres", SHIPPED["tyres"], sheet_id="slip")
    assert (state.name, state.sheet_id, state.modified, state.is_own) == ("Ben's tyres", "slip", False, False)
    with pytest.raises(NotKept) as refused:
        state.save()
    assert str(refused.value) == "this layout cannot be kept: it came with a link. Save it under a name of yours."
    state.remove("slips")
    state.revert()
    assert not state.modified
    state.save_as(state.name)
    assert (own(state), state.document, state.is_own) == (["Ben's tyres"], SHIPPED["tyres"], True)
    state.show_linked("Another", SHIPPED["engineer"], sheet_id="nothing")
    assert (state.name, state.sheet_id) == ("Another", "laps")
    state.duplicate(state.layout_id)
    assert (state.name, state.is_own) == ("Another", True)
    state.open("driver")
    assert state.modified
    with pytest.raises(NotFound):
        state.open("link")


BAD = {
    "": "bad layout: line 1, column 1: expecting value. Give a layout's JSON.",
    "[]": "bad layout: a list is not a JSON object.",
    '{"configs": [': "bad layout: line 1, column 14: expecting value. Give a layout's JSON.",
    '{"configs": [NaN]}': "bad layout: a number in it is none. Give a layout's JSON.",
    '{"configs": ' + "9" * 5000 + "}": "bad layout: a number in it is none. Give a layout's JSON.",
    "[" * 200_000: "bad layout: it nests too deep. Give a layout's JSON.",
    '{"format": "ps-analytics math channels"}': (
        "bad layout, format: it is not 'ps-analytics layout'. Give a layout's JSON."
    ),
    " " * 2_000_000: "bad layout: it has 2,000,000 characters, at most 1,024,000 are read. Make two of it.",
    '{"name": 7, "configs": [], "layout": {"items": []}}': "bad layout, name: '7' is not a text.",
    json.dumps(document(item("a", 0, 0, 12, 300)) | {"configs": [config("a", "radar")]}): (
        "bad layout, configs[0].kind: 'radar' is not known here. There are traces, map, laps, lap_table, corners, "
        "report, gauges, notes, video, scatter, histogram. Take the panel out, or install the plugin that adds its "
        "kind."
    ),
}


@pytest.mark.parametrize("text", BAD, ids=lambda text: text[:30])
def test_an_import_that_is_none_says_why_and_the_view_stays(text: str, state: LayoutState) -> None:
    seen = watched(state)
    with pytest.raises(BadLayout) as refused:
        state.import_(text)
    assert str(refused.value) == BAD[text]
    assert (seen, own(state)) == ([], [])


def test_what_is_kept_and_cannot_be_drawn_is_told_and_the_view_stays(state: LayoutState, store: Store) -> None:
    broken = store.write_layout("Broken", [], {"version": 9})
    store.set_default_layout(broken)
    with pytest.raises(BadLayout, match="layout, layout"):
        state.open(broken)
    assert state.name == "Driver overview"
    state.open_default()
    assert (state.name, state.problem) == (
        "Driver overview", "bad layout, layout.version: this ps-analytics reads version 1. Update it.",
    )  # fmt: skip
    assert state.where_used("speed")[0] == "Driver overview"


def test_a_stored_panel_of_an_absent_plugin_stays_through_edits_and_saves(state: LayoutState, store: Store) -> None:
    made = document(item("a", 0, 0, 6, 300), item("b", 6, 0, 6, 300))
    radar = config("a", "radar", options={"range": 3})
    kept = store.write_layout("Radar", [radar, made["configs"][1]], made["layout"])
    state.open(kept)
    state.set_title("b", "Pace")
    state.save()
    assert store.read_layout(kept).configs[0] == radar


def test_there_is_an_end_to_layouts(state: LayoutState, store: Store) -> None:
    made = document(item("a", 0, 0, 12, 300))
    for number in range(500):
        store.write_layout(f"{number}", made["configs"], made["layout"])
    with pytest.raises(LimitReached):
        state.save_as("One more")
    assert (state.name, state.layout_id) == ("Driver overview", "driver")


def test_a_renamed_channel_is_followed_in_every_layout(state: LayoutState, store: Store) -> None:
    state.set_channels("speed", ["speed", "Slip"])
    state.save_as("Mine")
    mine = state.layout_id
    state.set_channels("delta", ["delta", "Slip"])
    state.open("tyres")
    state.set_channels("speed", ["Slip", "Combined G"])
    assert state.where_used("Slip") == ["Mine", "Tyres"]
    state.rename_channels({"Slip": "Rear slip", "Combined G": "Grip"})
    assert (state.where_used("Slip"), state.where_used("Rear slip")) == ([], ["Mine", "Tyres"])
    assert next(c["channels"] for c in state.document["configs"] if c["id"] == "speed") == ["Rear slip", "Combined G"]
    assert store.read_layout(mine).configs[3]["channels"] == ["speed", "Rear slip"]
    state.open(mine)
    assert state.modified
    state.undo_edit()
    assert not state.modified
