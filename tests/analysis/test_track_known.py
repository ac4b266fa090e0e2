"""Learning a track again: names, numbers, sectors and the line stay."""

from dataclasses import replace

import numpy as np
import pytest

from ps_analytics.analysis.known_track import matched, with_known
from ps_analytics.analysis.track import track_model, with_corners_found
from ps_analytics.errors import IncompatibleLaps
from ps_analytics.track import Corner, Direction, Sector, TrackModel
from tests.analysis.tracks import along, drive_along, driven, seen_as, timed_laps

HALVES = (Sector(1, "Hill", 0.0, 700.0), Sector(2, "Town", 700.0, 1500.0))


def drawn(*bends: tuple[float, float], length_m: float = 1500.0, name: str | None = "Ring") -> TrackModel:
    """A track whose line bends by a radius of 40 m (− left) over 60 m about these places."""
    at = np.arange(0.0, length_m, 2.0)
    curvature = sum((np.abs(at - place) <= 30) / radius for place, radius in bends)
    flat = np.zeros(len(at))
    track = TrackModel(length_m, at, flat + curvature, flat, flat + 100, source="position", algo_version="1", name=name)
    return with_corners_found(track)


FOUR = ((200, 40), (500, -40), (900, 40), (1300, 40))


def named(track: TrackModel, **names: str) -> TrackModel:
    corners = tuple(replace(corner, name=names.get(corner.name, corner.name)) for corner in track.corners)
    return replace(track, corners=corners, sectors=HALVES)


def test_names_numbers_and_sectors_stay_where_the_corners_moved_a_little() -> None:
    known = named(drawn(*FOUR), T2="Hook")
    track = with_known(drawn((212, 40), (505, -40), (895, 40), (1302, 40), name=None), known)
    assert [(corner.number, corner.name) for corner in track.corners] == [(1, "T1"), (2, "Hook"), (3, "T3"), (4, "T4")]
    assert [corner.apex_m for corner in track.corners] == pytest.approx([212, 505, 895, 1302], abs=12)
    assert (track.name, track.sectors) == ("Ring", HALVES)


def test_a_corner_found_later_has_the_next_number_and_takes_none_away() -> None:
    known = named(drawn(*FOUR))
    track = with_known(drawn(*FOUR, (700, -60)), known)
    assert [(c.number, c.name) for c in track.corners] == [(1, "T1"), (2, "T2"), (5, "T2a"), (3, "T3"), (4, "T4")]
    again = with_known(drawn(*FOUR, (700, -60)), track)
    assert [(c.number, c.name) for c in again.corners] == [(c.number, c.name) for c in track.corners]


def test_a_corner_that_turns_half_as_much_now_stays_one() -> None:
    known = named(drawn(*FOUR, (700, -250)))
    weaker = drawn(*FOUR, (700, -500))
    assert len(weaker.corners) == 4
    assert len(with_known(weaker, known).corners) == 5


def test_a_corner_nobody_turns_at_goes_unless_somebody_named_it() -> None:
    known = drawn(*FOUR, (700, -60))
    gone = with_known(drawn(*FOUR), named(known))
    assert [corner.number for corner in gone.corners] == [1, 2, 4, 5]
    kept = with_known(drawn(*FOUR), named(known, T3="Kink"))
    [kink] = [corner for corner in kept.corners if corner.name == "Kink"]
    assert kink.nominal
    assert [c.nominal for c in with_known(known, kept).corners] == [False] * 5


def test_a_corner_known_as_one_is_not_cut_in_two_and_two_are_not_joined() -> None:
    at = np.arange(0.0, 1500.0, 2.0)
    double = np.where(np.abs(at - 900) < 90, 1 / 60, 0.0)
    opened = np.where(np.abs(at - 900) < 22, 1 / 400, double)
    others = drawn((200, 40), (500, -40))

    def track(bend: np.ndarray) -> TrackModel:
        return with_corners_found(replace(others, curvature=others.curvature + bend))

    one, two = track(double), track(opened)
    assert (len(one.corners), len(two.corners)) == (3, 4)
    assert [corner.number for corner in with_known(two, one).corners] == [1, 2, 3]
    assert [corner.number for corner in with_known(one, two).corners] == [1, 2, 3, 4]


