"""The review page in headless Chromium. Every test is an offline test as well: see the `page` fixture."""

import gc
import re
import time
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

from ps_analytics.config import Settings
from ps_analytics.store.store import Store, open_store
from ps_analytics.ui.state import ReviewState

pytestmark = pytest.mark.browser
PLOTS = ["Speed", "Delta", "Throttle / Brake", "Steering", "Engine speed / Gear"]


def test_it_opens_with_the_best_lap_and_the_last_other_one_that_counts(review: Any) -> None:
    for title in PLOTS:
        expect(review.plot(title).locator("canvas").first).to_be_visible()
    expect(review.lap(5)).to_be_checked()  # the best of those that count; lap 4 is faster and invalid
    expect(review.lap(3)).to_be_checked()
    expect(review.page.get_by_role("button", name="Reference: lap 5", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    assert review.page.title() == "Review · ps-analytics"
    review.screenshot("review-1600x1000")


def test_the_lap_list_says_kind_validity_and_gap(review: Any) -> None:
    rows = review.page.get_by_test_id("laps").get_by_role("listitem")
    expect(rows).to_have_count(7)
    expect(rows.nth(0)).to_contain_text("out")
    expect(rows.nth(4)).to_contain_text("invalid")
    expect(rows.nth(5)).to_contain_text("best")
    expect(rows.nth(6)).to_contain_text("in")
    assert rows.nth(1).locator(".lap-gap").inner_text().startswith("+0.")
    assert review.lap(4).get_attribute("title") == "four wheels off the track"


def test_the_cursor_moves_on_every_plot_and_on_the_map_without_asking_the_server(review: Any) -> None:
    review.page.evaluate(
        "() => { globalThis.sent = 0; const send = WebSocket.prototype.send;"
        " WebSocket.prototype.send = function (...what) { globalThis.sent += 1; return send.apply(this, what) } }"
    )
    area = review.plot("Speed").locator(".u-over")
    box = area.bounding_box()
    for share in (0.25, 0.5, 0.75):
        with review.painted():
            review.page.mouse.move(box["x"] + box["width"] * share, box["y"] + 40)
        index = review.bus("bus.index")
        expected = round(review.bus("bus.extent[1]") * share)
        assert abs(index - expected) <= 5
        lines = [review.plot(title).locator("canvas").get_attribute("data-index") for title in PLOTS]
        assert lines == [str(index)] * len(PLOTS)
        assert review.page.get_by_test_id("track-map").get_attribute("data-index") == str(index)
    assert review.page.evaluate("globalThis.sent") == 0


def test_the_values_at_the_cursor_are_those_of_the_lap(review: Any, store: Store, weekend: str) -> None:
    for place in (400, 700, 1000):  # sooner after each other than values are written
        with review.painted():
            review.bus(f"bus.setCursor({place})")
    lap_id = store.resolve_lap("best", session_id=weekend)
    frames = store.read_lap(lap_id).frames
    share = frames["normalized_position"].to_numpy()
    expected = np.interp(1000 / review.bus("bus.extent[1]"), share, frames["speed"].to_numpy())
    shown = review.page.get_by_test_id("panel-Speed").locator(".value").first.inner_text()
    assert float(shown) == pytest.approx(expected, abs=0.3)


def test_zoom_is_linked_and_a_double_click_shows_the_whole_lap(review: Any) -> None:
    box = review.plot("Throttle / Brake").locator(".u-over").bounding_box()
    with review.painted():
        review.page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + 30)
        review.page.mouse.down()
        review.page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 30, steps=4)
        review.page.mouse.up()
    review.wait("bus.window !== null")
    length = review.bus("bus.extent[1]")
    low, high = review.bus("bus.window")
    assert [low, high] == pytest.approx([length * 0.25, length * 0.5], abs=length * 0.01)
    scales = review.page.evaluate(SCALES)
    assert scales == [[low, high]] * len(PLOTS)
    review.page.mouse.dblclick(box["x"] + 50, box["y"] + 30)
    review.wait("bus.window === null")


SCALES = """() => {
  const found = []
  const walk = (root) => {
    for (const node of root.querySelectorAll('*')) {
      if (node.shadowRoot) walk(node.shadowRoot)
      if (node.psPlot) found.push([node.psPlot.scales.x.min, node.psPlot.scales.x.max])
    }
  }
  walk(document)
  return found
}"""


