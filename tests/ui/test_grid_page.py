"""The grid in a browser: panels are split, moved, resized, removed, renamed and added, and worksheets changed."""

import re
from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
PLACES = """Object.fromEntries(bus.layout.document.layout.sheets.find(({id}) => id === bus.layout.sheet).items
    .map(({plotId, x, y, w, h}) => [plotId, [x, y, w, h]]))"""
TITLES = "bus.layout.document.layout.sheets.map(({title}) => title)"
SENT = """() => {
    globalThis.sent = []
    const bus = [...globalThis[Symbol.for('ps-analytics.pages')].values()][0]
    const ask = bus.ask
    bus.ask = (command) => { globalThis.sent.push(command.do ?? command.op); ask(command) }
}"""


def places(review: Any) -> dict[str, list[int]]:
    """Where the panels of the sheet that is shown lie: x, y, w, h by id."""
    found: dict[str, list[int]] = review.bus(PLACES)
    return found


def panel(review: Any, title: str) -> Any:
    return review.page.get_by_test_id(f"panel-{title}")


def until(review: Any, condition: str) -> None:
    """Wait until the layout's items fulfil a condition about `at`, the places by panel id."""
    review.wait(f"((at) => {condition})({PLACES})")


def drag(review: Any, handle: Any, dx: float, dy: float, *, drop: bool = True) -> None:
    """Take hold of something near its left end and move the pointer."""
    box = handle.bounding_box()
    x, y = box["x"] + min(box["width"] / 2, 150), box["y"] + box["height"] / 2
    mouse = review.page.mouse
    mouse.move(x, y)
    mouse.down()
    mouse.move(x + dx / 2, y + dy / 2, steps=3)
    mouse.move(x + dx, y + dy, steps=3)
    if drop:
        mouse.up()


def test_panels_are_moved_resized_split_and_removed_and_all_of_it_is_undone(review: Any) -> None:
    page = review.page
    before = places(review)
    canvas = review.plot("Speed").locator("canvas").first
    canvas.evaluate("(node) => (node.kept = true)")
    page.evaluate(SENT)

    # Dragged by its title bar over the plot above, and let go of by Escape; then dropped there.
    drag(review, panel(review, "Speed").locator(".bar"), 0, 130, drop=False)
    expect(page.locator(".ghost")).to_be_visible()
    page.keyboard.press("Escape")
    page.mouse.up()
    expect(page.locator(".ghost")).to_have_count(0)
    assert places(review) == before
    drag(review, panel(review, "Speed").locator(".bar"), 0, 130)
    until(review, "at.delta[1] === 0 && at.speed[1] === at.delta[3]")
    assert page.evaluate("globalThis.sent") == ["place"]  # once, when it was dropped

    # The lower right corner moves the line below and the columns beside.
    drag(review, page.locator("[data-plot=laps] .handle.corner"), 130, 60)
    until(review, "at.laps[2] === 4 && at.speed[0] === 4")
    now = places(review)
    assert now["laps"][3] > before["laps"][3]
    assert now["laps"][3] + now["corners"][3] == before["laps"][3] + before["corners"][3]  # it takes what it gets
    assert {now[plot][0] + now[plot][2] for plot in ("speed", "delta", "pedals")} == {12}

    # Split by key, to the right and down.
    panel(review, "Speed").hover()
    page.keyboard.press("h")
    until(review, "at['speed-2'] && at['speed-2'][1] === at.speed[1]")
    expect(panel(review, "Speed")).to_have_count(2)
    panel(review, "Delta").hover()
    page.keyboard.press("v")
    expect(page.get_by_test_id("said")).to_contain_text("cannot be split")
    panel(review, "Throttle / Brake").hover()
    page.keyboard.press("v")
    until(review, "at['pedals-2'] && at['pedals-2'][0] === at.pedals[0]")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    until(review, "!at['speed-2'] && !at['pedals-2']")
    assert canvas.evaluate("(node) => node.kept")  # no move and no resize drew it anew

    # Removed by its button; the neighbour takes the room, and the sentence below brings it back.
    now = places(review)
    panel(review, "Delta").hover()
    page.get_by_role("button", name="Remove: Delta").click()
    expect(panel(review, "Delta")).to_have_count(0)
    said = page.get_by_test_id("said")
    expect(said).to_contain_text("Removed Delta.")
    said.get_by_role("button", name="Undo").click()
    expect(panel(review, "Delta")).to_have_count(1)
    expect(said).to_be_hidden()
    assert places(review) == now
    for _ in range(2):
        page.keyboard.press("Control+z")
    until(review, f"JSON.stringify(at) === JSON.stringify({before!r})")


