"""Bytes become a batch or a `WireError` that says where they are wrong; scales are the catalogue's on one side only."""

import numpy as np
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ps_analytics.errors import WireError
from ps_analytics.proto import telemetry_pb2
from ps_analytics.proto.codec import (
    MAX_BYTES,
    MAX_CHANNELS,
    MISSING_INT,
    Batch,
    Extra,
    decode,
    encode,
    from_frame,
    to_catalog,
)


def a_batch() -> Batch:
    return Batch(
        "s",
        "test",
        np.array([10, 20, 30]),
        {"throttle": np.array([0, 0.5, 1], np.float32), "gear": np.array([-1, 0, MISSING_INT], np.int32),
         "lap_time_ms": np.array([1, 2, 83_456], np.int32), "lap_number": np.array([7, 7, 8], np.int32)},
        {"fuel": Extra(np.array([3, np.nan, 2], np.float32), "l", 10.0)},
        first_seq=5,
        track="Ring",
    )  # fmt: skip


def message(**fields: object) -> telemetry_pb2.TelemetryBatch:
    return telemetry_pb2.TelemetryBatch(**{"session_id": "s", "source": "t", "timestamp_us": [1, 2], **fields})


def test_the_wires_scale_becomes_the_catalogues() -> None:
    columns = {name: values.tolist() for name, values in to_catalog(a_batch()).items()}
    assert columns["throttle"] == [0.0, 50.0, 100.0]
    assert columns["lap_time"] == pytest.approx([0.001, 0.002, 83.456])
    assert columns["source_lap_number"] == [7.0, 7.0, 8.0]
    assert columns["gear"][:2] == [-1.0, 0.0]
    assert np.isnan(columns["gear"][2])
    assert columns["timestamp_us"] == [10, 20, 30]
    assert "lap_number" not in columns


def test_a_frame_becomes_the_wires_scale() -> None:
    frame = pl.DataFrame(
        {"timestamp": [0.0, 0.1], "throttle": [25.0, None], "gear": [3, None], "lap_time": [1.2344, 1.2346],
         "source_lap_number": [4, 5], "lap_number": [0, 1], "fuel": [1.5, None], "in_pit": [True, False],
         "latitude": [47.123456789, None]}
    )  # fmt: skip
    batch = from_frame(frame, timestamp_us=np.array([1, 2]), session_id="s", source="t", rate_hz=10.0, car="Kart")
    assert batch.columns["throttle"].tolist()[0] == 0.25
    assert np.isnan(batch.columns["throttle"][1])
    assert batch.columns["gear"].tolist() == [3, MISSING_INT]
    assert batch.columns["lap_time_ms"].tolist() == [1234, 1235]
    assert batch.columns["lap_number"].tolist() == [4, 5]
    assert (sorted(batch.extras), batch.car) == (["fuel", "in_pit", "latitude"], "Kart")
    assert (batch.extras["fuel"].unit, batch.extras["latitude"].values[0]) == ("l", 47.123456789)
    assert batch.extras["in_pit"].values.tolist() == [1.0, 0.0]


def test_a_batch_survives_the_wire() -> None:
    sent, read = a_batch(), decode(encode(a_batch()))
    assert (read.session_id, read.source, read.track, read.first_seq, read.next_seq) == ("s", "test", "Ring", 5, 8)
    for name, values in sent.columns.items():
        np.testing.assert_array_equal(read.columns[name], values)
    np.testing.assert_array_equal(read.extras["fuel"].values, sent.extras["fuel"].values)


def test_what_is_not_a_number_or_huge_is_missing() -> None:
    values = [1.0, float("nan"), float("inf"), -float("inf"), 1.1e30, -1e30]
    read = decode(message(timestamp_us=range(6), speed=values).SerializeToString())
    assert read.columns["speed"][0] == 1.0
    assert np.isnan(read.columns["speed"][1:5]).all()
    assert read.columns["speed"][5] == np.float32(-1e30)


@pytest.mark.parametrize(
    ("name", "unit", "dtype", "signalling"),
    [("fuel", "l", "<u4", 0x7F80_0001), ("latitude", "deg", "<u8", 0x7FF0_0000_0000_0001)],
)
def test_a_signalling_nan_comes_out_quiet(name: str, unit: str, dtype: str, signalling: int) -> None:
    """Its first use in a calculation would raise a floating-point exception."""
    real = dtype.replace("u", "f")
    odd = np.array([signalling, 0], dtype).view(real)
    read = decode(encode(Batch("s", "test", np.array([1, 2]) + 10**15, {}, {name: Extra(odd, unit, 60.0)})))
    assert read.extras[name].values.view(dtype)[0] == np.array(np.nan, real).view(dtype)
    assert np.isnan(to_catalog(read)[name][0])


@pytest.mark.parametrize("rate_hz", [float("nan"), float("inf"), -60.0, 1e9])
def test_a_rate_that_cannot_be_one_is_unknown(rate_hz: float) -> None:
    read = decode(message(rate_hz=rate_hz, channels=[channel(rate_hz=rate_hz)]).SerializeToString())
    assert (read.rate_hz, read.extras["fuel"].rate_hz) == (0.0, 0.0)  # 0 is the schema's "not set"


def channel(name: str = "fuel", **fields: object) -> telemetry_pb2.Channel:
    return telemetry_pb2.Channel(**{"name": name, "values": [1, 2], **fields})


