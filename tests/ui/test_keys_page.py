"""The keyboard and the palette in a browser: every key does what the list of keys says, and nothing while one types."""

from typing import Any

import pytest
from playwright.sync_api import Locator, expect

pytestmark = pytest.mark.browser
SHOWN = (
    "← →",
    "↑ ↓ or + −",
    "0",
    "[ ]",
    ", .",
    "r",
    "a b",
    "f",
    "h v",
    "Delete",
    "/",
    "Ctrl-s",
    "Ctrl-k",
    "1 … 9",
    "?",
)
"""The keys the design asks for, as the list shows them."""


def palette(review: Any) -> Locator:
    found: Locator = review.page.get_by_test_id("palette")
    return found


def do(review: Any, text: str, title: str) -> None:
    """Do what is found first by a text, and be sure that it is what was meant."""
    review.page.keyboard.press("Control+k")
    review.page.get_by_role("combobox", name="Commands").fill(text)
    expect(palette(review).locator(".active .command-title")).to_have_text(title)
    review.page.keyboard.press("Enter")
    expect(palette(review)).to_be_hidden()


def test_the_list_of_keys_is_whole_and_what_lies_on_top_closes_first(review: Any) -> None:
    page = review.page
    panel = page.get_by_test_id("panel-Speed")
    panel.focus()
    page.keyboard.press("a")
    review.wait("bus.a !== null")
    page.keyboard.press("f")
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keyboard")
    shown = [text.strip() for text in keys.locator("kbd").all_inner_texts()]
    assert set(SHOWN) <= set(shown)
    assert len(shown) == len(set(shown))
    columns = {round(one.bounding_box()["x"]) for one in keys.locator("section").all()}
    assert len(columns) == 2

    page.keyboard.press("Tab")
    expect(keys.get_by_role("button", name="Close")).to_be_focused()
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    expect(panel).to_be_focused()
    expect(page.locator(".cell.full")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator(".cell.full")).to_have_count(0)
    assert review.bus("bus.a") is not None
    page.keyboard.press("Escape")
    review.wait("bus.a === null")


def test_keys_step_the_cursor_and_do_nothing_while_one_types(review: Any) -> None:
    page = review.page
    page.get_by_test_id("panel-Speed").focus()
    review.bus("bus.setCursor(1000)")
    step = review.bus("bus.x[1] - bus.x[0]")
    page.keyboard.press("ArrowRight")
    assert review.bus("bus.cursor") == pytest.approx(1000 + step, abs=1e-3)
    page.keyboard.press("Shift+ArrowLeft")
    assert review.bus("bus.cursor") == pytest.approx(1000 - 9 * step, abs=1e-3)
    page.keyboard.press("]")
    assert review.bus("bus.cornerAt(bus.cursor)") is not None

    before = review.bus("[bus.cursor, bus.a, bus.laps.length, bus.view]")
    page.keyboard.press("/")
    field = page.get_by_role("combobox", name="Channels")
    expect(field).to_be_focused()
    page.keyboard.type("a0[],1rf?hv")
    page.keyboard.press("Shift+ArrowRight")
    expect(field).to_have_value("a0[],1rf?hv")
    expect(page.get_by_test_id("channel-picker")).to_contain_text("No channel is called that.")
    assert review.bus("[bus.cursor, bus.a, bus.laps.length, bus.view]") == before
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_hidden()
    page.keyboard.press("Escape")
    page.get_by_role("combobox", name="Event").focus()
    page.keyboard.press("a")
    assert review.bus("bus.a") is None


def test_the_palette_does_everything_by_its_name_and_remembers(review: Any) -> None:
    page = review.page
    speed = page.get_by_test_id("panel-Speed")
    speed.focus()
    with review.redrawn():
        do(review, "reference lap 2", "Reference lap 2")
    assert review.bus("bus.reference.label") == "Lap 2"
    expect(speed).to_be_focused()
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Commands").fill("plot sp")
    expect(palette(review).get_by_role("option", name="Plot Engine speed")).to_be_visible()
    expect(palette(review).get_by_role("option", name="Plot Gear")).to_have_count(0)  # not by its panel's name
    page.keyboard.press("Escape")
    do(review, "go to t3", "Go to T3")
    assert review.bus("bus.cornerAt(bus.cursor).name") == "T3"
    with review.redrawn():
        do(review, "plot rpm", "Plot Engine speed")
    assert review.bus("bus.layout.document.configs.find(({id}) => id === 'speed').channels") == ["speed", "rpm"]
    with review.redrawn():
        do(review, "imp units", "Imperial units")
    assert review.bus("bus.units") == "imperial"
    do(review, "theme", "Light or dark theme")
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    do(review, "drawn overlaid", "Drawn: Overlaid")
    review.wait("bus.layout.document.configs.find(({id}) => id === 'speed').mode === 'overlaid'")
    do(review, "add gauges", "Add panel: Gauges")
    expect(page.get_by_test_id("panel-Gauges")).to_be_focused()
    do(review, "layout tyres", "Open layout Tyres")
    review.wait("bus.layout.name === 'Tyres'")

    # What was done last is first; the keyboard stays within, and goes back.
    page.keyboard.press("Control+k")
    expect(palette(review).get_by_role("group", name="Last").get_by_role("option").first).to_contain_text(
        "Add panel: Gauges"
    )
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowDown")
    field = page.get_by_role("combobox", name="Commands")
    expect(field).to_have_attribute("aria-activedescendant", palette(review).locator(".active").get_attribute("id"))
    page.keyboard.press("Tab")
    expect(field).to_be_focused()
    field.fill("save layout")
    expect(palette(review).locator(".active kbd")).to_have_text("Ctrl-s")
    review.screenshot("palette")
    field.fill("zzz")
    expect(palette(review)).to_contain_text("Nothing is called that.")
    page.keyboard.press("Control+k")
    expect(palette(review)).to_be_hidden()
