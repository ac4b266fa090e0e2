"""The figures in a real browser: they draw, the cursor stands in every lane, and nothing is asked of anybody."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import holoviews as hv
import pytest
from bokeh.embed import file_html
from bokeh.resources import INLINE
from playwright.sync_api import sync_playwright

from ps_analytics.lap import Lap
from ps_analytics.views import theme, traces
from tests.ui.conftest import ARGUMENTS, CHROMIUM

CURSORS = """() => [...Bokeh.documents[0]._all_models.values()]
    .filter((model) => model.type === "Span" && model.dimension === "height")
    .map((model) => [model.visible, model.location])"""


@pytest.mark.browser
def test_the_cursor_stands_at_one_place_in_every_lane(laps: list[Lap], tmp_path: Path) -> None:
    figure = hv.renderer("bokeh").get_plot(traces(laps[:2], ["speed", "brake", "gear"], reference=laps[2])).state
    page = tmp_path / "figure.html"
    page.write_text(file_html(figure, INLINE, theme=theme.DARK))
    with ThreadPoolExecutor(1) as alone:  # a thread has one Playwright at most, and this one may have it already
        cursors, wrong = alone.submit(point_at, page).result()
    assert len(cursors) == 4
    [(visible, place)] = {tuple(cursor) for cursor in cursors}
    assert visible
    assert 500 < place < 1100
    assert wrong == []


def point_at(file: Path) -> tuple[list[list[float]], list[str]]:
    """The cursors of a page once the mouse moved over its first lane; what went wrong or was asked of a host."""
    program = next((path for path in CHROMIUM if Path(path).exists()), None)
    if program is None:
        pytest.fail("no Chromium on this machine: run `make tools`, which installs it", pytrace=False)
    wrong: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1000, "height": 900})
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda asked: wrong.append(asked.url) if asked.url.startswith("http") else None)
        page.goto(file.as_uri())
        page.wait_for_function("() => window.Bokeh?.documents?.[0]?.is_idle")
        page.mouse.move(500, 120)
        page.mouse.move(520, 120)
        page.wait_for_function(f"() => ({CURSORS})().every(([visible]) => visible)")
        cursors = page.evaluate(CURSORS)
        browser.close()
    return cursors, wrong
