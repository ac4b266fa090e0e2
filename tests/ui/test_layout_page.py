"""Layouts in a browser: changed, kept, reloaded, taken back, handed over and handed in."""

import json
from typing import Any

import pytest
from playwright.sync_api import expect

from ps_analytics.store.store import Store

pytestmark = pytest.mark.browser
NOW = "JSON.stringify(bus.layout.document)"
DROP = """([name, text]) => {
    const data = new DataTransfer()
    data.items.add(new File([text], name, {type: "application/json"}))
    document.body.dispatchEvent(new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true}))
}"""


def shown(review: Any, text: str) -> None:
    """Wait until the button with the layout's name says this."""
    expect(review.page.get_by_role("button", name="Layout: ")).to_have_accessible_name(f"Layout: {text}")


def choose(review: Any, layout: str, command: str, role: str = "menuitem") -> None:
    """Do something with a layout of the list, which is open."""
    review.page.get_by_role("button", name=f"What to do with {layout}", exact=True).click()
    review.page.get_by_role(role, name=command, exact=True).click()


def test_a_layout_is_changed_saved_found_again_and_reverted(review: Any, store: Store) -> None:
    page = review.page
    shown(review, "Driver overview")
    page.get_by_test_id("panel-Delta").hover()
    page.keyboard.press("Delete")
    shown(review, "Driver overview (Modified)")

    # What is shipped is nobody's to overwrite: saving it asks for a name.
    page.keyboard.press("Control+s")
    expect(page.get_by_label("Name of the layout")).to_be_focused()
    page.keyboard.type("Evening")
    page.keyboard.press("Enter")
    shown(review, "Evening")
    expect(page.get_by_test_id("layouts")).to_be_hidden()
    (saved,) = store.find_layouts()["layout_id"]
    page.keyboard.press("Control+o")
    choose(review, "Evening", "Default for everything", "menuitemradio")
    page.keyboard.press("Escape")

    # Another visit begins with it; a change is taken back, and that in turn.
    page.reload()
    review.drawn()
    shown(review, "Evening")
    expect(page.get_by_test_id("panel-Delta")).to_have_count(0)
    kept = review.bus(NOW)
    page.get_by_test_id("panel-Steering").hover()
    page.keyboard.press("Delete")
    shown(review, "Evening (Modified)")
    page.keyboard.press("Control+o")
    page.get_by_role("button", name="Revert").click()
    shown(review, "Evening")
    assert review.bus(NOW) == kept
    page.keyboard.press("Escape")
    page.keyboard.press("Control+z")
    shown(review, "Evening (Modified)")
    page.keyboard.press("Control+s")
    shown(review, "Evening")
    assert "steering" not in {config["id"] for config in store.read_layout(saved).configs}

    # Found by what is typed; its name is nobody else's; deleted and brought back.
    page.keyboard.press("Control+o")
    choose(review, "Evening", "Rename\u2026")
    page.keyboard.type("Tyres")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("You have another layout 'Tyres'. Choose another name.")
    review.screenshot("review-layouts")
    choose(review, "Evening", "Delete")
    shown(review, "Driver overview")
    page.get_by_test_id("said").get_by_role("button", name="Undo").click()
    shown(review, "Evening")
    page.keyboard.press("Control+o")
    page.keyboard.type("INP")
    expect(page.get_by_test_id("layouts").get_by_role("listitem")).to_have_count(1)
    with review.redrawn():
        page.keyboard.press("Enter")
    shown(review, "Driver inputs")


def test_a_layout_is_handed_over_and_what_is_handed_in_is_checked(review: Any) -> None:
    page = review.page
    page.keyboard.press("Control+o")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Export").click()
    assert waiting.value.suggested_filename == "Driver-overview.json"
    given = json.loads(waiting.value.path().read_text(encoding="utf-8"))
    page.keyboard.press("Escape")

    # Channels nobody has are shown as such; the rest is drawn.
    given["name"] = "From a friend"
    next(config for config in given["configs"] if config["id"] == "speed")["channels"] = ["speed", "warp_drive"]
    file = {"name": "friend.json", "mimeType": "application/json", "buffer": json.dumps(given).encode()}
    with review.redrawn():
        page.get_by_label("Layout file").set_input_files(files=[file])
    shown(review, "From a friend")
    expect(page.get_by_test_id("panel-Speed").locator(".missing")).to_contain_text("warp_drive")

    # A hostile one changes nothing; its sentence names the place, and is a text.
    before = review.bus(NOW)
    given["configs"][0]["title"] = "<img src=x onerror=alert(1)>"
    page.evaluate(DROP, ["friend.json", json.dumps(given)])
    said = page.get_by_test_id("said")
    expect(said).to_contain_text("configs[0].title")
    expect(said).to_contain_text("<img")
    assert page.locator("img").count() == 0
    page.evaluate(DROP, ["friend.json", "[" * 100_000])
    expect(said).to_contain_text("nests too deep")
    page.evaluate(DROP, ["notes.json", "{not json"])
    expect(said).to_contain_text("line 1, column 2")
    assert review.bus(NOW) == before
    shown(review, "From a friend")
