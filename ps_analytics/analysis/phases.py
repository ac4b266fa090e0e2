"""The five phases of a unit, at the same places for two laps, and what each costs (§5.2 of the analysis core)."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ps_analytics.analysis.align import GridLap
from ps_analytics.analysis.loop import LoopLap, loop, speed_of
from ps_analytics.analysis.units import Unit, corner_of, corners_on, find_units, span_m
from ps_analytics.errors import IncompatibleLaps
from ps_analytics.track import Corner, TrackModel, ahead_m

Floats = NDArray[np.float64]

BEFORE_MINIMUM_M, BEHIND_MINIMUM_M = 5.0, 6.0
"""The middle of a corner runs from so far before the first lap's minimum to so far behind the last one's."""
DROP_SHARE = 0.88
"""Without a corner the braking ends where this share of the speed is lost."""
FULL = 0.93
"""A throttle beyond this share is full."""


class PhaseKind(StrEnum):
    """What the driver does, in the order of a unit."""

    BRAKING = "braking"
    ENTRY = "entry"
    MID = "mid"
    EXIT = "exit"
    STRAIGHT = "straight"


@dataclass(frozen=True, slots=True)
class Phase:
    """One phase of a unit, in m from the line (start > end: through the line), and the time lost in it in s.

    A phase that does not happen has equal places and costs 0.
    """

    unit: int
    kind: PhaseKind
    start_m: float
    end_m: float
    lost_s: float


def phases(
    lap: GridLap, reference: GridLap, track: TrackModel, *, units: Sequence[Unit] | None = None
) -> tuple[Phase, ...]:
    """The phases of every unit of two laps on one grid, and the time in s the lap loses to the reference in each.

    They tile the lap, so their sum is the difference of the lap times.

    Args:
        lap: the lap in question.
        reference: the lap to compare with, on the same grid.
        track: where its corners begin.
        units: None finds them for these two laps.

    Raises:
        IncompatibleLaps: they are not on one grid, or one is not timed from line to line.

    Example:
        >>> s = np.arange(0.0, 1001.0)
        >>> speed = {"speed": 180.0 - 70.0 * np.exp(-(((s - 400.0) / 60.0) ** 2))}
        >>> track = TrackModel(1000.0, *4 * (s[:-1],), source="yaw_rate", algo_version="1")
        >>> one, two = (GridLap(s, s / mean, speed, 1000.0, 1000 / mean, "position") for mean in (40, 50))
        >>> [(phase.kind.value, round(phase.lost_s, 3)) for phase in phases(one, two, track)][2]
        ('mid', 0.055)
    """
    _check(lap, reference)
    if units is None:
        units = find_units([speed_of(lap), speed_of(reference)], reference.distance_m, track)
    laps = (loop(lap), loop(reference))
    corners = {corner.number: corner for corner in corners_on(track, reference.length_m)}
    found = []
    for unit in units:
        edges = _edges(unit, [corners[number] for number in unit.corners], laps)
        lost = [laps[0].time_at(edge) - laps[1].time_at(edge) for edge in edges]
        for kind, places, delta in zip(PhaseKind, pairwise(edges), pairwise(lost), strict=True):
            start, end = (place % reference.length_m for place in places)
            found.append(Phase(unit.number, kind, start, end, delta[1] - delta[0]))
    return tuple(found)


def _check(lap: GridLap, reference: GridLap) -> None:
    if len(lap.distance_m) != len(reference.distance_m) or lap.length_m != reference.length_m:
        raise IncompatibleLaps("they are on grids of different lengths.")
    if lap.lap_time_s is None or reference.lap_time_s is None:
        raise IncompatibleLaps("one of them has no lap time.")


def _edges(unit: Unit, corners: Sequence[Corner], laps: Sequence[LoopLap]) -> list[float]:
    """Where the phases of a unit begin, and its end: in m from the line, going on beyond it, never decreasing."""
    start = unit.start_m
    end = start + span_m(start, unit.end_m, laps[0].length_m)
    minima = [_minimum(lap, start, end) for lap in laps]
    first, last = min(minima), max(minima)
    turn = _corner_start(unit, corners, laps[0].length_m)
    if turn is None:
        turn = float(np.mean([_braked(lap, start, at) for lap, at in zip(laps, minima, strict=True)]))
    full = max(_full_throttle(lap, at, end) for lap, at in zip(laps, minima, strict=True))
    entry = float(np.clip(turn, start, max(first - BEFORE_MINIMUM_M, start)))
    mid = max(entry, first - BEFORE_MINIMUM_M)
    leave = min(max(mid, last + BEHIND_MINIMUM_M), end)
    return [start, entry, mid, leave, float(np.clip(full, leave, end)), end]


def _minimum(lap: LoopLap, start_m: float, end_m: float) -> float:
    """Where a lap is slowest."""
    part = slice(lap.index(start_m), max(lap.index(end_m), lap.index(start_m) + 1))
    speed = lap.speed_ms[part]
    return start_m if np.isnan(speed).all() else float(lap.at_m[part][np.nanargmin(speed)])


def _corner_start(unit: Unit, corners: Sequence[Corner], length_m: float) -> float | None:
    """Where the corner at the unit's minimum begins, None where there is none; going on beyond the line."""
    corner = corner_of(corners, unit.minimum_m, length_m)
    if corner is None:
        return None
    minimum = unit.start_m + (unit.minimum_m - unit.start_m) % length_m
    return minimum + ahead_m(unit.minimum_m, corner.start_m, length_m)


def _braked(lap: LoopLap, start_m: float, minimum_m: float) -> float:
    """Where most of the speed on the way to the minimum is lost."""
    part = slice(lap.index(start_m), lap.index(minimum_m) + 1)
    speed, at = lap.speed_ms[part], lap.at_m[part]
    if np.isnan(speed).any():
        return minimum_m
    top = int(np.argmax(speed))
    below = speed[top:] <= speed[top] - DROP_SHARE * (speed[top] - speed[-1])
    return float(at[top + int(np.argmax(below))])


def _full_throttle(lap: LoopLap, minimum_m: float, end_m: float) -> float:
    """Where the throttle is first full behind the minimum; the minimum where nobody knows."""
    if lap.throttle is None:
        return minimum_m
    part = slice(lap.index(minimum_m), lap.index(end_m))
    full = lap.throttle[part] > FULL
    return float(lap.at_m[part][np.argmax(full)]) if full.any() else end_m
