"""Units as they are shown, against the definitions of the international yard and pound, and of the degrees."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ps_analytics.channels.catalog import CATALOG
from ps_analytics.channels.units import is_unit
from ps_analytics.lap import Lap, LapKind, Trace
from ps_analytics.ui.units import Shown, shown_unit, unit_text

POUND_N = 4.4482216152605
"""A pound-force in N: 0.45359237 kg × 9.80665 m/s²."""


@pytest.mark.parametrize(
    ("unit", "shown", "value", "expected"),
    [
        ("km/h", "mph", 1.609344, 1.0),
        ("C", "°F", 100.0, 212.0),
        ("C", "°F", -40.0, -40.0),
        ("C", "°F", 0.0, 32.0),
        ("bar", "psi", 1.0, 1e5 * 0.0254**2 / POUND_N),
        ("kPa", "psi", 101.325, 101325 * 0.0254**2 / POUND_N),
        ("kg", "lb", 0.45359237, 1.0),
        ("N", "lbf", POUND_N, 1.0),
        ("kN", "lbf", POUND_N / 1000, 1.0),
        ("Nm", "lb·ft", POUND_N * 0.3048, 1.0),
        ("m", "ft", 0.3048, 1.0),
        ("mm", "in", 25.4, 1.0),
        ("mm/s", "in/s", 254.0, 10.0),
        ("km", "mi", 1.609344, 1.0),
        ("l", "gal", 3.785411784, 1.0),
        ("l/h", "gal/h", 3.785411784, 1.0),
        ("kW", "hp", 0.745699871582270, 1.0),
        ("m/s", "ft/s", 3.048, 10.0),
        ("m/s^2", "ft/s²", 9.80665, 9.80665 / 0.3048),
        ("km/h/s", "mph/s", 1.609344, 1.0),
        ("N/mm", "lbf/in", POUND_N / 25.4, 1.0),
        ("kg/m3", "lb/ft³", 1.225, 1.225 * 0.3048**3 / 0.45359237),
        ("C/s", "°F/s", 1.0, 1.8),
        ("kmh", "mph", 1.609344, 1.0),
    ],
)
def test_a_number_is_the_one_the_definitions_give(unit, shown, value, expected) -> None:
    found = shown_unit(unit, "imperial")
    assert found.unit == shown
    assert found.of(value) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("unit", ["%", "deg", "deg/s", "G", "rpm", "s", "V", "A", "K", "mph", "psi", "F", "ratio", ""])
def test_what_both_systems_share_stays_as_it_is(unit) -> None:
    found = shown_unit(unit, "imperial")
    assert found.is_own
    assert found.unit == unit_text(unit)


def test_a_difference_of_temperatures_has_no_zero_point() -> None:
    assert shown_unit("C", "imperial", difference=True) == Shown("°F", 1.8, 0.0)
    assert shown_unit("C", "imperial") == Shown("°F", 1.8, 32.0)


@pytest.mark.parametrize("unit", [None, "", "bool", "furlong", "°?", "km/h)", "1e5"])
def test_a_text_that_is_no_unit_is_shown_as_it_is(unit) -> None:
    found = shown_unit(unit, "imperial")
    assert found.is_own
    assert found.unit == ("" if unit == "bool" else unit or "")


@pytest.mark.parametrize("unit", sorted({spec.unit for spec in CATALOG.values() if spec.unit and spec.unit != "bool"}))
@pytest.mark.parametrize("system", ["metric", "furlongs"])
def test_every_system_but_the_imperial_shows_a_channel_in_its_own_unit(unit, system) -> None:
    assert shown_unit(unit, system).is_own


@given(st.sampled_from(sorted({spec.unit for spec in CATALOG.values() if spec.unit and is_unit(spec.unit)})),
       st.floats(-1e4, 1e4), st.floats(-1e4, 1e4))  # fmt: skip
def test_what_is_shown_keeps_the_order_of_numbers(unit, one, other) -> None:
    shown = shown_unit(unit, "imperial")
    assert np.sign(shown.of(one) - shown.of(other)) in (np.sign(one - other), 0)


def test_units_are_written_as_they_are_read() -> None:
    written = {"deg": "°", "C": "°C", "°C": "°C", "m/s^2": "m/s²", "m/s2": "m/s²", "kg/m3": "kg/m³", "N*m": "N·m"}
    assert {unit: unit_text(unit) for unit in written} == written


def test_a_lap_tells_differences_of_temperatures_from_temperatures() -> None:
    hot = {"tyre_temp_fl": 90.0, "tyre_temp_fr": 80.0}
    traces = {name: Trace(name, "C", 10.0, 0.0, np.full(5, value, np.float32)) for name, value in hot.items()}
    lap = Lap("a", "s", 1, None, LapKind.TIMED, valid=True, started_us=0, ended_us=None, session_started_us=0)
    formulas = {"Apart": "tyre_temp_fl - tyre_temp_fr", "Warmest": "max(tyre_temp_fl, tyre_temp_fr)"}
    lap = replace(lap, traces=traces).with_math(formulas)
    apart, warmest = (lap.traces[name] for name in formulas)
    shown = [
        shown_unit(trace.unit, "imperial", difference=trace.is_difference).of(float(trace.values[0]))
        for trace in (apart, warmest)
    ]
    assert shown == pytest.approx([18.0, 194.0])
