import threading
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ps_analytics.collect.base import Session
from ps_analytics.collect.clock import HurriedClock
from ps_analytics.collect.replay import Replay
from ps_analytics.errors import CorruptFile
from ps_analytics.proto.codec import Batch
from ps_analytics.transport import spool

NOW_US = 1_790_000_000_000_000
LONG_AGO_US = 1_600_000_000_000_000
HERE = Session("forza", track="Forza track 5", car="Forza car 7", driver="A", live=True)


def recorded(start_s: float, session: Session = HERE, frames: int = 6) -> Batch:
    """A recorded batch, 60 Hz from a moment on; the speed is the time."""
    seconds = start_s + np.arange(frames) / 60
    stamps = LONG_AGO_US + np.rint(seconds * 1e6).astype(np.int64)
    return session.batch(stamps, {"speed": seconds.astype("<f4")}, {})


def replayed(records: Iterable[Batch], speed: float = 1.0) -> list[Batch]:
    published: list[Batch] = []
    clock = HurriedClock(NOW_US)
    Replay(records, speed=speed, clock=clock).run(published.append, threading.Event())
    return published


@pytest.mark.parametrize("speed", [0.1, 1.0, 25.0, 100.0])
def test_a_recording_is_driven_now_with_its_spacing_as_a_session_of_its_own(tmp_path: Path, speed: float) -> None:
    path = tmp_path / "drive.psspool"
    whole = [recorded(n / 10) for n in range(30)]
    spool.write(path, whole)
    again = replayed(spool.read(path), speed)
    first, second = replayed(spool.read(path), speed), again
    assert {batch.session_id for batch in first} & {batch.session_id for batch in second} == set()
    assert {(b.source, b.track, b.car, b.driver) for b in again} == {("replay", "Forza track 5", "Forza car 7", "A")}
    assert len({batch.session_id for batch in again}) == 1
    stamps = np.concatenate([batch.timestamp_us for batch in again])
    recorded_us = np.concatenate([batch.timestamp_us for batch in whole])
    assert stamps.tolist() == (NOW_US + recorded_us - recorded_us[0]).tolist()
    assert {batch.live for batch in again} == {speed <= 1}
    speeds = np.concatenate([batch.columns["speed"] for batch in again])
    assert speeds.tolist() == np.concatenate([batch.columns["speed"] for batch in whole]).tolist()


def test_the_sessions_of_a_recording_stay_apart_and_nobody_waits_through_what_lay_between() -> None:
    other = replace(HERE, id="another", car="Forza car 8")
    day_s = 86_400.0
    again = replayed([recorded(0.0), recorded(0.1), recorded(5 * day_s, other), recorded(6 * day_s, other)])
    sessions = list(dict.fromkeys(batch.session_id for batch in again))
    assert [sum(batch.session_id == session for batch in again) for session in sessions] == [2, 1, 1]
    starts = [next(int(b.timestamp_us[0]) for b in again if b.session_id == session) for session in sessions]
    ends = [max(int(b.timestamp_us[-1]) for b in again if b.session_id == session) for session in sessions]
    assert [start - end for start, end in zip(starts[1:], ends, strict=False)] == [1_000_000, 1_000_000]


@pytest.mark.parametrize(("step_s", "sessions"), [(59.0, 1), (61.0, 2), (-4.0, 1), (-6.0, 2)])
def test_a_long_silence_or_a_clock_that_goes_far_back_ends_a_session(step_s: float, sessions: int) -> None:
    again = replayed([recorded(100.0, frames=1), recorded(100.0 + step_s, frames=1)])
    assert len({batch.session_id for batch in again}) == sessions


def test_a_damaged_recording_is_driven_to_its_damage(tmp_path: Path) -> None:
    path = tmp_path / "drive.psspool"
    spool.write(path, [recorded(0.0), recorded(0.1)])
    path.write_bytes(path.read_bytes()[:-3])
    published: list[Batch] = []
    with pytest.raises(CorruptFile):
        Replay(spool.read(path), clock=HurriedClock(NOW_US)).run(published.append, threading.Event())
    assert sum(map(len, published)) == 6


def test_a_replay_can_be_stopped() -> None:
    stop = threading.Event()
    published: list[Batch] = []

    def publish(batch: Batch) -> None:
        published.append(batch)
        stop.set()

    Replay([recorded(n / 10) for n in range(30)], clock=HurriedClock(NOW_US)).run(publish, stop)
    assert len(published) == 1
