"""Where laps begin and end: one state machine that cuts a live stream and, fed all at once, a whole recording.

A decision rests on frames alone, never on how they were parted into messages, so both ways give the same laps.
The rules are those of the analysis specification, §2.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ps_analytics.ingest.breaks import Event, Happening
from ps_analytics.ingest.facts import FAR_BEHIND, ON_LINE, Facts
from ps_analytics.ingest.gate import Gate
from ps_analytics.ingest.intake import Intake
from ps_analytics.ingest.laps import Ends, LapCorrection, LapCut, RunningLap, correct, cut, take_back, with_official
from ps_analytics.ingest.line import (
    CLOCK,
    COLUMNS,
    CONTEXT_FRAMES,
    COUNT,
    DRIVEN,
    LAST,
    LENGTH,
    POSITION,
    RUN,
    SPEED,
    TIME,
    UNDONE,
    Floats,
    Line,
    find_line,
)
from ps_analytics.ingest.settle import is_near_line, settled_at, stated_from_rest
from ps_analytics.ingest.tally import BLOCK, Tally
from ps_analytics.ingest.window import Window, to_block

__all__ = ["Gate", "LapCorrection", "LapCut", "LapStream", "RunningLap", "detect_laps"]

OFFICIAL_UNTIL_S = 8.0
"""A last-lap time that comes until then corrects a lap that is closed already."""
APART_S, APART_M = 1.0, 40.0
"""Crossings closer together than this are one (for counters, which lag behind the line: than `COUNTER_LAG_S`)."""
COUNTER_LAG_S = 4.5
MERGED_S, MERGED_SHARE = 1.0, 0.01
"""Breaks closer together than this are one; a stretch shorter than this between two goes with the lap that follows."""
RESTART_LOOK_S = 0.5
"""A restart of the lap clock waits so long for the line to be seen."""
SILENT_S = 60.0
KEEP_S = 10.0
SLICE = 2048
RACE_START_S = 60.0


@dataclass(frozen=True, slots=True)
class _Awaited:
    """A closed lap whose official time may still come."""

    lap: LapCut
    crossing: int
    estimate_s: float
    until_s: float
    broke: bool = False
    """The stream broke since: that no time is stated now says nothing."""


@dataclass(frozen=True, slots=True)
class _Start:
    """Where the running lap began: on the stream's inner clock, in seconds that count and taken back, in metres."""

    time_s: float
    run_s: float
    undone_s: float = 0.0
    driven_m: float | None = None
    at_line: bool = True
    """Also where a car stands on the line, ready to start."""


