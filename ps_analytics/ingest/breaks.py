"""Where the line is crossed and where a stream breaks, judged frame by frame from what came before.

A car that is elsewhere than it can have driven was put there: by a restart, a menu, a flashback. The rules are those of
the analysis specification, §2.
"""

from collections.abc import Callable
from enum import Enum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ps_analytics.ingest.line import CLOCK, COUNT, DRIVEN, LENGTH, POSITION, RUN, SPEED, TIME, Floats, way_round

Bools = NDArray[np.bool_]

HOLE_S = 0.75
"""Frames further apart than this have a hole between them."""
UNSEEN_TIMES = 2.5
"""Nobody can tell where in a hole so much longer than the step before the line was crossed, unless a lap clock does."""
TELEPORT_M, TELEPORT_TIMES, TELEPORT_MORE_M = 40.0, 2.5, 15.0
REWIND_M, REWIND_MS = 25.0, 3.0
SKIP_SHARE, STEADY_MS, STEADY_MS2 = 0.02, 2.0, 12.0
"""A position that skips less than the first share of a lap while the speed goes on evenly is the source's own flaw."""
RESTART_OFF_M = 20.0
"""A car so far from where it drove to did not drive there, if its lap clock restarts too."""
LEAP, FASTEST = 0.05, 0.12
"""A step by more than the first share of a lap, and the second a second, is no drive, however long the track is."""
RESTARTED_BELOW_S = 4.5
AT_REST_KMH, FROM_REST_S = 7.2, 0.5
FALL_S = 0.25
"""A lap clock that falls by less trembles."""
PUT_BACK_MS, PUT_BACK_M, RESTING_M = 110.0, 40.0, 5.0
"""A car put back in time is put back by less than the first a second and the second at once, and not forward."""
SLOWEST_MS = 2.0
CRASH_MS, CRASH_MS2 = 8.0, 12.0
"""A car that comes to rest on the line from more than the first and the second a second was put there by a menu."""
KNOWN_SHARE = 0.01
"""The track's length is guessed once so much of a lap was driven."""


class Event(Enum):
    """What may happen between two frames; of several at once the first counts first."""

    UNDONE_LINE = 0
    """The car is put back over the line it crossed."""
    BREAK = 1
    """The car is elsewhere, or its source counts anew."""
    RESTART = 2
    """The lap clock restarts as if the car were elsewhere: a break, unless the line is near."""
    LINE = 3
    """The line is crossed."""


class Happening(NamedTuple):
    """An event between the frames `frame` and `frame + 1` (absolute indices); `by_position`: the position shows it."""

    frame: int
    event: Event
    by_position: bool = True


