"""Edges, counters, latches and held values against a machine that goes from row to row."""

import numpy as np
from hypothesis import given

from ps_analytics.channels.kernels.events import counter, falling, hold, latch, rising
from tests.channels.kernels.recordings import Recording, joined, sessions

NAN = float("nan")


@given(session=sessions())
def test_an_edge_is_a_change_between_two_known_samples_of_a_segment(session: list[Recording]) -> None:
    r = joined(session)
    for kernel, before, after in ((rising, 0.0, 1.0), (falling, 1.0, 0.0)):
        expected = [
            NAN
            if np.isnan(r.c[i])
            else float(i > 0 and r.segment[i] == r.segment[i - 1] and r.c[i - 1] == before and r.c[i] == after)
            for i in range(len(r.c))
        ]
        assert np.array_equal(kernel(r.c, r.segment), np.array(expected, dtype=np.float64), equal_nan=True)


@given(session=sessions())
def test_a_counter_starts_anew_in_each_scope(session: list[Recording]) -> None:
    r = joined(session)
    edges, seen, expected = rising(r.c, r.segment), dict[int, float](), []
    for edge, scope in zip(edges.tolist(), r.corner.tolist(), strict=True):
        seen[scope] = seen.get(scope, 0.0) + (edge == 1.0)
        expected.append(NAN if scope == -1 else seen[scope])
    assert np.array_equal(counter(r.c, r.segment, r.corner), np.array(expected), equal_nan=True)


@given(session=sessions())
def test_a_latch_is_on_from_set_to_reset(session: list[Recording]) -> None:
    r = joined(session)
    on, expected = dict[int, bool](), []
    for set_, reset, scope in zip(r.c.tolist(), r.d.tolist(), r.corner.tolist(), strict=True):
        on[scope] = set_ == 1.0 or (on.get(scope, False) and reset != 1.0)
        expected.append(NAN if scope == -1 else float(on[scope]))
    assert np.array_equal(latch(r.c, r.d, r.corner), np.array(expected), equal_nan=True)


@given(session=sessions())
def test_a_held_value_is_the_last_one_there_was_while_the_condition_held(session: list[Recording]) -> None:
    r = joined(session)
    held, expected = dict[int, float](), []
    for x, c, scope in zip(r.x.tolist(), r.c.tolist(), r.corner.tolist(), strict=True):
        if c == 1.0 and x == x:
            held[scope] = x
        expected.append(NAN if scope == -1 else held.get(scope, NAN))
    assert np.array_equal(hold(r.x, r.c, r.corner), np.array(expected), equal_nan=True)
