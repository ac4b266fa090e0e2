"""`psa math`: formulas checked and evaluated, math channels listed, imported, exported and deleted."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import polars as pl
import typer
from rich.console import Console
from rich.table import Table

from ps_analytics.channels.definitions import MathChannel
from ps_analytics.cli.choosing import BEST, AsJson
from ps_analytics.config import read_settings
from ps_analytics.errors import FileMissing, FileUnreadable, FormulaError, PurpleSectorError, UnknownChannel

if TYPE_CHECKING:
    from ps_analytics.channels.definitions import Diagnostic
    from ps_analytics.lap import Lap
    from ps_analytics.store.store import Store

app = typer.Typer(help="Check and evaluate formulas; list, import and export math channels.", no_args_is_help=True)

Formula = Annotated[str, typer.Argument(help="A formula, such as 'hypot(g_lat, g_long)'.")]
Unit = Annotated[str | None, typer.Option(help="The unit it is declared in; none takes what it comes to.")]
_NAME = "formula"
"""What a formula of the command line is called where a channel has its name."""
_HINT = "Name a file of math channels: our JSON, MoTeC's Maths XML, or PurpleSector's JSON."


@app.command("list")
def list_channels(
    shipped: Annotated[bool, typer.Option("--shipped", help="The shipped ones, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """List your math channels: name, unit, formula, and what is wrong with them."""
    from ps_analytics.channels.library import SHIPPED

    with _store() as store:
        rows = store.find_math_channels().to_dicts()
    hidden = {row["name"] for row in rows if row["vehicle_id"] is None}
    if shipped:
        rows += [_row(channel) for name, channel in SHIPPED.items() if name not in hidden]
    if as_json:
        typer.echo(json.dumps(rows, indent=1))
    elif rows:
        _print_list(rows)
    else:
        typer.echo(f"No math channels of yours yet; {len(SHIPPED)} are shipped: `psa math list --shipped`.")


@app.command()
def check(
    formula: Formula,
    unit: Unit = None,
    lap: Annotated[
        str | None, typer.Option(help="Lap id, SESSION:NUMBER or best. None: on all channels there can be.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what is wrong with a formula, and at which character."""
    with _store() as store:
        lap_id = None if lap is None else store.resolve_lap(lap)
        said = store.check_math_channel(MathChannel(_NAME, formula, unit), lap_id=lap_id)
    if as_json:
        typer.echo(json.dumps([_facts(one) for one in said], indent=1))
    for one in () if as_json else said:
        typer.secho(_text(one), fg="red" if one.severity == "error" else None)
    if any(one.severity == "error" for one in said):
        raise typer.Exit(1)
    if not said and not as_json:
        typer.echo("Nothing is wrong with it.")


@app.command("eval")
def evaluate(
    formula: Formula,
    lap: Annotated[str, typer.Option(help="Lap id, SESSION:NUMBER or best.")] = BEST,
    unit: Unit = None,
    reference: Annotated[str | None, typer.Option(help="The lap that ref() looks at; best is fine.")] = None,
    as_json: AsJson = False,
) -> None:
    """Evaluate a formula on a lap: least, mean and largest value, or with --json every sample."""
    with _store() as store:
        other = None if reference is None else store.read_lap(store.resolve_lap(reference))
        found = _computed(store, store.resolve_lap(lap), MathChannel(_NAME, formula, unit), other)
    values = found.frames[_NAME]
    unit_of_it = found.traces[_NAME].unit
    is_condition = values.dtype == pl.Boolean
    numbers = values.cast(pl.Float64)
    facts: dict[str, Any] = {
        "lap_id": found.lap_id,
        "formula": formula,
        "unit": None if is_condition else unit_of_it,
        "samples": len(values),
        "missing": values.null_count(),
        "min": numbers.min(),
        "mean": numbers.mean(),
        "max": numbers.max(),
    }
    if as_json:
        columns = {name: found.frames[name].to_list() for name in ("timestamp", "distance") if name in found.frames}
        facts |= {"timestamp": None, "distance": None, **columns, "value": values.to_list()}
        typer.echo(json.dumps(facts, allow_nan=False))
        return
    missing = f", {facts['missing']} of them missing" if facts["missing"] else ""
    typer.echo(f"{formula} on lap {found.lap_id}: {facts['samples']} samples{missing}")
    if facts["mean"] is None:
        typer.echo("no value at all")
    elif is_condition:
        typer.echo(f"true in {facts['mean']:.1%} of them")
    else:
        typer.echo(
            "   ".join(f"{name} {facts[name]:.6g}" for name in ("min", "mean", "max")) + f"   {unit_of_it or ''}"
        )


