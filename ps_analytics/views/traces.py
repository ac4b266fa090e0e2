"""Channels of laps as stacked lanes over one x axis, with one cursor and one zoom for all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import holoviews as hv
import numpy as np
from bokeh.models import CustomJS, HoverTool
from bokeh.models.annotations.geometry import Span
from numpy.typing import NDArray

from ps_analytics.analysis.align import Alignment, GridLap
from ps_analytics.analysis.delta import delta_of
from ps_analytics.channels.catalog import CATALOG, Kind, kind_of
from ps_analytics.errors import UnknownChannel
from ps_analytics.lap import Lap
from ps_analytics.views import theme
from ps_analytics.views.labels import decimals, lap_label

Floats = NDArray[np.float64]
Axis = Literal["distance", "time"]

DELTA = "delta"
_AXES = {
    "distance": hv.Dimension("distance", label="Distance", unit="m"),
    "time": hv.Dimension("time", label="Time since the line", unit="s"),
}
_FIRST_PX, _LANE_PX, _AXIS_PX, _LEGEND_PX = 190, 124, 42, 26
_LEFT_PX, _RIGHT_PX = 78, 16


@dataclass(frozen=True, eq=False)
class _Drawn:
    """A lap as the figure names and colours it."""

    lap: Lap
    label: str
    style: dict[str, Any]


@dataclass(frozen=True, eq=False)
class _Laid:
    """A lap to draw, on the grid all share."""

    drawn: _Drawn
    grid: GridLap


@dataclass(frozen=True, eq=False)
class _Line:
    """One lap in one lane."""

    label: str
    style: dict[str, Any]
    x: Floats
    y: Floats
    band: Floats | None = None
    """Half the width of what holds the true value 95 times of 100."""


@dataclass(frozen=True, eq=False)
class _Lane:
    """One channel of all laps."""

    name: str
    title: str
    unit: str | None
    lines: Sequence[_Line]
    shared_x: bool

    @property
    def axis_label(self) -> str:
        return f"{self.title} [{self.unit}]" if self.unit else self.title


def traces(
    laps: Lap | Sequence[Lap], channels: Sequence[str], *, reference: Lap | None = None, x: Axis = "distance"
) -> hv.Layout:
    """The channels of some laps as stacked lanes with one cursor and one zoom.

    With a reference there is a lane more: the seconds lost to it so far.

    Args:
        laps: one lap or several, each in a colour of its own.
        channels: names; a lap without one is left out of its lane.
        reference: the lap the others are compared with, drawn thinner.
        x: "distance" lays all laps on the first one's (the reference's) metres, "time" shows the samples as recorded.

    Raises:
        UnknownChannel: no lap has a channel of this name.
        IncompatibleLaps: the laps cannot be laid over each other.
    """
    theme.use_dark_once()
    chosen = [laps] if isinstance(laps, Lap) else list(laps)
    compared = [lap for lap in chosen if reference is None or lap.lap_id != reference.lap_id]
    lines = [_Drawn(lap, lap_label(lap), _style(index, thin=False)) for index, lap in enumerate(compared)]
    if reference is not None:  # first, so that it lies below the others
        lines.insert(0, _Drawn(reference, f"{lap_label(reference)} (reference)", _style(len(compared), thin=True)))
    alignment = Alignment(lines[0].lap)
    laid = [_Laid(one, alignment.lay(one.lap)) for one in lines]
    lanes = [_lane(name, laid, x) for name in channels]
    if reference is not None and compared:
        lanes.insert(1, _delta_lane(laid[1:], alignment, x))
    cursor = _Cursor(len(lanes))
    figures = [
        _figure(lane, _AXES[x], first=index == 0, last=index == len(lanes) - 1, hook=cursor.hook(index))
        for index, lane in enumerate(lanes)
    ]
    return hv.Layout(figures).cols(1).opts(shared_axes=True, merge_tools=True, toolbar="right")


def _style(index: int, *, thin: bool) -> dict[str, Any]:
    return {**theme.lap_style(index), "line_width": 1.0 if thin else 1.5}


def _lane(name: str, laid: Sequence[_Laid], x: Axis) -> _Lane:
    found = [one for one in laid if name in one.grid.channels]
    if not found:
        raise UnknownChannel(name, known={known for one in laid for known in one.grid.channels})
    spec = CATALOG.get(name)
    unit = spec.unit if spec else found[0].drawn.lap.traces[name].unit
    lines = [_Line(one.drawn.label, one.drawn.style, *_samples(name, one, x)) for one in found]
    return _Lane(name, spec.label if spec else name, None if unit == "bool" else unit, lines, shared_x=x == "distance")


def _samples(name: str, laid: _Laid, x: Axis) -> tuple[Floats, Floats]:
    if x == "distance":
        return laid.grid.distance_m, laid.grid.channels[name]
    lap = laid.drawn.lap
    trace = lap.traces[name]
    return lap.times(trace) - lap.start_s, np.asarray(trace.values, dtype=np.float64)


def _delta_lane(laid: Sequence[_Laid], alignment: Alignment, x: Axis) -> _Lane:
    lines = []
    for one in laid:
        frame = delta_of(alignment, one.drawn.lap).frame
        along = frame["distance_m"].to_numpy()
        if x == "time":
            along = np.interp(along, one.grid.distance_m, one.grid.time_s)
        band = None if frame["band_s"].is_null().all() else frame["band_s"].to_numpy()
        lines.append(_Line(one.drawn.label, one.drawn.style, along, frame["delta_s"].to_numpy(), band))
    return _Lane(DELTA, "Delta", "s", lines, shared_x=x == "distance")


def _figure(lane: _Lane, axis: hv.Dimension, *, first: bool, last: bool, hook: Any) -> hv.Overlay:
    value = hv.Dimension(lane.name, label=lane.axis_label)
    parts: list[Any] = []
    if lane.name == DELTA:
        parts.append(hv.HLine(0).opts(color=theme.ZERO, line_width=1))
        parts += _gain_and_loss(lane, axis, value)
        parts += [_band(line, axis, value) for line in lane.lines if line.band is not None]
    for index, line in enumerate(lane.lines):
        # One tooltip tells all laps where they share the x of their samples; the first line carries the others' values.
        told = lane.lines if lane.shared_x and index == 0 else [] if lane.shared_x else [line]
        columns = {axis.name: line.x, lane.name: line.y, **{f"lap{n}": other.y for n, other in enumerate(told)}}
        curve = hv.Curve(
            columns, axis, [value, *(name for name in columns if name.startswith("lap"))], label=line.label
        )
        parts.append(
            curve.opts(
                **line.style,
                interpolation="steps-post" if kind_of(lane.name) is Kind.STEP else "linear",
                tools=[_hover(lane, told, axis)] if told else [],
                muted_alpha=0.12,
            )
        )
    height = (_FIRST_PX + _LEGEND_PX if first else _LANE_PX) + (_AXIS_PX if last else 0)
    return hv.Overlay(parts).opts(
        responsive=True,
        height=height,
        min_width=480,
        show_legend=first,
        title=lane.lines[0].label if first and len(lane.lines) == 1 else "",
        legend_position="top",
        legend_cols=6,
        legend_opts={"click_policy": "mute", "margin": 0, "padding": 2, "spacing": 18, "orientation": "horizontal"},
        show_grid=True,
        xaxis="bottom" if last else "bare",
        xlabel=f"{axis.label} [{axis.unit}]" if last else "",
        ylabel=lane.axis_label,
        yformatter=_ticks(lane.name),
        padding=(0, 0.08),
        default_tools=["xpan", "xwheel_zoom", "xbox_zoom", "reset", "save"],
        active_tools=["xbox_zoom"],
        hooks=[hook, _tidy],
    )


def _gain_and_loss(lane: _Lane, axis: hv.Dimension, value: hv.Dimension) -> list[Any]:
    """The area between one lap's delta and zero: above it the lap loses, below it gains; the axis says it too."""
    if len(lane.lines) != 1:
        return []
    [line] = lane.lines
    return [
        hv.Area((line.x, side(line.y, 0.0)), axis, value).opts(color=color, fill_alpha=0.16, line_alpha=0)
        for side, color in ((np.maximum, theme.LOSS), (np.minimum, theme.GAIN))
    ]


