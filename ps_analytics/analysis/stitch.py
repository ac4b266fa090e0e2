"""One lap made of stretches of several, given as a lap like any other."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from ps_analytics.analysis.laid import LaidLaps
from ps_analytics.channels.catalog import Kind, kind_of, unit_of
from ps_analytics.lap import Lap, LapKind, Trace, column_dtype
from ps_analytics.track import TrackModel

Floats = NDArray[np.float64]

LAP_ID = "ideal"
RAMP_M = 15.0
"""So far on either side of a join a channel goes over from one lap to the next."""
_OWN = ("timestamp", "lap_time", "normalized_position", "distance")
_COUNTS = frozenset({"lap_number", "source_lap_number", "last_lap_time"})
"""What says which lap of its session a lap is: a lap made of several is none."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a lap: from one point of the grid to another, driven as lap `lap` of those laid there."""

    lap: int
    first: int
    last: int


def stitched(laid: LaidLaps, pieces: Sequence[Piece], *, lap_time_s: float, track: TrackModel | None) -> Lap:
    """The lap of these pieces, one sample a metre, its clock from 0 at the line to `lap_time_s`.

    Time is what the pieces took, to the bit. Every other channel goes over from lap to lap within `RAMP_M` of a join
    (a stepped one at it), so that it shows no edge that nobody drove. Missing samples are NaN.
    """
    time_s = _clock(laid, pieces)
    time_s[-1] = lap_time_s
    rate_hz = (len(time_s) - 1) / lap_time_s
    own = (time_s, time_s, laid.distance_m / laid.length_m, laid.distance_m)
    columns = dict(zip(_OWN, own, strict=True))
    for name in _names(laid, pieces):
        columns[name] = _channel(laid, pieces, name)
    traces = {name: _trace(name, values, rate_hz) for name, values in columns.items()}
    base = laid.laps[laid.best]
    empty = Lap("", "", 0, None, LapKind.TIMED, True, 0, None, 0, track_length_m=None, track_model=track)
    best = base if isinstance(base, Lap) else empty
    return replace(
        best,
        lap_id=LAP_ID,
        lap_number=0,
        lap_time_s=lap_time_s,
        time_source="derived",
        kind=LapKind.TIMED,
        valid=True,
        valid_reason=None,
        source_lap_number=None,
        ended_us=best.started_us + round(lap_time_s * 1e6),
        session_started_us=best.started_us,
        flags=MappingProxyType({LAP_ID: tuple(dict.fromkeys(laid.ids[piece.lap] for piece in pieces))}),
        sectors_s=(),
        track_length_m=laid.length_m,
        track_model=track,
        traces=traces,
    )


def _clock(laid: LaidLaps, pieces: Sequence[Piece]) -> Floats:
    time_s, since = np.zeros(len(laid.distance_m)), 0.0
    for piece in pieces:
        own = laid.time_s[piece.lap, piece.first : piece.last + 1]
        time_s[piece.first : piece.last + 1] = since + (own - own[0])
        since = float(time_s[piece.last])
    return time_s


def _names(laid: LaidLaps, pieces: Sequence[Piece]) -> list[str]:
    """The channels of the laps taken, those of the best lap first."""
    taken = [laid.best, *(piece.lap for piece in pieces)]
    names = dict.fromkeys(name for lap in taken for name in laid.grids[lap].channels)
    return [name for name in names if name not in _COUNTS and name not in _OWN]


def _channel(laid: LaidLaps, pieces: Sequence[Piece], name: str) -> Floats:
    kind = kind_of(name)
    of = {lap: _of_lap(laid, lap, name) for lap in {piece.lap for piece in pieces}}
    values = np.concatenate([of[p.lap][p.first : p.last] for p in pieces] + [of[pieces[-1].lap][-1:]])
    if kind is Kind.STEP:
        return values
    period = 0.0
    if kind is Kind.WRAP:
        period = 360.0 if np.nanmax(np.abs(values), initial=0.0) > 1.5 else 1.0
    step = float(laid.distance_m[1] - laid.distance_m[0])
    for before, after in pairwise(pieces):
        if before.lap == after.lap:
            continue
        reach = min(round(RAMP_M / step), (before.last - before.first) // 2, (after.last - after.first) // 2)
        if reach < 1:
            continue
        ramp = slice(after.first - reach, after.first + reach + 1)
        one, two = of[before.lap][ramp], of[after.lap][ramp]
        apart = two - one
        if period:
            apart = np.mod(apart + period / 2, period) - period / 2
        blend = one + np.linspace(0.0, 1.0, 2 * reach + 1) * apart
        values[ramp] = np.where(np.isfinite(blend), np.mod(blend, period) if period else blend, values[ramp])
    return values


def _of_lap(laid: LaidLaps, lap: int, name: str) -> Floats:
    channels = laid.grids[lap].channels
    return channels[name] if name in channels else np.full(len(laid.distance_m), np.nan)


def _trace(name: str, values: Floats, rate_hz: float) -> Trace:
    wide = column_dtype(name, "float32") is np.float64
    return Trace(name, unit_of(name), rate_hz, 0.0, values if wide else values.astype(np.float32))
