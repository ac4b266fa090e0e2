"""Channels a layout shows that a lap was not laid with: math channels, and those that were put on a plot later."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ps_analytics.channels import MathChannel
from ps_analytics.channels.catalog import CATALOG
from ps_analytics.errors import FormulaError, PurpleSectorError, UnknownChannel
from ps_analytics.lap import CONDITION, Lap, Trace, fill
from ps_analytics.ui.comparison import DELTA, Column, LaidLap


class ChannelSource(Protocol):
    """What is asked of a store: channels of a lap by name, math channels among them, and what those are."""

    def read_lap(
        self,
        lap_id: str,
        channels: Sequence[str] | None = None,
        *,
        lenient: bool = False,
        reference: Lap | None = None,
    ) -> Lap:
        """A lap with these channels, against a reference; `lenient` leaves out those it does not have."""

    def math_library(self, *, vehicle_id: str | None = None, session_id: str | None = None) -> dict[str, MathChannel]:
        """Every channel a formula may name, by name."""


@dataclass(frozen=True, eq=False)
class Measured:
    """A channel on one lap: its column on the reference's metres, its unit, and whether it is a condition.

    A difference of temperatures has no zero point.
    """

    column: Column
    unit: str
    stepped: bool
    is_difference: bool = False


@dataclass
class ShownChannels:
    """Lays channels where the lap's others lie, and remembers them; what a lap does not have is None."""

    source: Callable[[], ChannelSource]
    _found: dict[str, tuple[LaidLap, dict[str, Measured | None]]] = field(default_factory=dict)

    def laid(
        self,
        lap_id: str,
        laid: LaidLap,
        names: Iterable[str],
        *,
        asked: Iterable[str] = (),
        reference: Callable[[], Lap] | None = None,
        made: Lap | None = None,
    ) -> LaidLap:
        """The lap with its columns of those names; one it has not got is left out.

        Args:
            lap_id: the lap's.
            laid: the lap as it is laid.
            names: of channels of any kind.
            asked: the recorded channels it was laid with, as far as it has them.
            reference: reads the reference lap whole, for a channel that asks for it.
            made: the lap itself, if the store does not have it because it was put together.
        """
        wanted = [name for name in names if name not in (*laid.columns, DELTA)]
        if not wanted:
            return laid
        of, found = self._found.get(lap_id, (laid, {}))
        if of is not laid:
            found = {}
        found = {**dict.fromkeys(name for name in asked if name in CATALOG), **found}
        self._found[lap_id] = (laid, found)
        for name in wanted:
            if name not in found:
                found[name] = self._read(lap_id, laid, name, reference, made)
        columns = {name: measured.column for name in wanted if (measured := found[name]) is not None}
        return replace(laid, columns={**laid.columns, **columns})

    def measured(self, name: str) -> Measured | None:
        """What is known of a channel that was laid here, from the lap it moves most on: that tells how to write it."""
        known = [measured for _, found in self._found.values() if (measured := found.get(name)) is not None]
        return max(known, key=lambda measured: _spread(measured.column), default=None)

    def forget(self, lap_ids: Iterable[str] | None = None) -> None:
        """Reads anew what is asked for next; of these laps, or of all."""
        for lap_id in [*self._found] if lap_ids is None else lap_ids:
            self._found.pop(lap_id, None)

    def _read(
        self, lap_id: str, laid: LaidLap, name: str, reference: Callable[[], Lap] | None, made: Lap | None
    ) -> Measured | None:
        try:
            lap = self._lap(lap_id, name, reference) if made is None else self._computed(made, name, reference)
        except PurpleSectorError:
            return None  # the plot says that it is missing; the editor says why
        trace = lap.traces.get(name)
        if trace is None or laid.stamp_s is None or not len(trace.values):
            return None
        return measured_on(lap, trace, laid.stamp_s)

    def _lap(self, lap_id: str, name: str, reference: Callable[[], Lap] | None) -> Lap:
        """A lap with a channel; the reference is read for the few that ask for it.

        Raises:
            PurpleSectorError: the lap does not have it.
        """
        try:
            return self.source().read_lap(lap_id, [name])
        except FormulaError as error:
            if error.code != "E-NO-REFERENCE" or reference is None:
                raise
            return self.source().read_lap(lap_id, [name], reference=reference())

    def _computed(self, lap: Lap, name: str, reference: Callable[[], Lap] | None) -> Lap:
        """A lap that no store has with a channel.

        Raises:
            PurpleSectorError: it cannot be computed.
        """
        if name in lap.traces:
            return lap
        library = self.source().math_library()
        if name not in library:
            raise UnknownChannel(name, known=library)
        there = None if reference is None else reference()
        return lap.with_math({name: library[name]}, library=library, reference=there)


def measured_on(lap: Lap, trace: Trace, stamp_s: NDArray[np.float64]) -> Measured:
    """A channel of a lap at the times the lap passed the metres of the grid."""
    stepped = trace.unit == CONDITION
    unit = "" if stepped else trace.unit or ""
    return Measured(on_metres(lap, trace, stamp_s), unit, stepped, trace.is_difference)


def on_metres(lap: Lap, trace: Trace, stamp_s: NDArray[np.float64]) -> Column:
    """A channel at the times the lap passed the metres of the grid; NaN where it did not."""
    passed = np.isfinite(stamp_s)
    column = np.full(len(stamp_s), np.nan, np.float32)
    values = trace.values.astype(np.float64)
    column[passed] = fill(lap.times(trace), values, stamp_s[passed], kind=trace.kind)
    return column


def _spread(column: Column) -> float:
    known = column[np.isfinite(column)]
    return float(np.ptp(known)) if len(known) else 0.0
