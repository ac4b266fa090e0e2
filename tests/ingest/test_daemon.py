import gc
import threading
import tracemalloc

import numpy as np
import polars as pl
import pytest

from ps_analytics.ingest.daemon import Daemon
from ps_analytics.track import Sector
from ps_analytics.transport.connection import Connection
from ps_analytics.transport.listener import Listener
from tests.store.ring import ring

LAPS = [21.234567, 20.0, 22.5013]


def summary(laps: pl.DataFrame) -> list[tuple]:
    """What a driver reads of each lap."""
    return [
        (row["lap_number"], row["kind"], row["valid"], None if (t := row["lap_time_s"]) is None else round(t, 4))
        for row in laps.iter_rows(named=True)
    ]


EXPECTED = [
    (0, "out", False, None),
    (1, "timed", True, 21.2346),
    (2, "timed", True, 20.0),
    (3, "timed", True, 22.5013),
    (4, "partial", False, None),
]


def test_a_drive_becomes_a_session_with_the_laps_that_were_driven(house, drive, to_batches):
    driven = drive(LAPS)
    house.send(to_batches(driven.frames))
    house.fall_silent()
    laps = house.laps()
    assert summary(laps) == EXPECTED
    assert laps["time_source"].to_list() == ["none", "source", "source", "source", "none"]
    assert laps["sealed"].all()
    np.testing.assert_allclose((laps["started_us"][1:] - laps["started_us"][0]) / 1e6, driven.crossings_s, atol=1e-3)
    (session,) = house.store.find_sessions().iter_rows(named=True)
    assert (session["source"], session["track"], session["car"], session["status"], session["name"]) == (
        "test", "Ring", "Kart", "completed", "Ring · Kart",
    )  # fmt: skip


def test_laps_are_cut_by_their_track_while_the_session_goes_on(house, drive, to_batches):
    quarters = tuple(Sector(n, f"S{n}", 250.0 * (n - 1), 250.0 * n) for n in range(1, 5))
    house.store.write_track(ring("Ring", length_m=1000.0, sectors=quarters))
    driven = drive(LAPS, clock_lag_s=1.5)  # the official time comes when the lap is sealed and cut already
    batches = to_batches(driven.frames)
    house.send(batches)
    for _ in range(20):
        house.daemon.turn(0)
    laps = house.laps()
    start = house.store.read_session(laps["session_id"][0]).started_us
    for number, (lap_time_s, crossing_s) in enumerate(zip(LAPS, driven.crossings_s, strict=False), start=1):
        lap = house.store.read_lap(laps["lap_id"][number])
        assert lap.lap_time_s == pytest.approx(lap_time_s, abs=1e-5)
        assert sum(lap.sectors_s) == pytest.approx(lap.lap_time_s, abs=1e-9)
        assert lap.sectors_s == pytest.approx([lap_time_s / 4] * 4, abs=0.002)
        (corner,) = [part for part in lap.sections if (part.kind, part.number) == ("corner", 2)]
        told_s = [(at_us - start) / 1e6 for at_us in (corner.started_us, corner.ended_us)]
        assert told_s == pytest.approx([crossing_s + share * lap_time_s for share in (0.4, 0.5)], abs=0.005)
    house.fall_silent()
    assert house.store.find_sessions()["status"].to_list() == ["completed"]


def test_a_lap_without_a_track_is_sealed_all_the_same(house, drive, to_batches, caplog):
    house.send(to_batches(drive(LAPS).frames, track=""))
    for _ in range(5):
        house.daemon.turn(0)
    assert house.laps()["sealed"].to_list() == [True] * 4 + [False]
    assert house.store.find_tracks().is_empty()
    assert not caplog.records


def test_every_frame_is_in_the_rows_and_in_the_laps_exactly_once(house, drive, to_batches):
    frames = drive(LAPS).frames
    house.send(to_batches(frames))
    house.fall_silent()
    sent = [int(t) for t in np.concatenate([b.timestamp_us for b in to_batches(frames)])]
    assert house.rows() == [(time, seq) for seq, time in enumerate(sent)]
    traces = pl.concat([house.store.read_lap(lap_id).frames for lap_id in house.laps()["lap_id"]], how="diagonal")
    start = house.store.read_session(house.laps()["session_id"][0]).started_us
    assert [start + round(t * 1e6) for t in traces["timestamp"]] == sent
    np.testing.assert_allclose(traces["speed"], frames["speed"], rtol=1e-6)
    assert house.query("SELECT count(*) FROM telemetry_batch") == [(0,)]


