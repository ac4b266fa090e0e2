"""`psa collect`: from a game, a simulated car or a recording to the daemon. One command a source."""

from pathlib import Path
from typing import Annotated

import typer

from ps_analytics.cli.ingest import stop_on_signal
from ps_analytics.collect.base import Collector
from ps_analytics.config import read_settings

app = typer.Typer(help="Read a game or a recording and send its frames to the daemon.", no_args_is_help=True)

Speed = Annotated[float, typer.Option(min=0.1, max=100.0, help="Times real time.")]


@app.command()
def simulated(
    speed: Speed = 1.0, seed: Annotated[int, typer.Option(help="Another seed is another drive.")] = 1
) -> None:
    """Drive a simulated car until Ctrl-C."""
    from ps_analytics.collect.simulated import Simulated

    _run(Simulated(seed=seed, speed=speed))


@app.command()
def replay(
    file: Annotated[Path, typer.Argument(help="A spool folder or one of its segment files.")], speed: Speed = 1.0
) -> None:
    """Send a recorded spool again, as a session of its own."""
    from ps_analytics.collect.replay import Replay
    from ps_analytics.transport import spool

    _run(Replay(spool.read(file), speed=speed))


@app.command()
def forza(
    port: Annotated[int, typer.Option(min=0, max=65535, help="UDP port set in the game's Data Out.")] = 5300,
    host: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 for a game on another machine.")
    ] = "127.0.0.1",
) -> None:
    """Listen to Forza's Data Out (Motorsport 7 and 2023, Horizon 4, 5 and 6)."""
    from ps_analytics.collect.forza import Forza

    typer.echo(f"Waiting for Forza on UDP {host}:{port}. Ctrl-C stops.")
    _run(Forza(host=host, port=port))


def _run(collector: Collector) -> None:
    from ps_analytics.transport.connection import Connection

    settings = read_settings()
    stop = stop_on_signal()
    with Connection(settings, name=collector.name) as connection:
        collector.run(connection.publish, stop)
        if not connection.flush(timeout_s=5.0):
            typer.echo("No daemon took the last frames; they wait in the spool until `psa ingest` runs.", err=True)
