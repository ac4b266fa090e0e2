"""One lap is read channel by channel, sealed or still being driven, damaged or whole."""

from contextlib import nullcontext

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from ps_analytics.errors import CorruptTrace, NotFound, UnknownChannel
from ps_analytics.lap import LapKind, Trace
from ps_analytics.store.models import LapTrace
from ps_analytics.store.store import Store
from ps_analytics.store.traces import pack, unpack
from tests.store.stream import START_US, at, batch, drive, received, seal


def sealed_lap(store: Store) -> str:
    _, laps = drive(store)
    seal(store, laps)
    return laps[1].id


def test_a_lap_comes_with_what_is_known_of_it(store: Store) -> None:
    session, laps = drive(store, track="Ring", car="Kart")
    seal(store, laps)
    lap = store.read_lap(laps[1].id)
    assert (lap.session_id, lap.lap_number, lap.lap_time_s, lap.time_source) == (session.id, 1, 2.0, "clock")
    assert (lap.kind, lap.valid, lap.started_us, lap.ended_us) == (LapKind.TIMED, True, at(200), at(400))
    assert (lap.session_started_us, lap.start_s, lap.track, lap.car) == (START_US, 2.0, "Ring", "Kart")


def test_a_frame_is_in_the_catalogues_names_units_and_types(store: Store) -> None:
    frames = store.read_lap(sealed_lap(store)).frames
    assert dict(frames.schema) == {
        "timestamp": pl.Float64, "lap_time": pl.Float64, "latitude": pl.Float64, "throttle": pl.Float32,
        "gear": pl.Float32, "speed": pl.Float32, "oil_temp": pl.Float32, "ballast": pl.Float32,
        "distance": pl.Float32, "lap_number": pl.Int32,
    }  # fmt: skip
    assert frames.row(1, named=True) | {"distance": None} == {
        "timestamp": 2.01, "lap_time": pytest.approx(2.01, abs=1e-6), "latitude": 47.0000201, "throttle": 100.0,
        "gear": 1.0, "speed": 201.0, "oil_temp": 91.0, "ballast": None, "distance": None, "lap_number": 1,
    }  # fmt: skip


def test_only_the_channels_asked_for_are_read(store: Store) -> None:
    lap_id = sealed_lap(store)
    lap = store.read_lap(lap_id, ["gear", "speed"])
    assert lap.channels == ["timestamp", "gear", "speed"]
    assert lap.channel("gear")["gear"].to_list() == [float(n % 10) for n in range(200, 400)]
    whole = store.read_lap(lap_id)
    assert lap.frames["gear"].equals(whole.frames["gear"])
    assert whole.channels == ["timestamp", "lap_time", "latitude", "throttle", "gear", "speed", "oil_temp", "ballast"]


def test_a_lap_that_is_still_driven_reads_in_the_same_shape(store: Store) -> None:
    with store.transaction() as transaction:
        session = transaction.open_session(source="test", started_us=START_US)
        transaction.write_batches(session, received([batch(0, 50), batch(50, 50)]))
        lap = transaction.open_lap(session, lap_number=1, started_us=at(20))
    driven = store.read_lap(lap.id)
    some = store.read_lap(lap.id, ["speed", "gear"])
    with store.transaction() as transaction:
        transaction.close_lap(lap.id, ended_us=at(100))
    closed = store.read_lap(lap.id)
    seal(store, [lap])
    sealed = store.read_lap(lap.id)
    assert driven.ended_us is None
    assert driven.frames["speed"].to_list() == [float(n) for n in range(20, 100)]
    assert driven.channels == sealed.channels
    assert sealed.frames.equals(driven.frames)
    assert sealed.frames.equals(closed.frames)
    assert some.channels == ["timestamp", "gear", "speed"]
    with pytest.raises(UnknownChannel, match="Did you mean 'speed'"):
        store.read_lap(lap.id, ["sped"])


def test_a_lap_just_opened_has_no_rows(store: Store) -> None:
    with store.transaction() as transaction:
        session = transaction.open_session(source="test", started_us=START_US)
        lap = transaction.open_lap(session, lap_number=0, started_us=at(0))
    assert store.read_lap(lap.id).frames.is_empty()


def test_distance_can_be_asked_for_where_the_source_has_none(store: Store) -> None:
    lap = store.read_lap(sealed_lap(store), ["throttle", "distance"])
    assert lap.channels == ["timestamp", "distance", "throttle"]
    metres = [0.0]
    for number in range(201, 400):  # trapezoids of 10 ms at the frame's number in km/h
        metres.append(metres[-1] + (number - 0.5) / 3.6 * 0.01)
    assert lap.frames["distance"].to_list() == pytest.approx(metres, rel=1e-6)


def test_distance_follows_the_position_where_the_track_is_known(store: Store) -> None:
    with store.transaction() as transaction:
        session = transaction.open_session(source="test", started_us=START_US, track="Ring")
        lap = transaction.open_lap(session, lap_number=1, started_us=at(0), ended_us=at(4), kind="timed")
        position = np.array([0.999, 0.25, 0.5, 0.999, 0.001], np.float32)
        transaction.write_traces(lap.id, [Trace("normalized_position", None, 100.0, 0.0, position)])
        transaction._connection.execute(
            text("INSERT INTO track (id, user_id, name, length_m) VALUES ('t', 'anna', 'Ring', 2000), "
                 "('u', 'ben', 'Ring', 999)")
        )  # fmt: skip
    frames = store.read_lap(lap.id).frames
    assert frames["distance"].to_list() == pytest.approx([-2.0, 500.0, 1000.0, 1998.0, 2002.0], abs=1e-3)


