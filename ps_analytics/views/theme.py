"""The look of figures in notebooks and reports: dark, quiet, the lap colours of the dashboards."""

from typing import Any

import holoviews as hv
import numpy as np
from bokeh.document import Document
from bokeh.themes import Theme
from holoviews.plotting.bokeh import BokehRenderer
from holoviews.plotting.renderer import render_model

GROUND = "#0b0e13"
PANEL = "#10141b"
BORDER = "#1d2530"
TEXT = "#d8dfe8"
SECONDARY = "#7d8797"
ACCENT = "#4cc2ff"
ZERO = "#3a4656"
CURSOR = "#d8dfe8"
GAIN, LOSS = "#7ee787", "#ff6b6b"
LAP_COLORS = ("#4cc2ff", "#ff9d42", "#7ee787", "#ff7eb6", "#c4a7ff", "#f2cc60")
"""Colour-blind-safe; a lap keeps its colour while it is shown. Beyond six, dashes."""

_STOPS = ((52, 70, 160), (38, 124, 190), (45, 174, 172), (140, 212, 100), (255, 230, 96))
HEAT = [
    "#{:02x}{:02x}{:02x}".format(
        *(round(float(np.interp(share, np.linspace(0, 1, 5), stops))) for stops in zip(*_STOPS, strict=True))
    )
    for share in np.linspace(0, 1, 256)
]
"""Dark to bright in even steps of lightness: it reads without telling hues apart. The dashboards' map has the same."""

_AXIS = {
    "axis_line_color": BORDER,
    "major_tick_line_color": BORDER,
    "minor_tick_line_color": None,
    "major_label_text_color": SECONDARY,
    "axis_label_text_color": SECONDARY,
    "axis_label_text_font_style": "normal",
    "major_label_text_font_size": "11px",
    "axis_label_text_font_size": "11px",
}
DARK = Theme(
    json={
        "attrs": {
            "figure": {
                "background_fill_color": PANEL,
                "border_fill_color": GROUND,
                "outline_line_color": BORDER,
            },
            "Grid": {"grid_line_color": BORDER},
            "Toolbar": {"logo": None},
            "GridPlot": {"spacing": 0},
            "Axis": _AXIS,
            "Legend": {
                "background_fill_alpha": 0.0,
                "border_line_alpha": 0.0,
                "label_text_color": TEXT,
                "label_text_font_size": "11px",
            },
            "Title": {"text_color": TEXT, "text_font_size": "12px"},
            "ColorBar": {
                "background_fill_alpha": 0.0,
                "major_label_text_color": SECONDARY,
                "title_text_color": SECONDARY,
            },
        }
    }
)


def lap_style(index: int) -> dict[str, str]:
    """Line colour and dash of the index-th lap shown.

    Example:
        >>> lap_style(1), lap_style(6)["line_dash"]
        ({'color': '#ff9d42', 'line_dash': 'solid'}, 'dashed')
    """
    dash = ("solid", "dashed", "dotted", "dotdash")[index // len(LAP_COLORS) % 4]
    return {"color": LAP_COLORS[index % len(LAP_COLORS)], "line_dash": dash}


class OfflineRenderer(BokehRenderer):
    """HoloViews' renderer without what Panel adds around a figure: style sheets fetched from the internet."""

    def components(self, obj: Any, fmt: Any = None, comm: bool = True, **options: Any) -> Any:
        """The figure as a notebook shows it; one with widgets of its own is left to HoloViews."""
        if isinstance(obj, hv.HoloMap) or (isinstance(obj, hv.core.Dimensioned) and obj.traverse(_same, [hv.HoloMap])):
            return super().components(obj, fmt, comm, **options)
        document = Document(theme=self.theme)
        document.add_root(self.get_plot(obj).state)
        return render_model(document.roots[0])


def _same(element: Any) -> Any:
    return element


def use_dark_once() -> None:
    """Draw dark figures, unless this notebook or page has chosen how to draw already."""
    if not hv.extension._loaded:
        use_dark()


def use_dark() -> None:
    """Draw the figures of this notebook dark, with nothing fetched from the internet."""
    hv.extension("bokeh", inline=True, logo=False)
    hv.Store.renderers["bokeh"] = renderer = OfflineRenderer.instance(theme=DARK)
    renderer.webgl = False  # it draws thin lines with holes
