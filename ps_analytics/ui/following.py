"""The part of a review page's state that follows the lap that is being driven."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import param

from ps_analytics.lap import Lap
from ps_analytics.ui.arranged import ArrangedState
from ps_analytics.ui.comparison import Comparison
from ps_analytics.ui.ideal import IDEAL
from ps_analytics.ui.laps import LapRow
from ps_analytics.ui.later import Later
from ps_analytics.ui.overlay import Overlay
from ps_analytics.ui.running import Follower, Growth
from ps_analytics.ui.source import LapSource

EARLY_S = 5.0
"""Nothing is said of a lap that cannot be laid before it has been driven for so long."""


class FollowingState(ArrangedState):
    """The running lap beside what is chosen. What is drawn of it grows with every tick, until it is over."""

    running: Any = param.ClassSelector(class_=LapRow, doc="The lap that is being driven, if the session is recording.")
    running_s = param.Number(default=0.0, doc="How long it has been driven, in s.")
    running_note = param.String(doc="Why something of it cannot be drawn.")
    grown: Any = param.ClassSelector(class_=Growth, doc="It as far as it is drawn.")

    chosen: Any
    comparison: Any
    reference_id: Any
    _overlay: Overlay

    def __init__(self, source: Callable[[], LapSource], running_later: Later, **params: Any) -> None:
        super().__init__(source, **params)
        self._follower = Follower(source, running_later)
        self._followed = ""  # the running lap of before, which stays until another one is over

    def refresh(self) -> None:
        """Asks the store what is new."""
        raise NotImplementedError

    def read_whole(self, lap_id: str) -> Lap:
        """A lap with all it was recorded with."""
        raise NotImplementedError

    def tick(self, latest: Mapping[str, Any]) -> None:
        """Takes note that the session's running lap goes on; if it is shown, what is new is worked out and shown.

        Args:
            latest: its row of `Store.find_running_laps`.
        """
        if self.running is None or self.running.lap_id != latest["lap_id"]:
            self.refresh()
        if self.running is not None and self.running.lap_id == latest["lap_id"] and latest["latest_us"] is not None:
            self.running_s = max(0.0, (latest["latest_us"] - latest["started_us"]) / 1e6)
            self._follow()

    def _going_on(self, laps: Sequence[LapRow], running: LapRow | None) -> list[str]:
        """What stays chosen: a running lap that is over, with the next one beside it in the place of the one before."""
        before = self.running
        known = {IDEAL, *(lap.lap_id for lap in [*laps, *filter(None, [running])])}
        chosen = [lap_id for lap_id in self.chosen if lap_id in known]
        if before is None or running is None or before.lap_id == running.lap_id or before.lap_id not in self.chosen:
            return chosen
        gone, self._followed = self._followed, before.lap_id
        return [*(i for i in chosen if i != gone or i == self.reference_id), running.lap_id]

    def is_running(self, lap_id: str) -> bool:
        """Whether it is the lap that is being driven."""
        return self.running is not None and self.running.lap_id == lap_id

    def _follow(self) -> None:
        """Has a look at the running lap, if it is shown."""
        grid, lap = self._overlay.grid, self.running
        if grid is None or lap is None or lap.lap_id not in self.chosen:
            return
        self._follower.look(
            lap.lap_id,
            grid,
            self.channels,
            reference=lambda: self.read_whole(grid.lap.lap_id),
            found=self._take_growth,
            failed=self._say_of_running,
        )

    def _say_of_running(self, reason: str) -> None:
        """Says why the running lap is not drawn; of its first samples everybody knows."""
        if self.running_s > EARLY_S:
            self.running_note = reason

    def _take_growth(self, growth: Growth) -> None:
        """Draws the running lap as far as it is known now, if it is still the one, and on this grid."""
        before = self.comparison
        shown = self.is_running(growth.lap_id) and growth.lap_id in self.chosen and growth.grid is self._overlay.grid
        if not shown or before is None:
            return
        self._overlay.laid[growth.lap_id] = growth.laid
        comparison: Comparison = replace(before, laps={**before.laps, growth.lap_id: growth.laid})
        if growth.lap_id not in before.laps:
            self.param.update(comparison=comparison, grown=growth, running_note=growth.note)
            return
        with param.parameterized.discard_events(self):
            self.comparison = comparison  # a page that is opened anew gets all of it; others only what has grown
        self.param.update(grown=growth, running_note=growth.note)