def test_frames_travel_from_a_collector_over_the_loopback_to_the_laps(house, drive, to_batches):
    stop = threading.Event()
    with Listener(house.settings) as listener:
        running = threading.Thread(target=Daemon(house.store, listener, house.settings).run, args=(stop,))
        running.start()
        with Connection(house.settings, name="test", port=listener.port) as connection:
            for batch in to_batches(drive(LAPS).frames, live=False):
                connection.publish(batch)
            assert connection.flush(30.0)
        stop.set()
        running.join()
    assert summary(house.laps()) == [*EXPECTED[:-1], (4, "partial", True, None)]


def test_the_lap_being_driven_can_be_read_while_it_is_driven(house, drive, to_batches):
    frames = drive(LAPS).frames.filter(pl.col("timestamp") < 40.0)
    house.send(to_batches(frames))
    last = house.laps().row(-1, named=True)
    assert (last["lap_number"], last["ended_us"], last["sealed"]) == (2, None, False)
    lap = house.store.read_lap(last["lap_id"], ["speed"])
    crossing_s = drive(LAPS).crossings_s[1]
    assert lap.frames["timestamp"].to_list() == pytest.approx(
        frames["timestamp"].filter(frames["timestamp"] >= crossing_s).to_list(), abs=1e-6
    )


def test_a_lap_is_closed_and_sealed_a_second_and_a_half_after_the_line(house, drive, to_batches):
    driven = drive(LAPS)
    house.send(to_batches(driven.frames.filter(pl.col("timestamp") < driven.crossings_s[2] + 1.5)))
    assert house.laps()["sealed"].to_list() == [True, True, True, False]
    assert house.laps()["lap_time_s"].to_list()[:3] == pytest.approx([None, *LAPS[:2]], abs=1e-5)


def test_a_time_stated_late_corrects_the_lap_that_is_closed(house, drive, to_batches):
    driven = drive(LAPS, clock_lag_s=1.9)
    batches = to_batches(driven.frames)
    early = [batch for batch in batches if batch.timestamp_us[-1] < batches[0].timestamp_us[0] + 29_200_000]
    house.send(early)
    before = house.laps().row(1, named=True)
    house.send(batches[len(early) :])
    after = house.laps().row(1, named=True)
    assert (before["lap_id"], before["sealed"]) == (after["lap_id"], True)
    assert before["time_source"] != "source"
    assert (after["time_source"], after["valid"], after["sealed"]) == ("source", True, True)
    assert after["lap_time_s"] == pytest.approx(LAPS[0], abs=1e-5)


# Sessions


@pytest.mark.parametrize("change", [{"session_id": "other"}, {"source": "other"}, {"track": "other"}, {"car": "other"}])
def test_another_source_car_track_or_session_of_the_source_is_another_session(house, drive, to_batches, change):
    frames = drive([20.0]).frames
    house.send(to_batches(frames))
    house.send(to_batches(frames, start_us=house.now_us + 40_000_000, **change))
    sessions = house.store.find_sessions().sort("started_at")
    assert sessions["status"].to_list() == ["completed", "recording"]
    first = house.laps(session_id=sessions["session_id"][0])
    assert summary(first) == [(0, "out", False, None), (1, "timed", True, 20.0), (2, "partial", False, None)]
    assert first["sealed"].all()


def test_what_a_source_says_only_later_is_no_other_session(house, drive, to_batches):
    batches = to_batches(drive([20.0]).frames, track="", driver="")
    house.send(batches[:10])
    assert house.store.find_sessions()["name"].to_list() == ["Kart"]
    house.send(to_batches(drive([20.0]).frames, driver="A. N. Other")[10:20])
    house.send(batches[20:])
    (session,) = house.store.find_sessions().iter_rows(named=True)
    assert (session["track"], session["name"]) == ("Ring", "Ring · Kart")
    assert house.store.read_session(session["session_id"]).driver == "A. N. Other"


def test_a_session_ends_after_a_minute_without_frames(house, drive, to_batches):
    house.send(to_batches(drive([20.0]).frames))
    house.now_s += 59.0
    house.daemon.turn(0)
    assert house.store.find_sessions()["status"].to_list() == ["recording"]
    house.now_s += 2.0
    house.daemon.turn(0)
    assert house.store.find_sessions()["status"].to_list() == ["completed"]
    assert summary(house.laps())[-1] == (2, "partial", False, None)
    assert house.laps()["sealed"].all()


@pytest.mark.parametrize(("shift_s", "sessions"), [(61.0, 2), (59.0, 1), (-34.1 - 5.1, 2)])
def test_a_leap_of_its_clock_ends_a_session(house, drive, to_batches, shift_s, sessions):
    frames = drive([20.0]).frames
    last_s = frames["timestamp"][-1]
    house.send(to_batches(frames))
    house.send(to_batches(frames[:60], start_us=house.now_us + round((last_s + shift_s) * 1e6)))
    assert len(house.store.find_sessions()) == sessions
    assert len(house.rows()) == len(frames) + 60
    assert house.dead_letters() == []


