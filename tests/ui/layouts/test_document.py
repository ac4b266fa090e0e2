"""Layouts from anywhere: what is read, and what is refused, with the field it is about."""

import json
import math
from contextlib import suppress
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ps_analytics.errors import BadLayout
from ps_analytics.ui.layouts import SHIPPED, channels_of, read_document, with_channel, with_name
from ps_analytics.ui.layouts.kinds import KINDS
from tests.ui.layouts.documents import config, document, documents, item, pair

FEW = {name: KINDS[name] for name in ("traces", "map", "laps", "report")}


def changed(path: str, value: Any) -> dict[str, Any]:
    """A good document with one field of it otherwise."""
    data: Any = pair()
    *way, last = [int(step) if step.isdecimal() else step for step in path.split("/")]
    part = data
    for step in way:
        part = part[step]
    part[last] = value
    return dict(data)


@given(documents())
@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=40)
def test_what_is_written_reads_back_the_same(data: dict[str, Any]) -> None:
    read = read_document(data)
    assert read_document(json.loads(json.dumps(read))) == read


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["configs", "layout", "sheets", "items", "id", "plotId", "kind", "x", "w", "options"]), inner
    ),
    max_leaves=12,
))  # fmt: skip
def test_nothing_from_anywhere_is_worse_than_refused(data: Any) -> None:
    with suppress(BadLayout):
        read_document(data)


@given(documents(), st.data())
@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=40)
def test_a_layout_with_something_else_in_one_field_is_read_or_refused_and_never_changed(
    data: dict[str, Any], draw: st.DataObject
) -> None:
    part: Any = data
    while isinstance(part, dict | list) and part:
        key = draw.draw(st.sampled_from(sorted(part) if isinstance(part, dict) else list(range(len(part)))))
        inner = part[key]
        if not isinstance(inner, dict | list) or draw.draw(st.booleans()):
            part[key] = draw.draw(
                st.sampled_from([None, [], {}, "", "\ud800", math.nan, math.inf, -1, 10**400, [[]], "x"])
            )
            break
        part = inner
    before = deepcopy(data)
    with suppress(BadLayout):
        read = read_document(data)
        assert read_document(read) == read
    assert repr(data) == repr(before)


