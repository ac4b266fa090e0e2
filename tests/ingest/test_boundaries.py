from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ps_analytics.ingest.boundaries import LapCorrection, LapCut, LapStream, RunningLap, detect_laps
from ps_analytics.lap import LapKind

LAPS = [61.234567, 60.0, 62.5013]


def feed(stream: LapStream, frames: pl.DataFrame, sizes: list[int]) -> list[LapCut | LapCorrection]:
    """Everything the stream says when the frames come in messages of these sizes, over and over."""
    news: list[LapCut | LapCorrection] = []
    first, turn = 0, 0
    while first < len(frames):
        size = sizes[turn % len(sizes)]
        news += stream.feed(_columns(frames[first : first + size]))
        first, turn = first + size, turn + 1
    return news + stream.finish()


def _columns(frames: pl.DataFrame) -> dict[str, np.ndarray]:
    return {name: frames[name].cast(pl.Float64).to_numpy() for name in frames.columns}


def latest(news: list[LapCut | LapCorrection]) -> list[LapCut]:
    laps = {}
    for item in news:
        lap = item.lap if isinstance(item, LapCorrection) else item
        laps[lap.lap_number] = lap
    return list(laps.values())


def kinds(laps: list[LapCut]) -> list[str]:
    return [str(lap.kind) for lap in laps]


def test_laps_are_numbered_from_zero_before_the_first_crossing_and_only_whole_ones_are_timed(drive):
    laps = detect_laps(drive(LAPS).frames)
    assert [lap.lap_number for lap in laps] == [0, 1, 2, 3, 4]
    assert kinds(laps) == ["out", "timed", "timed", "timed", "partial"]
    assert [lap.valid for lap in laps] == [False, True, True, True, False]
    assert [lap.source_lap_number for lap in laps] == [1, 2, 3, 4, 5]


def test_the_time_the_source_states_is_the_lap_time_exactly(drive):
    laps = detect_laps(drive(LAPS).frames)
    assert [lap.lap_time_s for lap in laps] == [None, *LAPS, None]
    assert [lap.time_source for lap in laps] == ["none", "source", "source", "source", "none"]


@pytest.mark.parametrize(
    ("without", "source"),
    [
        (["last_lap_time"], "clock"),
        (["last_lap_time", "lap_time"], "position"),
        (["last_lap_time", "normalized_position"], "clock"),
        (["last_lap_time", "source_lap_number", "in_pit", "speed"], "clock"),
        (["last_lap_time", "normalized_position", "source_lap_number"], "clock"),
    ],
)
def test_without_a_stated_time_the_clock_or_the_position_gives_it_within_a_millisecond(drive, without, source):
    driven = drive(LAPS)
    laps = detect_laps(driven.frames.drop(without))
    timed = [lap for lap in laps if lap.kind is LapKind.TIMED]
    assert [lap.time_source for lap in timed] == [source] * 3
    # The pace changes by 4 % on the line itself: linear between two frames, that costs up to 0.17 ms a crossing.
    np.testing.assert_allclose([lap.lap_time_s for lap in timed], LAPS, atol=4e-4)
    np.testing.assert_allclose([lap.start_s for lap in laps[1:]], driven.crossings_s, atol=2e-4)


def test_a_lap_ends_where_the_next_begins(drive):
    laps = detect_laps(drive(LAPS).frames)
    assert [lap.end_s for lap in laps[:-1]] == [lap.start_s for lap in laps[1:]]


def test_a_lap_clock_in_whole_milliseconds_costs_at_most_one_millisecond(drive):
    driven = drive(LAPS, quantum_s=1e-3)
    timed = [lap for lap in detect_laps(driven.frames.drop("last_lap_time")) if lap.kind is LapKind.TIMED]
    np.testing.assert_allclose([lap.lap_time_s for lap in timed], LAPS, atol=1.001e-3)


@pytest.mark.parametrize("rate_hz", [5.0, 10.0, 25.0, 60.0, 333.0])
def test_any_frame_rate_finds_the_same_laps(drive, rate_hz):
    laps = detect_laps(drive(LAPS, rate_hz=rate_hz).frames.drop("last_lap_time"))
    assert kinds(laps) == ["out", "timed", "timed", "timed", "partial"]
    np.testing.assert_allclose([lap.lap_time_s for lap in laps[1:4]], LAPS, atol=5e-4)


@pytest.mark.parametrize("lag_s", [0.1, 0.5, 1.2, 1.9])
def test_a_clock_and_a_counter_that_lag_behind_the_line_are_the_same_crossing(drive, lag_s):
    laps = detect_laps(drive(LAPS, clock_lag_s=lag_s, counter_lag_s=lag_s).frames)
    assert [lap.lap_time_s for lap in laps] == [None, *LAPS, None]
    assert kinds(laps) == ["out", "timed", "timed", "timed", "partial"]


