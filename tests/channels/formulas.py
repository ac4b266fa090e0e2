"""Random formulas: a grammar over every function, option, unit and quotation, and bytes changed in good ones."""

from collections.abc import Callable
from random import Random

from ps_analytics.channels.functions import FUNCTIONS, Function
from ps_analytics.channels.functions.rows import SCOPES
from ps_analytics.channels.functions.signature import CONDITION, CONSTANT, OPTIONS
from ps_analytics.channels.library import SHIPPED
from ps_analytics.channels.units import ATOMS

CHANNELS = (
    "speed", "SPEED", "'Ground Speed'", '"corr speed"', "throttle", "'throttle'", "brake", "steering", "steering_angle",
    "rpm", "RPMS", "g_lat", "'G Force Long'", "g_long", "gear", "fuel", "lap_time", "distance", "timestamp",
    "normalized_position", "tyre_temp_fl", "'Tyre-Temp RR'", "probe", "sensor", "yaw_rate", "'My Balance'",
)  # fmt: skip
"""How the channels of a drive may be written."""
CONDITIONS = ("abs_active", "switch", "true", "false", "Coasting", "'Full Throttle'", "ABS")
SETUP = ("setup.mass", "setup.wheelbase", "setup.idle")
NUMBERS = ("0", "1", "2", "0.5", "3.6", "100", "1e3", "1e-30", "1e30", "1e300", ".25", "7.", "60", "98", "pi", "e")
SPACES = ("", "", "", " ", " ", "\n", "  // why\n", " # why\n")
_SIGNS = ("+", "-", "*", "/", "%", " mod ", "^", "**")
_COMPARISONS = ("<", "<=", ">", ">=", "==", "!=", "<>")
_RANGES = {
    "seconds": ("0.001", "0.05", "0.2", "0.5[s]", "1", "250[ms]", "10", "60"),
    "hz": ("0.0001", "0.5", "2", "2[Hz]", "8", "29.9", "1e6"),
    "order": ("1", "2", "3", "4", "8"),
    "n": ("1", "2", "7", "60", "10000"),
    "by_how_much": ("0.25", "-0.25", "0", "1", "-3600", "3600", "1e-7"),
    "p": ("0", "5", "50", "99", "100"),
    "digits": ("-15", "-2", "0", "1", "3", "15"),
}
ALPHABET = "()[]'\"\\.,:;?=<>!&|+-*/%^#@_ \n\t\r0123456789eEaxANDor\u200b\u202e\u00a0°·²µéß\u0660\x00\U0001f3ce"
"""What mutations put into a formula: its own signs, and what hides, turns round or looks alike."""


def formula(chance: Random, depth: int = 3) -> str:
    """A formula of the grammar: most can be evaluated on a drive, some clash in units, ranges or limits."""
    return (number if chance.random() < 0.8 else condition)(chance, depth)


def number(chance: Random, depth: int) -> str:
    """A formula, most likely of a number."""
    if depth <= 0 or chance.random() < 0.1:
        return _leaf(chance)
    return chance.choice((_arithmetic, _arithmetic, _call, _call, _call, _choice, _wrapped))(chance, depth - 1)


def condition(chance: Random, depth: int) -> str:
    """A formula of a condition."""
    if depth <= 0 or chance.random() < 0.1:
        return chance.choice(CONDITIONS)
    way = chance.randrange(5)
    if way == 0:
        return f"not {condition(chance, depth - 1)}"
    if way == 1:
        return f"!({condition(chance, depth - 1)})"
    if way == 2:
        word = chance.choice((" and ", " or ", " AND ", "&&", "||"))
        return f"({condition(chance, depth - 1)}){word}({condition(chance, depth - 1)})"
    if way == 3:
        low, high = number(chance, depth - 2), number(chance, depth - 2)
        return f"{low} {chance.choice(_COMPARISONS)} {number(chance, depth - 2)} {chance.choice(_COMPARISONS)} {high}"
    return f"{number(chance, depth - 1)}{chance.choice(_COMPARISONS)}{number(chance, depth - 1)}"


def _leaf(chance: Random) -> str:
    share = chance.random()
    if share < 0.65:
        return chance.choice(CHANNELS)
    if share < 0.75:
        return quoted(chance.choice(tuple(SHIPPED)))
    return chance.choice(SETUP) if share < 0.8 else chance.choice(NUMBERS)


def quoted(name: str) -> str:
    """A name in quotes."""
    return f"'{name}'"


