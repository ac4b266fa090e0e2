"""Units as people write them: text → dimension, factor and zero offset, and numbers from one to another.

The language is that of math channels: `km/h`, `m/s^2`, `kg/m3`, `1/m`, `%`, `°C`; empty text is a plain number.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

from ps_analytics.errors import UnitMismatch, UnknownUnit

GRAVITY = 9.80665
"""Standard gravity, m/s²."""

Dimension = tuple[float, float, float, float, float, float]
"""Exponents of length, mass, time, temperature, current, angle."""

PLAIN: Dimension = (0, 0, 0, 0, 0, 0)
_LENGTH: Dimension = (1, 0, 0, 0, 0, 0)
_MASS: Dimension = (0, 1, 0, 0, 0, 0)
_TIME: Dimension = (0, 0, 1, 0, 0, 0)
_TEMPERATURE: Dimension = (0, 0, 0, 1, 0, 0)
_ANGLE: Dimension = (0, 0, 0, 0, 0, 1)
_SPEED: Dimension = (1, 0, -1, 0, 0, 0)
_ACCELERATION: Dimension = (1, 0, -2, 0, 0, 0)
_FORCE: Dimension = (1, 1, -2, 0, 0, 0)
_ENERGY: Dimension = (2, 1, -2, 0, 0, 0)
_POWER: Dimension = (2, 1, -3, 0, 0, 0)
_PRESSURE: Dimension = (-1, 1, -2, 0, 0, 0)
_ROTATION: Dimension = (0, 0, -1, 0, 0, 1)


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit: `SI value = number × factor + offset`, the offset only for °C and °F."""

    dimension: Dimension
    factor: float
    offset: float = 0.0


_TURN = 2 * math.pi
_POUND = 0.45359237
ATOMS: dict[str, Unit] = {
    "%": Unit(PLAIN, 0.01), "ratio": Unit(PLAIN, 1.0), "no": Unit(PLAIN, 1.0),
    "rad": Unit(_ANGLE, 1.0), "deg": Unit(_ANGLE, math.pi / 180), "rev": Unit(_ANGLE, _TURN),
    "m": Unit(_LENGTH, 1.0), "mm": Unit(_LENGTH, 1e-3), "cm": Unit(_LENGTH, 1e-2), "km": Unit(_LENGTH, 1e3),
    "ft": Unit(_LENGTH, 0.3048), "in": Unit(_LENGTH, 0.0254), "mi": Unit(_LENGTH, 1609.344),
    "s": Unit(_TIME, 1.0), "ms": Unit(_TIME, 1e-3), "min": Unit(_TIME, 60.0), "h": Unit(_TIME, 3600.0),
    "kg": Unit(_MASS, 1.0), "lb": Unit(_MASS, _POUND),
    "N": Unit(_FORCE, 1.0), "kN": Unit(_FORCE, 1e3), "lbf": Unit(_FORCE, _POUND * GRAVITY),
    "Nm": Unit(_ENERGY, 1.0), "J": Unit(_ENERGY, 1.0), "kJ": Unit(_ENERGY, 1e3), "MJ": Unit(_ENERGY, 1e6),
    "W": Unit(_POWER, 1.0), "kW": Unit(_POWER, 1e3), "hp": Unit(_POWER, 550 * 0.3048 * _POUND * GRAVITY),
    "Pa": Unit(_PRESSURE, 1.0), "kPa": Unit(_PRESSURE, 1e3), "bar": Unit(_PRESSURE, 1e5),
    "psi": Unit(_PRESSURE, _POUND * GRAVITY / 0.0254**2),
    "K": Unit(_TEMPERATURE, 1.0), "C": Unit(_TEMPERATURE, 1.0, 273.15),
    "F": Unit(_TEMPERATURE, 5 / 9, 273.15 - 32 * 5 / 9),
    "l": Unit((3, 0, 0, 0, 0, 0), 1e-3), "gal": Unit((3, 0, 0, 0, 0, 0), 231 * 0.0254**3),
    "g": Unit(_ACCELERATION, GRAVITY), "G": Unit(_ACCELERATION, GRAVITY),
    "rpm": Unit(_ROTATION, _TURN / 60), "Hz": Unit(_ROTATION, _TURN),
    "kph": Unit(_SPEED, 1 / 3.6), "kmh": Unit(_SPEED, 1 / 3.6), "mph": Unit(_SPEED, 1609.344 / 3600),
    "kn": Unit(_SPEED, 1852 / 3600),
    "A": Unit((0, 0, 0, 0, 1, 0), 1.0), "V": Unit((2, 1, -3, 0, -1, 0), 1.0),
}  # fmt: skip
"""Every unit atom the language knows."""

_ATOM = re.compile(r"(?P<name>[A-Za-z%]+)(?:\^?(?P<power>-?[1-9]))?|(?P<one>1)")


