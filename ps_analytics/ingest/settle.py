"""When there are frames enough to decide on a crossing, and what the frames after it settle."""

import numpy as np

from ps_analytics.ingest.breaks import Happening
from ps_analytics.ingest.facts import Facts
from ps_analytics.ingest.line import (
    CLOCK,
    LAST,
    OFFICIAL_WITHIN_S,
    RESTART_AFTER_S,
    TIME,
    Floats,
    Line,
    find_official,
    find_restart,
    is_noisy,
    is_slow,
)
from ps_analytics.ingest.window import Window

SETTLE_S = 1.05
"""A crossing is settled at the latest so long after the line: a lap is closed within 1.5 s of it."""
UNSURE_S = 1.6
"""Where the position trembles a lap clock that restarts late (iRacing's does after 1.3 s) is waited for."""
SETTLE_FRAMES = 3
COUNTER_LATE_S = 2.0
"""A counter may say so much later than the clock that the line was crossed."""
FROM_REST_S = 3.0
"""A source may begin to time a standing lap so long before or after the car moves."""


def settled_at(window: Window, candidate: Happening, *, estimate_s: float | None, limit: int | None) -> int | None:
    """The frame with which a crossing can be decided; None while it is not there.

    That is when the lap clock has restarted and the official time has come; or 1.05 s after the line, so long as a
    position that tells all by itself may flicker, or where the stream breaks.

    Args:
        window: the frames kept.
        candidate: the crossing.
        estimate_s: about how long the lap took, if the source states lap times.
        limit: the frame before the next break, if there is one.
    """
    crossing, row = candidate.frame, candidate.frame - window.start
    frames = window.frames
    latest = _latest(window, crossing, SETTLE_S, limit)
    settled = crossing + SETTLE_FRAMES
    if min(settled, latest) >= window.end:
        return None
    clocked, restart = False, None
    if np.any(np.isfinite(frames[CLOCK, row : row + SETTLE_FRAMES + 1])):
        restart = find_restart(frames[:, : latest + 1 - window.start], row)
        settled = max(settled, latest if restart is None else window.start + restart + 1)
        clocked = restart is not None and not is_slow(frames, restart)
    if not clocked and candidate.by_position:
        if latest < window.end and np.isfinite(frames[CLOCK, row]):
            trembles = is_noisy(frames[:, : latest + 1 - window.start], row)
            latest = _latest(window, crossing, UNSURE_S, limit) if trembles else latest
            restart = find_restart(frames[:, : latest + 1 - window.start], row) if trembles else None
        settled = latest if restart is None else max(settled, window.start + restart + 1)
    if estimate_s is not None:
        within = OFFICIAL_WITHIN_S + (0.0 if candidate.by_position else COUNTER_LATE_S)
        official = find_official(frames, row, estimate_s, within_s=within)
        settled = max(settled, latest if official is None else window.start + official)
    settled = min(settled, latest)
    return settled if settled < window.end else None


def _latest(window: Window, crossing: int, seconds: float, limit: int | None) -> int:
    """The frame so long after the line, but not after the next break."""
    latest = max(window.index_of(window.at(TIME, crossing + 1) + seconds), crossing + 1)
    return latest if limit is None else min(latest, max(limit, crossing + 1))


def is_near_line(at_s: float, line_s: float) -> bool:
    """Whether a lap clock that restarts belongs to a line crossed before."""
    return at_s - line_s <= RESTART_AFTER_S


def stated_from_rest(window: Floats, crossing: int, line: Line, facts: Facts) -> float | None:
    """The source's time of a lap driven from rest, which only the source knows the begin of; None if it states none."""
    if not (facts.starts_at_rest_on_line or facts.starts_at_rest):
        return None
    estimate_s, within_s = line.counted_s, OFFICIAL_WITHIN_S
    if estimate_s is None:
        if facts.moved_at_s is None or not facts.starts_at_rest_on_line:
            return None
        estimate_s, within_s = line.run_s - facts.moved_at_s, FROM_REST_S
    found = find_official(window, crossing, estimate_s, within_s=within_s)
    return None if found is None else float(window[LAST, found])
