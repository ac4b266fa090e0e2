"""Where laps begin and end: one state machine that cuts a live stream and, fed all at once, a whole recording.

A decision rests on frames alone, never on how they were parted into messages, so both ways give the same laps.
The rules are those of the analysis specification, §2.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ps_analytics.ingest.facts import Facts, fold
from ps_analytics.ingest.laps import LapCorrection, LapCut, RunningLap, correct, cut, with_official
from ps_analytics.ingest.line import (
    CLOCK,
    COLUMNS,
    CONTEXT_FRAMES,
    COUNT,
    LAST,
    OFFICIAL_WITHIN_S,
    POSITION,
    SPEED,
    TIME,
    Floats,
    Line,
    find_line,
    find_official,
    find_restart,
)
from ps_analytics.ingest.window import Window, to_block

__all__ = ["LapCorrection", "LapCut", "LapStream", "RunningLap", "detect_laps"]

SETTLE_S = 1.3
"""A crossing is settled at the latest so long after the line: a lap is closed within 1.5 s of it."""
SETTLE_FRAMES = 3
OFFICIAL_UNTIL_S = 8.0
"""A last-lap time that comes until then corrects a lap that is closed already."""
APART_S = 1.0
"""Crossings closer together than this are one (for counters, which lag behind the line: than `COUNTER_LAG_S`)."""
COUNTER_LAG_S = 4.5
KEEP_S = 10.0
BLOCK = 512
SLICE = 2048
RACE_START_S = 60.0


class _Candidate(NamedTuple):
    """A possible crossing after frame `frame`, seen by the position or by a counter."""

    frame: int
    by_position: bool


@dataclass(frozen=True, slots=True)
class _Awaited:
    """A closed lap whose official time may still come."""

    lap: LapCut
    crossing: int
    estimate_s: float
    until_s: float


class LapStream:
    """Cuts frames into laps as they come.

    A restarted process passes `running` (the open lap as it was) and feeds the stored frames again, from 3 s before
    its start on; frames of a lap whose stream began in mid-lap are fed from the session's start, without `running`.

    Args:
        length_m: the track's length in m, if known; else it is learned from the first whole lap.
        first_lap_number: the number of the stretch before the first crossing.
        running: the lap that was open when the process before this one ended.
        closed: the lap before it, whose official time may have been missed.
    """

    def __init__(
        self,
        *,
        length_m: float | None = None,
        first_lap_number: int = 0,
        running: RunningLap | None = None,
        closed: LapCut | None = None,
    ) -> None:
        self._length_m = length_m
        self._number = first_lap_number
        self._running = running
        self._closed = closed
        self._facts = Facts()
        self._window = Window()
        self._folded = -1
        """First frame of the running lap that its facts do not know; -1 until its first frame is there."""
        self._candidates: deque[_Candidate] = deque()
        self._awaited: _Awaited | None = None
        self._has: tuple[bool, ...] = (False,) * len(COLUMNS)
        self._position_range = (np.inf, -np.inf)

    @property
    def running(self) -> RunningLap | None:
        """The open lap; None before the first frame."""
        return self._running

    @property
    def length_m(self) -> float | None:
        """The track's length in m as given or learned so far."""
        return self._length_m

    def feed(self, columns: Mapping[str, NDArray[np.generic]] | pl.DataFrame) -> list[LapCut | LapCorrection]:
        """The laps that these frames close, and the corrections they bring, in order of time.

        Args:
            columns: catalogue columns of equal length, `timestamp` (s) among them; others may be missing. NaN and
                null are missing values. Frames without a time stamp, or not later than the one before, are skipped.
        """
        block = to_block(columns)
        self._has = tuple(had or name in columns for had, name in zip(self._has, COLUMNS, strict=True))
        news: list[LapCut | LapCorrection] = []
        for first in range(0, block.shape[1], SLICE):
            first_new = self._window.end
            if self._window.append(block[:, first : first + SLICE]):
                if self._running is None:
                    self._open_first()
                self._candidates.extend(self._find_candidates(first_new))
                self._settle_all(news)
                self._fold_and_forget()
        return news

    def finish(self) -> list[LapCut | LapCorrection]:
        """The laps still open at the end of the stream: crossings not yet settled, then the last stretch."""
        news: list[LapCut | LapCorrection] = []
        self._settle_all(news, at_end=True)
        if self._running is not None:
            facts = self._facts_until(self._window.end)
            news.append(cut(self._running, facts, end_s=float(self._window.latest_s), line=None))
        return news

    def _fold_and_forget(self) -> None:
        """Fold whole blocks nothing will cut any more, and drop the frames no decision looks back to."""
        if self._running is None or self._candidates:
            return
        if self._folded < 0 and self._window.latest_s >= self._running.start_s:
            self._folded = self._window.index_of(self._running.start_s)
        before = self._window.index_of(self._window.latest_s - KEEP_S)
        if self._folded >= 0:
            while self._folded + BLOCK <= before:
                self._facts = self._fold(self._facts, self._folded, self._folded + BLOCK)
                self._folded += BLOCK
            before = min(before, self._folded - 1)
        before = min(before, self._window.end - CONTEXT_FRAMES - 64)
        if self._awaited is not None:
            before = min(before, self._awaited.crossing - CONTEXT_FRAMES - 64)
        if before > self._window.start + BLOCK:
            self._window.forget(before)

    # Crossings

    def _find_candidates(self, first_new: int) -> list[_Candidate]:
        """Possible crossings before the new frames and between them.

        Positions wrap; where there are none the source's lap counter steps, and without one the lap clock restarts.
        """
        known = self._window.frames
        first_new -= self._window.start
        first = max(first_new - 1, 0)
        new = known[:, first:]
        moving = ~(new[SPEED, 1:] + new[SPEED, :-1] <= 7.2)
        position = new[POSITION]
        wraps = np.diff(position) < -0.5
        if not np.all(np.isfinite(position)):
            wraps |= self._wraps_over_holes(first)
        if np.isfinite(new[COUNT, -1]):
            steps = np.diff(new[COUNT]) > 0
        else:
            steps = (np.diff(new[CLOCK]) < -1.0) & (new[CLOCK, 1:] < 1.0) & (new[CLOCK, :-1] > 5.0)
        by_position = self._has_position(known[POSITION, first_new:])[first + 1 - first_new :]
        crosses = np.where(by_position, wraps, steps) & moving
        return [_Candidate(self._window.start + first + int(i), bool(by_position[i])) for i in np.flatnonzero(crosses)]

    def _has_position(self, new: Floats) -> NDArray[np.bool_]:
        """For each new frame, whether the position has ever varied until then: a constant one is none."""
        low, high = self._position_range
        lowest = np.fmin.accumulate(np.concatenate([[low], new]))
        highest = np.fmax.accumulate(np.concatenate([[high], new]))
        self._position_range = (float(lowest[-1]), float(highest[-1]))
        return np.asarray(highest - lowest > 1e-3, dtype=np.bool_)[1:]

    def _wraps_over_holes(self, first: int) -> NDArray[np.bool_]:
        """Wraps between positions that have missing ones between them, marked at the last frame before the new one."""
        position = self._window.frames[POSITION]
        known = np.flatnonzero(np.isfinite(position))
        wraps = np.zeros(len(position) - 1, dtype=np.bool_)
        wraps[known[1:][np.diff(position[known]) < -0.5] - 1] = True
        return wraps[first:]

    def _is_teleport(self, crossing: int) -> bool:
        """Whether the step over the line is one that no driven car makes (§2)."""
        if self._length_m is None:
            return False
        (t0, t1), (p0, p1), speeds = (
            self._window.frames[c, crossing - self._window.start :][:2] for c in (TIME, POSITION, SPEED)
        )
        speed = float(np.mean(speeds)) / 3.6
        gone_m = ((p1 - p0 + 0.5) % 1.0 - 0.5) * self._length_m
        return bool(abs(abs(gone_m) - speed * (t1 - t0)) > max(40.0, 2.5 * speed * max(t1 - t0, 0.05) + 15.0))

    def _settle_all(self, news: list[LapCut | LapCorrection], *, at_end: bool = False) -> None:
        while True:
            self._correct(news, before=self._candidates[0].frame if self._candidates else self._window.end)
            if not self._candidates:
                return
            candidate = self._candidates[0]
            if self._is_known_line(candidate) or (candidate.by_position and self._is_teleport(candidate.frame)):
                self._candidates.popleft()
                continue
            settled = self._settled_at(candidate)
            if settled is None and at_end:
                settled = self._window.end - 1
            if settled is None:
                return
            self._candidates.popleft()
            self._close(candidate, settled, news)

    def _is_known_line(self, candidate: _Candidate) -> bool:
        """Whether the running lap began at this very crossing."""
        running = self._running
        if running is None or not running.began_at_line:
            return False
        apart = APART_S if candidate.by_position else COUNTER_LAG_S
        known = self._window.at(TIME, candidate.frame) < running.start_s + apart
        if known and self._closed is not None:
            self._await(self._closed, candidate.frame, running.start_s)
            self._closed = None
        return known

    def _settled_at(self, candidate: _Candidate) -> int | None:
        """The frame with which a crossing can be decided; None while it is not there.

        That is when the lap clock has restarted and the official time has come, or 1.3 s after the line.
        """
        crossing = candidate.frame
        window, row = self._window.frames, crossing - self._window.start
        limit = max(self._window.index_of(self._window.at(TIME, crossing + 1) + SETTLE_S), crossing + 1)
        settled = crossing + SETTLE_FRAMES
        if min(settled, limit) >= self._window.end:
            return None
        if np.any(np.isfinite(window[CLOCK, row : row + SETTLE_FRAMES + 1])):
            restart = find_restart(window, row)
            settled = max(settled, limit if restart is None else self._window.start + restart + 1)
        if self._has[LAST] and self._running is not None and self._running.began_at_line:
            estimate = self._window.at(TIME, crossing + 1) - self._running.start_s
            within = OFFICIAL_WITHIN_S if candidate.by_position else OFFICIAL_WITHIN_S + 2.0
            official = find_official(window, row, estimate, within_s=within)
            settled = max(settled, limit if official is None else self._window.start + official)
        settled = min(settled, limit)
        return settled if settled < self._window.end else None

    # Laps

    def _open_first(self) -> None:
        """The first frame opens a lap: at the line if it plainly lies there (§2), else the stretch before it."""
        time, clock, position, speed = (self._window.at(c, self._window.start) for c in (TIME, CLOCK, POSITION, SPEED))
        if clock < 0.2 and speed > 18.0 and not position >= 0.005:
            self._running = RunningLap(self._number + 1, time - clock, began_at_line=True)
        else:
            self._running = RunningLap(self._number, time, began_at_line=False)
        self._folded = self._window.start

    def _fold(self, facts: Facts, first: int, end: int) -> Facts:
        assert self._running is not None
        rows = np.arange(first - 1, end) - self._window.start
        return fold(facts, self._window.frames[:, np.maximum(rows, 0)], start_s=self._running.start_s)

    def _facts_until(self, end: int) -> Facts:
        """The running lap's facts up to the frame before `end`, in the same blocks as ever."""
        assert self._running is not None
        facts = self._facts
        if self._folded < 0:
            self._folded = min(self._window.index_of(self._running.start_s), end)
        for first in range(self._folded, end, BLOCK):
            facts = self._fold(facts, first, min(first + BLOCK, end))
        return facts

    def _close(self, candidate: _Candidate, settled: int, news: list[LapCut | LapCorrection]) -> None:
        assert self._running is not None
        crossing = candidate.frame
        window, row = self._window.frames[:, : settled + 1 - self._window.start], crossing - self._window.start
        line = find_line(window, row, by_position=candidate.by_position)
        facts = self._facts_until(self._window.index_of(line.time_s))
        if np.isfinite(count := self._window.at(COUNT, crossing)):
            facts = replace(facts, source_lap_number=int(count))
        lap = cut(self._running, facts, end_s=line.time_s, line=line)
        if self._has[LAST]:
            lap = with_official(lap, window, row)
        news.append(lap)
        if self._length_m is None and facts.progress > 0.9:
            self._length_m = facts.driven_m / facts.progress
        self._await(lap, crossing, line.time_s)
        self._open_next(line, facts, crossing)

    def _await(self, lap: LapCut, crossing: int, line_s: float) -> None:
        """Look out for the lap's official time if it is still to come."""
        self._awaited = None
        if self._has[LAST] and lap.lap_time_s is not None and lap.time_source != "source":
            self._awaited = _Awaited(lap, crossing, lap.lap_time_s, line_s + OFFICIAL_UNTIL_S)

    def _open_next(self, line: Line, facts: Facts, crossing: int) -> None:
        assert self._running is not None
        opening = not self._running.began_at_line
        rested = facts.rested_at_s is not None and facts.rested_at_s > line.time_s - RACE_START_S
        from_grid = facts.source_lap_number == 0 and self._window.at(COUNT, crossing + 1) == 1 and facts.coverage < 0.1
        self._running = RunningLap(
            self._running.lap_number + 1,
            line.time_s,
            began_at_line=True,
            race_start=opening and (rested or (from_grid and not facts.pit_any)),
        )
        self._facts, self._folded = Facts(), self._window.index_of(line.time_s)

    def _correct(self, news: list[LapCut | LapCorrection], *, before: int) -> None:
        """A correction of the last closed lap, if its official time lies in the frames before `before`."""
        awaited = self._awaited
        if awaited is None:
            return
        row, limit = awaited.crossing - self._window.start, self._window.index_of(awaited.until_s)
        window = self._window.frames[:, : min(before, limit + 1) - self._window.start]
        lap = correct(awaited.lap, window, row, awaited.estimate_s, at_last=limit < before)
        if lap is not None:
            self._awaited = None
            if lap is not awaited.lap:
                news.append(LapCorrection(lap))


