"""`psa db`: creating, upgrading, emptying, checking and looking into the database."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from ps_analytics.cli.ingest import stop_on_signal
from ps_analytics.config import read_settings
from ps_analytics.errors import FileUnreadable, MissingExtra, PurpleSectorError, SchemaOutdated
from ps_analytics.plugins import Plugins, load_plugins

if TYPE_CHECKING:
    from ps_analytics.store.check import Cut, Say, Seal
    from ps_analytics.store.engine import Database
    from ps_analytics.store.faults import Fault
    from ps_analytics.store.schema import Step

app = typer.Typer(help="Create, upgrade, check and look into the database.", no_args_is_help=True)


@app.command()
def push() -> None:
    """Create or upgrade the tables, the core's and each plugin's; exit code 1 if a plugin's could not be."""
    from ps_analytics.store import schema

    plugins = load_plugins()
    with _database(create=True) as database, _busy("Upgrading the tables …"):
        steps = schema.push(database.engine, plugins)
    _tell(steps, plugins)


@app.command()
def reset(
    yes: Annotated[bool, typer.Option("--yes", help="Do it: everything recorded is lost.")] = False,
) -> None:
    """Drop every table and create them anew; without --yes only say what would be lost."""
    from ps_analytics.store import schema

    plugins = load_plugins()
    with _database() as database:
        with _busy("Counting rows …"):
            rows = schema.count_rows(database.engine, plugins)
        if not yes:
            _say_what_is_lost(database.shown, rows)
            raise typer.Exit(1)
        with _busy("Dropping and creating the tables …"):
            steps = schema.reset(database.engine, plugins)
    typer.echo(f"{sum(rows.values()):,} rows of {len(rows)} tables are gone.")
    _tell(steps, plugins)


@app.command()
def check(
    fix: Annotated[bool, typer.Option("--fix", help="Mend what is safe to mend.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a line a fault.")] = False,
) -> None:
    """Look for what is not as it should be: one line a fault, exit code 1 if there is one."""
    from ps_analytics.store import check as checking

    plugins = load_plugins()
    mended: list[Fault] = []
    refused: list[PurpleSectorError] = []
    with _database() as database, _busy("Checking …") as say:
        found = checking.check(database.engine, plugins, say=say)
        if fix and any(fault.fixable for fault in found):
            refused = checking.repair(database.engine, plugins, found, _sealer(database), _cutter(database), say=say)
            left = checking.check(database.engine, plugins, say=say)
            mended, found = [fault for fault in found if fault not in left], left
    for error in refused:
        typer.secho(f"psa: {error}", err=True, fg="red")
    if as_json:
        told = [fault.as_dict() | {"mended": fault in mended} for fault in (*mended, *found)]
        typer.echo(json.dumps(told, indent=1))
    else:
        _print(found, mended, fix=fix)
    if found:
        raise typer.Exit(1)


@app.command()
def merge(
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Write to this file.")] = None,
) -> None:
    """Report every table of the core and of the plugins in one text; fails if two of them exclude each other."""
    from ps_analytics.store import schema

    report = schema.merge(load_plugins())
    if output is None:
        typer.echo(report, nl=False)
        return
    try:
        output.write_text(report, encoding="utf-8")
    except OSError as error:
        reason = error.strerror or str(error)
        raise FileUnreadable(output, reason=reason, hint="Choose another file with -o.") from error
    typer.echo(f"Wrote {output}.")


@app.command()
def studio(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 picks a free one.")] = 0,
) -> None:
    """Serve a page to look into any table, on this machine only and read-only, until Ctrl-C."""
    try:
        from ps_analytics.store.studio import Studio
    except ImportError as error:
        raise MissingExtra("`psa db studio`", "studio") from error

    stop = stop_on_signal()
    with _database() as database, Studio(database, load_plugins(), port=port) as served:
        typer.echo(f"Studio of {database.shown}: {served.url}")
        typer.echo("Read-only, for this machine only: the address is the key. Ctrl-C stops.")
        served.run(stop)


@contextmanager
def _database(*, create: bool = False) -> "Iterator[Database]":
    """The database of the settings, closed at the end.

    Raises:
        SchemaOutdated: it is a file that is not there, and must not be created by looking at it.
    """
    from ps_analytics.store import schema
    from ps_analytics.store.engine import open_database

    settings = read_settings()
    if create and not settings.database_url:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    elif not settings.database_url and not settings.data_dir.is_dir():
        raise SchemaOutdated(settings.url, found=None, needed=schema.needed())
    database = open_database(settings.url)
    file = database.engine.url.database or ""
    is_file = database.engine.dialect.name == "sqlite" and file not in ("", ":memory:")
    try:
        if is_file and not create and not Path(file).exists():
            raise SchemaOutdated(database.shown, found=None, needed=schema.needed())
        yield database
    finally:
        database.close()


@contextmanager
def _busy(words: str) -> "Iterator[Say]":
    """A spinner on a terminal, and what changes its words."""
    with Console(stderr=True).status(words) as status:
        yield lambda text: status.update(f"{text[:1].upper()}{text[1:]} …")


def _tell(steps: "list[Step]", plugins: Plugins) -> None:
    """One line an owner of tables, then one a plugin that could not be loaded."""
    for step in steps:
        if step.error:
            typer.echo(f"{step.branch}: not upgraded, {step.error}")
        elif step.before == step.after:
            typer.echo(f"{step.branch}: up to date at {step.after}")
        elif step.before is None:
            typer.echo(f"{step.branch}: created at {step.after}")
        else:
            typer.echo(f"{step.branch}: upgraded from {step.before} to {step.after}")
    for name, reason in sorted(plugins.failed.items()):
        typer.echo(f"{name}: not loaded, {reason}")
    if plugins.failed or any(step.error for step in steps):
        raise typer.Exit(1)


def _say_what_is_lost(shown: str, rows: dict[str, int]) -> None:
    if rows:
        typer.echo(f"This would destroy {sum(rows.values()):,} rows of {shown}:")
        width = max(map(len, rows))
        for name, count in sorted(rows.items()):
            typer.echo(f"  {name:{width}}  {count:>13,}")
    else:
        typer.echo(f"This would drop the tables of {shown}, which have no rows.")
    typer.echo("Nothing is changed. Run `psa db reset --yes` to do it.")


def _sealer(database: "Database") -> "Seal":
    from ps_analytics.store.store import Store

    keep_rows = read_settings().keep_rows

    def seal(user: str, lap_id: str) -> None:
        with Store(database, user, keep_rows=keep_rows).transaction() as transaction:
            transaction.seal_lap(lap_id)

    return seal


def _cutter(database: "Database") -> "Cut":
    from ps_analytics.ingest.tracks import catch_up
    from ps_analytics.store.store import Store

    return lambda user, track: catch_up(Store(database, user), track)


def _print(found: "list[Fault]", mended: "list[Fault]", *, fix: bool) -> None:
    for fault in mended:
        typer.echo(f"mended {fault.code}: {fault.message}")
    for fault in found:
        typer.echo(f"{fault.code}: {fault.message}")
    fixable = sum(fault.fixable for fault in found)
    if not found:
        typer.echo("All is well.")
    elif fixable and not fix:
        typer.echo(f"`psa db check --fix` mends {fixable} of {len(found)}.", err=True)
