"""Everything the issue calls bad input, between good frames that must survive it."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from ps_analytics.ingest.timeline import DATED, LATE, RESTLESS, STRAY, UNDATED
from ps_analytics.proto import telemetry_pb2
from ps_analytics.proto.codec import MAX_BYTES, encode

DAY_US = 86_400_000_000
LAPS = [20.0, 21.5]


@pytest.fixture
def batches(drive, to_batches):
    return to_batches(drive(LAPS).frames)


def expect_good_laps(house, frames: int | None = None) -> None:
    """The laps are those driven, and so many frames are there, every one in a lap."""
    house.fall_silent()
    timed = house.laps().filter(kind="timed")
    assert len(house.store.find_sessions()) == 1
    np.testing.assert_allclose(timed["lap_time_s"], LAPS, atol=1e-3)
    assert timed["valid"].all()
    if frames is not None:
        assert len(house.rows()) == frames == house.laps()["frames"].sum()


def count(batches) -> int:
    return sum(len(batch) for batch in batches)


def message(**fields) -> bytes:
    """A batch of two frames as any program might write it."""
    given = {"session_id": "race", "source": "test", "timestamp_us": [1, 2], "rate_hz": 60.0, **fields}
    return telemetry_pb2.TelemetryBatch(**given).SerializeToString()


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (
            message(channels=[telemetry_pb2.Channel(name="timestamp", values=[1, 2])]),
            "field 'channels.name': 'timestamp' is empty, repeated or one of the ten",
        ),
        (np.random.default_rng(1).bytes(500), "field 'payload': not a protobuf message"),
        (b"\0" * (MAX_BYTES + 1), f"field 'payload': {MAX_BYTES + 1} bytes, the limit is {MAX_BYTES}"),
        (message(speed=[1.0]), "field 'speed': 1 values for 2 frames"),
        (message(source=""), "field 'source': empty"),
        (message(first_seq=77), "field 'first_seq': its sequence numbers are not those of the message"),
        (
            message(channels=[telemetry_pb2.Channel(name=f"c{n}", values=[1, 2]) for n in range(1025)]),
            "field 'channels': 1025 channels, the limit is 1024",
        ),
        (
            message(channels=[telemetry_pb2.Channel(name="x" * 65, values=[1, 2])]),
            "field 'channels.name': a text of 65 characters, at most 64 printable ones are allowed",
        ),
    ],
    ids=["clock", "noise", "oversized", "unequal", "nameless", "misnumbered", "many channels", "long name"],
)
def test_a_message_that_is_no_batch_is_set_aside_between_good_ones(house, batches, payload, reason):
    house.send(batches[:100])
    house.put(payload, 2)
    house.send(batches[100:])
    ((source, said, kept),) = house.dead_letters()
    assert source == f"collector {house.publisher.topic}"
    assert reason in said
    assert kept == payload[: 256 * 1024]
    expect_good_laps(house, count(batches))


def test_noise_before_anything_good_is_set_aside_too(house, batches):
    house.put(b"noise", 3)
    house.send(batches)
    assert len(house.dead_letters()) == 1
    expect_good_laps(house, count(batches))


def test_a_message_that_lies_about_its_numbers_hides_no_good_frame(house, batches):
    house.send(batches[:100])
    first = house.publisher._next_seq
    house.put(b"noise", 2**40)
    house.publisher._next_seq = first
    house.send(batches[100:])
    assert len(house.dead_letters()) == 1
    expect_good_laps(house, count(batches))


def test_values_that_are_none_are_missing(house, batches):
    bad = {"speed": np.float32([np.nan, np.inf, -np.inf, 2e30, -2e30, 100.0]), "rpm": np.full(6, np.nan, "<f4")}
    sent = [*batches[:50], replace(batches[50], columns={**batches[50].columns, **bad}), *batches[51:]]
    house.send(sent)
    assert house.query("SELECT speed, rpm FROM telemetry_frame WHERE seq BETWEEN 300 AND 305 ORDER BY seq") == [
        (None, None), (None, None), (None, None), (None, None), (None, None), (100.0, None),
    ]  # fmt: skip
    expect_good_laps(house, count(batches))
    out = house.store.read_lap(house.laps()["lap_id"][0], ["speed"]).frames["speed"]
    assert out[300:306].to_list() == [None] * 5 + [100.0]
    assert house.dead_letters() == []


def test_values_outside_their_range_are_kept_and_flagged(house, batches):
    columns = {**batches[50].columns, "speed": np.full(6, 900.0, "<f4")}
    house.send([*batches[:50], replace(batches[50], columns=columns), *batches[51:]])
    expect_good_laps(house, count(batches))
    first = house.laps().row(0, named=True)
    assert first["flags"] == ["out_of_range"]
    assert house.store.read_lap(first["lap_id"], ["speed"]).frames["speed"].max() == 900.0


@pytest.mark.parametrize("again", [1, 2])
def test_frames_that_come_again_under_new_numbers_are_ignored(house, batches, again):
    sent = [batch for place, batch in enumerate(batches) for batch in [batch] * (1 + again * (place % 10 == 3))]
    house.send(sent)
    expect_good_laps(house, count(batches))
    assert house.dead_letters() == []


def test_frames_doubled_within_a_batch_are_ignored(house, batches):
    house.send([batch.taken(np.repeat(np.arange(len(batch)), 2)) for batch in batches])
    expect_good_laps(house, count(batches))
    assert house.dead_letters() == []


def test_frames_with_the_same_time_stamp_and_other_values_are_all_kept(house, batches):
    coarse = [replace(batch, timestamp_us=batch.timestamp_us // 15_625 * 15_625) for batch in batches]
    house.send(coarse)
    expect_good_laps(house, count(batches))


def test_order_is_mended_within_a_batch_and_between_batches(house, batches):
    rng = np.random.default_rng(5)
    shuffled = [batch.taken(rng.permutation(len(batch))) for batch in batches]
    for place in range(10, len(shuffled) - 10, 10):
        shuffled[place], shuffled[place + 1] = shuffled[place + 1], shuffled[place]
    house.send(shuffled)
    expect_good_laps(house, count(batches))
    for lap_id in house.laps()["lap_id"]:
        assert house.store.read_lap(lap_id, ["speed"]).frames["timestamp"].is_sorted()
    assert house.dead_letters() == []


def test_a_late_frame_of_a_sealed_lap_still_gets_into_it(house, drive, to_batches):
    driven = drive(LAPS)
    line = int(np.searchsorted(driven.frames["timestamp"], driven.crossings_s[1]))
    near = to_batches(driven.frames[line - 20 : line + 120], size=1)
    near.insert(32, near.pop(19))  # the last frame before the line comes after twelve behind it
    house.send(to_batches(driven.frames[: line - 20]))
    for batch in near:
        house.send([batch])
    assert house.laps()["sealed"].to_list() == [True, True, False]
    house.send(to_batches(driven.frames[line + 120 :]))
    expect_good_laps(house, len(driven.frames))


def test_frames_too_late_to_be_put_in_order_are_set_aside(house, batches):
    sent = [*batches[:100], replace(batches[60], columns=batches[61].columns), *batches[100:]]
    house.send(sent)
    ((source, reason, payload),) = house.dead_letters()
    assert (source, reason) == ("test", LATE)
    assert payload == encode(replace(sent[100], first_seq=600))
    expect_good_laps(house, count(batches))


@pytest.mark.parametrize("days", [-3, 2, 400])
def test_frames_dated_far_from_their_arrival_are_set_aside_and_their_neighbours_stay(house, batches, days):
    time_us = batches[100].timestamp_us.copy()
    time_us[2:4] += days * DAY_US
    odd = replace(batches[100], timestamp_us=time_us)
    whole = replace(batches[101], timestamp_us=batches[101].timestamp_us + days * DAY_US)
    house.send([*batches[:100], odd, whole, *batches[102:]])
    letters = house.dead_letters()
    assert {reason for _, reason, _ in letters} == {DATED}
    assert len(letters) == 2
    expect_good_laps(house, count(batches) - 8)


def test_frames_of_a_replay_may_be_as_old_as_they_like_and_not_from_the_next_century(house, drive, to_batches):
    old = to_batches(drive(LAPS).frames, start_us=1_000_000, live=False)
    house.send(old)
    expect_good_laps(house, count(old))
    house.send(to_batches(drive([20.0]).frames[:12], start_us=5_000_000_000_000_000, live=False, session_id="later"))
    assert {reason for _, reason, _ in house.dead_letters()} == {UNDATED}


@pytest.mark.parametrize("ahead_s", [3600.0, 61.0, -3600.0])
def test_a_lone_frame_far_off_the_clock_is_set_aside(house, batches, ahead_s):
    time_us = batches[100].timestamp_us.copy()
    time_us[2] += round(ahead_s * 1e6)
    house.send([*batches[:100], replace(batches[100], timestamp_us=time_us), *batches[101:]])
    ((_, reason, _),) = house.dead_letters()
    assert reason == STRAY
    expect_good_laps(house, count(batches) - 1)


def test_a_clock_that_jumps_to_and_fro_makes_few_sessions(house, drive, to_batches):
    batch = to_batches(drive([20.0]).frames[:300], size=300)[0]
    rng = np.random.default_rng(2)
    house.send([replace(batch, timestamp_us=batch.timestamp_us + rng.permutation(300) * 10_000_000)])
    assert len(house.store.find_sessions()) <= 5
    reasons = {reason for _, reason, _ in house.dead_letters()}
    assert RESTLESS in reasons
    assert reasons <= {RESTLESS, STRAY, LATE}


def test_channels_beyond_a_thousand_in_one_session_are_refused(house, drive, to_batches):
    frames = drive(LAPS).frames
    house.send(to_batches(frames)[:100])
    many = frames[600:606].with_columns(**{f"c{n}": pl.lit(1.0) for n in range(700)})
    more = frames[606:612].with_columns(**{f"d{n}": pl.lit(1.0) for n in range(700)})
    house.send([*to_batches(many), *to_batches(more)])
    house.send(to_batches(frames)[102:])
    assert [reason for _, reason, _ in house.dead_letters()] == ["more than 1,024 channels in one session"]
    expect_good_laps(house, len(frames) - 6)
