"""`psa laps` and `psa delta`: what there is, and where one lap gains and loses against another."""

import json
from itertools import groupby
from operator import itemgetter
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ps_analytics.cli.choosing import BEST, AsJson, read_both
from ps_analytics.config import read_settings
from ps_analytics.lap import lap_time_text

POINTS = 20
"""So many points of a delta are printed for people; `--json` has them all."""


def laps(
    session: Annotated[str | None, typer.Option(help="Only this session's laps.")] = None,
    track: Annotated[str | None, typer.Option(help="Only laps of this track.")] = None,
    car: Annotated[str | None, typer.Option(help="Only laps of this car.")] = None,
    as_json: AsJson = False,
) -> None:
    """List laps: time, kind and validity."""
    from ps_analytics.store.store import open_store

    with open_store(settings=read_settings()) as store:
        rows = store.find_laps(session_id=session, track=track, car=car).to_dicts()
    if as_json:
        typer.echo(json.dumps([_lap_object(row) for row in rows], indent=1))
    elif rows:
        _print_by_session(rows)
    else:
        typer.echo("No laps yet. Run `psa demo`, or `psa import FILE`.")


def delta(
    lap: Annotated[str, typer.Argument(help="Lap id, SESSION:NUMBER or best.")],
    reference: Annotated[str, typer.Option(help="Lap id, SESSION:NUMBER, or best: of the same track and car.")] = BEST,
    as_json: AsJson = False,
) -> None:
    """Show where a lap gains and loses time against a reference lap."""
    from ps_analytics.analysis.delta import delta as measure
    from ps_analytics.store.store import open_store

    with open_store(settings=read_settings()) as store:
        first, second = read_both(store, lap, reference)
    result = measure(first, second)
    if as_json:
        facts = {
            "lap_id": first.lap_id,
            "reference_id": second.lap_id,
            "method": result.method,
            "closure_s": result.closure_s,
            "points": result.frame.to_dicts(),
        }
        typer.echo(json.dumps(facts, allow_nan=False))
        return
    frame = result.frame
    for name, flag in result.flags.items():
        typer.echo(f"note: {name}" + ("" if flag is True else f" {flag}"))
    step = max(1, len(frame) // POINTS)
    for distance, lost in frame[:-1].gather_every(step).select("distance_m", "delta_s").iter_rows():
        typer.echo(f"{distance:8.0f} m  {lost:+.3f} s")
    typer.echo(
        f"{frame['distance_m'][-1]:8.0f} m  {frame['delta_s'][-1]:+.3f} s at the line:"
        f" {lap_time_text(first.lap_time_s)} against {lap_time_text(second.lap_time_s)}"
    )


def _lap_object(row: dict[str, Any]) -> dict[str, Any]:
    names = ("lap_id", "lap_number", "lap_time_s", "kind", "valid", "session_id", "sectors_s", "flags")
    return {name: row[name] for name in names}


def _print_by_session(rows: list[dict[str, Any]]) -> None:
    """A heading for each session, with the id that `SESSION:NUMBER` wants, and its laps under it."""
    console = Console(highlight=False)
    for session_id, found in groupby(rows, key=itemgetter("session_id")):
        laps_of_it = list(found)
        first = laps_of_it[0]
        started = f"{first['started_at'].astimezone():%d %b %Y %H:%M}" if first["started_at"] else None
        facts = (first["track"], first["car"], started)
        about = [fact for fact in facts if fact and fact not in first["session_name"]]
        console.print(Text(" · ".join([first["session_name"], *about]), style="bold"))
        console.print(Text(f"session {session_id}", style="dim"))
        console.print(_table(laps_of_it))
        console.print()


def _table(rows: list[dict[str, Any]]) -> Table:
    table = Table(box=None, header_style="dim")
    table.add_column("Lap", justify="right")
    table.add_column("Time", justify="right")
    table.add_column("Kind")
    table.add_column("Valid")
    for row in rows:
        valid = "yes" if row["valid"] else f"no, {row['valid_reason'] or 'set by hand'}"
        table.add_row(str(row["lap_number"]), lap_time_text(row["lap_time_s"]), row["kind"], valid)
    return table