class LapStream:
    """Cuts frames into laps as they come.

    A restarted process passes `running` (the open lap as it was) and feeds the stored frames again, from 3 s before
    its start on; frames of a lap whose stream began in mid-lap are fed from the session's start, without `running`.

    Args:
        length_m: the track's length in m, if known; else it is learned from the first whole lap.
        first_lap_number: the number of the stretch before the first crossing.
        running: the lap that was open when the process before this one ended.
        closed: the lap before it, whose official time may have been missed.
        line: the start/finish line, where `latitude` and `longitude` are to tell when it is crossed.
        silent_s: after so long without frames the laps begin anew.
    """

    def __init__(
        self,
        *,
        length_m: float | None = None,
        first_lap_number: int = 0,
        running: RunningLap | None = None,
        closed: LapCut | None = None,
        line: Gate | None = None,
        silent_s: float = SILENT_S,
    ) -> None:
        self._length_m = length_m
        self._number = first_lap_number
        self._running = running
        self._start = (
            _Start(np.nan, np.nan)
            if running is None
            else _Start(running.start_s, running.start_s, at_line=running.began_at_line)
        )
        self._closed = closed
        self._latest = closed
        """The lap closed last, as it was closed or corrected."""
        self._intake, self._window = Intake(length_m=length_m, silent_s=silent_s, line=line), Window()
        self._tally = Tally(self._window, self._start.time_s)
        self._candidates: deque[Happening] = deque()
        self._awaited: _Awaited | None = None
        self._flows = False
        """Whether the lap clock is known not to restart with a frame."""
        self._line_s = self._broke_s = -np.inf
        """When the line was last seen to be crossed, and the stream last broke."""
        self._has: tuple[bool, ...] = (False,) * len(COLUMNS)

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
                null are missing values. Frames without a time stamp, or that came before, are skipped; late ones are
                put in order.
        """
        block = to_block(columns)
        self._has = tuple(had or name in columns for had, name in zip(self._has, COLUMNS, strict=True))
        news: list[LapCut | LapCorrection] = []
        dated = np.isfinite(block[TIME])
        if self._running is None and dated.any():
            self._open_first(block[:, int(np.argmax(dated))])
        self._intake.add(block)
        if self._candidates or self._intake.is_due:  # nothing waits while a crossing is being decided
            self._take(self._intake.take(), news)
        return news

    def finish(self) -> list[LapCut | LapCorrection]:
        """The laps still open at the end of the stream: crossings not yet settled, then the last stretch."""
        news: list[LapCut | LapCorrection] = []
        self._take(self._intake.take(at_end=True), news)
        self._settle_all(news, at_end=True)
        if self._running is not None:
            facts = self._tally.until(self._window.end)
            news.append(cut(self._running, facts, self._ends(float(self._window.latest_s)), line=None))
        return news

    def _take(self, block: Floats, news: list[LapCut | LapCorrection]) -> None:
        for first in range(0, block.shape[1], SLICE):
            part = block[:, first : first + SLICE]
            self._candidates.extend(self._intake.find(part, self._window.end))
            self._window.append(part)
            self._settle_all(news)
            self._fold_and_forget()

    def _fold_and_forget(self) -> None:
        """Fold whole blocks nothing will cut any more, and drop the frames no decision looks back to."""
        if self._running is None or self._candidates:
            return
        before = self._tally.fold_whole(self._window.index_of(self._window.latest_s - KEEP_S))
        before = min(before, self._window.end - CONTEXT_FRAMES - 64)
        if self._awaited is not None:
            before = min(before, self._awaited.crossing - CONTEXT_FRAMES - 64)
        if before > self._window.start + BLOCK:
            self._window.forget(before)

    # What happened

    def _settle_all(self, news: list[LapCut | LapCorrection], *, at_end: bool = False) -> None:
        while True:
            self._correct(news, before=self._candidates[0].frame if self._candidates else self._window.end)
            if not self._candidates:
                return
            settle = self._settle_line if self._candidates[0].event is Event.LINE else self._settle_break
            if not settle(self._candidates[0], news, at_end=at_end):
                return

    def _settle_line(self, candidate: Happening, news: list[LapCut | LapCorrection], *, at_end: bool) -> bool:
        """Whether it is decided: the line is known, or the lap is closed."""
        if self._is_known_line(candidate):
            self._candidates.popleft()
            return True
        settled = self._settled_at(candidate)
        if settled is None and not at_end:
            return False
        self._candidates.popleft()
        self._line_s = self._window.at(TIME, candidate.frame + 1)
        self._close(candidate, self._window.end - 1 if settled is None else settled, news)
        return True

    def _settle_break(self, candidate: Happening, news: list[LapCut | LapCorrection], *, at_end: bool) -> bool:
        """Whether it is decided: a restart of the lap clock is one only away from the line."""
        if candidate.event is Event.RESTART:
            at_s = self._window.at(TIME, candidate.frame + 1)
            if self._window.latest_s < at_s + RESTART_LOOK_S and not at_end:
                return False
            lines = (self._window.at(TIME, c.frame + 1) for c in self._candidates if c.event is Event.LINE)
            if is_near_line(at_s, self._line_s) or any(line_s - at_s <= RESTART_LOOK_S for line_s in lines):
                self._candidates.popleft()
                return True
        self._candidates.popleft()
        self._break(candidate, news)
        return True

    def _is_known_line(self, candidate: Happening) -> bool:
        """Whether the running lap began at this very crossing."""
        if not self._start.at_line or not self._has_stayed(candidate.frame):
            return False
        apart = APART_S if candidate.by_position else COUNTER_LAG_S
        known = self._window.at(TIME, candidate.frame) < self._start.time_s + apart
        if candidate.by_position and np.isfinite(self._window.at(SPEED, candidate.frame)):
            if self._start.driven_m is None:
                row = min(self._window.index_of(self._start.time_s), self._window.end - 1)
                self._start = replace(self._start, driven_m=self._window.at(DRIVEN, row))
            known |= self._window.at(DRIVEN, candidate.frame) - (self._start.driven_m or 0.0) < APART_M
        if known and self._closed is not None:
            self._await(self._closed, candidate.frame, self._start.time_s)
            self._closed = None
        return known

    def _has_stayed(self, frame: int) -> bool:
        """Whether a car that stood on the line when the running lap began has not been put elsewhere since."""
        if self._running is None or self._running.began_at_line:
            return True
        first = max(frame - CONTEXT_FRAMES // 2, self._window.start) - self._window.start
        position = self._window.frames[POSITION, first : frame + 1 - self._window.start]
        return not bool(np.any((position > ON_LINE) & (position < 1 - FAR_BEHIND)))

    def _settled_at(self, candidate: Happening) -> int | None:
        breaks = (c.frame for c in self._candidates if c.event is Event.BREAK and c.frame > candidate.frame)
        estimate_s = None
        if self._has[LAST] and self._running is not None and self._running.began_at_line:
            estimate_s = self._window.at(RUN, candidate.frame + 1) - self._start.run_s
            estimate_s -= self._window.at(UNDONE, candidate.frame + 1) - self._start.undone_s
        return settled_at(
            self._window,
            candidate,
            estimate_s=estimate_s,
            limit=next(breaks, None),
        )

    # Laps

    def _open_first(self, frame: Floats) -> None:
        """The first frame opens a lap: at the line if it plainly lies there (§2), else the stretch before it."""
        self._running, time_s = open_first(frame, self._number)
        at_line = self._running.began_at_line or self._intake.rests_on_line(frame)
        self._start = _Start(time_s, time_s, 0.0, 0.0, at_line)
        self._tally.begin(0, time_s)

    def _ends(self, end_s: float) -> Ends:
        assert self._running is not None
        return Ends(self._running.start_s, self._intake.to_source(end_s), self._start.run_s)

    def _close(self, candidate: Happening, settled: int, news: list[LapCut | LapCorrection]) -> None:
        assert self._running is not None
        crossing = candidate.frame
        window, row = self._window.frames[:, : settled + 1 - self._window.start], crossing - self._window.start
        line = find_line(
            window,
            row,
            by_position=candidate.by_position,
            at_s=self._intake.gate_times.pop(crossing, None),
            flows=self._flows,
        )
        self._flows |= line.flows
        line_s = self._window.time_of(line.run_s, crossing)
        facts = self._facts_at(crossing, line_s)
        stated_s = None
        if self._has[LAST] and not self._running.began_at_line:
            stated_s = stated_from_rest(window, row, line, facts)
        lap = cut(self._running, facts, self._ends(line_s), line=line, stated_s=stated_s)
        if self._has[LAST] and stated_s is None:
            lap = with_official(lap, window, row)
        news.append(lap)
        if self._length_m is None and facts.progress > 0.9:
            self._length_m = facts.driven_m / facts.progress
        self._latest = lap
        self._await(lap, crossing, line_s)
        self._open_next(line, line_s, facts, crossing)

    def _facts_at(self, crossing: int, line_s: float) -> Facts:
        """What is known of the lap that ends at a line; a hole there is one of this lap too."""
        facts, count = self._tally.until(self._window.index_of(line_s)), self._window.at(COUNT, crossing)
        step_s = self._window.at(RUN, crossing + 1) - self._window.at(RUN, crossing)
        number = int(count) if np.isfinite(count) else facts.source_lap_number
        return replace(facts, gap_s=max(facts.gap_s, step_s), source_lap_number=number)

    def _await(self, lap: LapCut, crossing: int, line_s: float) -> None:
        """Look out for the lap's official time if it is still to come."""
        self._awaited = None
        if self._has[LAST] and lap.lap_time_s is not None and lap.time_source != "source":
            self._awaited = _Awaited(lap, crossing, lap.lap_time_s, line_s + OFFICIAL_UNTIL_S)

    def _open_next(self, line: Line, line_s: float, facts: Facts, crossing: int) -> None:
        assert self._running is not None
        opening = not self._running.began_at_line
        rested = facts.rested_at_s is not None and facts.rested_at_s > line_s - RACE_START_S
        from_grid = facts.source_lap_number == 0 and self._window.at(COUNT, crossing + 1) == 1 and facts.coverage < 0.1
        self._running = RunningLap(
            self._running.lap_number + 1,
            self._intake.to_source(line_s),
            began_at_line=True,
            race_start=opening and (rested or (from_grid and not facts.pit_any)),
        )
        undone_s, driven_m = (self._window.at(row, crossing + 1) for row in (UNDONE, DRIVEN))
        self._start = _Start(line_s, line.run_s, undone_s, driven_m)
        self._tally.begin(self._window.index_of(line_s), line_s)

    def _break(self, candidate: Happening, news: list[LapCut | LapCorrection]) -> None:
        """Close the running lap unfinished, unless hardly anything was driven since the break before."""
        assert self._running is not None
        after = candidate.frame + 1
        time_s = self._window.at(TIME, after)
        self._correct(news, before=after)
        if self._awaited is not None:
            self._awaited = replace(self._awaited, broke=True)
        facts = self._tally.until(after)
        if candidate.event is Event.UNDONE_LINE and self._running.began_at_line and self._latest is not None:
            self._latest = take_back(self._latest)
            news.append(LapCorrection(self._latest))
        if self._running.began_at_line or not self._is_brief(facts, candidate.frame):
            news.append(cut(self._running, facts, self._ends(time_s), line=None))
            start_s = self._intake.to_source(time_s)
            self._running = RunningLap(self._running.lap_number + 1, start_s, began_at_line=False)
        rests = self._intake.rests_on_line(self._window.frames[:, after - self._window.start])
        run_s, undone_s, driven_m = (self._window.at(row, after) for row in (RUN, UNDONE, DRIVEN))
        self._start = _Start(time_s, run_s, undone_s, driven_m, rests)
        self._tally.begin(after, time_s, broke=True)
        self._broke_s = time_s

    def _is_brief(self, facts: Facts, frame: int) -> bool:
        """Whether a stretch that began off the line is too short to be one."""
        if self._window.at(TIME, frame) < self._broke_s + MERGED_S:
            return True
        length_m = self._window.at(LENGTH, frame)
        least_m = MERGED_SHARE * length_m if np.isfinite(length_m) else APART_M
        return facts.way_m < least_m and bool(np.isfinite(self._window.at(SPEED, frame)))

    def _correct(self, news: list[LapCut | LapCorrection], *, before: int) -> None:
        """A correction of the last closed lap, if its official time lies in the frames before `before`."""
        awaited = self._awaited
        if awaited is None:
            return
        row, limit = awaited.crossing - self._window.start, self._window.index_of(awaited.until_s)
        window = self._window.frames[:, : min(before, limit + 1) - self._window.start]
        lap = correct(awaited.lap, window, row, awaited.estimate_s, at_last=limit < before, broke=awaited.broke)
        if lap is not None:
            self._awaited = None
            if lap is not awaited.lap:
                self._latest = lap
                news.append(LapCorrection(lap))


