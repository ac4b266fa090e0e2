"""The demo's past comes into a store by the way every frame goes."""

import polars as pl
import pytest

from ps_analytics.ingest.demo import fill_in_demo
from ps_analytics.simulate.demo import demo_sessions
from ps_analytics.store.store import open_store


@pytest.mark.slow
def test_the_demo_s_past_fills_a_store() -> None:
    with open_store("sqlite:///:memory:") as store:
        assert fill_in_demo(store) is store
        planned = demo_sessions()
        sessions, laps = store.find_sessions(), store.find_laps()
        assert sorted(sessions["track"]) == sorted(session.circuit.name for session in planned)
        assert sorted(sessions["laps"]) == sorted(len(session.plan) for session in planned)
        assert laps["sealed"].all()
        assert set(laps.filter(kind="timed").select(pl.col("lap_time_s").is_not_null()).to_series()) == {True}
