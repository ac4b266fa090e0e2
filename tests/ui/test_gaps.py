"""Where a source said nothing."""

from dataclasses import replace

import numpy as np
import pytest

from ps_analytics.lap import Lap, LapKind, Trace
from ps_analytics.ui.gaps import lap_gaps, on_axis, within


def lap_at(stamps: np.ndarray, *, lap_time: np.ndarray | None = None) -> Lap:
    """A lap with a sample at each of these times."""
    traces = {"timestamp": Trace("timestamp", "s", 60.0, 0.0, stamps)}
    if lap_time is not None:
        traces["lap_time"] = Trace("lap_time", "s", 60.0, 0.0, lap_time)
    lap = Lap("a", "s", 1, None, LapKind.PARTIAL, valid=True, started_us=0, ended_us=None, session_started_us=0)
    return replace(lap, traces=traces)


EVEN = np.arange(600) / 60


@pytest.mark.parametrize(("lost", "gap"), [(1, False), (2, False), (3, True), (30, True)])
def test_more_than_three_periods_without_a_sample_are_a_gap(lost, gap) -> None:
    stamps = np.delete(EVEN, np.arange(200, 200 + lost))
    found = lap_gaps(lap_at(stamps))
    assert found == ([(EVEN[199], EVEN[200 + lost])] if gap else [])


def test_a_burst_of_late_packets_is_no_gap_where_the_lap_clock_runs_on() -> None:
    arrived = EVEN.copy()
    arrived[300:310] = arrived[310]
    assert len(lap_gaps(lap_at(arrived))) == 1
    assert lap_gaps(lap_at(arrived, lap_time=EVEN)) == []


def test_a_lap_clock_that_stands_hides_no_gap() -> None:
    stamps = np.delete(EVEN, np.arange(200, 260))
    assert len(lap_gaps(lap_at(stamps, lap_time=np.zeros(len(stamps))))) == 1


def test_a_pause_is_no_gap() -> None:
    paused = EVEN + np.where(EVEN > 5, 60.0, 0.0)
    assert lap_gaps(lap_at(paused, lap_time=EVEN)) == []


def test_a_source_that_is_irregular_by_nature_has_no_gaps() -> None:
    steps = np.random.default_rng(3).choice([1 / 60, 1 / 30], size=2000)
    assert lap_gaps(lap_at(np.cumsum(steps))) == []


@pytest.mark.parametrize("stamps", [np.zeros(0), np.zeros(1), np.zeros(5)])
def test_a_lap_without_a_clock_worth_the_name_has_no_gaps(stamps) -> None:
    assert lap_gaps(lap_at(stamps)) == []


def test_a_lap_of_times_only_has_no_gaps() -> None:
    assert lap_gaps(replace(lap_at(EVEN), traces={})) == []


def test_gaps_lie_on_an_axis_where_their_ends_were_passed() -> None:
    x = np.arange(101.0)
    stamps = x / 10
    stamps[(x > 30) & (x < 50)] = np.nan
    assert on_axis([(3.0, 5.0), (8.05, 8.05)], stamps, x) == ((30.0, 50.0),)
    assert on_axis([(3.0, 5.0)], np.full(101, np.nan), x) == ()
    assert np.flatnonzero(within([(8.0, 8.3)], stamps)).tolist() == [81, 82]
