"""A standing start: only the lap clock knows when it began."""

import polars as pl
import pytest

from ps_analytics.ingest.boundaries import detect_laps
from ps_analytics.lap import LapKind
from ps_analytics.simulate.demo import demo_sessions
from ps_analytics.simulate.session import SimulatedSession, simulate


@pytest.fixture(scope="module")
def race() -> SimulatedSession:
    past = next(past for past in demo_sessions() if past.plan[0].kind is LapKind.STANDING)
    return simulate(past.circuit, past.car, past.driver, past.plan[:2], seed=past.seed)


@pytest.mark.parametrize("late_ms", range(4))
def test_a_standing_lap_has_its_time_wherever_frames_fall_on_the_line(race: SimulatedSession, late_ms: int) -> None:
    """The wire's clock has whole milliseconds: now and then it shows next to nothing on the first frame of a lap."""
    truth = race.truth[0].lap_time_s
    clock = ((pl.col("lap_time") * 1000).round() - late_ms).clip(0) / 1000
    clock = pl.when(pl.col("source_lap_number") > 0).then(clock).otherwise(pl.col("lap_time"))
    frames = race.frames.with_columns(clock.alias("lap_time"))
    lap = detect_laps(frames.drop("last_lap_time"))[0]
    assert lap.kind is LapKind.STANDING
    assert lap.lap_time_s == pytest.approx(truth, abs=1 / 60)
    assert detect_laps(frames)[0].lap_time_s == pytest.approx(truth, abs=1e-6)
