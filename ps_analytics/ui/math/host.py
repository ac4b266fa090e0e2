"""The review page as a math editor sees it: its laps, where they were, and the plots that can show a channel."""

from collections.abc import Callable, Mapping
from typing import Any

from ps_analytics.ui.display import lap_line
from ps_analytics.ui.ideal import IDEAL
from ps_analytics.ui.layouts import traces_panels
from ps_analytics.ui.math.ground import Ground
from ps_analytics.ui.rows import lap_label
from ps_analytics.ui.state import ReviewState


class ReviewHost:
    """Formulas are tried on the laps shown, the compared one first, against the page's reference."""

    def __init__(self, state: ReviewState) -> None:
        self.state = state

    def laps(self) -> list[dict[str, Any]]:
        """The laps that are drawn, the reference first: `id`, `label`, `color`; the ideal lap is not among them."""
        state = self.state
        laid = state.comparison.laps if state.comparison else {}
        shown = [lap_id for lap_id in state.chosen if lap_id in laid and lap_id != IDEAL]
        shown.sort(key=lambda lap_id: lap_id != state.reference_id)
        return [
            {"id": lap_id, "label": lap_label(state.find_lap(lap_id), state), **lap_line(state.slots[lap_id])}
            for lap_id in shown
        ]

    def ground_of(self, lap_id: str) -> Callable[[], Ground]:
        """Reads a lap and the reference whole; the answer may be called on another thread."""
        state = self.state
        comparison, reference_id = state.comparison, state.reference_id
        laid = comparison.laps.get(lap_id) if comparison else None
        places = (comparison.distance_m, laid.stamp_s) if comparison and laid and laid.stamp_s is not None else None

        def read() -> Ground:
            lap = state.read_whole(lap_id)
            reference = lap if reference_id == lap_id else state.read_whole(reference_id)
            return Ground(lap, reference, places)

        return read

    def plots(self) -> list[dict[str, Any]]:
        """The plots of the page: `id`, `title`, and the `channels` it shows."""
        return [
            {"id": config["id"], "title": config["title"], "channels": list(config["channels"])}
            for config in traces_panels(self.state.document)
        ]

    def show(self, channel: str, plot_id: str, *, shown: bool) -> None:
        """Shows a channel on a plot, or takes it away."""
        self.state.show_channel(channel, plot_id, shown=shown)

    def renew(self, names: Mapping[str, str]) -> None:
        """The user's channels have changed; `names` are those that are called something else now."""
        self.state.renew_math(names)
