"""Troubles that change when or what is driven: pauses, restarts, the way back to the pits, flashbacks, holes, clocks.

Each says what becomes of the truth. A lap that is broken off or put back is no lap from line to line any more: its
parts are `partial`, not valid and without a time, whatever the game goes on to show.
"""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ps_analytics.lap import LapKind
from ps_analytics.simulate.session import LapTruth, SimulatedSession

Floats = NDArray[np.float64]

SESSION_GAP_S = 60.0
"""Frames further apart than this are of two sessions."""
CLOCK_BACK_S = 5.0
"""A clock that goes back by more begins a new session."""
DOUBT_SHARE = 0.02
"""A lap of which frames miss more than this share may be called valid or not."""


def pause(session: SimulatedSession, *, at_s: float, seconds: float, sends_frames: bool = True) -> SimulatedSession:
    """The game paused: nothing moves and the lap clock stands still while time stamps go on.

    A game that `sends_frames` repeats the frozen one; another sends nothing. Every lap keeps its kind, validity and
    time, which is the game's: the lap paused in begins and ends further apart than that.
    """
    stamps = _stamps(session)
    row, period = _row_before(stamps, at_s), _period(stamps)
    count = max(1, round(seconds / period))
    rows = np.arange(len(stamps))
    later = stamps + np.where(rows > row, count * period, 0.0)
    if sends_frames:
        rows = np.concatenate([rows[: row + 1], np.full(count, row), rows[row + 1 :]])
        later = np.concatenate([later[: row + 1], stamps[row] + period * np.arange(1, count + 1), later[row + 1 :]])
    truth = _later(session.truth, after_s=float(stamps[row]), by_s=count * period)
    return replace(session, frames=_taken(session.frames, rows, later), truth=truth)


def restart(
    session: SimulatedSession, again: SimulatedSession, *, at_s: float, wait_s: float = 3.0
) -> SimulatedSession:
    """The session restarted: broken off, loaded for `wait_s` without frames, driven anew as `again` was.

    The clocks of the source begin anew, as `again` shows them. The lap it happens in is `partial`; the laps of
    `again` follow, numbered on.
    """
    return _followed_by(session, again.frames, again.truth, at_s=at_s, wait_s=wait_s)


def to_pits(
    session: SimulatedSession, again: SimulatedSession, *, at_s: float, wait_s: float = 2.0, counts: bool = True
) -> SimulatedSession:
    """Put back into the garage from the menu: the car stands there after `wait_s` and goes out again as in `again`.

    The source goes on counting its laps (`counts`: the broken one too) and shows the last lap as before. The lap it
    happens in is `partial`; the laps of `again`, which begins in the pits, follow.
    """
    row = _row_before(_stamps(session), at_s)
    frames = again.frames
    if "source_lap_number" in frames.columns:
        first, reached = frames["source_lap_number"][0], session.frames["source_lap_number"][row]
        frames = frames.with_columns(pl.col("source_lap_number") + (reached - first + int(counts)))
    if "last_lap_time" in frames.columns:
        shown = pl.lit(session.frames["last_lap_time"][row], dtype=pl.Float64)
        frames = frames.with_columns(pl.col("last_lap_time").fill_null(shown))
    return _followed_by(session, frames, again.truth, at_s=at_s, wait_s=wait_s)


def flashback(session: SimulatedSession, *, at_s: float, back_s: float) -> SimulatedSession:
    """The car put back to where it was `back_s` ago, lap clock and all, and driven on from there as it was.

    The lap is two `partial` ones: up to the flashback and from there on. Put back over the line, what was driven since
    is `partial`, and so is the way to the line again; the lap that ended there is `doubtful`: it was driven from line
    to line, and then undone. No other lap changes.

    Raises:
        ValueError: that is more than a lap ago.
    """
    stamps = _stamps(session)
    row = _row_before(stamps, at_s)
    resumed = _row_before(stamps, float(stamps[row]) - back_s)
    at = float(stamps[row])
    now, then = _lap_at(session.truth, at), _lap_at(session.truth, float(stamps[resumed]))
    if then < now - 1:
        raise ValueError(f"a flashback by {back_s} s at {at_s} s leads back by more than a lap")
    by_s = at + _period(stamps) - float(stamps[resumed])
    rows = np.concatenate([np.arange(row + 1), np.arange(resumed, len(stamps))])
    later = np.concatenate([stamps[: row + 1], stamps[resumed:] + by_s])
    left, taken_up = session.truth[now], session.truth[then]
    undone = (replace(taken_up, doubtful=True),) if then < now else ()
    truth = (
        *session.truth[:then],
        *undone,
        _partial(left, left.start_s, at),
        _partial(taken_up, at, taken_up.end_s + by_s),
        *_later(session.truth[then + 1 :], after_s=float(stamps[resumed]), by_s=by_s),
    )
    return replace(session, frames=_taken(session.frames, rows, later), truth=_numbered(truth))