def detect_laps(frames: pl.DataFrame, *, length_m: float | None = None, first_lap_number: int = 0) -> list[LapCut]:
    """The laps of a recording, in order: the stretch before the first crossing, the laps, the last stretch.

    Args:
        frames: catalogue columns: `timestamp` (s) and, of what the recording has, `lap_time`, `last_lap_time`,
            `source_lap_number`, `normalized_position`, `speed`, `in_pit`, `lap_valid`. Without any sign of a line
            the recording is one stretch of kind `partial`.
        length_m: the track's length in m, if known.
        first_lap_number: the number of the stretch before the first crossing.

    Example:
        >>> import numpy as np, polars as pl
        >>> t = np.arange(0.0, 100.0, 0.1)
        >>> frames = pl.DataFrame({"timestamp": t, "normalized_position": (t / 40 + 0.5) % 1})
        >>> [(lap.lap_number, str(lap.kind)) for lap in detect_laps(frames)]
        [(0, 'out'), (1, 'timed'), (2, 'partial')]
        >>> round(detect_laps(frames)[1].lap_time_s, 6)
        40.0
    """
    stream = LapStream(length_m=length_m, first_lap_number=first_lap_number)
    laps: dict[int, LapCut] = {}
    for news in (*stream.feed(frames), *stream.finish()):
        lap = news.lap if isinstance(news, LapCorrection) else news
        laps[lap.lap_number] = lap
    return list(laps.values())
