"""How channels are shown."""

import numpy as np
import pytest

from ps_analytics.channels.catalog import CATALOG
from ps_analytics.ui.display import LAP_COLORS, channel_display, lap_line, measured_display
from ps_analytics.ui.layouts import channels_of, driver_overview
from ps_analytics.views import theme

SYSTEMS = ("metric", "imperial")


def test_laps_have_the_colours_they_have_in_a_notebook() -> None:
    assert theme.LAP_COLORS == LAP_COLORS


def test_laps_beyond_the_colours_are_told_apart_by_dashes() -> None:
    lines = [(line["color"], str(line["dash"])) for line in map(lap_line, range(4 * len(LAP_COLORS)))]
    assert len(set(lines)) == len(lines)


def test_every_channel_of_the_shipped_layout_is_drawn_by_its_own_kind() -> None:
    shown = {name: channel_display(name) for name in channels_of(driver_overview())}
    assert [name for name, facts in shown.items() if facts["stepped"]] == ["gear"]
    assert {facts["unit"] for facts in shown.values()} == {"km/h", "s", "%", "°", "rpm", "m", ""}


def test_a_channel_nobody_knows_is_shown_by_its_name() -> None:
    facts = channel_display("Mystery Sensor", source="ld")
    assert (facts["label"], facts["unit"], facts["source"]) == ("Mystery Sensor", "", "ld")
    assert "Mystery Sensor" not in CATALOG


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("name", CATALOG)
def test_every_number_a_channel_can_be_fits_its_width(name, system) -> None:
    facts, spec = channel_display(name, system=system), CATALOG[name]
    for end in (spec.low, spec.high):
        shown = end * facts["factor"] + facts["offset"]
        assert len(f"{shown:{'+' if facts.get('signed') else '-'}.{facts['decimals']}f}") <= facts["width"]


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("name", CATALOG)
def test_every_channel_has_a_lane_that_its_noise_does_not_fill(name, system) -> None:
    facts = channel_display(name, system=system)
    least = facts["fixed"][1] - facts["fixed"][0] if "fixed" in facts else facts["span"]
    assert least >= 10 ** -facts["decimals"]
    assert "floor" not in facts or CATALOG[name].low >= 0
    assert "zero" not in facts or CATALOG[name].low < 0


@pytest.mark.parametrize("name", ["speed", "oil_temp", "damper_rate_fl", "tyre_press_rr", "fuel", "wheel_load_fl"])
def test_the_lane_is_as_high_in_either_system(name) -> None:
    metric, imperial = (channel_display(name, system=system) for system in SYSTEMS)
    assert imperial["unit"] != metric["unit"]
    assert imperial["span"] == pytest.approx(metric["span"] * imperial["factor"])


def test_tenths_of_a_bar_are_whole_psi_and_tenths_of_a_mm_hundredths_of_an_inch() -> None:
    shown = {name: channel_display(name, system="imperial") for name in ("brake_press_f", "ride_height_f", "speed")}
    assert {name: (facts["unit"], facts["decimals"]) for name, facts in shown.items()} == {
        "brake_press_f": ("psi", 0),
        "ride_height_f": ("in", 2),
        "speed": ("mph", 1),
    }


def test_a_lane_that_keeps_its_range_keeps_it_in_the_unit_shown() -> None:
    assert channel_display("throttle", system="imperial")["fixed"] == channel_display("throttle")["fixed"]


@pytest.mark.parametrize("name", ["distance", "x", "y", "z"])
def test_places_on_the_track_are_in_metres_in_either_system(name) -> None:
    assert channel_display(name, system="imperial") == channel_display(name)


def test_the_four_wheels_have_four_colours_and_both_axles_two() -> None:
    for stem in ("tyre_press", "damper_pos", "brake_temp"):
        assert len({channel_display(f"{stem}_{wheel}")["color"] for wheel in ("fl", "fr", "rl", "rr")}) == 4
    assert channel_display("brake_press_f")["color"] != channel_display("brake_press_r")["color"]


def test_a_condition_keeps_room_below_false_and_above_true() -> None:
    facts = channel_display("abs_active")
    assert facts["stepped"]
    assert facts["unit"] == ""
    assert facts["fixed"][0] < 0 < 1 < facts["fixed"][1]


def test_a_channel_that_is_worked_out_is_written_by_its_values_in_the_unit_shown() -> None:
    celsius = np.array([20.0, np.nan, 100.0], np.float32)
    facts = measured_display("My temp", unit="C", stepped=False, values=celsius, system="imperial")
    assert (facts["unit"], facts["factor"], facts["offset"], facts["decimals"]) == ("°F", 1.8, 32.0, 0)
    apart = measured_display("Apart", unit="C", stepped=False, values=celsius, system="imperial", difference=True)
    assert (apart["factor"], apart["offset"]) == (1.8, 0.0)


def test_a_channel_without_a_value_is_written_all_the_same() -> None:
    facts = measured_display("Empty", unit="", stepped=False, values=np.full(3, np.nan, np.float32))
    assert (facts["decimals"], facts["span"], facts["signed"]) == (1, 0.0, False)
