"""The door to every file: what it takes, what it refuses, and in which words."""

import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ps_analytics.errors import FileMissing, FileUnreadable, NotThisFormat
from ps_analytics.formats.base import MAX_BYTES, read_recording
from ps_analytics.formats.files import read_bytes
from tests.formats.written import IbtVariable, LdChannel, make_ibt, make_ld

Save = Callable[[str, bytes], Path]


def test_the_content_decides_not_the_name(save: Save) -> None:
    speed = IbtVariable("Speed", "m/s", 4, np.ones(3))
    assert read_recording(save("odd.txt", make_ld([LdChannel("Flux")]))).source == "motec"
    assert read_recording(save("odd.ld", make_ibt([speed]))).source == "iracing"


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("empty.ld", b"", "'empty.ld' at byte 0: not a MoTeC .ld: it is empty."),
        ("empty.ibt", b"", "'empty.ibt' at byte 0: not an iRacing .ibt: it is empty."),
        ("zeros.ibt", bytes(5000), "'zeros.ibt' at byte 0: not an iRacing .ibt: it starts with zeros only."),
        ("text.ldx", b"lap one was fast\n" * 9, "'text.ldx' at byte 0: not a MoTeC .ldx: it is text."),
        ("x.zip", b"PK\x03\x04" + bytes(90),
         "'x.zip' at byte 0: not a recording (a MoTeC .ld, a MoTeC .ldx, an iRacing .ibt): it is a ZIP archive."),
        ("noise.ld", bytes([200, 1, 250, 7]) * 99, "'noise.ld' at byte 0: not a MoTeC .ld: it starts with the bytes"
         " c8 01 fa 07 c8 01 fa 07."),
    ],
)  # fmt: skip
def test_what_is_no_recording_is_described(save: Save, name: str, data: bytes, message: str) -> None:
    with pytest.raises(NotThisFormat) as caught:
        read_recording(save(name, data))
    assert str(caught.value) == f"{message} Give a file as the game or logger wrote it."


def test_noise_of_any_kind_is_refused(save: Save) -> None:
    dice = np.random.default_rng(7)
    for size in (1, 111, 112, 1762, 5000):
        for _ in range(50):
            with pytest.raises(NotThisFormat):
                read_recording(save("noise.ibt", dice.bytes(size)))


def test_a_file_that_is_not_there_is_named_with_its_folder(tmp_path: Path) -> None:
    with pytest.raises(FileMissing) as caught:
        read_recording(tmp_path / "gone.ld")
    assert str(caught.value) == f"'gone.ld': there is no such file in '{tmp_path}'. Check the name and the folder."


def test_a_path_through_a_file_is_a_missing_file(save: Save) -> None:
    with pytest.raises(FileMissing):
        read_recording(save("file.ld", b"x") / "inner.ld")


def test_a_pattern_that_matches_nothing_says_so(tmp_path: Path) -> None:
    with pytest.raises(FileMissing) as caught:
        read_recording(tmp_path / "*.ld")
    assert str(caught.value) == f"'*.ld': no file matches this in '{tmp_path}'. Check the name and the folder."


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileUnreadable) as caught:
        read_recording(tmp_path)
    assert str(caught.value) == f"'{tmp_path.name}': it cannot be opened: it is a folder. Name the files in it."


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.ld")
    with pytest.raises(FileUnreadable, match="it is a device or a pipe"):
        read_recording(tmp_path / "pipe.ld")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="this user may read everything")
def test_a_file_nobody_may_read_is_refused(save: Save) -> None:
    path = save("secret.ld", b"x")
    path.chmod(0)
    with pytest.raises(FileUnreadable, match=r"Permission denied\. Check that you may read it\."):
        read_recording(path)


def test_a_name_no_system_can_open_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileUnreadable):
        read_recording(tmp_path / ("x" * 300 + ".ld"))
    with pytest.raises((FileUnreadable, FileMissing)):
        read_recording(Path("nul\0byte.ld"))


def test_a_file_larger_than_fits_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "huge.ibt"
    with path.open("wb") as stream:
        stream.truncate(MAX_BYTES + 1)  # sparse: it takes no room
    with pytest.raises(FileUnreadable, match=r"it has 2\.1 GB, more than 2\.1\. Split the recording\."):
        read_recording(path)


def test_reading_takes_the_file_s_size_in_memory_and_no_more(save: Save) -> None:
    path = save("big.bin", bytes(32 << 20))
    tracemalloc.start()
    try:
        read_bytes(path, lambda share: None)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1.1 * (32 << 20)


def test_progress_grows_from_0_to_1(save: Save) -> None:
    shares: list[float] = []
    channels = [LdChannel(f"C{i}", samples=np.zeros(200_000, "<f4")) for i in range(12)]
    read_recording(save("long.ld", make_ld(channels)), progress=shares.append)
    assert shares == sorted(shares)
    assert len(shares) > 10
    assert (shares[0] > 0, shares[-1]) == (True, 1.0)
