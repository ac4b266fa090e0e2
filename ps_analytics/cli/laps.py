"""`psa laps` and `psa delta`: what there is, and where one lap gains and loses against another."""

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from ps_analytics.config import read_settings

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


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
        Console().print(_table(rows))
    else:
        typer.echo("No laps yet. Run `psa demo`, or `psa import FILE`.")


def delta(
    lap: Annotated[str, typer.Argument(help="Lap id, SESSION:NUMBER or best.")],
    reference: Annotated[str, typer.Option(help="Lap id, SESSION:NUMBER or best.")] = "best",
    as_json: AsJson = False,
) -> None:
    """Show where a lap gains and loses time against a reference lap."""
    from ps_analytics.analysis.delta import delta as measure
    from ps_analytics.store.store import open_store

    with open_store(settings=read_settings()) as store:
        first, second = (store.read_lap(store.resolve_lap(text)) for text in (lap, reference))
    result = measure(first, second)
    if as_json:
        facts = {"lap_id": first.lap_id, "reference_id": second.lap_id}
        facts |= {"method": result.method, "closure_s": result.closure_s, "points": result.frame.to_dicts()}
        typer.echo(json.dumps(facts))
        return
    frame = result.frame
    typer.echo(f"{lap_time(first.lap_time_s)} against {lap_time(second.lap_time_s)}: {frame['delta_s'][-1]:+.3f} s")
    step = max(1, len(frame) // 20)
    for distance, value in frame.gather_every(step).select("distance_m", "delta_s").iter_rows():
        typer.echo(f"{distance:8.0f} m  {value:+.3f} s")


def lap_time(seconds: float | None) -> str:
    """A lap time as racers read it: m:ss.sss, or a dash.

    Example:
        >>> lap_time(83.4567), lap_time(None)
        ('1:23.457', '–')
    """
    if seconds is None:
        return "–"
    milliseconds = round(seconds * 1000)
    return f"{milliseconds // 60_000}:{milliseconds % 60_000 / 1000:06.3f}"


def _lap_object(row: dict[str, Any]) -> dict[str, Any]:
    names = ("lap_id", "lap_number", "lap_time_s", "kind", "valid", "session_id", "sectors_s", "flags")
    return {name: row[name] for name in names}


def _table(rows: list[dict[str, Any]]) -> Table:
    table = Table(box=None, header_style="bold")
    for heading, justify in (("Session", "left"), ("Track", "left"), ("Car", "left"), ("Lap", "right"),
                             ("Time", "right"), ("Kind", "left"), ("Valid", "left"), ("Id", "left")):  # fmt: skip
        table.add_column(heading, justify=justify)  # type: ignore[arg-type]  # rich wants the literals
    for row in rows:
        valid = "yes" if row["valid"] else f"no, {row['valid_reason'] or 'set by hand'}"
        table.add_row(
            row["session_name"], row["track"] or "–", row["car"] or "–", str(row["lap_number"]),
            lap_time(row["lap_time_s"]), row["kind"], valid, row["lap_id"],
        )  # fmt: skip
    return table
