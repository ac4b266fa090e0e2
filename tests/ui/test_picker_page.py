"""The channel picker in a browser, and the units everything is shown in."""

import base64
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Locator, expect

from ps_analytics import ui
from ps_analytics.channels import MathChannel
from ps_analytics.store.store import Store

pytestmark = pytest.mark.browser
TABLE = json.loads((Path(__file__).parent / "search_cases.json").read_text(encoding="utf-8"))
SEARCH = Path(ui.__file__).parent / "components" / "src" / "picker" / "search.js"
CHANNELS_OF = "bus.layout.document.configs.find(({{id}}) => id === '{}')?.channels.join()"
AXIS_LABELS = """() => Bokeh.documents.flatMap((one) => [...one._all_models.values()])
    .filter(({type}) => type === "LinearAxis").map(({axis_label}) => axis_label)"""


@pytest.fixture
def measured(paddock: Any, drive: Any, store: Store, open_review: Any) -> Any:
    """The review page of two laps with constant speed by GPS, oil pressure and temperature; the second has no rpm."""
    session = paddock.session("Test day")
    for grip, without in ((1.45, ""), (1.40, "rpm")):
        lap = {name: values for name, values in drive(grip_g=grip).items() if name != without}
        constant = {"gps_speed": 100.0, "oil_pressure": 5.0, "oil_temp": 100.0}
        paddock.lap(session, lap | {name: np.full(len(lap["speed"]), value) for name, value in constant.items()})
    store.write_math_channel(MathChannel("Twice", "gps_speed * 2", "km/h"))
    return open_review().drawn()


def panel(review: Any, title: str) -> Locator:
    found: Locator = review.page.get_by_test_id(f"panel-{title}")
    return found


def picker(review: Any) -> Locator:
    found: Locator = review.page.get_by_test_id("channel-picker")
    return found


def option(review: Any, name: str, *, group: str = "") -> Locator:
    """A channel in the list, in one of its groups where it stands in several."""
    within = picker(review).get_by_role("group", name=group, exact=True) if group else picker(review)
    return within.get_by_role("option", name=name).first


def search(review: Any, text: str) -> list[str]:
    """The labels that are found by what is typed."""
    review.page.get_by_role("combobox", name="Channels").fill(text)
    return picker(review).locator(".pick-label").all_inner_texts()


def until(review: Any, plot: str, channels: str) -> None:
    """Wait until a panel shows these channels."""
    review.wait(f"{CHANNELS_OF.format(plot)} === '{channels}'")


def test_the_browser_finds_channels_by_the_rule_of_python(page: Any) -> None:
    module = "data:text/javascript;base64," + base64.b64encode(SEARCH.read_bytes()).decode()
    queries = [case["query"] for case in TABLE["cases"]] + ["", "  ", "-"]
    found = page.evaluate(
        """async ([module, channels, queries]) => {
            const {searchAmong} = await import(module)
            return queries.map((query) => searchAmong(query, channels).map(({name}) => name))
        }""",
        [module, TABLE["channels"], queries],
    )
    everything = [channel["name"] for channel in TABLE["channels"]]
    assert found == [case["found"] for case in TABLE["cases"]] + [everything] * 3


def test_channels_are_found_put_on_a_panel_ordered_and_starred_by_keyboard(measured: Any, store: Store) -> None:
    review, page = measured, measured.page
    speed = panel(review, "Speed")
    speed.focus()
    page.keyboard.press("/")
    field = page.get_by_role("combobox", name="Channels")
    expect(field).to_be_focused()
    expect(option(review, "Speed", group="On this panel")).to_have_attribute("aria-selected", "true")
    expect(option(review, "Engine speed")).to_contain_text("not on Lap 1")
    expect(picker(review).get_by_role("group", name="Math · Driver")).to_contain_text("Coasting")

    # As one types, the best is first and chosen; Enter shows it on the panel at once, and hides it again.
    page.keyboard.type("o p")
    expect(picker(review).locator(".active")).to_contain_text("Oil pressure")
    expect(field).to_have_attribute("aria-activedescendant", picker(review).locator(".active").get_attribute("id"))
    page.keyboard.press("Enter")
    until(review, "speed", "speed,oil_pressure")
    expect(speed.locator(".values")).to_contain_text("Oil pressure")
    page.keyboard.press("Enter")
    until(review, "speed", "speed")
    page.keyboard.press("Enter")
    until(review, "speed", "speed,oil_pressure")

    # What nobody recorded is found, and said to be so.
    search(review, "brake bias")
    missing = option(review, "Brake bias")
    expect(missing).to_contain_text("not recorded by demo")
    assert "line-through" in missing.locator(".pick-label").evaluate("(node) => getComputedStyle(node).textDecoration")

    # Its order, and a star that stays.
    search(review, "")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Alt+ArrowUp")
    until(review, "speed", "oil_pressure,speed")
    expect(picker(review).locator(".active")).to_contain_text("Oil pressure")
    page.keyboard.press("Alt+f")
    expect(option(review, "Oil pressure", group="Favourites")).to_be_visible()
    assert store.read_preference("favourites") == ["oil_pressure"]
    review.screenshot("picker")
    page.keyboard.press("Escape")
    expect(picker(review)).to_be_hidden()
    expect(speed).to_be_focused()

    # One channel stays: a panel of traces without any is none.
    page.keyboard.press("/")
    expect(option(review, "Oil pressure", group="On this panel")).to_have_class("pick-option active")
    page.keyboard.press("Enter")
    until(review, "speed", "speed")
    expect(picker(review).get_by_role("group", name="On this panel").get_by_role("option")).to_have_count(1)
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    expect(picker(review)).to_contain_text("One channel stays")
    page.keyboard.press("Escape")


