"""What time counts and how far the car drove from frame to frame: a stream's own clock and odometer.

Each frame is judged by those before it alone, so a stream parted anyhow is judged the same to the last bit. The rules
are those of the analysis specification, §1.3.
"""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ps_analytics.ingest.breaks import LEAP, Happening, Judge
from ps_analytics.ingest.line import (
    CLOCK,
    COUNT,
    DRIVEN,
    LENGTH,
    LOST,
    POSITION,
    ROWS,
    RUN,
    SPEED,
    TIME,
    UNDONE,
    Floats,
    way_round,
)

Bools = NDArray[np.bool_]

FROZEN_S = 0.5
"""Frames that repeat for longer are a pause; for less, a source that sends more often than it knows."""
LOST_S = 0.25
"""A lap clock that falls behind the time stamps by more over a gap or a freeze stood still."""
_NEAR_SHARE = 0.3
"""Positions tell how far a car drove up to this share of a lap."""


class Steps:
    """Follows frames in order.

    Args:
        length_m: the track's length in m, if known; else it is guessed from what was driven.
        silent_s: after so long without frames the stream begins anew.
    """

    def __init__(self, length_m: float | None, silent_s: float) -> None:
        self._judge = Judge(length_m, silent_s)
        self._last: Floats = np.full((ROWS, 1), np.nan)
        """The last known value of each row."""
        self._alive_s = self._ticked_s = np.nan
        """When the last frame came that did not just repeat the one before, and when the lap clock last moved."""

    def read(self, block: Floats, first: int) -> list[Happening]:
        """What happens up to each frame of a block, in order; fills in its rows RUN, LOST, UNDONE and DRIVEN.

        Args:
            block: frames in order, those rows empty.
            first: the absolute index of its first frame.
        """
        if not np.isfinite(self._last[TIME, 0]):
            self._last[:, 0] = block[:, 0]
            self._last[[LOST, UNDONE, DRIVEN], 0] = 0.0
            self._last[RUN, 0] = self._alive_s = self._ticked_s = block[TIME, 0]
        known = np.concatenate([self._last, block], axis=1)
        if self._runs_evenly(known):
            self._alive_s = self._ticked_s = float(known[TIME, -1])
            block[RUN:] = known[RUN:, 1:]
            self._last = known[:, -1:].copy()
            return []
        known = _filled(known)
        frozen = _frozen(known, block)
        since = known[TIME, 1:] - _latest(self._alive_s, known[TIME, 1:], ~frozen)
        gaps = np.flatnonzero(~frozen & (since > FROZEN_S))
        if len(gaps) == 0 or (len(gaps) == 1 and gaps[0] == 0):
            return self._read(block, known, frozen, since, first)
        happenings = []
        for begin, end in pairwise(sorted({0, *gaps.tolist(), block.shape[1]})):  # each gap is judged by all before it
            part = block[:, begin:end]
            known = _filled(np.concatenate([self._last, part], axis=1))
            happenings += self._read(part, known, frozen[begin:end], since[begin:end], first + begin)
        return happenings

    def _runs_evenly(self, known: Floats) -> bool:
        """Whether nothing is to be judged, as with nearly all frames; then the rows that are made are filled in.

        Every step of time, lap clock and position is small and forward, nothing is missing, the counter stands.
        """
        steps = np.diff(known[: SPEED + 1], axis=1)
        least, most = np.min(steps, axis=1), np.max(steps, axis=1)
        even = most[TIME] <= FROZEN_S and known[TIME, 1] - self._alive_s <= FROZEN_S
        even = even and least[CLOCK] > 0 and least[POSITION] > 0 and most[POSITION] < LEAP
        even = even and ((least[COUNT] == 0 and most[COUNT] == 0) or bool(np.isnan(known[COUNT]).all()))
        if not even or np.isnan(least[SPEED]):
            return False
        known[LOST:DRIVEN, 1:] = known[LOST:DRIVEN, :1]
        known[RUN, 1:] = known[TIME, 1:] - known[LOST, 0]
        known[DRIVEN, 1:] = (known[SPEED, 1:] / 3.6 + known[SPEED, :-1] / 3.6) / 2 * np.diff(known[RUN])
        known[DRIVEN] = np.cumsum(known[DRIVEN])
        return self._judge.passes(known)

    def _read(self, block: Floats, known: Floats, frozen: Bools, since: Floats, first: int) -> list[Happening]:
        """As `read`, for frames without a gap but one before the first."""
        self._keep_time(known, frozen, since)
        speed = np.nan_to_num(known[SPEED]) / 3.6
        known[DRIVEN, 1:] = (speed[1:] + speed[:-1]) / 2 * np.diff(known[RUN])
        known[DRIVEN] = np.cumsum(known[DRIVEN])
        happenings, undone = self._judge.judge(known, np.isfinite(block[POSITION]), first)
        known[UNDONE, 1:] = 0.0
        for i, seconds in undone:
            known[UNDONE, i] += seconds
        known[UNDONE] = np.cumsum(known[UNDONE])
        block[RUN:] = known[RUN:, 1:]
        self._last = known[:, -1:].copy()
        return happenings

    def _keep_time(self, known: Floats, frozen: Bools, since: Floats) -> None:
        """RUN is the time stamps less what did not count: freezes, and gaps the lap clock knows nothing of.

        A clock that stands at 0 waits for the start, which is no pause.
        """
        time, counted_s = known[TIME, 1:], float(known[CLOCK, 1] - known[CLOCK, 0])
        lost_s = 0.0
        if since[0] > FROZEN_S and not frozen[0] and known[CLOCK, 0] > 0 and 0 <= counted_s < since[0] - LOST_S:
            ran = bool(time[0] - since[0] - self._ticked_s < FROZEN_S)
            if _stood(known[:, :2], float(since[0]), ran=ran):
                lost_s = float(since[0]) - counted_s
        known[LOST, 1:] = known[LOST, 0] + lost_s
        run = time - known[LOST, 1:]
        if frozen.any():
            run = np.maximum.accumulate(np.concatenate([known[RUN, :1], np.where(frozen, -np.inf, run)]))[1:]
        known[RUN, 1:] = run
        ticks, alive = np.flatnonzero(np.nan_to_num(np.diff(known[CLOCK])) != 0), np.flatnonzero(~frozen)
        if len(ticks):
            self._ticked_s = float(time[ticks[-1]])
        if len(alive):
            self._alive_s = float(time[alive[-1]])


