"""When a car crossed the line, and how long the lap was: pure functions on a window of frames around one crossing.

A window is a float64 array of shape (len(COLUMNS), frames), one row a column of the catalogue, NaN where missing.
The game's own lap clock and its last-lap time count before what can be worked out from positions.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

COLUMNS = (
    "timestamp",
    "lap_time",
    "source_lap_number",
    "last_lap_time",
    "normalized_position",
    "speed",
    "in_pit",
    "lap_valid",
)
"""What cutting needs, in the order of a window's rows."""

TIME, CLOCK, COUNT, LAST, POSITION, SPEED, PIT, VALID = range(len(COLUMNS))

CONTEXT_FRAMES = 256
"""So many frames before a crossing say how regular the clock and how smooth the position is."""
RESTART_BEFORE_S, RESTART_AFTER_S = 0.6, 4.0
"""A lap clock restarts at most so long before or after the line is seen to be crossed."""
RESTARTED_BELOW_S = 4.5
"""A lap clock that restarted shows less than this."""
OFFICIAL_WITHIN_S = 0.5
"""A new last-lap time this close to the estimate is the lap's official time."""
AT_FRAME_S = 1.1e-3
"""A clock that shows less than this after the line restarts with a frame; or it says what the position says."""
SAME_TIME_S = 2e-3
"""A last-lap time that did not change is still the lap's when the estimate agrees this well: two equal laps."""
CLOCK_STEP_TOLERANCE_S = 1.6e-3


@dataclass(frozen=True, slots=True)
class Line:
    """One crossing of the line: when, in s of the stream's clock, and what the lap clock had counted there."""

    time_s: float
    method: str
    """`clock` or `position`: what `time_s` comes from."""
    counted_s: float | None
    """The lap's time by the game's clock; None where that clock cannot tell."""
    counts_frames: bool = False
    """The clock restarts with a frame, so its count is off by up to one: good only where nothing else is known."""


def find_restart(window: Floats, crossing: int) -> int | None:
    """The frame r whose successor shows the restarted lap clock, near frame `crossing`; None if there is none.

    A clock that starts to run after standing at zero, or appears after having been missing, restarts too.
    """
    time, clock = window[TIME], window[CLOCK]
    first = int(np.searchsorted(time, time[crossing] - RESTART_BEFORE_S))
    last = int(np.searchsorted(time, time[crossing] + RESTART_AFTER_S, side="right"))
    before, after = clock[first : last - 1], clock[first + 1 : last]
    falls = (after - before < -0.25) | ((before <= 0) & (after > 0)) | (np.isnan(before) & (after > 0))
    found = np.flatnonzero(falls & (after < RESTARTED_BELOW_S) & (after >= 0))
    return first + int(found[0]) if len(found) else None


def find_line(window: Floats, crossing: int, *, by_position: bool) -> Line:
    """The line between the frames `crossing` and `crossing + 1`, from the lap clock and the position (§2).

    The lap clock counts first. A precise position wins where both disagree by more than 4 ms; then the clock's count
    is kept only if it restarts later than the line, for such a source computes its times apart from its frames.
    """
    restart = find_restart(window, crossing)
    by_p = _line_by_position(window, crossing) if by_position else None
    if restart is None:
        return Line(
            by_p if by_p is not None else _between(window, crossing), "position" if by_position else "clock", None
        )
    shown = float(window[CLOCK, restart + 1])
    by_clock, counted = float(window[TIME, restart + 1]) - shown, _counted(window, restart)
    if by_p is None:
        return Line(by_clock, "clock", counted)
    if abs(by_clock - by_p) >= 0.5 or _is_slow(window, restart):
        return Line(by_p, "position", None)
    if shown < AT_FRAME_S and restart <= crossing + 1:
        return Line(by_p, "position", counted, counts_frames=True)
    if 4e-3 < abs(by_clock - by_p) < 0.2 and _position_is_precise(window, crossing):
        return Line(by_p, "position", counted if restart > crossing + 2 else None)
    return Line(by_clock, "clock", counted)


