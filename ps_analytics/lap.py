"""The frozen Lap: what stores and formats make, and analysis, views and notebooks read."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ps_analytics.channels.catalog import Kind, kind_of
from ps_analytics.errors import UnknownChannel

Floats = NDArray[np.float64]
Values = NDArray[np.float32] | NDArray[np.float64] | NDArray[np.int32]


class LapKind(StrEnum):
    """What a lap is; validity is a flag beside it, never a kind."""

    TIMED = "timed"
    STANDING = "standing"
    OUT = "out"
    IN = "in"
    PIT = "pit"
    PARTIAL = "partial"


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """One channel as recorded, at its own rate, in the catalogue's name and unit.

    Sample i was taken `start_s + i / rate_hz` seconds after the session's first frame. A live stream is not that
    regular: its laps have a trace named `timestamp`, and every trace of as many samples goes by it.
    Missing samples are NaN.
    """

    name: str
    unit: str | None
    rate_hz: float
    start_s: float
    values: Values
    source_name: str | None = None
    source_unit: str | None = None


@dataclass(frozen=True, eq=False)
class Lap:
    """One lap: what is known of it, and its channels (`traces`, by name).

    `lap_time_s` is the official time in s where `time_source` says so, else derived; None if the lap has none.
    `valid` and `kind` are what counts, the user's override included. A lap without traces is a lap of times only.
    """

    lap_id: str
    session_id: str
    lap_number: int
    lap_time_s: float | None
    kind: LapKind
    valid: bool
    started_us: int
    ended_us: int | None
    session_started_us: int
    time_source: str = "none"
    source_lap_number: int | None = None
    valid_reason: str | None = None
    flags: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    sectors_s: tuple[float, ...] = ()
    track: str | None = None
    car: str | None = None
    traces: Mapping[str, Trace] = field(default_factory=lambda: MappingProxyType({}), repr=False)

    @property
    def channels(self) -> list[str]:
        """The names of the channels it has, in the order recorded."""
        return list(self.traces)

    @property
    def start_s(self) -> float:
        """The line at its start, in s since the session's first frame."""
        return (self.started_us - self.session_started_us) / 1e6

    def channel(self, name: str) -> pl.DataFrame:
        """One channel as recorded: columns `timestamp` (s since the session's first frame) and the channel.

        Raises:
            UnknownChannel: the lap does not have it.
        """
        trace = self._trace(name)
        return pl.DataFrame({"timestamp": self._times(trace), name: _column(trace)})

    def select(self, *names: str) -> "Lap":
        """The same lap with these channels only.

        Raises:
            UnknownChannel: the lap does not have one of them.
        """
        return replace(self, traces={name: self._trace(name) for name in names})

    @cached_property
    def frames(self) -> pl.DataFrame:
        """All channels on one clock, one row a sample of the base rate; missing values are null.

        The base rate is that of `speed`, else the most frequent rate of at most 100 Hz. Other channels are filled by
        their kind. `timestamp` is in s since the session's first frame; units are the catalogue's.
        """
        if not self.traces:
            return pl.DataFrame(schema={"timestamp": pl.Float64})
        base = self._base()
        clock = self._times(base)
        columns: dict[str, pl.Series] = {"timestamp": pl.Series("timestamp", clock)}
        for trace in self.traces.values():
            if trace.name == "timestamp":
                continue
            same_clock = len(trace.values) == len(clock) and trace.rate_hz == base.rate_hz
            columns[trace.name] = _column(trace) if same_clock else self._resampled(trace, clock)
        return pl.DataFrame(columns)

    def _trace(self, name: str) -> Trace:
        try:
            return self.traces[name]
        except KeyError:
            raise UnknownChannel(name, known=self.traces) from None

    def _base(self) -> Trace:
        if "speed" in self.traces:
            return self.traces["speed"]
        candidates = [t for t in self.traces.values() if t.rate_hz <= 100] or list(self.traces.values())
        rates = [t.rate_hz for t in candidates]
        most_frequent = max(set(rates), key=lambda rate: (rates.count(rate), rate))
        return next(t for t in candidates if t.rate_hz == most_frequent)

    def _times(self, trace: Trace) -> Floats:
        clock = self.traces.get("timestamp")
        if clock is not None and len(clock.values) == len(trace.values):
            return np.asarray(clock.values, dtype=np.float64)
        return trace.start_s + np.arange(len(trace.values)) / trace.rate_hz

    def _resampled(self, trace: Trace, clock: Floats) -> pl.Series:
        times, values = self._times(trace), np.asarray(trace.values, dtype=np.float64)
        if len(values) == 0:
            return pl.Series(trace.name, [None] * len(clock), dtype=pl.Float64)
        return _series(trace.name, fill(times, values, clock, kind=kind_of(trace.name)))


def fill(times: Floats, values: Floats, at: Floats, *, kind: Kind) -> Floats:
    """Samples of a channel at other times: shape of `at`, by its kind; outside the samples the nearest one holds.

    A `wrap` channel is interpolated the short way round a range of 1 (shares) or 360 (degrees, told by its values).

    Example:
        >>> fill(np.array([0.0, 1.0]), np.array([2.0, 4.0]), np.array([0.5]), kind=Kind.STEP)
        array([2.])
    """
    if kind is Kind.STEP:
        index = np.searchsorted(times, at + 1e-9, side="right") - 1
        return values[np.clip(index, 0, len(values) - 1)]
    if kind is Kind.WRAP:
        span = 360.0 if np.nanmax(np.abs(values), initial=0.0) > 1.5 else 1.0
        return np.asarray(np.mod(np.interp(at, times, np.unwrap(values, period=span)), span), dtype=np.float64)
    return np.asarray(np.interp(at, times, values), dtype=np.float64)


def _column(trace: Trace) -> pl.Series:
    return _series(trace.name, trace.values)


def _series(name: str, values: Values) -> pl.Series:
    series = pl.Series(name, values)
    return series.fill_nan(None) if series.dtype.is_float() else series
