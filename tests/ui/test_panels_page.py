"""Gauges, lap table, report, notes and video in headless Chromium."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from ps_analytics.store.store import Store

pytestmark = pytest.mark.browser

RECORD = """(seconds) => new Promise((resolve) => {
  const canvas = Object.assign(document.createElement("canvas"), {width: 64, height: 36})
  const ctx = canvas.getContext("2d")
  const recorder = new MediaRecorder(canvas.captureStream(25), {mimeType: "video/webm;codecs=vp8"})
  const parts = []
  let shade = 0
  const paint = setInterval(() => {
    ctx.fillStyle = `rgb(${shade} 80 ${255 - shade})`
    ctx.fillRect(0, 0, 64, 36)
    shade = (shade + 9) % 256
  }, 20)
  recorder.ondataavailable = ({data}) => parts.push(data)
  recorder.onstop = async () => {
    clearInterval(paint)
    const bytes = new Uint8Array(await new Blob(parts).arrayBuffer())
    resolve(btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join("")))
  }
  recorder.start(100)
  setTimeout(() => recorder.stop(), seconds * 1000)
})"""


def config(plot: str, kind: str, *channels: str, **options: Any) -> dict[str, Any]:
    return {
        "id": plot,
        "title": plot.capitalize(),
        "kind": kind,
        "channels": channels,
        "mode": "tiled",
        "options": options,
    }


CONFIGS = [
    config("table", "lap_table"), config("notes", "notes"), config("video", "video"),
    config("report", "report", "speed", "throttle", by="lap"),
    config("gauges", "gauges", "throttle", "brake", "steering", "gear", "speed", "oil_temp"),
    config("map", "map", "x", "y", "speed"),
]  # fmt: skip
PLACES = [(0, 0, 8, 300), (8, 0, 4, 300), (0, 300, 6, 300), (6, 300, 6, 300), (0, 600, 6, 300), (6, 600, 6, 300)]
ITEMS = [
    {"plotId": each["id"], **dict(zip("xywh", place, strict=True))} for each, place in zip(CONFIGS, PLACES, strict=True)
]
LAYOUT = {
    "name": "Every panel",
    "configs": CONFIGS,
    "layout": {
        "version": 1,
        "cols": 12,
        "sheets": [{"id": "all", "title": "All", "xAxis": "distance", "fit": True, "items": ITEMS}],
    },
}


@pytest.fixture
def panels(review: Any) -> Any:
    """The review page with a panel of every kind that is not in the first layout."""
    with review.redrawn():
        review.bus(f"bus.ask({{op: 'layout', do: 'import', text: {json.dumps(json.dumps(LAYOUT))}}})")
    review.wait("bus.layout.document.configs.length === 6 && bus.panelData.size === 3")
    return review


def test_gauges_show_both_laps_at_the_cursor_without_asking_the_server(panels: Any) -> None:
    gauges = panels.page.get_by_test_id("gauges")
    panels.bus("(globalThis.asked = [], bus.ask = (command) => asked.push(command.op))")
    for place in (700, 1900):
        with panels.painted():
            panels.bus(f"bus.setCursor({place})")
        speed = gauges.get_by_role("group", name="Speed").locator(".number")
        shown = [float(text) for text in speed.all_inner_texts()]
        laps = "['Lap 3', 'Lap 5'].map((label) => bus.laps.find((lap) => lap.label === label).id)"
        columns = f"{laps}.map((id) => bus.column(id, 'speed')[bus.index])"
        assert shown == pytest.approx(panels.bus(columns), abs=0.06)  # the compared lap first
    expect(gauges).to_contain_text("not recorded")  # the oil temperature
    throttle = gauges.get_by_role("group", name="Throttle").locator(".gauge-bar").first
    share = throttle.evaluate("(bar) => new DOMMatrix(getComputedStyle(bar).transform).d")
    assert share == pytest.approx(panels.bus("bus.column(bus.laps[1].id, 'throttle')[bus.index]") / 100, abs=0.01)
    assert panels.bus("globalThis.asked") == []
    panels.screenshot("panels")


def test_the_lap_table_sorts_and_takes_the_users_word_on_a_lap(panels: Any, store: Store, weekend: str) -> None:
    table = panels.page.get_by_test_id("lap-table")
    laps = table.locator("tbody th")
    order = lambda: [int(text) for text in table.locator(".lap-shown").all_inner_texts()]  # noqa: E731
    assert order() == list(range(7))
    times = [row["lap_time_s"] for row in store.find_laps(session_id=weekend).to_dicts()]
    table.get_by_role("button", name="Time").click()
    assert order() == sorted(range(7), key=lambda i: times[i])
    table.get_by_role("button", name="Time").click()
    assert order() == sorted(range(7), key=lambda i: -times[i])
    table.get_by_role("button", name="Time").click()
    assert order() == list(range(7))
    best = table.locator("tr", has_text="best")
    expect(best.locator(".lap-shown")).to_have_text("5")
    assert int(best.locator("td.time").evaluate("(cell) => getComputedStyle(cell).fontWeight")) >= 600
    kind = table.get_by_label("What lap 5 is")
    kind.focus()
    kind.select_option("does not count")
    expect(table.locator("tr", has_text="best").locator(".lap-shown")).to_have_text("3")
    assert store.find_laps(session_id=weekend)["valid"].to_list()[5] is False
    kind.select_option("as its source says")
    expect(table.locator("tr", has_text="best").locator(".lap-shown")).to_have_text("5")
    with panels.redrawn():
        laps.nth(2).locator(".lap-shown").press("Enter")
    assert panels.bus("bus.laps.map(({label}) => label)") == ["Lap 5", "Lap 3", "Lap 2"]
    with panels.redrawn():
        table.locator(".lap-shown").nth(2).press("r")
    assert panels.bus("bus.reference.label") == "Lap 2"


def test_the_report_sorts_and_puts_the_cursor_where_a_least_or_a_most_was(panels: Any) -> None:
    report, page = panels.page.get_by_test_id("report"), panels.page
    expect(report.locator("tbody tr")).to_have_count(4)  # two laps, two channels
    speeds = panels.bus("[...bus.column(bus.reference.id, 'speed')]")
    row = report.locator("tr", has_text="Speed").filter(has_text="Lap 5")
    assert float(row.locator("td.max").inner_text()) == pytest.approx(np.nanmax(speeds), abs=0.3)
    with panels.painted():
        row.locator("td.min button").click()
    assert panels.bus("bus.cursor") == pytest.approx(int(np.nanargmin(speeds)), abs=3)
    report.get_by_role("button", name="Max").click()
    largest = [float(text) for text in report.locator("td.max").all_inner_texts()]
    assert largest == sorted(largest, reverse=True)
    page.get_by_label("What the report is about").select_option("corner")
    panels.wait("[...bus.panelData.values()].some(({by}) => by === 'corner')")
    expect(report.locator("tbody td.section").first).not_to_be_empty()


def test_notes_are_saved_with_ctrl_enter_and_when_the_field_is_left(panels: Any, store: Store, weekend: str) -> None:
    notes, page = panels.page.get_by_test_id("notes"), panels.page
    session = notes.get_by_label("Session", exact=True)
    session.fill("Wet at first, dry line from lap 4.")
    session.press("r")  # no key of the page while somebody writes
    session.press("Control+Enter")
    expect(notes.get_by_role("status").first).to_have_text("saved")
    notes.get_by_label("Lap the note is about").select_option(label="Lap 2")
    lap = notes.get_by_label("Lap 2", exact=True)
    lap.fill("Traffic in the hairpin")
    lap.blur()
    expect(notes.get_by_role("status").last).to_have_text("saved")
    assert store.find_sessions()["notes"].to_list() == ["Wet at first, dry line from lap 4.r"]
    assert store.find_laps(session_id=weekend)["notes"].to_list()[2] == "Traffic in the hairpin"
    expect(page.get_by_test_id("lap-table").locator("td.notes").nth(2)).to_have_text("Traffic in the hairpin")
    assert panels.bus("bus.reference.label") == "Lap 5"


@pytest.fixture
def film(page: Page, tmp_path: Path) -> Callable[[], Path]:
    """Makes a video of a second and a half, with the browser's own recorder."""

    def made() -> Path:
        path = tmp_path / "lap.webm"
        path.write_bytes(base64.b64decode(page.evaluate(RECORD, 1.5)))
        return path

    return made


