"""The units numbers are shown in: each channel's own, or those of the imperial system. The data never changes."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from ps_analytics.channels.units import Parts, is_unit, joined, parse_parts, parts_text, unit_of_parts

System = Literal["metric", "imperial"]
SYSTEMS: tuple[System, ...] = ("metric", "imperial")
"""Metric shows every channel in its own unit, also one that was recorded or declared in another system's."""

_IMPERIAL: dict[str, Parts] = {
    "m": (("ft", 1),), "km": (("mi", 1),), "mm": (("in", 1),), "cm": (("in", 1),),
    "kph": (("mph", 1),), "kmh": (("mph", 1),),
    "C": (("F", 1),),
    "Pa": (("psi", 1),), "kPa": (("psi", 1),), "bar": (("psi", 1),),
    "kg": (("lb", 1),), "N": (("lbf", 1),), "kN": (("lbf", 1),), "Nm": (("lbf", 1), ("ft", 1)),
    "kW": (("hp", 1),), "l": (("gal", 1),),
}  # fmt: skip
"""What stands for an atom; one that is not here is the same in both systems."""
_SPEED = (("km", 1), ("h", -1))
_WRITTEN = {"deg": "°", "C": "°C", "F": "°F", "ratio": "", "no": "", "bool": ""}
_TORQUE = ("lbf·ft", "lb·ft")
_POWERS = str.maketrans("23456789", "²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True, slots=True)
class Shown:
    """How numbers of a unit are shown: `shown = number × factor + offset`, in `unit` as it is written on the screen."""

    unit: str
    factor: float = 1.0
    offset: float = 0.0

    @property
    def is_own(self) -> bool:
        """Whether numbers are shown as they are."""
        return self.factor == 1.0 and self.offset == 0.0

    def of(self, value: float) -> float:
        """A number as it is shown."""
        return value * self.factor + self.offset


@lru_cache(maxsize=1024)
def shown_unit(unit: str | None, system: str, *, difference: bool = False) -> Shown:
    """What numbers of a unit are shown in.

    Args:
        unit: of the channel; None, or a text that is no unit, is shown as it is.
        system: one of `SYSTEMS`.
        difference: whether the numbers are differences or spreads: of temperatures these have no zero point.

    Example:
        >>> shown_unit("km/h", "imperial").unit, round(shown_unit("km/h", "imperial").of(160.9344), 9)
        ('mph', 100.0)
        >>> [round(shown_unit("C", "imperial", difference=apart).of(10.0), 9) for apart in (False, True)]
        [50.0, 18.0]
    """
    text = unit or ""
    if system != "imperial" or not is_unit(text):
        return Shown(unit_text(text))
    own = parse_parts(text)
    goal = _imperial(own)
    if goal == own:
        return Shown(unit_text(text))
    source, target = unit_of_parts(own), unit_of_parts(goal)
    offset = 0.0 if difference else (source.offset - target.offset) / target.factor
    # What the parts' own rounding leaves behind 15 digits is taken back: a degree is 1.8 of the other's.
    factor = float(f"{source.factor / target.factor:.15g}")
    return Shown(unit_text(parts_text(goal)), factor, round(offset, 9))


def unit_text(unit: str) -> str:
    """A unit as it is written on the screen; a bare number and a condition have none.

    Example:
        >>> [unit_text(unit) for unit in ("C", "m/s^2", "lbf*ft", "ratio", "furlong")]
        ['°C', 'm/s²', 'lb·ft', '', 'furlong']
    """
    if unit not in _WRITTEN and not is_unit(unit):
        return unit
    written = [_WRITTEN.get(part, part) for part in re.split(r"([A-Za-z%]+)", unit.replace("°", ""))]
    return "".join(written).replace("*", "·").replace("^", "").translate(_POWERS).replace(*_TORQUE)


def _imperial(parts: Parts) -> Parts:
    """The same product in imperial atoms."""
    exponents = dict(parts)
    if exponents.get("km") == 1 and exponents.get("h", 0) < 0:
        parts = joined([("mph", 1), *parts, *((atom, -exponent) for atom, exponent in _SPEED)])
    return joined((to, power * exponent) for atom, exponent in parts for to, power in _IMPERIAL.get(atom, ((atom, 1),)))
