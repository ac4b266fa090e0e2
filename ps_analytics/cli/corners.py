"""`psa corners`: what a lap, or every lap of a session, does in each corner."""

import json
from typing import TYPE_CHECKING, Annotated

import polars as pl
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ps_analytics.cli.choosing import AsJson, read_both, read_with_best
from ps_analytics.config import read_settings
from ps_analytics.errors import IncompatibleLaps
from ps_analytics.lap import lap_time_text
from ps_analytics.track import ahead_m

if TYPE_CHECKING:
    from ps_analytics.lap import Lap
    from ps_analytics.store.store import Store

DASH = "–"


def corners(
    lap: Annotated[str, typer.Argument(help="Lap id, SESSION:NUMBER or best.")],
    reference: Annotated[
        str | None,
        typer.Option(help="Lap id, SESSION:NUMBER or best. Default: best of the same track and car, if another lap."),
    ] = None,
    session: Annotated[bool, typer.Option("--session", help="Every timed lap of the lap's session.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what a lap does in every corner: time, speeds, brake point, throttle, and the time lost.

    Places are metres from the line. What a lap does not do, or its channels do not tell, is a dash (null in JSON). The
    time lost in a corner counts from where one slows down for it to where one does for the next: over all corners it
    is the difference of the lap times.
    """
    from ps_analytics.analysis.corners import corners as measure
    from ps_analytics.analysis.track import resolve_track
    from ps_analytics.store.store import open_store

    with open_store(settings=read_settings()) as store:
        first, other = read_with_best(store, lap) if reference is None else read_both(store, lap, reference)
        laps = _timed_laps(store, first) if session else [first]
    laps, other = _comparable(laps, other, asked=reference is not None)
    track = resolve_track([*laps, *([] if other is None else [other])])
    table = measure(laps if session else first, other, track=track)
    if as_json:
        typer.echo(json.dumps(table.to_dicts(), indent=1, allow_nan=False))
    elif table.is_empty():
        typer.echo("This track has no corners.")
    elif session:
        _print_session(table, laps, other, length_m=track.length_m)
    else:
        _print_lap(table, first, other)


def _timed_laps(store: "Store", lap: "Lap") -> "list[Lap]":
    """The timed laps of a lap's session, the lap itself among them whatever it is."""
    rows = store.find_laps(session_id=lap.session_id, shared=True)
    ids = rows.filter(
        (pl.col("kind") == "timed") & pl.col("lap_time_s").is_not_null() | (pl.col("lap_id") == lap.lap_id)
    )
    return [lap if lap_id == lap.lap_id else store.read_lap(lap_id) for lap_id in ids["lap_id"]]


def _comparable(laps: "list[Lap]", reference: "Lap | None", *, asked: bool) -> "tuple[list[Lap], Lap | None]":
    """The laps that can be laid on the reference, or on the first of them; a note for each that cannot.

    A reference nobody asked for gives way where the lap itself cannot be laid on it.
    """
    if len(laps) == 1 and (reference is None or asked):
        return laps, reference
    from ps_analytics.analysis.align import Alignment

    base = reference
    if base is None:
        base = min(laps, key=lambda lap: lap.lap_time_s or float("inf"))
    alignment, kept = Alignment(base), []
    for lap in laps:
        try:
            alignment.pair(lap)
        except IncompatibleLaps as error:
            if len(laps) == 1:
                _note(f"compared with no other lap: the best one cannot be its reference: {error.reason}")
                return laps, None
            _note(f"lap {lap.lap_number} is left out: {error.reason}")
        else:
            kept.append(lap)
    return kept, reference


def _note(text: str) -> None:
    typer.echo(f"note: {text}", err=True)


def _print_lap(table: pl.DataFrame, lap: "Lap", reference: "Lap | None") -> None:
    """One line a corner, narrow enough for a terminal of 80 characters."""
    console = Console(highlight=False)
    against = "" if reference is None else f" against {lap_time_text(reference.lap_time_s)}"
    console.print(Text(f"Lap {lap.lap_number} · {lap_time_text(lap.lap_time_s)}{against}", style="bold"))
    shown = _table(
        "Time", "Entry", "Min", "Exit", "Brake", "Throttle", "Gear", *([] if reference is None else ["Lost"])
    )
    for row in table.iter_rows(named=True):
        cells = [
            _text(row["time_s"], "{:.3f}"),
            *(_text(row[name], "{:.0f}") for name in ("entry_kmh", "min_kmh", "exit_kmh")),
            _text(row["brake_point_m"], "{:.0f}") + ("~" if row["brake_point_m"] and row["brake_estimated"] else ""),
            _text(row["throttle_on_m"], "{:.0f}"),
            _text(row["gear"], "{}"),
        ]
        shown.add_row(_name(row), *cells, *([] if reference is None else [_text(row["lost_s"], "{:+.3f}")]))
    console.print(shown)
    _print_total(console, table, reference)


def _print_total(console: Console, table: pl.DataFrame, reference: "Lap | None") -> None:
    units = "s, km/h, m from the line"
    if table["brake_estimated"].any():
        units += "; ~ by the deceleration: there is no brake channel"
    if reference is not None and (lost := table["lost_s"]).null_count() == 0:
        units += f"; lost in all {lost.sum():+.3f} s"
    console.print(Text(units, style="dim"))


def _print_session(table: pl.DataFrame, laps: "list[Lap]", reference: "Lap | None", *, length_m: float) -> None:
    """One line a corner: what the laps do there at their median, how far they spread, and their best time."""
    console = Console(highlight=False)
    console.print(Text(f"{len(laps)} laps of session {laps[0].session_id}", style="bold"))
    shown = _table("Best", "Median", "Min", "Brake", "±", "Throttle", "±", *([] if reference is None else ["Lost"]))
    for rows in table.partition_by("number", maintain_order=True):
        cells = [
            _text(rows["time_s"].min(), "{:.3f}"),
            _text(rows["time_s"].median(), "{:.3f}"),
            _text(rows["min_kmh"].median(), "{:.0f}"),
            *_spread(rows["brake_point_m"], rows["apex_m"][0], length_m),
            *_spread(rows["throttle_on_m"], rows["apex_m"][0], length_m),
            *([] if reference is None else [_text(rows["lost_s"].median(), "{:+.3f}")]),
        ]
        shown.add_row(_name(rows.row(0, named=True)), *cells)
    console.print(shown)
    console.print(Text("s, km/h, m from the line; medians, ± half of the middle half of the laps", style="dim"))


def _spread(places: pl.Series, apex_m: float, length_m: float) -> tuple[str, str]:
    """The median of places about an apex and half the width of their middle half; the line may lie between them."""
    ahead = pl.Series([ahead_m(apex_m, place, length_m) for place in places.drop_nulls()], dtype=pl.Float64)
    middle, low, high = (ahead.quantile(share, "linear") for share in (0.5, 0.25, 0.75))
    if middle is None or low is None or high is None:
        return DASH, DASH
    return f"{(apex_m + middle) % length_m:.0f}", f"{(high - low) / 2:.1f}"


def _table(*columns: str) -> Table:
    table = Table(box=None, header_style="dim")
    table.add_column("Corner")
    for column in columns:
        table.add_column(column, justify="right")
    return table


def _name(row: dict[str, object]) -> str:
    return f"{row['corner']} {'R' if row['direction'] == 'right' else 'L'}"


def _text(value: object, form: str) -> str:
    return DASH if value is None else form.format(value)
