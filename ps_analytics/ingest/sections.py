"""A lap cut into the corners, straights and sectors of its track: when it went over each of their borders."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ps_analytics.analysis.align import GridLap, grid_lap
from ps_analytics.errors import IncompatibleLaps
from ps_analytics.lap import Lap, LapKind, LapSection, SectionKind, Trace
from ps_analytics.track import Corner, TrackModel

Floats = NDArray[np.float64]

_STAMP = "time stamp of the base"
_PLACES = ("position", "projection", "centre_line")
"""The methods of placing that know where on the track a lap is, and not only how far it went."""
_FROM_LINE = (LapKind.TIMED, LapKind.STANDING, LapKind.IN)


def sections_of(lap: Lap, track: TrackModel) -> tuple[LapSection, ...]:
    """The corners, straights and sectors of a track as a lap drove them; those it did not come to are left out.

    Args:
        lap: with the channels that place it; its samples' own times count, so that frames fall where they lie.
        track: its track.

    Raises:
        IncompatibleLaps: the lap cannot be placed on the track; the reason says why.
    """
    if lap.ended_us is None:
        raise IncompatibleLaps(f"lap {lap.lap_number} is still being driven.")
    passing = _Passing(lap, track)
    parts = [
        *((SectionKind.SECTOR, part.number, part.name, part.start_m, part.end_m) for part in track.sectors),
        *((SectionKind.CORNER, part.number, part.name, part.start_m, part.end_m) for part in _apart(track)),
        *((SectionKind.STRAIGHT, part.number, part.name, part.start_m, part.end_m) for part in track.straights),
    ]
    found = []
    for kind, number, name, start_m, end_m in parts:
        times = passing.times(start_m, end_m)
        if times is not None:
            found.append(LapSection(kind, number, name, start_m, end_m, *times))
    return tuple(found)


class _Passing:
    """When a lap passed the places of its track."""

    def __init__(self, lap: Lap, track: TrackModel) -> None:
        assert lap.ended_us is not None  # refused before
        grid = _placed(lap, track)
        stamps = grid.channels[_STAMP]
        driven, known = np.flatnonzero(np.isfinite(grid.time_s)), np.isfinite(stamps)
        if len(driven) == 0 or not known.any():
            raise IncompatibleLaps(f"nothing tells when lap {lap.lap_number} was where.")
        self._first_m, self._last_m = float(grid.distance_m[driven[0]]), float(grid.distance_m[driven[-1]])
        self._at_m, self._stamps = grid.distance_m[known], np.maximum.accumulate(stamps[known])
        self._length_m = track.length_m
        self._origin_us, self._start_us, self._end_us = lap.session_started_us, lap.started_us, lap.ended_us

    def times(self, start_m: float, end_m: float) -> tuple[int, int] | None:
        """From when to when the lap was between two places, UTC microseconds; None if it did not come there.

        Of what runs through the line, the end comes before the start where both parts were driven.
        """
        if start_m <= end_m:
            return self._within(start_m, end_m)
        before, after = self._within(start_m, self._length_m), self._within(0.0, end_m)
        if before is None or after is None:
            return before or after
        return before[0], after[1]

    def _within(self, start_m: float, end_m: float) -> tuple[int, int] | None:
        if end_m <= self._first_m or start_m >= self._last_m:
            return None
        started = self._start_us if start_m <= self._first_m else self._time_us(start_m)
        ended = self._end_us if end_m >= self._last_m else self._time_us(end_m)
        return (started, ended) if started < ended else None

    def _time_us(self, place_m: float) -> int:
        stamp_s = float(np.interp(place_m, self._at_m, self._stamps))
        return min(max(self._origin_us + round(stamp_s * 1e6), self._start_us), self._end_us)


def _placed(lap: Lap, track: TrackModel) -> GridLap:
    """The lap on the track's metres, with the times of its own samples among its channels.

    Raises:
        IncompatibleLaps: it cannot be placed, or nothing says where on the track it began.
    """
    if not lap.traces:
        raise IncompatibleLaps(f"lap {lap.lap_number} has a time and no telemetry.")
    base = lap.base
    stamp = Trace(_STAMP, "s", base.rate_hz, base.start_s, lap.times(base))
    grid = grid_lap(replace(lap, traces={**lap.traces, _STAMP: stamp}), length_m=track.length_m)
    if grid.lap_time_s is None and grid.method not in _PLACES and lap.kind not in _FROM_LINE:
        raise IncompatibleLaps(f"nothing says where on the track lap {lap.lap_number} began.")
    return grid


def _apart(track: TrackModel) -> Sequence[Corner]:
    """The corners, none over another: one that is only known from a list gives way."""
    driven = [corner for corner in track.corners if not corner.nominal]
    return [*driven, *(left for corner in track.corners if corner.nominal for left in _left_of(corner, driven, track))]


def _left_of(corner: Corner, others: Sequence[Corner], track: TrackModel) -> Sequence[Corner]:
    """What others leave of a corner: all, one end of it, or nothing."""
    start_m, length_m = corner.start_m, track.length_m
    low, high = 0.0, (corner.end_m - start_m) % length_m
    for other in others:
        first, last = (other.start_m - start_m) % length_m, (other.end_m - start_m) % length_m
        if first < last:
            high = min(high, first) if first > 0 else high
            low = max(low, last) if first <= 0 else low
        else:  # the other one runs over this one's start
            low, high = max(low, last), min(high, first)
    if low >= high:
        return []
    return [replace(corner, start_m=(start_m + low) % length_m, end_m=(start_m + high) % length_m)]