def _arithmetic(chance: Random, depth: int) -> str:
    left, right = number(chance, depth), number(chance, depth)
    sign = chance.choice(_SIGNS)
    if sign in ("^", "**"):
        right = chance.choice(("2", "3", "0.5", "-1", "64", right))
    space = chance.choice(SPACES)
    return f"{left}{space}{sign}{space}{right}"


def _choice(chance: Random, depth: int) -> str:
    return f"({condition(chance, depth)} ? {number(chance, depth)} : {number(chance, depth)})"


def _wrapped(chance: Random, depth: int) -> str:
    inner = number(chance, depth)
    unit = chance.choice((*ATOMS, "km/h", "m/s/s", "m/s^2", "kg/m3", "1/m", "°C", "", "N·m"))
    return chance.choice((f"({inner})", f"-({inner})", f"+{inner}", f"raw({inner})[{unit}]", f"({inner})[]"))


def _call(chance: Random, depth: int) -> str:
    return call(chance, chance.choice(tuple(FUNCTIONS.values())), depth)


def call(chance: Random, function: Function, depth: int) -> str:
    """A call of a function, by any of its names, in any of its ways."""
    name = chance.choice((function.name, function.name, function.name.upper(), *function.aliases))
    if function.name in _FORMS:
        return f"{name}({', '.join(_FORMS[function.name](chance, depth))})"
    way = chance.choice(function.ways)
    given = [_argument(chance, parameter, depth) for parameter in way.parameters[: chance.randint(way.needs, way.most)]]
    if way.repeats and chance.random() < 0.3:
        given += [number(chance, depth - 1) for _ in range(min(3, way.most - len(given)))]
    for option in OPTIONS:
        if option in way.options and chance.random() < 0.3:
            given.append(_option(chance, option, depth))
    return f"{name}({', '.join(given)})"


def _argument(chance: Random, parameter: str, depth: int) -> str:
    if parameter in CONSTANT:
        return chance.choice(_RANGES[parameter])
    return condition(chance, depth) if parameter in CONDITION else number(chance, depth)


def _option(chance: Random, option: str, depth: int) -> str:
    if option == "over":
        scope = chance.choice(SCOPES)
        return chance.choice((f"over={scope}", f"over={scope.upper()}", 'range_change("Outings:Laps")'))
    if option == "by":
        return "by=" + chance.choice(("time", "dist", "distance", "lap_time", "normalized_position", "speed"))
    return f"where={condition(chance, depth)}"


def _points(chance: Random, depth: int) -> list[str]:
    xs = sorted(chance.sample(range(-50, 300), chance.randint(2, 6)))
    return [number(chance, depth), *(f"{text}" for x in xs for text in (x, chance.choice(NUMBERS)))]


_FORMS: dict[str, Callable[[Random, int], list[str]]] = {
    "case": lambda chance, depth: [
        condition(chance, depth), number(chance, depth), condition(chance, 1), number(chance, 1), number(chance, depth)
    ],
    "lookup": _points,
    "table": lambda chance, depth: ["setup.damper_curve", number(chance, depth)],
    "ref": lambda chance, depth: [number(chance, depth)],
    "delta_ref": lambda chance, depth: [number(chance, depth)],
}  # fmt: skip
"""The arguments of the functions whose signature does not tell them."""


def damaged(chance: Random, good: str, other: str = "") -> str:
    """A formula with a few changes a hand, a file or an enemy could make."""
    text = good
    for _ in range(chance.randint(1, 4)):
        text = chance.choice(_DAMAGES)(chance, text, other)
    return text


def _cut(chance: Random, text: str, _: str) -> str:
    at = chance.randrange(len(text) + 1)
    return text[:at] + text[at + chance.randint(1, 5) :]


def _put(chance: Random, text: str, _: str) -> str:
    at = chance.randrange(len(text) + 1)
    return text[:at] + chance.choice(ALPHABET) * chance.choice((1, 1, 1, 2, 45)) + text[at:]


def _flip(chance: Random, text: str, _: str) -> str:
    raw = bytearray(text.encode())
    if raw:
        raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
    return raw.decode(errors="replace")


def _twice(chance: Random, text: str, _: str) -> str:
    start = chance.randrange(len(text) + 1)
    part = text[start : start + chance.randint(1, 40)]
    return text[:start] + part * chance.choice((2, 2, 3, 20)) + text[start + len(part) :]


def _splice(chance: Random, text: str, other: str) -> str:
    return text[: chance.randrange(len(text) + 1)] + other[chance.randrange(len(other) + 1) :]


_DAMAGES: tuple[Callable[[Random, str, str], str], ...] = (_cut, _put, _flip, _twice, _splice)
