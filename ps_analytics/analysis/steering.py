"""What the hands do in a corner: where they turn in, and what they have to put right (§5.3 of the analysis core)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d

from ps_analytics.analysis.loop import LoopLap
from ps_analytics.analysis.pedals import crossing
from ps_analytics.analysis.zones import Zone
from ps_analytics.track import Direction

Floats = NDArray[np.float64]

TURNED_SHARE = 0.15
"""The car is turned in where the wheel is past this share of its most in the corner."""
TURNS = 0.02
"""A corner for which the wheel is turned less is not steered."""
REVERSAL = 0.05
"""The wheel is turned back where it goes so far the other way."""
NOTCH_BEFORE_M, NOTCH_BEHIND_M = 8.0, 95.0
"""From so far before the lowest speed to so far behind it a counter-steer is sought."""
DROP_M, RECOVERY_M = 14, 15
"""A counter-steer drops within the first and recovers within the second."""
_NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Hands:
    """`turn_in_m` in m from the line, going on beyond it; `corrections` counted; `countersteer` as share of the lock.

    NaN where nobody knows or the corner is not steered for.
    """

    turn_in_m: float = _NAN
    corrections: float = _NAN
    countersteer: float = _NAN


def hands(lap: LoopLap, zone: Zone, low_m: float) -> Hands:
    """What the hands do for a corner whose lowest speed is at `low_m`.

    Example:
        >>> from ps_analytics.analysis.loop import GridLap, loop
        >>> from ps_analytics.analysis.zones import Corner, Unit, zones
        >>> s, corner = np.arange(0.0, 401.0), Corner(1, "T1", Direction.RIGHT, 150.0, 200.0, 250.0)
        >>> wheel = {"steering": np.interp(s, [140, 200, 260], [0, 40, 0])}
        >>> lap = loop(GridLap(s, s / 50, wheel, 400.0, 8.0, "position"))
        >>> hands(lap, zones([Unit(1, "T1", 50.0, 200.0, 50.0, (1,))], [corner], 50 + 0 * s, s)[0], 200.0)
        Hands(turn_in_m=149.0, corrections=0.0, countersteer=0.0)
    """
    if lap.steering is None:
        return Hands()
    wheel = lap.steering if zone.corner.direction is Direction.RIGHT else -lap.steering
    inside = wheel[lap.index(zone.turn_m) : lap.index(zone.exit_m) + 1]
    if len(inside) < 2 or np.isnan(inside).any() or inside.max() < TURNS:
        return Hands()
    return Hands(
        turn_in_m=_turn_in(lap, zone, wheel, TURNED_SHARE * float(inside.max())),
        corrections=float(max(reversals(inside, least=REVERSAL) - 1, 0)),
        countersteer=_NAN if np.isnan(low_m) else _countersteer(lap, zone, wheel, low_m),
    )


def reversals(values: Floats, *, least: float) -> int:
    """How often a series turns and goes at least so far the other way; one arc turns once.

    Example:
        >>> reversals(np.array([0.0, 0.3, 0.5, 0.4, 0.47, 0.0]), least=0.05), reversals(np.zeros(3), least=0.05)
        (3, 0)
    """
    count, way = 0, 0
    low = high = float(values[0])
    turns = np.flatnonzero(np.diff(np.sign(np.diff(values)))) + 1
    for value in [*values[turns].tolist(), float(values[-1])]:
        low, high = min(low, value), max(high, value)
        if way <= 0 and value - low >= least:
            count, way, high = count + (way < 0), 1, value
        elif way >= 0 and high - value >= least:
            count, way, low = count + (way > 0), -1, value
    return count


def _turn_in(lap: LoopLap, zone: Zone, wheel: Floats, threshold: float) -> float:
    """Where the turn begins that is under way in the corner."""
    first = lap.index(zone.turn_m)
    turned = first + int(np.argmax(wheel[first:] > threshold))
    start = min(lap.index(zone.clear_m), first)
    straight = np.flatnonzero(~(wheel[start:turned] > threshold))
    if len(straight) == 0:
        return _NAN
    return crossing(lap.at_m, wheel, start + int(straight[-1]) + 1, threshold)


def _countersteer(lap: LoopLap, zone: Zone, wheel: Floats, low_m: float) -> float:
    """The deepest notch: how far the wheel drops toward the other lock and comes back, as a share of the lock."""
    first = lap.index(low_m - NOTCH_BEFORE_M)
    last = lap.index(max(min(low_m + NOTCH_BEHIND_M, zone.leave_m), low_m))
    before, behind = round(DROP_M / lap.step_m), round(RECOVERY_M / lap.step_m)
    part = wheel[first - before : last + behind + 1]
    if np.isnan(part).any():
        return _NAN
    dropped = maximum_filter1d(part, before + 1, origin=before // 2, mode="nearest")
    recovers = maximum_filter1d(part, behind + 1, origin=-((behind + 1) // 2), mode="nearest")
    depth = np.minimum(dropped, recovers) - part
    return float(depth[before : len(part) - behind].max())
