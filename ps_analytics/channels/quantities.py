"""What kind of number an expression is: the algebra of units in formulas. It judges; it never changes a number."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from ps_analytics.channels.units import Parts, Unit, is_excessive, joined, parse_parts, parts_text, unit_of_parts

_TURNS = re.compile(r"deg|rev|rpm|Hz|%")
_ANGLE = 5


@dataclass(frozen=True, slots=True)
class Quantity:
    """A unit, or one of two that fit everything: UNKNOWN, and PLAIN, a number without a unit.

    `parts` are the unit's atoms. A difference of temperatures is `spread`: its zero is no longer a zero point.
    """

    parts: Parts = ()
    known: bool = True
    plain: bool = False
    spread: bool = False

    @property
    def unit(self) -> Unit:
        """Its dimension, factor to SI and zero offset."""
        unit = unit_of_parts(self.parts)
        return replace(unit, offset=0.0) if self.spread and unit.offset else unit

    @property
    def text(self) -> str:
        """The unit as people write it; "" for one that fits everything."""
        return parts_text(self.parts) if self.fixed else ""

    @property
    def fixed(self) -> bool:
        """Whether it has a unit at all."""
        return self.known and not self.plain

    @property
    def has_zero_point(self) -> bool:
        """Whether it is a temperature on a scale with a zero of its own, °C or °F."""
        return self.fixed and self.unit.offset != 0.0

    @property
    def _in_radians(self) -> bool:
        """Whether whatever angle is in it is in radians, which may come and go in products."""
        return not any(_TURNS.fullmatch(atom) for atom, _ in self.parts)

    def fits(self, other: "Quantity") -> bool:
        """Whether numbers of the two may be added and compared, their scales aside.

        Example:
            >>> of("km/h").fits(of("m/s")), of("km/h").fits(of("%")), of("1/s").fits(of("rad/s")), of("%").fits(PLAIN)
            (True, False, True, True)
        """
        if not (self.fixed and other.fixed) or self.parts == other.parts:
            return True
        mine, its = self.unit.dimension, other.unit.dimension
        if _same(mine, its):
            return True
        return _same(mine[:_ANGLE], its[:_ANGLE]) and self._in_radians and other._in_radians

    def converts_to(self, other: "Quantity") -> bool:
        """Whether a number of this one can be told in the other; an angle may appear, as radians, and vanish from them.

        Example:
            >>> of("1/s").converts_to(of("deg/s")), of("deg").converts_to(of("ratio")), of("%").converts_to(of("deg"))
            (True, False, False)
        """
        if self.fits(other):
            return True
        mine, its = self.unit.dimension, other.unit.dimension
        appears = (
            not mine[_ANGLE] and self._in_radians and "Hz" not in dict(other.parts) and "%" not in dict(other.parts)
        )
        return appears and _same(mine[:_ANGLE], its[:_ANGLE])

    def factor_to(self, other: "Quantity") -> float:
        """What a number of this one is multiplied by to be one of the other, their zero points aside."""
        return self.unit.factor / other.unit.factor

    def times(self, other: "Quantity") -> "Quantity":
        """The unit of a product.

        Example:
            >>> of("km/h").times(of("h")).text, of("km/h").times(PLAIN).text, of("m").times(UNKNOWN).text
            ('km', 'km/h', '')
        """
        if not self.known or not other.known:
            return UNKNOWN
        if self.plain or other.plain:
            return other if self.plain else self
        return _product((*self.parts, *other.parts))

    def power(self, exponent: float) -> "Quantity":
        """The unit of a power.

        Example:
            >>> of("m/s").power(2).text, of("m^2").power(0.5).text
            ('m^2/s^2', 'm')
        """
        if not self.fixed or exponent == 1:
            return self
        return _product((atom, power * exponent) for atom, power in self.parts)

    def over(self, other: "Quantity") -> "Quantity":
        """The unit of a ratio; equal units cancel to `ratio`.

        Example:
            >>> of("km/h").over(of("km/h")).text, of("m").over(of("s")).text
            ('ratio', 'm/s')
        """
        return self.times(other.power(-1))

    def or_else(self, other: "Quantity") -> "Quantity":
        """Of two that are joined the one that says more: a unit, else unknown, else plain."""
        if self.fixed:
            return self
        return other if other.fixed or self.plain else self

    def difference(self) -> "Quantity":
        """The unit of a difference of two: it has no zero point."""
        return replace(self, spread=True) if self.has_zero_point else self


UNKNOWN = Quantity(known=False)
PLAIN = Quantity(plain=True)
RATIO = Quantity()


def of(text: str) -> Quantity:
    """The quantity of a unit's text.

    Raises:
        UnknownUnit: it is not of the unit language.
    """
    return Quantity(parse_parts(text))


def _product(parts: Iterable[tuple[str, float]]) -> Quantity:
    found = joined(parts)
    return UNKNOWN if is_excessive(found) else Quantity(found)


RADIANS, SECONDS = of("rad"), of("s")


def _same(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return all(abs(x - y) < 1e-9 for x, y in zip(a, b, strict=True))
