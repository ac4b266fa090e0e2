"""Which laps count: for an average, and as something to learn from or to be compared with (§2 of the analysis core)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ps_analytics.analysis.align import grid_lap
from ps_analytics.analysis.place import SAME_TRACK
from ps_analytics.analysis.samples import read_samples
from ps_analytics.errors import IncompatibleLaps
from ps_analytics.lap import Lap, LapKind

Floats = NDArray[np.float64]

WITHIN = 1.12
"""A lap slower than this many times the best one was driven in other conditions, or not for the time."""
LONGEST_GAP_S, LONGEST_GAP_M = 1.0, 60.0
"""More missing telemetry than this hides a corner."""
_GAP_S = 0.25
_ENOUGH = 3


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a lap shows: why it cannot be learned from (None if it can), its time in s, the metres driven if known."""

    reason: str | None
    time_s: float = np.nan
    driven_m: float | None = None


def pick_usable(laps: Sequence[Lap | pl.DataFrame], *, within: float = WITHIN) -> list[Lap | pl.DataFrame]:
    """The laps that can be coached, learned from and put together to an ideal one, in the order given.

    Timed, valid, not a race's first lap, with telemetry and no long gap in it, as long as most of the others, and no
    slower than `within` times the fastest of those. A user's override counts: it is in the lap's `kind` and `valid`.
    A plain frame counts if it holds a whole lap.

    Args:
        laps: of one track.
        within: how many times the best time a lap may take.

    Example:
        >>> t = np.arange(0.0, 20.0, 0.1)
        >>> whole = pl.DataFrame({"timestamp": t, "speed": 180 + t, "normalized_position": (t + t**2 / 360) / 22.2})
        >>> len(pick_usable([whole, whole.head(2)]))
        1
    """
    seen = [_look_at(lap) for lap in laps]
    length_m = _usual_length_m(seen)
    good = [found.reason is None and _is_as_long(found, length_m) for found in seen]
    best_s = min((found.time_s for found, kept in zip(seen, good, strict=True) if kept), default=np.inf)
    kept = [ok and found.time_s <= within * best_s for found, ok in zip(seen, good, strict=True)]
    return [lap for lap, ok in zip(laps, kept, strict=True) if ok]


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
    found = _look_at(lap)
    if found.reason is None and best_s is not None and found.time_s > within * best_s:
        return f"{found.time_s / best_s - 1:.0%} slower than the best"
    return found.reason


def why_uncounted(lap: Lap) -> str | None:
    """Why a lap's time is left out of averages, as a phrase; None if it counts. Its telemetry does not matter here."""
    if lap.kind is not LapKind.TIMED:
        return f"{'an' if lap.kind in (LapKind.OUT, LapKind.IN) else 'a'} {lap.kind} lap"
    if lap.lap_time_s is None or not 0 < lap.lap_time_s < np.inf:
        return "no lap time"
    if not lap.valid:
        return f"not valid: {lap.valid_reason}" if lap.valid_reason else "not valid"
    return "a race's first lap" if lap.flags.get("race_start") else None


def _usual_length_m(seen: Sequence[_Seen]) -> float | None:
    """What most laps drove, in m; None where too few say it for a lap to be out of line."""
    known = [found.driven_m for found in seen if found.reason is None and found.driven_m is not None]
    return float(np.median(known)) if len(known) >= _ENOUGH else None


def _is_as_long(found: _Seen, length_m: float | None) -> bool:
    return length_m is None or found.driven_m is None or abs(found.driven_m / length_m - 1) <= SAME_TRACK


def _look_at(lap: Lap | pl.DataFrame) -> _Seen:
    if isinstance(lap, Lap) and (reason := why_uncounted(lap)) is not None:
        return _Seen(reason)
    stated = lap.flags.get("gap_s") if isinstance(lap, Lap) else None
    if isinstance(stated, int | float) and stated > LONGEST_GAP_S:
        return _Seen(f"{stated:.1f} s of its telemetry are missing")
    try:
        samples, time_s = read_samples(lap), _time_s(lap)
    except IncompatibleLaps as refused:
        return _Seen(refused.reason.removesuffix("."))
    when, speed = samples.time_s, samples.speed_ms
    if samples.lap_time_s is not None:
        when = np.concatenate([[min(0.0, when[0])], when, [max(samples.lap_time_s, when[-1])]])
        speed = None if speed is None else np.concatenate([speed[:1], speed, speed[-1:]])
    if speed is None:
        return _Seen(_why_missing(np.diff(when), None), time_s)
    known = np.isfinite(speed)
    moved_m = np.diff(when) * np.convolve(np.interp(when, when[known], speed[known]), (0.5, 0.5), mode="valid")
    return _Seen(_why_missing(np.diff(when), moved_m), time_s, float(moved_m.sum()))


def _why_missing(step_s: Floats, step_m: Floats | None) -> str | None:
    """What is wrong with steps between samples in s and m."""
    if step_s.max() > LONGEST_GAP_S:
        return f"{step_s.max():.1f} s of its telemetry are missing"
    if step_m is not None:
        missing_m = float(np.max(step_m[step_s > _GAP_S], initial=0.0))
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
