"""Layouts are kept by name, changed in their place, deleted and written again; one is what a page opens with."""

from typing import Any

import pytest

from ps_analytics.errors import LimitReached, NameTaken, NotFound, NotKept
from ps_analytics.store import layouts
from ps_analytics.store.rows import SavedLayout
from ps_analytics.store.store import Store

CONFIGS: list[Any] = [
    {"id": "a", "title": "Größe", "kind": "traces", "channels": ["speed"], "mode": "tiled", "options": {}}
]
LAYOUT: dict[str, Any] = {"version": 1, "cols": 12, "sheets": [{"id": "s", "items": [{"plotId": "a", "x": 0.5}]}]}


def names(store: Store) -> list[str]:
    return store.find_layouts()["name"].to_list()


def test_a_layout_reads_as_it_was_written(store: Store) -> None:
    layout_id = store.write_layout(" Tyres ", CONFIGS, LAYOUT, description="what the tyres do")
    assert store.read_layout(layout_id) == SavedLayout(layout_id, "Tyres", "what the tyres do", CONFIGS, LAYOUT)
    assert store.find_layouts().to_dicts() == [
        {
            "layout_id": layout_id, "name": "Tyres", "description": "what the tyres do", "is_default": False,
            "default_for": "",
        }
    ]  # fmt: skip


def test_layouts_come_by_name_whatever_its_case(store: Store) -> None:
    for name in ("beta", "Alpha", "alpha", "Gamma"):
        store.write_layout(name, CONFIGS, LAYOUT)
    assert names(store) == ["Alpha", "alpha", "beta", "Gamma"]


def test_a_layout_is_replaced_in_its_place_and_keeps_what_is_not_said(store: Store) -> None:
    layout_id = store.write_layout("Mine", CONFIGS, LAYOUT, description="first")
    store.set_default_layout(layout_id)
    assert store.write_layout("Mine", [], {"version": 1}, layout_id=layout_id) == layout_id
    assert store.read_layout(layout_id) == SavedLayout(layout_id, "Mine", "first", [], {"version": 1}, True, "")
    store.write_layout("Other", CONFIGS, LAYOUT, layout_id=layout_id, description="second")
    assert store.read_layout(layout_id).description == "second"
    assert names(store) == ["Other"]


def test_a_name_is_taken_once(store: Store) -> None:
    first, second = (store.write_layout(name, CONFIGS, LAYOUT) for name in ("One", "Two"))
    for write in (
        lambda: store.write_layout("One", [], {}),
        lambda: store.write_layout("One", [], {}, layout_id=second),
        lambda: store.rename_layout(second, " One "),
    ):
        with pytest.raises(NameTaken) as raised:
            write()
        assert str(raised.value) == "you have another layout 'One'. Choose another name."
    assert (names(store), store.read_layout(second).configs) == (["One", "Two"], CONFIGS)
    store.rename_layout(first, "One")
    store.for_user("ben").write_layout("One", CONFIGS, LAYOUT)


def test_a_layout_is_renamed(store: Store) -> None:
    layout_id = store.write_layout("One", CONFIGS, LAYOUT)
    store.rename_layout(layout_id, "Three")
    assert store.read_layout(layout_id) == SavedLayout(layout_id, "Three", None, CONFIGS, LAYOUT)


def test_a_deleted_layout_is_handed_out_and_writing_it_again_brings_it_back(store: Store) -> None:
    layout_id = store.write_layout("One", CONFIGS, LAYOUT, description="first")
    deleted = store.delete_layout(layout_id)
    assert store.find_layouts().is_empty()
    again = store.write_layout(deleted.name, deleted.configs, deleted.layout, description=deleted.description)
    assert store.read_layout(again) == SavedLayout(again, "One", "first", CONFIGS, LAYOUT)
    with pytest.raises(NotFound, match=f"no layout '{layout_id}'"):
        store.write_layout("Two", CONFIGS, LAYOUT, layout_id=layout_id)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "it is empty. Give it a name."),
        ("   ", "it is empty. Give it a name."),
        (None, "it is empty. Give it a name."),
        ("x" * 121, "a name is one line of at most 120 characters that can be seen."),
        ("a\nb", "a name is one line of at most 120 characters that can be seen."),
        ("a\0b", "a name is one line of at most 120 characters that can be seen."),
        ("\ud800", "a name is one line of at most 120 characters that can be seen."),
    ],
)
def test_what_is_no_name_is_refused(store: Store, name: Any, reason: str) -> None:
    layout_id = store.write_layout("x" * 120, CONFIGS, LAYOUT)
    for write in (lambda: store.write_layout(name, [], {}), lambda: store.rename_layout(layout_id, name)):
        with pytest.raises(NotKept) as raised:
            write()
        assert str(raised.value) == f"this layout cannot be kept: {reason}"
    assert names(store) == ["x" * 120]


