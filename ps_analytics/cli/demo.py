"""`psa demo`: everything on one machine. It only starts the others: daemon, simulated car, dashboards."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import typer

from ps_analytics.cli.ingest import stop_on_signal
from ps_analytics.config import read_settings

LOOK_S = 0.2
"""How often the demo looks whether one of its programs has ended by itself."""
STOP_WITHIN_S = 10.0


def demo() -> None:
    """Run database, daemon, a simulated car and the dashboards until Ctrl-C.

    A store that has no simulated session yet is first given four past ones; then the car drives live.
    """
    from ps_analytics.collect.simulated import Simulated
    from ps_analytics.ingest.demo import fill_in_demo
    from ps_analytics.store.store import open_store

    settings = read_settings()
    with open_store(settings=settings) as store:
        if store.find_sessions(source=Simulated.name).is_empty():
            typer.echo("Driving four past sessions first: about ten seconds.")
            fill_in_demo(store, settings=settings)
    stop = stop_on_signal()
    with ExitStack() as stack:
        commands = (["ingest"], ["collect", "simulated"], ["serve"])
        programs = [stack.enter_context(_running(command)) for command in commands]
        while not stop.wait(LOOK_S):
            if any(program.poll() is not None for program in programs):
                raise typer.Exit(1)  # the one that ended has said why


@contextmanager
def _running(command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """A command of this program as a process of its own, stopped at the end of the block."""
    program = subprocess.Popen([sys.executable, "-m", "ps_analytics", *command])
    try:
        yield program
    finally:
        program.terminate()
        try:
            program.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            program.kill()
            program.wait()
