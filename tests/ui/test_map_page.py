"""The track map in headless Chromium: what it is coloured by, how it follows, and what is changed on it."""

from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

from ps_analytics.store.store import Store

pytestmark = pytest.mark.browser


def test_the_map_is_coloured_by_any_channel_by_gain_and_loss_and_by_who_was_fastest_where(review: Any) -> None:
    legend, color = review.page.get_by_test_id("map-legend"), review.page.get_by_label("Colour of the track")
    expect(color).to_have_value("speed")
    expect(legend).to_contain_text("km/h")
    offered = color.locator("option").all_inner_texts()
    assert {"Speed", "Throttle", "Brake", "Steering", "Gain and loss", "Mini sectors"} <= set(offered)
    with review.redrawn():
        color.select_option("throttle")
    expect(legend).to_contain_text("%")
    legend.get_by_role("button").click()  # of the reference: a click takes the compared lap
    expect(legend.get_by_role("button")).to_have_text("Lap 3")
    review.wait("bus.layout.document.configs.find(({id}) => id === 'map').options.of === 'compared'")
    color.select_option("delta")
    expect(legend).to_contain_text("gains")
    expect(legend).to_contain_text("loses")
    color.select_option("sectors")
    delta = np.array(review.bus("[...bus.column(bus.laps.find((lap) => !lap.reference).id, 'delta')]"))
    borders = [round(part * (len(delta) - 1) / 25) for part in range(26)]  # points lie a metre apart
    won = int(np.sum(np.diff(delta[borders]) < 0))  # a part in which it lost less than nothing
    counts = {
        row.locator("b").inner_text(): int(row.locator(".number").inner_text())
        for row in legend.locator(".map-won").all()
    }
    assert counts.get("Lap 5", 0) + counts.get("Lap 3", 0) == 25
    assert counts.get("Lap 3", 0) == pytest.approx(won, abs=1)  # one may be decided within half a point
    review.screenshot("map-mini-sectors")


def test_the_map_follows_the_zoom_when_asked_and_a_hand_along_its_line_scrubs(review: Any, store: Store) -> None:
    page, track = review.page, review.page.get_by_test_id("track-map")
    whole = float(track.get_attribute("data-scale"))
    with review.painted():
        review.bus("bus.stepCorner(1)")
    assert float(track.get_attribute("data-scale")) == whole
    with review.painted():
        page.get_by_role("button", name="Follow the zoom").click()
        review.bus("bus.announce('window')")
    assert float(track.get_attribute("data-scale")) > 3 * whole
    review.bus("bus.showAll()")
    page.get_by_role("button", name="Follow the zoom").click()
    review.wait("bus.corners.track?.sectors.length > 0")

    page.get_by_role("button", name="Edit the track").click()
    borders = review.bus("bus.corners.track.sectors")
    handle = page.get_by_role("button", name="Border of sectors 1 and 2")
    box = handle.bounding_box()
    at = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    handle.focus()
    for _ in range(3):
        page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Enter")
    review.wait(f"Math.abs(bus.corners.track.sectors[0] - {borders[0]} - 30) < 0.5")
    track_length = store.read_track("Bean").length_m
    share = track_length / review.bus("bus.extent[1]")
    assert store.read_track("Bean").sectors[0].end_m == pytest.approx((borders[0] + 30) * share, abs=0.5)

    with review.painted():
        page.mouse.click(*at)
    assert review.bus("bus.cursor") == pytest.approx(borders[0], abs=25)
    page.mouse.move(*at)
    page.mouse.down()
    seen = []
    for step in range(1, 5):
        with review.painted():
            page.mouse.move(at[0] + 12 * step, at[1] + 5, steps=4)
        seen.append(review.bus("bus.cursor"))
    page.mouse.up()
    steps = np.abs(np.diff([borders[0], *seen]))
    assert steps.max() < 600  # along the line, never across to another part of the track
    assert abs(seen[-1] - borders[0]) > 20


def test_a_corner_is_renamed_on_the_map(review: Any, store: Store) -> None:
    page = review.page
    review.wait("bus.corners.corners.length > 0")
    page.get_by_role("button", name="Edit the track").click()
    editor = page.get_by_test_id("map-editor")
    editor.get_by_role("button", name="T1", exact=True).click()
    page.keyboard.type("Hairpin")
    page.keyboard.press("Enter")
    review.wait("bus.corners.corners[0].name === 'Hairpin'")
    expect(page.get_by_test_id("corner-table")).to_contain_text("Hairpin")
    assert store.read_track("Bean").corners[0].name == "Hairpin"
    page.keyboard.press("Escape")