def test_laps_whose_line_lies_elsewhere_are_put_on_the_known_line() -> None:
    known = named(drawn(*FOUR))
    moved = drawn(*(((place - 400) % 1500, radius) for place, radius in FOUR))
    track = with_known(moved, known)
    assert track.flags["line_moved_m"] == pytest.approx(1100, abs=4)
    assert [corner.name for corner in track.corners] == ["T1", "T2", "T3", "T4"]
    assert [corner.apex_m for corner in track.corners] == pytest.approx([c.apex_m for c in known.corners], abs=4)
    assert track.curvature == pytest.approx(known.curvature, abs=1e-9)


def test_another_length_moves_places_and_sectors_with_it() -> None:
    known = named(drawn(*FOUR))
    longer = with_known(drawn(*((place * 1.01, radius) for place, radius in FOUR), length_m=1515.0), known)
    assert [sector.end_m for sector in longer.sectors] == pytest.approx([707.0, 1515.0])
    assert longer.sectors[-1].end_m == longer.length_m
    assert [corner.name for corner in longer.corners] == ["T1", "T2", "T3", "T4"]


@pytest.mark.parametrize(
    ("track", "reason"),
    [
        (drawn(*FOUR, length_m=1600.0), "they are 1600 m long and the track 'Ring' is 1500 m."),
        (
            drawn(*((1500 - place, -radius) for place, radius in FOUR)),
            "they do not turn as the track 'Ring' does: it is another layout, or another direction.",
        ),
        (
            drawn((100, -40), (300, -30), (760, -40), (1100, 40)),
            "they do not turn as the track 'Ring' does: it is another layout, or another direction.",
        ),
    ],
)
def test_another_track_is_refused(track: TrackModel, reason: str) -> None:
    with pytest.raises(IncompatibleLaps) as refused:
        with_known(track, named(drawn(*FOUR)))
    assert refused.value.reason == reason


@pytest.mark.parametrize("source", ["gps", "yaw_rate", "steering"])
def test_another_car_s_sensors_keep_the_corners_of_the_track(source: str) -> None:
    known = track_model(driven(20_003), name="Ring")
    known = replace(known, corners=(replace(known.corners[0], name="First"), *known.corners[1:]))
    track = track_model(seen_as(driven(20_003), source), known=known)
    assert [(corner.number, corner.name) for corner in track.corners] == [(c.number, c.name) for c in known.corners]
    assert track.name == "Ring"
    away = [abs(one.apex_m - other.apex_m) for one, other in zip(track.corners, known.corners, strict=True)]
    assert np.median(away) <= 10.0


def test_more_laps_bring_the_track_nearer_to_the_line_of_all() -> None:
    laps = timed_laps(20_002)
    all_of_them = track_model(laps)
    first = track_model(laps[0])
    better = track_model(laps, known=first)
    assert better.laps_used == all_of_them.laps_used
    assert np.array_equal(better.curvature, all_of_them.curvature)
    assert [corner.number for corner in better.corners] == [corner.number for corner in first.corners]


def test_a_gps_track_stays_on_the_plane_of_the_known_one() -> None:
    laps = seen_as(driven(20_001), "gps")
    known = track_model(laps[0])
    again = track_model(laps[1:], known=known)
    assert again.origin == known.origin
    assert np.median(np.hypot(again.x - known.x[: len(again.x)], again.y - known.y[: len(again.y)])) < 20.0


def test_a_known_oval_without_corners_is_no_obstacle() -> None:
    ring = drive_along(along((2 * np.pi * 900, 900.0)), speed_ms=60.0)
    known = replace(track_model(ring), corners=())
    assert len(track_model(ring, known=known).corners) == len(track_model(ring).corners)


def test_a_corner_is_matched_once_and_only_with_one_that_turns_its_way() -> None:
    def corner(apex_m: float, direction: Direction = Direction.LEFT) -> Corner:
        return Corner(1, "T1", direction, apex_m - 10, apex_m, apex_m + 10)

    assert matched([corner(100), corner(140)], [corner(130)], 1000.0) == [(1, 0)]
    assert matched([corner(100)], [corner(100, Direction.RIGHT)], 1000.0) == []
    assert matched([corner(980)], [corner(20)], 1000.0) == [(0, 0)]
    assert matched([corner(100)], [corner(200)], 1000.0) == []