def test_what_can_be_done_with_a_panel_is_in_its_menu_and_on_keys(review: Any) -> None:
    page = review.page
    # Renamed in place; a title is a text and nothing else.
    panel(review, "Speed").get_by_role("heading").dblclick()
    page.keyboard.type("v < 300 & up")
    page.keyboard.press("Enter")
    expect(panel(review, "v < 300 & up").get_by_role("heading")).to_have_text("v < 300 & up")
    box = panel(review, "Delta").bounding_box()
    page.mouse.dblclick(box["x"] + 30, box["y"] + 10)  # in a low panel the values lie on the bar
    page.keyboard.type("<img src=x>")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("said")).to_contain_text("Titles are plain text.")
    expect(panel(review, "Delta").locator("h2")).to_have_text("Delta")

    # The menu holds the keyboard; Escape gives it back.
    panel(review, "Throttle / Brake").hover()
    more = page.get_by_role("button", name="More: Throttle / Brake")
    more.click()
    expect(page.get_by_role("menuitem", name="Channels")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("menuitem", name="Remove")).to_be_focused()
    page.keyboard.press("Escape")
    expect(more).to_be_focused()
    with review.redrawn():
        more.click()
        page.get_by_role("menuitemradio", name="Drawn: Overlaid").click()
    assert review.bus("bus.layout.document.configs.find(({id}) => id === 'pedals').mode") == "overlaid"
    more.click()
    page.get_by_role("menuitemradio", name="X axis: Time").click()
    review.wait("bus.layout.document.configs.find(({id}) => id === 'pedals').xAxis === 'time'")

    # Pictures are made here.
    for name, ending in (("a picture", "png"), ("a drawing", "svg")):
        more.click()
        with page.expect_download() as waiting:
            page.get_by_role("menuitem", name=f"Export: {name}").click()
        assert waiting.value.suggested_filename == f"Throttle-Brake.{ending}"
        content = waiting.value.path().read_bytes()
        assert content[:4] in (b"\x89PNG", b"<svg")
        assert len(content) > 5000

    # Full screen by key and back, the keyboard on the panel; then the keyboard alone moves it.
    panel(review, "Steering").focus()
    page.keyboard.press("f")
    box = panel(review, "Steering").bounding_box()
    assert box["width"] > 1500
    assert box["height"] > 800
    page.keyboard.press("Escape")
    expect(panel(review, "Steering")).to_be_focused()
    page.mouse.move(5, 5)
    above = places(review)["pedals"][1]
    page.keyboard.press("Control+ArrowUp")
    until(review, f"at.steering[1] === {above}")
    page.keyboard.press("Delete")
    expect(panel(review, "Steering")).to_have_count(0)


def test_worksheets_are_added_named_ordered_shown_and_closed(review: Any) -> None:
    page = review.page
    tabs = page.get_by_role("tab")
    expect(tabs.first).to_be_hidden()
    page.get_by_role("button", name="Add a worksheet").click()
    expect(page.get_by_role("tab", name="Sheet 2")).to_have_attribute("aria-selected", "true")

    # An empty sheet offers what there is; what is added has the keyboard.
    empty = page.get_by_test_id("empty-sheet")
    expect(empty).to_contain_text("This sheet is empty.")
    review.screenshot("review-empty-sheet")
    empty.get_by_role("button", name=re.compile("^Track map")).click()
    expect(panel(review, "Track map")).to_be_focused()
    expect(empty).to_be_hidden()
    page.get_by_role("button", name="Add panel").click()
    page.get_by_role("menuitem", name="Traces").click()
    expect(page.get_by_role("combobox", name="Channels")).to_be_focused()  # it has none yet
    page.keyboard.press("Escape")
    expect(panel(review, "Traces")).to_be_focused()

    # A name by double click, another sheet by its number, by an arrow and by page.
    page.get_by_role("tab", name="Sheet 2").dblclick()
    page.keyboard.type("Map only")
    page.keyboard.press("Enter")
    expect(page.get_by_role("tab", name="Map only")).to_be_focused()
    page.keyboard.press("Alt+1")
    expect(panel(review, "Speed")).to_be_visible()
    tabs.first.focus()
    cursor = review.bus("bus.cursor")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Map only")).to_have_attribute("aria-selected", "true")
    assert review.bus("bus.cursor") == cursor
    page.keyboard.press("Control+PageDown")
    expect(tabs.first).to_have_attribute("aria-selected", "true")

    # Dragged in front of the other, then closed and brought back.
    box = page.get_by_role("tab", name="Map only").bounding_box()
    page.mouse.move(box["x"] + 15, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] - 100, box["y"] + 10, steps=6)
    page.mouse.up()
    review.wait(f"{TITLES}[0] === 'Map only'")
    page.get_by_role("tab", name="Map only").click(button="right")
    page.get_by_role("menuitem", name="Close").click()
    expect(page.get_by_test_id("said")).to_contain_text("Closed Map only.")
    expect(tabs.first).to_be_hidden()
    page.get_by_test_id("said").get_by_role("button", name="Undo").click()
    expect(tabs).to_have_text(["Map only\u00d7", "Driver overview\u00d7"])
