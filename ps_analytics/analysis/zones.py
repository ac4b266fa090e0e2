"""Which stretch of the lap each corner answers for: the units, shared out where several corners lie in one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ps_analytics.analysis.units import Unit, corner_of, span_m
from ps_analytics.track import Corner

Floats = NDArray[np.float64]

SLOWED_SHARE = 2 / 3
"""A slow-down is for the first corner at whose apex this share of the speed is lost."""
BACK_M = 60.0
"""What is under way where a corner's pedals are first watched is followed back so far, at most."""
REACH_M = 10.0
"""The minimum of a slow-down is sought so far around that of the unit, too, where it lies outside its corner."""


@dataclass(frozen=True, slots=True)
class Zone:
    """What one corner answers for; places in m from the line that go on beyond it, so that they never decrease.

    The zones of a track tile the lap from `start_m` to `end_m`; where a slow-down without a corner follows, it is the
    corner's before. The corner itself runs from `turn_m` over `apex_m` to `exit_m`. Pedals are watched from `watch_m`,
    before anybody brakes, to `leave_m`, where the next slow-down may begin; what began earlier is followed back to
    `clear_m`, the end of the corner before. The straight behind the corner ends before `straight_m`, the car slows down
    again before `next_low_m`. The lowest speed is sought from `low_from_m` to `low_to_m`. `slows` is False for a corner
    passed while slowing down for a later one: what is over when it ends is its own all the same, and `passed_m` is its
    end in the zone of the later one.
    """

    corner: Corner
    start_m: float
    end_m: float
    watch_m: float
    leave_m: float
    clear_m: float
    straight_m: float
    next_low_m: float
    turn_m: float
    apex_m: float
    exit_m: float
    low_from_m: float
    low_to_m: float
    slows: bool = True
    passed_m: float = -np.inf


