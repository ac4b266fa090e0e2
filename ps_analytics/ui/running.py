"""The lap that is being driven, on the reference's metres: what came since it was looked at last is read and laid."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ps_analytics.analysis.methods import CENTRE_LINE, POSITION, PROJECTION
from ps_analytics.channels import MathChannel, compiled
from ps_analytics.channels.catalog import CATALOG
from ps_analytics.channels.live import MOST_WORK, LiveChannels
from ps_analytics.errors import FormulaError
from ps_analytics.lap import CONDITION, Lap, LapKind, Trace
from ps_analytics.store.running import NewFrames
from ps_analytics.ui.comparison import ALIGNING, DELTA, Grid, LaidLap
from ps_analytics.ui.later import Later
from ps_analytics.ui.math.desk import sentence
from ps_analytics.ui.math.ground import Ground
from ps_analytics.ui.shown import Measured, measured_on

BY_PLACE = (POSITION, PROJECTION, CENTRE_LINE)
"""The ways to lay a lap that know where it is before it is over; a distance is stretched to the track's length then."""
LASTING = "'{name}' goes beyond a lap: it is known when the lap is over."


class RunningSource(Protocol):
    """What is asked of a store while a lap is driven."""

    def read_running_lap(self, lap_id: str, since_seq: int = 0) -> NewFrames:
        """What has come of a lap, from a batch on."""

    def math_library(self, *, vehicle_id: str | None = None, session_id: str | None = None) -> dict[str, MathChannel]:
        """Every channel a formula may name, by name."""

    def read_setup(self, session_id: str) -> Mapping[str, tuple[Any, str]]:
        """What the vehicle of a session was set to."""


@dataclass(frozen=True, eq=False)
class Growth:
    """A running lap as far as it is known: `time_s` since its line, and its columns on `grid`.

    `provisional` says for each channel with values that may still change from which point of the grid on they may.
    `note` is why channels are missing.
    """

    lap_id: str
    grid: Grid
    time_s: float
    laid: LaidLap
    provisional: Mapping[str, int] = field(default_factory=dict)
    measured: Mapping[str, Measured] = field(default_factory=dict)
    note: str = ""


class RunningLap:
    """One running lap on one grid, with some channels; it keeps no more of the lap than it needs for them."""

    def __init__(
        self,
        source: Callable[[], RunningSource],
        lap_id: str,
        grid: Grid,
        names: Sequence[str],
        reference: Callable[[], Lap],
    ) -> None:
        """A running lap that is not read yet.

        Args:
            source: gives the store.
            lap_id: the lap's.
            grid: the reference's.
            names: the channels to lay, math channels among them.
            reference: reads the reference lap whole, for `ref()`.
        """
        self.lap_id, self.grid, self.names = lap_id, grid, tuple(dict.fromkeys(names))
        self._source, self._reference = source, reference
        self._next_seq = 0
        self._lap: Lap | None = None
        self._laid_rows = 0
        self._math: LiveChannels | None = None
        self._columns: frozenset[str] = frozenset()
        self._pushed = 0
        self._problems: dict[str, str] = {}

    def look(self) -> Growth | None:
        """The lap with what is new, or None if that is not worth it yet.

        However long the lap is, no more than `MOST_WORK` samples are laid for each one that comes.

        Raises:
            IncompatibleLaps: the lap cannot be laid on the reference.
            NotFound: the lap is gone.
        """
        found = self._source().read_running_lap(self.lap_id, self._next_seq)
        self._next_seq = found.next_seq
        lap = self._lap = self._joined(found.lap)
        rows = len(lap.traces["timestamp"].values) if lap.traces else 0
        new = rows - self._laid_rows
        if not new or new * MOST_WORK < rows:
            return None
        laid = self._with_delta(lap, self.grid.lay(lap, self.names))
        time_s = float(lap.traces["timestamp"].values[-1]) - lap.start_s
        measured, provisional = self._measured(lap, laid)
        laid = replace(laid, columns={**laid.columns, **{name: m.column for name, m in measured.items()}})
        self._laid_rows = rows
        note = " ".join(self._problems.values())
        return Growth(self.lap_id, self.grid, time_s, laid, provisional, measured, note)

    def _joined(self, new: Lap) -> Lap:
        """The lap so far with what is new behind it; what comes late waits for the lap's end."""
        if self._lap is None or not self._lap.traces:
            from_line = new.lap_number > 0 and not new.flags.get("off_line")
            return replace(new, kind=LapKind.TIMED if from_line else new.kind, lap_time_s=None)
        before = self._lap.traces
        if not new.traces:
            return self._lap
        fresh = new.traces["timestamp"].values > before["timestamp"].values[-1]
        sizes = (len(before["timestamp"].values), int(fresh.sum()))
        names = self._kept({**before, **new.traces})
        traces = {name: _behind(before.get(name), new.traces.get(name), fresh, sizes) for name in names}
        return replace(self._lap, traces=traces)

    def _kept(self, traces: Mapping[str, Trace]) -> list[str]:
        """The channels to go on with: all, until it is known what formulas need."""
        if not self._laid_rows:
            return list(traces)
        wanted = {*self.names, *ALIGNING, *(self._math.needs if self._math is not None else ())}
        return [name for name in traces if name in wanted]

    def _with_delta(self, lap: Lap, laid: LaidLap) -> LaidLap:
        """The lap with what it has lost so far, if it began at the line and its places say where it is."""
        pair = self.grid.alignment.pair(lap)
        if lap.kind is not LapKind.TIMED or pair.method not in BY_PLACE or self.grid.lap.lap_time_s is None:
            return laid
        assert laid.stamp_s is not None
        lost = (laid.stamp_s - lap.start_s - pair.reference.time_s).astype(np.float32)
        return replace(laid, columns={**laid.columns, DELTA: lost})

    def _measured(self, lap: Lap, laid: LaidLap) -> tuple[dict[str, Measured], dict[str, int]]:
        """The math channels on the metres of the grid, and from where on they may change."""
        wanted = [name for name in self.names if name not in CATALOG and name not in lap.traces and name != DELTA]
        if not wanted:
            return {}, {}
        frame = lap.frames.with_columns(session_id=pl.lit(lap.session_id), lap_id=pl.lit(lap.lap_id))
        if self._math is None or not self._columns.issuperset(frame.columns):
            self._math, self._columns, self._pushed = self._compiled(lap, frame, wanted), frozenset(frame.columns), 0
        self._math.push(frame.slice(self._pushed))
        self._pushed = len(frame)
        values, base, stamp_s = self._math.values(), lap.base, laid.stamp_s
        assert stamp_s is not None
        measured, provisional = {}, {}
        for name in values.frame.columns:
            found = values.frame[name].cast(pl.Float64).fill_null(np.nan).to_numpy()
            channel = self._math.channels[name]
            unit = CONDITION if channel.is_condition else channel.unit or None
            trace = Trace(name, unit, base.rate_hz, base.start_s, found, is_difference=channel.is_difference)
            measured[name] = measured_on(lap, trace, stamp_s)
            first = _first_open(stamp_s, lap.times(base), values.settled[name])
            if first is not None:
                provisional[name] = first
        return measured, provisional

    def _compiled(self, lap: Lap, frame: pl.DataFrame, wanted: Sequence[str]) -> LiveChannels:
        """Those of the math channels that can be computed; of the others it is noted why not."""
        source = self._source()
        library = source.math_library(session_id=lap.session_id)
        given: dict[str, Any] = {
            "units": Ground(lap).units,
            "setup": source.read_setup(lap.session_id),
            "library": library,
            "reference": None,
        }
        self._problems = {}
        usable: dict[str, MathChannel] = {}
        for name in [name for name in wanted if name in library]:
            try:
                self._check({name: library[name]}, frame, given)
            except FormulaError as error:
                self._problems[name] = sentence(error)
            else:
                usable[name] = library[name]
        live = LiveChannels(usable, frame, **given)
        if live.lasting:
            self._problems |= {name: LASTING.format(name=name) for name in sorted(live.lasting)}
            live = LiveChannels(
                {name: each for name, each in usable.items() if name not in live.lasting}, frame, **given
            )
        return live

    def _check(self, entries: Mapping[str, MathChannel], frame: pl.DataFrame, given: dict[str, Any]) -> None:
        """Nothing, if a channel can be computed; the reference is read when the first one needs it.

        Raises:
            FormulaError: it cannot.
        """
        try:
            compiled(entries, frame, **given)
        except FormulaError as error:
            if error.code != "E-NO-REFERENCE" or given["reference"] is not None:
                raise
            given["reference"] = self._reference().frames
            compiled(entries, frame, **given)


