"""How a function is called, read from the text its documentation shows: `smooth(x, seconds)`."""

import re
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Limits:
    """A parameter that must be a constant: what it is called in errors, and its range."""

    label: str
    low: float
    high: float
    unit: str = ""
    whole: bool = False

    @property
    def range(self) -> str:
        """The range in words."""
        return f"{'a whole number ' * self.whole}between {self.low:g} and {self.high:g}"


CONSTANT = {
    "seconds": Limits("window in seconds", 0.001, 60, unit="s"),
    "hz": Limits("cut-off frequency in Hz", 1e-4, 1e6, unit="Hz"),
    "order": Limits("order", 1, 8, whole=True),
    "n": Limits("number of samples", 1, 10_000, whole=True),
    "by_how_much": Limits("delay", -3600, 3600),
    "p": Limits("percentile", 0, 100),
    "digits": Limits("number of digits", -15, 15, whole=True),
}
"""Parameters that must be constants, by name."""
CONDITION = {"c", "set", "reset", "a_condition", "b_condition"}
"""Parameters that are conditions, by name; every other one is a number."""
OPTIONS = ("over", "by", "where")


@dataclass(frozen=True, slots=True)
class Signature:
    """One way to call a function: its parameters in order, how many it needs, its options.

    `most` is how many arguments it takes; more than it has parameters if it repeats the last ones.
    """

    parameters: tuple[str, ...]
    needs: int
    most: int
    options: frozenset[str]

    @property
    def repeats(self) -> bool:
        """Whether it takes any number of arguments."""
        return self.most > len(self.parameters)


_PIECE = re.compile(r"(?P<option>over=|by=|where=)|(?P<name>[a-z_]+[0-9]?)|(?P<more>…[0-9]+)|(?P<bracket>\[)")


@lru_cache(maxsize=256)
def read_signature(text: str) -> tuple[Signature, ...]:
    """The ways to call a function, as `name(a, b[, c]) or name(a, …8)`.

    Example:
        >>> read_signature("hypot(a, b, …8)")[0].needs, read_signature("round(x[, digits])")[0].most
        (2, 2)
    """
    return tuple(_read_one(way) for way in text.split(" or "))


def _read_one(text: str) -> Signature:
    parameters: list[str] = []
    options: set[str] = set()
    needs, most, optional = 0, 0, False
    for piece in _PIECE.finditer(text[text.index("(") :]):
        if piece["bracket"]:
            optional = True
        elif piece["option"]:
            options.add(piece["option"][:-1])
        elif piece["more"]:
            most = int(piece["more"][1:])
        else:
            parameters.append(piece["name"])
            needs += not optional
    return Signature(tuple(parameters), needs, max(most, len(parameters)), frozenset(options))