def zones(units: Sequence[Unit], corners: Sequence[Corner], speed_ms: Floats, distance_m: Floats) -> tuple[Zone, ...]:
    """The zone of every corner, in driving order from the first unit on.

    Args:
        units: they tile the lap.
        corners: those of the track, in the grid's metres.
        speed_ms: the mean speed of the laps at each point of the grid.
        distance_m: the grid in m from the line, from 0 to the lap's length.

    Example:
        >>> from ps_analytics.track import Direction
        >>> grid = np.arange(0.0, 1001.0)
        >>> unit = Unit(1, "T1", 900.0, 100.0, 900.0, (1,))
        >>> found = zones([unit], [Corner(1, "T1", Direction.LEFT, 50.0, 90.0, 140.0)], 0 * grid + 50.0, grid)
        >>> found[0].start_m, found[0].turn_m, found[0].end_m
        (900.0, 1050.0, 1900.0)
    """
    by_number = {corner.number: corner for corner in corners}
    speed = _Speed(speed_ms, distance_m)
    whole = _whole_corners(units, corners, speed)
    found: list[Zone] = []
    for unit, following in zip(whole, [*whole[1:], *whole[:1]], strict=True):
        found += _in_unit(unit, [by_number[number] for number in unit.corners], following, speed)
    if not found:
        return ()
    starts = [*(zone.start_m for zone in found), found[0].start_m + speed.length_m]
    exits = [found[-1].exit_m - speed.length_m, *(zone.exit_m for zone in found)]
    return tuple(
        replace(zone, end_m=starts[n + 1], clear_m=min(max(exits[n], zone.watch_m - BACK_M), zone.watch_m))
        for n, zone in enumerate(found)
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Speed:
    """The mean speed, all the way round."""

    values: Floats
    distance_m: Floats

    @property
    def length_m(self) -> float:
        return float(self.distance_m[-1])

    def at(self, place_m: float) -> float:
        return float(np.interp(place_m % self.length_m, self.distance_m, self.values))

    def top(self, start_m: float, end_m: float) -> float:
        places = np.mod(np.arange(start_m, end_m + 1.0), self.length_m)
        return float(np.interp(places, self.distance_m, self.values).max())


def _whole_corners(units: Sequence[Unit], corners: Sequence[Corner], speed: _Speed) -> list[Unit]:
    """The units, those joined that are slow-downs of one corner: a unit without a corner whose minimum lies in one."""
    whole = list(units)
    place = 0
    while place < len(whole):
        unit = whole[place]
        corner = None if unit.corners else corner_of(corners, unit.minimum_m, speed.length_m)
        before, after = place - 1, (place + 1) % len(whole)
        if corner is not None and len(whole) > 1 and corner.number in whole[after].corners:
            low = min((unit.minimum_m, whole[after].minimum_m), key=speed.at)
            whole[after] = replace(whole[after], start_m=unit.start_m, minimum_m=low)
        elif corner is not None and len(whole) > 1 and corner.number in whole[before].corners:
            low = min((unit.minimum_m, whole[before].minimum_m), key=speed.at)
            whole[before] = replace(whole[before], end_m=unit.end_m, minimum_m=low)
        else:
            place += 1
            continue
        del whole[place]
        place = 0
    return sorted(whole, key=lambda unit: unit.start_m)


def _in_unit(unit: Unit, corners: Sequence[Corner], following: Unit, speed: _Speed) -> list[Zone]:
    """The zones of a unit's corners, which end with it."""
    length_m = speed.length_m
    end = unit.start_m + span_m(unit.start_m, unit.end_m, length_m)
    minimum = unit.start_m + (unit.minimum_m - unit.start_m) % length_m
    next_low = end + (following.minimum_m - unit.end_m) % length_m
    apexes = [unit.start_m + (corner.apex_m - unit.start_m) % length_m for corner in corners]
    turns = [apex - (c.apex_m - c.start_m) % length_m for apex, c in zip(apexes, corners, strict=True)]
    exits = [apex + (c.end_m - c.apex_m) % length_m for apex, c in zip(apexes, corners, strict=True)]
    between = zip(exits, turns[1:], pairwise(apexes), strict=False)
    borders = [unit.start_m, *(float(np.clip((one + two) / 2, *apex)) for one, two, apex in between), end]
    owner = _owner(unit, corners, apexes, minimum, speed)
    at_minimum = corner_of(corners, unit.minimum_m, length_m)
    found = []
    for place, corner in enumerate(corners):
        start, leave = borders[place], borders[place + 1]
        turn, leaving = turns[place], exits[place]
        watch = unit.start_m if place == owner else start
        if owner is None and place == 0:  # the minimum is nobody's: this corner is watched from behind it
            watch = float(np.clip(minimum, start, max(start, turn)))
        low_from, low_to = turn, leaving
        if corner is at_minimum:
            low_from, low_to = min(turn, max(minimum - REACH_M, watch)), max(leaving, min(minimum + REACH_M, leave))
        zone = Zone(
            corner, start_m=start, end_m=leave, watch_m=watch, leave_m=leave, clear_m=watch,
            straight_m=turns[place + 1] if place + 1 < len(corners) else next_low, next_low_m=next_low, turn_m=turn,
            apex_m=apexes[place], exit_m=leaving, low_from_m=low_from, low_to_m=low_to,
            slows=owner is None or place >= owner, passed_m=exits[place - 1] if place and place == owner else -np.inf,
        )  # fmt: skip
        found.append(zone)
    return found


def _owner(
    unit: Unit, corners: Sequence[Corner], apexes: Sequence[float], minimum_m: float, speed: _Speed
) -> int | None:
    """Which of its corners a unit slows down for: the first by whose apex most of the speed is lost.

    None where the minimum belongs to no corner. Judged on the mean speed, so that it is the same for every lap.
    """
    at = corner_of(corners, unit.minimum_m, speed.length_m)
    top, least = speed.top(unit.start_m, minimum_m), speed.at(minimum_m)
    slowed = top - SLOWED_SHARE * (top - least)
    slow = (n for n, apex in enumerate(apexes) if corners[n] is at or speed.at(min(apex, minimum_m)) <= slowed)
    return None if at is None else next(slow)
