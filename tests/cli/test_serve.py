"""`psa serve` as a process of its own."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest


def environment(folder: Path, **settings: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PS_")}
    return {**kept, "PS_DATA_DIR": str(folder), "PS_PORT": "0", **settings}


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_it_prints_its_address_serves_and_ends_politely(tmp_path: Path, end: signal.Signals) -> None:
    command = [sys.executable, "-m", "ps_analytics", "serve"]
    with subprocess.Popen(
        command, env=environment(tmp_path), cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout is not None
        line = program.stdout.readline()
        url = line.split()[1]
        with urllib.request.urlopen(url, timeout=20) as answer:
            assert b"ps-analytics" in answer.read()
        program.send_signal(end)
        _, errors = program.communicate(timeout=20)
    assert line == f"Dashboards: {url}  (Ctrl-C stops)\n"
    assert program.returncode == 0
    assert errors == ""


def test_a_port_in_use_is_one_sentence_and_exit_code_1(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "ps_analytics", "serve"],
            env=environment(tmp_path, PS_PORT=str(port)), cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == f"psa: port {port} is in use by another program. Stop it, or set PS_PORT to a free port.\n"