def test_a_time_stated_after_the_lap_was_closed_comes_as_a_correction(drive):
    driven = drive([70.0, 71.0], clock_lag_s=1.9)
    news = feed(LapStream(), driven.frames, [6])
    corrections = [item.lap for item in news if isinstance(item, LapCorrection)]
    assert [(lap.lap_number, lap.lap_time_s, lap.time_source, lap.valid) for lap in corrections] == [
        (1, 70.0, "source", True),
        (2, 71.0, "source", True),
    ]


def test_a_source_with_a_counter_and_a_clock_but_no_position_is_cut_at_the_line(drive):
    driven = drive(LAPS, counter_lag_s=0.05, first_count=0)
    laps = detect_laps(driven.frames.drop("normalized_position"))
    assert [lap.lap_time_s for lap in laps] == [None, *LAPS, None]
    np.testing.assert_allclose([lap.start_s for lap in laps[1:]], driven.crossings_s, atol=1e-9)


def test_frames_without_any_sign_of_a_line_are_one_partial_stretch(drive):
    frames = drive(LAPS).frames.select("timestamp", "speed")
    (lap,) = detect_laps(frames)
    assert (lap.kind, lap.lap_time_s, lap.valid, lap.lap_number) == (LapKind.PARTIAL, None, False, 0)
    assert (lap.start_s, lap.end_s) == (frames["timestamp"][0], frames["timestamp"][-1])


def test_no_frames_are_no_laps(drive):
    assert detect_laps(drive(LAPS).frames.clear()) == []


def test_a_lap_that_repeats_the_time_of_the_one_before_still_has_its_official_time(drive):
    laps = detect_laps(drive([60.0, 60.0]).frames)
    assert [(lap.lap_time_s, lap.time_source) for lap in laps[1:3]] == [(60.0, "source"), (60.0, "source")]


def with_pit(driven, *spans: tuple[float, float]) -> pl.DataFrame:
    time = pl.col("timestamp")
    inside = pl.any_horizontal([time.is_between(first, last) for first, last in spans])
    return driven.frames.with_columns(in_pit=inside)


def test_the_pits_at_its_ends_make_a_lap_out_or_in_and_pits_in_between_a_pit_lap(drive):
    driven = drive([60.0] * 6)
    c = driven.crossings_s
    frames = with_pit(driven, (c[1] - 5, c[1] + 5), (c[2] + 20, c[2] + 30), (c[3] + 30, c[3] + 40))
    assert kinds(detect_laps(frames)) == ["out", "in", "out", "pit", "pit", "timed", "timed", "partial"]


def test_the_last_stretch_is_an_in_lap_if_it_ends_in_the_pits(drive):
    driven = drive(LAPS)
    assert kinds(detect_laps(with_pit(driven, (driven.crossings_s[-1] + 10, 1e9))))[-1] == "in"


def test_a_lap_the_source_calls_invalid_is_timed_and_not_valid(drive):
    driven = drive(LAPS)
    c = driven.crossings_s
    frames = driven.frames.with_columns(lap_valid=~pl.col("timestamp").is_between(c[1] + 30, c[2] + 0.5))
    laps = detect_laps(frames)
    assert [lap.valid for lap in laps[1:4]] == [True, False, True]
    assert laps[2].valid_reason == "the source calls the lap invalid"
    assert laps[2].kind is LapKind.TIMED
    assert laps[2].flags == {"cut": True}


def test_a_lap_with_a_stop_of_more_than_a_second_is_not_valid(drive):
    driven = drive(LAPS)
    c = driven.crossings_s
    stop = pl.col("timestamp").is_between(c[1] + 30, c[1] + 31.5)
    laps = detect_laps(driven.frames.with_columns(speed=pl.when(stop).then(0.0).otherwise(pl.col("speed"))))
    assert [lap.valid_reason for lap in laps[1:4]] == [None, "the car stood still", None]
    assert laps[2].flags == {"stopped": True}


def test_a_lap_with_a_hole_of_more_than_three_hundredths_is_not_complete(drive):
    driven = drive(LAPS)
    c = driven.crossings_s
    laps = detect_laps(driven.frames.filter(~pl.col("timestamp").is_between(c[1] + 30, c[1] + 35)))
    assert [lap.valid_reason for lap in laps[1:4]] == [None, "the lap is not complete", None]
    assert laps[2].flags["gap_s"] == pytest.approx(5.0, abs=0.1)