def test_a_lap_without_speed_and_position_has_no_distance(store: Store) -> None:
    with store.transaction() as transaction:
        session = transaction.open_session(source="test", started_us=START_US)
        lap = transaction.open_lap(session, lap_number=1, started_us=at(0), ended_us=at(4))
        transaction.write_traces(lap.id, [Trace("gear", None, 100.0, 0.0, np.zeros(4, np.float32))])
    assert store.read_lap(lap.id, ["gear", "timestamp", "lap_number"]).frames.columns == [
        "timestamp", "gear", "lap_number"
    ]  # fmt: skip
    with pytest.raises(UnknownChannel, match="no channel 'distance'"):
        store.read_lap(lap.id, ["distance"])


def test_channels_of_different_rates_keep_their_own_clock_and_share_one_on_request(store: Store) -> None:
    with store.transaction() as transaction:
        session = transaction.open_session(source="ld", started_us=START_US)
        lap = transaction.open_lap(session, lap_number=1, started_us=at(200), ended_us=at(300))
        transaction.write_traces(
            lap.id,
            [
                Trace("speed", "km/h", 4.0, 2.0, np.array([0, 10, 20, 30], np.float32)),
                Trace("gear", None, 2.0, 2.1, np.array([1, 2], np.int32)),
                Trace("latitude", "deg", 1.0, 2.0, np.array([47.123456789, 47.2])),
            ],
        )
    read = store.read_lap(lap.id)
    assert read.channel("gear")["timestamp"].to_list() == pytest.approx([2.1, 2.6])
    assert read.channel("latitude")["latitude"].to_list() == [47.123456789, 47.2]
    assert read.frames["timestamp"].to_list() == [2.0, 2.25, 2.5, 2.75]
    assert read.frames["gear"].to_list() == [1.0, 1.0, 1.0, 2.0]
    assert read.traces["gear"].values.dtype == np.int32


def test_an_unknown_lap_or_channel_is_named(store: Store) -> None:
    with pytest.raises(NotFound, match="Run `psa laps`"):
        store.read_lap("nobody")
    with pytest.raises(UnknownChannel, match="no channel 'spede'\\. Did you mean 'speed'"):
        store.read_lap(sealed_lap(store), ["spede"])


def damage(store: Store, lap_id: str, **values: object) -> None:
    with store.transaction() as transaction:
        key = transaction.lap(lap_id).key
        sets = ", ".join(f"{name} = :{name}" for name in values)
        statement = text(f"UPDATE lap_trace SET {sets} WHERE lap_key = :key AND channel = 'speed'")
        transaction._connection.execute(statement, {"key": key, **values})


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"data": b"\x00" * 40}, "its checksum does not match"),
        ({"data": b"", "crc32": 0}, "0 bytes are too few"),
        ({"crc32": 1}, "its checksum does not match"),
        ({"samples": 7}, "its header does not fit its length"),
        ({"codec": "zip"}, "it is stored as 'zip', which this version does not read"),
        ({"dtype": "text"}, "200 samples of 'text' are not what it holds"),
    ],
)
def test_a_damaged_channel_is_named_and_the_others_still_read(
    store: Store, values: dict[str, object], reason: str
) -> None:
    lap_id = sealed_lap(store)
    damage(store, lap_id, **values)
    with pytest.raises(CorruptTrace) as caught:
        store.read_lap(lap_id, ["speed"])
    assert str(caught.value) == f"channel 'speed' of lap '{lap_id}' is damaged: {reason}. Import the lap again."
    whole = store.read_lap(lap_id)
    assert whole.flags["damaged"] == ["speed"]
    assert "speed" not in whole.channels
    assert whole.frames["gear"].to_list() == [float(n % 10) for n in range(200, 400)]
    assert store.read_lap(lap_id, ["gear"]).channels == ["timestamp", "gear"]


ROW = pack(1, Trace("speed", "km/h", 60.0, 0.0, np.linspace(0, 300, 5400, dtype=np.float32)), 0.0)


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=400)
@given(
    cut=st.integers(0, len(ROW["data"])),
    flips=st.lists(st.tuples(st.integers(0, len(ROW["data"]) - 1), st.integers(1, 255)), max_size=6),
    samples=st.integers(0, 6000),
)
def test_a_mutated_blob_is_refused_and_never_crashes(cut: int, flips: list[tuple[int, int]], samples: int) -> None:
    data = bytearray(ROW["data"])
    for place, value in flips:
        data[place] ^= value
    data = data[:cut]
    whole = bytes(data) == ROW["data"] and samples == ROW["samples"]
    row = LapTrace(**ROW | {"data": bytes(data), "samples": samples})
    with nullcontext() if whole else pytest.raises(CorruptTrace):
        unpack(row, lap_id="x", lap_start_s=0.0)
