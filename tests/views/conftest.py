"""Two laps to draw, of the simulator and of a closed form."""

import pytest

from ps_analytics.lap import Lap
from ps_analytics.simulate.circuit import generate
from tests.analysis.laps import Outing, drive_four


@pytest.fixture(scope="session")
def laps() -> list[Lap]:
    """Four laps of one circuit."""
    circuit = generate("Ring", seed=21, length_m=1600, corners=7)
    outing = Outing(circuit, drive_four(circuit, 60.0))
    return outing.laps(outing.frames())
