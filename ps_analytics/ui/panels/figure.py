"""Bokeh figures as panels have them: quiet, in the page's colours, told apart by lap."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource, DataRange1d
from bokeh.models.renderers import GlyphRenderer
from bokeh.plotting import figure

from ps_analytics.ui.display import DASHES
from ps_analytics.ui.panels.context import ShownLap

MARKERS = ("circle", "triangle", "square", "diamond")
"""Laps of one colour are told apart by shapes, as lines are by dashes."""

_PANEL, _LINE, _GRID, _DIM = "#10141b", "#1d2530", "#1b222d", "#8590a0"
_STOPS = ((52, 70, 160), (38, 124, 190), (45, 174, 172), (140, 212, 100), (255, 230, 96))
HEAT = [
    "#{:02x}{:02x}{:02x}".format(
        *(round(float(np.interp(share, np.linspace(0, 1, 5), stops))) for stops in zip(*_STOPS, strict=True))
    )
    for share in np.linspace(0, 1, 256)
]
"""Dark to bright in even steps of lightness, the map's. `views.theme` has the same, and loads HoloViews, which a page
does not need: half a second of its start."""


def panel_figure(tools: str, **options: Any) -> figure:
    """An empty figure in the page's dark colours; the browser gives it those of the theme in force."""
    made = figure(
        tools=tools,
        sizing_mode="stretch_both",
        min_border=4,
        background_fill_color=_PANEL,
        border_fill_color=_PANEL,
        outline_line_color=None,
        x_range=DataRange1d(range_padding=0.05),
        y_range=DataRange1d(range_padding=0.05),
        toolbar_location="right",
        toolbar_inner=True,
        **options,
    )
    made.toolbar.logo, made.toolbar.autohide = None, True
    for axis in made.axis:
        axis.update(
            axis_line_color=None,
            major_tick_line_color=None,
            minor_tick_line_color=None,
            major_label_text_color=_DIM,
            major_label_text_font_size="11px",
            axis_label_text_color=_DIM,
            axis_label_text_font_size="11px",
            axis_label_text_font_style="normal",
            axis_label_standoff=4,
        )
    made.grid.grid_line_color = _GRID
    return made


def fit(made: figure, renderers: "Sequence[GlyphRenderer[Any]]", *, above: float | None = None) -> None:
    """Makes the axes go by these renderers; `above` is the room over the highest of them, a share of its height."""
    for axis in (made.x_range, made.y_range):
        if isinstance(axis, DataRange1d):
            axis.renderers = list(renderers)
    if above is not None and isinstance(made.y_range, DataRange1d):
        made.y_range.range_padding = above


def empty(*names: str) -> ColumnDataSource:
    """A source of these columns without a row."""
    return ColumnDataSource({name: [] for name in names})


def marker(lap: ShownLap) -> str:
    """The shape of a lap's points."""
    dashes = [None if dash is None else tuple(dash) for dash in DASHES]
    return MARKERS[dashes.index(lap.dash)] if lap.dash in dashes else MARKERS[0]


def below_first(laps: Sequence[ShownLap]) -> list[ShownLap]:
    """The laps as they are drawn: the reference below the others."""
    return sorted(laps, key=lambda lap: not lap.reference)


def listed(names: Sequence[str]) -> str:
    """Names in a sentence.

    Example:
        >>> listed(["Lap 1", "Lap 2", "Lap 3"])
        'Lap 1, Lap 2 and Lap 3'
    """
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def tooltip_format(display: Mapping[str, Any]) -> str:
    """How a tooltip writes a channel's numbers.

    Example:
        >>> tooltip_format({"decimals": 2}), tooltip_format({"decimals": 0, "signed": True})
        ('{0.00}', '{+0}')
    """
    decimals = display.get("decimals", 1)
    sign = "+" if display.get("signed") else ""
    return f"{{{sign}0{'.' + '0' * decimals if decimals else ''}}}"
