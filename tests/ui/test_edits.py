"""What the user changes on a review page and the store keeps: the track, his word on laps, notes. No browser."""

from typing import Any

import pytest

from ps_analytics.errors import BadTrack, NotFound, NotKept
from ps_analytics.store.store import Store
from ps_analytics.ui.edits import change_track, override_lap
from ps_analytics.ui.state import ReviewState
from ps_analytics.ui.workspace import ReviewWorkspace


@pytest.fixture
def state(store: Store, weekend: str) -> ReviewState:
    found = ReviewState(lambda: store)
    found.refresh()
    assert found.session_id == weekend
    return found


class Page:
    """A workspace, and what it sends to a browser."""

    def __init__(self, state: ReviewState, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sent: list[dict[str, Any]] = []
        self.workspace = ReviewWorkspace(state, page="test")
        monkeypatch.setattr(self.workspace.bus, "_send_msg", self.sent.append)
        self.workspace.receive({"op": "ready"})
        self.workspace.update()

    def said(self, op: str) -> dict[str, Any]:
        """The last message of a kind."""
        return [message for message in self.sent if message["op"] == op][-1]


@pytest.fixture
def page(state: ReviewState, monkeypatch: pytest.MonkeyPatch) -> Page:
    return Page(state, monkeypatch)


def test_a_corner_named_on_the_map_keeps_its_name_in_the_store_and_on_the_page(page: Page, store: Store) -> None:
    page.workspace.receive({"op": "track", "do": "name", "corner": 2, "name": "Café bend"})
    assert [corner["name"] for corner in page.said("corners")["corners"]][1] == "Café bend"
    assert store.read_track("Bean").corners[1].name == "Café bend"


def test_sectors_part_where_the_map_puts_their_borders(page: Page, state: ReviewState, store: Store) -> None:
    length_m = float(state.comparison.distance_m[-1])
    page.workspace.receive({"op": "track", "do": "sectors", "borders_m": [0.25 * length_m, 0.75 * length_m]})
    track = store.read_track("Bean")
    shares = [sector.end_m / track.length_m for sector in track.sectors]
    assert shares == pytest.approx([0.25, 0.75, 1.0])
    shown = page.said("corners")["track"]
    assert shown["name"] == "Bean"
    assert shown["sectors"] == pytest.approx([0.25 * length_m, 0.75 * length_m])


def test_moving_the_line_moves_the_corners_of_the_track_the_other_way(page: Page, state: ReviewState) -> None:
    length_m = float(state.comparison.distance_m[-1])
    before = [corner["apex"] for corner in page.said("corners")["corners"]]
    page.workspace.receive({"op": "track", "do": "line", "offset_m": 50.0})
    after = [corner["apex"] for corner in page.said("corners")["corners"]]
    assert sorted(after) == pytest.approx(sorted((apex - 50.0) % length_m for apex in before), abs=0.01)


def test_a_change_that_makes_no_sense_is_refused(state: ReviewState) -> None:
    senseless: list[dict[str, Any]] = [
        {"do": "sectors", "borders_m": [900.0, 100.0]}, {"do": "sectors", "borders_m": [float("nan")]},
        {"do": "sectors", "borders_m": ["there"]}, {"do": "sectors"}, {"do": "line", "offset_m": 1e9},
        {"do": "line", "offset_m": float("nan")}, {"do": "line", "offset_m": True}, {"do": "fly"}, {},
    ]  # fmt: skip
    for given in senseless:
        with pytest.raises(BadTrack):
            change_track(state, given)
    with pytest.raises(NotFound):
        change_track(state, {"do": "name", "corner": 99, "name": "Nowhere"})


def test_a_lap_that_is_said_not_to_count_is_the_best_no_more_and_counts_again_when_taken_back(
    state: ReviewState, store: Store
) -> None:
    best = state.best
    assert best is not None
    override_lap(state, {"lap": best.lap_id, "kind": None, "valid": False})
    assert state.best is not None
    assert state.best.lap_id != best.lap_id
    again = ReviewState(lambda: store)  # another page, another day
    again.refresh()
    assert not again.find_lap(best.lap_id).valid
    override_lap(state, {"lap": best.lap_id, "kind": None, "valid": None})
    assert state.best.lap_id == best.lap_id


def test_an_out_lap_counts_when_the_user_says_that_it_is_a_timed_one(state: ReviewState) -> None:
    out = state.laps[0]
    override_lap(state, {"lap": out.lap_id, "kind": "timed", "valid": True})
    assert state.find_lap(out.lap_id).counts
    with pytest.raises(NotKept, match="the kind 'sideways' cannot be kept"):
        override_lap(state, {"lap": out.lap_id, "kind": "sideways", "valid": None})


def panel(page: Page, kind: str, **options: Any) -> str:
    """The id of a new panel of this kind on the sheet."""
    channels = ["speed"] if kind == "report" else []
    page.workspace.receive({"op": "layout", "do": "add_panel", "kind": kind, "channels": channels, "options": options})
    configs = page.said("layout")["document"]["configs"]
    return str(next(config["id"] for config in reversed(configs) if config["kind"] == kind))


def test_notes_are_kept_and_told_to_the_panel(page: Page, store: Store, weekend: str) -> None:
    plot = panel(page, "notes")
    page.workspace.receive({"op": "panel", "plot": plot, "do": "open"})
    said = page.said("panel")
    assert (said["plot"], said["session"], said["text"], said["editable"]) == (plot, weekend, "", True)
    lap = next(iter(said["laps"]))
    asked = {"op": "panel", "plot": plot, "do": "note", "session": weekend}
    page.workspace.receive({**asked, "lap": None, "text": "wet, low downforce"})
    page.workspace.receive({**asked, "lap": lap, "text": "yellow flag"})
    said = page.said("panel")
    assert (said["text"], said["laps"][lap]) == ("wet, low downforce", "yellow flag")
    assert store.find_sessions()["notes"].to_list() == ["wet, low downforce"]
    page.workspace.receive({**asked, "lap": lap, "text": "x" * 20_001})
    said = page.said("panel")
    assert said["laps"][lap] == "yellow flag"
    assert (said["lap"], said["problem"][:9]) == (lap, "the notes")


def test_notes_of_a_session_that_is_shared_with_me_are_not_mine_to_read_or_write(
    store: Store, weekend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write_notes(weekend, "my own business")
    store.share_session(weekend, "ben")
    state = ReviewState(lambda: store.for_user("ben"))
    page = Page(state, monkeypatch)
    plot = panel(page, "notes")
    page.workspace.receive({"op": "panel", "plot": plot, "do": "open"})
    said = page.said("panel")
    assert (said["text"], said["editable"], said["owner"]) == ("", False, "anna")
    page.workspace.receive({"op": "panel", "plot": plot, "do": "note", "session": weekend, "lap": None, "text": "ha"})
    assert page.said("panel")["problem"].startswith("no session")
    assert store.find_sessions()["notes"].to_list() == ["my own business"]


def test_a_report_comes_once_and_again_when_its_laps_are_others(page: Page, state: ReviewState) -> None:
    plot = panel(page, "report", by="lap")
    reports = [message for message in page.sent if message["op"] == "panel" and message["plot"] == plot]
    assert [row["lap"] for row in reports[-1]["rows"]] == state.chosen
    page.workspace.update()
    assert [m for m in page.sent if m["op"] == "panel" and m["plot"] == plot] == reports
    state.toggle_lap(state.laps[1].lap_id)
    assert [row["lap"] for row in page.said("panel")["rows"]] == state.chosen
    page.workspace.receive({"op": "layout", "do": "set_options", "plot": plot, "options": {"by": "corner"}})
    said = page.said("panel")
    assert {row["section"] for row in said["rows"]} == {corner["name"] for corner in page.said("corners")["corners"]}


def test_a_video_is_attached_in_its_panel_or_the_panel_says_why_not(page: Page, weekend: str, tmp_path: Any) -> None:
    film = tmp_path / "lap.webm"
    film.write_bytes(b"film")
    plot = panel(page, "video")
    asked = {"op": "panel", "plot": plot, "do": "video", "session": weekend}
    page.workspace.receive({**asked, "path": f"{tmp_path}/gone.webm"})
    said = page.said("panel")
    assert said["url"] == ""
    assert said["problem"].endswith("there is no such file on the machine where this runs.")
    page.workspace.receive({**asked, "path": str(film)})
    assert page.said("panel")["url"] == f"video/{weekend}"
    page.workspace.receive({"op": "panel", "plot": plot, "do": "align", "session": weekend, "offset_s": 3.25})
    assert page.said("panel")["offset_s"] == 3.25
