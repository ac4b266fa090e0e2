"""A start/finish line on the ground, for sources that know no laps but where they are: GPS loggers.

Crossings lie between samples; the place of each is linear between the two, its time follows the speed.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ps_analytics.ingest.line import LATITUDE, LONGITUDE, RUN, SPEED, Floats, share_of_time

EARTH_M = 6_371_008.8
AT_GATE_M, AT_REST_KMH = 5.0, 7.2
"""A car at rest this close to the gate starts from it."""
LONGEST_STEP_S = 2.0
"""Fixes further apart than this do not say where the car was in between."""


@dataclass(frozen=True, slots=True)
class Gate:
    """The line from one point to another, in degrees (north and east positive).

    `heading` (degrees clockwise from north) is the direction of driving; None: that of the first crossing.
    """

    latitude_1: float
    longitude_1: float
    latitude_2: float
    longitude_2: float
    heading: float | None = None

    @classmethod
    def across(cls, latitude: float, longitude: float, heading: float, *, width_m: float = 30.0) -> "Gate":
        """The gate of a width in m across a heading, its middle at a point."""
        east, north = (width_m / 2 * f(math.radians(heading)) for f in (math.cos, math.sin))
        by_latitude = math.degrees(north / EARTH_M)
        by_longitude = math.degrees(east / EARTH_M / math.cos(math.radians(latitude)))
        left, right = (
            (latitude + by_latitude, longitude - by_longitude),
            (latitude - by_latitude, longitude + by_longitude),
        )
        return cls(*left, *right, heading)


class GateWatch:
    """Finds crossings in blocks of frames, the same however they are parted."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._way = None if gate.heading is None else _unit(gate.heading)
        self._last: Floats | None = None
        """Time that counts, east and north in m from the gate's first point, and speed of the last new fix."""

    def read(self, block: Floats) -> list[tuple[int, float]]:
        """The crossings in a block: the column of the first fix past the line, and when, in s that count."""
        fixes = np.stack([block[RUN], *_plane(self._gate, block[LATITUDE], block[LONGITUDE]), block[SPEED]])
        before = np.full((4, 1), np.nan) if self._last is None else self._last
        known = np.concatenate([before, fixes], axis=1)
        placed = np.flatnonzero(np.isfinite(known[1]) & np.isfinite(known[2]))
        moved = np.any(np.diff(known[1:3, placed], axis=1, prepend=np.nan) != 0, axis=0)
        placed = placed[moved]
        if len(placed) == 0:
            return []
        self._last = known[:, placed[-1:]].copy()
        return [
            (int(placed[i + 1]) - 1, float(run_s))
            for i, run_s in self._crossings(known[:, placed])
            if placed[i + 1] > 0
        ]

    def rests_at(self, frame: Floats) -> bool:
        """Whether a car stands on the gate, ready to start: its GPS wanders over it."""
        ends = np.array([self._gate.latitude_2, frame[LATITUDE]]), np.array([self._gate.longitude_2, frame[LONGITUDE]])
        (gate_east, east), (gate_north, north) = _plane(self._gate, *ends)
        width_m = np.hypot(gate_east, gate_north)
        off_m = abs(gate_east * north - gate_north * east) / width_m
        beside_m = abs((gate_east * east + gate_north * north) / width_m - width_m / 2) - width_m / 2
        return bool(frame[SPEED] < AT_REST_KMH and off_m < AT_GATE_M and beside_m < AT_GATE_M)

    def _crossings(self, fixes: Floats) -> list[tuple[int, float]]:
        run, east, north, speed = fixes
        (gate_east,), (gate_north,) = _plane(
            self._gate, np.array([self._gate.latitude_2]), np.array([self._gate.longitude_2])
        )
        side = gate_east * north - gate_north * east
        passes = np.flatnonzero(((side[1:] >= 0) != (side[:-1] >= 0)) & (np.diff(run) <= LONGEST_STEP_S))
        found = []
        for i in passes:
            share = side[i] / (side[i] - side[i + 1])
            step = np.array([east[i + 1] - east[i], north[i + 1] - north[i]])
            at = np.array([east[i], north[i]]) + share * step
            along = (at[0] * gate_east + at[1] * gate_north) / (gate_east**2 + gate_north**2)
            if not 0.0 <= along <= 1.0:
                continue
            if self._way is None:
                self._way = step / np.hypot(*step)
            if step @ self._way > 0:
                later = share_of_time(float(share), float(speed[i]), float(speed[i + 1]))
                found.append((int(i), float(run[i] + later * (run[i + 1] - run[i]))))
        return found


def gate_crossings(
    time_s: ArrayLike, latitude: ArrayLike, longitude: ArrayLike, gate: Gate, *, speed: ArrayLike | None = None
) -> Floats:
    """When a gate was crossed in its direction, in s on the clock of the samples.

    Args:
        time_s: of each sample, ascending.
        latitude: degrees; NaN is missing, a fix that is held counts once.
        longitude: degrees.
        gate: the line.
        speed: km/h, if known: it tells how a step's time goes with its way.

    Example:
        >>> gate = Gate.across(48.0, 11.0, heading=90.0)
        >>> gate_crossings([0.0, 1.0, 2.0], [48.0] * 3, [10.9999, 11.0001, 11.0003], gate).round(6)
        array([0.5])
    """
    block = np.full((max(RUN, LATITUDE, LONGITUDE, SPEED) + 1, np.size(time_s)), np.nan)
    block[RUN], block[LATITUDE], block[LONGITUDE] = time_s, latitude, longitude
    if speed is not None:
        block[SPEED] = speed
    return np.array([run_s for _, run_s in GateWatch(gate).read(block)])


def _plane(gate: Gate, latitude: Floats, longitude: Floats) -> tuple[Floats, Floats]:
    """Metres east and north of the gate's first point."""
    east = np.radians(longitude - gate.longitude_1) * math.cos(math.radians(gate.latitude_1)) * EARTH_M
    return east, np.radians(latitude - gate.latitude_1) * EARTH_M


def _unit(heading: float) -> Floats:
    return np.array([math.sin(math.radians(heading)), math.cos(math.radians(heading))])