def _stood(step: Floats, since_s: float, *, ran: bool) -> bool:
    """Whether the game stood still as its lap clock says: the car is not where it would be had it driven on.

    Where positions cannot tell, a clock counts that ran until then.
    """
    counted, mean = float(step[CLOCK, 1] - step[CLOCK, 0]), float(step[SPEED, 0] + step[SPEED, 1]) / 7.2
    length_m = float(step[LENGTH, 0])
    way = length_m * float(way_round(step[POSITION, 0], step[POSITION, 1]))
    if np.isfinite(way) and mean > 3.0 and mean * since_s < _NEAR_SHARE * length_m:
        return abs(way - mean * counted) < abs(way - mean * since_s)
    return ran and counted > 0


def _filled(known: Floats) -> Floats:
    """The rows with the last known value where one is missing."""
    for row in np.flatnonzero(np.isnan(known[:RUN]).any(axis=1)):
        places = np.where(np.isfinite(known[row]), np.arange(known.shape[1]), 0)
        known[row] = known[row, np.maximum.accumulate(places)]
    return known


def _frozen(known: Floats, block: Floats) -> Bools:
    """Whether each frame repeats the one before: lap clock, position and speed, as a game does in a pause."""
    repeats: Bools = (known[CLOCK, 1:] == known[CLOCK, :-1]) & np.isfinite(block[CLOCK])
    if not repeats.any():
        return repeats
    for row in (POSITION, SPEED):
        repeats &= (known[row, 1:] == known[row, :-1]) | np.isnan(known[row, 1:])
    return repeats


def _latest(before_s: float, time: Floats, marked: Bools) -> Floats:
    """For each frame the time of the latest marked one before it."""
    return np.maximum.accumulate(np.concatenate([[before_s], np.where(marked, time, -np.inf)]))[:-1]
