"""The frozen Lap: what stores and formats make, and analysis, views and notebooks read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ps_analytics.channels.catalog import CATALOG, Kind, kind_of
from ps_analytics.channels.definitions import MathChannel
from ps_analytics.channels.evaluate import Formula, Output, compiled
from ps_analytics.channels.program import Setup
from ps_analytics.channels.units import is_unit
from ps_analytics.errors import UnknownChannel
from ps_analytics.track import TrackModel

Floats = NDArray[np.float64]
Values = NDArray[np.float32] | NDArray[np.float64] | NDArray[np.int32]

WIDE = frozenset({"latitude", "longitude", *(spec.name for spec in CATALOG.values() if spec.unit == "s")})
"""Channels float32 is too coarse for: places on Earth and clocks. Every other one of the catalogue is float32."""
CONDITION = "bool"
"""The unit of what is true or false."""
_LONGEST_STEP_S = 5.0
_FROM_LINE_S = 1.0


class LapKind(StrEnum):
    """What a lap is; validity is a flag beside it, never a kind."""

    TIMED = "timed"
    STANDING = "standing"
    OUT = "out"
    IN = "in"
    PIT = "pit"
    PARTIAL = "partial"


class SectionKind(StrEnum):
    """What a lap is cut into."""

    SECTOR = "sector"
    CORNER = "corner"
    STRAIGHT = "straight"


SECTION_IDS = {f"{kind}_id": kind for kind in SectionKind}
"""The columns of `Lap.frames` that say where on the track a frame is; they are keys, not channels."""


@dataclass(frozen=True, slots=True)
class LapSection:
    """A corner, straight or sector as one lap drove it: a frame at `started_us` ≤ t < `ended_us` lies in it.

    `number` counts from 1, `start_m` and `end_m` are places on the track, in m from the line. One that runs through the
    line has its end before its start, in place and in time: it holds the lap's last frames and its first.
    """

    kind: SectionKind
    number: int
    name: str | None
    start_m: float
    end_m: float
    started_us: int
    ended_us: int


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """One channel as recorded, at its own rate, in the catalogue's name and unit.

    Sample i was taken `start_s + i / rate_hz` seconds after the session's first frame. A live stream is not that
    regular: its laps have a trace named `timestamp`, and every trace of as many samples goes by it.
    Missing samples are NaN. One of the unit "bool" is a condition: 1 is true, and nothing lies between 0 and 1.
    `is_difference` tells differences of temperatures, which have no zero point, from temperatures.
    """

    name: str
    unit: str | None
    rate_hz: float
    start_s: float
    values: Values
    source_name: str | None = None
    source_unit: str | None = None
    is_difference: bool = False

    @property
    def kind(self) -> Kind:
        """How it is filled between its samples."""
        return Kind.STEP if self.unit == CONDITION else kind_of(self.name)


@dataclass(frozen=True, eq=False)
class Lap:
    """One lap: what is known of it, and its channels (`traces`, by name).

    `lap_time_s` is the official time in s where `time_source` says so, else derived; None if the lap has none.
    `valid` and `kind` are what counts, the user's override included. A lap without traces is a lap of times only.
    `track_model` is the track as the store knows it, if it does; `sections` are the sectors, corners and straights the
    lap was cut into by it.
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
    track_length_m: float | None = None
    track_model: TrackModel | None = field(default=None, repr=False)
    traces: Mapping[str, Trace] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    sections: tuple[LapSection, ...] = field(default=(), repr=False)

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

        `distance` is worked out where the source gives none.

        Raises:
            UnknownChannel: the lap does not have it.
        """
        trace = self._trace(name)
        return pl.DataFrame({"timestamp": self.times(trace), name: _column(trace)})

    def select(self, *names: str) -> "Lap":
        """The same lap with these channels, and its clock, only.

        Raises:
            UnknownChannel: the lap does not have one of them.
        """
        clock = [name for name in ("timestamp",) if name in self.traces and name not in names]
        return replace(self, traces={name: self._trace(name) for name in (*clock, *names)})

    def with_math(
        self,
        entries: Mapping[str, Formula],
        *,
        setup: Setup | None = None,
        reference: "Lap | None" = None,
        policy: str = "strict",
        library: bool | Mapping[str, MathChannel] = True,
    ) -> "Lap":
        """The same lap with math channels beside its channels, on the clock of its `frames`.

        Args:
            entries: name → formula, (formula, unit), or a math channel; one of a name the lap has takes its place.
            setup: parameter → (value, unit), read as `setup.parameter`.
            reference: the lap `ref()` looks at.
            policy: "strict", "warn" or "off": what clashing units do.
            library: whether the shipped channels may be named; or those that may, by name.

        Raises:
            FormulaError: a formula cannot be used; it says at which character.
        """
        ready = compiled(
            entries,
            self._keyed,
            units=self._units,
            setup=setup,
            reference=None if reference is None else reference._keyed,
            policy=policy,
            library=library,
        )
        return self.with_columns(ready.run(self._keyed), ready.channels)

    def with_columns(self, columns: pl.DataFrame, channels: Mapping[str, Output]) -> "Lap":
        """The same lap with computed columns beside its channels; there is one value for each row of `frames`."""
        rate_hz, start_s = (self.base.rate_hz, self.base.start_s) if self.traces else (1.0, self.start_s)
        made = {
            name: Trace(
                name,
                CONDITION if channel.is_condition else channel.unit or None,
                rate_hz,
                start_s,
                columns[name].cast(pl.Float64).fill_null(np.nan).to_numpy(),
                is_difference=channel.is_difference,
            )
            for name, channel in channels.items()
        }
        return replace(self, traces={**self.traces, **made})

    @cached_property
    def _keyed(self) -> pl.DataFrame:
        """Its frames with the keys that tell formulas where a lap ends."""
        return self.frames.with_columns(session_id=pl.lit(self.session_id), lap_id=pl.lit(self.lap_id))

    @property
    def _units(self) -> dict[str, str | None]:
        """The units of the channels the catalogue does not know; one it cannot read is unknown."""
        others = {name: trace.unit for name, trace in self.traces.items() if name not in CATALOG}
        return {
            name: unit if unit is not None and (unit == CONDITION or is_unit(unit)) else None
            for name, unit in others.items()
        }

    def clocked(self) -> "Lap":
        """The same lap without any channel but its clock: what is left of `frames` goes by the same times."""
        base = self.base
        clock = Trace("timestamp", "s", base.rate_hz, base.start_s, self.times(base))
        return replace(self, traces={"timestamp": clock})

    @cached_property
    def frames(self) -> pl.DataFrame:
        """All channels on one clock, one row a sample of the base rate; missing values are null.

        The base rate is that of `speed`, else the most frequent rate of at most 100 Hz. Other channels are filled by
        their kind. Units are the catalogue's. Besides the channels: `timestamp` in s since the session's first frame,
        `lap_number` (ours), and `distance` in m from the line: the source's, else position × track length, else ∫v dt
        (absent where there is none of these). Where the lap has sections also `sector_id`, `corner_id` and
        `straight_id`, Int32, null outside.
        """
        if not self.traces:
            return pl.DataFrame(schema={"timestamp": pl.Float64})
        base = self.base
        clock = self.times(base)
        columns = [pl.Series("timestamp", clock)]
        for trace in self._channels_of_frames():
            same_clock = len(trace.values) == len(clock) and trace.rate_hz == base.rate_hz
            columns.append(_column(trace) if same_clock else self._resampled(trace, clock))
        columns.append(pl.Series("lap_number", np.full(len(clock), self.lap_number, np.int32)))
        if self.sections:
            time_us = self.session_started_us + np.rint(clock * 1e6).astype(np.int64)
            columns += [
                section_column(name, section_ids(self.sections, kind, time_us)) for name, kind in SECTION_IDS.items()
            ]
        return pl.DataFrame(columns)

    def _channels_of_frames(self) -> list[Trace]:
        traces = [trace for trace in self.traces.values() if trace.name not in ("timestamp", "lap_number")]
        if "distance" not in self.traces and (distance := self._distance()) is not None:
            traces.append(distance)
        return traces

    @property
    def base(self) -> Trace:
        """The channel whose clock `frames` go by; the lap has at least one channel."""
        if "speed" in self.traces:
            return self.traces["speed"]
        candidates = [t for t in self.traces.values() if t.rate_hz <= 100] or list(self.traces.values())
        rates = [t.rate_hz for t in candidates]
        most_frequent = max(set(rates), key=lambda rate: (rates.count(rate), rate))
        return next(t for t in candidates if t.rate_hz == most_frequent)

    def times(self, trace: Trace) -> Floats:
        """When the samples of one of its channels were taken, in s since the session's first frame."""
        return sample_times(trace, self.traces.get("timestamp"))

    def _trace(self, name: str) -> Trace:
        found = self.traces.get(name)
        if found is None and name == "distance":
            found = self._distance()
        if found is None:
            raise UnknownChannel(name, known=self.traces)
        return found

    def _distance(self) -> Trace | None:
        """The distance from the line where the source gives none."""
        position, speed = self.traces.get("normalized_position"), self.traces.get("speed")
        from_line = self.kind in (LapKind.TIMED, LapKind.STANDING, LapKind.IN)
        if position is not None and self.track_length_m and np.isfinite(position.values).any():
            metres = self.track_length_m * _unwrapped(position.values, from_line=from_line)
            return replace(position, name="distance", unit="m", values=metres, source_name=None, source_unit=None)
        if speed is None or not np.isfinite(speed.values).any():
            return None
        times, metres_per_s = self.times(speed), without_gaps(speed.values) / 3.6
        steps = np.clip(np.diff(times), 0.0, _LONGEST_STEP_S) * (metres_per_s[1:] + metres_per_s[:-1]) / 2
        since_line = float(times[0]) - self.start_s if from_line else 0.0
        first = metres_per_s[0] * since_line if 0 < since_line < _FROM_LINE_S else 0.0
        metres = first + np.concatenate([[0.0], np.cumsum(steps)])
        return replace(speed, name="distance", unit="m", values=metres, source_name=None, source_unit=None)

    def _resampled(self, trace: Trace, clock: Floats) -> pl.Series:
        times, values = self.times(trace), np.asarray(trace.values, dtype=np.float64)
        if len(values) == 0:
            return _series(trace, np.full(len(clock), np.nan))
        return _series(trace, fill(times, values, clock, kind=trace.kind))


