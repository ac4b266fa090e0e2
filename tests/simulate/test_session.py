"""A simulated session: its frames against the truth it was made from."""

import numpy as np
import pytest

from ps_analytics.lap import LapKind
from ps_analytics.simulate.car import GT
from ps_analytics.simulate.circuit import generate
from ps_analytics.simulate.driver import Driver
from ps_analytics.simulate.route import LapPlan
from ps_analytics.simulate.session import SimulatedSession, simulate

OUT, IN, TIMED = LapPlan(LapKind.OUT), LapPlan(LapKind.IN), LapPlan(LapKind.TIMED)
WIDE, SPUN = LapPlan(LapKind.TIMED, valid=False), LapPlan(LapKind.TIMED, spin=True)


@pytest.fixture(scope="module")
def session() -> SimulatedSession:
    circuit = generate("Test", seed=5, length_m=2400, corners=8)
    return simulate(circuit, GT, Driver("A"), [OUT, TIMED, TIMED, WIDE, SPUN, TIMED, IN], seed=3)


def test_the_line_crossings_seen_in_the_frames_are_those_of_the_truth(session: SimulatedSession) -> None:
    time, position = (session.frames[name].to_numpy() for name in ("timestamp", "normalized_position"))
    before = np.flatnonzero(np.diff(position) < -0.5)
    share = (1 - position[before]) / (1 - position[before] + position[before + 1])
    crossings = time[before] + share * (time[before + 1] - time[before])
    assert crossings == pytest.approx([lap.end_s for lap in session.truth[:-1]], abs=1e-3)
    timed = [lap.lap_time_s for lap in session.truth[1:-1]]
    assert np.diff(crossings) == pytest.approx(timed, abs=1e-3)
