"""Simulated laps for every test of this room, driven once."""

import pytest

from ps_analytics.simulate.circuit import generate
from tests.analysis.laps import Outing, drive_four


@pytest.fixture(
    scope="session", params=[(21, 1600.0, 7), (22, 4200.0, 12), (23, 6900.0, 18)], ids=lambda p: f"{p[1]:.0f} m"
)
def outing(request: pytest.FixtureRequest) -> Outing:
    """Three circuits, the truth at 960 frames a second: 16 times the densest stream under test."""
    seed, length_m, corners = request.param
    circuit = generate("Ring", seed=seed, length_m=length_m, corners=corners)
    return Outing(circuit, drive_four(circuit, 960.0))
