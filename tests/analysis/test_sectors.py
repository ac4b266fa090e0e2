"""Sectors: where they end, and times that add up to the lap's."""

from dataclasses import replace
from itertools import pairwise, permutations

import numpy as np
import pytest

from ps_analytics.analysis.align import grid_lap
from ps_analytics.analysis.sectors import default_sectors, mini_sectors, sector_times
from ps_analytics.analysis.track import track_model
from ps_analytics.errors import IncompatibleLaps
from ps_analytics.lap import LapKind
from ps_analytics.track import Sector, TrackModel
from tests.analysis.laps import drive_evenly
from tests.analysis.tracks import driven


def ring(*ends_m: float) -> TrackModel:
    edges = pairwise([0.0, *ends_m])
    sectors = tuple(Sector(n, f"Sector {n}", start, end) for n, (start, end) in enumerate(edges, 1))
    return TrackModel(3000.0, *4 * (np.zeros(1500),), source="position", algo_version="1", sectors=sectors)


@pytest.mark.parametrize("lap_time_s", [90.123, 61.7, 100.0 + 1 / 3, 511.999])
def test_sector_times_are_when_the_car_crossed_and_add_up_exactly(lap_time_s: float) -> None:
    track = ring(800.0, 2100.0, 3000.0)
    lap = drive_evenly(lap_time_s, length_m=3000.0, gain=0.3)
    # place = L (0.7 q + 0.3 q²) with q = t / T
    crossed = [lap_time_s * (-0.7 + np.sqrt(0.49 + 1.2 * end / 3000)) / 0.6 for end in (800, 2100)]
    times = sector_times(lap, track)
    assert np.cumsum(times)[:-1] == pytest.approx(crossed, abs=0.002)
    assert {sum(order) for order in permutations(times)} == {lap_time_s}
    assert sector_times(grid_lap(lap), track) == times
    assert sector_times(lap, ring()) == (lap_time_s,)


def test_mini_sectors_cut_the_lap_in_equal_parts_whose_times_add_up() -> None:
    track = ring()
    parts = mini_sectors(track)
    assert [part.number for part in parts] == list(range(1, 26))
    assert np.diff([0.0, *(part.end_m for part in parts)]) == pytest.approx(120.0)
    assert (parts[0].start_m, parts[-1].end_m) == (0.0, 3000.0)
    lap = drive_evenly(90.123, length_m=3000.0)
    assert sum(sector_times(lap, replace(track, sectors=parts))) == 90.123


def test_a_track_is_not_cut_in_none() -> None:
    with pytest.raises(ValueError, match="a track is not cut in 0 mini-sectors: take at least 1"):
        mini_sectors(ring(), 0)


@pytest.mark.parametrize("seed", [20_000, 20_001, 20_002, 20_003])
def test_sectors_nobody_states_end_on_straights_near_the_thirds(seed: int) -> None:
    track = track_model(driven(seed))
    ends = np.array([sector.end_m for sector in default_sectors(track)])
    assert ends[-1] == track.length_m
    corners, straights, _ = track.section_ids(ends[:-1])
    assert np.all(corners == 0)
    assert np.all(straights > 0)
    assert ends / track.length_m == pytest.approx([1 / 3, 2 / 3, 1], abs=0.15)


def test_a_lap_without_a_time_has_no_sector_times() -> None:
    lap = replace(drive_evenly(90.0), lap_time_s=None, kind=LapKind.PARTIAL)
    with pytest.raises(IncompatibleLaps, match="a lap without a time has no sector times"):
        sector_times(lap, ring())