def open_first(frame: Floats, number: int) -> tuple[RunningLap, float]:
    """The lap a stream's first frame opens, and when it began: at the line if it plainly lies there (§2)."""
    time, clock, position, speed = (float(frame[row]) for row in (TIME, CLOCK, POSITION, SPEED))
    if clock < 0.2 and speed > 18.0 and not position >= 0.005:
        return RunningLap(number + 1, time - clock, began_at_line=True), time - clock
    return RunningLap(number, time, began_at_line=False), time


def detect_laps(
    frames: pl.DataFrame,
    *,
    length_m: float | None = None,
    first_lap_number: int = 0,
    line: Gate | None = None,
    silent_s: float = SILENT_S,
) -> list[LapCut]:
    """The laps of a recording, in order: the stretch before the first crossing, the laps, the last stretch.

    Args:
        frames: catalogue columns: `timestamp` (s) and, of what the recording has, `lap_time`, `last_lap_time`,
            `source_lap_number`, `normalized_position`, `speed`, `in_pit`, `lap_valid`, and with a `line` `latitude`
            and `longitude`. Without any sign of a line the recording is one stretch of kind `partial`.
        length_m: the track's length in m, if known.
        first_lap_number: the number of the stretch before the first crossing.
        line: the start/finish line on the ground, for a recording that knows laps by its GPS only.
        silent_s: after so long without frames the laps begin anew.

    Example:
        >>> import numpy as np, polars as pl
        >>> t = np.arange(0.0, 100.0, 0.1)
        >>> frames = pl.DataFrame({"timestamp": t, "normalized_position": (t / 40 + 0.5) % 1})
        >>> [(lap.lap_number, str(lap.kind)) for lap in detect_laps(frames)]
        [(0, 'out'), (1, 'timed'), (2, 'partial')]
        >>> round(detect_laps(frames)[1].lap_time_s, 6)
        40.0
    """
    stream = LapStream(length_m=length_m, first_lap_number=first_lap_number, line=line, silent_s=silent_s)
    laps: dict[int, LapCut] = {}
    for news in (*stream.feed(frames), *stream.finish()):
        lap = news.lap if isinstance(news, LapCorrection) else news
        laps[lap.lap_number] = lap
    return list(laps.values())