def _band(line: _Line, axis: hv.Dimension, value: hv.Dimension) -> Any:
    """How sure the line is."""
    band = hv.Spread((line.x, line.y, line.band), axis, [value, "band"])
    return band.opts(color=line.style["color"], fill_alpha=0.22, line_alpha=0)


def _ticks(name: str) -> str:
    return "%+.2f" if name == DELTA else "%g"


def _hover(lane: _Lane, told: Sequence[_Line], axis: hv.Dimension) -> HoverTool:
    """What the cursor tells of a lane: where it is, and each lap's value in the lap's colour."""
    digits = 3 if lane.name == DELTA else decimals(lane.name)
    number = ("+" if lane.name == DELTA else "") + "0" + ("." + "0" * digits if digits else "")
    rows = "".join(
        f'<div><span style="color:{line.style["color"]}">■</span> {line.label}'
        f' <b style="float:right;padding-left:14px">@{{lap{index}}}{{{number}}} {lane.unit or ""}</b></div>'
        for index, line in enumerate(told)
    )
    style = f"font:12px sans-serif;color:{theme.TEXT};background:{theme.PANEL};margin:-6px;padding:5px 9px"
    where = f'<div style="color:{theme.SECONDARY}">{lane.title} at @{{{axis.name}}}{{0.0}} {axis.unit}</div>'
    return HoverTool(
        tooltips=f'<div style="{style}">{where}{rows}</div>', mode="vline", line_policy="nearest",
        point_policy="follow_mouse",
    )  # fmt: skip


def _tidy(plot: Any, element: Any) -> None:
    """Lanes begin and end at the same pixel, whatever the width of their numbers."""
    figure = plot.state
    figure.min_border_left, figure.min_border_right = _LEFT_PX, _RIGHT_PX
    figure.min_border_top = figure.min_border_bottom = 4
    figure.yaxis.ticker.desired_num_ticks = 4
    figure.xaxis.ticker.desired_num_ticks = 12


_MOVE = """
for (const span of spans)
  span.setv({location: cb_obj.x, visible: true}, {sync: false})
"""
_LEAVE = "for (const span of spans) span.setv({visible: false}, {sync: false})"


class _Cursor:
    """One vertical line through all lanes. It moves in the browser alone: `sync: false` tells no server."""

    def __init__(self, lanes: int) -> None:
        self._lanes, self._figures = lanes, list[Any]()

    def hook(self, index: int) -> Any:
        """What HoloViews calls once lane `index` is drawn; the last one ties all together."""

        def drawn(plot: Any, element: Any) -> None:
            if index == 0:
                self._figures = []
            self._figures.append(plot.state)
            if len(self._figures) == self._lanes:
                self._tie()

        return drawn

    def _tie(self) -> None:
        spans = []
        for figure in self._figures:
            span = Span(dimension="height", line_color=theme.CURSOR, line_width=1, visible=False, level="overlay")
            figure.add_layout(span)
            spans.append(span)
        for figure in self._figures:
            figure.js_on_event("mousemove", CustomJS(args={"spans": spans}, code=_MOVE))
            figure.js_on_event("mouseleave", CustomJS(args={"spans": spans}, code=_LEAVE))