def find_official(
    window: Floats, crossing: int, estimate_s: float, *, within_s: float = OFFICIAL_WITHIN_S
) -> int | None:
    """The first frame whose last-lap time is a new one that fits the estimate; None while there is none."""
    baseline, first = _last_before(window, crossing)
    last = window[LAST, first:]
    fits = (last > 0) & (last != baseline) & (np.abs(last - estimate_s) <= within_s)
    found = int(np.argmax(fits)) if len(fits) else 0
    return first + found if len(fits) and fits[found] else None


def is_untimed(window: Floats, crossing: int) -> bool:
    """Whether a source that states last-lap times states none at the window's end (iRacing's -1: not timed)."""
    return not window[LAST, -1] > 0 and window.shape[1] > crossing + 1


def repeats_last(window: Floats, crossing: int, estimate_s: float) -> bool:
    """Whether the last-lap time stays as it was because this lap took exactly as long as the one before."""
    baseline, _ = _last_before(window, crossing)
    return abs(baseline - estimate_s) <= SAME_TIME_S


def _last_before(window: Floats, crossing: int) -> tuple[float, int]:
    first = int(np.searchsorted(window[TIME], window[TIME, crossing] - RESTART_BEFORE_S))
    return float(window[LAST, first]), first


def _between(window: Floats, crossing: int) -> float:
    return float(window[TIME, crossing] + window[TIME, crossing + 1]) / 2


def _line_by_position(window: Floats, crossing: int) -> float:
    """Linear through the last fresh position before the line and the next one (iRacing's may still be just below 0)."""
    first = max(0, crossing - CONTEXT_FRAMES)
    time, position = window[TIME, first : crossing + 2], window[POSITION, first : crossing + 2]
    known = np.flatnonzero(np.isfinite(position))
    time, position = time[known], position[known]
    fresh = np.flatnonzero(np.diff(position, prepend=np.nan) != 0)
    if len(fresh) < 2:
        return _between(window, crossing)
    (t0, t1), (p0, p1) = time[fresh[-2:]], position[fresh[-2:]]
    to_go = 1.0 - p0
    return float(t0 + (t1 - t0) * np.clip(to_go / max(to_go + p1, 1e-12), 0.0, 3.0))


def _position_is_precise(window: Floats, crossing: int) -> bool:
    """Whether the position is fresh on every frame and its noise worth less than 1 ms."""
    first = max(0, crossing - 64)
    position, time = window[POSITION, first : crossing + 1], window[TIME, first : crossing + 1]
    steps = np.diff(position)
    if len(steps) < 8 or not np.all(np.isfinite(steps)) or np.mean(steps == 0) > 0.05:
        return False
    rate = abs(float(position[-1] - position[0])) / float(time[-1] - time[0])
    noise = 1.4826 * float(np.median(np.abs(np.diff(position, n=4)))) / np.sqrt(70.0)
    return bool(noise < 1e-3 * rate)


def _is_slow(window: Floats, restart: int) -> bool:
    """Whether the lap clock stands still on more than a fifth of the frames before it restarts."""
    clock = window[CLOCK, max(0, restart - CONTEXT_FRAMES) : restart + 1]
    running = clock[clock > 0]
    return len(running) > 8 and float(np.mean(np.diff(running) == 0)) > 0.2


def _counted(window: Floats, restart: int) -> float | None:
    """The lap's time as the game counted it: what it showed, and the step over the restart, less what it shows now."""
    before, after = window[CLOCK, restart], window[CLOCK, restart + 1]
    if not before > 0:
        return None
    return float(before + _elapsed(window, restart) - after)


def _elapsed(window: Floats, restart: int) -> float:
    """Seconds over the restart: between the time stamps, freed of their jitter where the lap clock steps regularly."""
    elapsed = float(window[TIME, restart + 1] - window[TIME, restart])
    steps = np.diff(window[CLOCK, max(0, restart - CONTEXT_FRAMES) : restart + 1])
    steps = steps[steps > 0]
    if len(steps) < 8:
        return elapsed
    middle = float(np.median(steps))
    period = float(np.mean(steps[np.abs(steps - middle) <= 0.25 * middle]))
    near = steps[steps < 4.5 * period]
    whole = np.maximum(1, np.round(near / period)) * period
    if np.mean(np.abs(near - whole) <= CLOCK_STEP_TOLERANCE_S) <= 0.9:
        return elapsed
    return max(1, round(elapsed / period)) * period