REFUSED = {
    "not an object": ([1], "bad layout: a list is not a JSON object."),
    "no configs": ({"layout": {}}, "bad layout, configs: it is missing."),
    "no layout": ({"configs": []}, "bad layout, layout: it is missing."),
    "a title that is a number": (
        changed("configs/1/title", 7), "bad layout, configs[1].title: '7' is not a text."
    ),
    "a title that is too long": (
        changed("configs/1/title", "x" * 3000),
        "bad layout, configs[1].title: it has 3,000 characters, at most 120 are kept. Shorten it.",
    ),
    "a title nobody sees all of": (
        changed("configs/2/title", "Speed\u202e"),
        "bad layout, configs[2].title: character 6 is invisible (U+202E). Delete it.",
    ),
    "HTML in a title": (
        changed("layout/sheets/0/title", "<img src=x>"),
        "bad layout, layout.sheets[0].title: it has HTML ('<img src=x>'). Titles are plain text.",
    ),
    "an unknown kind": (
        changed("configs/0/kind", "trace"),
        "bad layout, configs[0].kind: 'trace' is not known here. Did you mean 'traces'? There are traces, map, laps, "
        "report. Take the panel out, or install the plugin that adds its kind.",
    ),
    "an unknown mode": (
        changed("configs/0/mode", "stacked"),
        "bad layout, configs[0].mode: 'stacked' is not known here. Did you mean 'tiled'? There are tiled, overlaid.",
    ),
    "an unknown axis": (
        changed("layout/sheets/0/xAxis", ["time"]),
        "bad layout, layout.sheets[0].xAxis: a list is not known here. There are distance, position, time.",
    ),
    "channels that are none": (
        changed("configs/0/channels", "speed"), "bad layout, configs[0].channels: 'speed' is not a list."
    ),
    "a channel twice": (
        changed("configs/0/channels", ["speed", "speed"]),
        "bad layout, configs[0].channels[1]: 'speed' is there already, at configs[0].channels[0].",
    ),
    "a huge array": (
        changed("configs/0/channels", ["speed"] * 1_000_000),
        "bad layout, configs[0].channels: it has 1,000,000 entries, at most 64 are possible. Take some out.",
    ),
    "channels a kind does not take": (
        changed("configs/0", config("a", "laps", ["speed"])),
        "bad layout, configs[0].channels: it has 1, a panel of kind 'laps' takes none.",
    ),
    "an id twice": (
        changed("configs/1/id", "a"), "bad layout, configs[1].id: 'a' is there already, at configs[0].id."
    ),
    "a place for no panel": (
        changed("layout/sheets/0/items/1/plotId", "z"),
        "bad layout, layout.sheets[0].items[1].plotId: no config has the id 'z'.",
    ),
    "a panel without a place": (
        changed("configs", [*pair()["configs"], config("z")]),
        "bad layout, configs[3].id: 'z' has no place on any sheet. Give it one.",
    ),
    "a panel with two places": (
        changed("layout/sheets/0/items/1/plotId", "a"),
        "bad layout, layout.sheets[0].items[1].plotId: 'a' is there already, at layout.sheets[0].items[0].plotId.",
    ),
    "a place that is not a number": (
        changed("layout/sheets/0/items/0/y", math.nan),
        "bad layout, layout.sheets[0].items[0].y: 'nan' is not a number from 0 to 19920.",
    ),
    "a huge number": (
        changed("layout/sheets/0/items/0/x", 10**400),
        "bad layout, layout.sheets[0].items[0].x: a huge number is not a number from 0 to 10.",
    ),
    "half a column": (
        changed("layout/sheets/0/items/0/w", 2.5), "bad layout, layout.sheets[0].items[0].w: 2.5 is not a whole number."
    ),
    "a panel wider than the sheet": (
        changed("layout/sheets/0/items/1/w", 7),
        "bad layout, layout.sheets[0].items[1].w: '7' is not a number from 2 to 6.",
    ),
    "a panel too low to read": (
        changed("layout/sheets/0/items/0/h", 10),
        "bad layout, layout.sheets[0].items[0].h: '10' is not a number from 80 to 20000.",
    ),
    "panels over each other": (
        changed("layout/sheets/0/items/2/y", 100),
        "bad layout, layout.sheets[0].items[2]: 'c' lies over 'a' (items[0]). Move one of them.",
    ),
    "no sheets": (
        {"configs": [], "layout": {"sheets": []}},
        "bad layout, layout.sheets: there is none. A layout has at least one sheet.",
    ),
    "a later version": (
        changed("layout/version", 2), "bad layout, layout.version: this ps-analytics reads version 1. Update it."
    ),
    "another grid": (changed("layout/cols", 24), "bad layout, layout.cols: it is not 12."),
    "options that are a list": (
        changed("configs/0/options", [1]), "bad layout, configs[0].options: a list is not a JSON object."
    ),
    "options that nest without end": (
        changed("configs/0/options", json.loads('{"a":' * 900 + "1" + "}" * 900)),
        "bad layout, configs[0].options.a.a.a.a.a.a: it nests more than 6 deep. Take some out.",
    ),
    "options without end": (
        changed("configs/0/options", {"a": [0] * 100_000}),
        "bad layout, configs[0].options.a[498]: it has more than 500 values. Take some out.",
    ),
    "stand-ins that are none": (
        changed("configs/0/options", {"instead": {"speed": "gps_speed"}}),
        "bad layout, configs[0].options.instead.speed: 'gps_speed' is not a list.",
    ),
    "a report by something else": (
        changed("configs/0", config("a", "report", options={"by": "tyre"})),
        "bad layout, configs[0].options.by: 'tyre' is not known here. There are lap, corner, sector.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_it_refuses(what: str) -> None:
    data, message = REFUSED[what]
    with pytest.raises(BadLayout) as refused:
        read_document(data, kinds=FEW)
    assert str(refused.value) == message


def test_as_a_whole_it_has_a_size() -> None:
    channels = [f"{'é' * 100} {number}" for number in range(60)]
    items = [item(f"p{i}", 0, 90 * i, 12, 90) for i in range(50)]
    data = {**document(*items), "configs": [config(f"p{i}", channels=channels) for i in range(50)]}
    with pytest.raises(BadLayout, match=r"^bad layout: it has 6\d\d,\d\d\d bytes, at most 512,000 are kept\. Make two"):
        read_document(data)


def test_unknown_channels_are_fine() -> None:
    data = changed("configs/0/channels", ["speed", "Düse 3 <Druck>", "nothing has this"])
    assert read_document(data)["configs"][0]["channels"] == ["speed", "Düse 3 <Druck>", "nothing has this"]


def test_a_stored_panel_of_an_absent_plugin_is_kept() -> None:
    data = changed("configs/0", config("a", "radar", options={"range": [1, {"deep": None}]}))
    assert read_document(data, keep_unknown=True) == data


def test_bare_items_are_one_sheet_and_what_is_left_out_has_defaults() -> None:
    data = {"configs": [{"id": "a"}], "layout": {"items": [item("a", 0, 0, 12, 300)]}}
    assert read_document(data) == {
        "configs": [{"id": "a", "title": "Traces", "kind": "traces", "channels": [], "mode": "tiled", "options": {}}],
        "layout": {
            "version": 1,
            "cols": 12,
            "sheets": [
                {"id": "sheet", "title": "Sheet", "xAxis": "distance", "items": [item("a", 0, 0, 12, 300)]},
            ],
        },
    }


def test_parts_of_pixels_are_rounded_and_panels_that_touch_go_on_touching() -> None:
    given = document(item("a", 0, 30, 6, 100.5), item("b", 0, 130.5, 6, 99.5), fit=False)
    read = read_document(given)["layout"]["sheets"][0]["items"]
    assert read == [item("a", 0, 30, 6, 100), item("b", 0, 130, 6, 100)]


def test_what_nobody_knows_of_is_left_out() -> None:
    given = pair()
    given["author"] = "anna"
    given["configs"][0]["color"] = "red"
    assert read_document(given) == pair()


def test_a_channel_that_is_renamed_keeps_its_places() -> None:
    options = {"instead": {"Slip": ["wheel_slip_rl"], "brake": ["Slip"]}}
    layout = pair()
    layout["configs"][0] = config("a", channels=["speed", "Slip"], options=options)
    layout["configs"][1] = config("b", "map", [], options={"color": "Slip"})
    renamed = with_name(layout, "Slip", "Slip rear")
    assert renamed["configs"][0]["channels"] == ["speed", "Slip rear"]
    instead = {"Slip rear": ["wheel_slip_rl"], "brake": ["Slip rear"]}
    assert renamed["configs"][0]["options"] == {"instead": instead}
    assert renamed["configs"][1]["options"] == {"color": "Slip rear"}
    assert layout["configs"][0]["channels"] == ["speed", "Slip"]


def test_the_channels_of_a_sheet_are_those_of_its_panels_with_stand_ins_and_colours() -> None:
    assert channels_of(SHIPPED["inputs"], "pedals")[:3] == ["throttle", "brake", "brake_press_f"]
    assert "Coasting" not in channels_of(SHIPPED["inputs"], "pedals")
    assert "Coasting" in channels_of(SHIPPED["inputs"])
    assert channels_of(document(item("m", 0, 0, 12, 300)) | {
        "configs": [config("m", "map", ["x", "y"], options={"color": "brake"})]
    }) == ["x", "y", "brake"]  # fmt: skip
    bare = document(item("m", 0, 0, 12, 300)) | {"configs": [config("m", "map", [])]}
    assert channels_of(bare) == ["x", "y", "speed"]  # what a map draws, whatever its layout names


def test_a_channel_is_shown_on_a_plot_and_taken_away_there() -> None:
    shown = with_channel(pair(), "b", "gear", shown=True)
    assert [each["channels"] for each in shown["configs"]] == [["speed"], ["speed", "gear"], ["speed"]]
    assert with_channel(shown, "b", "gear", shown=False) == pair()
    full = pair()
    full["configs"][0]["channels"] = [f"c{number}" for number in range(64)]
    with pytest.raises(BadLayout, match="it has 65 entries, at most 64 are possible"):
        with_channel(full, "a", "gear", shown=True)


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_layouts_fill_the_window_and_every_kind_is_known(name: str) -> None:
    layout = SHIPPED[name]
    assert read_document(layout, keep_unknown=True) == layout
    for sheet in layout["layout"]["sheets"]:
        area = sum(each["w"] * each["h"] for each in sheet["items"])
        assert sheet["fit"]
        assert area == 12 * max(each["y"] + each["h"] for each in sheet["items"])
