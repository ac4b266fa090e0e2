"""Scatter and histogram on the review page: drawn with its laps, following its cursor and zoom without asking."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

FIGURES = """() => {
    const found = {}
    for (const model of Bokeh.documents[0]._all_models.values()) {
        if (model.type !== "Figure") continue
        const roles = {}
        for (const renderer of model.renderers) {
            const [role] = renderer.tags
            const {view, visible, data_source: {data}} = renderer
            const rows = view.filter.indices ?? data.x ?? data.top ?? []
            const [x, top] = [[...(data.x ?? [])].slice(0, 4), [...(data.top ?? [])]]
            ;(roles[role] ??= []).push({visible, drawn: rows.length, x, top})
        }
        found[model.below[0].axis_label] = {...roles, ground: model.background_fill_color}
    }
    return found
}"""


POINT = """() => {
    const figures = [...Bokeh.documents[0]._all_models.values()].filter(({type}) => type === "Figure")
    const figure = figures.find(({below}) => below[0].axis_label === "Speed [km/h]")
    const {x: xs, y: ys} = figure.renderers.find(({tags}) => tags[0] === "lap").data_source.data
    const share = ({start, end}, value) => (value - start) / (end - start)
    const [x, y] = [share(figure.x_range, xs[600]), share(figure.y_range, ys[600])]
    return [figure.outer_width - 4 - (1 - x) * figure.inner_width, 4 + (1 - y) * figure.inner_height]
}"""
"""Where on its figure the point of the first lap at 600 m lies, in px."""


def layout() -> tuple[list[dict[str, Any]], dict[str, Any]]:
    kinds = {
        "speed": ("traces", ["speed"]),
        "gg": ("scatter", ["speed", "throttle"]),
        "share": ("histogram", ["throttle"]),
    }
    configs = [
        {"id": plot, "title": plot, "kind": kind, "channels": channels, "mode": "tiled", "options": {}}
        for plot, (kind, channels) in kinds.items()
    ]
    items = [{"plotId": plot, "x": 4 * at, "y": 0, "w": 4, "h": 400} for at, plot in enumerate(kinds)]
    sheets = [{"id": "one", "title": "One", "xAxis": "distance", "fit": True, "items": items}]
    return configs, {"version": 1, "cols": 12, "sheets": sheets}


def test_charts_follow_the_page(store: Any, weekend: str, open_review: Callable[[], Any], page: Page) -> None:
    saved = store.write_layout("Charts", *layout())
    review = open_review().drawn()
    review.bus(f"bus.ask({{op: 'layout', do: 'open', id: '{saved}'}})")
    expect(page.get_by_test_id("chart")).to_have_count(2)

    def until(condition: str) -> Any:
        page.wait_for_function(f"() => {{ const found = ({FIGURES})(); return {condition} }}")
        return page.evaluate(FIGURES)

    drawn = until("found['Speed [km/h]']?.lap?.length && found['Throttle [%]']?.bars?.[0].top.length")
    assert len(drawn["Speed [km/h]"]["lap"]) == 2
    expect(page.get_by_test_id("chart").locator("canvas").first).to_be_visible()

    # The cursor stands at each lap's point, and at its value; the server hears nothing of it.
    asked = """() => {
        globalThis.told = 0
        const socket = WebSocket.prototype.send
        WebSocket.prototype.send = function (...data) { globalThis.told += 1; return socket.apply(this, data) }
    }"""
    page.evaluate(asked)
    review.bus("bus.setCursor(1000)")
    where = review.bus("bus.laps.map(({id}) => bus.column(id, 'speed')[1000])")
    throttle = review.bus("bus.laps.map(({id}) => bus.column(id, 'throttle')[1000])")
    for name, values in (("points", where), ("throttle", throttle)):
        marks = page.get_by_test_id(f"marks-{name}").locator(".mark:not([hidden])")
        expect(marks.first).to_have_attribute("data-x", str(values[0]))
        assert [float(mark.get_attribute("data-x") or "nan") for mark in marks.all()] == pytest.approx(values)
    assert page.evaluate("globalThis.told") == 0

    # A zoom dims the points out of view; the histogram is of what is in view.
    before = drawn["Throttle [%]"]["bars"][0]["top"]
    review.bus("bus.setWindow(500, 700)")
    zoomed = until(f"JSON.stringify(found['Throttle [%]'].bars[0].top) !== '{before}'.replaceAll(' ', '')")
    assert [one["drawn"] for one in zoomed["Speed [km/h]"]["lap"]] == [201, 201]
    assert all(one["visible"] for one in zoomed["Speed [km/h]"]["all"])
    assert sum(zoomed["Throttle [%]"]["bars"][0]["top"]) == pytest.approx(100)
    assert zoomed["Throttle [%]"]["bars"][0]["top"] != before

    # A click on a point puts the cursor there.
    x, y = page.evaluate(POINT)
    box = page.get_by_test_id("chart").first.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + x, box["y"] + y)
    review.wait("bus.cursor !== 1000 && bus.cursor >= 500 && bus.cursor <= 700")

    # The figures wear the theme in force, and let go of the page when they are taken away.
    page.get_by_role("button", name="Light or dark").click()
    until("found['Speed [km/h]'].ground.toLowerCase() === '#ffffff'")
    review.screenshot("charts_light")
    review.bus("bus.ask({op: 'layout', do: 'remove', plot: 'gg'})")
    expect(page.get_by_test_id("chart")).to_have_count(1)
    review.bus("bus.setCursor(800)")
    expect(page.get_by_test_id("marks-throttle").locator(".mark:not([hidden])")).to_have_count(2)
