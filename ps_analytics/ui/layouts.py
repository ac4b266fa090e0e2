"""The plot layouts we ship, in the form SavedPlotLayout keeps."""

from typing import Any

from ps_analytics.errors import NotFound

Layout = dict[str, Any]


def driver_overview() -> Layout:
    """Speed, delta, pedals, steering and engine against distance, beside the lap list, the corners and the map."""
    return {
        "configs": [
            {"id": "laps", "title": "Laps", "kind": "laps", "channels": [], "mode": "tiled", "options": {}},
            {"id": "corners", "title": "Corners", "kind": "corners", "channels": [], "mode": "tiled", "options": {}},
            {
                "id": "map",
                "title": "Track map",
                "kind": "map",
                "channels": ["x", "y", "speed"],
                "mode": "tiled",
                "options": {},
            },
            _traces("speed", "Speed", "speed"),
            _traces("delta", "Delta", "delta"),
            _traces("pedals", "Throttle / Brake", "throttle", "brake"),
            _traces("steering", "Steering", "steering", instead={"steering": ["steering_angle"]}),
            _traces("engine", "Engine speed / Gear", "rpm", "gear"),
        ],
        "layout": {
            "version": 1,
            "cols": 12,
            "sheets": [
                {
                    "id": "overview",
                    "title": "Driver overview",
                    "xAxis": "distance",
                    "fit": True,
                    "items": [
                        {"plotId": "laps", "x": 0, "y": 0, "w": 3, "h": 316},
                        {"plotId": "corners", "x": 0, "y": 316, "w": 3, "h": 284},
                        {"plotId": "map", "x": 0, "y": 600, "w": 3, "h": 300},
                        {"plotId": "speed", "x": 3, "y": 0, "w": 9, "h": 262},
                        {"plotId": "delta", "x": 3, "y": 262, "w": 9, "h": 128},
                        {"plotId": "pedals", "x": 3, "y": 390, "w": 9, "h": 196},
                        {"plotId": "steering", "x": 3, "y": 586, "w": 9, "h": 118},
                        {"plotId": "engine", "x": 3, "y": 704, "w": 9, "h": 196},
                    ],
                }
            ],
        },
    }


def _traces(plot_id: str, title: str, *channels: str, **options: Any) -> dict[str, Any]:
    config = {"id": plot_id, "title": title, "kind": "traces", "channels": list(channels), "mode": "tiled"}
    return {**config, "options": options}


def with_stand_ins(config: dict[str, Any]) -> list[list[str]]:
    """A panel's channels, each with the channels that may stand in for it where no lap has it (`options.instead`)."""
    instead = config.get("options", {}).get("instead", {})
    return [[name, *instead.get(name, [])] for name in config["channels"]]


def traces_panels(layout: Layout) -> list[dict[str, Any]]:
    """The configs of the panels that draw channels."""
    return [config for config in layout["configs"] if config["kind"] == "traces"]


def with_channel(layout: Layout, plot_id: str, name: str, *, shown: bool) -> Layout:
    """The layout with a channel on one of its plots, or without it there.

    Raises:
        NotFound: it has no such plot.
    """
    if plot_id not in {config["id"] for config in traces_panels(layout)}:
        raise NotFound("plot", plot_id)
    configs = []
    for config in layout["configs"]:
        channels = [other for other in config["channels"] if other != name]
        if config["id"] == plot_id:
            config = {**config, "channels": [*channels, name] if shown else channels}
        configs.append(config)
    return {**layout, "configs": configs}


def with_name(layout: Layout, name: str, now: str) -> Layout:
    """The layout with a channel that has another name now."""
    rename = {name: now}
    configs = [
        {**config, "channels": [rename.get(each, each) for each in config["channels"]]} for config in layout["configs"]
    ]
    return {**layout, "configs": configs}


def channels_of(layout: Layout) -> list[str]:
    """The names of the channels a layout shows, stand-ins included, each once, in its order."""
    chains = [chain for config in layout["configs"] for chain in with_stand_ins(config)]
    return list(dict.fromkeys(name for chain in chains for name in chain))