def test_a_source_that_does_not_time_a_lap_makes_it_not_valid(drive):
    driven = drive(LAPS, clock_lag_s=0.4)
    c = driven.crossings_s
    untimed = pl.col("timestamp").is_between(c[2] + 0.4, c[3] + 0.4, closed="left")
    frames = driven.frames.with_columns(last_lap_time=pl.when(untimed).then(None).otherwise(pl.col("last_lap_time")))
    laps = detect_laps(frames)
    assert [lap.valid_reason for lap in laps[1:4]] == [None, "the source did not time the lap", None]
    assert laps[2].lap_time_s == pytest.approx(60.0, abs=1e-3)
    assert laps[2].time_source == "clock"


def test_a_recording_that_begins_on_the_line_begins_with_a_timed_lap(drive):
    driven = drive(LAPS)
    first = int(np.searchsorted(driven.frames["timestamp"].to_numpy(), driven.crossings_s[0]))
    laps = detect_laps(driven.frames[first:].drop("last_lap_time"))
    assert [(lap.lap_number, str(lap.kind)) for lap in laps] == [
        (1, "timed"),
        (2, "timed"),
        (3, "timed"),
        (4, "partial"),
    ]
    assert laps[0].start_s == pytest.approx(driven.crossings_s[0], abs=1e-9)
    assert laps[0].lap_time_s == pytest.approx(LAPS[0], abs=1e-9)


def test_a_start_from_rest_at_the_line_is_a_standing_lap_with_its_time(drive):
    driven = drive(LAPS)
    first = int(np.searchsorted(driven.frames["timestamp"].to_numpy(), driven.crossings_s[0]))
    run = driven.frames[first:]
    t0 = run["timestamp"][0]
    waiting = pl.DataFrame({"timestamp": t0 - np.arange(180, 0, -1) / 60}).with_columns(
        lap_time=0.0, last_lap_time=None, source_lap_number=run["source_lap_number"][0],
        normalized_position=run["normalized_position"][0], speed=0.0, in_pit=False,
    )  # fmt: skip
    laps = detect_laps(pl.concat([waiting.cast(run.schema), run]))
    assert kinds(laps) == ["standing", "timed", "timed", "partial"]
    assert laps[0].lap_time_s == LAPS[0]
    assert (laps[0].time_source, laps[0].valid) == ("source", True)


def test_frames_that_come_late_or_twice_are_skipped(drive):
    driven = drive(LAPS)
    expected = detect_laps(driven.frames)
    late = pl.when(pl.int_range(pl.len()) % 100 == 50).then(0.1).otherwise(0.0)
    shuffled = driven.frames.with_columns(pl.col("timestamp") - late)
    laps = detect_laps(pl.concat([shuffled[:500], shuffled[490:]]))
    assert [(a.lap_number, a.kind, a.lap_time_s) for a in laps] == [
        (b.lap_number, b.kind, b.lap_time_s) for b in expected
    ]


@pytest.mark.parametrize("column", ["lap_time", "normalized_position", "speed", "source_lap_number", "timestamp"])
def test_a_missing_value_now_and_then_changes_no_lap(drive, column):
    driven = drive(LAPS)
    holes = pl.int_range(pl.len()) % 7 == 3
    frames = driven.frames.with_columns(pl.when(holes).then(None).otherwise(pl.col(column)).alias(column))
    laps = detect_laps(frames)
    assert [lap.lap_time_s for lap in laps] == [None, *LAPS, None]
    assert [lap.valid for lap in laps] == [False, True, True, True, False]


@settings(max_examples=40)
@given(
    sizes=st.lists(st.integers(1, 3000), min_size=1, max_size=8),
    lap_times=st.lists(st.floats(12.0, 80.0), min_size=1, max_size=4),
    lag=st.sampled_from([0.0, 0.3, 1.29, 1.31, 1.9]),
    drop=st.sampled_from(
        [[], ["last_lap_time"], ["lap_time"], ["normalized_position"], ["normalized_position", "lap_time"]]
    ),
)
def test_however_a_stream_is_parted_it_gives_the_laps_of_the_batch(drive, sizes, lap_times, lag, drop):
    frames = drive(lap_times, rate_hz=20.0, clock_lag_s=lag, counter_lag_s=lag / 2).frames.drop(drop)
    assert latest(feed(LapStream(), frames, sizes)) == detect_laps(frames)


def test_a_lap_is_closed_within_one_and_a_half_seconds_of_the_line(drive):
    for lag_s in (0.0, 0.5, 1.9):
        driven = drive(LAPS, clock_lag_s=lag_s)
        stream, closed_at = LapStream(), []
        for first in range(0, len(driven.frames), 6):
            part = driven.frames[first : first + 6]
            closed_at += [part["timestamp"][-1] for item in stream.feed(part) if isinstance(item, LapCut)]
        delays = np.array(closed_at) - driven.crossings_s
        assert np.all((delays > 0) & (delays < 1.5))


