"""`psa import`: files of loggers and games into the store."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress

from ps_analytics.cli.laps import AsJson, lap_time
from ps_analytics.config import read_settings
from ps_analytics.errors import PurpleSectorError


def import_files(
    files: Annotated[list[Path], typer.Argument(help="MoTeC .ld or .ldx, iRacing .ibt.")], as_json: AsJson = False
) -> None:
    """Read files into sessions and laps; the same bytes twice are the same session."""
    from ps_analytics.store.store import open_store

    results = []
    with (
        open_store(settings=read_settings()) as store,
        Progress(console=Console(stderr=True), transient=True) as progress,
    ):
        for file in files:
            task = progress.add_task(file.name, total=1.0)
            results.append(_import_one(store, file, lambda share, task=task: progress.update(task, completed=share)))
            progress.remove_task(task)
    if as_json:
        typer.echo(json.dumps(results, indent=1))
    else:
        for result in results:
            _say(result)
    if any(result["error"] for result in results):
        raise typer.Exit(1)


def _import_one(store: Any, file: Path, progress: Any) -> dict[str, Any]:
    from ps_analytics.ingest.importer import import_file

    try:
        return import_file(store, file, progress=progress)
    except PurpleSectorError as error:
        nothing: dict[str, Any] = {"file": str(file), "session_id": None, "track": None, "car": None, "laps": []}
        code = getattr(error, "code", type(error).__name__)
        return nothing | {"channels": [], "error": {"code": code, "message": str(error)}}


def _say(result: dict[str, Any]) -> None:
    if result["error"]:
        typer.secho(f"psa: {result['error']['message']}", err=True, fg="red")
        return
    timed = [lap["lap_time_s"] for lap in result["laps"] if lap["kind"] == "timed" and lap["valid"]]
    best = f", best {lap_time(min(timed))}" if timed else ""
    where = " · ".join(text for text in (result["track"], result["car"]) if text)
    typer.echo(f"{Path(result['file']).name}: {len(result['laps'])} laps{best}, {len(result['channels'])} channels"
               f"{' · ' + where if where else ''} (session {result['session_id']})")  # fmt: skip
