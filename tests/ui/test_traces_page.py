"""Traces in a browser: axes, the marks A and B, overlaid channels, long stints, and a panel as a picture."""

import base64
import re
import struct
import xml.etree.ElementTree as ET
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from ps_analytics.store.store import Store

pytestmark = pytest.mark.browser

LENGTH_M = 1000.0
PULL = 4.0
"""m/s²: the car of the bus's tests starts at rest, so that it is at PULL t²/2 after t seconds."""

BEGIN = f"""() => {{
  const page = [...globalThis[Symbol.for('ps-analytics.pages')].values()][0]
  const bus = globalThis.alone = new page.constructor('')
  const x = Float32Array.from({{length: {int(LENGTH_M)} + 1}}, (_, i) => i)
  const time = Float32Array.from({{length: 2400}}, (_, i) => i / 100)
  globalThis.asked = []
  bus.connect((command) => asked.push(command))
  bus.receive({{op: 'clear', x}})
  bus.receive({{op: 'columns', columns: {{'a|oil': x.map((v) => v / 10), 'a|speed': x}}}})
  bus.receive({{op: 'clear', axis: 'time', x: time}})
  bus.receive({{op: 'columns', axis: 'time', columns: {{'a|distance': time.map((t) => {PULL} * t * t / 2)}}}})
  const plain = {{factor: 1, offset: 0}}
  bus.receive({{op: 'commit', generation: 1, session: 's', laps: [{{id: 'a', reference: true}}], provisional: {{}},
    channels: {{oil: {{factor: 1.8, offset: 32}}, speed: plain}},
    status: {{kind: 'ready', text: ''}}, mapNote: '', math: false}})
}}"""
DETAIL = """bus.receive({op: 'detail', axis: 'distance', request: %d, from: 2000, to: 3000,
  x: new Float32Array([2000, 3000]), columns: {}})"""
PANEL = """(title) => {
  const walk = (root) => [...root.querySelectorAll('*')].flatMap((node) =>
    [...(node.psPanel ? [node.psPanel] : []), ...(node.shadowRoot ? walk(node.shadowRoot) : [])])
  globalThis.panel = walk(document).find((panel) => panel.frame.title === title)
}"""


@pytest.fixture
def alone(page: Page, review: Any) -> Any:
    """A bus of its own, with one lap on both axes: the value of an expression in which it is `bus`."""
    page.evaluate(BEGIN)
    return lambda expression: page.evaluate(f"() => {{ const bus = globalThis.alone; return {expression} }}")


def moment(metres: float) -> float:
    """When the car of the bus's tests is at a place, in s."""
    return float(np.sqrt(2 * metres / PULL))


def test_places_windows_units_and_details_are_one_on_every_axis(alone: Any, review: Any) -> None:
    assert alone("bus.placeOn('time', 648)") == pytest.approx(moment(648), abs=1e-3)
    assert alone("bus.placeFrom('time', 6)") == pytest.approx(PULL * 18, abs=1e-2)
    assert alone("bus.placeOn('position', 250)") == pytest.approx(25)
    alone("bus.setCursorOn('position', 40)")
    assert alone("bus.cursor") == pytest.approx(400)
    alone("bus.setCursorOn('time', 23.5)")  # beyond the end of the lap: as far as it goes, and still where it was put
    assert alone("[bus.cursor, bus.cursorOn('time')]") == [LENGTH_M, 23.5]
    alone("bus.setWindow(20, 40, 'position')")
    assert alone("[bus.windowOf('distance'), bus.windowOf('time')]") == [[200, 400], None]
    alone("bus.showCorner({apex: 500, parts: [[450, 550]]})")
    assert alone("bus.windowOf('distance')") == [375, 625]
    assert alone("bus.windowOf('time')") == pytest.approx([moment(375), moment(625)], abs=1e-2)
    alone("bus.showAll()")
    assert alone("bus.column('a', 'oil')[500]") == pytest.approx(50 * 1.8 + 32)
    assert alone("bus.column('a', 'speed') === bus.grid('distance').columns.get('a|speed')")  # nothing is copied
    alone("(bus.setCursor(300), bus.toggleMark('a'), bus.setCursor(200), bus.toggleMark('b'), bus.toggleMark('b'))")
    assert alone("[bus.a, bus.b]") == [300, None]
    ask = "bus.details.distance.want(500)"
    alone(
        f"(bus.receive({{op: 'clear', x: bus.x, whole: [0, 9000], thinned: true}}), bus.setWindow(2000, 3000), {ask})"
    )
    review.page.wait_for_function("() => globalThis.asked.length === 1")
    request = review.page.evaluate("() => globalThis.asked[0]")
    assert request == {
        "op": "view",
        "axis": "distance",
        "request": request["request"],
        "from": 2000,
        "to": 3000,
        "pixels": 500,
    }
    alone(DETAIL % (request["request"] - 1))
    assert alone("bus.detail('distance')") is None  # a late answer
    alone(DETAIL % request["request"])
    assert alone("[...bus.detail('distance').x]") == [2000, 3000]
    alone("bus.setWindow(1500, 3000)")
    assert alone("bus.detail('distance')") is None


