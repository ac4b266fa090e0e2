"""The unit language against numbers from the definitions of the units."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ps_analytics.channels.units import ATOMS, conversion, is_unit, parse_unit
from ps_analytics.errors import UnitMismatch, UnknownUnit


@pytest.mark.parametrize(
    ("value", "source", "target", "expected"),
    [
        (100.0, "mph", "km/h", 160.9344),  # the international mile is 1609.344 m
        (36.0, "km/h", "m/s", 10.0),
        (1.0, "G", "m/s^2", 9.80665),
        (1.0, "m/s/s", "m/s2", 1.0),
        (212.0, "F", "C", 100.0),
        (0.0, "C", "K", 273.15),
        (14.503773773, "psi", "bar", 1.0),
        (250.0, "kPa", "bar", 2.5),
        (60.0, "rpm", "Hz", 1.0),
        (180.0, "deg", "rad", 3.141592653589793),
        (0.25, "ratio", "%", 25.0),
        (1.0, "gal", "l", 3.785411784),  # the US gallon
        (1.0, "hp", "W", 745.6998715822702),  # the mechanical horsepower
        (1.0, "lb", "kg", 0.45359237),
        (2.0, "1/m", "1/km", 2000.0),
        (1.0, "N·m", "Nm", 1.0),
        (20.0, "°C", "C", 20.0),
    ],
)
def test_a_conversion_gives_the_defined_value(value: float, source: str, target: str, expected: float) -> None:
    factor, offset = conversion(source, target)
    assert value * factor + offset == pytest.approx(expected, rel=1e-9)


@given(st.sampled_from(sorted(ATOMS)), st.floats(-1e6, 1e6))
def test_a_number_survives_the_way_to_si_and_back(atom: str, value: float) -> None:
    unit = parse_unit(atom)
    si = value * unit.factor + unit.offset
    assert (si - unit.offset) / unit.factor == pytest.approx(value, rel=1e-9, abs=1e-6)


def test_different_kinds_do_not_convert() -> None:
    with pytest.raises(UnitMismatch, match=r"^'%' cannot be converted to 'deg': they measure different things\.$"):
        conversion("%", "deg")


def test_an_unknown_unit_offers_the_nearest() -> None:
    with pytest.raises(UnknownUnit, match=r"no unit 'mphh'\. Did you mean 'mph'"):
        parse_unit("mphh")


@given(st.text(max_size=20))
def test_any_text_is_a_unit_or_a_typed_error(text: str) -> None:
    assert is_unit(text) in (True, False)
