"""The clock of a lap's samples: seconds since its line, from the game's lap clock and the time stamps."""

import numpy as np
from numpy.typing import NDArray

from ps_analytics.analysis.rows import Rows
from ps_analytics.errors import IncompatibleLaps

Floats = NDArray[np.float64]

LATE_PACKET_S = 0.25
"""A time stamp that steps back by less belongs to a packet that came late; by more, the clock was set."""
LONGEST_STEP_S = 5.0
"""No more time than this passes between two samples; a lap that misses more is refused."""
_FROZEN_S = 0.2
_REGULAR_WITHIN_S = 0.0016
_ARRIVES_WITHIN_S, _JITTER_S = 0.1, 0.001
_RESTARTED_BELOW_S = 4.5
_RESTART_WITHIN_S = 4.0


def clock_of(rows: Rows, stamp: Floats, clock: Floats | None, position: Floats | None, speed: Floats | None) -> Floats:
    """Seconds since the line, or since the first sample where the line is not known.

    The game's lap clock says how time passes wherever it runs, the time stamps where it restarts, stands still while
    the car moves, or cannot be trusted: the stamps of a live stream are those of arrival.

    Raises:
        IncompatibleLaps: there is neither.
    """
    usable = bool(np.ptp(stamp) >= 1.0)
    by_stamp = np.clip(np.diff(stamp), 0.0, LONGEST_STEP_S)
    moved = _changes(position, speed, len(stamp))
    trusted = clock is not None and _is_trusted(rows, stamp, clock, moved, usable=usable)
    if not trusted:
        if not usable:
            raise IncompatibleLaps(f"{rows.name} has no clock.")
        if np.any(np.diff(stamp) <= -LATE_PACKET_S):
            raise IncompatibleLaps(f"the clock of {rows.name} runs backwards.")
        steps = by_stamp
    else:
        assert clock is not None  # a trusted clock is there
        by_clock = np.clip(np.diff(clock), None, LONGEST_STEP_S)
        if usable:
            runs = (by_clock >= 0) & (by_clock <= by_stamp + LATE_PACKET_S) & ~_stands(by_clock, by_stamp, moved)
            steps = np.where(runs, by_clock, np.where(by_clock < 0, _in_frames(by_stamp, by_clock[runs]), by_stamp))
        else:
            steps = np.where(by_clock >= 0, by_clock, 0.0)
            runs = by_clock >= 0
    passed = np.concatenate([[0.0], np.cumsum(steps)])
    if rows.start_s is None or rows.lap_time_s is None:
        return passed
    if clock is None or not trusted:
        return passed + (float(stamp[0]) - rows.start_s)
    row = _restart(rows, clock)
    by_stamp_s = float(stamp[row]) - rows.start_s
    by_clock_s = float(clock[row])
    jitter_s = float(np.std((by_stamp - by_clock)[runs])) if usable and runs.any() else 0.0
    # Stamps of arrival are off anew in every frame: there a clock that agrees with them but for that tells the line.
    arrived = jitter_s > _JITTER_S and abs(by_clock_s - by_stamp_s) < _ARRIVES_WITHIN_S
    first = by_clock_s if not usable or arrived else by_stamp_s
    return np.asarray(passed + (first - passed[row]))


def _restart(rows: Rows, clock: Floats) -> int:
    """The lap's first sample after its clock restarted, if that is among its first ones."""
    back = np.flatnonzero(np.diff(clock) < -_ARRIVES_WITHIN_S)
    early = back[back < len(clock) // 10]
    return int(early[-1]) + 1 if rows.restarts_at_line and len(early) else 0


def _in_frames(by_stamp: Floats, by_clock: Floats) -> Floats:
    """Steps as whole frames where the source has a regular period: the stamps are those of arrival, too early or late.

    Needed where the lap clock restarts and cannot say how long that step took.
    """
    steps = by_clock[by_clock > 0]
    if len(steps) < 8:
        return by_stamp
    period = float(np.median(steps))
    period = float(np.mean(steps[np.abs(steps - period) < 0.25 * period]))
    near = np.abs(steps - period * np.maximum(1.0, np.round(steps / period)))
    if np.count_nonzero(near < _REGULAR_WITHIN_S) < 0.9 * len(steps):
        return by_stamp
    return np.asarray(period * np.maximum(1.0, np.round(by_stamp / period)))


def within_clock(rows: Rows, clock: Floats | None, time_s: Floats) -> NDArray[np.bool_]:
    """All samples but those beyond a line at which the lap clock restarts: how far they lie from it nobody knows."""
    own = np.ones(len(time_s), dtype=bool)
    if clock is None or not rows.restarts_at_line or np.isnan(clock).any():
        return own
    back = np.flatnonzero(np.diff(clock) < -_ARRIVES_WITHIN_S)
    for row in back:
        if abs(time_s[row + 1] - clock[row + 1]) < _ARRIVES_WITHIN_S:
            own[: row + 1] = False
        elif abs(time_s[row] - clock[row]) < _ARRIVES_WITHIN_S and row > len(clock) // 2:
            own[row + 1 :] = False
    return own


def _changes(position: Floats | None, speed: Floats | None, count: int) -> NDArray[np.bool_]:
    """Between which samples the car moved, as far as its position or speed changed."""
    moved = np.zeros(count - 1, dtype=bool)
    for values in (position, speed):
        if values is not None:
            moved |= np.abs(np.diff(values)) > 0
    return moved


def _is_trusted(rows: Rows, stamp: Floats, clock: Floats, moved: NDArray[np.bool_], *, usable: bool) -> bool:
    """Whether the lap clock is one: there, running with the car, and restarted at the line."""
    steps = np.diff(clock)
    known = np.isfinite(steps)
    if 2 * np.count_nonzero(known) < len(steps) or not np.any(steps[known] > 0):
        return False
    if not usable:
        return True
    driven = known & moved
    if np.count_nonzero(steps[driven] == 0) > 0.2 * np.count_nonzero(driven):
        return False
    if not rows.restarts_at_line or rows.start_s is None:
        return True
    opening = (stamp >= rows.start_s) & (stamp <= rows.start_s + _RESTART_WITHIN_S)
    return bool(not opening.any() or np.any(clock[opening] < _RESTARTED_BELOW_S))


def _stands(by_clock: Floats, by_stamp: Floats, moved: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The steps in which the lap clock stands for long while the car drives on; while it rests the game is paused."""
    zero = by_clock == 0
    if not zero.any():
        return np.asarray(zero)
    begins = np.flatnonzero(np.diff(zero, prepend=~zero[0]))
    stands = (np.add.reduceat(by_stamp, begins) > _FROZEN_S) & (np.add.reduceat(moved.astype(int), begins) > 0)
    return np.asarray(zero & np.repeat(stands, np.diff(np.append(begins, len(zero)))))