def test_a_channel_is_dragged_to_a_panel_and_gets_one_of_its_own_where_there_is_none(measured: Any) -> None:
    review, page = measured, measured.page
    panel(review, "Speed").hover()
    page.get_by_role("button", name="Channels: Speed").click()
    expect(option(review, "Oil temperature")).to_be_visible()
    search(review, "oil t")
    start = option(review, "Oil temperature").bounding_box()
    goal = panel(review, "Steering").bounding_box()
    page.mouse.move(start["x"] + 60, start["y"] + 10)
    page.mouse.down()
    page.mouse.move(goal["x"] + 70, goal["y"] + 50, steps=4)
    expect(page.locator("[data-plot=steering]")).to_have_class("cell receiving")
    corners = panel(review, "Corners").bounding_box()
    page.mouse.move(corners["x"] + 50, corners["y"] + 40, steps=2)
    expect(page.locator(".receiving")).to_have_count(0)  # it shows no channels
    page.mouse.move(goal["x"] + 70, goal["y"] + 50, steps=2)
    page.mouse.up()
    until(review, "steering", "steering,oil_temp")
    expect(picker(review)).to_be_visible()
    assert review.bus(CHANNELS_OF.format("speed")) == "speed"
    page.keyboard.press("Escape")

    # Over a list of laps there is no panel to put it on: it gets one.
    panel(review, "Laps").hover()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("/")
    expect(picker(review)).to_contain_text("New panel")
    search(review, "twice")
    expect(option(review, "Twice, km/h")).to_be_visible()
    page.keyboard.press("Enter")
    made = "bus.layout.document.configs.find(({channels}) => channels.join() === 'Twice')"
    review.wait(f"{made} !== undefined")
    expect(page.get_by_role("combobox", name="Channels")).to_be_focused()

    # The formula of a math channel is one key away.
    page.keyboard.press("Alt+m")
    expect(page.get_by_test_id("drawer")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Twice")


def test_units_change_everywhere_at_once_and_are_kept(measured: Any, store: Store) -> None:
    review, page = measured, measured.page
    add = """bus.ask({{op: "layout", do: "{}", ...{}}})"""
    shown = ["gps_speed", "oil_temp", "oil_pressure", "Twice"]
    review.bus(add.format("set_channels", json.dumps({"plot": "speed", "channels": shown})))
    for kind in ("gauges", "report", "histogram"):
        review.bus(add.format("add_panel", json.dumps({"kind": kind, "channels": ["gps_speed"], "title": kind})))
    values = panel(review, "Speed").locator(".values")
    expect(values).to_contain_text("200")
    page.wait_for_function(f"({AXIS_LABELS})().some((label) => label?.includes('km/h'))")
    least = panel(review, "Corners").locator("tbody tr td.min").first
    expect(least).to_have_text(re.compile(r"\d"))
    before = float(least.inner_text())
    assert review.bus("bus.units") == "metric"

    page.get_by_role("group", name="Units").get_by_role("button", name="Imperial").click()
    review.wait("bus.units === 'imperial' && bus.painted === bus.generation")
    # 100 km/h ÷ 1.609344; 100 °C × 1.8 + 32; 5 bar × 14.5038; 200 km/h ÷ 1.609344.
    for label, unit, value in (
        ("GPS speed", "mph", "62.1"), ("Oil temperature", "°F", "212"), ("Oil pressure", "psi", "72.5"),
        ("Twice", "mph", "124"),
    ):  # fmt: skip
        group = values.locator(".value-group", has_text=label)
        expect(group.locator("i").first).to_have_text(unit)
        expect(group.locator(".value").first).to_contain_text(value)
    for kind in ("gauges", "report"):
        expect(panel(review, kind)).to_contain_text("mph")
        expect(panel(review, kind)).to_contain_text("62.1")
    page.wait_for_function(f"({AXIS_LABELS})().some((label) => label?.includes('mph'))")
    assert float(least.inner_text()) == pytest.approx(before / 1.609344, abs=0.11)  # each is shown with one decimal
    expect(panel(review, "Track map")).to_contain_text("mph")
    assert review.bus("bus.grid().columns.get(`${bus.laps[0].id}|gps_speed`)[9]") == 100  # the data is as it was

    assert store.read_preference("units") == "imperial"
    page.reload()
    review.drawn()
    assert review.bus("bus.units") == "imperial"
    expect(page.get_by_role("button", name="Imperial")).to_have_attribute("aria-pressed", "true")
