"""When a car crossed the line, and how long the lap was: pure functions on a window of frames around one crossing.

A window is a float64 array of shape (ROWS, frames), one row a column of the catalogue or made from them (`steps`), NaN
where missing. The game's own lap clock and its last-lap time count before what can be worked out from positions.
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
PLACE = ("latitude", "longitude")
"""What it needs beside them where the line is a gate."""

TIME, CLOCK, COUNT, LAST, POSITION, SPEED, PIT, VALID, LATITUDE, LONGITUDE = range(len(COLUMNS) + len(PLACE))
RUN, LOST, UNDONE, DRIVEN, LENGTH = range(LONGITUDE + 1, LONGITUDE + 6)
"""Made from them: seconds that count, seconds that did not until then, seconds taken back, metres by speed, and the
track's length in m as known by then (NaN before it is)."""
ROWS = LENGTH + 1

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
PRECISE_S, QUIET_S = 1e-3, 0.3e-3
"""A position that trembles by less than the first overrules a clock; by more than the second it is smoothed."""
NEAR_S = 0.25
"""Between frames further apart than this a position does not overrule a clock that restarts there."""
STRAY_M, STRAY_S = 0.3, 3e-3
"""A position that is off from those before it by more, in m and in s of driving, is not precise."""
EVEN_STEPS, UNEVEN, MOST_STEPS = 9, 0.2, 3
"""So many steps of the position in a row, whole but for the second, are even ones; the last is of so many at most."""
SMOOTH_S = 1.0


@dataclass(frozen=True, slots=True)
class Line:
    """One crossing of the line: when, in seconds that count, and what the lap clock had counted there."""

    run_s: float
    method: str
    """`clock` or `position`: what `run_s` comes from."""
    counted_s: float | None
    """The lap's time by the game's clock; None where that clock cannot tell."""
    counts_frames: bool = False
    """The clock restarts with a frame, so its count is off by up to one: good only where nothing else is known."""
    clock_lies: bool = False
    """There is a lap clock, but it knows nothing of this line, or ticks too seldom to tell."""
    flows: bool = False
    """The lap clock showed some time already after the line: it does not restart with a frame."""


def find_restart(window: Floats, crossing: int) -> int | None:
    """The frame r whose successor shows the restarted lap clock, near frame `crossing`; None if there is none.

    A clock that starts to run after standing at zero, or appears after having been missing, restarts too.
    """
    time, clock = window[RUN], window[CLOCK]
    first = int(np.searchsorted(time, time[crossing] - RESTART_BEFORE_S))
    last = max(int(np.searchsorted(time, time[crossing] + RESTART_AFTER_S, side="right")), crossing + 2)
    before, after = clock[first : last - 1], clock[first + 1 : last]
    falls = (after - before < -0.25) | ((before <= 0) & (after > 0)) | (np.isnan(before) & (after > 0))
    in_hole = after <= np.diff(time[first:last])
    found = np.flatnonzero(falls & ((after < RESTARTED_BELOW_S) | in_hole) & (after >= 0))
    return first + int(found[0]) if len(found) else None


def find_line(
    window: Floats, crossing: int, *, by_position: bool, at_s: float | None = None, flows: bool = False
) -> Line:
    """The line between the frames `crossing` and `crossing + 1`, from the lap clock and the position (§2).

    The lap clock counts first. A precise position wins where both disagree by more than 4 ms; then the clock's count
    is kept only if it restarts later than the line, for such a source computes its times apart from its frames.

    Args:
        window: the frames around.
        crossing: the row before the line.
        by_position: whether the position shows the line.
        at_s: when the line was crossed, where a gate says so.
        flows: whether the lap clock is known not to restart with a frame.
    """
    restart = find_restart(window, crossing)
    by_p = at_s if at_s is not None else _line_by_position(window, crossing) if by_position else None
    if restart is None:
        lies = by_p is not None and bool(np.isfinite(window[CLOCK, crossing]))
        method = "clock" if by_p is None else "position"
        return Line(_between(window, crossing) if by_p is None else by_p, method, None, clock_lies=lies)
    shown = float(window[CLOCK, restart + 1])
    by_clock, counted = float(window[RUN, restart + 1]) - shown, _counted(window, restart)
    if by_p is None:
        return Line(by_clock, "clock", counted)
    if is_slow(window, restart):
        return Line(by_p, "position", None, clock_lies=True)
    if restart == crossing and window[RUN, crossing + 1] - window[RUN, crossing] > NEAR_S:
        return Line(by_clock, "clock", counted, flows=True)
    if abs(by_clock - by_p) >= 0.5:
        return Line(by_p, "position", None, clock_lies=True)
    if shown < AT_FRAME_S and restart <= crossing + 1 and not flows:
        return Line(by_p, "position", counted, counts_frames=True)
    flows |= restart <= crossing + 1
    if 4e-3 < abs(by_clock - by_p) < 0.2 and _is_precise(window, crossing):
        return Line(by_p, "position", counted if restart > crossing + 2 else None, flows=flows)
    return Line(by_clock, "clock", counted, flows=flows)


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


