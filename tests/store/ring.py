"""A round track of known parts, 600 m long: two corners, two straights, the second through the line; three sectors."""

from dataclasses import replace
from typing import Any

import numpy as np

from ps_analytics.track import Corner, Direction, Sector, TrackModel

LENGTH_M = 600.0
CORNERS = (
    Corner(1, "T1", Direction.RIGHT, 100.0, 150.0, 200.0, radius_m=60.0, angle_deg=180.0),
    Corner(2, "T2", Direction.RIGHT, 400.0, 450.0, 500.0, radius_m=60.0, angle_deg=180.0),
)
SECTORS = (Sector(1, "S1", 0.0, 200.0), Sector(2, "S2", 200.0, 400.0), Sector(3, "S3", 400.0, 600.0))


def ring(name: str | None = "Ring", **other: Any) -> TrackModel:
    """The track, with other facts where they are given."""
    distance_m = np.arange(0.0, LENGTH_M, 2.0)
    turn = 2 * np.pi * distance_m / LENGTH_M
    model = TrackModel(
        length_m=LENGTH_M,
        distance_m=distance_m,
        curvature=np.full(len(distance_m), 2 * np.pi / LENGTH_M),
        heading_deg=np.degrees(turn),
        speed_kmh=100.0 + 20.0 * np.sin(turn),
        source="position",
        algo_version="1",
        x=95.0 * (1 - np.cos(turn)),
        y=95.0 * np.sin(turn),
        name=name,
        corners=CORNERS,
        sectors=SECTORS,
        laps_used=("a", "b"),
    )
    return replace(model, **other)
