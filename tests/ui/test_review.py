"""The review page's panels outside their page."""

from collections.abc import Iterator
from typing import Any

import panel as pn
import pytest
from panel.tests.util import serve_and_wait
from playwright.sync_api import Page, expect

from ps_analytics.store.store import Store
from ps_analytics.ui import Review

pytestmark = pytest.mark.browser


@pytest.fixture
def cell(store: Store, weekend: str, page: Page, review_of: Any) -> Iterator[Any]:
    """A page with nothing on it but a Review, as below a notebook's cell."""
    port = serve_and_wait(lambda: Review(store, height=600))
    try:
        page.goto(f"http://127.0.0.1:{port}")
        yield review_of(page).drawn()
    finally:
        pn.state.kill_all_servers()


def test_a_review_draws_its_laps_without_the_page_around_it(cell: Any) -> None:
    assert cell.bus("bus.laps.length") == 2
    box = cell.page.get_by_test_id("grid").bounding_box()
    assert box["height"] == pytest.approx(600 - 44 - 24, abs=12)
    expect(cell.page.get_by_label("Session", exact=True).last).to_be_visible()


def test_its_laps_are_chosen_as_on_the_page(cell: Any) -> None:
    with cell.redrawn():
        cell.lap(1).click()
    assert cell.bus("bus.laps.length") == 3
