"""What checking a formula can say: one sentence a code, filled with facts."""

from collections.abc import Iterable
from difflib import SequenceMatcher

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
    letters, size = set(wanted), len(wanted)
    best, found = 0.7, None
    for candidate in known:
        # Most names are ruled out by their letters: comparing them all would cost more than checking the formula.
        if abs(len(candidate) - size) > 3 or 2 * len(letters & set(candidate.lower())) < len(letters):
            continue
        likeness = SequenceMatcher(None, wanted, candidate.lower(), autojunk=False)
        if likeness.real_quick_ratio() > best and likeness.quick_ratio() > best and (ratio := likeness.ratio()) > best:
            best, found = ratio, candidate
    return found
