"""Scatter plots and histograms: what they hold, what they are called, and that little or odd data draws something."""

from dataclasses import replace
from typing import Any

import holoviews as hv
import numpy as np
import pytest
from bokeh.plotting import figure

from ps_analytics.errors import UnknownChannel
from ps_analytics.lap import Lap
from ps_analytics.views import histogram, scatter, theme
from tests.analysis.laps import changed, drive_evenly, values_of, without


def points(found: hv.Overlay) -> list[hv.Points]:
    return [part for part in found if isinstance(part, hv.Points)]


def bars(found: hv.Overlay) -> list[hv.Histogram]:
    return [part for part in found if isinstance(part, hv.Histogram)]


def drawn(found: hv.Overlay) -> figure:
    return hv.renderer("bokeh").get_plot(found).state


def style(part: Any) -> dict[str, Any]:
    return hv.Store.lookup_options("bokeh", part, "style").kwargs


def test_a_lap_is_a_point_a_sample_in_its_colour(laps: list[Lap]) -> None:
    found = points(scatter(laps[:2], "speed", "g_long"))
    assert [part.label[:5] for part in found] == ["lap 1", "lap 2"]
    assert [style(part)["color"] for part in found] == list(theme.LAP_COLORS[:2])
    assert found[0].dimension_values(0) == pytest.approx(laps[0].frames["speed"].to_numpy())
    assert found[0].dimension_values(1) == pytest.approx(laps[0].frames["g_long"].to_numpy())
    made = drawn(scatter(laps[:2], "speed", "g_long"))
    assert (made.xaxis.axis_label, made.yaxis.axis_label) == ("Speed [km/h]", "Longitudinal g [G]")


def test_g_g_has_equal_axes_and_circles_of_constant_g(laps: list[Lap]) -> None:
    found = scatter(laps[0], "g_lat", "g_long")
    [circles] = [part for part in found if isinstance(part, hv.Path)]
    radii = [np.hypot(*ring.array().T) for ring in circles.split()]
    assert [float(ring.min()) for ring in radii] == pytest.approx([1, 2, 3, 4, 5, 6])
    made = drawn(found)
    across, up = (axis.end - axis.start for axis in (made.x_range, made.y_range))
    assert across == pytest.approx(up, rel=0.01)
    assert made.frame_width == made.frame_height
    assert up < 5  # circles far out do not stretch the axes


def test_a_third_channel_colours_the_points_and_a_bar_says_how(laps: list[Lap]) -> None:
    found = points(scatter(laps[:2], "g_lat", "g_long", color="speed"))
    assert [style(part)["marker"] for part in found] == ["circle", "triangle"]
    assert found[0].dimension_values("shade") == pytest.approx(laps[0].frames["speed"].to_numpy())
    made = drawn(scatter(laps[:2], "g_lat", "g_long", color="speed"))
    assert [bar.title for bar in made.right if hasattr(bar, "color_mapper")] == ["Speed [km/h]"]


def test_no_more_points_than_asked_and_only_those_of_the_window(laps: list[Lap]) -> None:
    [few] = points(scatter(laps[0], "speed", "rpm", most=200))
    assert len(few) <= 200
    assert few.dimension_values(0).max() == laps[0].frames["speed"].max()
    [stretch] = points(scatter(laps[0], "speed", "rpm", window=(400.0, 500.0)))
    places = stretch.dimension_values("distance")
    assert (places.min(), places.max()) == pytest.approx((400, 500), abs=2)


def test_a_histogram_is_of_time_and_sums_to_a_hundred() -> None:
    # The throttle of the even drive grows evenly from 0 to 100.
    [found] = bars(histogram(drive_evenly(60.0), "throttle", bins=10))
    assert found.dimension_values(1) == pytest.approx([10.0] * 10, abs=0.05)
    assert found.edges.tolist() == list(range(0, 101, 10))


def test_a_histogram_of_a_stretch_is_of_the_time_spent_there() -> None:
    # Place is L q (0.7 + 0.3 q): at 600 m of 3000 q is 0.264, and so is the throttle.
    [found] = bars(histogram(drive_evenly(60.0), "throttle", bins=100, window=(0.0, 600.0)))
    here = found.dimension_values(1) > 0
    assert found.edges[:-1][here].max() == pytest.approx(100 * (np.sqrt(0.49 + 1.2 * 0.2) - 0.7) / 0.6, abs=1)


def test_several_channels_have_a_figure_each(laps: list[Lap]) -> None:
    found = histogram(laps[:2], ["throttle", "brake", "gear"])
    assert isinstance(found, hv.Layout)
    assert [len(bars(part)) for part in found] == [2, 2, 2]


def test_a_damper_is_told_by_its_strokes() -> None:
    lap = drive_evenly(60.0)
    trace = replace(lap.traces["throttle"], name="damper_rate_fl", unit="mm/s")
    turns = np.tile([-80.0, -10.0, 10.0, 80.0], len(trace.values) // 4)
    damper = replace(lap, traces={**lap.traces, trace.name: replace(trace, values=turns)})
    made = drawn(histogram(damper, "damper_rate_fl"))
    assert "rebound 25.0 fast 25.0 slow · bump 25.0 slow 25.0 fast [%]" in made.title.text


def test_a_lap_without_a_channel_is_named_and_a_name_nobody_has_is_refused(laps: list[Lap]) -> None:
    blind = without(laps[1], "brake")
    assert drawn(scatter([laps[0], blind], "speed", "brake")).title.text.startswith("Not recorded on lap 2")
    assert drawn(histogram([laps[0], blind], "brake")).title.text.startswith("Not recorded on lap 2")
    for refused in (lambda: scatter(laps, "speed", "brak"), lambda: histogram(laps, "brak")):
        with pytest.raises(UnknownChannel, match="Did you mean 'brake'"):
            refused()


def test_little_and_odd_data_still_draws(laps: list[Lap]) -> None:
    lap = laps[0]
    holes = values_of(lap, "speed")
    holes[100:900] = np.nan
    nothing = changed(lap, "brake", np.full(len(holes), np.nan, np.float32))
    three = replace(lap, traces={n: replace(t, values=t.values[:3]) for n, t in lap.traces.items()})
    constant = changed(lap, "brake", np.zeros(len(holes), np.float32))
    for one in (changed(lap, "speed", holes.astype(np.float32)), nothing, three, constant):
        drawn(scatter(one, "brake", "speed", color="gear"))
        drawn(histogram(one, "brake"))
    assert drawn(scatter(nothing, "brake", "speed")).title.text == "No lap has values of Brake or Speed here"
    assert drawn(histogram(nothing, "brake")).title.text == "No lap has values of Brake here"
    [whole] = bars(histogram(constant, "brake"))
    assert whole.dimension_values(1).tolist() == [100.0]


def test_ten_laps_are_told_apart(laps: list[Lap]) -> None:
    ten = [replace(laps[n % 4], lap_number=n, lap_id=str(n)) for n in range(10)]
    found = points(scatter(ten, "speed", "rpm"))
    assert len({(style(part)["color"], style(part)["marker"]) for part in found}) == 10
    assert len(bars(histogram(ten, "speed"))) == 10
