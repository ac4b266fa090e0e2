"""Figures ask nothing of the internet."""

import re

import holoviews as hv
import pytest

from ps_analytics.lap import Lap
from ps_analytics.views import theme, traces, track_map


@pytest.fixture(autouse=True)
def dark() -> None:
    theme.use_dark()


def test_a_notebook_s_figure_names_no_address(laps: list[Lap]) -> None:
    for figure in (traces(laps[0], ["speed"], reference=laps[1]), track_map(laps[0])):
        data, _ = hv.Store.renderers["bokeh"].components(figure)
        text = " ".join(map(str, data.values()))
        assert not re.findall(r"cdn\.|ImportedStyleSheet|<link|src=|@import|url\(", text)


def test_a_figure_is_dark(laps: list[Lap]) -> None:
    data, _ = hv.Store.renderers["bokeh"].components(traces(laps[0], ["speed"]))
    text = " ".join(map(str, data.values()))
    assert theme.GROUND in text
    assert theme.PANEL in text


def test_a_lap_beyond_six_is_told_by_its_dashes() -> None:
    styles = [tuple(theme.lap_style(index).values()) for index in range(24)]
    assert len(set(styles)) == 24
