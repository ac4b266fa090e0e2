"""What a channel picker offers for the laps a page shows."""

from typing import Any

from ps_analytics.channels import MathChannel
from ps_analytics.store.store import Store
from ps_analytics.ui.channel_list import channel_list
from ps_analytics.ui.channel_search import GROUPS
from ps_analytics.ui.state import ReviewState


def opened(store: Store) -> ReviewState:
    state = ReviewState(lambda: store)
    state.refresh()
    return state


def rows_of(state: ReviewState) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in channel_list(state)["rows"]}


def test_it_offers_what_was_recorded_with_unit_and_rate_and_names_the_laps_without_it(paddock, store, drive) -> None:
    session = paddock.session()
    paddock.lap(session, drive(grip_g=1.4))
    without = {name: values for name, values in drive(grip_g=1.3).items() if name != "rpm"}
    paddock.lap(session, without, lap_time_s=99.0)
    state = opened(store)
    assert [state.find_lap(lap).lap_number for lap in state.chosen] == [0, 1]
    rows = rows_of(state)
    speed, rpm = rows["speed"], rows["rpm"]
    assert (speed["label"], speed["group"], speed["unit"], speed["rate"]) == ("Speed", "Motion", "km/h", 60.0)
    assert (speed["lacking"], speed["missing"]) == ([], "")
    assert (rpm["lacking"], rpm["missing"]) == (["Lap 1"], "")
    assert rows["oil_pressure"]["missing"] == "not recorded by demo"
    assert "Eng Oil Pres" in rows["oil_pressure"]["also"]
    state.preferences.set_units("imperial")
    assert (rows_of(state)["speed"]["unit"], rows_of(state)["distance"]["unit"]) == ("mph", "m")


def test_the_delta_is_first_then_groups_in_order_and_what_nobody_recorded_is_last(weekend, store) -> None:
    rows = channel_list(opened(store))["rows"]
    assert rows[0]["name"] == "delta"
    there = [row["group"].split(" · ")[0] for row in rows[1:] if not row["missing"]]
    assert there == sorted(there, key=GROUPS.index)
    kinds = ["math" if "formula" in row else "recorded" if row["rate"] else "none" for row in rows[1:]]
    assert kinds == sorted(kinds, key=["recorded", "math", "none"].index)


def test_math_channels_come_by_folder_with_formula_and_key_and_say_what_they_lack(weekend, store) -> None:
    store.write_math_channel(MathChannel("Push", "throttle - brake", "%", folder="Mine"))
    store.write_math_channel(MathChannel("Oil", "oil_temp * 2"))
    rows = rows_of(opened(store))
    push = {key: rows["Push"][key] for key in ("group", "unit", "formula", "key", "missing")}
    assert push == {
        "group": "Math · Mine", "unit": "%", "formula": "throttle - brake", "key": "own||Push", "missing": "",
    }  # fmt: skip
    assert rows["Oil"]["group"] == "Math"
    assert "'oil_temp' is not recorded" in rows["Oil"]["missing"]
    assert (rows["Coasting"]["group"], rows["Coasting"]["key"]) == ("Math · Driver", "shipped||Coasting")


def test_a_channel_of_ones_own_stands_for_the_shipped_one_of_its_name(weekend, store) -> None:
    store.write_math_channel(MathChannel("Coasting", "throttle < 3"))
    row = rows_of(opened(store))["Coasting"]
    assert (row["formula"], row["key"], row["missing"]) == ("throttle < 3", "own||Coasting", "")


def test_a_reader_of_a_shared_session_is_offered_its_channels_and_nobody_else_is(paddock, store, drive) -> None:
    session = paddock.session()
    lap = paddock.lap(session, drive())
    other = store.for_user("bert")
    assert other.find_channels([lap]).is_empty()
    store.share_session(session, "bert")
    assert set(other.find_channels([lap])["channel"]) == set(drive())
    assert other.find_channels(["nobody"]).is_empty()
    rows = rows_of(opened(other))
    assert (rows["speed"]["missing"], rows["Coasting"]["missing"]) == ("", "")


def test_a_page_without_laps_offers_the_delta_and_what_there_could_be(store) -> None:
    rows = channel_list(opened(store))["rows"]
    assert rows[0]["name"] == "delta"
    assert {row["missing"] for row in rows[1:]} == {"not recorded"}
