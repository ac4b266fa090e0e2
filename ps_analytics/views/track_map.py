"""The path a lap took, seen from above and coloured by a channel."""

from typing import Any

import holoviews as hv
import numpy as np
from numpy.typing import NDArray

from ps_analytics.analysis.align import GridLap, grid_lap
from ps_analytics.analysis.plane import on_plane
from ps_analytics.channels.catalog import CATALOG
from ps_analytics.errors import UnknownChannel
from ps_analytics.lap import Lap
from ps_analytics.track import Direction, TrackModel
from ps_analytics.views import theme
from ps_analytics.views.labels import decimals, lap_label

Floats = NDArray[np.float64]

_STEP_M = 3.0
_SMALLEST_M = 50.0
_ROOM_PX = (760, 480)
_BESIDE_PX, _ABOVE_PX = 120, 40
_EDGE = 0.07
_MARKS_M = (50, 100, 200, 250, 500, 1000, 2000, 5000)


def track_map(lap: Lap, *, color_by: str = "speed", track: TrackModel | None = None) -> hv.Overlay | hv.Div:
    """A lap's path from above, coloured by a channel; a sentence if the lap does not say where the car was.

    Args:
        lap: with `x` and `y` in m, or `latitude` and `longitude`.
        color_by: the channel.
        track: whose corners are named beside the path; None takes what the lap knows.

    Raises:
        UnknownChannel: the lap does not have it.
        IncompatibleLaps: the lap has nothing to be laid along.
    """
    theme.use_dark_once()
    grid = grid_lap(lap, step_m=_STEP_M)
    if color_by not in grid.channels:
        raise UnknownChannel(color_by, known=grid.channels)
    place = _place(grid)
    if place is None:
        return hv.Div(f'<p style="color:{theme.SECONDARY}">{why_no_map(lap)}</p>')
    x, y = place
    seen = np.isfinite(x) & np.isfinite(y)
    x, y, at, value = x[seen], y[seen], grid.distance_m[seen], grid.channels[color_by][seen]
    names = _corner_names(x, y, at / grid.length_m, track or lap.track_model)
    return _map(x, y, at, value, color_by, lap_label(lap), names)


def why_no_map(lap: Lap) -> str:
    """The sentence in place of a map."""
    return f"No track map: lap {lap.lap_number} was recorded without x and y, and without latitude and longitude."


def _place(grid: GridLap) -> tuple[Floats, Floats] | None:
    """Metres east and north along the lap; None where the car's place is not known or never changes."""
    channels = grid.channels
    if "x" in channels and "y" in channels:
        x, y = channels["x"], channels["y"]
    elif "latitude" in channels and "longitude" in channels:
        latitude, longitude = channels["latitude"], channels["longitude"]
        if not (np.isfinite(latitude).any() and np.isfinite(longitude).any()):
            return None
        middle = {"latitude_0": float(np.nanmedian(latitude)), "longitude_0": float(np.nanmedian(longitude))}
        x, y = on_plane(latitude, longitude, **middle)
    else:
        return None
    seen = np.isfinite(x) & np.isfinite(y)
    if np.count_nonzero(seen) < 2 or max(np.ptp(x[seen]), np.ptp(y[seen])) < _SMALLEST_M:
        return None
    return x, y


def _map(
    x: Floats, y: Floats, at: Floats, value: Floats, color_by: str, title: str, names: hv.Overlay | None
) -> hv.Overlay:
    spec = CATALOG.get(color_by)
    label = spec.label if spec else color_by
    unit = f" [{spec.unit}]" if spec and spec.unit else ""
    east, north = hv.Dimension("east", unit="m"), hv.Dimension("north", unit="m")
    shade = hv.Dimension(color_by, label=f"{label}{unit}")
    # A wide dark line below sets the path off from the ground, as asphalt does.
    edge = hv.Curve((x, y), east, north).opts(color=theme.BORDER, line_width=9)
    path = hv.Segments((x[:-1], y[:-1], x[1:], y[1:], value[:-1]), [east, north, "east_to", "north_to"], shade).opts(
        color=shade,
        cmap=theme.HEAT,
        line_width=4,
        line_cap="round",
        colorbar=True,
        clabel="",
        colorbar_opts={"width": 8},
    )
    digits = "0" * decimals(color_by)
    points = hv.Points((x, y, at, value), [east, north], [hv.Dimension("distance", unit="m"), shade]).opts(
        size=8,
        alpha=0,
        hover_alpha=1,
        hover_color=theme.TEXT,
        tools=["hover"],
        hover_tooltips=[("Distance", "@distance{0} m"), (label, f"@{{{color_by}}}{{0.{digits}}}{unit}")],
    )
    (low_x, high_x), (low_y, high_y), (width, height) = _frame(x, y)
    beside = _marks(x, y, at) if names is None else names
    return (edge * path * points * beside * _line(x, y)).opts(
        frame_width=width,
        frame_height=height,
        xlim=(low_x, high_x),
        ylim=(low_y, high_y),
        xaxis=None,
        yaxis=None,
        title=f"{title} · {label}{unit}",
        hooks=[_tidy],
        show_legend=False,
        default_tools=["pan", "wheel_zoom", "reset", "save"],
        active_tools=["pan"],
    )