def section_ids(sections: Iterable[LapSection], kind: SectionKind, time_us: NDArray[np.int64]) -> NDArray[np.int32]:
    """The number of the section of a kind each sample lies in, 0 outside all of them.

    Args:
        sections: a lap's.
        kind: which of them count.
        time_us: of the samples, UTC microseconds, never decreasing.

    Example:
        >>> corner = LapSection(SectionKind.CORNER, 4, "Hairpin", 310.0, 390.0, 20, 40)
        >>> section_ids([corner], SectionKind.CORNER, np.array([10, 20, 30, 40]))
        array([0, 4, 4, 0], dtype=int32)
    """
    found = np.zeros(len(time_us), dtype=np.int32)
    for section in sections:
        if section.kind is not kind:
            continue
        first, end = np.searchsorted(time_us, (section.started_us, section.ended_us))
        if section.ended_us < section.started_us:  # through the line
            found[first:] = found[:end] = section.number
        else:
            found[first:end] = section.number
    return found


def section_column(name: str, ids: NDArray[np.int32]) -> pl.Series:
    """The numbers of sections as a column of frames: Int32, null outside."""
    column = pl.Series(name, ids, dtype=pl.Int32)
    return column.set(column == 0, None)


def sample_times(trace: Trace, clock: Trace | None) -> Floats:
    """When the samples of a channel were taken, in s: by the `timestamp` trace if it has as many, else by its rate."""
    if clock is not None and len(clock.values) == len(trace.values):
        return np.asarray(clock.values, dtype=np.float64)
    return trace.start_s + np.arange(len(trace.values)) / trace.rate_hz


