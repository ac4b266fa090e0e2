"""A lap from above, in its channel's colours, or the sentence why not."""

import holoviews as hv
import numpy as np
import pytest
from bokeh.models import ColorBar

from ps_analytics.errors import UnknownChannel
from ps_analytics.lap import Lap
from ps_analytics.views import theme, track_map
from tests.analysis.laps import changed, drive_evenly, values_of, without


def path_of(found: hv.Overlay) -> hv.Segments:
    [path] = [part for part in found if isinstance(part, hv.Segments)]
    return path


def test_the_path_is_the_lap_s_and_its_colour_the_channel_s(laps: list[Lap]) -> None:
    path = path_of(track_map(laps[0], color_by="brake"))
    x, y, brake = (values_of(laps[0], name) for name in ("x", "y", "brake"))
    assert np.ptp(path.dimension_values(0)) == pytest.approx(np.ptp(x), rel=0.01)
    assert np.ptp(path.dimension_values(1)) == pytest.approx(np.ptp(y), rel=0.01)
    assert path.dimension_values("brake").max() == pytest.approx(brake.max(), rel=0.05)
    assert hv.Store.lookup_options("bokeh", path, "style").kwargs["cmap"] == theme.HEAT


def test_one_scale_holds_both_ways_and_the_colour_has_a_bar(laps: list[Lap]) -> None:
    drawn = hv.renderer("bokeh").get_plot(track_map(laps[0])).state
    across = (drawn.x_range.end - drawn.x_range.start) / drawn.frame_width
    up = (drawn.y_range.end - drawn.y_range.start) / drawn.frame_height
    assert across == pytest.approx(up, rel=0.01)
    assert drawn.select({"type": ColorBar})
    assert drawn.title.text.endswith("Speed [km/h]")


def test_latitude_and_longitude_do_as_well(laps: list[Lap]) -> None:
    by_metres, by_degrees = path_of(track_map(laps[0])), path_of(track_map(without(laps[0], "x", "y")))
    for axis in (0, 1):
        metres, degrees = by_metres.dimension_values(axis), by_degrees.dimension_values(axis)
        assert degrees - degrees.mean() == pytest.approx(metres - metres.mean(), abs=2.0)


def test_a_lap_without_a_place_says_why_there_is_no_map(laps: list[Lap]) -> None:
    found = track_map(without(laps[0], "x", "y", "latitude", "longitude"))
    assert isinstance(found, hv.Div)
    assert "No track map: lap 1 was recorded without x and y, and without latitude and longitude." in found.data
    assert isinstance(track_map(drive_evenly(60.0)), hv.Div)


def test_a_place_that_never_changes_is_none(laps: list[Lap]) -> None:
    still = laps[0]
    for name in ("x", "y"):
        still = changed(still, name, np.zeros(len(values_of(still, name))))
    assert isinstance(track_map(without(still, "latitude", "longitude")), hv.Div)


def test_a_channel_nobody_has_is_refused(laps: list[Lap]) -> None:
    with pytest.raises(UnknownChannel, match="no channel 'sped'"):
        track_map(laps[0], color_by="sped")
