"""`psa collect` as a person starts it: a process, a daemon's end to send to, Ctrl-C."""

import os
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psutil
import pytest

from ps_analytics.config import Settings
from ps_analytics.proto.codec import Batch, decode
from ps_analytics.transport import spool
from ps_analytics.transport.listener import Listener
from ps_analytics.transport.spool import Spool

WAIT_S = 60.0
WAITING = "No daemon took the last frames; they wait in the spool until `psa ingest` runs."
NO_DAEMON = 9
"""A port nobody listens on."""


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[Listener]:
    with Listener(Settings(data_dir=tmp_path / "data", ingest_port=0)) as listening:
        yield listening


@contextmanager
def collecting(folder: Path, port: int, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """`psa collect` with a data folder of its own; killed if a test leaves it running."""
    settings = {"PS_DATA_DIR": str(folder / "data"), "PS_INGEST_PORT": str(port), "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "ps_analytics", "collect", *arguments],
        env=os.environ | settings,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def receive(listener: Listener, frames: int) -> list[Batch]:
    """At least so many frames, acknowledged."""
    batches: list[Batch] = []
    while sum(map(len, batches)) < frames:
        messages = listener.poll(WAIT_S)
        assert messages, "nothing arrived"
        batches += [decode(message.payload) for message in messages]
        listener.acknowledge(messages)
    return batches


def stopped(process: subprocess.Popen[str], number: signal.Signals, listener: Listener | None = None) -> str:
    """What it says on its error stream once it has ended well after a signal; what it still sends is taken."""
    children = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(number)
    while listener is not None and process.poll() is None:
        listener.acknowledge(listener.poll(0.05))
    _, error = process.communicate(timeout=WAIT_S)
    assert process.returncode == 0, error
    assert not [child for child in children if child.is_running()]
    return error


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_simulated_car_drives_until_it_is_stopped(tmp_path: Path, listener: Listener, number: signal.Signals) -> None:
    with collecting(tmp_path, listener.port, "simulated", "--speed", "2") as process:
        assert first_line(process) == "Driving a simulated car at ×2. Ctrl-C stops."
        batches = receive(listener, 120)
        assert {batch.source for batch in batches} == {"simulated"}
        assert [batch.first_seq for batch in batches] == np.cumsum([0, *map(len, batches[:-1])]).tolist()
        assert stopped(process, number, listener) == ""
    with Spool(tmp_path / "data" / "spool" / "simulated") as left:
        assert list(left.unacknowledged()) == []


def test_without_a_daemon_frames_wait_in_the_spool_and_the_next_run_sends_them(tmp_path: Path) -> None:
    with collecting(tmp_path, NO_DAEMON, "simulated") as process:
        first_line(process)
        folder = tmp_path / "data" / "spool" / "simulated"
        while not any(path.stat().st_size > 20_000 for path in folder.glob("*.psspool")):
            with pytest.raises(subprocess.TimeoutExpired):  # looks now and then, while it drives
                process.wait(0.05)
        assert WAITING in stopped(process, signal.SIGTERM)
    with Spool(folder) as left:
        waiting = [record.payload for record in left.unacknowledged()]
    assert waiting
    with Listener(Settings(data_dir=tmp_path / "data", ingest_port=0)) as listener:
        frames = sum(len(decode(payload)) for payload in waiting)
        with collecting(tmp_path, listener.port, "simulated") as process:
            batches = receive(listener, frames + 6)
            stopped(process, signal.SIGINT, listener)
    assert len({batch.session_id for batch in batches}) == 2
    numbers = [n for batch in batches for n in range(batch.first_seq, batch.next_seq)]
    assert numbers == list(range(len(numbers)))


def test_a_recording_is_replayed_to_its_end(tmp_path: Path, listener: Listener) -> None:
    path = tmp_path / "drive.psspool"
    times = np.arange(600)
    spool.write(
        path,
        [
            Batch("recorded", "forza", n * 16_667, {"speed": n.astype("<f4")}, car="Forza car 7")
            for n in np.split(times, 100)
        ],
    )
    with collecting(tmp_path, listener.port, "replay", str(path), "--speed", "100") as process:
        batches = receive(listener, 600)
        output, error = process.communicate(timeout=WAIT_S)
    assert (process.returncode, error) == (0, "")
    assert output.strip() == f"Replaying '{path}' at ×100. Ctrl-C stops."
    assert np.concatenate([batch.columns["speed"] for batch in batches]).tolist() == times.tolist()
    assert {(batch.source, batch.car) for batch in batches} == {("replay", "Forza car 7")}
    assert "recorded" not in {batch.session_id for batch in batches}


def send_to(port: int, packets: Sequence[bytes]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as game:
        for packet in packets:
            game.sendto(packet, ("127.0.0.1", port))


def test_what_forza_sends_arrives(tmp_path: Path, listener: Listener) -> None:
    packets = [struct.pack("<iI", 1, 17 * n) + bytes(224) for n in range(30)]
    with collecting(tmp_path, listener.port, "forza", "--port", "0") as process:
        line = first_line(process)
        assert line.startswith("Waiting for Forza on UDP 127.0.0.1:")
        send_to(int(line.removesuffix(". Ctrl-C stops.").rsplit(":", 1)[1]), packets)
        batches = receive(listener, 30)
        stopped(process, signal.SIGINT, listener)
    stamps = np.concatenate([batch.timestamp_us for batch in batches])
    assert np.diff(stamps).tolist() == [17_000] * 29
    assert {batch.source for batch in batches} == {"forza"}


def failure(tmp_path: Path, *arguments: str) -> tuple[int, str]:
    with collecting(tmp_path, NO_DAEMON, *arguments) as process:
        _, error = process.communicate(timeout=WAIT_S)
    assert "Traceback" not in error
    return process.returncode, error.strip()


def test_a_port_in_use_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        code, error = failure(tmp_path, "forza", "--port", str(port))
    assert code == 1
    assert error == f"psa: port {port} is in use by another program. Stop it, or set --port to a free port."


def test_a_collector_without_the_daemons_port_says_so(tmp_path: Path) -> None:
    with collecting(tmp_path, 0, "simulated") as process:
        _, error = process.communicate(timeout=WAIT_S)
    assert process.returncode == 1
    assert error.strip() == (
        "psa: setting PS_INGEST_PORT: 0 lets the daemon choose; a collector needs the port it chose."
    )


def test_a_recording_that_is_none_is_one_sentence_and_sends_nothing(tmp_path: Path) -> None:
    code, error = failure(tmp_path, "replay", str(tmp_path / "absent"))
    assert (code, error.count("\n")) == (1, 0)
    assert "'absent': there is no such file" in error
    (tmp_path / "laps.csv").write_text("Time,Speed\n0,1\n")
    code, error = failure(tmp_path, "replay", str(tmp_path / "laps.csv"))
    assert (code, error.count("\n")) == (1, 0)
    assert "'laps.csv' at byte 0: not a ps-analytics recording" in error


def test_a_speed_nobody_can_drive_is_wrong_use(tmp_path: Path) -> None:
    code, error = failure(tmp_path, "simulated", "--speed", "1000")
    assert code == 2
    assert "--speed" in error
