"""`psa plugins`: what is installed, and what could not be loaded."""

import typer

from ps_analytics.plugins import load_plugins


def plugins() -> None:
    """List the plugins; one that fails to load is named with its reason (exit code 1)."""
    found = load_plugins()
    tables = found.models()
    for name in found.names:
        if name not in found.failed:
            owns = f"{len(tables[name].metadata.tables)} tables" if name in tables else "no tables"
            typer.echo(f"{name}: loaded, {owns}")
    for name, reason in sorted(found.failed.items()):
        typer.echo(f"{name}: not loaded, {reason}")
    if found.failed:
        raise typer.Exit(1)