CURSOR = """(title) => {
  const walk = (root) => [...root.querySelectorAll('*')].flatMap((node) =>
    [...(node.psPanel ? [node.psPanel] : []), ...(node.shadowRoot ? walk(node.shadowRoot) : [])])
  const {plot, lines} = walk(document).find(({plot}) => plot.root.closest(`[data-testid="plot-${title}"]`))
  const bus = [...globalThis[Symbol.for('ps-analytics.pages')].values()][0]
  const {width, height} = plot.ctx.canvas
  const bare = new OffscreenCanvas(width, height).getContext('2d')
  bare.fillStyle = getComputedStyle(plot.root).getPropertyValue('--panel')
  bare.fillRect(0, 0, width, height)
  bare.drawImage(plot.ctx.canvas, 0, 0)
  const screen = plot.root.querySelector('canvas').getContext('2d')
  const [seen, drawn] = [screen, bare].map((ctx) => ctx.getImageData(0, 0, width, height).data)
  const painted = []
  for (let i = 0; i < seen.length; i += 4) {
    const far = Math.max(...[0, 1, 2].map((k) => Math.abs(seen[i + k] - drawn[i + k])))
    if (far > 8) painted.push([(i / 4) % width - plot.bbox.left, Math.floor(i / 4 / width)])
  }
  const columns = painted.map(([column]) => column)
  const ends = [Math.min(...columns), Math.max(...columns)]
  const dots = painted.filter(([column]) => column > (ends[0] + ends[1]) / 2 + 1.5).map(([, row]) => row)
  const there = lines.map(({told, lane}) => plot.valToPos(told[bus.index], lane.scale, true))
  return {ends, dots: [Math.min(...dots), Math.max(...dots)], values: [Math.min(...there), Math.max(...there)]}
}"""
"""Where what is seen of a plot is not its picture: columns from its edge, rows beside the line; rows of the values."""


def test_the_cursor_stays_on_its_metre_when_the_view_changes(review: Any) -> None:
    length = review.bus("bus.extent[1]")
    with review.painted():
        review.bus(f"bus.setCursor({0.5 * length})")
    with review.painted():
        review.bus(f"bus.setWindow({0.4 * length}, {0.8 * length})")
    for title in PLOTS:
        area = review.plot(title).locator(".u-over").bounding_box()
        seen = review.page.evaluate(CURSOR, title)
        left = 0.25 * area["width"]  # (0.5 - 0.4) / (0.8 - 0.4)
        assert seen["ends"] == pytest.approx([left - 3.5, left + 3.5], abs=1.5), title  # and nothing of where it was
        low, high = seen["values"]
        assert seen["dots"] == pytest.approx([low - 3, high + 3], abs=2), title


def test_another_reference_turns_the_delta_round(review: Any) -> None:
    before = review.bus("bus.column(bus.laps.find((lap) => !lap.reference).id, 'delta').at(-1)")
    row = review.page.get_by_test_id("laps").get_by_role("listitem").nth(3)
    row.hover()
    with review.redrawn():
        row.get_by_role("button", name="Reference: lap 3", exact=True).click()
    after = review.bus("bus.column(bus.laps.find((lap) => !lap.reference).id, 'delta').at(-1)")
    assert before > 0
    assert after == pytest.approx(-before, abs=2e-3)


def test_a_lap_is_shown_and_taken_away_by_a_click(review: Any) -> None:
    with review.redrawn():
        review.lap(1).click()
    assert review.bus("bus.laps.map((lap) => lap.label)") == ["Lap 5", "Lap 3", "Lap 1"]
    with review.redrawn():
        review.lap(3).click()
    assert review.bus("bus.laps.map((lap) => lap.label)") == ["Lap 5", "Lap 1"]
    expect(review.lap(3)).not_to_be_checked()


def test_a_lap_keeps_its_colour_while_others_come_and_go(review: Any) -> None:
    color = "bus.laps.find((lap) => lap.label === 'Lap 5').color"
    before = review.bus(color)
    with review.redrawn():
        review.lap(2).click()
    with review.redrawn():
        review.lap(3).click()
    assert review.bus(color) == before


