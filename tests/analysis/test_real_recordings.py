"""Laps of a real recording, by the way the product reads them: file, store, lap, delta."""

from pathlib import Path

import numpy as np
import pytest

from ps_analytics.analysis.align import grid_lap
from ps_analytics.analysis.delta import delta
from ps_analytics.ingest.importer import import_file
from ps_analytics.lap import Lap
from ps_analytics.store.store import open_store


@pytest.fixture(scope="module")
def laps(shared_data: Path) -> list[Lap]:
    """The two timed laps of the iRacing recording."""
    [path] = (shared_data / "iracing_ibt").glob("formulavee*.ibt")
    with open_store("sqlite:///:memory:") as store:
        found = import_file(store, path)["laps"]
        return [store.read_lap(lap["lap_id"]) for lap in found if lap["kind"] == "timed"]


def test_a_recorded_lap_closes_within_the_crossing_s_tolerance(laps: list[Lap]) -> None:
    assert len(laps) == 2
    for lap in laps:
        gridded = grid_lap(lap)
        assert gridded.method == "position"
        assert abs(gridded.start_error_s) < 0.005
        assert abs(gridded.end_error_s) < 0.005
        assert gridded.flags == {}
        assert (np.diff(gridded.time_s) > 0).all()


def test_recorded_laps_compare_both_ways_and_close(laps: list[Lap]) -> None:
    first, second = laps
    found, back = delta(first, second), delta(second, first)
    assert found.closure_s == back.closure_s == 0
    assert found.frame["delta_s"][-1] == (first.lap_time_s or 0) - (second.lap_time_s or 0)
    share = np.linspace(0, 1, 100)
    there, again = (
        np.interp(share, f["distance_m"].to_numpy() / f["distance_m"][-1], f["delta_s"].to_numpy())
        for f in (found.frame, back.frame)
    )
    assert there == pytest.approx(-again, abs=0.01)
    assert (delta(first, first).frame["delta_s"] == 0).all()
