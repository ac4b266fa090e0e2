"""Every hook, and how plugins are found: what we ship registers the way an outsider's package does.

A plugin is a module named by an entry point of the group `ps_analytics.plugins`; it implements hooks with `hookimpl`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

import pluggy

GROUP = "ps_analytics"
hookspec = pluggy.HookspecMarker(GROUP)
hookimpl = pluggy.HookimplMarker(GROUP)


@dataclass(frozen=True, slots=True)
class PluginModels:
    """The tables a plugin owns: its SQLAlchemy `MetaData`, and the Alembic folder that makes and upgrades them."""

    metadata: Any
    migrations: Path


@dataclass(frozen=True, slots=True)
class PanelKind:
    """A kind of panel a layout may have.

    `channels` are how many it needs before it draws anything, and how many it takes. `build` is given a
    `ui.panels.PanelContext` and answers with a `ui.panels.PythonPanel`, or with a Panel viewable that stays as it is; a
    `native` kind has none, for the browser draws it from the layout alone. `plugin` is who added it.
    """

    name: str
    title: str
    about: str
    native: bool = False
    channels: tuple[int, int] = (0, 0)
    build: Callable[[Any], Any] | None = None
    plugin: str = ""


class Hooks:
    """The hooks a plugin may implement."""

    @hookspec
    def plugin_models(self) -> PluginModels:  # type: ignore[empty-body]  # a specification has no body
        """The tables this plugin owns."""

    @hookspec
    def math_functions(self) -> Sequence[Any]:  # type: ignore[empty-body]
        """The functions this plugin adds to the language of formulas, each a `channels.functions.Function`."""

    @hookspec
    def panel_kinds(self) -> Sequence[PanelKind]:  # type: ignore[empty-body]
        """The kinds of panels this plugin adds to layouts, each a `PanelKind` with its `build`."""


@dataclass(frozen=True, slots=True)
class Plugins:
    """What was found: the plugins by name, and why others could not be loaded."""

    manager: pluggy.PluginManager
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """The names of the loaded plugins, sorted."""
        return sorted(name for name, _ in self.manager.list_name_plugin())

    def models(self) -> dict[str, PluginModels]:
        """The tables of each plugin that owns some, by the plugin's name; one whose hook fails goes to `failed`."""
        found: dict[str, PluginModels] = {}
        for name, models in self.ask("plugin_models"):
            if isinstance(models, PluginModels):
                found[name] = models
            else:
                self.failed[name] = f"plugin_models returned {type(models).__name__}, not PluginModels"
        return dict(sorted(found.items()))

    def ask(self, hook: str) -> Iterator[tuple[str, object]]:
        """The plugins that implement a hook and what each of them answers; one whose hook fails goes to `failed`."""
        for implementation in getattr(self.manager.hook, hook).get_hookimpls():
            try:
                answer: object = implementation.function()  # one by one: pluggy stops at the first that raises
            except Exception as error:  # whatever a stranger's hook raises must not stop the house
                self.failed[implementation.plugin_name] = _reason(error)
            else:
                yield implementation.plugin_name, answer


def load_plugins(found: tuple[EntryPoint, ...] | None = None, *, shipped: Sequence[ModuleType] = ()) -> Plugins:
    """The installed plugins; one that fails to load is reported in `failed` and stops nobody.

    Args:
        found: the entry points to load; None means those of the installed packages.
        shipped: modules of ours that implement hooks of the room that asks; they come first, so no name of theirs can
            be taken. A room that is slow to import has its hooks here, not behind an entry point, which every room
            loads.
    """
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(Hooks)
    plugins = Plugins(manager)
    for module in shipped:
        manager.register(module)
    for entry in found if found is not None else tuple(entry_points(group=f"{GROUP}.plugins")):
        try:
            manager.register(entry.load(), name=entry.name)
        except Exception as error:  # whatever a stranger's module raises on import must not stop the house
            plugins.failed[entry.name] = _reason(error)
    return plugins


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