class Judge:
    """Judges frames in order.

    Args:
        length_m: the track's length in m, if known.
        silent_s: after so long without frames the stream begins anew.
    """

    def __init__(self, length_m: float | None, silent_s: float) -> None:
        self._silent_s = silent_s
        self._given_m = np.nan if length_m is None else length_m
        self._sum_m = self._sum_share = 0.0
        self._fresh: Floats | None = None
        """The last frame whose position was new."""
        self._range = (np.inf, -np.inf)
        self._falling_s = self._step_s = 0.0

    def passes(self, known: Floats) -> bool:
        """Whether frames that each have a position just ahead of the last one's need no judging, and nothing else does.

        Args:
            known: the frames after the one before them, as of `judge`.
        """
        if self._fresh is None or self._fresh[TIME, 0] != known[TIME, 0] or self._range[1] - self._range[0] <= 1e-3:
            return False
        run_s, way_m, sums = np.diff(known[RUN]), np.diff(known[DRIVEN]), (self._sum_m, self._sum_share)
        share = way_round(known[POSITION, :-1], known[POSITION, 1:])  # worked out as where frames are judged
        length_m = self._lengths(share, way_m, run_s)
        if np.any(np.abs(share * length_m - way_m) > RESTART_OFF_M):
            self._sum_m, self._sum_share = sums
            return False
        known[LENGTH, 1:], self._fresh = length_m, known[:, -1:].copy()
        self._falling_s, self._step_s = 0.0, float(run_s[-1])
        return True

    def judge(self, known: Floats, placed: Bools, first: int) -> tuple[list[Happening], list[tuple[int, float]]]:
        """What happens before each frame, in order, and the frames with the seconds a flashback takes back there.

        Args:
            known: the frames after the one before them, missing values filled with the last known ones; the row of
                the track's length is filled in.
            placed: for each but the first, whether it has a position of its own.
            first: the absolute index of the second.
        """
        by_position = self._varies(known[POSITION, 1:])
        found = _of_source(known, by_position, self._silent_s)
        new = placed & (known[POSITION, 1:] != known[POSITION, :-1])
        if self._fresh is None and placed.any():
            self._fresh = known[:, 1 + int(np.argmax(placed))].copy()[:, None]
        undone: list[tuple[int, float]] = []
        known[LENGTH, 1:] = known[LENGTH, 0] if np.isnan(self._given_m) else self._given_m
        if new.any():
            assert self._fresh is not None  # a new position is a position
            rows = 1 + np.flatnonzero(new)
            steps = _Steps(np.concatenate([self._fresh, known[:, rows]], axis=1), self._lengths, self._step_s)
            self._step_s = float(steps.run_s[-1])
            self._fresh = known[:, rows[-1:]].copy()
            if not steps.uneven:
                self._falling_s = 0.0
            if np.isnan(self._given_m):
                known[LENGTH, 1:] = np.concatenate([known[LENGTH, :1], steps.length_m])[np.cumsum(new)]
            if steps.uneven:
                put_back = _put_back(steps)
                undone = self._taken_back(steps, rows, put_back)
                shown = _of_position(steps, rows, put_back)
                found += [item for item in shown if by_position[item[0] - 1] or item[1] is not Event.LINE]
        if not by_position.all():
            undone += _put_back_unseen(known, by_position)
        if not found:
            return [], undone
        found.sort(key=lambda item: (item[0], item[1].value))
        return [Happening(first - 2 + i, event, bool(by_position[i - 1])) for i, event in found], undone

    def _taken_back(self, steps: "_Steps", rows: NDArray[np.intp], put_back: Bools) -> list[tuple[int, float]]:
        """The seconds flashbacks take back, by row: steps back one after the other count once they are no tremble."""
        taken, falling_s, counts = [], self._falling_s, self._falling_s > FALL_S
        for i in range(len(rows)) if put_back.any() else ():
            if not put_back[i]:
                falling_s, counts = 0.0, False
                continue
            undone_s = float(steps.run_s[i] - steps.counted_s[i])
            falling_s += undone_s
            if counts or falling_s > FALL_S:
                taken.append((int(rows[i]), undone_s if counts else falling_s))
                counts = True
        self._falling_s = falling_s if put_back[-1] else 0.0
        return taken

    def _varies(self, position: Floats) -> Bools:
        """For each new frame, whether the position has ever varied until then: a constant one is none."""
        low, high = self._range
        if high - low > 1e-3:
            return np.ones(len(position), dtype=np.bool_)
        lowest = np.fmin.accumulate(np.concatenate([[low], position]))[1:]
        highest = np.fmax.accumulate(np.concatenate([[high], position]))[1:]
        self._range = (float(lowest[-1]), float(highest[-1]))
        return np.asarray(highest - lowest > 1e-3, dtype=np.bool_)

    def _lengths(self, share: Floats, way_m: Floats, run_s: Floats) -> Floats:
        """The length as known before each step; the steps are learned from."""
        if np.isfinite(self._given_m):
            return np.full(len(share), self._given_m)
        good = (share > 0) & (share < 0.05) & (way_m > 8.0 * run_s) & (run_s < 0.5)
        metres = np.cumsum(np.concatenate([[self._sum_m], np.where(good, way_m, 0.0)]))
        shares = np.cumsum(np.concatenate([[self._sum_share], np.where(good, share, 0.0)]))
        self._sum_m, self._sum_share = float(metres[-1]), float(shares[-1])
        return np.where(shares < KNOWN_SHARE, np.nan, metres / np.maximum(shares, KNOWN_SHARE))[:-1]