def is_noisy(window: Floats, crossing: int) -> bool:
    """Whether the position before the line trembles so much that more than two frames are needed to place the line."""
    if np.isnan(window[LENGTH, crossing]):
        return False
    flickers = bool(np.any(np.diff(window[POSITION, crossing:]) > 0.5))
    return flickers or _is_astray(window, crossing) or QUIET_S < _noise_s(window, crossing) < np.inf


def _between(window: Floats, crossing: int) -> float:
    return float(window[RUN, crossing] + window[RUN, crossing + 1]) / 2


def _line_by_position(window: Floats, crossing: int) -> float:
    """By the last new position before the line and the next one (iRacing's may still be just below 0)."""
    first = max(0, crossing - CONTEXT_FRAMES)
    run, position, speed = window[[RUN, POSITION, SPEED], first : crossing + 2]
    known = np.flatnonzero(np.isfinite(position))
    run, position, speed = run[known], position[known], speed[known]
    fresh = np.flatnonzero(np.diff(position, prepend=np.nan) != 0)
    if len(fresh) < 2:
        return _between(window, crossing)
    (t0, t1), (p0, p1), (v0, v1) = run[fresh[-2:]], position[fresh[-2:]], speed[fresh[-2:]]
    if is_noisy(window, crossing):
        return _smooth_line(window, crossing, float(t0), float(t1))
    to_go = 1.0 - p0
    share = float(np.clip(to_go / max(to_go + p1, 1e-12), 0.0, 3.0))
    return float(t0 + (t1 - t0) * (share_of_time(share, float(v0), float(v1)) if share < 1.0 else share))


def share_of_time(share: float, v0: float, v1: float) -> float:
    """The share of a step's time in which a share of its way is driven, the speed changing evenly."""
    if not (v0 >= 0 and v1 >= 0 and v0 + v1 > 1.0):
        return share
    way = share * (v0 + v1) / 2
    return float(2 * way / (v0 + np.sqrt(max(v0 * v0 + 2 * (v1 - v0) * way, 0.0))))


def _smooth_line(window: Floats, crossing: int, t0: float, t1: float) -> float:
    """The line out of all positions within a second, laid on what the car drove by its speed.

    What the two differ by changes slowly, so a straight line through it, without the odd ones, is freed of noise.
    """
    run, driven = window[RUN], window[DRIVEN] - window[DRIVEN, crossing]
    near = np.flatnonzero(np.abs(run - run[crossing]) <= SMOOTH_S)
    off = _off_line(window, near, crossing)
    near, off = near[np.isfinite(off)], off[np.isfinite(off)]
    if len(near) < 8:
        return (t0 + t1) / 2
    slope, level = 0.0, float(np.median(off))
    for _ in range(5):
        rest = np.abs(off - level - slope * (run[near] - run[crossing]))
        weights = (1.0 + (rest / max(2.0 * float(np.median(rest)), 1e-6)) ** 2) ** -2
        slope, level = _fit(run[near] - run[crossing], off, weights)
    way = driven[near] + level + slope * (run[near] - run[crossing])
    return float(np.interp(0.0, np.maximum.accumulate(way), run[near]))


def _fit(x: Floats, y: Floats, weights: Floats) -> tuple[float, float]:
    """Slope and level of a straight line, by sums alone: a library's solver may round by where its arrays lie."""
    total = float(np.sum(weights))
    mean_x, mean_y = float(np.sum(weights * x)) / total, float(np.sum(weights * y)) / total
    spread = float(np.sum(weights * (x - mean_x) ** 2))
    slope = float(np.sum(weights * (x - mean_x) * (y - mean_y))) / spread if spread > 0 else 0.0
    return slope, mean_y - slope * mean_x


