"""The histogram panel: shares of time on the laps' own samples, of what is in view, in the units shown."""

from typing import Any

import numpy as np
import pytest

from ps_analytics.ui.panels.histogram import NO_CHANNEL, HistogramPanel
from tests.ui.panels.contexts import Context, context_of

RAMP = np.linspace(0, 100, 1000, endpoint=False)


def figures(panel: HistogramPanel) -> list[Any]:
    return [made for made, *_ in panel.view.figure.object.children]


def shares(figure: Any, lap: int = 0) -> list[float]:
    bars = [found for found in figure.renderers if found.tags[:1] == ["bars"]]
    return list(bars[lap].data_source.data["top"][1:-1])


def page(*channels: str, **options: Any) -> Context:
    return context_of({"lap0": {"throttle": RAMP}, "lap1": {"throttle": 100 - RAMP}}, *channels, **options)


def test_the_bars_are_shares_of_time_and_laps_share_their_bins() -> None:
    panel = HistogramPanel(page("throttle", bins=10))
    [made] = figures(panel)
    assert shares(made) == pytest.approx([10.0] * 10, abs=0.2)
    assert shares(made, 1) == pytest.approx([10.0] * 10, abs=0.2)
    assert (made.xaxis.axis_label, made.yaxis.axis_label) == ("Throttle [%]", "Time [%]")
    panel.update(page("throttle", bins=10, weighted=False))
    assert made.yaxis.axis_label == "Samples [%]"


def test_what_is_in_view_is_counted_and_the_bins_stay() -> None:
    panel = HistogramPanel(page("throttle", bins=10))
    panel.view.window = [200.0, 300.0]  # as the browser tells it
    [made] = figures(panel)
    assert shares(made) == pytest.approx([0, 0, 100, 0, 0, 0, 0, 0, 0, 0], abs=2)
    assert shares(made, 1) == pytest.approx([0, 0, 0, 0, 0, 0, 0, 100, 0, 0], abs=2)
    panel.view.window = []
    assert shares(made) == pytest.approx([10.0] * 10, abs=0.2)


def test_samples_are_those_recorded_not_those_of_the_page() -> None:
    # 200 Hz that turns at every sample: on the page's grid of 1 m hardly any of it would be left.
    rates = np.tile([-80.0, -10.0, 10.0, 80.0], 500)
    panel = HistogramPanel(context_of({"lap0": {"damper_rate_fl": rates}}, "damper_rate_fl"))
    [made] = figures(panel)
    texts = next(found for found in made.renderers if found.tags == ["zones"]).data_source.data["text"]
    assert texts == [
        "rebound, fast",
        "25.0 %",
        "rebound, slow",
        "25.0 %",
        "bump, slow",
        "25.0 %",
        "bump, fast",
        "25.0 %",
    ]


def test_a_channel_worked_out_on_the_page_is_counted_at_the_points_of_its_grid() -> None:
    context = page("mine", bins=10)
    columns = {**context.columns, ("lap0", "mine"): (context.x / 10).astype(np.float32)}
    panel = HistogramPanel(Context(**{**context.__dict__, "columns": columns}))
    assert shares(figures(panel)[0]) == pytest.approx([10.0] * 10, abs=0.2)
    assert panel.view.remark == "mine: not on Lap 1"


def test_several_channels_have_a_figure_each_and_another_number_of_them_keeps_those_there_are() -> None:
    panel = HistogramPanel(page("throttle"))
    [first] = figures(panel)
    panel.update(page("throttle", "brake"))
    assert figures(panel)[0] is first
    assert len(figures(panel)) == 2
    assert panel.view.remark == "Brake: not on Lap 0 and Lap 1"


def test_a_lap_that_is_taken_away_leaves_no_bars() -> None:
    context = page("throttle")
    panel = HistogramPanel(context)
    panel.update(context.showing("lap1"))
    [made] = figures(panel)
    drawn = [found for found in made.renderers if found.tags[:1] == ["bars"] and len(found.data_source.data["top"])]
    assert [found.name for found in drawn] == ["Lap 1"]


def test_values_are_in_the_units_shown() -> None:
    speed = {"lap0": {"speed": RAMP + 100}}
    context = context_of(speed, "speed", bins=10)
    panel = HistogramPanel(Context(**{**context.__dict__, "system": "imperial"}))
    [made] = figures(panel)
    assert made.xaxis.axis_label == "Speed [mph]"
    bars = next(found for found in made.renderers if found.tags[:1] == ["bars"])
    assert bars.data_source.data["left"][0] * 1.609344 == pytest.approx(100)


def test_a_panel_without_bars_says_why() -> None:
    assert HistogramPanel(page()).view.note == NO_CHANNEL
    assert HistogramPanel(page("oil_temp")).view.note == "No lap that is shown has Oil temperature."
    holes = context_of({"lap0": {"throttle": np.full(3, np.nan)}}, "throttle")
    assert HistogramPanel(holes).view.note == "No lap that is shown has Throttle."
    three = context_of({"lap0": {"throttle": np.array([5.0, 5.0, 5.0])}}, "throttle")
    assert shares(figures(HistogramPanel(three))[0]) == [100.0]
