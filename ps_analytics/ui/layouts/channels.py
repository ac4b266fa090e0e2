"""Which channels a layout shows, and the layout with others."""

from collections.abc import Mapping
from typing import Any

from ps_analytics.errors import NotFound
from ps_analytics.ui.layouts.document import Layout, read_config

MAP_PLACES, MAP_COLOR = ("x", "y"), "speed"
"""What every map draws, and what it is coloured by where its layout says nothing."""
SECTORS = "sectors"
"""What a map may be coloured by that is no channel: who was fastest in each mini-sector."""


def with_stand_ins(config: Mapping[str, Any]) -> list[list[str]]:
    """A panel's channels, each with the channels that may stand in for it where no lap has it (`options.instead`).

    Example:
        >>> with_stand_ins({"channels": ["speed", "brake"], "options": {"instead": {"brake": ["brake_press_f"]}}})
        [['speed'], ['brake', 'brake_press_f']]
    """
    instead = config.get("options", {}).get("instead", {})
    return [[name, *instead.get(name, [])] for name in config["channels"]]


def panels_of(layout: Layout, sheet_id: str | None = None) -> list[dict[str, Any]]:
    """The configs of the panels that lie on a sheet, or on any, in the layout's order."""
    sheets = [sheet for sheet in layout["layout"]["sheets"] if sheet_id in (None, sheet["id"])]
    placed = {item["plotId"] for sheet in sheets for item in sheet["items"]}
    return [config for config in layout["configs"] if config["id"] in placed]


def traces_panels(layout: Layout) -> list[dict[str, Any]]:
    """The configs of the panels that draw channels."""
    return [config for config in layout["configs"] if config["kind"] == "traces"]


def with_channel(layout: Layout, plot_id: str, name: str, *, shown: bool) -> Layout:
    """The layout with a channel on one of its plots, or without it there.

    Raises:
        NotFound: it has no such plot.
        BadLayout: that plot has as many channels as it can have.
    """
    if plot_id not in {config["id"] for config in traces_panels(layout)}:
        raise NotFound("plot", plot_id)
    configs = []
    for config in layout["configs"]:
        if config["id"] == plot_id:
            channels = [other for other in config["channels"] if other != name]
            now = {**config, "channels": [*channels, name] if shown else channels}
            config = read_config(now, "", keep_unknown=True)
        configs.append(config)
    return {**layout, "configs": configs}


def with_name(layout: Layout, name: str, now: str) -> Layout:
    """The layout with a channel that has another name now, as stand-in and as colour too."""
    return {**layout, "configs": [_renamed(config, {name: now}) for config in layout["configs"]]}


def channels_of(layout: Layout, sheet_id: str | None = None) -> list[str]:
    """The names of the channels a layout or one of its sheets shows, stand-ins included, each once, in its order."""
    chains = [chain for config in panels_of(layout, sheet_id) for chain in _chains(config)]
    return list(dict.fromkeys(name for chain in chains for name in chain))


def axes_of(layout: Layout, sheet_id: str) -> set[str]:
    """What the panels of a sheet that draw channels have across: "distance", "position", "time"."""
    sheet = next(sheet for sheet in layout["layout"]["sheets"] if sheet["id"] == sheet_id)
    traces = [config for config in panels_of(layout, sheet_id) if config["kind"] == "traces"]
    return {config.get("xAxis", sheet["xAxis"]) for config in traces}


def _chains(config: Mapping[str, Any]) -> list[list[str]]:
    if config["kind"] != "map":
        return with_stand_ins(config)
    # A map needs where the laps went, whatever its layout names.
    color = config["options"].get("color", MAP_COLOR)
    return [*with_stand_ins(config), *([name] for name in MAP_PLACES), *([[color]] if color != SECTORS else [])]


def _renamed(config: dict[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    def now(channels: list[str]) -> list[str]:
        return list(dict.fromkeys(names.get(each, each) for each in channels))

    options = dict(config["options"])
    if "instead" in options:
        options["instead"] = {names.get(each, each): now(others) for each, others in options["instead"].items()}
    if config["kind"] == "map" and options.get("color") in names:
        options["color"] = names[options["color"]]
    return {**config, "channels": now(config["channels"]), "options": options}
