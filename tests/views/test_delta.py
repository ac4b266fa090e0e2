"""A delta as a figure: its line, its band, and the corners below."""

from dataclasses import replace

import holoviews as hv
import numpy as np
import pytest

from ps_analytics.analysis.delta import delta as delta_to
from ps_analytics.lap import Lap
from ps_analytics.track import Corner, Direction, TrackModel
from ps_analytics.views import delta, track_map


def parts(figure: hv.Overlay, kind: type) -> list[hv.Element]:
    return [part for part in figure if type(part) is kind]


def with_corners(lap: Lap) -> Lap:
    at = np.arange(0.0, 1600.0, 2.0)
    corners = (
        Corner(1, "T1", Direction.LEFT, 200.0, 250.0, 300.0),
        Corner(2, "Last", Direction.RIGHT, 1550.0, 20.0, 60.0),
    )
    flat = np.zeros(len(at))
    return replace(lap, track_model=TrackModel(1600.0, at, flat, flat, flat, "position", "test", corners=corners))


def test_the_line_is_the_delta_and_the_shade_its_band(laps: list[Lap]) -> None:
    figure = delta(laps[0], laps[1])
    frame = delta_to(laps[0], laps[1]).frame
    [line], [band] = parts(figure, hv.Curve), parts(figure, hv.Spread)
    assert line.dimension_values("delta") == pytest.approx(frame["delta_s"].to_numpy())
    assert band.dimension_values("band") == pytest.approx(frame["band_s"].to_numpy())
    drawn = hv.renderer("bokeh").get_plot(figure).state
    assert drawn.title.text.startswith("lap 1 · 0:45.")
    assert " ms against lap 2 " in drawn.title.text


def test_each_of_several_laps_has_its_line_and_its_band(laps: list[Lap]) -> None:
    figure = delta(laps[:2], laps[2])
    assert len(parts(figure, hv.Curve)) == len(parts(figure, hv.Spread)) == 2
    assert hv.renderer("bokeh").get_plot(figure).state.legend


def test_known_corners_are_shaded_and_one_through_the_line_lies_at_both_ends(laps: list[Lap]) -> None:
    assert parts(delta(laps[0], laps[1]), hv.VSpans) == []
    [spans] = parts(delta(laps[0], with_corners(laps[1])), hv.VSpans)
    starts = spans.dimension_values(0)
    length = delta_to(laps[0], laps[1]).frame["distance_m"][-1]
    assert sorted(starts) == pytest.approx([0.0, 200 * length / 1600, 1550 * length / 1600])


def test_a_map_names_the_corners_the_lap_knows_and_else_marks_metres(laps: list[Lap]) -> None:
    [marks] = parts(track_map(laps[0]), hv.Labels)
    assert all(str(mark).endswith(" m") for mark in marks.dimension_values("mark"))
    [names] = parts(track_map(with_corners(laps[0])), hv.Labels)
    assert list(names.dimension_values("corner")) == ["T1", "Last"]
