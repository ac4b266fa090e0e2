"""Corner lists: their forms, and what they do to a track."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ps_analytics.analysis.corner_lists import (
    CornerList,
    ListedCorner,
    read_corner_list,
    read_corner_lists,
    with_corner_list,
)
from ps_analytics.errors import BadTrack
from ps_analytics.track import Direction, TrackModel
from tests.analysis.test_track_known import FOUR, drawn

HOUSE = {
    "corner_list": 1,
    "track": "Ring",
    "length_m": 1500.0,
    "corners": [
        {"number": 1, "name": "Hook", "direction": "right", "start_m": 170.0, "apex_m": 195.0, "end_m": 230.0},
        {"number": 2, "name": "Pond", "direction": "left", "apex_m": 510.0},
        {"number": 3, "name": "Kink", "direction": "left", "apex_m": 700.0},
        {"number": 4, "name": "Bank", "direction": "right", "apex_m": 905.0},
        {"number": 5, "name": "Last", "direction": "right", "apex_m": 1290.0},
    ],
    "sectors": [{"name": "A", "end_m": 600.0}, {"name": "B", "end_m": 1500.0}],
}


def test_the_house_s_form_is_read() -> None:
    found = read_corner_list(json.dumps(HOUSE))
    assert found.tracks == ("Ring",)
    assert found.length_m == 1500.0
    assert found.corners[0] == ListedCorner("Hook", 195.0, 170.0, 230.0, 1, Direction.RIGHT)
    assert found.corners[1] == ListedCorner("Pond", 510.0, number=2, direction=Direction.LEFT)
    assert found.sector_ends_m == (600.0,)
    assert found.is_complete
    assert read_corner_list(HOUSE, track="whatever the store calls it") == found


def test_lovely_s_form_is_read_in_shares_of_the_lap() -> None:
    found = read_corner_list(
        {
            "name": "Ring",
            "trackId": "ring",
            "length": 2000,
            "turn": [
                {"name": "Hook", "marker": 0.25, "start": 0.2, "end": 0.3, "direction": 1, "scale": 2},
                {"start": 0.5, "end": 0.6},
                {"naem": "nowhere"},
            ],
            "sector": [{"name": "1", "marker": 0.4}, {"name": "2", "marker": 1}],
        }
    )
    assert found.tracks == ("Ring", "ring")
    assert found.corners == (
        ListedCorner("Hook", 500.0, 400.0, 600.0, None, Direction.RIGHT),
        ListedCorner(None, 1100.0, 1000.0, 1200.0, is_range=True),
    )
    assert found.sector_ends_m == (800.0,)
    assert not found.is_complete


def test_crewchief_s_landmarks_are_read_by_any_of_a_track_s_names() -> None:
    data = {
        "TrackLandmarksData": [
            {
                "rf2TrackNames": ["Ring", "Ring GP"],
                "irTrackName": "ring gp",
                "approximateTrackLength": 2000,
                "trackLandmarks": [
                    {"landmarkName": "the_hook", "distanceRoundLapStart": 210, "distanceRoundLapEnd": 310}
                ],
            },
            {"pcarsTrackName": "Other", "trackLandmarks": []},
        ]
    }
    found = read_corner_list(data, track="RING GP")
    assert found.tracks == ("Ring", "Ring GP", "ring gp")
    assert found.corners == (ListedCorner("The Hook", 260.0, 210.0, 310.0, is_range=True),)
    with pytest.raises(BadTrack) as refused:
        read_corner_list(data, track="Othr")
    assert str(refused.value) == "this corner list cannot be used: it has no track 'Othr'. Did you mean 'Other'?"
    with pytest.raises(BadTrack, match="it holds 2 tracks: say which one"):
        read_corner_list(data)


def test_the_form_of_lmu_is_read_layout_by_layout() -> None:
    corner = {"name": "T1", "apex": 90.0, "start": 70.0, "end": 120.0, "direction": "Right", "connect_next": True}
    found = read_corner_lists({"Ring": {"Default": [corner], "Short": [corner]}, "Empty": {}})
    assert [one.tracks for one in found] == [("Ring",), ("Ring – Short",)]
    assert found[0].corners == (ListedCorner("T1", 90.0, 70.0, 120.0, None, Direction.RIGHT),)


def test_raceiq_s_segments_are_read() -> None:
    found = read_corner_list(
        {
            "name": "Ring",
            "sectors": {"s1End": 0.3, "s2End": 0.6},
            "segments": [
                {"type": "corner", "name": "Hook", "direction": "left", "startFrac": 0.1, "endFrac": 0.2},
                {"type": "straight", "name": "", "startFrac": 0.2, "endFrac": 0.5},
            ],
        }
    )
    assert found.length_m == 1.0
    assert found.corners[0].start_m == 0.1
    assert found.sector_ends_m == (0.3, 0.6)


def test_a_list_names_and_numbers_the_corners_and_adds_what_nobody_turns_at() -> None:
    track = with_corner_list(drawn(*FOUR), read_corner_list(HOUSE))
    assert [(c.number, c.name, c.nominal) for c in track.corners] == [
        (1, "Hook", False),
        (2, "Pond", False),
        (3, "Kink", True),
        (4, "Bank", False),
        (5, "Last", False),
    ]
    assert [corner.apex_m for corner in track.corners] == pytest.approx([200, 500, 700, 900, 1300], abs=20)
    assert [sector.end_m for sector in track.sectors] == [600.0, 1500.0]
    assert TrackModel.from_json(json.loads(json.dumps(track.to_json()))).corners == track.corners


def test_a_list_put_on_twice_changes_nothing_more() -> None:
    once = with_corner_list(drawn(*FOUR), read_corner_list(HOUSE))
    assert with_corner_list(once, read_corner_list(HOUSE)).corners == once.corners


def test_a_corner_the_list_does_not_have_is_numbered_after_all_of_it() -> None:
    track = with_corner_list(drawn(*FOUR, (1100, 40)), read_corner_list(HOUSE))
    assert [(c.number, c.name) for c in track.corners][-2:] == [(6, "T4a"), (5, "Last")]


def test_named_stretches_name_the_corners_within_and_leave_their_numbers() -> None:
    stretches = CornerList(("Ring",), None, (ListedCorner("Esses", 350.0, 150.0, 550.0, is_range=True),))
    track = with_corner_list(drawn(*FOUR), stretches)
    assert [(c.number, c.name) for c in track.corners] == [(1, "Esses"), (2, "Esses"), (3, "T3"), (4, "T4")]


@pytest.mark.parametrize("shift_m", [-120.0, 100.0])
def test_a_list_whose_line_lies_elsewhere_is_shifted(shift_m: float) -> None:
    listed = read_corner_list(HOUSE)
    moved = tuple(replace(c, apex_m=(c.apex_m + shift_m) % 1500, start_m=None, end_m=None) for c in listed.corners)
    track = with_corner_list(drawn(*FOUR), replace(listed, corners=moved, sector_ends_m=()))
    assert [c.name for c in track.corners] == ["Hook", "Pond", "Kink", "Bank", "Last"]
    assert track.flags["list_shift_m"] == pytest.approx(-shift_m, abs=25)


def test_a_list_of_another_length_or_another_track_is_refused() -> None:
    listed = read_corner_list(HOUSE)
    with pytest.raises(BadTrack) as refused:
        with_corner_list(drawn(*FOUR, length_m=1700.0), listed)
    assert str(refused.value) == "this corner list cannot be used: its lap is 1500 m long and the track 1700 m."
    elsewhere = tuple(replace(corner, direction=Direction.LEFT) for corner in listed.corners)
    with pytest.raises(BadTrack, match="the track turns at 1 of its 5 corners only"):
        with_corner_list(drawn(*FOUR), replace(listed, corners=elsewhere))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("{", "it is not JSON."),
        (b"\xff\xfe\x00", "it is not JSON."),
        ("[" * 100_000, "it is not JSON."),
        ("[1]", "it is not a JSON object."),
        ("{}", "it holds 0 tracks: say which one."),
        ({"corner_list": 2, "corners": []}, "its version is not 1, the only one read here."),
        ({**HOUSE, "length_m": math.nan}, "'length_m' is not a number from 1 to 200000."),
        ({**HOUSE, "track": ""}, "'track' is not a text of 1 to 200 characters."),
        ({**HOUSE, "corners": [{}] * 501}, "'corners' is not a list of at most 500."),
        ({**HOUSE, "corners": [{"name": "T1"}]}, "a corner has neither an apex nor a start and an end."),
        ({**HOUSE, "corners": [{"apex_m": math.inf}]}, "'apex_m' is not a number from 0 to 200000."),
        ({**HOUSE, "corners": [{"apex_m": 1e4}]}, "a corner lies beyond the lap's 1500 m."),
        ({**HOUSE, "corners": [{"apex_m": 1.0, "name": ["T1"]}]}, "'name' is not a text of 1 to 200 characters."),
        ({**HOUSE, "corners": ["T1"]}, "it is not a JSON object."),
        ({"turn": [{"marker": 0.5, "direction": [1]}], "length": "long"}, "'length' is not a number from 1 to 200000."),
        ({"Ring": 3}, "it is none of the forms read here."),
    ],
)  # fmt: skip
def test_nonsense_is_refused_with_what_is_wrong(data: object, reason: str) -> None:
    with pytest.raises(BadTrack) as refused:
        read_corner_list(data)
    assert str(refused.value) == f"this corner list cannot be used: {reason}"


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=12,
)
KEYS = ("corner_list", "track", "length_m", "corners", "sectors", "turn", "sector", "TrackLandmarksData", "segments")


@given(st.dictionaries(st.sampled_from(KEYS), json_values, max_size=4) | json_values)
def test_any_json_is_read_or_refused(data: object) -> None:
    try:
        found = read_corner_lists(data)
    except BadTrack:
        return
    for one in found:
        assert all(math.isfinite(corner.apex_m) for corner in one.corners)


def test_a_shift_is_not_sought_among_noise() -> None:
    track = with_corner_list(drawn(*FOUR), read_corner_list(HOUSE))
    assert "list_shift_m" not in track.flags
    assert np.array_equal(track.curvature, drawn(*FOUR).curvature)