def test_the_keyboard_does_what_the_mouse_does(review: Any) -> None:
    press = review.page.keyboard.press
    with review.painted():
        press("ArrowRight")
    assert review.bus("bus.index") == 1
    with review.painted():
        press("Shift+ArrowRight")
    assert review.bus("bus.index") == 11
    with review.painted():
        press("+")
    assert review.bus("bus.window !== null")
    with review.painted():
        press("0")
    assert review.bus("bus.window") is None
    with review.redrawn():
        press("2")  # the second row: lap 1
    expect(review.lap(1)).to_be_checked()
    with review.redrawn():
        press("r")
    expect(review.page.get_by_role("button", name="Reference: lap 3", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    press("?")
    expect(review.page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    press("Escape")
    expect(review.page.get_by_role("dialog", name="Keyboard")).to_be_hidden()


def test_a_lap_finished_live_appears_within_two_seconds_and_the_view_stays(
    review: Any, paddock: Any, weekend: str, drive: Any
) -> None:
    with review.painted():
        review.bus("(bus.setWindow(1000, 2000), bus.setCursor(1500))")
    channels = drive(grip_g=1.41, seed=11)
    began = time.monotonic()
    paddock.lap(weekend, channels)
    expect(review.lap(7)).to_be_visible()
    assert time.monotonic() - began < 2.0  # the promise itself, not a measurement
    assert review.bus("bus.window") == [1000, 2000]
    assert review.bus("bus.cursor") == 1500
    assert review.bus("bus.laps.map((lap) => lap.label)") == ["Lap 5", "Lap 3"]


def test_an_empty_store_says_how_to_fill_it(open_review: Any) -> None:
    review = open_review()
    expect(review.status()).to_have_text("No laps yet. psa demo or psa import FILE.")
    review.screenshot("review-empty")


def test_the_first_lap_ever_opens_the_page(open_review: Any, paddock: Any, drive: Any) -> None:
    review = open_review()
    paddock.lap(paddock.session(), drive())
    review.drawn()
    expect(review.status()).to_be_hidden()


def test_a_session_of_times_only_lists_them_and_says_why_nothing_is_drawn(open_review: Any, paddock: Any) -> None:
    session = paddock.session("Race", source="ldx")
    for time_s in (91.2, 90.4, 90.9):
        paddock.lap(session, lap_time_s=time_s)
    review = open_review()
    expect(review.page.get_by_test_id("laps").get_by_role("listitem")).to_have_count(3)
    expect(review.page.get_by_test_id("laps")).to_contain_text("1:30.400")
    expect(review.status()).to_have_text("This session has lap times and no telemetry: there is nothing to draw.")
    expect(review.status()).to_be_visible()
    review.page.get_by_test_id("laps").get_by_role("checkbox").first.click(trial=True)  # nothing lies over the list
    review.screenshot("review-times-only")


def test_a_lap_without_positions_says_why_there_is_no_map(open_review: Any, paddock: Any, drive: Any) -> None:
    session = paddock.session()
    channels = {name: values for name, values in drive().items() if name not in ("x", "y", "steering")}
    paddock.lap(session, channels)
    review = open_review().drawn()
    note = "No track map: lap 0, the reference, has neither positions nor speed and yaw rate."
    expect(review.page.get_by_text(note)).to_be_visible()


def test_a_channel_that_was_not_recorded_is_named_struck_through(open_review: Any, paddock: Any, drive: Any) -> None:
    channels = {name: values for name, values in drive().items() if name != "brake"}
    paddock.lap(paddock.session(source="ibt"), channels)
    review = open_review().drawn()
    panel = review.page.get_by_test_id("panel-Throttle / Brake")
    expect(panel.locator("s")).to_have_text("Brake")
    expect(panel).to_contain_text("not recorded by ibt")


def test_names_are_text_and_never_markup(open_review: Any, paddock: Any, drive: Any) -> None:
    attack = "<img src=x onerror=\"document.title='owned'\">"
    session = paddock.session(attack, event=attack, track=attack, car=attack)
    paddock.lap(session, drive(), valid=False, valid_reason=attack)
    review = open_review().drawn()
    expect(review.page.get_by_label("Event")).to_contain_text(attack)
    assert review.page.title() == "Review · ps-analytics"


def test_the_laps_of_another_user_cannot_be_reached(review: Any, store: Store, drive: Any, paddock_of: Any) -> None:
    theirs = paddock_of(store.for_user("bruno"))
    session = theirs.session("Secret test")
    lap_id = theirs.lap(session, drive())
    before = review.bus("bus.generation")
    review.bus(f"bus.ask({{op: 'session', session: '{session}'}})")
    expect(review.status()).to_have_text(f"no session '{session}'.")
    review.bus(f"bus.ask({{op: 'toggle', lap: '{lap_id}'}})")
    expect(review.status()).to_have_text(f"no lap '{lap_id}'.")
    expect(review.status()).to_be_visible()
    review.page.get_by_role("button", name="Close").click()
    expect(review.status()).to_be_hidden()
    assert review.bus("bus.generation") > before
    assert "Secret" not in review.page.get_by_label("Session").first.inner_text()


def test_a_command_nobody_knows_does_nothing(review: Any) -> None:
    review.bus("bus.ask({op: 'drop_table', lap: 1})")
    with review.redrawn():
        review.bus("bus.ask({op: 'toggle'})")
    expect(review.status()).to_be_visible()
    expect(review.status()).to_contain_text("Something went wrong here")


def test_a_light_page_is_one_click_away_and_stays_light(review: Any) -> None:
    line = review.page.get_by_test_id("laps").locator(".chosen .swatch path").first
    with review.painted():
        review.page.get_by_role("button", name="Light or dark").click()
    expect(line).to_have_css("stroke", "rgb(194, 94, 0)")  # the same orange with more weight
    review.screenshot("review-light")
    review.page.reload()
    review.drawn()
    expect(review.page.locator("html")).to_have_attribute("data-theme", "light")


@pytest.mark.slow
def test_sessions_opened_and_closed_leave_nothing_behind(review: Any, served: Any) -> None:
    context, before = review.page.context, len(alive())
    for _ in range(8):
        page = context.new_page()
        page.goto(served.url)
        type(review)(page).drawn()
        page.close()
    deadline = time.monotonic() + 20
    while len(alive()) > before and time.monotonic() < deadline:
        review.page.wait_for_timeout(250)  # the server looks for closed pages every now and then
    assert len(served.server.get_sessions("/review")) == 1
    assert len(alive()) == before


def alive() -> list[ReviewState]:
    """The states of all pages nobody has let go of."""
    gc.collect()
    return [thing for thing in gc.get_objects() if isinstance(thing, ReviewState)]


@pytest.mark.parametrize("size", [(1280, 720), (2560, 1440)])
def test_it_fits_the_window(review: Any, size: tuple[int, int]) -> None:
    width, height = size
    with review.painted():
        review.page.set_viewport_size({"width": width, "height": height})
        review.page.wait_for_timeout(50)
        review.bus("bus.announce('cursor')")
    boxes = [review.page.get_by_test_id(f"panel-{title}").bounding_box() for title in PLOTS]
    assert all(box["x"] + box["width"] <= width and box["y"] + box["height"] <= height for box in boxes)
    review.screenshot(f"review-{width}x{height}")


def test_it_opens_beside_a_store_that_cannot_be_opened(
    page: Any, settings: Settings, serve: Any, review_of: Any
) -> None:
    (settings.data_dir / "telemetry.sqlite").write_bytes(b"this is not a database, but a text" * 40)
    with serve(settings) as served:
        page.goto(served.url)
        review = review_of(page)
        review.wait("bus.generation > 0")
        expect(review.status()).to_contain_text("cannot open the database")
        (settings.data_dir / "telemetry.sqlite").unlink()
        with open_store(settings=settings):
            pass
        expect(review.status()).to_have_text("No laps yet. psa demo or psa import FILE.")


PIXEL = """(share) => {
  const walk = (root) => [...root.querySelectorAll('*')].flatMap((node) =>
    [...(node.psPlot ? [node.psPlot] : []), ...(node.shadowRoot ? walk(node.shadowRoot) : [])])
  const bus = [...globalThis[Symbol.for('ps-analytics.pages')].values()][0]
  const lap = bus.laps.find(({reference}) => !reference)
  const plot = walk(document).find(({root}) => root.closest('[data-testid="plot-Delta"]'))
  const i = Math.round(bus.x.length * 0.52)
  const above = bus.column(lap.id, 'delta')[i] + share * bus.column(lap.id, 'band')[i]
  const at = [plot.valToPos(bus.x[i], 'x', true), plot.valToPos(above, 'y0', true)].map(Math.round)
  return [...plot.ctx.getImageData(...at, 1, 1).data]
}"""


def test_a_shade_as_wide_as_the_band_lies_around_the_delta(review: Any) -> None:
    wide = (
        "(() => { const lap = bus.laps.find(({reference}) => !reference);"
        " const band = new Float32Array(bus.x.length).fill(0.2);"
        " bus.receive({op: 'columns', columns: {[`${lap.id}|band`]: band}}); bus.announce('data') })()"
    )
    corners_there(review)  # nothing else is painted from here on
    with review.painted():
        review.bus(wide)
    within, beyond = (
        np.median([over_panel(review.page.evaluate(PIXEL, share)) for share in shares], axis=0)
        for shares in ((0.35, 0.5, 0.65, 0.8), (1.05, 1.07, 1.09))
    )
    # A fifth of the lap's orange, 255 157 66, over whatever lies there.
    assert within - beyond == pytest.approx(0.2 * (np.array([255, 157, 66]) - beyond), abs=6)


def over_panel(pixel: list[int]) -> np.ndarray[Any, Any]:
    """A pixel of a canvas as it is seen on a dark panel: red, green, blue."""
    share = pixel[3] / 255
    return share * np.array(pixel[:3]) + (1 - share) * np.array([16, 20, 27])


def test_the_delta_says_how_it_closes_and_how_sure_it_is(review: Any) -> None:
    badge = review.page.get_by_test_id("closure-Lap 3")
    expect(badge).to_contain_text("closes · position · ±")
    expect(badge).to_have_attribute("title", re.compile(r"^Lap 3: It ends at the difference of the two lap times\."))
    with review.painted():
        review.bus("bus.setCursor(2000)")
    band = review.bus("bus.column(bus.laps[1].id, 'band')[2000]")
    shown = review.page.get_by_test_id("panel-Delta").locator(".value").inner_text()
    assert ("±" in shown) == (band > 0.0005)


def corners_there(review: Any) -> Any:
    table = review.page.get_by_test_id("corner-table")
    expect(table).to_be_visible()
    return table.locator("tbody tr")


def test_a_click_on_a_corner_shows_it_on_every_plot(review: Any) -> None:
    rows = corners_there(review)
    corner = review.bus("bus.corners.corners[1]")
    with review.painted():
        rows.nth(1).click()
    low, high = review.bus("bus.window")
    [[start, end]] = corner["parts"]
    assert low < start < corner["apex"] < end < high < low + 4 * (end - start) + 240
    assert review.page.evaluate(SCALES) == [[low, high]] * len(PLOTS)
    assert review.bus("bus.cursor") == pytest.approx(corner["apex"], abs=1)
    expect(rows.nth(1)).to_have_attribute("aria-current", "true")
    with review.painted():
        review.page.keyboard.press("]")
    expect(rows.nth(2)).to_have_attribute("aria-current", "true")
    with review.painted():
        review.page.keyboard.press("[")
    expect(rows.nth(1)).to_have_attribute("aria-current", "true")


def test_the_corner_table_adds_up_to_the_gap_and_marks_at_most_three(review: Any) -> None:
    rows = corners_there(review)
    told = [float(text.replace("−", "-")) for text in rows.locator("td.lost").all_inner_texts()]
    gap = review.bus("bus.laps[1].time_s - bus.laps[0].time_s")
    assert sum(told) == pytest.approx(gap, abs=0.0005 * len(told) + 1e-6)
    worst = sorted(told, reverse=True)[:3]
    marked = rows.locator("xpath=self::tr[contains(@class, 'worst')]/td[contains(@class, 'lost')]").all_inner_texts()
    assert {float(text.replace("−", "-")) for text in marked} == {lost for lost in worst if lost >= 0.02}


def test_the_ideal_lap_is_drawn_and_is_a_reference_like_any_lap(review: Any) -> None:
    ideal = review.page.get_by_test_id("ideal")
    with review.redrawn():
        ideal.get_by_role("checkbox").click()
    expect(ideal).to_contain_text(re.compile(r"feasible, (joins \d+ pieces of \d laps|the best lap as it was driven)"))
    expect(ideal.get_by_role("checkbox")).to_be_checked()
    assert review.bus("bus.laps.map((lap) => lap.label)") == ["Lap 5", "Lap 3", "Ideal"]
    with review.redrawn():
        ideal.get_by_role("button", name="Reference: ideal lap").click()
    assert review.bus("bus.reference.label") == "Ideal"
    lost = review.bus("bus.column(bus.laps[0].id, 'delta').at(-1)")
    assert lost == pytest.approx(review.bus("bus.laps[0].time_s - bus.reference.time_s"), abs=1e-6)
    expect(review.page.get_by_test_id("laps").locator(".lap-time.best")).to_have_count(1)
    review.screenshot("review-ideal")


def test_a_refused_lap_has_its_reason_beside_it(open_review: Any, weekend: str, paddock: Any, drive: Any) -> None:
    paddock.lap(weekend, drive(length_m=6000.0))
    review = open_review().drawn()
    row = review.page.get_by_test_id("laps").get_by_role("listitem").nth(7)
    expect(row).to_contain_text("these laps cannot be compared")


def test_a_lap_of_three_samples_leaves_the_page_standing_and_says_why(
    open_review: Any, paddock: Any, drive: Any
) -> None:
    paddock.lap(paddock.session(), {name: values[:3] for name, values in drive().items()}, lap_time_s=80.0)
    review = open_review()
    review.wait("bus.status.kind !== 'loading'")
    expect(review.status()).to_contain_text("cannot be compared")
