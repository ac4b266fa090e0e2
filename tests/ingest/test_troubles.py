"""Pauses, restarts, flashbacks, holes and clocks that were set: the laps stay those that were driven."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ps_analytics.ingest.boundaries import LapCorrection, LapCut, LapStream, detect_laps
from ps_analytics.lap import LapKind
from ps_analytics.simulate.scenario import draw

LAPS = [61.234567, 60.0, 62.5013]


def feed(frames: pl.DataFrame, sizes: list[int]) -> list[LapCut]:
    """The laps of a stream whose messages have these sizes, over and over."""
    stream, first, turn = LapStream(), 0, 0
    news: list[LapCut | LapCorrection] = []
    while first < len(frames):
        size = sizes[turn % len(sizes)]
        news += stream.feed(frames[first : first + size])
        first, turn = first + size, turn + 1
    laps = {}
    for item in news + stream.finish():
        lap = item.lap if isinstance(item, LapCorrection) else item
        laps[lap.lap_number] = lap
    return list(laps.values())


def times(laps: list[LapCut]) -> list[float | None]:
    return [lap.lap_time_s for lap in laps]


def kinds(laps: list[LapCut]) -> list[str]:
    return [str(lap.kind) for lap in laps]


def row_at(frames: pl.DataFrame, time_s: float) -> int:
    return int(np.searchsorted(frames["timestamp"].to_numpy(), time_s))


def later(frames: pl.DataFrame, by_s: float) -> pl.DataFrame:
    return frames.with_columns(pl.col("timestamp") + by_s)


def paused(frames: pl.DataFrame, at_s: float, seconds: float, *, sends: bool) -> pl.DataFrame:
    """The stream of a game that stood still; if it `sends`, the same frame again and again."""
    row = row_at(frames, at_s)
    stamps = frames["timestamp"][row - 1] + np.arange(1, round(seconds * 60) + 1) / 60
    frozen = pl.concat([frames[row - 1 : row]] * len(stamps)).with_columns(timestamp=pl.Series(stamps))
    return pl.concat([frames[:row], *([frozen] if sends else []), later(frames[row:], len(stamps) / 60)])


@pytest.mark.parametrize("sends", [True, False])
@pytest.mark.parametrize("seconds", [1.0, 7.0, 50.0])
@pytest.mark.parametrize("without", [[], ["last_lap_time"], ["last_lap_time", "normalized_position"]])
def test_a_pause_takes_no_time(drive, sends, seconds, without):
    driven = drive(LAPS)
    frames = paused(driven.frames.drop(without), driven.crossings_s[1] + 20.0, seconds, sends=sends)
    laps = detect_laps(frames)
    np.testing.assert_allclose(times(laps)[1:4], LAPS, atol=1e-9)
    assert [dict(lap.flags) for lap in laps[1:4]] == [{}, {"paused": True}, {}]
    assert [lap.valid for lap in laps[1:4]] == [True] * 3
    assert laps[2].end_s - laps[2].start_s == pytest.approx(LAPS[1] + seconds, abs=1e-3)


def test_a_wait_with_the_engine_running_takes_its_time(drive):
    driven = drive(LAPS)
    row = row_at(driven.frames, driven.crossings_s[1] + 20.0)
    wait = np.arange(1, 601) / 60
    still = pl.concat([driven.frames[row - 1 : row]] * 600).with_columns(
        timestamp=driven.frames["timestamp"][row - 1] + wait,
        lap_time=driven.frames["lap_time"][row - 1] + wait,
        speed=0.0,
    )
    moved = later(driven.frames[row:], 10.0).drop("last_lap_time")
    here = row_at(moved, driven.crossings_s[2] + 10.0)
    clock = np.where(np.arange(len(moved)) < here, moved["lap_time"].to_numpy() + 10.0, moved["lap_time"].to_numpy())
    laps = detect_laps(
        pl.concat(
            [driven.frames[:row].drop("last_lap_time"), still.drop("last_lap_time"), moved.with_columns(lap_time=clock)]
        )
    )
    np.testing.assert_allclose(times(laps)[1:4], [LAPS[0], LAPS[1] + 10.0, LAPS[2]], atol=1e-6)
    assert [lap.valid_reason for lap in laps[1:4]] == [None, "the car stood still", None]


@pytest.mark.parametrize("seconds", [30.0, 3.0, -0.4, -3.0])
@pytest.mark.parametrize("without", [[], ["last_lap_time"]])
def test_a_clock_that_is_set_leaves_the_lap_clock_to_tell_the_time(drive, seconds, without):
    driven = drive(LAPS)
    row = row_at(driven.frames, driven.crossings_s[1] + 20.0)
    frames = pl.concat([driven.frames[:row], later(driven.frames[row:], seconds)]).drop(without)
    laps = detect_laps(frames)
    assert kinds(laps) == ["out", "timed", "timed", "timed", "partial"]
    np.testing.assert_allclose(times(laps)[1:4], LAPS, atol=1e-9)
    assert [lap.valid for lap in laps[1:4]] == [True] * 3
    assert laps[2].start_s == pytest.approx(driven.crossings_s[1], abs=1e-3)
    assert laps[3].start_s == pytest.approx(driven.crossings_s[2] + seconds, abs=1e-3)


@pytest.mark.parametrize("seconds", [-3600.0, -6.0, 61.0, 86400.0])
def test_a_clock_that_is_set_too_far_begins_anew(drive, seconds):
    driven = drive(LAPS)
    row = row_at(driven.frames, driven.crossings_s[1] + 20.0)
    laps = detect_laps(pl.concat([driven.frames[:row], later(driven.frames[row:], seconds)]))
    assert kinds(laps) == ["out", "timed", "partial", "out", "timed", "partial"]
    assert times(laps) == [None, LAPS[0], None, None, LAPS[2], None]


def flashback(frames: pl.DataFrame, at_s: float, back_s: float, *, steps: int = 1) -> pl.DataFrame:
    """The stream of a driver who goes back and on from there; in `steps` the car is seen driving backwards."""
    row, again = row_at(frames, at_s), row_at(frames, at_s - back_s)
    shown = np.linspace(row - 1, again, steps + 1)[1:-1].astype(int)
    rows = [*range(row), *shown.tolist(), *range(again, len(frames))]
    return frames[rows].with_columns(timestamp=pl.Series(np.arange(len(rows)) / 60))


@pytest.mark.parametrize("steps", [1, 60])
@pytest.mark.parametrize(("at_s", "back_s"), [(20.0, 5.0), (50.0, 45.0), (3.0, 2.0)])
@pytest.mark.parametrize("without", [[], ["last_lap_time"]])
def test_a_flashback_takes_its_seconds_back_as_the_game_does(drive, at_s, back_s, without, steps):
    driven = drive(LAPS)
    frames = flashback(driven.frames.drop(without), driven.crossings_s[1] + at_s, back_s, steps=steps)
    laps = detect_laps(frames)
    assert kinds(laps) == ["out", "timed", "timed", "timed", "partial"]
    np.testing.assert_allclose(times(laps)[1:4], LAPS, atol=1e-6)
    assert [dict(lap.flags) for lap in laps[1:4]] == [{}, {"rewound": True}, {}]
    assert [lap.valid_reason for lap in laps[1:4]] == [None, "part of it was driven again after a flashback", None]


def test_a_flashback_without_a_position_is_told_by_the_lap_clock(drive):
    driven = drive(LAPS)
    frames = flashback(driven.frames.drop("normalized_position", "last_lap_time"), driven.crossings_s[1] + 30.0, 10.0)
    laps = detect_laps(frames)
    np.testing.assert_allclose(times(laps)[1:4], LAPS, atol=1e-6)
    assert [lap.flags.get("rewound", False) for lap in laps[1:4]] == [False, True, False]


def test_without_a_lap_clock_nobody_knows_the_time_of_a_lap_with_a_flashback(drive):
    driven = drive(LAPS)
    frames = flashback(driven.frames.drop("lap_time", "last_lap_time"), driven.crossings_s[1] + 30.0, 10.0)
    laps = detect_laps(frames)
    assert kinds(laps) == ["out", "timed", "partial", "out", "timed", "partial"]
    np.testing.assert_allclose(
        [lap.lap_time_s for lap in laps if lap.kind is LapKind.TIMED], [LAPS[0], LAPS[2]], atol=1e-3
    )


def test_a_flashback_over_the_line_takes_the_lap_back(drive):
    driven = drive(LAPS)
    laps = detect_laps(flashback(driven.frames, driven.crossings_s[2] + 3.0, 8.0))
    assert kinds(laps) == ["out", "timed", "timed", "partial", "out", "timed", "partial"]
    assert [(lap.lap_number, lap.valid_reason) for lap in laps if lap.kind is LapKind.TIMED] == [
        (1, None),
        (2, "a flashback took back its end"),
        (5, None),
    ]


def restarted(frames: pl.DataFrame, at_s: float, *, wait_s: float, count: int) -> pl.DataFrame:
    """The stream of a session that is loaded anew and begins at rest on the line."""
    row = row_at(frames, at_s)
    again = frames[row_at(frames, 18.4) :]  # the first line of `drive(LAPS)` is crossed after 18.37 s
    begins = frames["timestamp"][row] + wait_s
    standing = (
        pl.concat([again[:1]] * 180)
        .with_columns(timestamp=begins + np.arange(180) / 60, lap_time=0.0, speed=0.0, last_lap_time=None)
        .cast(frames.schema)
    )
    follows = again.with_columns(pl.col("timestamp") - again["timestamp"][0] + begins + 3.0)
    return pl.concat(
        [frames[:row], pl.concat([standing, follows]).with_columns(pl.col("source_lap_number") - 2 + count)]
    )


@pytest.mark.parametrize("wait_s", [0.02, 3.0, 20.0])
@pytest.mark.parametrize("count", [1, 3])
def test_a_restart_breaks_the_lap_and_starts_from_rest(drive, wait_s, count):
    driven = drive(LAPS)
    laps = detect_laps(restarted(driven.frames, driven.crossings_s[1] + 30.0, wait_s=wait_s, count=count))
    assert kinds(laps) == ["out", "timed", "partial", "standing", "timed", "timed", "partial"]
    assert times(laps)[1] == LAPS[0]
    assert times(laps)[4:6] == LAPS[1:]
    assert "gap_s" not in laps[3].flags


def test_breaks_right_after_each_other_are_one(drive):
    driven = drive(LAPS)
    at = row_at(driven.frames, driven.crossings_s[1] + 20.0)
    stretches = [driven.frames[at : at + 30].with_columns(normalized_position=p) for p in (0.7, 0.1, 0.5)]
    rows = pl.concat([driven.frames[:at], *stretches, driven.frames[at + 90 :]])
    laps = detect_laps(
        rows.with_columns(timestamp=pl.Series(np.arange(len(rows)) / 60)).drop("lap_time", "last_lap_time")
    )
    assert kinds(laps) == ["out", "timed", "partial", "out", "timed", "partial"]


@pytest.mark.parametrize("seconds", [0.9, 1.9])
def test_a_line_in_a_hole_is_where_the_lap_clock_says(drive, seconds):
    driven = drive(LAPS)
    line = driven.crossings_s[1]
    frames = driven.frames.filter(~pl.col("timestamp").is_between(line - seconds / 2, line + seconds / 2))
    laps = detect_laps(frames.drop("last_lap_time"))
    np.testing.assert_allclose(times(laps)[1:4], LAPS, atol=1e-6)
    assert laps[2].flags["gap_s"] == pytest.approx(seconds, abs=0.05)


def test_a_line_in_a_long_hole_is_not_guessed_from_positions(drive):
    driven = drive(LAPS)
    line = driven.crossings_s[1]
    frames = driven.frames.filter(~pl.col("timestamp").is_between(line - 2.0, line + 2.0))
    laps = detect_laps(frames.drop("last_lap_time", "lap_time"))
    assert kinds(laps) == ["out", "partial", "out", "timed", "partial"]
    assert times(laps)[3] == pytest.approx(LAPS[2], abs=1e-3)


def test_a_hole_of_more_than_a_lap_leaves_no_lap_of_double_length(drive):
    driven = drive(LAPS)
    line = driven.crossings_s[1]
    frames = driven.frames.filter(~pl.col("timestamp").is_between(line - 30.0, line + 25.0))
    laps = detect_laps(frames)
    assert all(lap.lap_time_s is None or lap.lap_time_s in LAPS for lap in laps)


def test_a_position_that_flickers_on_the_line_crosses_it_once(drive):
    driven, rng = drive([30.0071] * 8), np.random.default_rng(3)
    position = driven.frames["normalized_position"].to_numpy()
    near = np.minimum(position, 1 - position) < 0.02
    flickers = (position + near * rng.normal(0.0, 0.003, len(position))) % 1.0
    frames = driven.frames.with_columns(normalized_position=flickers)
    for without in (["last_lap_time"], ["last_lap_time", "lap_time"]):
        laps = detect_laps(frames.drop(without))
        assert kinds(laps) == ["out", *["timed"] * 8, "partial"]
        np.testing.assert_allclose(times(laps)[1:9], 30.0071, atol=1e-6 if "lap_time" not in without else 0.02)


@pytest.mark.parametrize("seed", range(4))
def test_a_noisy_position_without_a_lap_clock_tells_laps_to_a_few_milliseconds(drive, seed):
    driven, rng = drive([60.0] * 6, length_m=3000.0), np.random.default_rng(seed)
    noisy = (driven.frames["normalized_position"].to_numpy() + rng.normal(0.0, 0.5 / 3000, len(driven.frames))) % 1.0
    laps = detect_laps(driven.frames.with_columns(normalized_position=noisy).drop("last_lap_time", "lap_time"))
    assert kinds(laps) == ["out", *["timed"] * 6, "partial"]
    off_ms = 1000 * np.abs(np.array(times(laps)[1:7]) - 60.0)
    assert np.median(off_ms) < 2.0
    assert off_ms.max() < 6.0  # two frames alone: 0.5 m / 50 m/s is 10 ms a crossing


def test_a_lap_clock_that_knows_no_laps_is_flagged_and_left_out(drive):
    driven = drive(LAPS)
    frames = driven.frames.with_columns(lap_time=pl.col("timestamp") + 5.0).drop("last_lap_time")
    laps = detect_laps(frames)
    np.testing.assert_allclose(times(laps)[1:4], LAPS, atol=4e-4)
    assert [lap.flags.get("lap_time_untrusted") for lap in laps[1:4]] == [True] * 3


def test_a_constant_position_leaves_the_line_to_the_counter(drive):
    driven = drive(LAPS, first_count=0)
    laps = detect_laps(driven.frames.with_columns(normalized_position=0.0))
    assert times(laps) == [None, *LAPS, None]


def test_frames_out_of_order_and_doubled_are_put_right(drive):
    driven, rng = drive(LAPS), np.random.default_rng(1)
    place = np.arange(len(driven.frames)) + np.where(rng.random(len(driven.frames)) < 0.05, rng.uniform(1, 10), 0)
    frames = driven.frames[np.argsort(place)]
    doubled = frames[np.repeat(np.arange(len(frames)), 1 + (rng.random(len(frames)) < 0.1))]
    assert detect_laps(doubled) == detect_laps(driven.frames)


@settings(max_examples=25)
@given(
    seed=st.integers(0, 9_999),
    sizes=st.lists(st.integers(1, 4000), min_size=1, max_size=8),
    trouble=st.sampled_from(["pause", "flashback", "restart", "clock", "back", "hole", "late"]),
    at_s=st.floats(20.0, 170.0),
    drop=st.sampled_from([[], ["last_lap_time"], ["lap_time", "last_lap_time"], ["normalized_position"]]),
)
def test_a_troubled_stream_parted_anyhow_gives_the_laps_of_the_batch(drive, seed, sizes, trouble, at_s, drop):
    driven, rng = drive(LAPS, rate_hz=60.0), np.random.default_rng(seed)
    row = row_at(driven.frames, at_s)
    frames = {
        "pause": lambda: paused(driven.frames, at_s, 4.0, sends=bool(seed % 2)),
        "flashback": lambda: flashback(driven.frames, at_s, 0.9 * min(at_s - 18.4, 9.0), steps=1 + seed % 40),
        "restart": lambda: restarted(driven.frames, at_s, wait_s=2.0, count=1 + seed % 3),
        "clock": lambda: pl.concat([driven.frames[:row], later(driven.frames[row:], 5.0)]),
        "back": lambda: pl.concat([driven.frames[:row], later(driven.frames[row:], -7.0 if seed % 2 else -1.0)]),
        "hole": lambda: driven.frames.filter(~pl.col("timestamp").is_between(at_s, at_s + 3.0)),
        "late": lambda: driven.frames[
            np.argsort(np.arange(len(driven.frames)) + rng.uniform(0, 12, len(driven.frames)))
        ],
    }[trouble]().drop(drop)
    assert feed(frames, sizes) == detect_laps(frames)


@pytest.mark.parametrize("seed", [26, 30, 38])
def test_a_drawn_session_parted_anyhow_gives_the_laps_of_the_batch(seed):
    frames = draw(seed).session.frames
    assert feed(frames, [7, 300, 1, 4001]) == detect_laps(frames)


def test_a_restart_right_after_the_line_does_not_call_the_lap_untimed(drive):
    driven = drive(LAPS, clock_lag_s=0.9)
    frames = driven.frames.with_columns(pl.col("last_lap_time").shift(180))  # stated 3 s later than the clock restarts
    restart = restarted(frames, driven.crossings_s[2] + 2.5, wait_s=1.0, count=1)
    lap = next(lap for lap in detect_laps(restart) if lap.lap_number == 2)
    assert (lap.valid, lap.time_source) == (True, "clock")
    assert lap.lap_time_s == pytest.approx(LAPS[1], abs=1e-3)
