"""The running lap: formulas compiled once, computed again as rows come in, and exact once the lap is over.

What it costs is bounded: whatever a lap's length, no more than `MOST_WORK` rows are computed for each row that comes.
Rows are kept for as long as a formula may look at them, which is the lap, or the session where it says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from ps_analytics.channels.definitions import MathChannel
from ps_analytics.channels.evaluate import Compiled, Formula, compiled, math_channel
from ps_analytics.channels.library import SHIPPED
from ps_analytics.channels.program import Setup
from ps_analytics.channels.settling import Settling, outlasts_a_lap
from ps_analytics.errors import UnknownChannel

MOST_WORK = 400
"""Rows computed for each row that comes, at most: at 60 Hz and two ticks a second, all of a lap up to 200 s a tick."""
_LAP_KEYS = ("session_id", "lap_id")


@dataclass(frozen=True, slots=True)
class LapValues:
    """Math channels of one lap so far: `frame` has a column each and a row for each row of the lap.

    `settled` says for each channel how many rows, from the first on, keep their values whatever comes; those behind
    are provisional, or null where they are not computed yet. `is_over` says that no row of the lap comes any more: then
    all are settled but those of channels over a session or a stint, which are as of now.
    """

    frame: pl.DataFrame
    settled: Mapping[str, int]
    session_id: Any = None
    lap_id: Any = None
    is_over: bool = False


@dataclass(slots=True)
class _Running:
    """Some channels over the rows they may look at, the last of which, from `lap_start` on, are of the running lap."""

    plan: Compiled
    keys: tuple[str, ...]
    lap_start: int = 0
    _settling: Settling = field(init=False)
    _pieces: list[pl.DataFrame] = field(default_factory=list)
    _rows: int = 0
    _values: pl.DataFrame | None = None
    _settled: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._settling = Settling.of(self.plan.nodes)

    def take(self, rows: pl.DataFrame) -> None:
        """More rows."""
        needs = self.plan.needs or rows.columns[:1]
        self._pieces.append(pl.DataFrame([rows[name] for name in dict.fromkeys([*needs, *self.keys])]))
        self._rows += len(rows)

    def begin_lap(self, *, keep: bool) -> None:
        """The next rows are of another lap; of this session if what came is to be kept."""
        if not keep:
            self._pieces, self._rows, self._values = [], 0, None
        self.lap_start = self._rows

    def compute(self, *, now: bool) -> None:
        """Brings the values up to date: `now`, or when enough rows have come."""
        new = self._rows - (0 if self._values is None else len(self._values))
        if self._pieces and (self._values is None or (new and (now or new * MOST_WORK >= self._rows))):
            self._pieces = [pl.concat(self._pieces, how="vertical_relaxed")]
            (frame,) = self._pieces
            self._values = self.plan.run(frame)
            self._settled = self._settling.rows(self._time(frame), lap_start=min(self.lap_start, len(frame)))

    def of_lap(self) -> tuple[list[pl.Series], dict[str, int]]:
        """The values of the running lap, null where they are not computed yet, and how many of each are settled."""
        assert self._values is not None  # there are rows, and some were computed at once
        known, length = self._values.slice(self.lap_start), self._rows - self.lap_start
        values = known if len(known) == length else pl.concat([known, known.clear(length - len(known))])
        return values.get_columns(), {name: max(0, settled - self.lap_start) for name, settled in self._settled.items()}

    def _time(self, frame: pl.DataFrame) -> Any:
        if not self._settling.looks_at_the_clock:
            return np.zeros(len(frame))
        return frame["timestamp"].cast(pl.Float64).to_numpy()


class LiveChannels:
    """Math channels of a car that is being driven: `push` its rows as they come, and ask for `values` at every tick.

    When a lap is over its values are, bit for bit, those that `evaluate` has for the lap. Those of channels over a
    session or a stint are what `evaluate` has for the session up to there.

    Example:
        >>> first, then = (pl.DataFrame({"lap_id": laps, "speed": [36.0, 72.0]}) for laps in ([1, 1], [1, 2]))
        >>> live = LiveChannels({"top": "max(speed[m/s])"}, first)
        >>> live.push(first), live.values().frame["top"].to_list(), live.values().settled
        ([], [20.0, 20.0], {'top': 0})
        >>> [lap.frame["top"].to_list() for lap in live.push(then)]
        [[20.0, 20.0, 20.0]]
    """

    def __init__(
        self,
        entries: Mapping[str, Formula],
        frame: pl.DataFrame,
        *,
        units: Mapping[str, str | None] | None = None,
        setup: Setup | None = None,
        reference: pl.DataFrame | None = None,
        policy: str = "strict",
        library: bool | Mapping[str, MathChannel] = True,
    ) -> None:
        """The arguments are `evaluate`'s; of `frame` only the columns count, and every row pushed has them.

        Raises:
            FormulaError: a formula cannot be used; it says at which character.
            UnknownUnit: `units` or `setup` name a unit that does not exist.
            UnknownChannel: the reference lap has no positions.
        """
        own = {name: math_channel(name, formula, policy) for name, formula in entries.items()}
        known = library if isinstance(library, Mapping) else SHIPPED if library else {}
        given: dict[str, Any] = {"units": units, "setup": setup, "reference": reference}
        whole = compiled(own, frame, library=known, **given)
        self.channels = whole.channels
        """What each of them is: its unit, whether it is a condition."""
        self._keys = tuple(key for key in _LAP_KEYS if key in frame.columns)
        lasting = [name for name, node in whole.nodes.items() if "lap_id" in self._keys and outlasts_a_lap([node])]
        plans = [whole]
        if lasting:
            parts = ([name for name in own if name not in lasting], lasting)
            library = {**known, **own}
            plans = [
                compiled({name: own[name] for name in part}, frame, library=library, **given) for part in parts if part
            ]
        self._running = [_Running(plan, self._keys) for plan in plans]
        self._lasting = self._running[-1] if lasting else None
        self.lasting = frozenset(lasting)
        """Those that go over a session or a stint."""
        self.needs = frozenset(whole.needs)
        """The columns that are read."""
        self._lap: tuple[Any, ...] | None = None

    def push(self, frame: pl.DataFrame) -> list[LapValues]:
        """Takes rows over, in order; gives the laps that are over because rows of another one came.

        Raises:
            UnknownChannel: a column is missing.
        """
        self._check(frame)
        over: list[LapValues] = []
        for rows in self._laps(frame):
            lap = rows.select(self._keys).row(0) if self._keys else ()
            if self._lap is not None and lap != self._lap:
                over.append(self._end(lap))
            self._lap = lap
            for running in self._running:
                running.take(rows)
        return over

    def values(self) -> LapValues:
        """The running lap's values so far; no rows if there is none."""
        for running in self._running:
            running.compute(now=False)
        return self._values(is_over=False)

    def end(self) -> LapValues:
        """The running lap's values, exact: it is over, and so is its session."""
        return self._end(None)

    def _end(self, following: tuple[Any, ...] | None) -> LapValues:
        for running in self._running:
            running.compute(now=True)
        ended = self._values(is_over=True)
        same_session = self._lap is not None and following is not None and following[:-1] == self._lap[:-1]
        for running in self._running:
            running.begin_lap(keep=running is self._lasting and same_session)
        self._lap = None
        return ended

    def _values(self, *, is_over: bool) -> LapValues:
        if self._lap is None:
            kinds = {
                name: pl.Boolean if channel.is_condition else pl.Float64 for name, channel in self.channels.items()
            }
            return LapValues(pl.DataFrame(schema=kinds), dict.fromkeys(kinds, 0), is_over=is_over)
        columns: dict[str, pl.Series] = {}
        settled: dict[str, int] = {}
        for running in self._running:
            values, known = running.of_lap()
            columns |= {series.name: series for series in values}
            # What looks at no more than a lap that is over cannot change any more.
            settled |= dict.fromkeys(known, len(values[0])) if is_over and running is not self._lasting else known
        of = dict(zip(self._keys, self._lap, strict=True))
        frame = pl.DataFrame([columns[name] for name in self.channels])
        return LapValues(frame, settled, of.get("session_id"), of.get("lap_id"), is_over)

    def _check(self, frame: pl.DataFrame) -> None:
        for running in self._running:
            missing = {*running.plan.needs, *self._keys}.difference(frame.columns)
            if missing:
                raise UnknownChannel(min(missing), known=frame.columns)

    def _laps(self, frame: pl.DataFrame) -> Sequence[pl.DataFrame]:
        """The rows of each lap in turn."""
        if frame.is_empty() or not self._keys:
            return [] if frame.is_empty() else [frame]
        changed = frame.select(pl.any_horizontal(pl.col(key).ne_missing(pl.col(key).shift()) for key in self._keys))
        starts = [0, *(row for row in changed.to_series().arg_true().to_list() if row)]
        return [frame.slice(start, end - start) for start, end in zip(starts, [*starts[1:], len(frame)], strict=True)]