def test_a_session_that_ends_within_a_batch_keeps_all_frames(house, drive, to_batches):
    frames = drive([20.0]).frames
    later = frames[:100].with_columns(pl.col("timestamp") + 200.0)
    house.send(to_batches(pl.concat([frames, later]), size=len(frames) + 50))
    assert [lap for lap in summary(house.laps()) if lap[0] == 0] == [
        (0, "out", False, None),
        (0, "partial", True, None),
    ]
    assert len(house.rows()) == len(frames) + 100


def test_two_users_sessions_stay_apart(house, drive, to_batches):
    other = house.pipe.publisher("bert")
    mine, his = to_batches(drive(LAPS).frames), to_batches(drive([20.0]).frames)
    for first in range(0, len(mine), 50):
        house.send(his[first : first + 50], other)
        house.send(mine[first : first + 50])
    house.fall_silent()
    assert summary(house.laps()) == EXPECTED
    his_laps = house.store.for_user("bert").find_laps()
    assert his_laps["lap_time_s"].to_list() == [None, 20.0, None]
    assert set(his_laps["lap_id"]).isdisjoint(house.laps()["lap_id"])


def test_two_collectors_with_the_same_ids_are_two_sessions(house, drive, to_batches):
    batches = to_batches(drive([20.0]).frames)
    other = house.pipe.publisher(house.store.user)
    for mine, its in zip(batches, batches, strict=True):
        house.send([mine])
        house.send([its], other)
    house.fall_silent()
    assert house.laps().group_by("session_id").len()["len"].to_list() == [3, 3]
    assert len(house.rows()) == 2 * sum(len(batch) for batch in batches)


# Restarts


@pytest.mark.parametrize("stop_s", [0.05, 6.4, 6.5, 28.4, 35.0])
def test_a_daemon_killed_in_mid_lap_leaves_the_same_laps(house, drive, to_batches, stop_s):
    batches = to_batches(drive(LAPS).frames)
    early = [batch for batch in batches if batch.timestamp_us[-1] <= house.now_us + stop_s * 1e6]
    house.send(early)
    house.start()
    house.send(batches[len(early) :])
    house.fall_silent()
    assert summary(house.laps()) == EXPECTED
    assert len(house.store.find_sessions()) == 1
    assert [seq for _, seq in house.rows()] == list(range(sum(len(batch) for batch in batches)))
    frames = [house.store.read_lap(lap_id).frames["timestamp"] for lap_id in house.laps()["lap_id"]]
    np.testing.assert_allclose(pl.concat(frames), drive(LAPS).frames["timestamp"], atol=1e-6)


def test_messages_committed_and_not_acknowledged_are_taken_once(house, drive, to_batches):
    batches = to_batches(drive([20.0]).frames)
    for batch in batches:
        house.publisher.publish(batch)
    subscriber = house.pipe.subscriber()
    Daemon(house.store, _Deaf(subscriber), house.settings, now_us=lambda: house.now_us).turn(0)
    assert len(house.rows()) > 0
    house.start()
    house.send([])
    assert [seq for _, seq in house.rows()] == list(range(sum(len(batch) for batch in batches)))
    assert house.dead_letters() == []


class _Deaf:
    """A subscriber whose acknowledgements get lost, as when the daemon is killed after a commit."""

    def __init__(self, subscriber) -> None:
        self.poll = subscriber.poll

    def acknowledge(self, messages) -> None:
        pass


def test_a_session_left_by_an_earlier_daemon_ends_when_nobody_goes_on_with_it(house, drive, to_batches):
    house.send(to_batches(drive(LAPS).frames))
    house.start().turn(0)
    assert house.store.find_sessions()["status"].to_list() == ["recording"]
    house.fall_silent()
    assert house.store.find_sessions()["status"].to_list() == ["completed"]
    assert summary(house.laps()) == EXPECTED
    assert house.laps()["sealed"].all()


# Trouble


def test_a_message_that_makes_the_daemon_fail_is_set_aside_and_its_neighbours_survive(house, drive, to_batches):
    if house.settings.url.startswith("postgresql"):
        house.query(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN IF NEW.first_seq = 600 THEN RAISE 'no such frame' USING ERRCODE = '23514'; END IF;"
            " RETURN NEW; END $$"
        )
        house.query("CREATE TRIGGER refuse BEFORE INSERT ON telemetry_batch FOR EACH ROW EXECUTE FUNCTION refuse()")
    else:
        house.query(
            "CREATE TRIGGER refuse BEFORE INSERT ON telemetry_batch WHEN NEW.first_seq = 600"
            " BEGIN SELECT RAISE(ABORT, 'no such frame'); END"
        )
    batches = to_batches(drive(LAPS).frames)
    run_until_taken(house, batches)
    (letter,) = house.dead_letters()
    assert letter[0] == f"collector {house.publisher.topic}"
    assert letter[1].startswith("the daemon failed on it: ")
    assert "no such frame" in letter[1]
    frames = sum(len(batch) for batch in batches)
    assert [seq for _, seq in house.rows()] == [seq for seq in range(frames) if not 600 <= seq < 606]
    house.fall_silent()
    assert summary(house.laps()) == EXPECTED