@pytest.mark.parametrize(
    ("payload", "field", "reason"),
    [
        (b"\x00" * (MAX_BYTES + 1), "payload", f"{MAX_BYTES + 1} bytes, the limit is {MAX_BYTES}"),
        (b"\xff", "payload", "not a protobuf message"),
        (b"", "timestamp_us", "no frames"),
        (message(timestamp_us=[]).SerializeToString(), "timestamp_us", "no frames"),
        (message(timestamp_us=[-1, 2]).SerializeToString(), "timestamp_us", "a time before 1970 or after 4253"),
        (message(timestamp_us=[1, 2**56]).SerializeToString(), "timestamp_us", "a time before 1970 or after 4253"),
        (message(session_id="").SerializeToString(), "session_id", "empty"),
        (message(source="").SerializeToString(), "source", "empty"),
        (message(track="x" * 65).SerializeToString(), "track", "a text of 65 characters"),
        (message(car="a\nb").SerializeToString(), "car", "at most 64 printable ones are allowed"),
        (message(first_seq=2**62).SerializeToString(), "first_seq", "out of range"),
        (message(speed=[1, 2, 3]).SerializeToString(), "speed", "3 values for 2 frames"),
        (message(gear=[1]).SerializeToString(), "gear", "1 values for 2 frames"),
        (message(channels=[channel(values=[1])]).SerializeToString(), "fuel", "1 values for 2 frames"),
        (message(channels=[channel(values=[])]).SerializeToString(), "fuel", "0 values for 2 frames"),
        (message(channels=[channel(), channel()]).SerializeToString(), "channels.name", "'fuel' is empty, repeated"),
        (message(channels=[channel("")]).SerializeToString(), "channels.name", "'' is empty"),
        (message(channels=[channel("speed")]).SerializeToString(), "channels.name", "one of the ten"),
        (message(channels=[channel("lap_time")]).SerializeToString(), "channels.name", "one of the ten"),
        (message(channels=[channel("x" * 65)]).SerializeToString(), "channels.name", "a text of 65 characters"),
        (message(channels=[channel(unit="\t")]).SerializeToString(), "channels.unit", "a text of 1 characters"),
        (
            message(channels=[channel(str(n)) for n in range(MAX_CHANNELS + 1)]).SerializeToString(),
            "channels",
            "1025 channels, the limit is 1024",
        ),
        (message().SerializeToString() + b"\x8a\x01\x03abc", "throttle", "3 bytes are not whole values of 4"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_bytes_are_refused_by_name(payload: bytes, field: str, reason: str) -> None:
    with pytest.raises(WireError) as caught:
        decode(payload)
    assert caught.value.field == field
    assert reason in caught.value.reason


GOOD = encode(a_batch())


def batch_or_wire_error(payload: bytes) -> None:
    try:
        batch = decode(payload)
    except WireError:
        return
    assert all(len(values) == len(batch) for values in batch.columns.values())
    assert all(len(extra.values) == len(batch) for extra in batch.extras.values())
    assert 0 <= batch.first_seq < 2**62
    encode(batch)


@settings(max_examples=500)
@given(st.binary(max_size=300))
def test_random_bytes_are_a_batch_or_a_wire_error(payload: bytes) -> None:
    batch_or_wire_error(payload)


@settings(max_examples=1000)
@given(
    cut=st.integers(0, len(GOOD)),
    changes=st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), max_size=5),
    more=st.binary(max_size=20),
)
@example(cut=len(GOOD), changes=[], more=b"")
def test_mutated_bytes_are_a_batch_or_a_wire_error(cut: int, changes: list[tuple[int, int]], more: bytes) -> None:
    payload = bytearray(GOOD)
    for place, value in changes:
        payload[place] = value
    batch_or_wire_error(bytes(payload[:cut]) + more)


def sent(names: dict[str, list[float]], frames: int = 2) -> Batch:
    """A batch as received, with these channels; latitude and longitude travel as doubles."""
    times = np.arange(frames, dtype=np.int64)
    extras = {
        name: Extra(np.array(values, np.float64 if name in ("latitude", "longitude") else np.float32), "x", 9.0)
        for name, values in names.items()
    }
    return decode(encode(Batch("s", "t", times, {}, extras)))


def test_channels_keep_their_order_and_their_width() -> None:
    batch = sent({"a": [1, 2], "latitude": [47.123456789, 0], "b": [3, 4], "longitude": [5, 6], "c": [7, 8]})
    assert list(batch.extras) == ["a", "latitude", "b", "longitude", "c"]
    assert [extra.values.tolist()[0] for extra in batch.extras.values()] == [1.0, 47.123456789, 3.0, 5.0, 7.0]
    assert batch.extras["latitude"].values.dtype == np.float64
    assert (batch.extras["b"].unit, batch.extras["b"].rate_hz, len(batch.extras)) == ("x", 9.0, 5)
    assert batch.extras.get("d") is None
    taken = batch.taken(slice(1, 2))
    assert {name: extra.values.tolist() for name, extra in taken.extras.items()} == {
        "a": [2.0], "latitude": [0.0], "b": [4.0], "longitude": [6.0], "c": [8.0]
    }  # fmt: skip


def test_the_same_channels_follow_each_other_in_one_go() -> None:
    first, second = sent({"a": [1, 2], "latitude": [3, 4]}), sent({"a": [5, 6], "latitude": [7, 8]})
    both = first.extras.followed_by([second.extras])
    assert {name: extra.values.tolist() for name, extra in both.items()} == {
        "a": [1.0, 2.0, 5.0, 6.0], "latitude": [3.0, 4.0, 7.0, 8.0]
    }  # fmt: skip
    assert first.extras.followed_by([sent({"a": [5, 6]}).extras]) is None
