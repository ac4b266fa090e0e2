"""What the shipped layouts look like: every sheet on the demo's laps, beside its picture that is kept in `looks/`.

After a change that is meant to be seen, make the pictures anew and look at them before they are committed:

    RENEW_LOOKS=1 .venv/bin/python -m pytest -q -n0 tests/ui/test_looks.py
"""

import io
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page
from scipy.ndimage import uniform_filter

from ps_analytics.config import Settings
from ps_analytics.ui.layouts import SHIPPED, all_kinds
from tests.ui.conftest import ARTEFACTS, ReviewPage, Served

pytestmark = pytest.mark.browser

LOOKS = Path(__file__).with_name("looks")
RENEW = "RENEW_LOOKS"
SIZE = (1600, 1000)
SMALL = (200, 125)
TABLET, LAPTOP = (820, 1180), (1280, 720)
LEVELS = 16
"""Shades of grey in a picture that is kept."""
NEAR = 5
"""Small pixels over which both pictures are averaged: letters may lie a pixel beside where they lay."""
UNLIKE = 40
"""Shades of 255: what is further apart is another thing there."""
MOST_UNLIKE = 0.004
"""The share of a picture that may be: a number of other width, a line's end."""

Grey = NDArray[np.uint8]

SHEETS = [(name, sheet["id"]) for name, document in SHIPPED.items() for sheet in document["layout"]["sheets"]]
SETTLED = """bus.painted === bus.generation && bus.corners.corners.length > 0
  && bus.laps.every(({id}) => bus.corners.tables[id] || bus.corners.notes[id])"""
MADE = {name for name, kind in all_kinds().items() if not kind.native}
DRAWN = """(charts) => {
  const within = (root) => [...root.querySelectorAll('*')].flatMap((node) =>
    [node, ...(node.shadowRoot ? within(node.shadowRoot) : [])])
  const found = within(document).filter((node) => node.dataset?.testid === 'chart')
  const ready = (chart) => within(chart).some((node) => node.matches('.bk-Canvas, .message:not([hidden])'))
  return document.fonts.status === 'loaded' && found.length === charts && found.every(ready)
}"""
FRAME = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
MOST_LOOKS = 20


@pytest.fixture
def looked_at(
    demo_url: str, tmp_path: Path, page: Page, serve: Callable[[Settings], AbstractContextManager[Served]]
) -> Iterator[ReviewPage]:
    """The review page of the demo's sessions, drawn."""
    shutil.copy(demo_url.removeprefix("sqlite:///"), tmp_path / "demo.sqlite")
    address = f"sqlite:///{(tmp_path / 'demo.sqlite').as_posix()}"
    with serve(Settings(data_dir=tmp_path, port=0, user="local", database_url=address, _env_file=None)) as served:
        page.goto(served.url)
        yield ReviewPage(page).drawn()


