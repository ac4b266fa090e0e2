"""The frozen track model: what analysis learns from laps, the store keeps, and tables and maps read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Direction(StrEnum):
    """Which way a corner turns."""

    LEFT = "left"
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class Corner:
    """One corner; places in m from the line, 0 ≤ place < length: where `start_m` > `end_m` it runs through the line.

    `name` is "T1", "T2" … or what the user or a corner list calls it. `nominal`: known from a list only, the car hardly
    turns there. `angle_deg` is how far it turns in all.
    """

    number: int
    name: str
    direction: Direction
    start_m: float
    apex_m: float
    end_m: float
    radius_m: float | None = None
    angle_deg: float | None = None
    nominal: bool = False


@dataclass(frozen=True, slots=True)
class Sector:
    """One sector, in m from the line; the sectors of a track follow each other from 0 to its length."""

    number: int
    name: str
    start_m: float
    end_m: float


@dataclass(frozen=True, eq=False)
class TrackModel:
    """A track as learned from laps.

    `distance_m` is its grid, about every 2 m from 0 to before `length_m`, and every array has its shape: `curvature` in
    1/m (right +), `heading_deg` clockwise from north (from the direction at the line where no position is known),
    `speed_kmh` the median of the laps used, and `x` (east), `y` (north) in m, None without positions. Of a GPS track x
    and y are on the plane that touches the Earth at `origin` (latitude, longitude in degrees).

    `source` says what the curvature is from: "position", "gps", "yaw_rate", "g_lat" or "steering". `laps_used` are the
    ids of the laps it was learned from. `flags` tell what to mind.
    """

    length_m: float
    distance_m: Floats
    curvature: Floats
    heading_deg: Floats
    speed_kmh: Floats
    source: str
    algo_version: str
    x: Floats | None = None
    y: Floats | None = None
    origin: tuple[float, float] | None = None
    name: str | None = None
    corners: tuple[Corner, ...] = ()
    sectors: tuple[Sector, ...] = ()
    laps_used: tuple[str, ...] = ()
    flags: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