def _behind(before: Trace | None, new: Trace | None, fresh: NDArray[np.bool_], sizes: tuple[int, int]) -> Trace:
    """The values of one channel, then its new ones; NaN for a piece that has none."""
    pattern = before or new
    assert pattern is not None  # one of the pieces has the channel
    parts = [
        np.full(sizes[0], np.nan, np.float32) if before is None else before.values,
        np.full(sizes[1], np.nan, np.float32) if new is None else new.values[fresh],
    ]
    values: Any = np.concatenate(parts)
    return replace(pattern, values=values)


def _first_open(stamp_s: NDArray[np.float64], times: NDArray[np.float64], settled: int) -> int | None:
    """The first point of the grid with a value that may still change; None if there is none.

    Args:
        stamp_s: when each point was passed, NaN where it was not.
        times: of the samples, on the same clock.
        settled: so many samples stay as they are.
    """
    passed = np.flatnonzero(np.isfinite(stamp_s))
    if settled >= len(times) or not len(passed):
        return None
    first = int(np.searchsorted(stamp_s[passed], times[settled - 1], side="right")) if settled else 0
    return int(passed[first]) if first < len(passed) else None


class Follower:
    """Looks at the running lap when it is asked to, one look at a time."""

    def __init__(self, source: Callable[[], RunningSource], later: Later) -> None:
        self._source, self._later = source, later
        self._lap: RunningLap | None = None
        self._busy = False

    def look(
        self,
        lap_id: str,
        grid: Grid,
        names: Sequence[str],
        *,
        reference: Callable[[], Lap],
        found: Callable[[Growth], None],
        failed: Callable[[str], None],
    ) -> None:
        """Gives `found` the lap with what is new, or `failed` the reason why there is nothing to draw.

        While a look is under way another one is dropped.
        """
        if self._busy:
            return
        lap = self._lap
        if lap is None or lap.lap_id != lap_id or lap.grid is not grid or lap.names != tuple(dict.fromkeys(names)):
            lap = self._lap = RunningLap(self._source, lap_id, grid, names, reference)
        self._busy = True

        def done(growth: Growth | None) -> None:
            self._busy = False
            if growth is not None:
                found(growth)

        def broken(reason: str) -> None:
            self._busy = False
            failed(reason)

        self._later(lap.look, done, broken)

    def forget(self) -> None:
        """Begins anew with the next look: the lap is over, or its formulas have changed."""
        self._lap = None
