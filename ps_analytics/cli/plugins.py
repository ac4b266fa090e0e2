"""`psa plugins`: what is installed, and what could not be loaded."""

import typer

from ps_analytics.channels.functions.plugged import with_plugins
from ps_analytics.plugins import load_plugins


def plugins() -> None:
    """List the plugins; one that fails to load is named with its reason (exit code 1)."""
    found = load_plugins()
    tables, functions = found.models(), with_plugins(found)
    for name in found.names:
        if name not in found.failed:
            adds = [f"{len(tables[name].metadata.tables)} tables"] if name in tables else []
            added = sorted({function.name for function in functions.values() if function.plugin == name})
            adds += [f"functions {', '.join(added)}"] if added else []
            typer.echo(f"{name}: loaded, {' and '.join(adds) or 'adds nothing'}")
    for name, reason in sorted(found.failed.items()):
        typer.echo(f"{name}: not loaded, {reason}")
    if found.failed:
        raise typer.Exit(1)
