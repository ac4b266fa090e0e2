"""The math editor in headless Chromium, on the review page. Every test is an offline test as well: see `page`."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from ps_analytics.store.store import Store

pytestmark = pytest.mark.browser


class Editor:
    """The math editor of a review page: what a test does to it and asks of it."""

    def __init__(self, review: Any) -> None:
        self.review, self.page = review, review.page
        self.drawer = self.page.get_by_test_id("drawer")
        self.formula = self.page.get_by_test_id("formula")
        self.messages = self.page.get_by_test_id("math-messages")
        self.completion = self.page.get_by_test_id("completion")
        self.figures = self.page.get_by_test_id("math-figures")

    def button(self, name: str) -> Locator:
        return self.drawer.get_by_role("button", name=name, exact=True)

    def entry(self, name: str) -> Locator:
        return self.page.get_by_test_id("math-list").get_by_role("option", name=name)

    def field(self, name: str) -> Locator:
        return self.drawer.get_by_label(name, exact=True)

    def begin(self, name: str, formula: str) -> None:
        self.button("New").click()
        expect(self.field("Name")).to_be_focused()
        self.page.keyboard.type(name)
        self.formula.fill(formula)


@pytest.fixture
def editor(review: Any) -> Editor:
    review.page.keyboard.press("m")
    opened = Editor(review)
    expect(opened.entry("Combined G")).to_be_visible()
    return opened


def test_a_key_and_a_button_open_it_and_escape_closes_it(review: Any) -> None:
    drawer = review.page.get_by_test_id("drawer")
    expect(drawer).to_be_hidden()
    assert review.page.get_by_test_id("math").count() == 0
    button = review.page.get_by_role("button", name="Math channels", exact=True)
    button.click()
    expect(drawer).to_be_visible()
    expect(review.page.get_by_test_id("formula")).to_be_focused()
    review.page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    review.page.keyboard.press("m")
    expect(drawer).to_be_visible()


def test_a_wrong_name_is_underlined_with_its_hint_and_mended_with_a_click(editor: Editor) -> None:
    editor.begin("Slow", "speed / throtle")
    mark = editor.drawer.locator(".mark")
    expect(mark).to_have_text(["throtle"])
    expect(mark).to_have_attribute("data-code", "E-UNKNOWN-CHANNEL")
    expect(editor.messages).to_contain_text("there is no channel 'throtle'")
    expect(editor.messages).to_contain_text("did you mean throttle?")
    expect(editor.formula).to_have_attribute("aria-invalid", "true")
    editor.messages.get_by_role("button", name="Fix: throttle").click()
    expect(editor.formula).to_have_value("speed / throttle")
    expect(mark).to_have_count(0)
    expect(editor.formula).to_have_attribute("aria-invalid", "false")
    editor.page.keyboard.press("Control+z")  # the text area's own undo takes it back
    expect(editor.formula).to_have_value("speed / throtle")


def test_marks_are_where_the_text_is_wrong_at_its_end_beyond_the_first_plane_and_when_answers_come_late(
    editor: Editor,
) -> None:
    editor.begin("Slow", "speed +")
    expect(editor.drawer.locator(".mark.narrow")).to_have_count(1)
    editor.formula.fill("'🏎🏎' + throtle")
    expect(editor.drawer.locator(".mark")).to_have_text(["'🏎🏎'"])
    editor.formula.fill("speed * 2 // 🏎🏎\n + throtle")
    expect(editor.drawer.locator(".mark")).to_have_text(["throtle"])
    # An answer about an older text comes late.
    late = "{version: 1, key, diagnostics: [], faults: {}, unit: '', changed: true, tried: true}"
    key = editor.page.get_by_test_id("math-list").locator("li.chosen").get_attribute("data-key")
    editor.review.bus(f"(() => {{ const key = '{key}'; bus._ears.get('math')({{report: {late}}}) }})()")
    expect(editor.drawer.locator(".mark")).to_have_text(["throtle"])


def test_names_functions_and_units_complete_with_the_keyboard(editor: Editor) -> None:
    editor.begin("Slow", "")
    keyboard = editor.page.keyboard
    keyboard.type("hyp")
    expect(editor.completion.get_by_role("option").first).to_contain_text("hypot(a, b")
    keyboard.press("Enter")
    expect(editor.formula).to_have_value("hypot()")
    keyboard.type("Ground S")
    expect(editor.completion.get_by_role("option", selected=True)).to_contain_text("speed")
    keyboard.press("Tab")
    expect(editor.formula).to_have_value("hypot(speed)")
    keyboard.type("[k")
    expect(editor.completion.get_by_role("option", name="km/h")).to_be_visible()
    keyboard.press("Escape")
    expect(editor.drawer).to_be_visible()
    keyboard.type("m/h], comb")
    keyboard.press("ArrowDown")
    keyboard.press("ArrowUp")
    keyboard.press("Enter")
    expect(editor.formula).to_have_value("hypot(speed[km/h], 'Combined G')")
    expect(editor.page.get_by_test_id("function-help")).to_contain_text("hypot(a, b")
    editor.formula.fill("brake_press")
    editor.page.keyboard.press("Control+Space")
    option = editor.completion.get_by_role("option").first
    expect(option).to_have_class("dim")
    expect(option).to_have_attribute("aria-label", re.compile("not recorded in this lap"))


def test_it_is_tried_as_it_is_typed_and_stays_while_the_formula_is_wrong(editor: Editor) -> None:
    editor.begin("Slow", "speed * 0 + 2 * pi")
    expect(editor.figures).to_have_text(re.compile(r"min6\.28mean6\.28max6\.28km/h"))
    expect(editor.page.get_by_test_id("plot-Value").locator("canvas")).to_be_visible()
    expect(editor.page.get_by_test_id("plot-Reads").locator("canvas")).to_be_visible()
    preview = editor.page.get_by_test_id("math-preview")
    expect(preview).not_to_have_class(re.compile("stale"))
    editor.formula.fill("speed * 0 + 2 *")
    expect(preview).to_have_class(re.compile("stale"))
    expect(editor.figures).to_contain_text("6.28")


def test_its_cursor_and_zoom_are_the_page_s(editor: Editor) -> None:
    editor.begin("Slow", "speed * 2")
    expect(editor.figures).to_contain_text("km/h")
    plot = editor.page.get_by_test_id("plot-Value").locator(".u-over")
    width = plot.bounding_box()["width"]
    plot.hover(position={"x": width * 0.5, "y": 20})
    editor.review.wait("Math.abs(bus.cursor - bus.extent[1] / 2) < 12")
    editor.page.mouse.wheel(0, -300)
    editor.review.wait("bus.window !== null")
    editor.drawer.get_by_role("button", name="Time", exact=True).click()
    plot.hover(position={"x": width * 0.25, "y": 20})
    editor.review.wait("bus.cursor < bus.window[0] + (bus.window[1] - bus.window[0]) * 0.4")


def test_a_saved_channel_is_used_in_the_plots_at_once(editor: Editor, store: Store) -> None:
    editor.begin("Half Speed", "speed / 2")
    expect(editor.drawer).to_contain_text("not saved")
    editor.page.keyboard.press("Control+s")
    expect(editor.drawer.get_by_text("saved", exact=True)).to_be_visible()
    assert store.read_math_channel("Half Speed").formula == "speed / 2"
    with editor.review.redrawn():
        editor.field("Show on plot").select_option(label="\u2003Speed")
    expect(editor.page.get_by_test_id("panel-Speed")).to_contain_text("Half Speed")
    expect(editor.drawer).to_contain_text("Used by plot Speed")
    lap = editor.review.bus("bus.laps[0].id")
    halves = editor.review.bus(
        f"[...bus.column('{lap}', 'Half Speed')].map((v, i) => v / bus.column('{lap}', 'speed')[i])"
    )
    assert all(abs(half - 0.5) < 1e-4 for half in halves)
    editor.review.screenshot("math-editor")


def test_what_is_typed_waits_while_another_channel_is_looked_at(editor: Editor) -> None:
    editor.begin("Slow", "speed / 7")
    editor.entry("Combined G").click()
    expect(editor.formula).to_have_value("hypot(g_lat, g_long)")
    expect(editor.formula).not_to_be_editable()
    editor.entry("Slow").click()
    expect(editor.formula).to_have_value("speed / 7")
    editor.button("Revert").click()
    expect(editor.entry("Slow")).to_have_count(0)
    editor.button("Undo").click()
    expect(editor.formula).to_have_value("speed / 7")
    # All of it is in reach on a small screen.
    editor.page.set_viewport_size({"width": 1280, "height": 720})
    for shown in (editor.button("Save"), editor.messages, editor.formula, editor.field("Folder"), editor.entry("Slow")):
        expect(shown).to_be_in_viewport(ratio=1)
    editor.review.screenshot("math-editor-1280x720")


def test_a_deleted_channel_comes_back_by_a_click_or_a_key(editor: Editor, store: Store) -> None:
    editor.begin("Slow", "speed / 7")
    editor.page.keyboard.press("Control+Enter")
    expect(editor.drawer.get_by_text("saved", exact=True)).to_be_visible()
    editor.entry("Slow").focus()
    editor.page.keyboard.press("Delete")
    expect(editor.entry("Slow")).to_have_count(0)
    assert store.find_math_channels().is_empty()
    editor.button("Undo").click()
    expect(editor.entry("Slow")).to_be_visible()
    editor.entry("Slow").hover()
    editor.page.get_by_test_id("math-list").get_by_role("button", name="Delete: Slow").click()
    expect(editor.entry("Slow")).to_have_count(0)
    editor.entry("Combined G").focus()
    editor.page.keyboard.press("Control+z")
    expect(editor.entry("Slow")).to_be_visible()
    assert store.read_math_channel("Slow").formula == "speed / 7"


def test_the_list_is_walked_and_searched_with_the_keyboard(editor: Editor) -> None:
    editor.entry("Brake Rate").focus()
    editor.page.keyboard.press("ArrowDown")
    expect(editor.entry("Brake Throttle Overlap")).to_be_focused()
    expect(editor.formula).to_have_value("min(throttle, brake)")
    editor.page.keyboard.press("/")
    editor.page.keyboard.type("tyre slip")
    editor.page.keyboard.press("Control+a")
    editor.page.keyboard.type("understeer")
    expect(editor.page.get_by_test_id("math-list").get_by_role("option")).to_have_count(1)
    editor.page.keyboard.press("ArrowDown")
    editor.page.keyboard.press("Enter")
    expect(editor.field("Name")).to_have_value("Understeer Angle")


def test_hostile_text_is_text_and_what_cannot_be_a_name_is_told(editor: Editor, store: Store) -> None:
    name = "<img src=x onerror=alert(1)>"
    editor.begin(name, "speed")
    editor.page.keyboard.press("Control+s")
    expect(editor.drawer.get_by_role("alert")).to_have_text(re.compile("Not saved. This name cannot be used"))
    expect(editor.entry(name)).to_be_visible()
    assert store.find_math_channels().is_empty()
    editor.formula.fill("speed + \u202e'<b>deeps</b>' + \u200bspeed")
    expect(editor.messages).to_contain_text("U+202E")
    expect(editor.drawer.locator(".formula-ink b")).to_have_count(0)
    expect(editor.drawer.locator(".t-hidden")).to_have_count(2)
    editor.formula.evaluate(
        "(area) => { area.focus(); area.select(); document.execCommand('insertText', false, '('.repeat(2e6)) }"
    )
    expect(editor.messages).to_contain_text("longer than 2000 characters")
    assert len(editor.formula.input_value()) == 4000
    editor.formula.fill("speed")
    expect(editor.messages).to_be_empty()
