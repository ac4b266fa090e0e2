"""The kinds of panels Python draws, added to layouts through the hook any package may use."""

from typing import Any

from ps_analytics.plugins import PanelKind, hookimpl


@hookimpl
def panel_kinds() -> list[PanelKind]:
    """Scatter plots and histograms."""
    return [
        PanelKind(
            "scatter",
            "Scatter",
            "One channel against another, coloured by lap or by a third: g-g, for one.",
            channels=(2, 3),
            build=_scatter,
        ),
        PanelKind(
            "histogram",
            "Histogram",
            "How long a channel was at which values; a damper's speeds in their four ranges.",
            channels=(1, 4),
            build=_histogram,
        ),
    ]


def _scatter(context: Any) -> Any:
    from ps_analytics.ui.panels.scatter import build  # Bokeh is loaded for the first panel that needs it

    return build(context)


def _histogram(context: Any) -> Any:
    from ps_analytics.ui.panels.histogram import build

    return build(context)
