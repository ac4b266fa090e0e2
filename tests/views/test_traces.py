"""Lanes of channels: what they hold, what they share, and that the cursor never leaves the browser."""

from typing import Any

import holoviews as hv
import numpy as np
import pytest
from bokeh.models import HoverTool, Range1d
from bokeh.models.annotations.geometry import Span
from bokeh.plotting import figure

from ps_analytics.analysis.delta import delta
from ps_analytics.errors import IncompatibleLaps, UnknownChannel
from ps_analytics.lap import Lap
from ps_analytics.views import theme, traces
from tests.analysis.laps import drive_evenly, without


def lanes(layout: hv.Layout) -> list[str]:
    return [curves(lane)[-1].vdims[0].name for lane in overlays(layout)]


def overlays(layout: hv.Layout) -> list[hv.Overlay]:
    return list(layout)


def curves(lane: hv.Overlay) -> list[hv.Curve]:
    return [part for part in lane if isinstance(part, hv.Curve)]


def drawn(layout: hv.Layout) -> list[figure]:
    grid = hv.renderer("bokeh").get_plot(layout).state
    return [child[0] for child in grid.children]


def test_each_channel_is_a_lane_with_its_unit_and_the_delta_is_one_more(laps: list[Lap]) -> None:
    found = traces(laps[0], ["speed", "throttle", "gear"], reference=laps[1])
    assert lanes(found) == ["speed", "delta", "throttle", "gear"]
    figures = drawn(found)
    assert [f.yaxis.axis_label for f in figures] == ["Speed [km/h]", "Delta [s]", "Throttle [%]", "Gear"]
    assert [f.xaxis.axis_label for f in figures][-1] == "Distance [m]"
    assert lanes(traces(laps[0], ["speed"])) == ["speed"]


def test_the_lanes_share_one_range_of_x_and_have_their_own_y(laps: list[Lap]) -> None:
    figures = drawn(traces(laps[:2], ["speed", "brake", "rpm"], reference=laps[2]))
    assert len({id(f.x_range) for f in figures}) == 1
    assert len({id(f.y_range) for f in figures}) == 4
    assert isinstance(figures[0].x_range, Range1d)
    assert (figures[0].x_range.start, figures[0].x_range.end) == pytest.approx((0, 1600), abs=3)


def test_a_lap_keeps_its_colour_and_the_reference_is_thinner_and_below(laps: list[Lap]) -> None:
    found = traces(laps[:2], ["speed", "brake"], reference=laps[3])
    for lane in (overlays(found)[0], overlays(found)[2]):
        styles = [hv.Store.lookup_options("bokeh", curve, "style").kwargs for curve in curves(lane)]
        assert [style["color"] for style in styles] == [theme.LAP_COLORS[2], *theme.LAP_COLORS[:2]]
        assert styles[0]["line_width"] < styles[1]["line_width"] == styles[2]["line_width"]
    names = [curve.label for curve in curves(overlays(found)[0])]
    assert names[0].endswith("(reference)")
    assert names[1].startswith("lap 1 · ")


def test_the_values_drawn_are_the_laps_own(laps: list[Lap]) -> None:
    found = overlays(traces(laps[0], ["speed"], reference=laps[1]))
    lost = curves(found[1])[0]
    expected = delta(laps[0], laps[1]).frame
    assert lost.dimension_values(0) == pytest.approx(expected["distance_m"].to_numpy())
    assert lost.dimension_values(1) == pytest.approx(expected["delta_s"].to_numpy())
    over_time = curves(overlays(traces(laps[0], ["speed"], x="time"))[0])[0]
    assert over_time.dimension_values(1) == pytest.approx(laps[0].frames["speed"].to_numpy())
    assert over_time.dimension_values(0)[0] == pytest.approx(0, abs=1 / 60)
    assert over_time.dimension_values(0)[-1] == pytest.approx(laps[0].lap_time_s, abs=2 / 60)


def test_a_stepped_channel_is_drawn_in_steps(laps: list[Lap]) -> None:
    def interpolation(name: str) -> str:
        [curve] = curves(overlays(traces(laps[0], [name]))[0])
        return str(hv.Store.lookup_options("bokeh", curve, "plot").kwargs["interpolation"])

    assert (interpolation("gear"), interpolation("speed")) == ("steps-post", "linear")


def test_the_cursor_moves_in_the_browser_alone(laps: list[Lap]) -> None:
    figures = drawn(traces(laps[:2], ["speed", "brake", "rpm"]))
    spans = {span for f in figures for span in f.center if isinstance(span, Span) and span.dimension == "height"}
    assert len(spans) == 3
    for f in figures:
        [move] = f.js_event_callbacks["mousemove"]
        assert set(move.args["spans"]) == spans
        assert "sync: false" in move.code
        assert not f.subscribed_events  # no event is sent to Python


def test_one_tooltip_tells_every_lap_on_distance(laps: list[Lap]) -> None:
    figures = drawn(traces(laps[:3], ["speed"]))
    [hover] = figures[0].select({"type": HoverTool})
    assert hover.mode == "vline"
    assert [hover.tooltips.count(f"@{{lap{number}}}") for number in range(4)] == [1, 1, 1, 0]
    [renderer] = hover.renderers
    assert {"lap0", "lap1", "lap2"} <= set(renderer.data_source.column_names)


def test_nothing_is_drawn_twice_and_the_figure_can_be_drawn_again(laps: list[Lap]) -> None:
    found = traces([laps[0], laps[1]], ["speed", "brake"], reference=laps[1])
    assert len(curves(overlays(found)[0])) == 2
    assert len(drawn(found)) == len(drawn(found)) == 3


def test_a_lap_with_itself_as_reference_is_drawn_once(laps: list[Lap]) -> None:
    found = traces(laps[0], ["speed"], reference=laps[0])
    assert lanes(found) == ["speed"]
    assert len(curves(overlays(found)[0])) == 1


def test_a_lap_without_the_channel_is_left_out_and_a_name_nobody_has_is_refused(laps: list[Lap]) -> None:
    blind = without(laps[1], "brake")
    assert len(curves(overlays(traces([laps[0], blind], ["brake"]))[0])) == 1
    with pytest.raises(UnknownChannel, match="Did you mean 'brake'"):
        traces(laps[:2], ["brak"])


def test_laps_that_cannot_be_laid_over_each_other_are_refused(laps: list[Lap]) -> None:
    with pytest.raises(IncompatibleLaps):
        traces(laps[0], ["speed"], reference=drive_evenly(60.0, length_m=3000.0, lap_number=9))


def test_a_lap_without_a_time_is_drawn_where_it_was_driven() -> None:
    lap = drive_evenly(60.0)
    half = {n: type(t)(t.name, t.unit, t.rate_hz, t.start_s, t.values[:1800]) for n, t in lap.traces.items()}
    stretch: dict[str, Any] = {**lap.__dict__, "lap_time_s": None, "traces": half}
    [curve] = curves(overlays(traces([lap, Lap(**stretch)], ["throttle"]))[0])[1:]
    seen = np.isfinite(curve.dimension_values(1))
    assert 0.3 < seen.mean() < 0.6
    assert seen[1:1000].all()
