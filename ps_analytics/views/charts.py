"""One channel of laps against another, and how long they had which values."""

from collections.abc import Sequence
from typing import Any

import holoviews as hv
import numpy as np
from numpy.typing import NDArray

from ps_analytics.analysis.align import grid_lap
from ps_analytics.analysis.distribution import BINS, SLOW_MM_S, Distribution, Strokes, distribution
from ps_analytics.analysis.dwell import ALWAYS, Dwell, Part, dwell
from ps_analytics.analysis.report import Passing
from ps_analytics.analysis.thinning import MOST_POINTS, thinned
from ps_analytics.channels.catalog import CATALOG
from ps_analytics.errors import UnknownChannel
from ps_analytics.lap import CONDITION, Lap
from ps_analytics.views import theme
from ps_analytics.views.labels import decimals, lap_label

Floats = NDArray[np.float64]
Window = tuple[float, float]
"""From where to where, in m from the line."""

_GRIP = {"g_lat", "g_long"}
_MARKERS = ("circle", "triangle", "square", "diamond")
_SIDE_PX, _WIDE_PX, _HIGH_PX = 520, 560, 320
_TOOLS = {"default_tools": ["pan", "wheel_zoom", "box_zoom", "reset", "save"], "active_tools": ["box_zoom"]}


def scatter(
    laps: Lap | Sequence[Lap],
    x: str,
    y: str,
    *,
    color: str | None = None,
    window: Window | None = None,
    most: int = MOST_POINTS,
) -> hv.Overlay:
    """One channel of laps against another, a point a sample; of g_lat and g_long with circles of constant g.

    A lap of more than `most` samples keeps those that can be told apart on a screen, its outermost ones always.

    Args:
        laps: one lap or several; one that lacks a channel is named in the title.
        x: the channel to the right.
        y: the channel upwards.
        color: the channel that colours the points; None colours them by lap.
        window: only what was driven between these places, in m from the line.
        most: so many points a lap at most.

    Raises:
        UnknownChannel: no lap has a channel of this name.
    """
    theme.use_dark_once()
    chosen = [laps] if isinstance(laps, Lap) else list(laps)
    names = [x, y, *([color] if color else [])]
    for name in names:
        _unit(chosen, name)
    across, up, *shade = (_dimension(chosen, name, key) for name, key in zip(names, ("x", "y", "shade"), strict=False))
    place = hv.Dimension("distance", label="Distance", unit="m")
    parts: list[Any] = _rings(across, up) if {x, y} == _GRIP else []
    lacking = []
    for index, lap in enumerate(chosen):
        columns = _columns(lap, names, window, most)
        if columns is None:
            lacking.append(lap_label(lap))
            continue
        data = dict(zip(("x", "y", *(["shade"] if color else []), "distance"), columns, strict=True))
        points = hv.Points(data, [across, up], [*shade, place], label=lap_label(lap))
        parts.append(points.opts(**_dots(index, shade), tools=["hover"]))
    if not any(isinstance(part, hv.Points) for part in parts):
        nothing = hv.Points(([], []), [across, up]).opts(**_dots(0, []))
        parts.append(nothing)
    shape = {"frame_width": _SIDE_PX, "frame_height": _SIDE_PX, "data_aspect": 1} if {x, y} == _GRIP else {
        "responsive": True, "height": _SIDE_PX, "min_width": _WIDE_PX
    }  # fmt: skip
    legend = {"show_legend": len(chosen) > 1, "legend_position": "top", "legend_opts": {"click_policy": "hide"}}
    title = _title(chosen, lacking, " or ".join(_label(chosen, name) for name in names))
    return hv.Overlay(parts).opts(
        **shape, **legend, **_TOOLS, title=title, show_grid={x, y} != _GRIP, padding=0.05,
        xlabel=_with_unit(across), ylabel=_with_unit(up),
    )  # fmt: skip