def test_marks_measure_every_channel_of_every_lap_between_them(review: Any, store: Store, weekend: str) -> None:
    page = review.page
    expect(page.get_by_test_id("measures").first).to_be_hidden()
    for key, place in (("a", 1000), ("b", 1500)):
        with review.painted():
            review.bus(f"bus.setCursor({place})")
        with review.painted():
            page.keyboard.press(key)
    assert [review.bus("bus.a"), review.bus("bus.b")] == [1000, 1500]
    measures = page.get_by_test_id("panel-Speed").get_by_test_id("measures")
    expect(measures).to_contain_text("Δx+500.0 m")
    lap_id = store.resolve_lap("best", session_id=weekend)
    frames = store.read_lap(lap_id).frames
    metres = frames["normalized_position"].to_numpy() * review.bus("bus.extent[1]")
    speed = frames["speed"].to_numpy()
    between = (metres >= 1000) & (metres <= 1500)
    a, b = np.interp([1000, 1500], metres, speed)
    expected = {
        "a": a,
        "b": b,
        "change": b - a,
        "least": speed[between].min(),
        "most": speed[between].max(),
        "mean": speed[between].mean(),
    }
    row = measures.locator(f".measure[data-lap='{lap_id}']")
    for name, value in expected.items():
        shown = float(row.locator(f"[data-figure='{name}'] b").inner_text().replace("−", "-"))
        assert shown == pytest.approx(value, abs=0.5), name
    for title in ("Speed", "Delta", "Steering"):
        lines = [review.plot(title).get_by_test_id(f"mark-{name}").bounding_box()["x"] for name in ("a", "b")]
        area = review.plot(title).locator(".u-over").bounding_box()
        shares = [(x - area["x"]) / area["width"] * review.bus("bus.extent[1]") for x in lines]
        assert shares == pytest.approx([1000, 1500], abs=5), title
    label = review.plot("Speed").get_by_test_id("mark-b").locator(".mark-label")
    box = label.bounding_box()
    page.mouse.move(box["x"] + 4, box["y"] + 6)
    page.mouse.down()
    page.mouse.move(box["x"] + 104, box["y"] + 6, steps=3)
    page.mouse.up()
    review.wait("bus.b > 1600")
    review.screenshot("traces-marks")
    with review.painted():
        measures.get_by_role("button", name="Take the marks A and B away").click()
    expect(measures).to_be_hidden()
    expect(review.plot("Speed").get_by_test_id("mark-a")).to_be_hidden()


OVERLAID = """(() => {
  const lap = bus.laps.find(({reference}) => !reference)
  lap.gaps = [[800, 900, 'no samples for 1.5 s']]
  const brake = bus.column(lap.id, 'brake').slice().fill(NaN, 800, 900)
  const columns = {[`${lap.id}|brake`]: brake, [`${lap.id}|on`]: brake.map((value) => (value > 50 ? 1 : 0))}
  bus.receive({op: 'columns', columns})
  const facts = {unit: '', decimals: 0, stepped: true, condition: true, fixed: [-0.15, 1.15], color: '#f2cc60'}
  bus.channels = {...bus.channels, on: {name: 'on', label: 'Braking', ...facts}}
  const of = (id) => bus.layout.document.configs.find((config) => config.id === id)
  Object.assign(of('speed'), {channels: ['speed', 'rpm', 'throttle', 'on', 'turbo'], mode: 'overlaid'})
  Object.assign(of('pedals'), {channels: ['throttle', 'brake', 'on'], xAxis: 'position'})
  bus.announce('layout')
})()"""


