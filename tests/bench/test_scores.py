"""The harness's own sums, on laps made by hand."""

import numpy as np
import polars as pl

from ps_analytics.ingest.laps import LapCut
from ps_analytics.lap import LapKind
from ps_analytics.simulate.circuit import generate
from ps_analytics.simulate.session import LapTruth
from ps_analytics.track import Corner, Direction, TrackModel
from tests.bench.corners import match_corners
from tests.bench.scores import score_laps
from tests.bench.sessions import split_sessions


def driven(number: int, start_s: float, time_s: float, **change: object) -> LapTruth:
    fields = {"lap_number": number, "kind": LapKind.TIMED, "valid": True, "lap_time_s": time_s}
    return LapTruth(**(fields | {"start_s": start_s, "end_s": start_s + time_s} | change))  # type: ignore[arg-type]


def found(start_s: float, time_s: float, **change: object) -> LapCut:
    fields = {
        "lap_number": 1,
        "source_lap_number": 1,
        "start_s": start_s,
        "end_s": start_s + time_s,
        "lap_time_s": time_s,
        "time_source": "clock",
        "kind": LapKind.TIMED,
        "valid": True,
        "valid_reason": None,
    }
    return LapCut(**(fields | change))  # type: ignore[arg-type]


TRUTH = [driven(1, 10.0, 60.0), driven(2, 70.0, 61.0), driven(3, 131.0, 59.0, valid=False)]


def test_laps_found_where_they_were_driven_match_and_the_rest_is_missed_or_false() -> None:
    score = score_laps(TRUTH, [found(10.05, 60.001), found(71.0, 60.0)])
    assert (score.true, score.found, score.matched) == (2, 2, 1)
    assert score.derived_s == (60.001 - 60.0,)
    assert score.missed == ("lap 2 70.00–131.00 (61.000 s): timed 71.00–131.00, 60.0 s by clock",)
    assert score.false == ("timed 71.00–131.00, 60.0 s by clock",)


def test_a_lap_that_does_not_count_is_false_when_it_is_found_to_count() -> None:
    score = score_laps(TRUTH, [found(131.0, 59.0)])
    assert (score.found, score.matched) == (1, 0)
    assert score_laps(TRUTH, [found(131.0, 59.0, valid=False)]).found == 0
    assert score_laps(TRUTH, [found(10.0, 60.0, kind=LapKind.OUT)]).found == 0


def test_a_best_lap_is_wrong_if_it_was_not_driven_or_another_was_faster_by_more_than_2_ms() -> None:
    right, slower = found(10.0, 60.0), found(70.0, 61.0)
    assert score_laps(TRUTH, [right, slower]).wrong_best is None
    assert score_laps(TRUTH, [slower]).wrong_best == "found 61.000 s (driven 61.000 s), the best is 60.000 s"
    assert score_laps(TRUTH, [right, found(131.0, 59.0)]).wrong_best == "59.000 s was never driven, the best is 60.0 s"
    assert score_laps(TRUTH, []).wrong_best == "none found, 60.000 s driven"
    near = [driven(1, 10.0, 60.0), driven(2, 70.0, 60.0015)]
    assert score_laps(near, [found(10.0, 60.002), found(70.0, 60.0015)]).wrong_best is None


def test_a_doubtful_lap_counts_on_neither_side() -> None:
    truth = [driven(1, 10.0, 60.0), driven(2, 70.0, 58.0, doubtful=True)]
    for laps in ([found(10.0, 60.0)], [found(10.0, 60.0), found(70.0, 58.0)], [found(10.0, 60.0), found(72.0, 56.5)]):
        score = score_laps(truth, laps)
        assert (score.true, score.found, score.matched) == (1, 1, 1)
    assert score_laps(truth, [found(10.0, 60.0), found(70.0, 58.0)]).wrong_best is None
    assert score_laps(truth, [found(10.0, 60.0), found(72.0, 56.5)]).wrong_best is not None


def test_stated_and_derived_times_are_told_apart() -> None:
    score = score_laps(TRUTH, [found(10.0, 60.0, time_source="source"), found(70.0, 61.0, lap_time_s=61.25)])
    assert score.stated_s == (0.0,)
    assert score.derived_s == (0.25,)


def test_a_corner_matches_one_of_its_direction_near_it_and_only_one() -> None:
    circuit = generate("Test", seed=5, length_m=2400, corners=8)
    corners = [corner(n, c.apex_m + 3.0, c.direction > 0) for n, c in enumerate(circuit.corners, 1)]
    wrong_way = corner(9, circuit.corners[0].apex_m, circuit.corners[0].direction < 0)
    twice = corner(10, circuit.corners[1].apex_m + 9.0, circuit.corners[1].direction > 0)
    pairs = match_corners(track(2400.0, [wrong_way, twice, *corners]), circuit)
    assert sorted((true, place) for place, true, _ in pairs) == [(n, n + 2) for n in range(8)]
    assert all(abs(away - 3.0) < 1e-6 for _, _, away in pairs)


def test_corners_of_a_track_learned_a_little_longer_lie_where_they_are() -> None:
    circuit = generate("Test", seed=5, length_m=2400, corners=8)
    longer = [corner(c.number, 1.01 * c.apex_m, c.direction > 0) for c in circuit.corners]
    assert max(abs(away) for _, _, away in match_corners(track(2424.0, longer), circuit)) < 1e-6


def corner(number: int, apex_m: float, right: bool) -> Corner:
    direction = Direction.RIGHT if right else Direction.LEFT
    return Corner(number, f"T{number}", direction, apex_m - 10, apex_m, apex_m + 10)


def track(length_m: float, corners: list[Corner]) -> TrackModel:
    none = np.zeros(1)
    return TrackModel(length_m, none, none, none, none, source="position", algo_version="1", corners=tuple(corners))


def test_a_session_is_cut_where_its_clock_goes_far_back_or_is_silent_for_long() -> None:
    stamps = [0.0, 1.0, 61.5, 62.0, 58.0, 59.0, 50.0, 50.1]
    parts = split_sessions(pl.DataFrame({"timestamp": stamps}))
    assert [part["timestamp"].to_list() for part in parts] == [[0.0, 1.0], [61.5, 62.0, 58.0, 59.0], [50.0, 50.1]]
