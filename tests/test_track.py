"""The track model: its JSON form, its straights, and what lies where."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ps_analytics.errors import BadTrack
from ps_analytics.track import Corner, Direction, Sector, Straight, TrackModel


def track(length_m=1000.0, corners=(), sectors=(), points=500, **more):
    """A track of nothing but numbers."""
    at = np.arange(points) * (length_m / points)
    return TrackModel(
        length_m=length_m,
        distance_m=at,
        curvature=np.sin(at),
        heading_deg=at % 360,
        speed_kmh=100 + np.cos(at),
        source="position",
        algo_version="test",
        corners=corners,
        sectors=sectors,
        **more,
    )


def corner(number, start_m, apex_m, end_m, *, nominal=False, name=None):
    return Corner(number, name or f"T{number}", Direction.RIGHT, start_m, apex_m, end_m, 40.0, 90.0, nominal)


THREE = (corner(1, 100.0, 130.0, 150.0), corner(2, 150.0, 180.0, 200.0), corner(3, 700.0, 750.0, 800.0))
SECTORS = (Sector(1, "Sector 1", 0.0, 400.0), Sector(2, "Sector 2", 400.0, 1000.0))


def same(one, other):
    arrays = ("distance_m", "curvature", "heading_deg", "speed_kmh", "x", "y")
    plain = ("length_m", "source", "algo_version", "origin", "name", "corners", "sectors", "laps_used", "flags")
    return all(
        np.array_equal(getattr(one, n), getattr(other, n)) for n in arrays if getattr(one, n) is not None
    ) and all(getattr(one, n) == getattr(other, n) for n in plain)


finite = st.floats(allow_nan=False, allow_infinity=False)


@given(
    length_m=st.floats(10.0, 50_000.0),
    shares=st.lists(st.floats(0.0, 0.999), max_size=8, unique=True),
    values=st.lists(finite, min_size=5, max_size=5),
    name=st.none() | st.text(min_size=1, max_size=50),
    flags=st.dictionaries(st.text(min_size=1, max_size=9), st.booleans() | st.none() | st.floats(-1e9, 1e9)),
    placed=st.booleans(),
)
def test_a_model_that_went_through_json_is_the_same(length_m, shares, values, name, flags, placed):
    apexes = sorted(share * length_m for share in shares)
    made = TrackModel(
        length_m=length_m,
        distance_m=np.arange(5) * (length_m / 5),
        curvature=np.array(values),
        heading_deg=np.array(values[::-1]),
        speed_kmh=np.abs(values),
        source="gps",
        algo_version="1",
        x=np.array(values) if placed else None,
        y=np.array(values) if placed else None,
        origin=(50.5, -6.25) if placed else None,
        name=name,
        corners=tuple(corner(n, a, a, a, nominal=n % 2 == 0) for n, a in enumerate(apexes, 1)),
        sectors=(Sector(1, "One", 0.0, length_m / 3), Sector(2, "Two", length_m / 3, length_m)),
        laps_used=("a", "b"),
        flags=flags,
    )
    again = TrackModel.from_json(json.loads(json.dumps(made.to_json(), allow_nan=False)))
    assert same(made, again)


GOOD = track(corners=THREE, sectors=SECTORS).to_json()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"version": 2}, "its version is not 1, the only one read here."),
        ({"length_m": math.nan}, "'length_m' is not a number from 1 to 200000."),
        ({"length_m": "1000"}, "'length_m' is not a number from 1 to 200000."),
        ({"length_m": True}, "'length_m' is not a number from 1 to 200000."),
        ({"length_m": 900.0}, "'distance_m' does not increase from 0 to before the length."),
        ({"distance_m": [0.0] * 500}, "'distance_m' does not increase from 0 to before the length."),
        ({"distance_m": None}, "'distance_m' is not a list of 2 to 100,000 numbers."),
        ({"distance_m": [0.0] * 100_001}, "'distance_m' is not a list of 2 to 100,000 numbers."),
        ({"curvature": [0.0] * 499}, "'curvature' is not a list of 500 numbers."),
        ({"curvature": [math.nan] * 500}, "'curvature' is not finite everywhere."),
        ({"curvature": [10**400] * 500}, "'curvature' is not finite everywhere."),
        ({"curvature": ["1"] * 500}, "'curvature' does not hold numbers only."),
        ({"curvature": [[1.0]] * 500}, "'curvature' does not hold numbers only."),
        ({"x": [0.0] * 500}, "it has one of 'x' and 'y' only."),
        ({"source": ""}, "'source' is not a text of 1 to 200 characters."),
        ({"name": "x" * 201}, "'name' is not a text of 1 to 200 characters."),
        ({"origin": [1.0]}, "'origin' is not latitude and longitude."),
        ({"origin": [100.0, 0.0]}, "'latitude' is not a number from -90 to 90."),
        ({"flags": []}, "'flags' is not a JSON object."),
        ({"flags": {"a": [1]}}, "'value' is not a number from -1e+12 to 1e+12."),
        ({"laps_used": ["a"] * 501}, "'laps_used' is not a list of at most 500."),
        ({"corners": GOOD["corners"][::-1]}, "its corners are not in the order of their apexes."),
        ({"corners": [GOOD["corners"][0]] * 2}, "two of its corners have one number."),
        ({"sectors": GOOD["sectors"][:1]}, "its sectors do not follow each other from 0 to its length."),
        ({"sectors": [{**GOOD["sectors"][0], "end_m": 1000.0}, GOOD["sectors"][1]]},
         "its sectors do not follow each other from 0 to its length."),
        ({"sectors": [{**GOOD["sectors"][0], "number": 3}, GOOD["sectors"][1]]},
         "its sectors are not numbered 1, 2, 3 …."),
    ],
)  # fmt: skip
def test_nonsense_is_refused_with_what_is_wrong(change, reason):
    with pytest.raises(BadTrack) as refused:
        TrackModel.from_json({**GOOD, **change})
    assert str(refused.value) == f"this track model cannot be used: {reason}"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"apex_m": 99.0}, "its apex does not lie between its start and its end."),
        ({"apex_m": 1000.5}, "'apex_m' is not a number from 0 to 1000."),
        ({"number": 1.5}, "'number' is not a whole number."),
        ({"number": 0}, "'number' is not a number from 1 to 9999."),
        ({"direction": "up"}, "'direction' is not left or right, or 'nominal' not true or false."),
        ({"nominal": 1}, "'direction' is not left or right, or 'nominal' not true or false."),
    ],
)
def test_a_corner_that_is_none_is_refused(change, reason):
    with pytest.raises(BadTrack) as refused:
        TrackModel.from_json({**GOOD, "corners": [{**GOOD["corners"][0], **change}]})
    assert str(refused.value) == f"this track model's corner cannot be used: {reason}"


@pytest.mark.parametrize("data", [None, [], "{}", 3, [GOOD]])
def test_what_is_no_object_is_refused(data):
    with pytest.raises(BadTrack, match="it is not a JSON object"):
        TrackModel.from_json(data)


def test_straights_lie_between_corners_and_the_one_through_the_line_is_one():
    assert track(corners=THREE).straights == (
        Straight(1, "Straight 1", 200.0, 700.0),
        Straight(2, "Straight 2", 800.0, 100.0),
    )


def test_a_straight_after_a_corner_through_the_line_is_the_first():
    through = (corner(1, 400.0, 450.0, 500.0), corner(2, 950.0, 980.0, 30.0))
    assert track(corners=through).straights == (
        Straight(1, "Straight 1", 30.0, 400.0),
        Straight(2, "Straight 2", 500.0, 950.0),
    )


def test_without_corners_the_lap_is_one_straight():
    assert track().straights == (Straight(1, "Straight 1", 0.0, 1000.0),)


def test_one_corner_leaves_one_straight():
    assert track(corners=THREE[:1]).straights == (Straight(1, "Straight 1", 150.0, 100.0),)


def test_a_nominal_corner_interrupts_no_straight():
    kinked = (*THREE, corner(4, 880.0, 900.0, 920.0, nominal=True))
    assert track(corners=kinked).straights == track(corners=THREE).straights
    assert track(corners=kinked).corner_at(900.0).number == 4


def test_every_place_is_told_its_corner_straight_and_sector():
    places = np.array([-2.0, 0.0, 100.0, 149.9, 150.0, 200.0, 399.9, 400.0, 999.9, 1003.0, np.nan])
    corners, straights, sectors = track(corners=THREE, sectors=SECTORS).section_ids(places)
    assert corners.tolist() == [0, 0, 1, 1, 2, 0, 0, 0, 0, 0, 0]
    assert straights.tolist() == [2, 2, 0, 0, 0, 1, 1, 1, 2, 2, 0]
    assert sectors.tolist() == [1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 0]
    assert {ids.dtype for ids in (corners, straights, sectors)} == {np.dtype(np.int32)}


def test_every_place_is_in_a_corner_or_on_a_straight():
    through = (corner(1, 400.0, 450.0, 500.0), corner(2, 950.0, 980.0, 30.0))
    corners, straights, _ = track(corners=through).section_ids(np.arange(0.0, 1000.0, 0.7))
    assert np.all((corners > 0) != (straights > 0))
    assert track(corners=through).corner_at(10.0).name == "T2"
    assert track(corners=through).corner_at(300.0) is None


def test_a_track_that_does_not_close_has_no_straight_through_the_line():
    assert [(s.start_m, s.end_m) for s in track(corners=THREE, flags={"open": True}).straights] == [
        (0.0, 100.0),
        (200.0, 700.0),
        (800.0, 1000.0),
    ]