def drop_out(session: SimulatedSession, *, at_s: float, seconds: float) -> SimulatedSession:
    """No frames for some seconds, while the car goes on.

    Laps keep what they are, but one that misses more than 2 % of itself, or its line, is `doubtful`. After more than
    60 s another session begins: the laps on both sides are `partial`, those in between were never seen.
    """
    stamps = _stamps(session)
    lost = (stamps >= at_s) & (stamps < at_s + seconds)
    frames = session.frames.filter(pl.Series(~lost))
    kept = stamps[~lost]
    hole = np.searchsorted(kept, at_s)
    if not lost.any() or hole in (0, len(kept)):
        return replace(session, frames=frames)
    begin, end = float(kept[hole - 1]), float(kept[hole])
    if end - begin > SESSION_GAP_S:
        return replace(session, frames=frames, truth=_cut_in_two(session.truth, begin, end))
    return replace(session, frames=frames, truth=tuple(_with_hole(lap, begin, end) for lap in session.truth))


def clock_step(session: SimulatedSession, *, at_s: float, seconds: float) -> SimulatedSession:
    """The clock of the time stamps set forward, or back (`seconds` below 0), while the car drives on.

    Laps keep what they are: `start_s` and `end_s` are what the clock showed then. Back by more than 5 s or forward by
    more than 60 s begins another session: the lap is cut into two `partial` ones.
    """
    stamps = _stamps(session)
    row = _row_before(stamps, at_s)
    at, after = float(stamps[row]), float(stamps[min(row + 1, len(stamps) - 1)])
    frames = session.frames.with_columns(
        timestamp=pl.Series(np.where(np.arange(len(stamps)) > row, seconds, 0) + stamps)
    )
    truth = session.truth
    if seconds < -CLOCK_BACK_S or seconds > SESSION_GAP_S:
        truth = _cut_in_two(truth, at, after)
    return replace(session, frames=frames, truth=_later(truth, after_s=at, by_s=seconds))


def _followed_by(
    session: SimulatedSession, frames: pl.DataFrame, truth: Iterable[LapTruth], *, at_s: float, wait_s: float
) -> SimulatedSession:
    stamps = _stamps(session)
    row, period = _row_before(stamps, at_s), _period(stamps)
    at, begins = float(stamps[row]), float(stamps[row]) + period * max(1, round(wait_s / period))
    number = _lap_at(session.truth, at)
    lap = session.truth[number]
    laps = (*session.truth[:number], _partial(lap, lap.start_s, at), *_later(truth, after_s=-np.inf, by_s=begins))
    later = frames.with_columns(pl.col("timestamp") + begins)
    return replace(session, frames=pl.concat([session.frames[: row + 1], later]), truth=_numbered(laps))


def _stamps(session: SimulatedSession) -> Floats:
    return session.frames["timestamp"].to_numpy()


def _period(stamps: Floats) -> float:
    return float(np.median(np.diff(stamps)))


def _row_before(stamps: Floats, at_s: float) -> int:
    """The last frame not after a moment.

    Raises:
        ValueError: there is no frame before it, or none after it.
    """
    row = int(np.searchsorted(stamps, at_s, side="right")) - 1
    if not 0 <= row < len(stamps) - 1:
        raise ValueError(f"{at_s} s lies outside the session's {stamps[-1]:.0f} s")
    return row


def _taken(frames: pl.DataFrame, rows: NDArray[np.int64], stamps: Floats) -> pl.DataFrame:
    return frames[rows].with_columns(timestamp=pl.Series(stamps))


def _lap_at(truth: tuple[LapTruth, ...], at_s: float) -> int:
    """The index of the lap that was being driven at a moment."""
    ends = [lap.end_s for lap in truth]
    return min(int(np.searchsorted(ends, at_s, side="right")), len(truth) - 1)


def _later(truth: Iterable[LapTruth], *, after_s: float, by_s: float) -> tuple[LapTruth, ...]:
    """The laps with everything after a moment shown so much later."""
    return tuple(
        replace(
            lap,
            start_s=lap.start_s + (by_s if lap.start_s > after_s else 0.0),
            end_s=lap.end_s + (by_s if lap.end_s > after_s else 0.0),
        )
        for lap in truth
    )


def _partial(lap: LapTruth, start_s: float, end_s: float) -> LapTruth:
    return LapTruth(lap.lap_number, LapKind.PARTIAL, valid=False, lap_time_s=None, start_s=start_s, end_s=end_s)


def _numbered(truth: Iterable[LapTruth]) -> tuple[LapTruth, ...]:
    """The laps numbered on from the first."""
    laps = tuple(truth)
    return tuple(replace(lap, lap_number=laps[0].lap_number + place) for place, lap in enumerate(laps))


def _cut_in_two(truth: tuple[LapTruth, ...], begin_s: float, end_s: float) -> tuple[LapTruth, ...]:
    """The laps of two sessions, the first seen until `begin_s`, the second from `end_s` on."""
    last, first = truth[_lap_at(truth, begin_s)], truth[_lap_at(truth, end_s)]
    before = [lap for lap in truth if lap.end_s <= begin_s]
    after = [lap for lap in truth if lap.start_s >= end_s]
    halves = (_partial(last, last.start_s, begin_s), _partial(first, end_s, first.end_s))
    return _numbered((*before, *halves, *after))


def _with_hole(lap: LapTruth, begin_s: float, end_s: float) -> LapTruth:
    missed = min(lap.end_s, end_s) - max(lap.start_s, begin_s)
    over_line = begin_s < lap.start_s < end_s or begin_s < lap.end_s < end_s
    if missed <= 0 or (not over_line and missed <= DOUBT_SHARE * (lap.end_s - lap.start_s)):
        return lap
    return replace(lap, doubtful=True)
