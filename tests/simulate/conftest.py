"""Two sessions that hold every kind of lap, driven once for all tests of the room."""

import pytest

from ps_analytics.lap import LapKind
from ps_analytics.simulate.car import FORMULA, GT
from ps_analytics.simulate.circuit import Circuit, generate
from ps_analytics.simulate.driver import Driver
from ps_analytics.simulate.route import LapPlan
from ps_analytics.simulate.session import SimulatedSession, simulate

OUT, IN, PIT, TIMED = (LapPlan(kind) for kind in (LapKind.OUT, LapKind.IN, LapKind.PIT, LapKind.TIMED))
STANDING, PARTIAL = LapPlan(LapKind.STANDING), LapPlan(LapKind.PARTIAL, share=0.4)
WIDE, SPUN = LapPlan(LapKind.TIMED, valid=False), LapPlan(LapKind.TIMED, spin=True)


@pytest.fixture(scope="session")
def circuit() -> Circuit:
    return generate("Test", seed=5, length_m=2400, corners=8)


@pytest.fixture(scope="session")
def session(circuit: Circuit) -> SimulatedSession:
    """The closed car, from the garage to the box with a stop in between."""
    plan = [OUT, TIMED, TIMED, WIDE, IN, PIT, OUT, SPUN, TIMED, IN]
    return simulate(circuit, GT, Driver("A"), plan, seed=3)


@pytest.fixture(scope="session")
def race(circuit: Circuit) -> SimulatedSession:
    """The single-seater, from a standing start until the recording breaks off."""
    return simulate(circuit, FORMULA, Driver("B", seed=4), [STANDING, TIMED, TIMED, TIMED, PARTIAL], seed=8)


@pytest.fixture(params=["session", "race"])
def any_session(request: pytest.FixtureRequest) -> SimulatedSession:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, SimulatedSession)
    return found
