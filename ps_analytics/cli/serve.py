"""`psa serve`: the dashboards."""

from typing import Annotated

import typer

from ps_analytics.config import read_settings


def serve(show: Annotated[bool, typer.Option("--show", help="Open the first page in a browser.")] = False) -> None:
    """Serve the dashboards on PS_HOST and PS_PORT until Ctrl-C."""
    from ps_analytics.ui.server import serve as run

    run(read_settings(), show=show, announce=typer.echo)
