"""The scatter panel: one channel against another, coloured by lap or by a third; g-g with circles of constant g."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from bokeh.models import CDSView, ColumnDataSource, HoverTool, IndexFilter, LinearColorMapper, WheelZoomTool
from bokeh.models.annotations import ColorBar
from bokeh.models.annotations.geometry import Span
from bokeh.models.renderers import GlyphRenderer

from ps_analytics.analysis.thinning import thinned
from ps_analytics.ui.components.chart import Chart
from ps_analytics.ui.panels.context import Column, PanelContext, ShownLap, axis_label, channels_shown, shown
from ps_analytics.ui.panels.figure import (
    HEAT,
    MARKERS,
    below_first,
    empty,
    fit,
    listed,
    marker,
    panel_figure,
    tooltip_format,
)

TOO_FEW = "A scatter plot needs two channels: one for each axis, and a third for the colour if you like."
NO_LAPS = "No laps are shown."

_COLUMNS = ("x", "y", "at", "shade")
_GRIP = frozenset({"g_lat", "g_long"})
_SIZE = 3.5
_RING = "#39434f"
_MOST_RINGS_G = 8.0


@dataclass(eq=False)
class _Dots:
    """What draws one lap: all of its points faintly, and those in view above them."""

    source: ColumnDataSource
    all: "GlyphRenderer[Any]"
    lap: "GlyphRenderer[Any]"
    drawn: tuple[Any, ...] = ()
    """The columns in the source, as they are known by identity."""


class ScatterPanel:
    """A figure that is built once; laps and channels change what its sources hold."""

    def __init__(self, context: PanelContext) -> None:
        """The panel as the context has it."""
        self._figure = panel_figure("pan,box_zoom,reset,save")
        wheel = WheelZoomTool()
        self._figure.add_tools(wheel)
        self._figure.toolbar.active_scroll = wheel
        self._rings = self._draw_rings()
        self._zeros = [
            Span(location=0, dimension=way, line_color=_RING, level="underlay") for way in ("height", "width")
        ]
        for zero in self._zeros:
            self._figure.add_layout(zero)
        self._mapper = LinearColorMapper(palette=HEAT, low=0, high=1, nan_color="rgba(0,0,0,0)")
        self._bar = ColorBar(color_mapper=self._mapper, width=7, visible=False, border_line_color=None, padding=4,
                             background_fill_alpha=0, bar_line_color=None, major_tick_line_color=None,
                             major_label_text_font_size="11px", title_text_font_size="11px",
                             title_text_font_style="normal")  # fmt: skip
        self._figure.add_layout(self._bar, "right")
        self._hover = HoverTool(renderers=[], mode="mouse", point_policy="snap_to_data")
        self._figure.add_tools(self._hover)
        self._pool: list[_Dots] = []
        self._by_lap: dict[str, _Dots] = {}
        self._chart = Chart(page=context.page, figure=self._figure)
        self.update(context)

    @property
    def view(self) -> Chart:
        """What is put into the panel's frame."""
        return self._chart

    def update(self, context: PanelContext) -> None:
        """Shows the laps, channels and units the context has now. The window is the browser's alone."""
        names = channels_shown(context)
        if len(names) < 2 or not context.laps:
            self._show([], "", TOO_FEW if len(names) < 2 else NO_LAPS)
            return
        displays = [context.display(name) for name in names[:3]]
        self._label(context, names, displays)
        drawn, lacking = [], []
        for lap in below_first(context.laps):
            columns = [context.column(lap.lap_id, name) for name in names[:3]]
            if columns[0] is None or columns[1] is None or not np.isfinite(columns[0] + columns[1]).any():
                lacking.append(lap.label)
                continue
            self._fill(self._dots(lap), context.x, columns, displays, context.system)
            drawn.append(lap)
        both = listed([display["label"] for display in displays[:2]])
        note = "" if drawn else f"No lap that is shown has {both} at the same time."
        self._color(context, drawn, names, displays)
        self._show(drawn, f"Not recorded on {listed(lacking)}" if lacking else "", note)

    def _label(self, context: PanelContext, names: Sequence[str], displays: Sequence[Mapping[str, Any]]) -> None:
        self._figure.xaxis.axis_label, self._figure.yaxis.axis_label = (axis_label(display) for display in displays[:2])
        grip = set(names[:2]) == _GRIP
        self._figure.match_aspect, self._figure.grid.visible = grip, not grip
        for zero, display in zip(self._zeros, displays[:2], strict=True):
            zero.visible = bool(display.get("zero"))
        for part in self._rings:
            part.visible = grip
        told = [("x", "y", "shade")[i] for i in range(len(displays))]
        tooltips = [
            (str(display["label"]), f"@{column}{tooltip_format(display)} {display['unit']}")
            for column, display in zip(told, displays, strict=True)
        ]
        place = ("Distance", "@at{0} m") if context.x_unit == "m" else ("Time", "@at{0.00} s")
        self._hover.tooltips = [*tooltips, place]

    def _dots(self, lap: ShownLap) -> _Dots:
        """What draws a lap: its own as long as it is shown, else one that is free."""
        if lap.lap_id not in self._by_lap:
            taken = list(self._by_lap.values())
            free = next((dots for dots in self._pool if dots not in taken), None) or self._new_dots()
            self._by_lap[lap.lap_id] = free
        return self._by_lap[lap.lap_id]

    def _new_dots(self) -> _Dots:
        source = empty(*_COLUMNS)
        every = self._figure.scatter("x", "y", source=source, size=_SIZE, line_color=None, fill_alpha=0.13)
        every.update(tags=["all"], level="underlay", visible=False)
        inside = self._figure.scatter("x", "y", source=source, size=_SIZE, line_color=None, fill_alpha=0.8)
        inside.view = CDSView(filter=IndexFilter(indices=None))
        made = _Dots(source, every, inside)
        self._pool.append(made)
        fit(self._figure, [dots.all for dots in self._pool])
        self._hover.renderers = [dots.lap for dots in self._pool]
        return made

    def _fill(
        self,
        dots: _Dots,
        at: Column,
        columns: Sequence[Column | None],
        displays: Sequence[Mapping[str, Any]],
        system: str,
    ) -> None:
        """Gives a lap its points, unless it has them."""
        now = (at, *columns)
        if len(dots.drawn) == len(now) + 1 and dots.drawn[0] == system and all(map(_is, dots.drawn[1:], now)):
            return
        dots.drawn = (system, *now)
        given = [
            np.full(len(at), np.nan, np.float32) if values is None else shown(values, display)
            for values, display in zip(columns, displays, strict=True)
        ]
        rows = thinned(given[0].astype(np.float64), given[1].astype(np.float64))
        data = dict(zip(_COLUMNS, (given[0], given[1], at, given[-1]), strict=True))
        dots.source.data = {name: values[rows] for name, values in data.items()}

    def _color(
        self,
        context: PanelContext,
        laps: Sequence[ShownLap],
        names: Sequence[str],
        displays: Sequence[Mapping[str, Any]],
    ) -> None:
        """By lap, or by the third channel: then laps are told apart by shapes, and a bar says what the colours are."""
        third = names[2] if len(names) > 2 else ""
        shades = [
            values
            for lap in laps
            if third and (values := context.column(lap.lap_id, third)) is not None and np.isfinite(values).any()
        ]
        self._bar.visible = bool(shades)
        if shades:
            ends = [
                shown(np.array([find(values) for values in shades]), displays[2]) for find in (np.nanmin, np.nanmax)
            ]
            low, high = float(ends[0].min()), float(ends[1].max())
            self._mapper.update(low=low, high=high if high > low else low + 1)
            self._bar.title = axis_label(displays[2])
        for place, lap in enumerate(laps):
            dots = self._by_lap[lap.lap_id]
            fill = {"field": "shade", "transform": self._mapper} if shades else lap.color
            shape = MARKERS[place % len(MARKERS)] if shades else marker(lap)
            for renderer in (dots.all, dots.lap):
                renderer.glyph.update(fill_color=fill, marker=shape)
            dots.lap.name = lap.label
            dots.lap.tags = ["lap", lap.color]

    def _show(self, laps: Sequence[ShownLap], remark: str, note: str) -> None:
        shown_ids = {lap.lap_id for lap in laps}
        for lap_id in [lap_id for lap_id in self._by_lap if lap_id not in shown_ids]:
            dots = self._by_lap.pop(lap_id)
            dots.source.data = {name: np.zeros(0, np.float32) for name in _COLUMNS}
            dots.drawn, dots.lap.tags = (), []
        self._chart.param.update(note=note, remark=remark, revision=self._chart.revision + 1)

    def _draw_rings(self) -> "tuple[GlyphRenderer[Any], GlyphRenderer[Any]]":
        """Circles of constant g, each named where it crosses the axis upwards."""
        radii = np.arange(1.0, _MOST_RINGS_G)
        turn = np.linspace(0, 2 * np.pi, 121)
        lines = {"x": [(r * np.cos(turn)).tolist() for r in radii], "y": [(r * np.sin(turn)).tolist() for r in radii]}
        rings = self._figure.multi_line("x", "y", source=ColumnDataSource(lines), line_color=_RING, line_width=1)
        texts = ColumnDataSource({"x": 0 * radii, "y": radii, "name": [f"{radius:g} g" for radius in radii]})
        names = self._figure.text(
            "x", "y", "name", source=texts, x_offset=3, y_offset=-2, text_font_size="10px", text_color=_RING
        )
        for part in (rings, names):
            part.update(tags=["rings"], level="underlay", visible=False)
        return rings, names


def _is(one: object, other: object) -> bool:
    return one is other


def build(context: PanelContext) -> ScatterPanel:
    """The panel of a scatter config."""
    return ScatterPanel(context)
