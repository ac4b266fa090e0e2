"""The running lap in a browser: a row that ticks, traces that grow, dotted where they may still change."""

from collections.abc import Callable
from typing import Any

from ps_analytics.channels import MathChannel
from ps_analytics.store.store import Store
from tests.ui.conftest import ReviewPage
from tests.ui.recording import Recording

SMOOTH = "Smooth Speed"


def plots(review: ReviewPage) -> list[Any]:
    """Of every line drawn in the speed plot: its dash, and how many points it has."""
    found: list[Any] = review.page.get_by_test_id("plot-Speed").evaluate(
        """node => {
            const plot = node.querySelector('.uplot').psPlot
            const drawn = (i) => Array.from(plot.data[i]).filter(Number.isFinite).length
            return plot.series.slice(1).map((series, i) => [Boolean(series.dash), drawn(i + 1)])
        }"""
    )
    return found


def test_it_appears_grows_and_becomes_a_finished_lap(
    store: Store, drive: Any, open_review: Callable[[], ReviewPage]
) -> None:
    store.write_math_channel(MathChannel(SMOOTH, "smooth(speed, 2)"))
    recording = Recording(store)
    recording.begin(drive(seed=1))
    recording.drive()
    lap_id = recording.begin(drive(seed=2))
    recording.drive(30.0)
    review = open_review().drawn()
    review.wait("bus.laps.some((lap) => lap.running)")
    review.bus("bus.ask({op: 'math', do: 'open'})")
    review.bus(f"bus.ask({{op: 'math', do: 'show', channel: '{SMOOTH}', plot: 'speed', shown: true}})")
    review.wait(f"bus.provisional['{lap_id}|{SMOOTH}'] > 0")
    recording.drive(5.0)
    review.wait("bus.growths > 0 && bus.running.time_s > 34")
    row = review.page.get_by_test_id("laps").locator(f"[data-lap='{lap_id}']")
    assert row.locator(".lap-time").inner_text() == "0:34.9"  # when its last frame was taken
    assert row.locator(".badge").inner_text() == "running"
    assert row.locator(".reference").is_hidden()
    review.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    lines = plots(review)
    tails = [points for dashed, points in lines if dashed]
    assert len(lines) == 6  # two channels of two laps, and the running one's ends
    assert sorted(tails)[0] == 0  # of a recorded channel nothing changes
    assert 10 < sorted(tails)[1] < 200  # half a window
    review.screenshot("review_running")
    recording.drive()
    recording.begin(drive(seed=3))
    review.wait(f"bus.laps.some(({{id, running}}) => id === '{lap_id}' && !running)")
    review.wait("bus.painted === bus.generation")
    assert review.lap(2).get_attribute("aria-checked") == "true"
    assert not row.locator(".badge").count()
