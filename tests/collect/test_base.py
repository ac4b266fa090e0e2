import logging
import threading
from collections.abc import Sequence

import numpy as np
import pytest

from ps_analytics.collect.base import Session, deliver, parts
from ps_analytics.collect.clock import HurriedClock
from ps_analytics.collect.pace import drive, is_live
from ps_analytics.errors import PipeFull, WireError
from ps_analytics.proto.codec import Batch, Extra

START_US = 1_790_000_000_000_000


def frames(seconds: Sequence[float], session: Session | None = None) -> Batch:
    """Frames at these times; the speed is the frame's number."""
    numbers = np.arange(len(seconds), dtype="<f4")
    return (session or Session("test")).batch(
        np.rint(np.asarray(seconds) * 1e6).astype(np.int64), {"speed": numbers}, {"fuel": Extra(numbers + 10, "l")}
    )


def at_60_hz(count: int) -> list[float]:
    return [number / 60 for number in range(count)]


class Hesitant:
    """A transport that refuses every batch some times, then takes it."""

    def __init__(self, refusals: int, stop: threading.Event | None = None) -> None:
        self.taken: list[Batch] = []
        self._refusals, self._left, self._stop = refusals, refusals, stop

    def publish(self, batch: Batch) -> None:
        if self._left:
            self._left -= 1
            if self._stop is not None and not self._left:
                self._stop.set()
            full = PipeFull(1)
            full.retry_after = 0.0
            raise full
        self._left = self._refusals
        self.taken.append(batch)


def test_a_batch_in_parts_is_the_batch() -> None:
    whole = frames(at_60_hz(20))
    cut = list(parts(whole, 6))
    assert [len(piece) for piece in cut] == [6, 6, 6, 2]
    assert [piece.first_seq for piece in cut] == [0, 6, 12, 18]
    for name, values in (
        ("timestamp_us", [piece.timestamp_us for piece in cut]),
        ("speed", [piece.columns["speed"] for piece in cut]),
        ("fuel", [piece.extras["fuel"].values for piece in cut]),
    ):
        expected = {"timestamp_us": whole.timestamp_us, "speed": np.arange(20), "fuel": np.arange(20) + 10}[name]
        assert np.concatenate(values).tolist() == expected.tolist()
    assert {piece.session_id for piece in cut} == {whole.session_id}


def test_every_session_has_an_id_of_its_own() -> None:
    assert Session("test").id != Session("test").id


def test_a_batch_the_transport_refuses_is_tried_again_until_it_is_taken(caplog: pytest.LogCaptureFixture) -> None:
    transport = Hesitant(refusals=3)
    batch = frames(at_60_hz(6))
    with caplog.at_level(logging.WARNING):
        assert deliver(batch, transport.publish, threading.Event())
    assert transport.taken == [batch]
    assert [record.message for record in caplog.records] == [
        "frames wait at the collector: 1 batches wait for the daemon of this process. Try again, or see its log.",
        "frames of source 'test' are taken again",
    ]


def test_a_collector_that_is_stopped_does_not_wait_for_a_transport_and_says_what_was_lost(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stop = threading.Event()
    transport = Hesitant(refusals=2, stop=stop)
    assert not deliver(frames(at_60_hz(6)), transport.publish, stop)
    assert transport.taken == []
    assert caplog.records[-1].message.startswith("6 frames of source 'test' were lost: 1 batches wait")


def test_an_error_that_trying_again_does_not_mend_ends_the_run() -> None:
    def refuse(_: Batch) -> None:
        raise WireError("too large", field="payload")

    with pytest.raises(WireError):
        deliver(frames(at_60_hz(6)), refuse, threading.Event())


class Watched(HurriedClock):
    """A hurried clock whose time can be read off what was published."""

    def __init__(self) -> None:
        super().__init__(START_US)
        self.published: list[tuple[float, Batch]] = []

    def publish(self, batch: Batch) -> None:
        self.published.append((self.elapsed_s(), batch))


@pytest.mark.parametrize(("speed", "sizes"), [(1.0, {6}), (0.1, {1}), (10.0, {60})])
def test_frames_leave_when_they_are_due_in_pieces_of_a_tenth_of_a_second(speed: float, sizes: set[int]) -> None:
    clock = Watched()
    whole = frames(at_60_hz(120))
    latest_us = drive([whole], clock.publish, threading.Event(), speed=speed, clock=clock)
    assert latest_us == START_US + 119 * 1_000_000 // 60
    assert {len(batch) for _, batch in clock.published} == sizes
    for when_s, batch in clock.published:
        due_s = (int(batch.timestamp_us[-1]) - START_US) / 1e6 / speed
        assert when_s == pytest.approx(due_s, abs=1e-6)
        assert batch.live is is_live(speed)
    speeds = np.concatenate([batch.columns["speed"] for _, batch in clock.published])
    assert speeds.tolist() == list(range(120))


def test_a_transport_that_holds_a_drive_up_costs_no_frame_and_no_time_stamp() -> None:
    clock = HurriedClock(START_US)
    transport = Hesitant(refusals=1)
    drive([frames(at_60_hz(60))], transport.publish, threading.Event(), speed=1.0, clock=clock)
    stamps = np.concatenate([batch.timestamp_us for batch in transport.taken])
    assert stamps.tolist() == (START_US + np.rint(np.arange(60) / 60 * 1e6)).tolist()


def test_a_stopped_drive_ends_before_its_next_piece() -> None:
    stop = threading.Event()
    taken: list[Batch] = []

    def publish(batch: Batch) -> None:
        taken.append(batch)
        stop.set()

    assert drive([frames(at_60_hz(60))], publish, stop, speed=1.0, clock=HurriedClock(START_US)) is None
    assert len(taken) == 1