def _off_line(window: Floats, rows: NDArray[np.intp], crossing: int) -> Floats:
    """For each frame the metres its position is ahead of what was driven since `crossing`, the line being 0.

    A position that is held counts once.
    """
    position, driven = window[POSITION, rows], window[DRIVEN, rows] - window[DRIVEN, crossing]
    length_m = window[LENGTH, crossing]
    held = np.diff(position, prepend=np.nan) == 0
    return np.where(held, np.nan, length_m * way_round(0.0, position - driven / length_m))


def way_round(before: Floats | float, after: Floats | float) -> Floats:
    """From one position to another the short way round the lap, −0.5 … 0.5."""
    return np.asarray((np.asarray(after) - before + 0.5) % 1.0 - 0.5)


def _noise_s(window: Floats, crossing: int) -> float:
    """How much the position trembles before the line against what was driven, in s; inf if nobody can tell."""
    first = max(0, crossing - 64)
    rows = np.arange(first, crossing + 1)
    run_s, way_m = (float(window[row, crossing] - window[row, first]) for row in (RUN, DRIVEN))
    off = _off_line(window, rows, crossing)
    if not way_m > 1.0 or np.isnan(window[LENGTH, crossing]):
        off, way_m = window[POSITION, rows], abs(float(window[POSITION, crossing] - window[POSITION, first]))
    off = off[np.isfinite(off)]
    if len(off) < 12 or not way_m > 0:
        return np.inf
    return float(1.4826 * np.median(np.abs(np.diff(off, n=4))) / np.sqrt(70.0) * run_s / way_m)


def _is_astray(window: Floats, crossing: int) -> bool:
    """Whether a position at the line is not where those before it lead."""
    off = _off_line(window, np.arange(max(0, crossing - 14), crossing + 2), crossing)
    if not np.any(np.isfinite(off[-2:])):
        return False
    stray_m = float(np.nanmax(np.abs(off[-2:] - np.nanmedian(off))))
    return stray_m > STRAY_M + STRAY_S * float(np.nan_to_num(window[SPEED, crossing])) / 3.6


def _is_precise(window: Floats, crossing: int) -> bool:
    """Whether the position is new on every frame, none at the line astray, and it trembles by less than 1 ms."""
    steps = np.diff(window[POSITION, max(0, crossing - 64) : crossing + 1])
    fresh = len(steps) >= 8 and bool(np.all(np.isfinite(steps))) and float(np.mean(steps == 0)) <= 0.05
    return fresh and not _is_astray(window, crossing) and _noise_s(window, crossing) < PRECISE_S


def is_slow(window: Floats, restart: int) -> bool:
    """Whether the lap clock stands still on more than a fifth of the frames before it restarts."""
    clock, run = window[[CLOCK, RUN], max(0, restart - CONTEXT_FRAMES) : restart + 1]
    running = clock[(clock > 0) & (np.diff(run, prepend=-np.inf) > 0)]
    return len(running) > 8 and float(np.mean(np.diff(running) == 0)) > 0.2


def _counted(window: Floats, restart: int) -> float | None:
    """The lap's time as the game counted it: what it showed, and the step over the restart, less what it shows now."""
    before, after = window[CLOCK, restart], window[CLOCK, restart + 1]
    if not before > 0:
        return None
    return float(before + _elapsed(window, restart) - after)


def _elapsed(window: Floats, restart: int) -> float:
    """Seconds over the restart: between the time stamps, freed of their jitter where the lap clock steps regularly."""
    elapsed = float(window[RUN, restart + 1] - window[RUN, restart])
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
    return (_steps_driven(window, restart) or max(1, round(elapsed / period))) * period


def _steps_driven(window: Floats, restart: int) -> int | None:
    """How many even steps the car drove over the restart, whenever its frames arrived; None if its way is uneven."""
    position = window[POSITION, max(0, restart + 1 - EVEN_STEPS) : restart + 2]
    ways = way_round(position[:-1], position[1:])
    even = float(np.median(ways[:-1])) if len(ways) == EVEN_STEPS else 0.0
    if not even > 0:
        return None
    whole = np.maximum(1, np.rint(ways / even))
    is_even = bool(np.all(np.abs(ways / even - whole) < UNEVEN)) and whole[-1] <= MOST_STEPS
    return int(whole[-1]) if is_even else None