DRAWN = """() => {
  const i = panel.lines.findIndex(({lap, channel}) => !lap.reference && channel.name === 'brake')
  return [...panel.plot.data[i + 1].slice(798, 902)]
}"""


def test_overlaid_channels_differ_gaps_break_lines_and_a_panel_is_a_picture(review: Any) -> None:
    page = review.page
    with review.painted():
        review.bus(OVERLAID)
    page.evaluate(PANEL, "Speed")
    lines = page.evaluate(
        "() => panel.lines.map(({lap, channel, color, dash}) => [channel.name, lap.color === color, dash])"
    )
    dashes = {name: dash for name, _, dash in lines}
    assert all(of_lap for _, of_lap, _ in lines)  # several laps: the colour is the lap's
    assert len({str(dash) for dash in dashes.values()}) == len(dashes) == 4  # and each channel has its dash
    assert page.evaluate("() => panel.lanes.map(({side}) => side)") == ["left", "right", "", ""]
    expect(page.get_by_test_id("panel-Speed")).to_contain_text("turbo")
    strip = review.plot("Throttle / Brake").locator(".gap-strips i")
    expect(strip).to_have_attribute("title", re.compile(r"^Lap 3: no samples for 1\.5 s$"))
    page.evaluate(PANEL, "Throttle / Brake")
    drawn = page.evaluate(DRAWN)
    assert drawn[0] is not None
    assert drawn[2:102] == [None] * 100
    assert page.evaluate("() => panel.scenery.x.unit") == "%"
    with review.painted():
        review.bus("bus.setWindow(25, 50, 'position')")
    assert review.bus("bus.windowOf('distance').map((value) => value / bus.extent[1])") == pytest.approx([0.25, 0.5])
    page.evaluate(PANEL, "Speed")
    with review.painted():
        review.bus("bus.light(bus.laps[0].id)")
    alphas = page.evaluate("() => panel.lines.map(({lap}, i) => [lap.reference, panel.plot.series[i + 1].alpha])")
    assert {alpha for of, alpha in alphas if of} == {1}
    assert {alpha for of, alpha in alphas if not of} == {0.3}
    drawing = ET.fromstring(page.evaluate("() => panel.svg()"))
    said = [text.text for text in drawing.iter("{http://www.w3.org/2000/svg}text")]
    assert {"Speed", "Speed km/h", "m"} <= set(said)
    assert len([each for each in drawing.iter("{http://www.w3.org/2000/svg}path") if each.get("clip-path")]) == 6
    picture = page.evaluate("() => panel.image().toDataURL('image/png')")
    width, height = struct.unpack(">II", base64.b64decode(picture.split(",")[1])[16:24])
    assert [width, height] == [2 * int(drawing.get("width") or 0), 2 * int(drawing.get("height") or 0)]


def test_time_is_an_axis_like_distance(review: Any) -> None:
    page = review.page
    with review.painted():
        review.bus("bus.setCursor(2000)")
    page.get_by_role("button", name="Time", exact=True).click()
    review.wait("bus.grids.time.x.length > 0 && bus.axisOf({}) === 'time'")
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.evaluate(PANEL, "Speed")
    assert page.evaluate("() => [panel.axis, panel.scenery.x.unit]") == ["time", "s"]
    assert review.bus("bus.cursorOn('time')") == pytest.approx(
        review.bus("bus.elapsed(bus.reference.id, 'distance')[2000]"), abs=0.02
    )
    area = review.plot("Speed").locator(".u-over").bounding_box()
    with review.painted():
        page.mouse.move(area["x"] + area["width"] / 2, area["y"] + 20)
    half = review.bus("bus.extentOf('time')[1]") / 2
    assert review.bus("bus.cursorOn('time')") == pytest.approx(half, abs=0.2)
    at = review.bus("bus.grids.time.indexOf(bus.cursorOn('time'))")
    expected = review.bus(f"bus.column(bus.laps[0].id, 'speed', 'time')[{at}]")
    shown = page.get_by_test_id("panel-Speed").locator(".value").first.inner_text()
    assert float(shown) == pytest.approx(expected, abs=0.06)
    with review.painted():
        page.mouse.wheel(0, -300)
    review.wait("bus.windowOf('time') !== null && bus.windowOf('distance') === null")
    review.screenshot("traces-time")
