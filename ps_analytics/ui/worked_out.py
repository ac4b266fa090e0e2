"""The part of a review page's state that is worked out late: no plot waits for the corners or the ideal lap."""

from collections.abc import Callable, Sequence
from typing import Any

import param

from ps_analytics.ui.corner_sheet import CornerSheet, corner_sheet
from ps_analytics.ui.following import FollowingState
from ps_analytics.ui.ideal import IDEAL, NOTHING, IdealEntry, busy, ideal_entry, impossible, unknown
from ps_analytics.ui.later import Later
from ps_analytics.ui.source import LapSource


class WorkedOutState(FollowingState):
    """What the laps lost in each corner, and the ideal lap of their session."""

    corners: Any = param.ClassSelector(
        class_=CornerSheet,
        default=CornerSheet(),
        allow_None=False,
        doc="What the laps lost in each corner; it comes late.",
    )
    ideal: Any = param.ClassSelector(
        class_=IdealEntry, default=NOTHING, allow_None=False, doc="The session's ideal lap, once it was asked for."
    )

    laps: Any
    session_id: Any

    def __init__(self, source: Callable[[], LapSource], later: Later, running_later: Later, **params: Any) -> None:
        super().__init__(source, running_later, **params)
        self._later = later
        self._asked: set[str] = set()  # whose corners are known or being worked out, against this reference

    def _show(self, chosen: Sequence[str], reference_id: str) -> None:
        """Puts laps on the screen."""
        raise NotImplementedError

    def _forget(self, stale: set[str] | None) -> None:
        """What was worked out of these laps holds no longer."""
        raise NotImplementedError

    def _work_out_corners(self) -> None:
        """Asks for the corners of the laps shown; no plot waits for them."""
        grid, known = self._overlay.grid, self.corners
        if grid is None or self.comparison is None:
            return
        over = [lap_id for lap_id in self.comparison.laps if not self.is_running(lap_id)]
        names = self.channels
        missing = [self._overlay.read(lap_id, names) for lap_id in over if lap_id not in self._asked]
        if not missing or (known.note and known.reference_id == grid.lap.lap_id):
            return
        self._asked |= {lap.lap_id for lap in missing}

        def found(sheet: CornerSheet) -> None:
            if self._overlay.grid is grid:
                self.corners = sheet.joined_to(self.corners)

        def failed(reason: str) -> None:
            found(CornerSheet(grid.lap.lap_id, note=reason))

        def work() -> CornerSheet:
            length_m = float(grid.distance_m[-1])
            return corner_sheet(grid.lap, missing, length_m=length_m, alignment=grid.alignment, known=known)

        self._later(work, found, failed)

    def _counting(self) -> tuple[Any, ...]:
        """Which laps an ideal lap is made of, as something to compare."""
        return tuple(lap.driven for lap in self.laps if lap.counts and lap.has_telemetry)

    def _keep_ideal(self) -> None:
        """A lap more may make it better: one that is shown is worked out anew, another one when it is asked for."""
        version = self._counting()
        if self.ideal.version == version:
            return
        if IDEAL in self.chosen and version:
            self._work_out_ideal(lambda: None)
            return
        if IDEAL in self.chosen:
            self._show([lap_id for lap_id in self.chosen if lap_id != IDEAL], self.reference_id)
        if self.ideal.state != "busy":
            self.ideal = unknown(version)

    def _work_out_ideal(self, then: Callable[[], None]) -> None:
        """Works out the ideal lap, then does what it is for."""
        version, before, source = self._counting(), self.ideal, self._source
        session_id, track = self.session_id, self.corners.track
        if before.state == "busy":
            return
        if before.lap is None:
            self.ideal = busy(version)

        def work() -> IdealEntry:
            return ideal_entry([source().read_lap(lap_id) for lap_id, *_ in version], version, track=track)

        def found(entry: IdealEntry) -> None:
            if self.session_id != session_id:
                return
            self.ideal = entry
            self._forget({IDEAL})
            if IDEAL in self.chosen:
                self._show([i for i in self.chosen if i != IDEAL or entry.lap], self.reference_id)
            if entry.lap is not None:
                then()
            self._keep_ideal()

        self._later(work, found, lambda reason: found(impossible(version, reason)))
