"""The harness's own sums, on laps made by hand."""

from ps_analytics.ingest.laps import LapCut
from ps_analytics.lap import LapKind
from ps_analytics.simulate.session import LapTruth
from tests.bench.scores import score_laps


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
