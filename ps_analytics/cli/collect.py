"""`psa collect`: from a game, a simulated car or a recording to the daemon. One command a source."""

from pathlib import Path
from typing import Annotated

import typer

from ps_analytics.cli.ingest import stop_on_signal
from ps_analytics.collect.base import Collector
from ps_analytics.config import read_settings
from ps_analytics.errors import BadSetting

app = typer.Typer(help="Read a game or a recording and send its frames to the daemon.", no_args_is_help=True)

STOP_FLUSH_S, END_FLUSH_S = 0.5, 5.0
"""How long the daemon may take for the last frames: after Ctrl-C, and when the source has ended."""
Speed = Annotated[float, typer.Option(min=0.1, max=100.0, help="Times real time.")]


@app.command()
def simulated(
    speed: Speed = 1.0, seed: Annotated[int, typer.Option(help="Another seed is another drive.")] = 1
) -> None:
    """Drive a simulated car until Ctrl-C."""
    from ps_analytics.collect.simulated import Simulated

    typer.echo(f"Driving a simulated car at ×{speed:g}. Ctrl-C stops.")
    _run(Simulated(seed, speed=speed))


@app.command()
def replay(
    file: Annotated[Path, typer.Argument(help="A spool folder or one of its segment files.")], speed: Speed = 1.0
) -> None:
    """Send a recorded spool again, as a session of its own."""
    from ps_analytics.collect.replay import Replay
    from ps_analytics.transport import spool

    typer.echo(f"Replaying '{file}' at ×{speed:g}. Ctrl-C stops.")
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

    collector = Forza(host=host, port=port)
    typer.echo(f"Waiting for Forza on UDP {host}:{collector.port}. Ctrl-C stops.")
    _run(collector)


def _run(collector: Collector) -> None:
    """Run a collector until it ends or Ctrl-C; what no daemon has taken by then is said to wait in the spool."""
    from ps_analytics.transport.connection import Connection

    settings = read_settings()
    if settings.ingest_port == 0:
        raise BadSetting("PS_INGEST_PORT", "0 lets the daemon choose; a collector needs the port it chose.")
    stop = stop_on_signal()
    with Connection(settings, name=collector.name) as connection:
        try:
            collector.run(connection.publish, stop)
        finally:
            if not connection.flush(STOP_FLUSH_S if stop.is_set() else END_FLUSH_S):
                typer.echo("No daemon took the last frames; they wait in the spool until `psa ingest` runs.", err=True)
