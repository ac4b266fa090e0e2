"""`psa plugins`: what is installed, and what could not be loaded."""

import typer

from ps_analytics.channels.functions.plugged import with_plugins
from ps_analytics.plugins import PanelKind, Plugins, load_plugins


def plugins() -> None:
    """List the plugins; one that fails to load is named with its reason (exit code 1)."""
    found = load_plugins()
    tables, functions, kinds = found.models(), with_plugins(found), _kinds(found)
    for name in found.names:
        if name not in found.failed:
            adds = [f"{len(tables[name].metadata.tables)} tables"] if name in tables else []
            added = sorted({function.name for function in functions.values() if function.plugin == name})
            adds += [f"functions {', '.join(added)}"] if added else []
            panels = sorted(kind.name for kind in kinds if kind.plugin == name)
            adds += [f"panels {', '.join(panels)}"] if panels else []
            typer.echo(f"{name}: loaded, {' and '.join(adds) or 'adds nothing'}")
    for name, reason in sorted(found.failed.items()):
        typer.echo(f"{name}: not loaded, {reason}")
    if found.failed:
        raise typer.Exit(1)


def _kinds(found: Plugins) -> list[PanelKind]:
    """The kinds of panels there are; without a plugin that adds some nobody waits for the dashboards to be loaded."""
    if not found.manager.hook.panel_kinds.get_hookimpls():
        return []
    from ps_analytics.ui.layouts.kinds import with_plugins as kinds_with

    return list(kinds_with(found).values())
