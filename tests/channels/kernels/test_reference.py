"""The reference lap at the same place."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ps_analytics.channels.kernels.reference import at_reference

NAN = float("nan")
PLACES = st.sampled_from([NAN, 0.0, 0.1, 0.1, 0.25, 0.3, 0.5, 0.7, 1.0])
POINTS = st.lists(st.tuples(PLACES, st.sampled_from([NAN, 1.0, 2.0, 5.0, -3.0])), max_size=10)


def looped(place: float, points: list[tuple[float, float]], *, stepped: bool) -> float:
    """The reference's value at one place."""
    kept: list[tuple[float, float]] = []
    for position, value in points:
        if position == position and all(position > before for before, _ in kept):
            kept.append((position, value))
    for position, value in kept:
        if position == place:
            return value
    for (before, low), (after, high) in pairwise(kept):
        if before < place < after:
            return low if stepped else low + (high - low) * (place - before) / (after - before)
    return NAN


@pytest.mark.parametrize("stepped", [False, True])
@given(places=st.lists(st.one_of(PLACES, st.floats(-0.5, 1.5)), max_size=10), points=POINTS)
def test_a_place_takes_what_the_reference_has_there(
    stepped: bool, places: list[float], points: list[tuple[float, float]]
) -> None:
    position, value = np.array(points, dtype=np.float64).reshape(-1, 2).T
    expected = [looped(place, points, stepped=stepped) for place in places]
    got = at_reference(np.array(places, dtype=np.float64), position, value, stepped=stepped)
    assert got == pytest.approx(expected, rel=1e-9, nan_ok=True)


def test_a_reference_that_goes_back_counts_again_once_it_is_further_than_before() -> None:
    position, value = np.array([0.0, 0.4, 0.2, 0.3, 0.8]), np.array([0.0, 4.0, 99.0, 99.0, 8.0])
    assert at_reference(np.array([0.2, 0.6]), position, value, stepped=False) == pytest.approx([2.0, 6.0])
