"""Where segments end."""

import numpy as np
from hypothesis import given

from ps_analytics.channels.kernels.segments import GAP_S, runs, segment_ids
from tests.channels.kernels.recordings import Recording, joined, sessions


@given(session=sessions())
def test_a_segment_ends_with_the_lap_at_a_leap_of_time_and_where_the_axis_stands(session: list[Recording]) -> None:
    r = joined(session)
    expected, segment = [], 0
    for row in range(len(r.x)):
        if row:
            step = r.time[row] - r.time[row - 1]
            grows = r.distance[row] > r.distance[row - 1]
            segment += not (r.lap[row] == r.lap[row - 1] and 0 < step <= GAP_S and grows)
        expected.append(segment)
    assert segment_ids(r.time, r.lap, r.distance).tolist() == expected


def test_a_step_of_just_two_seconds_is_inside_and_a_missing_place_on_the_axis_is_an_edge_on_both_sides() -> None:
    lap = np.zeros(5, dtype=np.int64)
    time = np.array([0.0, 2.0, 4.5, 4.6, 4.7])
    assert segment_ids(time, lap, time).tolist() == [0, 0, 1, 1, 1]
    assert segment_ids(time, lap, np.array([0.0, 1.0, 2.0, np.nan, 3.0])).tolist() == [0, 0, 1, 2, 3]
    assert segment_ids(time[:0], lap[:0], time[:0]).tolist() == []


def test_runs_begin_where_the_id_changes() -> None:
    starts, sizes = runs(np.array([3, 3, 1, 3]))
    assert (starts.tolist(), sizes.tolist()) == ([0, 2, 3], [2, 1, 1])
    starts, sizes = runs(np.array([], dtype=np.int64))
    assert (starts.tolist(), sizes.tolist()) == ([], [])
