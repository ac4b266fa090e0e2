"""Laps as a stream gives them, and how one is made of its facts, its two lines and the source's own time."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ps_analytics.ingest.facts import Facts, flags_of, kind_of, why_invalid
from ps_analytics.ingest.line import LAST, Floats, Line, find_official, is_untimed, repeats_last
from ps_analytics.lap import LapKind

COUNT_AGREES_S = 0.25
"""The lap clock counted this lap, and not from some other moment, if it agrees so well with its two lines."""
UNTIMED = "the source did not time the lap"


@dataclass(frozen=True, slots=True)
class LapCut:
    """One lap as cut from a stream; times in s of the stream's `timestamp`.

    `time_source` says where `lap_time_s` is from: `source` (the game's last-lap time), `clock` (its running lap
    clock), `position` (crossings interpolated between frames), `none`. A lap that was not driven from line to line
    has no time. `source_lap_number` is as received.
    """

    lap_number: int
    source_lap_number: int | None
    start_s: float
    end_s: float | None
    lap_time_s: float | None
    time_source: str
    kind: LapKind
    valid: bool
    valid_reason: str | None
    flags: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LapCorrection:
    """A lap already closed, as it is now that its official time has come: it replaces the one of the same number."""

    lap: LapCut


@dataclass(frozen=True, slots=True)
class RunningLap:
    """The lap being driven. `began_at_line`: it began at a crossing, at `start_s`; else after a break or first."""

    lap_number: int
    start_s: float
    began_at_line: bool
    race_start: bool = False


@dataclass(frozen=True, slots=True)
class Ends:
    """When a lap began and ended, in s of the stream's clock, and in seconds that count."""

    start_s: float
    end_s: float
    start_run_s: float


def cut(running: RunningLap, facts: Facts, ends: Ends, *, line: Line | None, stated_s: float | None = None) -> LapCut:
    """The lap as its facts and its two ends make it, without the source's own time.

    Args:
        running: the lap.
        facts: what its frames say.
        ends: when it began and ended.
        line: that it ended on; None if the stream ended or broke.
        stated_s: the source's time of a lap from a standing start; its clock alone knows when that began.
    """
    began = running.began_at_line
    kind = kind_of(facts, began=began, ended=line is not None, stated=stated_s is not None)
    standing = kind is LapKind.STANDING
    start_s, lap_time_s, source = ends.start_s, None, "none"
    if line is not None and began:
        lap_time_s, source = line.run_s - ends.start_run_s - facts.undone_s, line.method
        counted_s = None if line.counts_frames else line.counted_s
        if counted_s is not None and abs(counted_s - lap_time_s) < COUNT_AGREES_S:
            lap_time_s, source = counted_s, "clock"
    elif line is not None and standing:
        lap_time_s, source = (stated_s, "source") if stated_s is not None else (line.counted_s, "clock")
        source = "none" if lap_time_s is None else source
        start_s = ends.start_s if lap_time_s is None else max(ends.start_s, ends.end_s - facts.paused_s - lap_time_s)
    reason = why_invalid(facts, whole=line is not None and (began or standing))
    flags = flags_of(facts) | ({"race_start": True} if running.race_start else {})
    return LapCut(
        lap_number=running.lap_number,
        source_lap_number=facts.source_lap_number,
        start_s=start_s,
        end_s=ends.end_s,
        lap_time_s=lap_time_s,
        time_source=source,
        kind=kind,
        valid=reason is None,
        valid_reason=reason,
        flags=flags | ({"lap_time_untrusted": True} if line is not None and line.clock_lies else {}),
    )


def with_official(lap: LapCut, window: Floats, crossing: int) -> LapCut:
    """The lap with the source's own time where it has come by the window's end; invalid where the source times none."""
    if lap.lap_time_s is None:
        return lap
    found = find_official(window, crossing, lap.lap_time_s)
    if found is not None:
        return replace(lap, lap_time_s=float(window[LAST, found]), time_source="source")
    return _untimed(lap) if lap.valid and is_untimed(window, crossing) else lap


def correct(
    lap: LapCut, window: Floats, crossing: int, estimate_s: float, *, at_last: bool, broke: bool
) -> LapCut | None:
    """A closed lap as later frames make it (the very same object if they change nothing); None: wait for more.

    Args:
        lap: the lap as it was closed, without an official time.
        window: frames around its last line.
        crossing: the row before that line.
        estimate_s: the lap's time as worked out.
        at_last: no later frame counts any more.
        broke: the stream broke since, so that a source that states no time says nothing.
    """
    found = find_official(window, crossing, estimate_s)
    if found is None:
        if not at_last:
            return None
        if broke:
            return lap
        if repeats_last(window, crossing, estimate_s):
            return _timed(lap, float(window[LAST, crossing]))
        return _untimed(lap) if lap.valid and is_untimed(window, crossing) else lap
    return _timed(lap, float(window[LAST, found]))


def _timed(lap: LapCut, lap_time_s: float) -> LapCut:
    """A lap with the source's own time, which is valid if only that was missing."""
    lap = replace(lap, lap_time_s=lap_time_s, time_source="source")
    return replace(lap, valid=True, valid_reason=None) if lap.valid_reason == UNTIMED else lap


def take_back(lap: LapCut) -> LapCut:
    """A lap whose end a flashback took back: the game goes on timing it, so what was seen is no lap."""
    return replace(lap, valid=False, valid_reason="a flashback took back its end")


def _untimed(lap: LapCut) -> LapCut:
    return replace(lap, valid=False, valid_reason=UNTIMED)
