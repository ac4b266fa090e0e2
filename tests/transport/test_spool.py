import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ps_analytics.errors import (
    CorruptFile,
    FileMissing,
    NotThisFormat,
    SpoolFull,
    SpoolInUse,
    SpoolUnwritable,
    UnsupportedVersion,
    WireError,
)
from ps_analytics.proto.codec import Batch, decode
from ps_analytics.transport import segment, spool
from ps_analytics.transport.spool import Spool

MakeBatch = Callable[..., Batch]


def sequence(records: list[segment.Record]) -> list[int]:
    return [number for record in records for number in range(record.first_seq, record.next_seq)]


def speeds(path: Path) -> list[float]:
    return [float(v) for batch in spool.read(path) for v in batch.columns["speed"]]


def segments(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.psspool"))


def test_what_was_appended_is_there_in_order_after_opening_again(tmp_path: Path, batch_from: MakeBatch) -> None:
    with Spool(tmp_path) as first:
        numbered = [first.append(batch_from(n, 6)) for n in (0, 6, 12)]
        identifier = first.collector_id
    assert [batch.first_seq for batch in numbered] == [0, 6, 12]
    with Spool(tmp_path) as again:
        records = list(again.unacknowledged())
        assert again.collector_id == identifier
        assert again.next_seq == 18
    assert sequence(records) == list(range(18))
    assert [float(v) for r in records for v in decode(r.payload).columns["speed"]] == list(range(18))


@pytest.mark.parametrize("kept", [1, segment.RECORD_BYTES - 1, segment.RECORD_BYTES, segment.RECORD_BYTES + 40])
def test_a_tail_cut_short_by_a_crash_is_cut_and_its_numbers_are_given_again(
    tmp_path: Path, batch_from: MakeBatch, kept: int
) -> None:
    with Spool(tmp_path) as first:
        first.append(batch_from(0))
        good = first.size
        first.append(batch_from(6))
    os.truncate(segments(tmp_path)[0], good + kept)
    with Spool(tmp_path) as again:
        assert again.next_seq == 6
        again.append(batch_from(6))
        assert sequence(list(again.unacknowledged())) == list(range(12))
    assert speeds(tmp_path) == list(range(12))


def test_a_flipped_bit_in_the_tail_is_not_read_as_frames(tmp_path: Path, batch_from: MakeBatch) -> None:
    with Spool(tmp_path) as first:
        first.append(batch_from(0))
        first.append(batch_from(6))
    path = segments(tmp_path)[0]
    content = bytearray(path.read_bytes())
    content[-5] ^= 4
    path.write_bytes(content)
    with Spool(tmp_path) as again:
        assert sequence(list(again.unacknowledged())) == list(range(6))


def test_a_damaged_header_costs_nothing_but_the_records_it_hides(tmp_path: Path, batch_from: MakeBatch) -> None:
    with Spool(tmp_path, segment_bytes=1) as first:
        first.append(batch_from(0))
        first.append(batch_from(6))
    segments(tmp_path)[-1].write_bytes(b"")
    with Spool(tmp_path) as again:
        assert again.next_seq == 6
        assert sequence(list(again.unacknowledged())) == list(range(6))


def test_acknowledging_deletes_whole_segments_and_is_remembered(tmp_path: Path, batch_from: MakeBatch) -> None:
    with Spool(tmp_path, segment_bytes=1) as first:
        for start in range(0, 60, 6):
            first.append(batch_from(start))
        before = len(segments(tmp_path))
        first.acknowledge(33)
        assert sequence(list(first.unacknowledged())) == list(range(30, 60))
    assert len(segments(tmp_path)) == before - 5
    with Spool(tmp_path) as again:
        assert again.acknowledged == 33
        assert sequence(list(again.unacknowledged())) == list(range(30, 60))


def test_numbers_go_on_after_everything_was_acknowledged_and_the_position_lost(
    tmp_path: Path, batch_from: MakeBatch
) -> None:
    with Spool(tmp_path, segment_bytes=1) as first:
        first.append(batch_from(0))
        first.acknowledge(6)
    (tmp_path / "acknowledged").unlink()
    with Spool(tmp_path) as again:
        assert list(again.unacknowledged()) == []
        assert again.append(batch_from(6)).first_seq == 6


def test_an_acknowledgement_never_goes_back_or_beyond_the_end(tmp_path: Path, batch_from: MakeBatch) -> None:
    with Spool(tmp_path) as queue:
        queue.append(batch_from(0))
        queue.acknowledge(2**63)
        queue.acknowledge(3)
        assert queue.acknowledged == 6
        assert queue.append(batch_from(6)).first_seq == 6
        assert sequence(list(queue.unacknowledged())) == list(range(6, 12))


def test_a_full_spool_says_when_to_try_again_and_takes_frames_after_an_acknowledgement(
    tmp_path: Path, batch_from: MakeBatch
) -> None:
    with Spool(tmp_path, limit_bytes=1_000_000, segment_bytes=100_000) as queue:
        while queue.size < 990_000:
            queue.append(batch_from(queue.next_seq, 600))
        with pytest.raises(SpoolFull) as full:
            queue.append(batch_from(queue.next_seq, 6000))
        assert full.value.retry_after > 0
        assert str(full.value) == (f"the spool '{tmp_path}' holds 1 MB that no daemon has taken. Start `psa ingest`.")
        taken = queue.next_seq
        queue.acknowledge(taken)
        assert queue.append(batch_from(taken, 600)).first_seq == taken


def test_a_batch_larger_than_a_message_is_refused(tmp_path: Path, batch_from: MakeBatch) -> None:
    with Spool(tmp_path) as queue:
        with pytest.raises(WireError):
            queue.append(batch_from(0, 400_000))
        assert queue.next_seq == 0


@contextmanager
def limited(kind: str, soft: int) -> Iterator[None]:
    """The system refuses this process more: what a full disk does."""
    resource = pytest.importorskip("resource", reason="the system has no such limits")
    number = getattr(resource, kind)
    before = resource.getrlimit(number)
    resource.setrlimit(number, (soft, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(number, before)


def test_a_disk_that_refuses_costs_the_batch_it_refused_and_no_other(tmp_path: Path, batch_from: MakeBatch) -> None:
    with Spool(tmp_path) as queue:
        queue.append(batch_from(0))
        with limited("RLIMIT_FSIZE", queue.size + 50):  # half a record fits
            for _ in range(2):
                with pytest.raises(SpoolUnwritable) as refused:
                    queue.append(batch_from(6))
        assert refused.value.retry_after > 0
        assert queue.next_seq == 6
        queue.append(batch_from(6))
        assert sequence(list(queue.unacknowledged())) == list(range(12))
    assert speeds(tmp_path) == list(range(12))


def test_a_new_segment_that_cannot_be_made_is_made_later(tmp_path: Path, batch_from: MakeBatch) -> None:
    with Spool(tmp_path, segment_bytes=1) as queue:
        queue.append(batch_from(0))
        with limited("RLIMIT_FSIZE", 10):  # not even a header fits
            with pytest.raises(SpoolUnwritable):
                queue.append(batch_from(6))
            assert len(segments(tmp_path)) == 1
        queue.append(batch_from(6))
    assert speeds(tmp_path) == list(range(12))


def test_acknowledging_makes_room_on_a_disk_that_is_full(tmp_path: Path, batch_from: MakeBatch) -> None:
    with Spool(tmp_path, segment_bytes=1) as queue:
        for start in (0, 6, 12):
            queue.append(batch_from(start))
        with limited("RLIMIT_FSIZE", 0):
            queue.acknowledge(18)
        assert len(segments(tmp_path)) == 1
        assert list(queue.unacknowledged()) == []
    with Spool(tmp_path) as again:
        assert again.append(batch_from(18)).first_seq == 18


def test_numbers_the_daemon_has_seen_are_never_given_again_whatever_got_lost(
    tmp_path: Path, batch_from: MakeBatch
) -> None:
    with Spool(tmp_path) as first:
        for start in range(0, 60, 6):
            first.append(batch_from(start))
        first.acknowledge(48)
    segments(tmp_path)[0].unlink()
    with Spool(tmp_path) as again:
        assert again.append(batch_from(60)).first_seq == 48
        assert sequence(list(again.unacknowledged())) == list(range(48, 54))
    with Spool(tmp_path) as third:
        assert third.next_seq == 54
        assert sequence(list(third.unacknowledged())) == list(range(48, 54))


def test_a_small_spool_goes_on_for_ever_while_it_is_acknowledged(tmp_path: Path, batch_from: MakeBatch) -> None:
    with Spool(tmp_path, limit_bytes=20_000) as queue:
        for _ in range(200):
            queue.acknowledge(queue.append(batch_from(queue.next_seq, 60)).next_seq)
        assert queue.size < 20_000


def test_a_recording_ends_where_it_ended_when_reading_began(tmp_path: Path, batch_from: MakeBatch) -> None:
    with Spool(tmp_path) as queue:
        queue.append(batch_from(0))
        queue.append(batch_from(6))
        read = []
        for batch in spool.read(tmp_path):
            read.append(batch)
            queue.append(batch_from(queue.next_seq))
        assert [batch.first_seq for batch in read] == [0, 6]


def test_two_collectors_never_share_a_folder(tmp_path: Path) -> None:
    with spool.open_spool(tmp_path, "simulated", 10_000) as first:
        with pytest.raises(SpoolInUse):
            Spool(first.folder)
        with spool.open_spool(tmp_path, "simulated", 10_000) as second:
            assert second.folder == tmp_path / "simulated-2"
            assert second.collector_id != first.collector_id
    with spool.open_spool(tmp_path, "simulated", 10_000) as again:
        assert again.folder == tmp_path / "simulated"


def test_a_reader_goes_on_where_it_was_over_many_segments(tmp_path: Path, batch_from: MakeBatch) -> None:
    with Spool(tmp_path, segment_bytes=500) as queue:
        cursor = queue.cursor()
        seen: list[int] = []
        for start in range(0, 120, 6):
            queue.append(batch_from(start))
            seen += sequence(queue.read_from(cursor, max_bytes=1))
            if start % 30 == 0:
                queue.acknowledge(start)
        while records := queue.read_from(cursor, max_bytes=1):
            seen += sequence(records)
        assert seen == list(range(120))


def test_a_damaged_segment_does_not_keep_the_later_ones(tmp_path: Path, batch_from: MakeBatch) -> None:
    with Spool(tmp_path, segment_bytes=1) as queue:
        for start in (0, 6, 12):
            queue.append(batch_from(start))
        middle = segments(tmp_path)[1]
        content = bytearray(middle.read_bytes())
        content[-1] ^= 1
        middle.write_bytes(content)
        assert sequence(list(queue.unacknowledged())) == [*range(6), *range(12, 18)]


@given(sizes=st.lists(st.integers(1, 50), min_size=1, max_size=12), limit=st.integers(1, 3000))
def test_every_frame_is_read_once_whatever_the_segments(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], limit: int
) -> None:
    from numpy.testing import assert_array_equal

    folder = tmp_path_factory.mktemp("spool")
    with Spool(folder, segment_bytes=limit) as queue:
        for size in sizes:
            numbers = np.arange(queue.next_seq, queue.next_seq + size)
            queue.append(Batch("s", "test", numbers * 1000, {"rpm": numbers.astype("<f4")}))
    total = sum(sizes)
    assert_array_equal(np.concatenate([b.columns["rpm"] for b in spool.read(folder)]), np.arange(total))
    assert [b.first_seq for b in spool.read(folder)] == [sum(sizes[:n]) for n in range(len(sizes))]


WRITER = """
import sys
from pathlib import Path
import numpy as np
from ps_analytics.proto.codec import Batch
from ps_analytics.transport.spool import Spool

queue = Spool(Path(sys.argv[1]), segment_bytes=2000)
while True:
    n = np.arange(queue.next_seq, queue.next_seq + 6)
    batch = queue.append(Batch("s", "test", n * 1000, {"speed": n.astype("<f4")}))
    print(batch.next_seq, flush=True)
"""


def test_a_killed_collector_loses_nothing_that_append_returned_for(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    first = [process.stdout.readline() for _ in range(200)]
    process.send_signal(signal.SIGKILL)
    returned = int([*first, *process.communicate()[0].split()][-1])
    with Spool(tmp_path) as again:
        assert again.next_seq >= returned
        assert speeds(tmp_path) == list(range(again.next_seq))


def test_a_recording_of_one_file_reads_as_it_was_written(tmp_path: Path, batch_from: MakeBatch) -> None:
    path = tmp_path / "drive.psspool"
    spool.write(path, [batch_from(0), batch_from(6, 3)])
    assert speeds(path) == list(range(9))
    assert [batch.first_seq for batch in spool.read(path)] == [0, 6]


def test_something_else_is_not_a_recording(tmp_path: Path) -> None:
    path = tmp_path / "laps.csv"
    path.write_text("Time,Speed\n0,1\n")
    with pytest.raises(NotThisFormat) as error:
        list(spool.read(path))
    assert str(error.value).startswith("'laps.csv' at byte 0: not a ps-analytics recording: other bytes at its start.")
    with pytest.raises(FileMissing):
        list(spool.read(tmp_path / "absent"))
    with pytest.raises(NotThisFormat, match="a folder without"):
        list(spool.read(tmp_path))


def test_a_recording_of_a_later_version_is_named_and_left_alone(tmp_path: Path, batch_from: MakeBatch) -> None:
    with Spool(tmp_path) as queue:
        queue.append(batch_from(0))
    path = segments(tmp_path)[0]
    content = bytearray(path.read_bytes())
    content[8] = 9
    path.write_bytes(content)
    with pytest.raises(UnsupportedVersion, match="version 9 is not supported; this reader knows 1"):
        list(spool.read(path))
    with pytest.raises(UnsupportedVersion):
        Spool(tmp_path)
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    ("cut", "flip", "reason"),
    [(10, None, "its last record is cut short"), (0, -1, "a record fails its checksum")],
)
def test_a_damaged_recording_gives_its_good_frames_and_then_the_place(
    tmp_path: Path, batch_from: MakeBatch, cut: int, flip: int | None, reason: str
) -> None:
    path = tmp_path / "drive.psspool"
    spool.write(path, [batch_from(0)])
    good = path.stat().st_size
    spool.write(path, [batch_from(0), batch_from(6)])
    content = bytearray(path.read_bytes())
    if flip is not None:
        content[flip] ^= 1
    path.write_bytes(content[: len(content) - cut])
    read: list[Batch] = []
    with pytest.raises(CorruptFile) as error:
        read.extend(spool.read(path))
    assert (error.value.offset, error.value.reason) == (good, reason)
    assert sum(map(len, read)) == 6


@given(noise=st.binary(max_size=200))
def test_noise_behind_a_good_header_is_a_corrupt_file(tmp_path_factory: pytest.TempPathFactory, noise: bytes) -> None:
    path = tmp_path_factory.mktemp("noise") / "drive.psspool"
    path.write_bytes(segment.header_bytes(0) + b"\xff" + noise)
    with pytest.raises(CorruptFile):
        list(spool.read(path))
