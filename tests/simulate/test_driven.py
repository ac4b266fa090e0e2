"""When the car was where, exactly; and laps driven anew from stretches of several."""

from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from ps_analytics.lap import LapKind
from ps_analytics.simulate.car import GT
from ps_analytics.simulate.circuit import Circuit
from ps_analytics.simulate.driver import Driver
from ps_analytics.simulate.route import LapPlan
from ps_analytics.simulate.session import SimulatedSession, simulate

SHARE = np.linspace(0.0, 1.0, 500)


def test_the_true_time_is_where_dense_frames_put_it(circuit: Circuit) -> None:
    dense = simulate(circuit, GT, Driver("A"), [LapPlan(LapKind.TIMED)] * 2, seed=3, rate_hz=960.0)
    for lap in dense.truth[:2]:
        rows = dense.frames.filter(pl.col("timestamp").is_between(lap.start_s - 0.01, lap.end_s + 0.01))
        position = np.unwrap(rows["normalized_position"].to_numpy(), period=1.0)
        seen = np.interp(SHARE, position - np.round(position[0]), rows["timestamp"].to_numpy() - lap.start_s)
        assert dense.true_time_s(lap.lap_number, SHARE) == pytest.approx(seen, abs=1e-6)


def test_it_is_0_at_the_line_grows_and_ends_with_the_lap_time(any_session: SimulatedSession) -> None:
    whole = [lap for lap in any_session.truth if lap.driven is not None]
    assert {lap.lap_number for lap in whole} == {
        lap.lap_number for lap in any_session.truth if lap.lap_time_s is not None
    }
    for lap in whole:
        time_s = any_session.true_time_s(lap.lap_number, SHARE)
        assert time_s[0] == 0
        assert np.all(np.diff(time_s) > 0)
        assert time_s[-1] == pytest.approx(lap.lap_time_s, abs=1e-9)


def test_a_stop_lies_between_the_shares_before_and_after_it(session: SimulatedSession) -> None:
    spun = session.truth[7]
    stood = session.frames.filter((pl.col("speed") == 0) & (pl.col("source_lap_number") == 7))
    at = stood["normalized_position"][0]
    before, after = session.true_time_s(7, np.array([at - 1e-4, at + 1e-4]))
    assert before < stood["timestamp"][0] - spun.start_s
    assert stood["timestamp"][-1] - spun.start_s < after


def test_a_lap_put_together_from_one_lap_takes_as_long_as_it_did(session: SimulatedSession) -> None:
    for number in (1, 2, 8):
        assert session.recombine([(0.0, number)]) == pytest.approx(session.truth[number].lap_time_s, abs=1e-9)
        assert session.recombine([(0.0, number), (900.0, number)]) == session.recombine([(0.0, number)])


def test_a_lap_put_together_on_straights_takes_about_as_long_as_its_stretches_did(session: SimulatedSession) -> None:
    corners = session.circuit.corners
    for before, after in pairwise(corners[1:]):
        if after.start_m - before.end_m < 150:
            continue
        split = before.end_m + 20
        share = np.array([split / session.circuit.length_m])
        for first, second in ((1, 2), (2, 8), (8, 1)):
            rest = (session.truth[second].lap_time_s or 0) - session.true_time_s(second, share)[0]
            summed = session.true_time_s(first, share)[0] + rest
            anew = session.recombine([(0.0, first), (split, second)])
            assert anew == pytest.approx(summed, abs=0.15)
            assert anew != summed


def test_what_cannot_be_asked_is_refused(session: SimulatedSession) -> None:
    with pytest.raises(ValueError, match="no lap 0 was driven from line to line"):
        session.true_time_s(0, SHARE)
    for pieces in ([], [(5.0, 1)], [(0.0, 1), (0.0, 2)], [(0.0, 1), (2400.0, 2)]):
        with pytest.raises(ValueError, match="the stretches of a lap begin at 0 m"):
            session.recombine(pieces)
