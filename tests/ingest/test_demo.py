"""The demo's past comes into a store by the way every frame goes."""

import pytest

from ps_analytics.config import Settings
from ps_analytics.simulate.demo import demo_circuits, demo_sessions
from ps_analytics.simulate.session import simulate
from ps_analytics.store.store import open_store


@pytest.mark.slow
def test_the_demos_sessions_stand_in_their_events_with_the_laps_that_were_driven(demo_url: str) -> None:
    told = demo_sessions()
    with open_store(demo_url, settings=Settings()) as store:
        sessions = store.find_sessions().sort("started_at")
        assert sessions["name"].to_list() == [past.name for past in told]
        assert sessions["event_name"].to_list() == [past.event for past in told]
        assert set(sessions["status"]) == {"completed"}
        assert sorted(store.find_events()["name"]) == sorted({past.event for past in told})
        for past, session_id in zip(told, sessions["session_id"], strict=True):
            truth = simulate(past.circuit, past.car, past.driver, past.plan, seed=past.seed).truth
            laps = store.find_laps(session_id=session_id)
            assert laps["kind"].to_list() == [str(lap.kind) for lap in truth]
            assert set(laps["sealed"]) == {True}
            assert laps["valid"].to_list()[1:-1] == [lap.valid for lap in truth][1:-1]
            for found, lap in zip(laps["lap_time_s"], truth, strict=True):
                if lap.kind in ("timed", "standing"):  # the others are not driven from line to line
                    assert found == pytest.approx(lap.lap_time_s, abs=1e-3)


@pytest.mark.slow
def test_the_demos_circuits_are_known_and_its_laps_cut(demo_url: str) -> None:
    with open_store(demo_url, settings=Settings()) as store:
        tracks = {row["name"]: row for row in store.find_tracks().to_dicts()}
        for circuit in demo_circuits():
            track = store.read_track(circuit.name)
            assert track.length_m == pytest.approx(circuit.length_m, rel=2e-3)
            assert [corner.name for corner in track.corners] == [f"T{n}" for n in range(1, len(circuit.corners) + 1)]
            assert tracks[circuit.name]["sectors"] == 3
            assert store.find_uncut_laps(circuit.name).is_empty()
        for lap_id, kind, lap_time_s, sectors_s in (
            store.find_laps().select("lap_id", "kind", "lap_time_s", "sectors_s").iter_rows()
        ):
            assert store.read_lap(lap_id, ["corner_id"]).frames["corner_id"].n_unique() > 3
            if kind == "timed":
                assert sum(sectors_s) == pytest.approx(lap_time_s, abs=1e-9)