class _Steps:
    """Steps between frames with new positions."""

    def __init__(self, fresh: Floats, lengths: Callable[[Floats, Floats, Floats], Floats], before_s: float) -> None:
        self.position, self.clock, self.count, self.speed = (fresh[row] for row in (POSITION, CLOCK, COUNT, SPEED))
        self.run_s = np.diff(fresh[RUN])
        self.before_s = np.concatenate([[before_s], self.run_s[:-1]])
        self.way_m = np.diff(fresh[DRIVEN]) + 0.0 * self.speed[1:]
        """By speed; NaN where there is none."""
        self.short = way_round(self.position[:-1], self.position[1:])
        self.length_m = lengths(self.short, self.way_m, self.run_s)
        whole = np.rint(self.way_m / self.length_m - self.short)
        self.share = self.short + np.where((self.run_s > HOLE_S) & np.isfinite(whole), whole, 0.0)
        """Of the lap, gone: the short way round, or over a hole the way that fits the speed."""
        self.laps = np.rint(self.position[:-1] + self.share - self.position[1:])
        """How often the line was passed."""
        self.gone_m = self.share * self.length_m
        self.off_m = np.abs(self.gone_m - self.way_m)
        self.counted_s = np.diff(self.clock)

    @property
    def uneven(self) -> bool:
        """Whether there is anything to be judged."""
        steady = (self.laps == 0) & (self.short >= 0) & (self.short < LEAP) & ~(self.off_m > RESTART_OFF_M)
        return not bool(np.all(steady & ~(self.counted_s < 0)))


def _of_position(steps: _Steps, rows: NDArray[np.intp], undone: Bools) -> list[tuple[int, Event]]:
    """What the steps of the position show, by the row of their second frame."""
    with np.errstate(invalid="ignore"):
        put = steps.off_m > np.maximum(TELEPORT_M, TELEPORT_TIMES * steps.way_m + TELEPORT_MORE_M)
        put |= np.abs(steps.short) > LEAP + FASTEST * steps.run_s
        put &= ~_is_skip(steps)
        moving = ~(steps.speed[1:] + steps.speed[:-1] <= 2 * 3.6)
        put |= (steps.gone_m < -REWIND_M) & (steps.speed[1:] + steps.speed[:-1] > 2 * 3.6 * REWIND_MS)
        anew = (steps.counted_s < -FALL_S) & (steps.clock[1:] < RESTARTED_BELOW_S) & (steps.off_m > RESTART_OFF_M)
        over_back = (steps.laps == -1) & (steps.counted_s > steps.run_s + 1.0)
        timed = (steps.counted_s < 0) & (steps.clock[1:] >= 0) & (steps.clock[1:] <= steps.run_s)
    unseen = (steps.run_s > HOLE_S) & (steps.run_s > UNSEEN_TIMES * steps.before_s) & ~timed
    at_rest = steps.speed[1:] < AT_REST_KMH
    stopped = at_rest & (steps.speed[:-1] > 3.6 * (CRASH_MS + CRASH_MS2 * steps.run_s))
    stopped |= at_rest & (steps.clock[1:] < FROM_REST_S) & (steps.run_s > HOLE_S)
    found: list[tuple[int, Event]] = []
    for i in np.flatnonzero(put | anew | over_back | (steps.laps > 0)):
        row = int(rows[i])
        if undone[i]:
            continue
        if over_back[i]:
            found.append((row, Event.UNDONE_LINE))
        elif put[i] or steps.laps[i] > 1 or (steps.laps[i] == 1 and (unseen[i] or stopped[i])):
            found.append((row, Event.BREAK))
        elif steps.laps[i] == 1:
            if moving[i]:
                found.append((row, Event.LINE))
        elif anew[i]:
            found.append((row, Event.RESTART))
    return found


