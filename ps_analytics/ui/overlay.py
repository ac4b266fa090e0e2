"""Laps over each other: the reference's grid, the laps laid on it, and what was read for that."""

from collections.abc import Callable, Iterable, Sequence

from ps_analytics.errors import PurpleSectorError
from ps_analytics.lap import Lap
from ps_analytics.ui.comparison import ALIGNING, Comparison, Grid, LaidLap
from ps_analytics.ui.corner_sheet import DRIVEN
from ps_analytics.ui.shown import ChannelSource, Measured, ShownChannels


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
                self.laid[lap_id] = grid.lay(lap, names)
                self._asked[lap_id] = tuple(names)
            except PurpleSectorError as error:
                refused[lap_id] = str(error)
        there = [lap_id for lap_id in chosen if lap_id in self.laid]
        shown = {i: self.laid[i] if i in growing else self._with_later(i, names, grid) for i in there}
        return Comparison(reference_id, grid.distance_m, shown, refused), " ".join(refused.values())

    def read(self, lap_id: str, names: Sequence[str]) -> Lap:
        """A lap with these channels and what it is laid and judged by, as far as it has them.

        Raises:
            NotFound: there is no such lap.
        """
        if lap_id not in self._laps:
            lap = self._made(lap_id) or self._source().read_lap(lap_id)
            wanted = {*names, *ALIGNING, *DRIVEN}
            self._laps[lap_id] = lap.select(*[name for name in lap.channels if name in wanted])
        return self._laps[lap_id]

    def measured(self, name: str) -> Measured | None:
        """Unit and values of a channel that was laid later, if it was."""
        return self._later.measured(name)

    def keep(self, lap_ids: Iterable[str]) -> None:
        """Lets go of what was read of other laps."""
        kept = set(lap_ids)
        self._laps = {lap_id: lap for lap_id, lap in self._laps.items() if lap_id in kept}

    def forget(self, lap_ids: Iterable[str] | None = None) -> None:
        """Reads and lays these laps anew, or all of them."""
        if lap_ids is None:
            self.grid, self.laid, self._laps = None, {}, {}
            self._later.forget()
            return
        for lap_id in lap_ids:
            self.laid.pop(lap_id, None)
            self._laps.pop(lap_id, None)
            self._later.forget([lap_id])
            if self.grid is not None and self.grid.lap.lap_id == lap_id:
                self.grid = None

    def forget_math(self) -> None:
        """Reads the channels that were laid later anew."""
        self._later.forget()

    def _with_later(self, lap_id: str, names: Sequence[str], grid: Grid) -> LaidLap:
        reference_id = grid.lap.lap_id
        return self._later.laid(
            lap_id,
            self.laid[lap_id],
            names,
            asked=self._asked.get(lap_id, ()),
            reference=lambda: self._made(reference_id) or self._source().read_lap(reference_id),
            made=self._made(lap_id),
        )
