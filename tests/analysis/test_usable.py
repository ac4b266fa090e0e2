"""Only laps that tell something count: whole, valid, timed, and driven for the time."""

from dataclasses import replace

import pytest

from ps_analytics.analysis.usable import pick_usable, why_uncounted, why_unusable
from ps_analytics.lap import Lap, LapKind
from tests.analysis.laps import drive_evenly, lap_from, values_of


def test_a_timed_valid_lap_with_telemetry_is_usable() -> None:
    assert why_unusable(drive_evenly(60.0)) is None
    assert why_uncounted(drive_evenly(60.0)) is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"kind": LapKind.OUT}, "an out lap"),
        ({"kind": LapKind.PIT}, "a pit lap"),
        ({"kind": LapKind.PARTIAL, "lap_time_s": None}, "a partial lap"),
        ({"lap_time_s": None}, "no lap time"),
        ({"lap_time_s": 0.0}, "no lap time"),
        ({"lap_time_s": float("nan")}, "no lap time"),
        ({"valid": False, "valid_reason": "cut"}, "not valid: cut"),
        ({"valid": False}, "not valid"),
        ({"flags": {"race_start": True}}, "a race's first lap"),
    ],
)
def test_a_lap_that_does_not_count_says_why(changes: dict[str, object], reason: str) -> None:
    lap = replace(drive_evenly(60.0), **changes)  # type: ignore[arg-type]
    assert why_uncounted(lap) == reason
    assert why_unusable(lap) == reason
    assert pick_usable([lap]) == []


def test_a_lap_made_to_count_by_the_user_counts() -> None:
    overruled = replace(drive_evenly(60.0), valid=True, valid_reason="cut")
    assert pick_usable([overruled]) == [overruled]


def test_a_lap_slower_than_the_best_by_more_than_an_eighth_or_so_is_left_out() -> None:
    best, near, slow = drive_evenly(60.0), drive_evenly(67.19, lap_number=2), drive_evenly(67.21, lap_number=3)
    assert pick_usable([slow, near, best]) == [near, best]
    assert pick_usable([slow, near, best], within=1.2) == [slow, near, best]
    assert why_unusable(drive_evenly(72.0), 60.0) == "20% slower than the best"


def test_a_faster_lap_that_does_not_count_decides_nothing() -> None:
    cut = replace(drive_evenly(40.0), valid=False)
    honest = drive_evenly(60.0, lap_number=2)
    assert pick_usable([cut, honest]) == [honest]


def with_hole(lap: Lap, first_s: float, last_s: float) -> Lap:
    since = values_of(lap, "lap_time")
    keep = (since < first_s) | (since > last_s)
    columns = {name: values_of(lap, name)[keep] for name in lap.traces}
    return lap_from(columns, lap_time_s=lap.lap_time_s, start_s=lap.start_s)


def test_a_long_gap_hides_a_corner_wherever_it_lies() -> None:
    lap = drive_evenly(60.0, length_m=1500.0)
    assert why_unusable(with_hole(lap, 20.0, 21.2)) == "1.2 s of its telemetry are missing"
    assert why_unusable(with_hole(lap, -1.0, 1.5)) == "1.5 s of its telemetry are missing"
    assert why_unusable(with_hole(lap, 58.0, 61.0)) == "2.0 s of its telemetry are missing"
    assert why_unusable(with_hole(lap, 20.0, 20.9)) is None


def test_a_fast_car_hides_one_in_less_time() -> None:
    fast = with_hole(drive_evenly(60.0, length_m=6000.0), 30.0, 30.7)  # 100 m/s there
    assert why_unusable(fast) == "72 m of its telemetry are missing"
    slow = with_hole(drive_evenly(60.0, length_m=3000.0), 30.0, 30.7)
    assert why_unusable(slow) is None


def test_a_gap_the_recording_tells_of_counts_too() -> None:
    assert why_unusable(replace(drive_evenly(60.0), flags={"gap_s": 1.4})) == "1.4 s of its telemetry are missing"
    assert why_unusable(replace(drive_evenly(60.0), flags={"gap_s": 0.8})) is None


def test_a_lap_of_times_only_counts_and_teaches_nothing() -> None:
    lap = replace(drive_evenly(60.0), traces={})
    assert why_uncounted(lap) is None
    assert why_unusable(lap) == "lap 1 has a time and no telemetry"


def test_a_clock_that_runs_backwards_is_refused() -> None:
    lap = drive_evenly(60.0)
    backwards = lap_from(
        {"timestamp": values_of(lap, "timestamp")[::-1], "speed": values_of(lap, "speed")}, lap_time_s=60.0
    )
    assert why_unusable(backwards) == "the clock of lap 1 runs backwards"


def test_a_plain_frame_counts_if_it_holds_a_whole_lap() -> None:
    frame = drive_evenly(60.0).frames
    half = frame.head(len(frame) // 2)
    assert pick_usable([half, frame]) == [frame]
    assert why_unusable(half) is not None
    assert why_unusable(frame.head(2)) == "the frame has 2 samples"


def test_nothing_usable_is_an_empty_list() -> None:
    assert pick_usable([]) == []
    assert pick_usable([replace(drive_evenly(60.0), valid=False)]) == []


def test_a_lap_of_another_length_than_most_is_none_however_fast() -> None:
    short = drive_evenly(40.0, length_m=2000.0, lap_number=9)
    honest = [drive_evenly(60.0 + n, lap_number=n) for n in (1, 2, 3)]
    assert pick_usable([short, *honest]) == honest