def test_a_video_is_attached_aligned_follows_the_cursor_and_leads_it_while_it_plays(
    panels: Any, film: Callable[[], Path], store: Store, weekend: str
) -> None:
    page, panel, path = panels.page, panels.page.get_by_test_id("panel-Video"), film()
    panel.get_by_label("Path of the video").fill(str(path.with_name("gone.webm")))
    panel.get_by_role("button", name="Attach").click()
    expect(panel).to_contain_text("there is no such file")
    with page.expect_response(lambda answer: "/video/" in answer.url) as answered:
        panel.get_by_label("Path of the video").fill(str(path))
        panel.get_by_role("button", name="Attach").click()
    assert answered.value.headers["accept-ranges"] == "bytes"
    video = panel.get_by_test_id("video")
    expect(video).to_be_visible()
    page.wait_for_function("(video) => video.readyState >= 2", arg=video.element_handle())

    video.evaluate("(video) => { video.currentTime = 0 }")
    panel.get_by_role("button", name="Lap starts here").click()
    since = panels.bus("bus.laps.find((lap) => !lap.reference).since_s")
    panels.wait("[...bus.panelData.values()].some(({offset_s}) => offset_s < 0)")
    assert store.read_video(weekend) == {"path": str(path), "offset_s": pytest.approx(-since, abs=0.05)}

    place = panels.bus(
        "bus.x[bus.elapsed(bus.laps.find((lap) => !lap.reference).id, 'distance').findIndex((s) => s >= 0.8)]"
    )
    panels.bus(f"bus.setCursor({place})")
    page.wait_for_function("(video) => Math.abs(video.currentTime - 0.8) < 0.1", arg=video.element_handle())
    panel.get_by_role("button", name="The video 0.1 s earlier").click()
    page.wait_for_function("(video) => Math.abs(video.currentTime - 0.7) < 0.1", arg=video.element_handle())
    panels.wait(f"[...bus.panelData.values()].some(({{offset_s}}) => Math.abs(offset_s + {since} + 0.1) < 0.05)")

    video.evaluate("(video) => { video.currentTime = 0.2 }")
    video.focus()
    page.keyboard.press("Space")
    panels.wait(f"bus.cursor > 0 && bus.cursor !== {place}")
    expect(panel.get_by_role("button", name="Pause")).to_be_visible()
    page.keyboard.press("Space")
    expect(panel.get_by_role("button", name="Play")).to_be_visible()
    panels.screenshot("panel-video")