def test_a_document_that_is_too_large_or_no_json_is_refused(store: Store) -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    for configs, reason in (
        ([float("nan")], "it is not what JSON can say (Out of range float values"),
        ([b"x"], "it is not what JSON can say (Object of type bytes is not JSON serializable)."),
        (["x" * 600_000], "it has 600,031 bytes, and there may be 524,288."),
    ):
        with pytest.raises(NotKept) as raised:
            store.write_layout("One", configs, {})
        assert str(raised.value).startswith(f"layout 'One' cannot be kept: {reason}")
    with pytest.raises(NotKept, match="it is not what JSON can say"):
        store.write_layout("One", deep, {})
    with pytest.raises(NotKept, match="the description of layout 'One' cannot be kept: it has 2,000 characters"):
        store.write_layout("One", CONFIGS, LAYOUT, description="x" * 2000)
    assert store.find_layouts().is_empty()


def test_a_document_may_hold_any_text(store: Store) -> None:
    layout_id = store.write_layout("One", [{"title": "a\0b\ud800 ☃"}], {"x": 1.0, "y": 10**30})
    assert store.read_layout(layout_id).configs == [{"title": "a\0b\ud800 ☃"}]
    assert store.read_layout(layout_id).layout == {"x": 1.0, "y": 10**30}


def test_a_user_has_so_many_layouts_and_no_more(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layouts, "MOST", 2)
    first = store.write_layout("One", CONFIGS, LAYOUT)
    store.write_layout("Two", CONFIGS, LAYOUT)
    with pytest.raises(LimitReached) as raised:
        store.write_layout("Three", CONFIGS, LAYOUT)
    assert str(raised.value) == ("there are 2 layouts already, and there can be no more. Delete one you do not need.")
    store.write_layout("Three", CONFIGS, LAYOUT, layout_id=first)
    store.for_user("ben").write_layout("Three", CONFIGS, LAYOUT)


def test_the_layout_of_the_car_comes_before_that_of_the_source_and_of_everything(store: Store) -> None:
    ids = {
        target: store.write_layout(target or "all", CONFIGS, LAYOUT) for target in ("", "car:GT3", "source:acc", "car:")
    }
    assert store.default_layout(car="GT3", source="acc") is None
    for target in ("", "car:GT3", "source:acc"):
        store.set_default_layout(ids[target], default_for=target)

    def opened(**given: str | None) -> str | None:
        found = store.default_layout(**given)
        return None if found is None else found.default_for

    assert opened(car="GT3", source="acc") == "car:GT3"
    assert opened(car="Kart", source="acc") == "source:acc"
    assert opened(car="Kart") == opened(car="", source="") == opened() == ""
    store.set_default_layout(None)
    assert opened() is None
    assert opened(source="acc") == "source:acc"


def test_there_is_one_default_for_each_thing_and_a_layout_is_it_for_one(store: Store) -> None:
    first, second = (store.write_layout(name, CONFIGS, LAYOUT) for name in ("One", "Two"))
    store.set_default_layout(first, default_for="car:GT3")
    store.set_default_layout(second, default_for="car:GT3")
    told = store.find_layouts().select("name", "is_default", "default_for")
    assert told.rows() == [("One", False, ""), ("Two", True, "car:GT3")]
    store.set_default_layout(second)
    assert store.find_layouts()["default_for"].to_list() == ["", ""]
    assert store.default_layout(car="GT3") == store.read_layout(second)


def test_only_a_layout_can_be_a_default_and_only_for_a_car_a_source_or_everything(store: Store) -> None:
    layout_id = store.write_layout("One", CONFIGS, LAYOUT)
    store.set_default_layout(layout_id)
    with pytest.raises(NotFound, match="no layout 'nobody'"):
        store.set_default_layout("nobody")
    for target in ("driver:me", "car:", "x"):
        with pytest.raises(ValueError, match=f"'{target}' is neither"):
            store.set_default_layout(layout_id, default_for=target)
    assert store.default_layout() == store.read_layout(layout_id)
