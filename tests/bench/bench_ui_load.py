"""Many pages on one process: what each takes, how long a click waits, and what is left when they are closed."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import psutil

from ps_analytics.ui.server import KEPT_S
from tests.bench.bench_ui_served import server_cpu_s
from tests.bench.bench_ui_visitors import EVERY_S
from tests.bench.table import at_most

USERS, SECONDS = 100, 20.0
CLOSED = 50
QUIET_S = 0.05
"""A server that uses less of a second's CPU than this has let go of what it can."""


@contextmanager
def visitors(url: str, users: int, seconds: float) -> Iterator["subprocess.Popen[str]"]:
    """So many pages open in a process of their own."""
    command = [sys.executable, "-m", "tests.bench.bench_ui_visitors", url, str(users), str(seconds)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdin
        assert program.stdout
        try:
            assert program.stdout.readline().strip() == "open", "the visitors did not get in"
            yield program
        finally:
            program.stdin.close()


def told(program: "subprocess.Popen[str]") -> list[float]:
    """How long each click took, in s, once they have clicked."""
    assert program.stdin
    assert program.stdout
    program.stdin.write("\n")
    program.stdin.flush()
    found: list[float] = json.loads(program.stdout.readline())
    return found


def measure_sessions(url: str, server: psutil.Process) -> None:
    """Fifty pages opened and closed, after ten that have warmed the server up."""
    resident: list[int] = []
    for count in (10, CLOSED):
        with visitors(url, count, 0.0):
            pass
        resident.append(memory_left(server))
    at_most(f"{CLOSED} sessions opened and closed: memory against before", resident[1] / resident[0], 1.1)


def memory_left(server: psutil.Process) -> int:
    """Bytes the server holds once it has looked for closed pages and has nothing to do any more."""
    time.sleep(2 * KEPT_S + 3)
    while True:
        before = server_cpu_s(server)
        time.sleep(1.0)
        if server_cpu_s(server) - before < QUIET_S:
            return int(server.memory_info().rss)


def measure_users(url: str, server: psutil.Process) -> None:
    """A hundred who click a lap every two seconds."""
    before = server.memory_info().rss
    with visitors(url, USERS, SECONDS) as program:
        session_mb = (server.memory_info().rss - before) / USERS / 1e6
        cpu, began = server_cpu_s(server), time.monotonic()
        taken = np.array(told(program)) * 1000
        cpu_s, wall_s = server_cpu_s(server) - cpu, time.monotonic() - began
    p50, p95 = np.percentile(taken, [50, 95])
    at_most(f"session memory, {USERS} open", session_mb, 4, "MB")
    at_most(f"server CPU a lap click, {len(taken)} clicks", cpu_s / len(taken) * 1000, 15, "ms")
    at_most(f"{USERS} users at {EVERY_S:.0f} s on one process: click → commit p95", p95, 300, "ms")
    print(f"  p50 {p50:.0f} ms; the process used {cpu_s / wall_s:.0%} of a core")