@app.command("import")
def import_channels(
    files: Annotated[list[Path], typer.Argument(help="Our JSON, MoTeC's Maths XML, or PurpleSector's JSON.")],
) -> None:
    """Keep the math channels of files as yours."""
    failed = False
    with _store() as store:
        for file in files:
            try:
                taken = store.import_math(_bytes(file), name=file.name)
            except PurpleSectorError as error:
                failed = True
                typer.secho(f"psa: {error}", err=True, fg="red")
                continue
            for note in taken.notes:
                typer.echo(f"note: {note}")
            typer.echo(f"{file.name}: {_counted(len(taken.channels), 'math channel')}.")
    if failed:
        raise typer.Exit(1)


@app.command("export")
def export_channels(
    names: Annotated[list[str] | None, typer.Argument(help="Which; none: all of yours.")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Where to; none: to the screen.")] = None,
) -> None:
    """Write your math channels as JSON that `psa math import` reads."""
    with _store() as store:
        document = store.export_math(names or None)
    if output is None:
        sys.stdout.write(document + "\n")
        return
    try:
        output.write_text(document + "\n", encoding="utf-8")
    except OSError as error:
        raise FileUnreadable(output, reason=error.strerror or str(error), hint="Choose another place.") from error
    typer.echo(f"{output}: {_counted(len(json.loads(document)['channels']), 'math channel')}.")


@app.command()
def delete(name: Annotated[str, typer.Argument(help="The math channel.")]) -> None:
    """Delete a math channel of yours; what it was is printed, for `psa math import` to bring it back."""
    from ps_analytics.channels.exchange import write_math

    with _store() as store:
        gone = store.delete_math_channel(name)
        users = store.find_math_uses(gone.name)
    if users:
        typer.echo(f"note: it is used by {', '.join(repr(user) for user in users)}.", err=True)
    typer.echo(write_math([gone]))


@contextmanager
def _store() -> "Iterator[Store]":
    from ps_analytics.store.store import open_store

    with open_store(settings=read_settings()) as store:
        yield store


def _computed(store: "Store", lap_id: str, channel: MathChannel, reference: "Lap | None") -> "Lap":
    """The lap with the formula, and its distance if it has one.

    Raises:
        FormulaError: the formula cannot be used on this lap.
    """
    try:
        return store.read_lap(lap_id, ["distance"], math={_NAME: channel}, reference=reference)
    except UnknownChannel:
        return store.read_lap(lap_id, [], math={_NAME: channel}, reference=reference)
    except FormulaError as error:
        error.channel = "" if error.channel == _NAME else error.channel
        raise


def _row(channel: MathChannel) -> dict[str, Any]:
    facts = {"folder": channel.folder, "about": channel.about, "vehicle_id": None, "problem": None, "shipped": True}
    return {
        "name": channel.name,
        "formula": channel.formula,
        "unit": channel.unit,
        "units_policy": str(channel.policy),
        **facts,
    }


def _facts(one: "Diagnostic") -> dict[str, Any]:
    fix = None if one.fix is None else one.fix._asdict()
    facts = {name: getattr(one, name) for name in ("code", "message", "position", "end", "hint", "severity")}
    return {**facts, "fix": fix}


def _text(one: "Diagnostic") -> str:
    """A diagnostic as an error is printed: its sentence, the place underlined, the hint."""
    channel = "" if one.channel == _NAME else one.channel
    error = FormulaError(
        one.code, one.message, one.position, one.end, hint=one.hint, formula=one.formula, channel=channel
    )
    return str(error)


def _print_list(rows: Sequence[dict[str, Any]]) -> None:
    table = Table(box=None, header_style="dim")
    for name in ("Name", "Unit", "Formula", "Folder", "Problem"):
        table.add_column(name)
    for row in rows:
        name = row["name"] if row["vehicle_id"] is None else f"{row['name']} (vehicle {row['vehicle_id']})"
        table.add_row(name, row["unit"] or "", row["formula"], row["folder"] or "", row["problem"] or "")
    Console(highlight=False, markup=False).print(table)


def _bytes(file: Path) -> bytes:
    """The bytes of a file.

    Raises:
        FileError: it cannot be read.
    """
    from ps_analytics.channels.exchange.imported import LARGEST_BYTES

    try:
        with file.open("rb") as opened:
            return opened.read(LARGEST_BYTES + 1)
    except FileNotFoundError:
        raise FileMissing(file) from None
    except OSError as error:
        raise FileUnreadable(file, reason=error.strerror or str(error), hint=_HINT) from error


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
