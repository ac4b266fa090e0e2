"""What checking a formula can say: one sentence a code, filled with facts."""

from collections.abc import Iterable
from difflib import SequenceMatcher
from functools import lru_cache
from operator import itemgetter

from ps_analytics.errors import FormulaError

MESSAGES = {
    "E-EMPTY": "the formula is empty",
    "E-CHAR": "{what}",
    "E-SYNTAX": "{what}",
    "E-UNKNOWN-CHANNEL": "there is no channel '{name}'",
    "E-AMBIGUOUS": "'{name}' matches {count} channels: {names}",
    "E-UNKNOWN-FUNCTION": "there is no function '{name}'",
    "E-ATTRIBUTE": "attribute access is not part of the language",
    "E-SETUP": "the vehicle setup has no parameter '{name}'",
    "E-ARITY": "{function}() takes {takes}, not {given}",
    "E-ARG": "{what}",
    "E-NOT-CONSTANT": "the {what} must be a constant number",
    "E-RANGE": "the {what} must be {range}",
    "E-TABLE": "{what}",
    "E-CONST": "this constant expression is not a finite number",
    "E-SCOPE": "this data has no {sections} (column {column} is missing)",
    "E-CYCLE": "channels refer to each other in a circle: {path}",
    "E-LIMIT": "the formula is {what}",
    "E-NAME-TAKEN": "the name '{name}' is taken by {what}",
    "E-NO-REFERENCE": "{function}() needs a reference lap",
    "E-NOT-RECORDED": "'{name}' is not recorded in this session",
    "E-UNIT-UNKNOWN": "there is no unit [{unit}]",
    "E-UNIT-CONVERT": "cannot convert [{source}] to [{target}]",
    "E-UNIT-MISMATCH": "cannot {verb} [{left}] and [{right}]",
    "E-UNIT-PLAIN": "{function}() needs a plain number, this is [{unit}]",
    "E-UNIT-RESULT": "computed in [{unit}], declared in [{declared}]: these are different kinds of units",
    "E-UNIT-ANGLE": "{function}() needs radians, this is [{unit}]",
    "W-UNIT-SCALE": "{what} (factor {factor:.6g})",
    "W-UNIT-AFFINE": "the {what} of [{unit}] depends on where its zero lies",
    "I-HAND-CONVERSION": "converted by hand from [{unit}] to [{declared}] (factor {factor:.6g})",
}
"""By code; E-UNIT-PLAIN is told as E-UNIT-MISMATCH."""


def sentence(code: str, **facts: object) -> str:
    """What a code says of these facts.

    Example:
        >>> sentence("E-UNKNOWN-FUNCTION", name="smoth")
        "there is no function 'smoth'"
    """
    return MESSAGES[code].format(**facts)


def fault(
    code: str, position: int, end: int, *, hint: str = "", fix: tuple[int, int, str] | None = None, **facts: object
) -> FormulaError:
    """The error of a code at a place of a formula, to be raised.

    Example:
        >>> fault("E-EMPTY", 0, 0).code
        'E-EMPTY'
    """
    told = "E-UNIT-MISMATCH" if code == "E-UNIT-PLAIN" else code
    return FormulaError(told, sentence(code, **facts), position, end, hint=hint, fix=fix)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name most like this one, if one is like it; case does not count.

    Example:
        >>> nearest("smoth", ["smooth", "hypot"])
        'smooth'
    """
    wanted = name.lower()
    letters, size = _letters(wanted), len(wanted)
    possible = []
    for candidate in known:
        # Most names are ruled out by their letters: comparing them all would cost more than checking the formula.
        bound = 2 * (letters & _letters(candidate)).bit_count() / (size + len(candidate))
        if bound > _LIKE:
            possible.append((bound, candidate))
    best, found = _LIKE, None
    for bound, candidate in sorted(possible, key=itemgetter(0), reverse=True):
        if bound <= best:
            break
        ratio = SequenceMatcher(None, wanted, candidate.lower(), autojunk=False).ratio()
        if ratio > best:
            best, found = ratio, candidate
    return found


_LIKE = 0.7
"""How alike a name must be, as `SequenceMatcher.ratio` says."""


@lru_cache(maxsize=8192)
def _letters(name: str) -> int:
    """The characters of a name as bits, one more a time each occurs; those behind the hundredth do not count."""
    bits, seen = 0, [0] * 64
    for char in name.lower()[:100]:
        place = ord(char) & 63
        bits |= 1 << (place + 64 * seen[place])
        seen[place] += 1
    return bits