def lap_time_text(seconds: float | None) -> str:
    """A lap time as racers read it: m:ss.sss, or a dash.

    Example:
        >>> lap_time_text(83.4567), lap_time_text(None)
        ('1:23.457', '–')
    """
    if seconds is None:
        return "–"
    milliseconds = round(seconds * 1000)
    return f"{milliseconds // 60_000}:{milliseconds % 60_000 / 1000:06.3f}"


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
        turned, known = values.copy(), np.isfinite(values)
        turned[known] = np.unwrap(values[known], period=span)  # one missing sample would unwrap all after it to nothing
        return np.asarray(np.mod(np.interp(at, times, turned), span), dtype=np.float64)
    return np.asarray(np.interp(at, times, values), dtype=np.float64)


def column_dtype(name: str, stored: str) -> type[np.float32] | type[np.float64]:
    """What a channel's column is made of, the same for every lap; one the catalogue does not know is as it is stored.

    Example:
        >>> column_dtype("speed", "float64").__name__, column_dtype("lap_time", "float32").__name__
        ('float32', 'float64')
    """
    if name in CATALOG:
        return np.float64 if name in WIDE else np.float32
    return np.float32 if stored == "float32" else np.float64


def _column(trace: Trace) -> pl.Series:
    return _series(trace, trace.values)


def _series(trace: Trace, values: Values) -> pl.Series:
    dtype = column_dtype(trace.name, trace.values.dtype.name)
    column = pl.Series(trace.name, values.astype(dtype, copy=False), nan_to_null=True)
    return column != 0 if trace.unit == CONDITION and trace.name not in CATALOG else column


def without_gaps(values: Values, *, period: float | None = None) -> Floats:
    """The values, missing ones interpolated; those that wrap after a period are unwrapped first.

    Example:
        >>> without_gaps(np.array([1.0, np.nan, 3.0]))
        array([1., 2., 3.])
    """
    known = np.isfinite(values)
    seen = np.asarray(values[known], dtype=np.float64)
    if period is not None:
        seen = np.unwrap(seen, period=period)
    if known.all():
        return seen
    index = np.arange(len(values))
    return np.asarray(np.interp(index, index[known], seen), dtype=np.float64)


def _unwrapped(position: Values, *, from_line: bool) -> Floats:
    """The share of the lap since the line, going on over it at both ends of the lap."""
    share = without_gaps(position, period=1.0)
    return share - (np.rint(share[0]) if from_line else 0.0)
