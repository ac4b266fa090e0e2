"""The scatter panel: built once, given other points, and what it says where there is nothing to see."""

from typing import Any

import numpy as np

from ps_analytics.ui.panels.figure import HEAT
from ps_analytics.ui.panels.scatter import NO_LAPS, TOO_FEW, ScatterPanel
from ps_analytics.views import theme
from tests.ui.panels.contexts import Context, context_of

TURN = np.linspace(0, 2 * np.pi, 1000)


def page(*channels: str, count: int = 2) -> Context:
    grip = {"g_lat": 1.5 * np.sin(TURN), "g_long": 0.8 * np.cos(TURN), "speed": 100 + 50 * np.sin(TURN)}
    return context_of(
        {f"lap{n}": {name: values * (1 + n / 10) for name, values in grip.items()} for n in range(count)}, *channels
    )


def lap_renderers(panel: ScatterPanel) -> list[Any]:
    return [found for found in figure_of(panel).renderers if found.tags[:1] == ["lap"]]


def figure_of(panel: ScatterPanel) -> Any:
    return panel.view.figure.object


def test_a_lap_is_its_points_in_its_colour_with_their_places() -> None:
    context = page("g_lat", "g_long")
    panel = ScatterPanel(context)
    first, second = lap_renderers(panel)
    assert [first.tags[1], second.tags[1]] == [lap.color for lap in context.laps]
    assert first.data_source.data["x"].tolist() == context.columns["lap0", "g_lat"].tolist()
    assert first.data_source.data["at"].tolist() == context.x.tolist()
    assert figure_of(panel).xaxis.axis_label == "Lateral g [G]"
    assert panel.view.note == panel.view.remark == ""


def test_another_choice_of_laps_gives_the_figure_other_points_and_makes_nothing_anew() -> None:
    context = page("speed", "g_long", count=3)
    panel = ScatterPanel(context.showing("lap0", "lap1"))
    kept, made = lap_renderers(panel)[0].data_source.data, figure_of(panel)
    panel.update(context)
    assert lap_renderers(panel)[0].data_source.data is kept  # the browser has it already
    assert len(lap_renderers(panel)) == 3
    panel.update(context.showing("lap2"))
    assert [found.name for found in lap_renderers(panel)] == ["Lap 2"]
    before = len(figure_of(panel).renderers)
    panel.update(context)
    assert len(figure_of(panel).renderers) == before  # what was free is used again
    assert figure_of(panel) is made


def test_a_third_channel_colours_the_points_on_one_scale_and_shapes_tell_laps_apart() -> None:
    panel = ScatterPanel(page("g_lat", "g_long", "speed"))
    first, second = lap_renderers(panel)
    mapper = first.glyph.fill_color["transform"]
    assert second.glyph.fill_color["transform"] is mapper
    assert (round(mapper.low), round(mapper.high)) == (50, 165)
    assert (first.glyph.marker, second.glyph.marker) == ("circle", "triangle")
    panel.update(page("g_lat", "g_long"))
    assert lap_renderers(panel)[0].glyph.fill_color == theme.LAP_COLORS[0]


def test_g_g_has_equal_axes_and_rings_and_other_plots_have_neither() -> None:
    panel = ScatterPanel(page("g_long", "g_lat"))
    rings = [found for found in figure_of(panel).renderers if found.tags == ["rings"]]
    assert figure_of(panel).match_aspect
    assert all(found.visible for found in rings)
    panel.update(page("speed", "g_lat"))
    assert not figure_of(panel).match_aspect
    assert not any(found.visible for found in rings)


def test_values_are_in_the_units_shown() -> None:
    context = page("speed", "g_lat")
    panel = ScatterPanel(context)
    panel.update(Context(**{**context.__dict__, "system": "imperial"}))
    assert figure_of(panel).xaxis.axis_label == "Speed [mph]"
    assert round(float(lap_renderers(panel)[0].data_source.data["x"].max()) * 1.609344, 1) == 150.0


def test_a_long_stint_is_thinned() -> None:
    noise = np.random.default_rng(1).normal(size=(2, 200_000))
    context = context_of({"lap0": {"speed": noise[0], "rpm": noise[1]}}, "speed", "rpm")
    x = np.arange(200_000, dtype=np.float32)
    columns = {("lap0", name): values.astype(np.float32) for name, values in zip(("speed", "rpm"), noise, strict=True)}
    panel = ScatterPanel(Context(**{**context.__dict__, "x": x, "columns": columns}))
    assert len(lap_renderers(panel)[0].data_source.data["x"]) <= 20_000


def test_a_panel_without_points_says_why() -> None:
    context = page("speed")
    assert ScatterPanel(context).view.note == TOO_FEW
    assert ScatterPanel(context.with_config("speed", "g_lat").showing()).view.note == NO_LAPS
    missing = ScatterPanel(context.with_config("speed", "oil_temp"))
    assert missing.view.note == "No lap that is shown has Speed and Oil temperature at the same time."
    missing.update(context.with_config("speed", "g_lat"))
    assert missing.view.note == ""
    assert len(lap_renderers(missing)) == 2


def test_a_lap_that_lacks_a_channel_is_named() -> None:
    context = page("speed", "g_lat")
    columns = {key: values for key, values in context.columns.items() if key != ("lap1", "g_lat")}
    panel = ScatterPanel(Context(**{**context.__dict__, "columns": columns}))
    assert panel.view.remark == "Not recorded on Lap 1"


def test_a_stand_in_is_drawn_where_no_lap_has_the_channel() -> None:
    panel = ScatterPanel(page().with_config("gps_speed", "g_lat", instead={"gps_speed": ["speed"]}))
    assert figure_of(panel).xaxis.axis_label == "Speed [km/h]"


def test_the_scale_of_colours_is_the_one_of_the_map() -> None:
    assert HEAT == theme.HEAT
