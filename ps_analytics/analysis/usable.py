"""Which laps count: for an average, and as something to learn from or to be compared with (§2 of the analysis core)."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from ps_analytics.analysis.align import grid_lap
from ps_analytics.analysis.samples import read_samples
from ps_analytics.errors import IncompatibleLaps
from ps_analytics.lap import Lap, LapKind

WITHIN = 1.12
"""A lap slower than this many times the best one was driven in other conditions, or not for the time."""
LONGEST_GAP_S, LONGEST_GAP_M = 1.0, 60.0
"""More missing telemetry than this hides a corner."""
_GAP_S = 0.25


def pick_usable(laps: Sequence[Lap | pl.DataFrame], *, within: float = WITHIN) -> list[Lap | pl.DataFrame]:
    """The laps that can be coached, learned from and put together to an ideal one, in the order given.

    Timed, valid, not a race's first lap, with telemetry and no long gap in it, and no slower than `within`
    times the fastest of those. A user's override counts: it is in the lap's `kind` and `valid`. A plain frame counts
    if it holds a whole lap.

    Args:
        laps: of one track.
        within: how many times the best time a lap may take.

    Example:
        >>> t = np.arange(0.0, 20.0, 0.1)
        >>> whole = pl.DataFrame({"timestamp": t, "speed": 180 + t, "normalized_position": (t + t**2 / 360) / 22.2})
        >>> len(pick_usable([whole, whole.head(2)]))
        1
    """
    times = [None if why_unusable(lap) else _time_s(lap) for lap in laps]
    best_s = min((time for time in times if time is not None), default=None)
    if best_s is None:
        return []
    return [lap for lap, time in zip(laps, times, strict=True) if time is not None and time <= within * best_s]


def why_unusable(lap: Lap | pl.DataFrame, best_s: float | None = None, *, within: float = WITHIN) -> str | None:
    """Why a lap cannot be learned from, as a phrase for the user; None if it can.

    Args:
        lap: a lap, or a frame that holds one.
        best_s: the fastest usable lap's time in s; None leaves the comparison with it out.
        within: how many times the best time a lap may take.

    Example:
        >>> why_unusable(pl.DataFrame({"timestamp": [0.0, 0.1]}))
        'the frame has 2 samples'
    """
    if isinstance(lap, Lap) and (reason := why_uncounted(lap)) is not None:
        return reason
    try:
        reason, time_s = _why_unread(lap), _time_s(lap)
    except IncompatibleLaps as refused:
        return refused.reason.removesuffix(".")
    if reason is None and best_s is not None and time_s > within * best_s:
        return f"{time_s / best_s - 1:.0%} slower than the best"
    return reason


def why_uncounted(lap: Lap) -> str | None:
    """Why a lap's time is left out of averages, as a phrase; None if it counts. Its telemetry does not matter here."""
    if lap.kind is not LapKind.TIMED:
        return f"{'an' if lap.kind in (LapKind.OUT, LapKind.IN) else 'a'} {lap.kind} lap"
    if lap.lap_time_s is None or not 0 < lap.lap_time_s < np.inf:
        return "no lap time"
    if not lap.valid:
        return f"not valid: {lap.valid_reason}" if lap.valid_reason else "not valid"
    return "a race's first lap" if lap.flags.get("race_start") else None


def _why_unread(lap: Lap | pl.DataFrame) -> str | None:
    """What is wrong with a lap's telemetry.

    Raises:
        IncompatibleLaps: it has none to go by.
    """
    stated = lap.flags.get("gap_s") if isinstance(lap, Lap) else None
    if isinstance(stated, (int, float)) and stated > LONGEST_GAP_S:
        return f"{stated:.1f} s of its telemetry are missing"
    samples = read_samples(lap)
    time_s, speed = samples.time_s, samples.speed_ms
    if samples.lap_time_s is not None:
        time_s = np.concatenate([[min(0.0, time_s[0])], time_s, [max(samples.lap_time_s, time_s[-1])]])
        speed = None if speed is None else np.concatenate([speed[:1], speed, speed[-1:]])
    missing_s = np.diff(time_s)
    if missing_s.max() > LONGEST_GAP_S:
        return f"{missing_s.max():.1f} s of its telemetry are missing"
    long = np.flatnonzero(missing_s > _GAP_S)
    if speed is not None and len(long):
        missing_m = float(np.max(missing_s[long] * np.nan_to_num(speed[long] + speed[long + 1]) / 2))
        if missing_m > LONGEST_GAP_M:
            return f"{missing_m:.0f} m of its telemetry are missing"
    return None


def _time_s(lap: Lap | pl.DataFrame) -> float:
    """The lap's time in s; a frame's is worked out.

    Raises:
        IncompatibleLaps: a frame that holds no whole lap.
    """
    if isinstance(lap, Lap):
        assert lap.lap_time_s is not None  # a lap that counts has one
        return lap.lap_time_s
    found = grid_lap(lap).lap_time_s
    if found is None:
        raise IncompatibleLaps("the frame holds no whole lap.")
    return found
