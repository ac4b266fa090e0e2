"""The program: every command registered in one place, every failure one clear sentence."""

import logging
import os
import sys

import typer

from ps_analytics.cli import collect, corners, db, demo, importing, ingest, laps, math, plugins, serve, track
from ps_analytics.errors import PurpleSectorError

app = typer.Typer(
    name="psa",
    help="Record, keep, compare and explain laps.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("demo")(demo.demo)
app.add_typer(collect.app, name="collect")
app.command("ingest")(ingest.ingest)
app.command("serve")(serve.serve)
app.command("import")(importing.import_files)
app.command("laps")(laps.laps)
app.command("delta")(laps.delta)
app.command("corners")(corners.corners)
app.add_typer(track.app, name="track")
app.add_typer(math.app, name="math")
app.add_typer(db.app, name="db")
app.command("plugins")(plugins.plugins)


def main() -> None:
    """Run the command line: exit code 0 when fine, 1 when it failed, 2 when used wrongly."""
    debug = os.environ.get("PS_DEBUG", "").lower() in ("1", "true", "yes", "on")
    logging.basicConfig(
        level=logging.DEBUG if debug else logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    try:
        app()
    except PurpleSectorError as error:
        _fail(error, str(error), debug=debug)
    except Exception as error:  # the top of the program: whatever went wrong, the user reads one sentence
        _fail(
            error,
            f"unexpected {type(error).__name__}: {error}. Run it again with PS_DEBUG=1 to see where.",
            debug=debug,
        )


def _fail(error: Exception, sentence: str, *, debug: bool) -> None:
    if debug:
        raise error
    typer.secho(f"psa: {sentence}", err=True, fg="red")
    sys.exit(1)
