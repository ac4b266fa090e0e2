"""Broken streams on their way into the database: restarts of the daemon in between, and what the user has said."""

import numpy as np
import polars as pl
import pytest

from ps_analytics.ingest.boundaries import LapStream, detect_laps
from ps_analytics.ingest.importer import import_file
from ps_analytics.ingest.live_session import LiveSession
from ps_analytics.store.store import open_store
from ps_analytics.track import TrackModel
from tests.formats.written import LdChannel, make_ld, make_ldx

LAPS = [30.0, 31.5, 30.7]


def put_back(frames: pl.DataFrame, at_s: float) -> pl.DataFrame:
    """The stream of a car put 300 m back, lap clock and all running on: the lap is broken there."""
    back = pl.when(pl.col("timestamp") > at_s).then(0.3).otherwise(0.0)
    return frames.with_columns(normalized_position=(pl.col("normalized_position") - back) % 1.0)


@pytest.fixture
def frames(drive) -> pl.DataFrame:
    driven = drive(LAPS)
    return put_back(driven.frames, driven.crossings_s[1] + 15.0)


@pytest.mark.parametrize("stop_s", [54.0, 55.8, 57.5, 63.0])
def test_a_daemon_killed_after_a_break_leaves_the_same_laps(house, frames, to_batches, stop_s):
    expected = [(lap.lap_number, str(lap.kind), lap.valid, lap.lap_time_s) for lap in detect_laps(frames)]
    batches = to_batches(frames)
    early = [batch for batch in batches if batch.timestamp_us[-1] <= house.now_us + stop_s * 1e6]
    house.send(early)
    house.start()
    house.send(batches[len(early) :])
    house.fall_silent()
    found = house.laps().select("lap_number", "kind", "valid", "lap_time_s").rows()
    assert [row[:3] for row in found] == [row[:3] for row in expected]
    np.testing.assert_allclose(
        [time for *_, time in found if time is not None], [t for *_, t in expected if t is not None], atol=1e-3
    )
    assert house.laps()["frames"].sum() == len(frames)
    assert "off_line" not in [flag for flags in house.laps()["flags"] for flag in flags]


def test_the_stream_of_a_known_track_knows_its_length(house, drive, to_batches):
    batch = to_batches(drive(LAPS).frames)[0]
    shape = np.arange(0.0, 1000.0, 2.0)
    model = TrackModel(1000.0, shape, 0 * shape, 0 * shape, 100 + shape, "steering", "1", name="Ring")
    with house.store.transaction() as transaction:
        assert LiveSession.open(transaction, batch)._stream.length_m is None
        transaction.write_track(model)
        live = LiveSession.open(transaction, batch)
        live.take(batch)
        live.cut(transaction)
        assert live._stream.length_m == 1000.0


def test_what_the_user_said_of_a_lap_survives_a_correction_and_sealing_again(house, drive, to_batches):
    driven = drive(LAPS, clock_lag_s=1.9)
    batches = to_batches(driven.frames)
    closed = [
        batch for batch in batches if batch.timestamp_us[-1] <= house.now_us + (driven.crossings_s[1] + 1.7) * 1e6
    ]
    house.send(closed)
    lap_id = house.laps().filter(lap_number=1)["lap_id"][0]
    house.store.set_lap_override(lap_id, kind="out", valid=False)
    house.send(batches[len(closed) :])
    house.fall_silent()
    lap = house.laps().filter(lap_number=1).row(0, named=True)
    assert (lap["lap_time_s"], lap["time_source"]) == (pytest.approx(LAPS[0], abs=1e-3), "source")
    assert (lap["kind"], lap["valid"], lap["valid_reason"]) == ("out", False, "set by you")
    with house.store.transaction() as transaction:
        transaction.seal_lap(lap_id)
    again = house.laps().filter(lap_number=1).row(0, named=True)
    assert (again["kind"], again["valid"]) == ("out", False)
    assert house.store.resolve_lap("best") != lap_id


def test_what_the_user_said_of_a_lap_survives_importing_its_file_again(tmp_path):
    path = tmp_path / "log.ld"
    path.write_bytes(make_ld([LdChannel("Ground Speed", "km/h", 10, np.full(600, 100.0, "<f4"))]))
    path.with_suffix(".ldx").write_bytes(make_ldx([5e6, 25e6, 46e6]))
    with open_store("sqlite:///:memory:", user="anna") as store:
        first = import_file(store, path)["laps"]
        lap_id = next(lap["lap_id"] for lap in first if lap["kind"] == "timed")
        store.set_lap_override(lap_id, kind="pit", valid=False)
        again = {lap["lap_id"]: lap for lap in import_file(store, path)["laps"]}
        assert len(again) == len(first)
        assert (again[lap_id]["kind"], again[lap_id]["valid"]) == ("pit", False)
        assert store.resolve_lap("best") != lap_id


def test_frames_held_back_are_in_the_laps_when_the_stream_ends():
    stream = LapStream()
    time = np.arange(0.0, 0.2, 1 / 60)
    assert stream.feed({"timestamp": time, "speed": 0 * time + 50}) == []
    assert stream.running is not None
    (lap,) = stream.finish()
    assert (lap.start_s, lap.end_s) == (time[0], time[-1])
