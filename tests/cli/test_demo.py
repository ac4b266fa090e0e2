"""`psa demo` as a person starts it: a fresh data folder, one command, Ctrl-C."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import psutil
import pytest

from ps_analytics.config import Settings
from ps_analytics.store.store import open_store

PATIENCE_S = 300.0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _demo(data_dir: Path, log: Path, **settings: str) -> Iterator[subprocess.Popen[bytes]]:
    """The demo in a process group of its own, as a terminal has it; killed whole if a test leaves it running."""
    environment = os.environ | {"PS_DATA_DIR": str(data_dir), "PYTHONUNBUFFERED": "1"} | settings
    with log.open("wb") as out:
        demo = subprocess.Popen(
            [sys.executable, "-m", "ps_analytics", "demo"],
            env=environment,
            cwd=data_dir.parent,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            yield demo
        finally:
            if demo.poll() is None:
                os.killpg(demo.pid, signal.SIGKILL)
                demo.wait()


def _until(condition: object, demo: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until the condition holds, while the demo runs."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():  # type: ignore[operator]
        assert demo.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.2)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="a console's Ctrl-C cannot be sent to one process group on Windows")
def test_the_demo_serves_laps_drives_live_and_leaves_nothing_behind_twice_in_a_row(tmp_path: Path) -> None:
    data_dir, port, ingest_port = tmp_path / "data", _free_port(), _free_port()
    address = f"http://127.0.0.1:{port}/review"
    laps_before = 0
    for turn in ("first", "second"):
        log = tmp_path / f"{turn}.log"
        with _demo(data_dir, log, PS_PORT=str(port), PS_INGEST_PORT=str(ingest_port)) as demo:
            _until(lambda log=log: address in log.read_text(), demo, log)
            with urlopen(address, timeout=30) as page:  # our own loopback page
                assert page.status == 200
            with open_store(settings=Settings(data_dir=data_dir)) as store:
                _until(lambda: not store.find_sessions(status="recording").is_empty(), demo, log)
                _until(lambda: (store.find_sessions()["status"] == "completed").sum() >= 4, demo, log)
                kinds = set(store.find_laps()["kind"])
                laps = len(store.find_laps())
            processes = [psutil.Process(demo.pid), *psutil.Process(demo.pid).children(recursive=True)]
            os.killpg(demo.pid, signal.SIGINT)
            assert demo.wait(30) == 0, log.read_text()
            _, alive = psutil.wait_procs(processes, timeout=5)
            assert not alive
        assert kinds >= {"timed", "out", "in", "pit", "partial"}
        assert laps >= max(laps_before, 32)  # the past is filled in once
        assert laps < 60
        laps_before = laps
        assert "Traceback" not in log.read_text()


@pytest.mark.slow
def test_a_port_in_use_stops_the_demo_with_one_sentence(tmp_path: Path, demo_url: str) -> None:
    past = tmp_path / "demo.sqlite"  # so none is driven first
    shutil.copy(demo_url.removeprefix("sqlite:///"), past)
    settings = {"PS_DATABASE_URL": f"sqlite:///{past.as_posix()}", "PS_INGEST_PORT": str(_free_port())}
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        log = tmp_path / "log"
        with _demo(tmp_path / "data", log, PS_PORT=str(port), **settings) as demo:
            assert demo.wait(PATIENCE_S) == 1
    said = log.read_text()
    assert f"psa: port {port} is in use by another program. Stop it, or set PS_PORT to a free port." in said
    assert "Traceback" not in said
