"""The histogram panel: how long each lap had which values of a channel; of a damper's speed also how it moved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource, GridPlot, HoverTool, Range1d
from bokeh.models.annotations.geometry import Span
from bokeh.models.renderers import GlyphRenderer
from bokeh.plotting import figure

from ps_analytics.analysis.distribution import BINS, SLOW_MM_S, Distribution, Strokes, distribution
from ps_analytics.analysis.dwell import ALWAYS, Part
from ps_analytics.ui.components.chart import Chart
from ps_analytics.ui.panels.context import PanelContext, ShownLap, axis_label, channels_shown, shown
from ps_analytics.ui.panels.figure import below_first, empty, fit, listed, panel_figure, tooltip_format
from ps_analytics.ui.panels.samples import LapSamples, Sampled

NO_CHANNEL = "A histogram needs a channel."
NO_LAPS = "No laps are shown."
MOST_FIGURES = 4
"""So many channels a panel shows, each in a figure of its own."""

_COLUMNS = ("left", "right", "top")
_ZERO, _DIM = "#39434f", "#8590a0"
_ROOM, _ROOM_A_LINE, _LINE_PX = 0.1, 0.08, 14
_DASHES: dict[tuple[int, ...] | None, str] = {
    None: "solid",
    (7, 4): "dashed",
    (2, 3): "dotted",
    (9, 3, 2, 3): "dotdash",
}
_ZONES = ("fast_rebound", "slow_rebound", "slow_bump", "fast_bump")
_ZONE_TITLES = ("rebound, fast", "rebound, slow", "bump, slow", "bump, fast")


@dataclass(eq=False)
class _Bars:
    """What draws one lap in one figure."""

    source: ColumnDataSource
    filled: "GlyphRenderer[Any]"
    line: "GlyphRenderer[Any]"


@dataclass(eq=False)
class _Plot:
    """The figure of one channel."""

    figure: figure
    zones: ColumnDataSource
    slow: tuple[Span, Span]
    hover: HoverTool
    bars: list[_Bars] = field(default_factory=list)


class HistogramPanel:
    """A figure a channel, built once; laps, window and units change what their sources hold."""

    def __init__(self, context: PanelContext) -> None:
        """The panel as the context has it."""
        self._plots: list[_Plot] = []
        self._samples = LapSamples()
        self._grid = GridPlot(children=[], toolbar_location=None, sizing_mode="stretch_both")
        self._chart = Chart(page=context.page, figure=self._grid, follows=True)
        self._chart.param.watch(lambda _: self.update(self._context), ["window"])
        self._context = context
        self.update(context)

    @property
    def view(self) -> Chart:
        """What is put into the panel's frame."""
        return self._chart

    def update(self, context: PanelContext) -> None:
        """Shows the laps, channels and units the context has now, of what the browser has in view."""
        self._context = context
        names = channels_shown(context)[:MOST_FIGURES]
        if not names or not context.laps:
            self._say("", NO_LAPS if names else NO_CHANNEL)
            return
        self._arrange(len(names))
        laps, lacking = below_first(context.laps), dict[str, list[str]]()
        self._samples.forget_all_but({lap.lap_id for lap in laps})
        for plot, name in zip(self._plots, names, strict=False):
            display = context.display(name)
            found = [(lap, samples) for lap in laps if (samples := self._samples.of(context, lap.lap_id, name))]
            _draw(plot, name, display, found, context, self._window)
            missing = [lap.label for lap in laps if lap.lap_id not in {lap.lap_id for lap, _ in found}]
            if missing:
                lacking[str(display["label"])] = missing
        everywhere = [label for label, missing in lacking.items() if len(missing) == len(laps)]
        if len(everywhere) == len(names):
            self._say("", f"No lap that is shown has {listed(everywhere)}.")
        else:
            self._say("; ".join(f"{label}: not on {listed(missing)}" for label, missing in lacking.items()), "")

    @property
    def _window(self) -> tuple[float, float] | None:
        window = self._chart.window
        return (float(window[0]), float(window[1])) if window else None

    def _arrange(self, count: int) -> None:
        """So many figures, in two columns from two on: the wheels of a car lie as on the car."""
        if count == len(self._grid.children):
            return
        while len(self._plots) < count:
            self._plots.append(_new_plot())
        across = min(count, 2)
        self._grid.children = [(self._plots[i].figure, i // across, i % across) for i in range(count)]

    def _say(self, remark: str, note: str) -> None:
        self._chart.param.update(note=note, remark=remark, revision=self._chart.revision + 1)


def _draw(
    plot: _Plot,
    name: str,
    display: Mapping[str, Any],
    found: Sequence[tuple[ShownLap, Sampled]],
    context: PanelContext,
    window: tuple[float, float] | None,
) -> None:
    options = context.config.get("options", {})
    slow, weighted = float(options.get("slow", SLOW_MM_S)), bool(options.get("weighted", True))
    made = distribution(
        [sampled.samples for _, sampled in found],
        name,
        context.unit(name),
        parts=[_parts(context, lap.lap_id, window) for lap, _ in found],
        bins=int(options.get("bins", BINS)),
        weighted=weighted,
        slow=slow,
    )
    edges = shown(made.edges, display).astype(np.float64)
    while len(plot.bars) < len(found):
        plot.bars.append(_new_bars(plot))
    for index, bars in enumerate(plot.bars):
        if index < len(found):
            _fill(bars, found[index][0], edges, made.shares[index], alone=len(found) == 1)
        else:
            bars.source.data = {column: [] for column in _COLUMNS}
    _label(plot, name, display, weighted=weighted)
    _zone(plot, made, [lap for lap, _ in found], shown(np.array([-slow, slow]), display))


def _parts(context: PanelContext, lap_id: str, window: tuple[float, float] | None) -> Sequence[Part]:
    """When the lap was in the page's window."""
    stamps = context.stamps(lap_id)
    if window is None or stamps is None:
        return ALWAYS
    seen = np.isfinite(stamps)
    inside = np.flatnonzero(seen & (context.x >= window[0]) & (context.x <= window[1]))
    if len(inside) == 0:
        return ()
    start, end = np.interp(window, context.x[seen], stamps[seen])
    return ((float(start), float(end)),)


def _fill(bars: _Bars, lap: ShownLap, edges: Any, shares: Any, *, alone: bool) -> None:
    """One row a bin, and one of no width on either side, from where the line rises and to where it falls."""
    bars.source.data = {
        "left": np.concatenate([edges[:1], edges[:-1], edges[-1:]]),
        "right": np.concatenate([edges[:1], edges[1:], edges[-1:]]),
        "top": np.concatenate([[0.0], shares, [0.0]]),
    }
    bars.filled.glyph.update(fill_color=lap.color, fill_alpha=0.55 if alone else 0.22)
    bars.line.glyph.update(line_color=lap.color, line_dash=_DASHES.get(lap.dash, "solid"))
    bars.filled.name = lap.label
    for renderer, role in ((bars.filled, "bars"), (bars.line, "line")):
        renderer.tags = [role, lap.color]


def _label(plot: _Plot, name: str, display: Mapping[str, Any], *, weighted: bool) -> None:
    plot.figure.xaxis.axis_label = axis_label(display)
    plot.figure.yaxis.axis_label = "Time [%]" if weighted else "Samples [%]"
    plot.figure.tags = ["values", name]
    written = tooltip_format(display)
    plot.hover.tooltips = [
        (str(display["label"]), f"@left{written} … @right{written} {display['unit']}"),
        ("Time" if weighted else "Samples", "@top{0.0} %"),
    ]


def _zone(plot: _Plot, made: Distribution, laps: Sequence[ShownLap], ends: Any) -> None:
    """The shares of a damper's four ways to move, each over its stretch of speeds, a line a lap in its colour."""
    rows = [(lap, strokes) for lap, strokes in zip(laps, made.strokes, strict=False) if strokes is not None]
    for span, end in zip(plot.slow, ends, strict=True):
        span.update(location=float(end), visible=bool(rows))
    plot.zones.data = _zone_rows(rows)
    room = min(_ROOM + _ROOM_A_LINE * (len(rows) + 1), 0.6) if rows else _ROOM
    fit(plot.figure, [bars.filled for bars in plot.bars], above=room)


def _zone_rows(rows: Sequence[tuple[ShownLap, Strokes]]) -> dict[str, list[Any]]:
    texts: dict[str, list[Any]] = {"x": [], "down": [], "text": [], "hue": [], "color": []}
    if not rows:
        return texts
    for zone, (title, attribute) in enumerate(zip(_ZONE_TITLES, _ZONES, strict=True)):
        lines = [(title, "")] + [(f"{getattr(strokes, attribute):.1f} %", lap.color) for lap, strokes in rows]
        for number, (text, color) in enumerate(lines):
            row = (zone + 0.5, _LINE_PX * (number + 1), text, color, color or _DIM)
            for column, value in zip(texts, row, strict=True):
                texts[column].append(value)
    return texts


def _new_plot() -> _Plot:
    made = panel_figure("xpan,box_zoom,xwheel_zoom,reset,save")
    made.y_range.update(start=0)
    made.extra_x_ranges["zones"], made.extra_y_ranges["zones"] = (
        Range1d(start=0, end=len(_ZONES)),
        Range1d(start=0, end=1),
    )
    made.xgrid.visible = False
    slow = tuple(Span(dimension="height", line_color=_ZERO, line_dash="dashed", visible=False) for _ in range(2))
    for span in slow:
        made.add_layout(span)
    zones = ColumnDataSource(_zone_rows([]))
    texts = made.text(
        "x", 1, "text", source=zones, y_offset="down", text_color="color", text_font_size="11px", text_align="center",
        x_range_name="zones", y_range_name="zones",
    )  # fmt: skip
    texts.tags = ["zones"]
    hover = HoverTool(renderers=[], mode="vline")
    made.add_tools(hover)
    return _Plot(made, zones, (slow[0], slow[1]), hover)


def _new_bars(plot: _Plot) -> _Bars:
    source = empty(*_COLUMNS)
    filled = plot.figure.quad(left="left", right="right", top="top", bottom=0, source=source, line_color=None)
    line = plot.figure.step("left", "top", source=source, mode="after", line_width=1.5)
    made = _Bars(source, filled, line)
    plot.hover.renderers = [bars.filled for bars in [*plot.bars, made]]
    return made


def build(context: PanelContext) -> HistogramPanel:
    """The panel of a histogram config."""
    return HistogramPanel(context)
