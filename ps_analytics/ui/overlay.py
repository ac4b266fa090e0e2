"""Laps over each other: the reference's grid, the laps laid on it, and what was read for that."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from ps_analytics.channels.catalog import CATALOG
from ps_analytics.errors import CorruptTrace, PurpleSectorError
from ps_analytics.lap import Lap
from ps_analytics.ui.axes import TimeGrid
from ps_analytics.ui.comparison import ALIGNING, DELTA, Column, Comparison, Grid, LaidLap
from ps_analytics.ui.corner_sheet import DRIVEN
from ps_analytics.ui.shown import ChannelSource, Measured, ShownChannels

ELAPSED = "elapsed"
"""The column beside the channels: since when the lap is driven at each place, in s."""


MOST_REASONS = 2
"""So many reasons are told beside the plots; more are told in the list."""


@dataclass(frozen=True, eq=False)
class OverTime:
    """Laps over the seconds since their start, by lap id; `refused` says of each chosen lap that is not here why."""

    time_s: Column
    laps: Mapping[str, LaidLap] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)


class Overlay:
    """Reads a lap once and lays it once; a lap more, or a channel more, costs no more than that."""

    def __init__(self, source: Callable[[], ChannelSource], made: Callable[[str], Lap | None]) -> None:
        """Nothing laid yet.

        Args:
            source: gives the store.
            made: gives the lap of an id if it was put together and is in no store.
        """
        self._source, self._made = source, made
        self.grid: Grid | None = None
        self.laid: dict[str, LaidLap] = {}
        self._laps: dict[str, Lap] = {}
        self._asked: dict[str, tuple[str, ...]] = {}
        self._later = ShownChannels(source)
        self._clock: tuple[TimeGrid, Column] | None = None
        self._timed: dict[str, tuple[LaidLap | None, LaidLap]] = {}  # beside what they were laid by
        self._later_timed = ShownChannels(source)

    def compare(
        self, chosen: Sequence[str], reference_id: str, names: Sequence[str], *, open_laps: Iterable[str] = ()
    ) -> tuple[Comparison | None, str]:
        """The chosen laps on the reference's grid with these channels, and why some are missing.

        Args:
            chosen: ids of laps.
            reference_id: one of them; "" for none.
            names: of channels of any kind.
            open_laps: those that are laid by somebody else, as they grow.
        """
        if self.grid is not None and self.grid.lap.lap_id != reference_id:
            self.grid, self.laid = None, {}
            self._clock, self._timed = None, {}
        if not reference_id:
            return None, ""
        try:
            grid = self.grid = self.grid or Grid.of(self.read(reference_id, names))
        except PurpleSectorError as error:
            return None, str(error)
        growing, refused = set(open_laps), dict[str, str]()
        for lap_id in [i for i in chosen if i not in self.laid and i not in growing]:
            try:
                lap = grid.lap if lap_id == reference_id else self.read(lap_id, names)
                self.laid[lap_id] = _with_elapsed(grid.lay(lap, names))
                self._asked[lap_id] = tuple(names)
            except PurpleSectorError as error:
                refused[lap_id] = str(error)
        there = [lap_id for lap_id in chosen if lap_id in self.laid]
        shown = {i: self.laid[i] if i in growing else self._with_later(i, names, grid) for i in there}
        return Comparison(reference_id, grid.distance_m, shown, refused), _in_short(refused)

    def over_time(
        self, chosen: Sequence[str], reference_id: str, names: Sequence[str], *, open_laps: Iterable[str] = ()
    ) -> OverTime | None:
        """The chosen laps over their seconds with these channels, as `compare` has them over metres; None: not one.

        Laps need nothing in common for that, not even a track.
        """
        if not reference_id:
            return None
        growing, laps = set(open_laps), dict[str, Lap]()
        found, refused = dict[str, LaidLap](), dict[str, str]()
        for lap_id in [lap_id for lap_id in chosen if lap_id not in growing]:
            try:
                laps[lap_id] = self.read(lap_id, names)
            except PurpleSectorError as error:
                refused[lap_id] = str(error)
        try:
            clock, time_s = self._clock_for(self.read(reference_id, names), laps.values())
        except PurpleSectorError:
            return None
        for lap_id, lap in laps.items():
            try:
                found[lap_id] = self._lay_in_time(lap, clock, names, reference_id)
            except PurpleSectorError as error:
                refused[lap_id] = str(error)
        return OverTime(time_s, found, refused)

    def read(self, lap_id: str, names: Sequence[str]) -> Lap:
        """A lap with these channels and what it is laid and judged by, as far as it has them.

        Raises:
            NotFound: there is no such lap.
        """
        if lap_id not in self._laps:
            wanted = {*names, *ALIGNING, *DRIVEN} - {DELTA}
            lap = self._made(lap_id) or self._recorded(lap_id, wanted)
            self._laps[lap_id] = lap.select(*[name for name in lap.channels if name in wanted])
        return self._laps[lap_id]

    def _recorded(self, lap_id: str, wanted: set[str]) -> Lap:
        """A lap of the store with at least these channels, as far as it has them.

        Raises:
            NotFound: there is no such lap.
        """
        source = self._source()
        if wanted <= CATALOG.keys():
            try:
                return source.read_lap(lap_id, sorted(wanted), lenient=True)
            except CorruptTrace:  # what is damaged is missing on the plots; the rest is drawn
                pass
        return source.read_lap(lap_id)  # a name that is not ours may be a channel of the lap or of the user's

    def measured(self, name: str) -> Measured | None:
        """Unit and values of a channel that was laid later, if it was."""
        return self._later.measured(name) or self._later_timed.measured(name)

    def keep(self, lap_ids: Iterable[str]) -> None:
        """Lets go of what was read of other laps."""
        kept = set(lap_ids)
        self._laps = {lap_id: lap for lap_id, lap in self._laps.items() if lap_id in kept}

    def forget(self, lap_ids: Iterable[str] | None = None) -> None:
        """Reads and lays these laps anew, or all of them."""
        if lap_ids is None:
            self.grid, self.laid, self._laps = None, {}, {}
            self._clock, self._timed = None, {}
            self.forget_math()
            return
        for lap_id in lap_ids:
            self.laid.pop(lap_id, None)
            self._laps.pop(lap_id, None)
            self._timed.pop(lap_id, None)
            for later in (self._later, self._later_timed):
                later.forget([lap_id])
            if self.grid is not None and self.grid.lap.lap_id == lap_id:
                self.grid = None

    def forget_math(self) -> None:
        """Reads the channels that were laid later anew."""
        for later in (self._later, self._later_timed):
            later.forget()

    def _clock_for(self, reference: Lap, laps: Iterable[Lap]) -> tuple[TimeGrid, Column]:
        """The seconds that hold all these laps; those there were, if they do.

        Raises:
            IncompatibleLaps: the reference has no clock.
        """
        shown = [reference, *laps]
        if self._clock is None or not all(map(self._clock[0].holds, shown)):
            clock = TimeGrid.of(reference, shown)
            self._clock, self._timed = (clock, clock.x), {}
        return self._clock

    def _lay_in_time(self, lap: Lap, clock: TimeGrid, names: Sequence[str], reference_id: str) -> LaidLap:
        """A lap over its seconds, with its place and its delta where it is laid on metres.

        Raises:
            IncompatibleLaps: it has no clock.
        """
        by = self.laid.get(lap.lap_id)
        if lap.lap_id not in self._timed or self._timed[lap.lap_id][0] is not by:
            distance_m = self.grid.distance_m if self.grid is not None else None
            self._timed[lap.lap_id] = by, clock.lay(lap, names, laid=by, distance_m=distance_m)
        return self._add_later(self._later_timed, lap.lap_id, self._timed[lap.lap_id][1], names, reference_id)

    def _with_later(self, lap_id: str, names: Sequence[str], grid: Grid) -> LaidLap:
        return self._add_later(self._later, lap_id, self.laid[lap_id], names, grid.lap.lap_id)

    def _add_later(
        self, later: ShownChannels, lap_id: str, laid: LaidLap, names: Sequence[str], reference_id: str
    ) -> LaidLap:
        return later.laid(
            lap_id,
            laid,
            names,
            asked=self._asked.get(lap_id, ()),
            reference=lambda: self._made(reference_id) or self._source().read_lap(reference_id),
            made=self._made(lap_id),
        )


def _with_elapsed(laid: LaidLap) -> LaidLap:
    if laid.stamp_s is None or laid.since_s is None:
        return laid
    return replace(laid, columns={**laid.columns, ELAPSED: (laid.stamp_s - laid.since_s).astype(np.float32)})


def _in_short(refused: Mapping[str, str]) -> str:
    """Why laps are missing, in as few sentences as one reads."""
    if len(refused) > MOST_REASONS:
        return f"{len(refused)} laps cannot be laid over the reference: the list of laps says why."
    return " ".join(refused.values())