def _frame(x: Floats, y: Floats) -> tuple[tuple[float, float], tuple[float, float], tuple[int, int]]:
    """The range of x and y in m, and width and height in pixels, that show the path with one scale both ways."""
    edge = _EDGE * max(float(np.ptp(x)), float(np.ptp(y)))
    ranges = [[float(np.min(values)) - edge, float(np.max(values)) + edge] for values in (x, y)]
    scale = min(room / (high - low) for room, (low, high) in zip(_ROOM_PX, ranges, strict=True))
    pixels = [round(scale * (high - low)) for low, high in ranges]
    return (ranges[0][0], ranges[0][1]), (ranges[1][0], ranges[1][1]), (pixels[0], pixels[1])


def _tidy(plot: Any, element: Any) -> None:
    """No grid over a map, and room beside its fixed frame for the colour bar."""
    plot.state.grid.visible = False
    plot.state.update(width=plot.state.frame_width + _BESIDE_PX, height=plot.state.frame_height + _ABOVE_PX)


def _across(x: Floats, y: Floats, index: int, half_m: float) -> tuple[Floats, Floats]:
    """A stroke across the path at a point."""
    before, after = max(index - 2, 0), min(index + 2, len(x) - 1)
    along = np.array([x[after] - x[before], y[after] - y[before]])
    across = np.array([-along[1], along[0]]) / max(float(np.hypot(*along)), 1e-9)
    return x[index] + across[0] * np.array([-half_m, half_m]), y[index] + across[1] * np.array([-half_m, half_m])


def _line(x: Floats, y: Floats) -> hv.Overlay:
    """The start/finish line, and an arrow the way round."""
    half = 0.018 * max(float(np.ptp(x)), float(np.ptp(y)))
    ahead = min(int(np.searchsorted(np.cumsum(np.hypot(np.diff(x), np.diff(y))), 2.2 * half)), len(x) - 1)
    (left, right), (low, high) = _across(x, y, max(ahead // 2, 1), 0.55 * half)
    style = {"color": theme.TEXT, "line_width": 3}
    arrow = hv.Curve(([left, x[ahead], right], [low, y[ahead], high]), "east", "north")
    return hv.Overlay([hv.Curve(_across(x, y, 0, half), "east", "north").opts(**style), arrow.opts(**style)])


def _corner_names(x: Floats, y: Floats, share: Floats, track: TrackModel | None) -> hv.Overlay | None:
    """The corners' names outside of their bends; None where no corner is known, and metres are marked instead."""
    if track is None or not track.corners:
        return None
    half = 0.045 * max(float(np.ptp(x)), float(np.ptp(y)))
    texts = []
    for corner in track.corners:
        index = int(np.searchsorted(share, corner.apex_m / track.length_m))
        to_right, to_left = zip(*_across(x, y, min(index, len(x) - 1), half), strict=True)
        outside = to_left if corner.direction is Direction.RIGHT else to_right
        texts.append((float(outside[0]), float(outside[1]), corner.name))
    labels = hv.Labels(texts, ["east", "north"], "corner")
    return hv.Overlay([labels.opts(text_color=theme.TEXT, text_font_size="11px")])


def _marks(x: Floats, y: Floats, at: Floats) -> hv.Overlay:
    """Distances from the line beside the path: about eight of them, at round metres."""
    step = next((mark for mark in _MARKS_M if at[-1] / mark <= 9), _MARKS_M[-1])
    half, middle = 0.045 * max(float(np.ptp(x)), float(np.ptp(y))), np.array([np.mean(x), np.mean(y)])
    texts = []
    for mark in range(step, int(at[-1] - step / 3), step):
        index = int(np.searchsorted(at, mark))
        (left, right), (low, high) = _across(x, y, index, half)
        sides = np.array([[left, low], [right, high]])
        outside = sides[np.argmax(np.hypot(*(sides - middle).T))]
        texts.append((float(outside[0]), float(outside[1]), f"{mark} m"))
    labels = hv.Labels(texts, ["east", "north"], "mark")
    return hv.Overlay([labels.opts(text_color=theme.SECONDARY, text_font_size="10px")])