def histogram(
    laps: Lap | Sequence[Lap],
    channels: str | Sequence[str],
    *,
    bins: int = BINS,
    weighted: bool = True,
    window: Window | None = None,
    slow: float = SLOW_MM_S,
) -> hv.Overlay | hv.Layout:
    """How long laps had which values of a channel, in % of the time; of several channels a figure each.

    Channels that go both ways have bins about zero. A damper's speed (mm/s) is told in four ways to move: rebound and
    bump, each fast and slow.

    Args:
        laps: one lap or several; one that lacks a channel is named in the title.
        channels: one name or several.
        bins: how many at most; their width is a round number.
        weighted: whether samples count for as long as they last, or one as much as the other.
        window: only what was driven between these places, in m from the line.
        slow: below this, in mm/s, a damper is slow.

    Raises:
        UnknownChannel: no lap has a channel of this name.
        IncompatibleLaps: a window is asked for, and a lap cannot be placed on the track.
    """
    theme.use_dark_once()
    chosen = [laps] if isinstance(laps, Lap) else list(laps)
    names = [channels] if isinstance(channels, str) else list(channels)
    parts = [_parts(lap, window) for lap in chosen]
    figures = []
    for name in names:
        unit = _unit(chosen, name)
        samples = [_samples(lap, name) for lap in chosen]
        found = distribution(samples, name, unit, parts=parts, bins=bins, weighted=weighted, slow=slow)
        figures.append(_bars(chosen, name, found, weighted=weighted, slow=slow))
    return figures[0] if isinstance(channels, str) else hv.Layout(figures).cols(2).opts(shared_axes=False)


def _unit(laps: Sequence[Lap], name: str) -> str | None:
    """The unit of a channel.

    Raises:
        UnknownChannel: no lap has it.
    """
    found = [lap.traces[name].unit for lap in laps if name in lap.traces]
    if not found and (name != "distance" or not any("distance" in lap.frames for lap in laps)):
        raise UnknownChannel(name, known={known for lap in laps for known in lap.channels})
    unit = found[0] if found else "m"
    return CATALOG[name].unit if name in CATALOG else unit


def _label(laps: Sequence[Lap], name: str) -> str:
    return CATALOG[name].label if name in CATALOG else name


def _dimension(laps: Sequence[Lap], name: str, key: str) -> hv.Dimension:
    unit = _unit(laps, name)
    return hv.Dimension(key, label=_label(laps, name), unit=None if unit == CONDITION else unit)


def _with_unit(dimension: hv.Dimension) -> str:
    return f"{dimension.label} [{dimension.unit}]" if dimension.unit else str(dimension.label)


def _columns(lap: Lap, names: Sequence[str], window: Window | None, most: int) -> list[Floats] | None:
    """The lap's values of the channels and its places, thinned; None where it has no point."""
    frames = lap.frames
    if not {*names[:2]} <= set(frames.columns):
        return None
    missing = np.full(len(frames), np.nan)
    columns = [
        frames[name].cast(float).fill_null(np.nan).to_numpy() if name in frames.columns else missing
        for name in (*names, "distance")
    ]
    if window is not None:
        inside = (columns[-1] >= window[0]) & (columns[-1] <= window[1])
        columns = [values[inside] for values in columns]
    rows = thinned(columns[0], columns[1], most=most)
    return [values[rows] for values in columns] if len(rows) else None