def test_the_running_lap_is_known_at_any_time(drive):
    driven = drive(LAPS)
    stream = LapStream()
    assert stream.running is None
    stream.feed(driven.frames.filter(pl.col("timestamp") < 10.0))
    assert stream.running == RunningLap(0, 0.0, began_at_line=False)
    stream.feed(driven.frames.filter(pl.col("timestamp").is_between(10.0, 100.0)))
    assert stream.running.lap_number == 2
    assert stream.running.start_s == pytest.approx(driven.crossings_s[1])


@pytest.mark.parametrize("stop_s", [0.2, 2.0, 5.0, 30.0, 59.0])
@pytest.mark.parametrize("lag_s", [0.0, 1.9])
def test_a_restarted_process_goes_on_as_if_nothing_had_happened(drive, stop_s, lag_s):
    driven = drive([60.0, 61.0, 62.0], clock_lag_s=lag_s)
    frames, time = driven.frames, pl.col("timestamp")
    stop = driven.crossings_s[1] + stop_s
    before = LapStream()
    closed = list(latest(before.feed(frames.filter(time <= stop))))
    running = before.running
    after = LapStream(running=running, closed=closed[-1])
    news = after.feed(frames.filter(time.is_between(running.start_s - 3.0, stop)))
    news += after.feed(frames.filter(time > stop))
    news += after.finish()
    laps = {lap.lap_number: lap for lap in [*closed, *latest(news)]}
    assert list(laps.values()) == detect_laps(frames)


def test_a_lap_that_never_closes_keeps_a_bounded_stretch_of_frames():
    stream = LapStream()
    time = np.arange(0.0, 3600.0, 1 / 60)
    columns = {"timestamp": time, "speed": 100.0 + np.sin(time), "normalized_position": 0.2 + 0.1 * np.sin(time / 50)}
    for first in range(0, len(time), 60):
        assert stream.feed({name: values[first : first + 60] for name, values in columns.items()}) == []
    assert stream._window.frames.shape[1] < 3000


def test_the_laps_of_a_real_recording_have_the_times_it_states(shared_data: Path):
    frames = read_tsukuba(shared_data)
    laps = detect_laps(frames)
    assert kinds(laps) == ["out", "timed", "timed", "in"]
    assert [lap.source_lap_number for lap in laps] == [0, 1, 2, 3]
    np.testing.assert_allclose([lap.lap_time_s for lap in laps[1:3]], [25.914499, 23.9797], atol=1e-3)
    np.testing.assert_allclose([lap.start_s for lap in laps[1:]], [3.5855, 29.4971, 53.4757], atol=1e-3)
    without = detect_laps(frames.drop("last_lap_time"))
    np.testing.assert_allclose([lap.lap_time_s for lap in without[1:3]], [25.914499, 23.9797], atol=1e-3)
    by_position = detect_laps(frames.drop("last_lap_time", "lap_time"))
    np.testing.assert_allclose([lap.lap_time_s for lap in by_position[1:3]], [25.9115, 23.9786], atol=1e-3)
    assert latest(feed(LapStream(), frames, [6])) == laps


def read_tsukuba(folder: Path) -> pl.DataFrame:
    """The few columns of the iRacing recording that cutting needs, read by the byte layout of its header."""
    (path,) = (folder / "iracing_ibt").glob("formulavee_tsukuba*.ibt")
    raw = path.read_bytes()
    header = np.frombuffer(raw, dtype="<i4", count=28)
    count, variables, size, first = header[6], header[7], header[9], header[13]
    rows = np.frombuffer(raw, dtype="u1", offset=first).reshape(-1, size)
    dtypes = {1: "?", 2: "<i4", 3: "<u4", 4: "<f4", 5: "<f8"}
    names = {
        "SessionTime": "timestamp", "LapCurrentLapTime": "lap_time", "LapLastLapTime": "last_lap_time",
        "Lap": "source_lap_number", "LapDistPct": "normalized_position", "Speed": "speed", "OnPitRoad": "in_pit",
    }  # fmt: skip
    columns = {}
    for start in range(variables, variables + 144 * count, 144):
        kind, offset, _ = np.frombuffer(raw, dtype="<i4", count=3, offset=start)
        name = raw[start + 16 : start + 48].split(b"\0")[0].decode()
        if name in names:
            dtype = np.dtype(dtypes[int(kind)])
            columns[names[name]] = rows[:, offset : offset + dtype.itemsize].copy().view(dtype)[:, 0]
    frames = pl.DataFrame(columns)
    return frames.with_columns(
        pl.col("timestamp") - frames["timestamp"][0],
        pl.when(pl.col("last_lap_time") > 0).then(pl.col("last_lap_time")),
        pl.col("speed") * 3.6,
    )