def _is_skip(steps: _Steps) -> Bools:
    """Where a position skips ahead a little while car and lap clock go on: a fold in its line (AMS2 at Monza)."""
    even = np.abs(np.diff(steps.speed)) < 3.6 * (STEADY_MS + STEADY_MS2 * steps.run_s)
    even &= (steps.speed[1:] > 3.6 * 8.0) & ~(steps.counted_s < 0)
    return np.asarray(even & (steps.gone_m > 0) & (steps.off_m < SKIP_SHARE * steps.length_m), dtype=np.bool_)


def _put_back(steps: _Steps) -> Bools:
    """Where lap clock and car go back together within a lap: a flashback, and the game goes on timing the lap.

    A clock that shows more than a restarted one says that the lap is the same, and so which way round the car went.
    """
    late = steps.clock[1:] >= RESTARTED_BELOW_S
    far = late & (steps.position[1:] < steps.position[:-1]) & (steps.off_m > RESTART_OFF_M)
    back_s = -steps.counted_s
    back_m = np.where(far, (steps.position[:-1] - steps.position[1:]) * steps.length_m, -steps.gone_m)
    together = (back_s > 0) & (back_m > -RESTING_M) & (back_m < PUT_BACK_MS * back_s + PUT_BACK_M)
    together &= (late & (back_s > FALL_S)) | (back_m > SLOWEST_MS * back_s)
    from_rest = (steps.clock[1:] < FROM_REST_S) & (steps.speed[1:] < AT_REST_KMH)
    same = np.nan_to_num(np.diff(steps.count)) == 0
    return np.asarray(together & same & ~from_rest & (far | (steps.laps == 0)), dtype=np.bool_)


def _put_back_unseen(known: Floats, by_position: Bools) -> list[tuple[int, float]]:
    """Flashbacks of a source without a position: its lap clock falls, but not to where a lap begins."""
    counted = np.diff(known[CLOCK])
    back = (counted < -FALL_S) & (known[CLOCK, 1:] >= RESTARTED_BELOW_S) & ~by_position
    back &= np.nan_to_num(np.diff(known[COUNT])) == 0
    run = np.diff(known[RUN])
    return [(1 + int(i), float(run[i] - counted[i])) for i in np.flatnonzero(back)]


def _of_source(known: Floats, by_position: Bools, silent_s: float) -> list[tuple[int, Event]]:
    """What counters and clocks show, by the row of the second frame.

    Without a position the source's lap counter tells the line, and without one the restart of its lap clock.
    """
    steps, counted = np.nan_to_num(np.diff(known[COUNT])), np.diff(known[CLOCK])
    silent = np.diff(known[TIME]) > silent_s
    odd = silent | (counted < -FALL_S) | (steps != 0)
    if not odd.any():
        return []
    speed, clock, run = known[SPEED], known[CLOCK, 1:], np.diff(known[RUN])
    at_rest = (clock < FROM_REST_S) & (speed[1:] < AT_REST_KMH)
    stopped = (speed[1:] < AT_REST_KMH) & (speed[:-1] > 3.6 * (CRASH_MS + CRASH_MS2 * run))
    anew = (counted < -FALL_S) & (clock >= 0) & (clock < RESTARTED_BELOW_S) & (at_rest | (steps != 0))
    restarts = np.isnan(known[COUNT, 1:]) & (counted < -1.0) & (clock < 1.0) & (known[CLOCK, :-1] > 5.0)
    crosses = ~by_position & ((steps > 0) | restarts) & ~(speed[1:] + speed[:-1] <= 2 * 3.6)
    breaks = silent | (steps < 0) | (crosses & (stopped | ((steps > 1) & (run > HOLE_S))))
    return [
        *((1 + int(i), Event.BREAK) for i in np.flatnonzero(breaks)),
        *((1 + int(i), Event.RESTART) for i in np.flatnonzero(anew & ~breaks)),
        *((1 + int(i), Event.LINE) for i in np.flatnonzero(crosses & ~breaks)),
    ]
