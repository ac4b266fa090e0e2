"""Where laps gain and lose time against a reference, and how sure that is."""

from collections.abc import Sequence
from typing import Any

import holoviews as hv
import numpy as np

from ps_analytics.analysis.align import Alignment
from ps_analytics.analysis.delta import Delta, delta_of
from ps_analytics.lap import Lap
from ps_analytics.track import TrackModel
from ps_analytics.views import theme
from ps_analytics.views.labels import lap_label

_DISTANCE = hv.Dimension("distance", label="Distance", unit="m")
_DELTA = hv.Dimension("delta", label="Delta", unit="s")
_HEIGHT_PX = 300
_SPAN = "#161c25"


def delta(laps: Lap | Sequence[Lap], reference: Lap, *, track: TrackModel | None = None) -> hv.Overlay:
    """The seconds each lap has lost to a reference so far, each line in the shade that holds the truth 95 times of 100.

    Args:
        laps: one lap or several, each in a colour of its own.
        reference: the lap they are compared with.
        track: whose corners are shaded and named; None takes what the reference knows.

    Raises:
        IncompatibleLaps: a lap cannot be compared with the reference; says why.
    """
    theme.use_dark_once()
    alignment = Alignment(reference, track=track)
    compared = [laps] if isinstance(laps, Lap) else list(laps)
    found = [(lap, delta_of(alignment, lap)) for lap in compared]
    lines = [_line(lap, one, theme.lap_style(index)) for index, (lap, one) in enumerate(found)]
    spans = _corners(track or reference.track_model, alignment.grid.length_m)
    zero = hv.HLine(0).opts(color=theme.ZERO, line_width=1)
    return hv.Overlay([*spans, zero, *(part for line in lines for part in line)]).opts(
        responsive=True,
        height=_HEIGHT_PX,
        min_width=480,
        title="" if len(found) > 1 else f"{_about(*found[0])} against {lap_label(reference)}",
        show_legend=len(found) > 1,
        legend_position="top_left",
        legend_opts={"click_policy": "mute"},
        show_grid=True,
        xlabel="Distance [m]",
        ylabel="Delta [s] · above 0: slower",
        padding=(0, 0.08),
        default_tools=["xpan", "xwheel_zoom", "xbox_zoom", "reset", "save"],
        active_tools=["xbox_zoom"],
    )


def _line(lap: Lap, found: Delta, style: dict[str, str]) -> list[Any]:
    at, lost = found.frame["distance_m"].to_numpy(), found.frame["delta_s"].to_numpy()
    columns, dimensions = {_DISTANCE.name: at, _DELTA.name: lost}, [_DELTA]
    told = [("Distance", "@distance{0} m"), ("Delta", "@delta{+0.000} s")]
    shade: list[Any] = []
    if not found.frame["band_s"].is_null().all():
        band = hv.Dimension("band", label="Band", unit="s")
        columns[band.name] = found.frame["band_s"].to_numpy()
        shade = [
            hv.Spread(columns, _DISTANCE, [_DELTA, band]).opts(color=style["color"], fill_alpha=0.24, line_alpha=0)
        ]
        dimensions, told = [_DELTA, band], [*told, ("within ±", "@band{0.0000} s")]
    curve = hv.Curve(columns, _DISTANCE, dimensions, label=_about(lap, found))
    return [*shade, curve.opts(**style, line_width=1.5, tools=["hover"], hover_tooltips=told, hover_mode="vline")]


def _about(lap: Lap, found: Delta) -> str:
    """A lap, and how its delta was found."""
    band = found.frame["band_s"].drop_nulls().to_numpy()
    sure = f" ± {np.median(band) * 1000:.1f} ms" if len(band) else ""
    return f"{lap_label(lap)} · by {found.method.replace('_', ' ')}{sure}"


def _corners(track: TrackModel | None, length_m: float) -> list[Any]:
    """The corners as quiet stretches on the reference's metres, named at their apex."""
    if track is None or not track.corners:
        return []
    scale = length_m / track.length_m
    ends = [(corner.start_m, corner.end_m) for corner in track.corners]
    parts = [
        part
        for start, end in ends
        for part in ([(start, end)] if start <= end else [(0.0, end), (start, track.length_m)])
    ]
    starts, stops = (scale * np.array(side) for side in zip(*parts, strict=True))
    names = [(corner.apex_m * scale, 0.0, corner.name) for corner in track.corners]
    labels = hv.Labels(names, [_DISTANCE, _DELTA], "corner")
    return [
        hv.VSpans((starts, stops)).opts(color=_SPAN, alpha=1.0, line_alpha=0),
        labels.opts(text_color=theme.SECONDARY, text_font_size="10px", text_baseline="bottom"),
    ]