def test_a_lap_that_cannot_be_sealed_costs_no_frame(house, drive, to_batches):
    if house.settings.url.startswith("postgresql"):
        house.query("ALTER TABLE lap_trace ADD CONSTRAINT never CHECK (samples < 0)")
    else:
        house.query("CREATE TRIGGER never BEFORE INSERT ON lap_trace BEGIN SELECT RAISE(ABORT, 'never'); END")
    batches = to_batches(drive(LAPS).frames)
    run_until_taken(house, batches)
    assert not house.laps()["sealed"].any()
    assert summary(house.laps())[:4] == EXPECTED[:4]
    assert len(house.rows()) == sum(len(batch) for batch in batches)
    assert house.dead_letters() == []


def test_a_database_that_is_away_for_a_while_costs_no_frame(house, drive, to_batches, monkeypatch):
    batches = to_batches(drive(LAPS).frames)
    house.send(batches[:300])
    with away(house, monkeypatch):
        stop = threading.Event()
        running = threading.Thread(target=house.daemon.run, args=(stop,))
        running.start()
        for batch in batches[300:]:
            house.publisher.publish(batch)
        assert not house.publisher.flush(0.5)
    assert house.publisher.flush(20.0)
    stop.set()
    running.join()
    house.fall_silent()
    assert summary(house.laps()) == EXPECTED
    assert [seq for _, seq in house.rows()] == list(range(sum(len(batch) for batch in batches)))
    assert len(house.store.find_sessions()) == 1


class away:  # noqa: N801  # a context that reads like a word
    """The database answers nobody: SQLite is locked by another writer, PostgreSQL lets nobody in."""

    def __init__(self, house, monkeypatch) -> None:
        self.house, self.postgres = house, house.settings.url.startswith("postgresql")
        monkeypatch.setattr("ps_analytics.store.engine.BUSY_TIMEOUT_MS", 20)
        house.store._database.engine.dispose()

    def __enter__(self) -> None:
        from sqlalchemy import NullPool, create_engine, make_url, text

        url = make_url(self.house.settings.url)
        if self.postgres:
            self.admin = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool)
            with self.admin.connect() as connection:
                connection.execute(text(f"ALTER DATABASE {url.database} ALLOW_CONNECTIONS false"))
                connection.execute(
                    text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"),
                    {"name": url.database},
                )
        else:
            import sqlite3

            self.writer = sqlite3.connect(url.database, isolation_level=None)
            self.writer.execute("BEGIN IMMEDIATE")

    def __exit__(self, *error: object) -> None:
        from sqlalchemy import make_url, text

        if self.postgres:
            with self.admin.connect() as connection:
                name = make_url(self.house.settings.url).database
                connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true"))
        else:
            self.writer.rollback()
            self.writer.close()


def run_until_taken(house, batches) -> None:
    """Let the daemon's own loop take the batches: it survives what fails."""
    stop = threading.Event()
    running = threading.Thread(target=house.daemon.run, args=(stop,))
    running.start()
    for batch in batches:
        house.publisher.publish(batch)
    assert house.publisher.flush(30.0)
    stop.set()
    running.join()


# Memory


def test_sessions_that_are_over_leave_nothing_in_memory(house, drive, to_batches):
    frames = drive([12.0]).frames
    kept, publishers = [], [house.pipe.publisher(f"user {number}") for number in range(7)]
    for number in range(40):
        track = "Ring" if number % 7 == 0 else ""  # learning a track takes longer than all the rest
        house.send(to_batches(frames, size=60, session_id=str(number), track=track), publishers[number % 7])
        house.fall_silent()
        if number == 20:
            tracemalloc.start()
        elif number in (25, 39):
            gc.collect()
            kept.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert (
        kept[1] - kept[0] < 100_000
    )  # a fifth of the frames of 14 sessions; the driver and SQLAlchemy keep statements


def test_an_hour_of_one_lap_does_not_grow_in_memory(house, to_batches):
    if house.settings.url.startswith("postgresql"):
        pytest.skip("what the daemon holds does not depend on the database")
    kept = []
    for minute in range(60):
        time_s = minute * 60.0 + np.arange(600) / 10
        frames = pl.DataFrame({"timestamp": time_s, "speed": 100.0 + np.sin(time_s), "normalized_position": 0.5})
        house.send(to_batches(frames, size=60))
        if minute == 5:
            tracemalloc.start()
        elif minute in (20, 59):
            gc.collect()
            kept.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert kept[1] - kept[0] < 100_000