def _dots(index: int, shade: Sequence[hv.Dimension]) -> dict[str, Any]:
    """By lap in its colour; by a channel on the scale from dark to bright, laps told apart by shapes."""
    if not shade:
        return {"size": 3, "alpha": 0.75, "color": theme.lap_style(index)["color"],
                "marker": _MARKERS[index // len(theme.LAP_COLORS) % len(_MARKERS)]}  # fmt: skip
    bar = {
        "colorbar": index == 0,
        "clabel": _with_unit(shade[0]),
        "colorbar_opts": {"width": 8, "title_text_font_style": "normal"},
    }
    return {"size": 3, "color": "shade", "cmap": theme.HEAT, "marker": _MARKERS[index % len(_MARKERS)], **bar}


def _rings(across: hv.Dimension, up: hv.Dimension) -> list[Any]:
    """Circles of constant g, each named above its middle."""
    turn = np.linspace(0, 2 * np.pi, 121)
    circles = [np.column_stack([g * np.cos(turn), g * np.sin(turn)]) for g in range(1, 7)]
    names = hv.Labels([(0.0, float(g), f"{g} g") for g in range(1, 7)], [across, up], "g")
    style: dict[str, Any] = {"color": theme.ZERO, "line_width": 1, "apply_ranges": False}
    return [
        hv.Path(circles, [across, up]).opts(**style),
        names.opts(
            text_color=theme.SECONDARY,
            text_font_size="10px",
            text_align="left",
            text_baseline="bottom",
            apply_ranges=False,
        ),
        hv.HLine(0).opts(color=theme.ZERO, line_width=1),
        hv.VLine(0).opts(color=theme.ZERO, line_width=1),
    ]


def _title(laps: Sequence[Lap], lacking: Sequence[str], what: str) -> str:
    if lacking and len(lacking) == len(laps):
        return f"No lap has values of {what} here"
    if lacking:
        return f"Not recorded on {', '.join(lacking)}"
    return lap_label(laps[0]) if len(laps) == 1 else ""


def _samples(lap: Lap, name: str) -> Dwell:
    trace = lap.traces.get(name)
    if trace is None:
        return dwell(np.zeros(0), np.zeros(0))
    return dwell(lap.times(trace), np.asarray(trace.values, dtype=np.float64), kind=trace.kind)


def _parts(lap: Lap, window: Window | None) -> Sequence[Part]:
    return ALWAYS if window is None else Passing.of(grid_lap(lap)).parts(*window)


def _bars(laps: Sequence[Lap], name: str, found: Distribution, *, weighted: bool, slow: float) -> hv.Overlay:
    value, share = (
        _dimension(laps, name, "value"),
        hv.Dimension("share", label="Time" if weighted else "Samples", unit="%"),
    )
    drawn = [index for index, shares in enumerate(found.shares) if shares.any()]
    told = [(value.label, f"@left{{0.{'0' * decimals(name)}}} {value.unit or ''}"), (share.label, "@top{0.0} %")]
    parts = [
        hv.Histogram((found.edges, found.shares[index]), kdims=value, vdims=share, label=lap_label(laps[index])).opts(
            fill_color=theme.lap_style(index)["color"],
            fill_alpha=0.5 if len(drawn) == 1 else 0.25,
            line_color=theme.lap_style(index)["color"],
            line_dash=theme.lap_style(index)["line_dash"],
            tools=["hover"],
            hover_tooltips=told,
        )
        for index in drawn or [0]
    ]
    lacking = [lap_label(lap) for index, lap in enumerate(laps) if index not in drawn]
    title = _title(laps, lacking, _label(laps, name))
    told_strokes = [strokes for index in drawn if found.strokes and (strokes := found.strokes[index])]
    if told_strokes:
        parts += [hv.VLine(at).opts(color=theme.ZERO, line_dash="dashed", line_width=1) for at in (-slow, slow)]
        title = "\n".join([*filter(None, [title]), *map(_told, told_strokes)])
    return hv.Overlay(parts).opts(
        **_TOOLS, responsive=True, height=_HIGH_PX, min_width=380, title=title, show_legend=len(drawn) > 1,
        legend_position="top_right", show_grid=True, ylim=(0, None), padding=(0.02, 0.08),
        xlabel=_with_unit(value), ylabel=_with_unit(share), fontsize={"title": "11px"},
    )  # fmt: skip


def _told(strokes: Strokes) -> str:
    """A lap's strokes in a line."""
    return (
        f"rebound {strokes.fast_rebound:.1f} fast {strokes.slow_rebound:.1f} slow · "
        f"bump {strokes.slow_bump:.1f} slow {strokes.fast_bump:.1f} fast [%]"
    )
