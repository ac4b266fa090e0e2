"""Laps of any session, the reference in two clicks, sharing and links, in a browser."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

SEEN = (
    "[bus.session, bus.laps.map(({id, color}) => [id, color]), bus.reference.id, bus.layout.document, bus.layout.sheet]"
)
PLACES = "[...bus.windows.distance, bus.cursor, bus.a, bus.b]"


@pytest.fixture
def review(paddock: Any, weekend: str, drive: Any, store: Any, open_review: Callable[[], Any]) -> Any:
    """The page of a race; the weekend on the same track has the personal best."""
    race = paddock.session("Race", notes="wet")
    paddock.lap(race, drive(grip_g=1.41, seed=7))
    paddock.lap(race, drive(grip_g=1.40, seed=8))
    store.write_lap_notes(paddock.laps[weekend][2], "Damp in T3")
    return open_review().drawn()


def test_the_personal_best_of_another_session_is_the_reference_in_two_clicks(review, paddock, weekend) -> None:
    page: Page = review.page
    best = paddock.laps[weekend][5]
    page.get_by_role("button", name=re.compile("^Reference: Lap 0,")).click()
    page.get_by_role("menuitemradio", name="Personal best, Formula Test").click()
    review.wait(f"bus.reference.id === '{best}'")
    guests = page.get_by_test_id("guests")
    expect(guests.get_by_role("listitem")).to_contain_text("Qualifying")
    assert review.bus("bus.laps.length") == 3

    guests.get_by_role("checkbox").hover()
    review.wait(f"bus.lit === '{best}'")

    page.keyboard.press("l")  # any lap of the track
    browser = page.get_by_test_id("lap-browser")
    expect(browser.get_by_role("heading", name="Laps of Bean")).to_be_visible()
    expect(browser.get_by_role("group")).to_have_count(2)
    page.keyboard.type("bean, damp")
    found = browser.get_by_role("option")
    expect(found).to_have_count(1)
    page.keyboard.press("Shift+Enter")
    review.wait(f"bus.reference.id === '{paddock.laps[weekend][2]}'")
    found.click()
    expect(guests.get_by_role("listitem")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(browser).to_be_hidden()

    guests.get_by_role("button", name="Take lap 5").click()
    expect(guests).to_be_hidden()

    review.lap(1).click(button="right")  # what the lap is
    page.get_by_role("menuitemradio", name="does not count").click()
    row = page.get_by_test_id("laps").get_by_role("listitem").nth(1)
    expect(row).to_contain_text("invalid")
    page.reload()
    review.drawn()
    expect(row).to_contain_text("invalid")

    page.get_by_role("button", name=re.compile("^Session:")).click()
    page.keyboard.type("qualif")
    page.keyboard.press("Enter")
    review.wait(f"bus.session === '{weekend}'")


def test_a_link_shows_a_reader_what_its_owner_saw_until_it_is_revoked(
    review, paddock, weekend, settings, store, serve, review_of
) -> None:
    page: Page = review.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    race = review.bus("bus.session")
    for op in (
        {"op": "toggle", "lap": paddock.laps[weekend][3]},
        {"op": "layout", "do": "open", "id": "inputs"},
        {"op": "layout", "do": "set_x_axis", "axis": "position"},
    ):
        page.evaluate(f"(op) => {BUS}.ask(op)", op)
    review.wait("bus.laps.length === 3 && bus.layout.modified && bus.painted === bus.generation")
    with review.painted():
        page.evaluate(f"() => {{ const bus = {BUS}; bus.setWindow(512.25, 1800); bus.setCursor(777.125) }}")
    page.keyboard.press("a")
    page.evaluate(f"() => {BUS}.setMark('b', 900)")
    history = page.evaluate("history.length")

    page.get_by_role("button", name="Share…").click()
    share = page.get_by_test_id("share")
    for name, said in (("anna", "It is yours".lower()), ("bert", "bert")):
        share.get_by_label("User name of the reader").fill(name)
        page.keyboard.press("Enter")
        expect(share).to_contain_text(said)
    share.get_by_role("button", name="Copy link").click()
    expect(page.get_by_test_id("said")).to_contain_text("Link copied")
    link = page.evaluate("navigator.clipboard.readText()")
    store.share_session(weekend, "bert")
    page.wait_for_function("location.search.includes('cursor=777.125')")
    assert page.evaluate("history.length") == history

    with serve(settings.model_copy(update={"user": "bert"})) as served:
        theirs = page.context.new_page()
        reader = review_of(theirs)
        theirs.goto(served.url + link[link.index("?") :])
        reader.drawn()
        reader.wait("bus.windows.distance && bus.b")
        assert reader.bus(SEEN) == review.bus(SEEN)
        assert reader.bus(PLACES) == pytest.approx(review.bus(PLACES), abs=1e-3)
        expect(theirs.get_by_role("button", name="Share…")).to_be_hidden()

        share.get_by_role("button", name="Revoke bert").click()
        expect(share).to_contain_text("Nobody else reads this session.")
        reader.wait(f"bus.session !== '{race}'")
        expect(reader.status().first).to_contain_text("This session is shared with you no more.")

        said = []
        for address in (link[link.index("?") :], f"?session={'0' * 32}"):
            theirs.goto(served.url + address)
            reader.drawn()
            said.append(reader.status().inner_text())
        assert said[0] == said[1] == "Not found: there is no such session, or it is not shared with you."


BUS = "[...globalThis[Symbol.for('ps-analytics.pages')].values()][0]"
