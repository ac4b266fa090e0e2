"""Sessions whose truth the simulator knows, from the wire to the laps in the database."""

import numpy as np
import polars as pl
import pytest

from ps_analytics.ingest.boundaries import detect_laps
from ps_analytics.simulate.demo import demo_sessions
from ps_analytics.simulate.session import SimulatedSession, simulate


@pytest.fixture(scope="module", params=range(4), ids=lambda number: demo_sessions(1)[number].name)
def driven(request) -> SimulatedSession:
    demo = demo_sessions(1)[request.param]
    return simulate(demo.circuit, demo.car, demo.driver, demo.plan, seed=demo.seed)


@pytest.mark.parametrize("without", [[], ["last_lap_time"], ["last_lap_time", "lap_time"]], ids=" ".join)
def test_laps_are_cut_where_and_as_they_were_driven(driven, without):
    laps = detect_laps(driven.frames.drop(without))
    truth = driven.truth
    assert [lap.lap_number for lap in laps] == [lap.lap_number for lap in truth]
    if "lap_time" not in without:  # without a clock nobody knows when a car at rest on the grid was sent off
        assert [(lap.kind, lap.valid) for lap in laps] == [(lap.kind, lap.valid) for lap in truth]
    timed = [(lap.lap_time_s, true.lap_time_s) for lap, true in zip(laps, truth, strict=True) if lap.kind == "timed"]
    assert len(timed) >= 6
    np.testing.assert_allclose([got for got, _ in timed], [true for _, true in timed], atol=1e-3)
    np.testing.assert_allclose([lap.start_s for lap in laps[1:]], [lap.start_s for lap in truth[1:]], atol=1e-3)


def test_the_daemon_keeps_the_laps_that_were_driven(house, to_batches):
    demo = demo_sessions(1)[3]
    driven = simulate(demo.circuit, demo.car, demo.driver, demo.plan, seed=demo.seed)
    house.send(to_batches(driven.frames, size=600, live=False))
    house.fall_silent()
    laps = house.laps()
    assert laps.select("lap_number", "kind", "valid").rows() == [
        (lap.lap_number, lap.kind, lap.valid) for lap in driven.truth
    ]
    assert laps["lap_time_s"].is_null().to_list() == [lap.lap_time_s is None for lap in driven.truth]
    stated = [(got, lap.lap_time_s) for got, lap in zip(laps["lap_time_s"], driven.truth, strict=True) if got]
    np.testing.assert_allclose(*zip(*stated, strict=True), atol=1e-3)
    assert laps["sealed"].all()
    assert laps["frames"].sum() == len(driven.frames)
    assert house.dead_letters() == []
    fastest = house.store.read_lap(house.store.resolve_lap("best"))
    sent = driven.frames.filter(
        pl.col("timestamp").is_between(fastest.start_s, fastest.start_s + fastest.lap_time_s, closed="left")
    )
    assert set(fastest.channels) >= {name for name in sent.columns if not sent[name].is_null().all()}
    for name in ("speed", "throttle", "steering", "gear", "fuel", "tyre_temp_fl"):
        np.testing.assert_allclose(fastest.frames[name], sent[name], rtol=1e-5, atol=1e-4)
