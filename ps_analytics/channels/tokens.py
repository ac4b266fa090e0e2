"""Formula text → tokens: numbers, names, quoted names, [units] and operators, each with its place in the text."""

import math
import re
import unicodedata
from typing import NamedTuple

from ps_analytics.channels.faults import fault
from ps_analytics.errors import FormulaError

MAX_TEXT = 2_000
"""Characters; the longest of 797 formulas people wrote has 258."""
MAX_TOKENS = 500
MAX_NUMBER = 40
"""Characters of a number."""


class Token(NamedTuple):
    """A word of a formula: `kind` is number, name, quoted, unit, operator or end."""

    kind: str
    text: str
    position: int
    end: int


_TOKEN = re.compile(
    r"""
      (?P<space>    [\ \t\r\n]+ | //[^\n]* | \#[^\n]* )
    | (?P<number>   (?: [0-9]+ (?: \.[0-9]* )? | \.[0-9]+ ) (?: [eE][+-]?[0-9]+ )? )
    | (?P<name>     [A-Za-z_][A-Za-z0-9_]* (?: \.[A-Za-z_][A-Za-z0-9_]* )* )
    | (?P<quoted>   '[^'\n]*' | "[^"\n]*" )
    | (?P<unit>     \[[^\[\]\n]*\] )
    | (?P<operator> \*\* | <= | >= | == | != | <> | && | \|\| | [-+*/%^<>()!?:,=] )
    """,
    re.VERBOSE,
)

_INSTEAD = {
    "&": "and", "|": "or", "×": "*", "·": "*", "÷": "/", "−": "-", "–": "-", "≤": "<=", "≥": ">=", "≠": "!=",
    "‘": "'", "’": "'", "“": '"', "”": '"', "²": "^2", "³": "^3", "π": "pi",
}  # fmt: skip
"""What people write, and how it is written here."""
_HINTS = {
    ";": "a formula is one expression; make a channel of its own of each part",
    "{": "use ( )",
    "}": "use ( )",
    "\\": "divide with /",
    ".": "a decimal number is 0.5, a setup value setup.name",
    "@": "",
}
_OPEN = {"'": "this quote is not closed", '"': "this quote is not closed", "[": "this [ is not closed"}


def tokens_of(formula: str) -> list[Token]:
    """The tokens of a formula, an `end` behind them.

    Raises:
        FormulaError: a character outside the language, an open quote or unit, or more than the limits allow.

    Example:
        >>> [token.text for token in tokens_of("speed[m/s] ** 2  # squared")]
        ['speed', '[m/s]', '**', '2', '']
    """
    if len(formula) > MAX_TEXT:
        raise fault("E-LIMIT", MAX_TEXT, len(formula), what=f"longer than {MAX_TEXT} characters")
    found: list[Token] = []
    at = 0
    while at < len(formula):
        match = _TOKEN.match(formula, at)
        if match is None or match.lastgroup is None:
            raise _stranger(formula, at)
        kind, position, at = match.lastgroup, at, match.end()
        if kind == "space":
            continue
        if kind == "number":
            _check_number(match.group(), position)
        if len(found) == MAX_TOKENS:
            raise fault("E-LIMIT", position, at, what=f"made of more than {MAX_TOKENS} words and signs")
        found.append(Token(kind, match.group(), position, at))
    found.append(Token("end", "", len(formula), len(formula)))
    return found


def _check_number(text: str, position: int) -> None:
    if len(text) > MAX_NUMBER:
        end = position + len(text)
        raise fault("E-LIMIT", position, end, what=f"written with a number of more than {MAX_NUMBER} characters")
    if not math.isfinite(float(text)):
        raise fault("E-LIMIT", position, position + len(text), what="written with a number that is too large")


def _stranger(formula: str, at: int) -> FormulaError:
    char = formula[at]
    if char in _OPEN:
        return fault("E-CHAR", at, len(formula), what=_OPEN[char])
    shown = repr(char) if char.isprintable() else f"U+{ord(char):04X} ({unicodedata.name(char, 'a control character')})"
    what = f"unexpected character {shown}"
    if not char.isprintable() or unicodedata.category(char) in ("Cf", "Zs", "Mn"):
        return fault("E-CHAR", at, at + 1, what=what, hint="delete it", fix=(at, at + 1, ""))
    if char in _INSTEAD:
        instead = _INSTEAD[char]
        return fault("E-CHAR", at, at + 1, what=what, hint=f"use '{instead}'", fix=(at, at + 1, instead))
    hint = _HINTS.get(char, "a name with other letters goes in quotes: 'Öltemp'" if char.isalpha() else "")
    return fault("E-CHAR", at, at + 1, what=what, hint=hint)