def small(picture: bytes) -> Grey:
    """A screenshot as it is kept: its shades on the left, and on the right how far they are apart around each place."""
    grey = Image.open(io.BytesIO(picture)).convert("L").resize(SIZE)
    across, down = (whole // part for whole, part in zip(SIZE, SMALL, strict=True))
    blocks = np.asarray(grey).reshape(SMALL[1], down, SMALL[0], across).swapaxes(1, 2).reshape(*SMALL[::-1], -1)
    # A line of one pixel is nothing in the mean of sixty-four, and everything in their range.
    both = np.hstack([blocks.mean(axis=2), np.ptp(blocks, axis=2)])
    step = 255 / (LEVELS - 1)
    return (np.rint(both / step) * step).astype(np.uint8)


def unlike(one: Grey, other: Grey) -> float:
    """The share of two small pictures that is not the same thing."""
    near = [uniform_filter(picture.astype(np.float64), NEAR) for picture in (one, other)]
    return float((np.abs(near[0] - near[1]) > UNLIKE).mean())


def charts_of(layout: str, sheet: str) -> int:
    """How many panels of a sheet Python draws."""
    document = SHIPPED[layout]
    kinds = {config["id"]: config["kind"] for config in document["configs"]}
    [items] = [each["items"] for each in document["layout"]["sheets"] if each["id"] == sheet]
    return sum(kinds[item["plotId"]] in MADE for item in items)


def seen(page: Page, charts: int = 0) -> Grey:
    """The page as it is once nothing moves any more."""
    page.wait_for_function(DRAWN, arg=charts)
    before = small(page.screenshot())
    for _ in range(MOST_LOOKS):
        page.evaluate(FRAME)
        now = small(page.screenshot())
        if np.array_equal(before, now):
            break
        before = now
    return before


def kept(name: str, now: Grey) -> str:
    """What is wrong with a look; "" if it is as it was, or was kept anew."""
    path = LOOKS / f"{name}.png"
    if os.environ.get(RENEW):
        LOOKS.mkdir(exist_ok=True)
        Image.fromarray(now // 17).point(lambda shade: shade * 17).quantize(LEVELS).save(path, optimize=True)
        return ""
    before = np.asarray(Image.open(path).convert("L")) if path.exists() else np.zeros_like(now)
    share = unlike(before, now)
    if share <= MOST_UNLIKE:
        return ""
    ARTEFACTS.mkdir(exist_ok=True)
    for when, picture in (("before", before), ("now", now)):
        Image.fromarray(picture).save(ARTEFACTS / f"look-{name}-{when}.png")
    return f"{name}: {share:.1%} of it"


def test_every_sheet_of_the_shipped_layouts_looks_as_it_did(looked_at: ReviewPage) -> None:
    page, found = looked_at.page, dict[str, Grey]()
    looked_at.wait(SETTLED)
    for layout, sheet in SHEETS:
        looked_at.bus(f"bus.ask({{op: 'layout', do: 'open', id: '{layout}'}})")
        looked_at.bus(f"bus.ask({{op: 'layout', do: 'show_sheet', sheet: '{sheet}'}})")
        looked_at.wait(f"bus.layout.id === '{layout}' && bus.layout.sheet === '{sheet}' && {SETTLED}")
        found[f"{layout}-{sheet}"] = seen(page, charts_of(layout, sheet))
    looked_at.bus("bus.ask({op: 'layout', do: 'open', id: 'driver'})")
    looked_at.wait(f"bus.layout.id === 'driver' && {SETTLED}")
    for width, height in (LAPTOP, TABLET):
        page.set_viewport_size({"width": width, "height": height})
        found[f"driver-{width}x{height}"] = seen(page)
    page.set_viewport_size({"width": SIZE[0], "height": SIZE[1]})
    page.get_by_role("button", name="Light or dark").click()
    found["driver-light"] = seen(page)
    changed = [wrong for name, picture in found.items() if (wrong := kept(name, picture))]
    assert not changed, f"looks other than before, see artefacts/look-*.png: {changed}. If it should: {RENEW}=1"


def test_a_line_less_or_a_bar_over_a_panel_is_another_look_and_a_letter_beside_its_place_is_not() -> None:
    rows, columns = np.mgrid[0 : SIZE[1], 0 : SIZE[0]]
    page = np.full(SIZE[::-1], 16, np.uint8)
    page[::40, :600] = 29
    text = ((rows // 3 + columns // 2) % 3 == 0) & (rows % 40 < 12) & (rows > 500) & (columns > 700)
    page[text] = 200
    trace = np.abs(rows - 250 - 150 * np.sin(columns / 40)) < 1.5
    drawn = np.where(trace, 220, page).astype(np.uint8)
    covered = drawn.copy()
    covered[600:630] = 40
    nudged = np.where(trace, 220, np.roll(page, 1, axis=1)).astype(np.uint8)
    looks = {}
    for name, picture in {"drawn": drawn, "blank": page, "covered": covered, "nudged": nudged}.items():
        file = io.BytesIO()
        Image.fromarray(picture).save(file, "png")
        looks[name] = small(file.getvalue())
    assert unlike(looks["drawn"], looks["nudged"]) <= MOST_UNLIKE
    assert unlike(looks["drawn"], looks["blank"]) > 10 * MOST_UNLIKE
    assert unlike(looks["drawn"], looks["covered"]) > MOST_UNLIKE
