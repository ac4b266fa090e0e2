"""Curvature cut in corners, against curvature drawn by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ps_analytics.analysis.segment import segment_corners, smoothed
from ps_analytics.track import Direction

AT = np.arange(0.0, 2000.0, 2.0)
SLOW = np.full(len(AT), 20.0)


def bend(middle_m: float, length_m: float, radius_m: float) -> np.ndarray:
    """Curvature that rises and falls like a cosine, half as high as at its middle over `length_m`; right +."""
    away = np.abs((AT - middle_m + 1000) % 2000 - 1000) / length_m
    return np.where(away < 1, (1 + np.cos(np.pi * away)) / 2, 0.0) / radius_m


def places(curvature: np.ndarray, speed: np.ndarray = SLOW) -> list[tuple[str, float]]:
    return [(str(corner.direction), corner.apex_m) for corner in segment_corners(curvature, speed, 2.0)]


def test_a_corner_lies_where_it_turns_most() -> None:
    [corner] = segment_corners(bend(500, 60, 40), SLOW, 2.0)
    assert (corner.number, corner.name, corner.direction) == (1, "T1", Direction.RIGHT)
    assert corner.apex_m == pytest.approx(500, abs=2)
    assert corner.start_m == pytest.approx(500 - (corner.end_m - 500), abs=4)
    assert np.radians(corner.angle_deg) == pytest.approx(60 / 40, rel=0.02)
    assert corner.radius_m == pytest.approx(40, rel=0.01)


def test_both_ways_are_told_apart_and_numbered_from_the_line() -> None:
    both = bend(900, 40, -30) + bend(300, 60, 80) + bend(980, 40, 30)
    assert [name for name, _ in places(both)] == ["right", "left", "right"]
    assert [corner.name for corner in segment_corners(both, SLOW, 2.0)] == ["T1", "T2", "T3"]


def test_a_corner_through_the_line_is_one() -> None:
    [corner] = segment_corners(bend(1998, 60, 40), SLOW, 2.0)
    assert corner.start_m > corner.apex_m - 60 > corner.end_m
    assert corner.apex_m == pytest.approx(1998, abs=2)


def test_two_apexes_with_an_open_line_between_them_are_two_corners() -> None:
    assert len(places(bend(500, 40, 40) + bend(620, 40, 40))) == 2


def test_a_sweeper_before_a_hairpin_is_a_corner_of_its_own() -> None:
    sweeper = bend(400, 120, 150)
    hairpin = np.where(np.abs(AT - 565) < 25, 1 / 13, 0.0)
    assert [round(apex_m, -2) for _, apex_m in places(sweeper + hairpin)] == [400, 600]


def test_two_apexes_of_a_line_that_hardly_opens_are_one_corner() -> None:
    assert len(places(bend(500, 60, 40) + bend(560, 60, 40))) == 1


def test_a_rest_of_the_hands_within_a_bend_does_not_cut_it() -> None:
    bent = np.where(np.abs(AT - 500) < 60, 1 / 300, 0.0)
    bent[np.abs(AT - 500) < 4] = 0.0
    assert len(places(bent)) == 1


def test_a_kink_is_a_corner_only_if_it_asks_for_grip() -> None:
    kink = bend(500, 40, 300)  # 8 degrees
    assert places(kink) == []
    assert len(places(kink, np.full(len(AT), 75.0))) == 1


def test_a_long_bend_is_a_corner_however_wide() -> None:
    assert len(places(np.where(np.abs(AT - 500) < 150, 1 / 500, 0.0))) == 1


def test_a_straight_has_none_and_a_circle_has_one() -> None:
    assert places(np.zeros(len(AT))) == []
    assert len(places(np.full(len(AT), 2 * np.pi / 2000))) == 1


@given(shift=st.integers(0, 999), flip=st.booleans())
def test_where_the_line_lies_and_which_way_is_right_change_no_corner(shift: int, flip: bool) -> None:
    drawn = bend(300, 60, 80) + bend(900, 40, -30) + bend(980, 40, 30) + bend(1500, 120, 90) + bend(1700, 40, 25)
    base = segment_corners(drawn, SLOW, 2.0)
    sign = -1.0 if flip else 1.0
    moved = segment_corners(sign * np.roll(drawn, shift), SLOW, 2.0)
    assert sorted((c.apex_m - 2.0 * shift) % 2000 for c in moved) == pytest.approx([c.apex_m for c in base])
    assert sorted(round(c.angle_deg, 6) for c in moved) == sorted(round(c.angle_deg, 6) for c in base)


def test_smoothing_keeps_what_a_line_turns_in_all() -> None:
    drawn = bend(10, 60, 80)
    assert smoothed(drawn, 8.0, 2.0).sum() == pytest.approx(drawn.sum())
