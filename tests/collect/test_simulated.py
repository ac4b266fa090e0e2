import threading
from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import pytest

from ps_analytics.collect.clock import HurriedClock
from ps_analytics.collect.simulated import Simulated, SimulatedPast
from ps_analytics.proto.codec import Batch, encode, to_catalog
from ps_analytics.simulate.car import GT
from ps_analytics.simulate.demo import DRIVERS, demo_circuits, demo_sessions
from ps_analytics.simulate.session import simulate
from ps_analytics.simulate.stint import drive_on

NOW_US = 1_790_000_000_000_000


def driven(until: Callable[[Batch], bool], **options: object) -> list[Batch]:
    """What is published until a batch that ends the drive, that one included."""
    published: list[Batch] = []
    stop = threading.Event()

    def publish(batch: Batch) -> None:
        published.append(batch)
        if until(batch):
            stop.set()

    Simulated(clock=HurriedClock(NOW_US), **options).run(publish, stop)  # type: ignore[arg-type]
    return published


def after(frames: int) -> Callable[[Batch], bool]:
    counted = 0

    def reached(batch: Batch) -> bool:
        nonlocal counted
        counted += len(batch)
        return counted >= frames

    return reached


def told(stop: threading.Event | None = None) -> list[Batch]:
    """The demo's past, until it ends or until a batch that sets `stop`."""
    published: list[Batch] = []

    def publish(batch: Batch) -> None:
        published.append(batch)
        if stop is not None:
            stop.set()

    SimulatedPast(clock=HurriedClock(NOW_US)).run(publish, stop or threading.Event())
    return published


def test_what_is_driven_is_the_drive_of_the_seed_over_the_laps_in_small_batches() -> None:
    circuit = demo_circuits(3)[1]
    laps = drive_on(circuit, GT, DRIVERS[0], seed=3)
    expected = [next(laps), next(laps).head(600)]
    count = sum(map(len, expected))
    published = driven(after(count), seed=3)
    assert max(map(len, published)) == 6
    assert {(b.source, b.track, b.car, b.live) for b in published} == {("simulated", circuit.name, GT.name, True)}
    assert len({batch.session_id for batch in published}) == 1
    found = [to_catalog(batch) for batch in published]
    for name in ("speed", "x", "lap_time", "throttle", "fuel"):
        ours = np.concatenate([columns[name] for columns in found])[:count]
        theirs = np.concatenate([lap[name].to_numpy() for lap in expected])
        assert ours == pytest.approx(theirs, rel=1e-6, abs=1e-3), name
    stamps = np.concatenate([batch.timestamp_us for batch in published])
    assert np.diff(stamps) == pytest.approx(np.full(len(stamps) - 1, 1e6 / 60), abs=1)
    assert stamps[0] == NOW_US


def test_one_seed_is_one_drive_and_another_seed_another() -> None:
    first, again, other = (driven(after(600), seed=seed) for seed in (1, 1, 2))
    speeds = [np.concatenate([batch.columns["speed"] for batch in batches]) for batches in (first, again, other)]
    assert speeds[0].tolist() == speeds[1].tolist()
    assert speeds[0].tolist() != speeds[2].tolist()
    assert first[0].session_id != again[0].session_id


def test_faster_than_real_time_the_frames_are_not_called_live() -> None:
    published = driven(after(600), speed=10.0)
    assert {batch.live for batch in published} == {False}
    assert max(map(len, published)) == 60


def test_the_past_is_the_demos_sessions_dated_to_the_last_days() -> None:
    filled = told()
    sessions = list(dict.fromkeys(batch.session_id for batch in filled))
    past = demo_sessions()
    assert len(sessions) == len(past)
    for session, wanted in zip(sessions, past, strict=True):
        batches = [batch for batch in filled if batch.session_id == session]
        truth = simulate(wanted.circuit, wanted.car, wanted.driver, wanted.plan, seed=wanted.seed)
        assert sum(map(len, batches)) == len(truth.frames)
        assert {(b.track, b.car, b.driver, b.live) for b in batches} == {
            (wanted.circuit.name, wanted.car.name, wanted.driver.name, False)
        }
        began = datetime.fromtimestamp(int(batches[0].timestamp_us[0]) / 1e6, UTC).astimezone()
        assert f"{began:%H:%M}" == wanted.clock
        today = datetime.fromtimestamp(NOW_US / 1e6, UTC).astimezone().date()
        assert (today - began.date()).days == wanted.days_ago
        assert int(batches[-1].timestamp_us[-1]) < NOW_US
    assert all(len(encode(batch)) < 1_000_000 for batch in filled)
    assert np.median([len(batch) for batch in filled]) > 100


def test_telling_the_past_can_be_stopped() -> None:
    assert len(told(threading.Event())) == 1


def test_no_thread_outlives_a_drive() -> None:
    driven(after(60))
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("next-lap")]