MOST_EXPONENTS = 20
"""Of a unit, added up without their signs: `kg*m^2/s^3` has 6."""

Parts = tuple[tuple[str, float], ...]
"""A unit as its atoms and their exponents, in the order written."""


@lru_cache(maxsize=1024)
def parse_parts(text: str) -> Parts:
    """The atoms of a unit and their exponents; an atom stands once, `ratio` and those that cancel not at all.

    Raises:
        UnknownUnit: the text is not of the unit language.

    Example:
        >>> parse_parts("kg*m/s/s"), parse_parts("1/m"), parse_parts("")
        ((('kg', 1), ('m', 1), ('s', -2)), (('m', -1),), ())
    """
    stripped = text.strip().replace("°", "").replace("·", "*").replace(".", "*").replace("²", "2")
    if not stripped:
        return ()
    found: list[tuple[str, float]] = []
    sign = 1
    for part in re.split(r"([*/])", stripped):
        if part in ("*", "/"):
            sign = -1 if part == "/" else 1
            continue
        match = _ATOM.fullmatch(part.strip())
        if match is None or (match["name"] and match["name"] not in ATOMS):
            raise UnknownUnit(text, known=ATOMS)
        if match["name"]:
            found.append((match["name"], sign * int(match["power"] or 1)))
    parts = joined(found)
    if is_excessive(parts):
        raise UnknownUnit(text, known=ATOMS)
    return parts


def is_excessive(parts: Parts) -> bool:
    """Whether a product of atoms is none that measures anything: factors of such units leave the range of numbers.

    Example:
        >>> is_excessive((("kg", 1), ("m", 2), ("s", -3))), is_excessive((("km", 64),))
        (False, True)
    """
    return sum(abs(exponent) for _, exponent in parts) > MOST_EXPONENTS


def joined(parts: Iterable[tuple[str, float]]) -> Parts:
    """The product of atoms: equal ones joined, `ratio` and those that cancel left out.

    Example:
        >>> joined([("m", 1), ("s", -1), ("m", 1), ("s", 1)])
        (('m', 2),)
    """
    total: dict[str, float] = {}
    for atom, exponent in parts:
        total[atom] = total.get(atom, 0) + exponent
    return tuple((atom, exponent) for atom, exponent in total.items() if exponent and atom != "ratio")


@lru_cache(maxsize=4096)
def unit_of_parts(parts: Parts) -> Unit:
    """The unit of a product of atoms; only an atom that stands alone has a zero of its own.

    Example:
        >>> unit_of_parts((("C", 1),)).offset, unit_of_parts((("C", 1), ("s", -1))).offset
        (273.15, 0.0)
    """
    if len(parts) == 1 and parts[0][1] == 1:
        return ATOMS[parts[0][0]]
    dimension = tuple(
        math.fsum(exponent * ATOMS[atom].dimension[axis] for atom, exponent in parts) for axis in range(len(PLAIN))
    )
    factor = math.prod(ATOMS[atom].factor ** exponent for atom, exponent in parts)
    return Unit(cast(Dimension, dimension), factor)


def parts_text(parts: Parts) -> str:
    """A product of atoms as people write it; nothing is `ratio`.

    Example:
        >>> parts_text((("m", 1), ("s", -2))), parts_text((("m", -1),)), parts_text(())
        ('m/s^2', '1/m', 'ratio')
    """
    if not parts:
        return "ratio"
    above = [f"{atom}^{exponent:g}" if exponent != 1 else atom for atom, exponent in parts if exponent > 0]
    below = [f"{atom}^{-exponent:g}" if exponent != -1 else atom for atom, exponent in parts if exponent < 0]
    return "/".join(["*".join(above) or "1", *below])


def parse_unit(text: str) -> Unit:
    """The unit a text stands for; empty text is a plain number.

    Raises:
        UnknownUnit: the text is not of the unit language.

    Example:
        >>> round(parse_unit("km/h").factor, 6)
        0.277778
    """
    return unit_of_parts(parse_parts(text))


def is_unit(text: str) -> bool:
    """Whether the text is a unit of the language.

    Example:
        >>> is_unit("m/s^2"), is_unit("furlong")
        (True, False)
    """
    try:
        parse_unit(text)
    except UnknownUnit:
        return False
    return True


def conversion(source: str, target: str) -> tuple[float, float]:
    """Factor and offset that turn numbers of one unit into another: `new = old × factor + offset`.

    Raises:
        UnknownUnit: a text is not of the unit language.
        UnitMismatch: the units measure different things.

    Example:
        >>> factor, offset = conversion("F", "C")
        >>> round(212 * factor + offset, 9)
        100.0
    """
    if source == target:
        return 1.0, 0.0
    a, b = parse_unit(source), parse_unit(target)
    if a.dimension != b.dimension:
        raise UnitMismatch(source, target)
    return a.factor / b.factor, (a.offset - b.offset) / b.factor
