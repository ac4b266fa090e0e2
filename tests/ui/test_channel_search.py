"""What a channel picker finds. The cases are a table that the browser's own search is held to as well."""

import json
from pathlib import Path

import pytest

from ps_analytics.channels.catalog import CATALOG
from ps_analytics.ui.channel_search import (
    GROUPS,
    Findable,
    channel_choices,
    channel_group,
    channel_groups,
    search,
    search_among,
)

TABLE = json.loads((Path(__file__).parent / "search_cases.json").read_text(encoding="utf-8"))
CHANNELS = [Findable(row["name"], row["label"], tuple(row["also"])) for row in TABLE["channels"]]


@pytest.mark.parametrize("case", TABLE["cases"], ids=lambda case: case["about"])
def test_a_query_finds_what_the_table_says_in_its_order(case) -> None:
    assert search_among(case["query"], CHANNELS) == case["found"]


@pytest.mark.parametrize("query", ["", "  ", "-"])
def test_a_query_without_a_word_finds_everything_in_the_order_given(query) -> None:
    assert search_among(query, CHANNELS) == [channel.name for channel in CHANNELS]


def test_o_p_finds_the_oil_pressure_first_among_all_channels() -> None:
    assert search("o p", list(CATALOG))[0] == "oil_pressure"


@pytest.mark.parametrize("name", CATALOG)
def test_every_channel_is_found_by_its_label_and_by_its_name(name) -> None:
    for query in (CATALOG[name].label, name):
        best = search(query, list(CATALOG))[0]
        assert CATALOG[best].label == CATALOG[name].label


def test_every_channel_of_the_catalogue_has_a_group_of_its_own_kind() -> None:
    assert {channel_group(name) for name in CATALOG} == set(GROUPS) - {"Math", "Other"}
    expected = {
        "throttle": "Driver", "g_lat": "Motion", "fuel": "Engine", "tyre_press_fl": "Tyres", "brake_bias": "Brakes",
        "damper_rate_rr": "Suspension", "brake_temp_rl": "Brakes", "lap_time": "Timing", "latitude": "Position",
        "track_temp": "Environment", "abs_active": "Electronics", "wheel_load_fl": "Suspension",
    }  # fmt: skip
    assert {name: channel_group(name) for name in expected} == expected


def test_groups_hold_each_channel_once_and_only_those_there_are() -> None:
    names = ["Zeta", "oil_temp", "my sum", "rpm", "rpm", "Alpha"]
    assert channel_groups(names, math=["my sum"]) == [
        ("Engine", ["rpm", "oil_temp"]),
        ("Math", ["my sum"]),
        ("Other", ["Alpha", "Zeta"]),
    ]


def test_the_picker_is_told_the_unit_as_it_is_shown() -> None:
    names, units = ["speed", "my sum"], {"my sum": "°F"}
    choices = channel_choices(names, math=["my sum"], units=units, system="imperial")
    assert [(row["label"], row["group"], row["unit"]) for row in choices] == [
        ("Speed", "Motion", "mph"),
        ("my sum", "Math", "°F"),
    ]
