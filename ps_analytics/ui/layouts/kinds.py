"""The kinds of panels: those the browser draws by itself, and those plugins add, ours among them."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from types import MappingProxyType

from ps_analytics.plugins import PanelKind, Plugins, load_plugins
from ps_analytics.ui.layouts import charted

_log = logging.getLogger(__name__)

MOST_CHANNELS = 64
"""No panel has more."""


def _native(name: str, title: str, about: str, least: int = 0, most: int = 0) -> PanelKind:
    return PanelKind(name, title, about, native=True, channels=(least, most))


_NATIVE = (
    _native("traces", "Traces", "Channels against distance, position or time.", 1, MOST_CHANNELS),
    _native("map", "Track map", "The laps' lines, coloured by a channel, by gain and loss or by sector.", 0, 8),
    _native("laps", "Laps", "The session's laps: which are shown, and which is the reference."),
    _native("lap_table", "Lap table", "Every lap with its time, gap, sectors, kind and flags."),
    _native("corners", "Corners", "What was lost in each corner, and why."),
    _native("report", "Channel report", "Least, most, mean and spread, by lap or by corner.", 1, MOST_CHANNELS),
    _native("gauges", "Gauges", "Values and input bars at the cursor.", 1, 16),
    _native("notes", "Notes", "What was written about the session and its laps."),
    _native("video", "Video", "The session's video, at the cursor."),
)  # fmt: skip

KINDS: Mapping[str, PanelKind] = MappingProxyType({kind.name: kind for kind in _NATIVE})
"""The native kinds, by name; `all_kinds` has those of plugins behind them."""


@cache
def all_kinds() -> Mapping[str, PanelKind]:
    """Every kind of panel by its name; a plugin that fails at it is named in the log, and its kinds are missing."""
    plugins = load_plugins(shipped=(charted,))
    known = set(plugins.failed)
    found = with_plugins(plugins)
    for name in sorted(set(plugins.failed) - known):
        _log.warning("plugin '%s' adds no panels: %s", name, plugins.failed[name])
    return found


def with_plugins(plugins: Plugins) -> Mapping[str, PanelKind]:
    """Every kind of panel by its name, those of these plugins behind the native ones.

    A plugin with a name that is taken, or with something that is no kind of panel, adds nothing and goes to `failed`.
    """
    found = dict(KINDS)
    for plugin, answer in plugins.ask("panel_kinds"):
        try:
            added = _added(answer, plugin, found)
        except (TypeError, ValueError) as error:
            plugins.failed[plugin] = str(error)
        else:
            found.update(added)
    return MappingProxyType(found)


def _added(answer: object, plugin: str, taken: Mapping[str, PanelKind]) -> dict[str, PanelKind]:
    """A plugin's kinds by name.

    Raises:
        TypeError: one of them is no kind of panel, or nothing builds it.
        ValueError: a name is taken, or cannot be one.
    """
    added: dict[str, PanelKind] = {}
    for kind in answer if isinstance(answer, list | tuple) else [answer]:
        if not isinstance(kind, PanelKind):
            raise TypeError(f"panel_kinds returned {type(kind).__name__}, not a list of PanelKind")
        if kind.native or not callable(kind.build):
            raise TypeError(f"nothing builds panels of kind '{kind.name}': give it `build`, and not `native`")
        if kind.name in taken or kind.name in added:
            raise ValueError(f"panels of kind '{kind.name}' are there already")
        if kind.name != kind.name.lower() or not kind.name.isidentifier():
            raise ValueError(f"'{kind.name}' cannot be the name of a kind of panel: use a-z, 0-9 and _")
        least, most = kind.channels
        if not 0 <= least <= most <= MOST_CHANNELS:
            raise ValueError(f"'{kind.name}' takes {least} to {most} channels: 0 to {MOST_CHANNELS} can be")
        added[kind.name] = replace(kind, plugin=plugin)
    return added
