"""`psa import`: files of loggers and games into the store."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from glob import escape as escape_pattern
from glob import glob
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress

from ps_analytics.cli.choosing import AsJson
from ps_analytics.config import read_settings
from ps_analytics.errors import PurpleSectorError
from ps_analytics.lap import lap_time_text

if TYPE_CHECKING:
    from ps_analytics.store.store import Store

_SILENT_S = 2.0
"""An import that is no longer than this says nothing on its way where there is no terminal."""


def import_files(
    files: Annotated[list[Path], typer.Argument(help="MoTeC .ld or .ldx, iRacing .ibt; patterns like *.ld are fine.")],
    as_json: AsJson = False,
) -> None:
    """Read files into sessions and laps; the same bytes twice are the same session."""
    from ps_analytics.store.store import open_store

    with open_store(settings=read_settings()) as store, _progress() as show:
        results = [_import_one(store, file, show(file)) for file in _expanded(files)]
    for result in results:
        if result["error"]:
            typer.secho(f"psa: {result['error']['message']}", err=True, fg="red")
        elif not as_json:
            typer.echo(_sentence(result))
    if as_json:
        typer.echo(json.dumps(results, indent=1))
    if any(result["error"] for result in results):
        raise typer.Exit(1)


def _expanded(files: list[Path]) -> list[Path]:
    """The files that are meant: where a shell does not expand patterns we do; one that matches nothing stays as it is.

    A file named like a pattern is a file.
    """
    meant: dict[Path, None] = {}
    for text in map(str, files):
        found = glob(escape_pattern(text)) or sorted(glob(text)) or [text]  # noqa: PTH207  # Path's own raises on some
        meant |= dict.fromkeys(map(Path, found))
    return list(meant)


@contextmanager
def _progress() -> Iterator[Callable[[Path], Callable[[float], None]]]:
    """Shows on stderr how far each file is: a bar on a terminal, elsewhere a line every few seconds."""
    if not sys.stderr.isatty():
        yield _lines
        return
    with Progress(console=Console(stderr=True), transient=True) as bars:

        def bar(file: Path) -> Callable[[float], None]:
            for task in bars.task_ids:
                bars.remove_task(task)
            task = bars.add_task(escape(file.name), total=1.0)
            return lambda share: bars.update(task, completed=share)

        yield bar


def _lines(file: Path) -> Callable[[float], None]:
    said_s = time.monotonic()

    def say(share: float) -> None:
        nonlocal said_s
        if share < 1.0 and time.monotonic() - said_s > _SILENT_S:
            said_s = time.monotonic()
            typer.echo(f"psa: {file.name}: {share:.0%}", err=True)

    return say


def _import_one(store: "Store", file: Path, report: Callable[[float], None]) -> dict[str, Any]:
    from ps_analytics.ingest.importer import import_file

    try:
        return import_file(store, file, progress=report)
    except PurpleSectorError as error:
        nothing: dict[str, Any] = {"file": str(file), "session_id": None, "track": None, "car": None, "laps": []}
        return nothing | {"channels": [], "error": {"code": type(error).__name__, "message": str(error)}}


def _sentence(result: dict[str, Any]) -> str:
    """What came in, in one line."""
    timed = [lap["lap_time_s"] for lap in result["laps"] if lap["kind"] == "timed" and lap["valid"]]
    best = f", best {lap_time_text(min(timed))}" if timed else ""
    where = " · ".join(text for text in (result["track"], result["car"]) if text)
    laps = _counted(len(result["laps"]), "lap")
    channels = _counted(len(result["channels"]), "channel") if result["channels"] else "times only"
    place = f" · {where}" if where else ""
    return f"{Path(result['file']).name}: {laps}{best}, {channels}{place} (session {result['session_id']})"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
