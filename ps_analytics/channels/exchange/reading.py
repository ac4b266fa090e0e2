"""Bytes of a file → math channels: which of the known forms it is, and bounds before anything is built of it."""

import json
from collections.abc import Callable
from typing import Any

from ps_analytics.channels.exchange.document import FORMAT, read_document
from ps_analytics.channels.exchange.imported import DEEPEST, LARGEST_BYTES, Imported
from ps_analytics.channels.exchange.mathjs import is_mathjs, read_mathjs
from ps_analytics.channels.exchange.motec import read_motec
from ps_analytics.errors import BadMathFile

_KNOWN = "Give our JSON, a Maths file of MoTeC i2, or math channels of PurpleSector."
_MARKS = b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n"
"""What may stand before a document: marks of an encoding, half characters, blanks."""


def read_math(data: bytes, *, name: str = "") -> Imported:
    """The math channels in a file: our JSON, MoTeC's Maths XML, or the origin's mathjs JSON.

    Formulas stay as they are written; the names of two channels that are the same are not: `notes` tell.

    Args:
        data: the file.
        name: how it is called in an error.

    Raises:
        BadMathFile: it is none of these, too large, or wrong; names the place.

    Example:
        >>> file = b'[{"label": "Half", "expression": "v / 2", "inputs": [{"channelId": "speed", "alias": "v"}]}]'
        >>> read_math(file).channels[0].formula
        'v / 2'
    """
    what = f"'{name}'" if name else "this file of math channels"
    if len(data) > LARGEST_BYTES:
        raise BadMathFile(what, reason=f"it has more than {LARGEST_BYTES / 1e6:g} MB.")
    first = data[:64].strip(_MARKS)[:1]
    if first == b"<":
        return read_motec(data, what)
    if first not in (b"{", b"["):
        raise BadMathFile(what, reason=f"it is neither JSON nor XML. {_KNOWN}")
    found = _parsed(data, what)
    if isinstance(found, dict) and "format" in found:
        if found["format"] == FORMAT:
            return read_document(found, what)
        raise BadMathFile(what, reason=f"format: it is not '{FORMAT}'. {_KNOWN}")
    if is_mathjs(found):
        return read_mathjs(found, what)
    raise BadMathFile(what, reason=f"it is JSON, but of no form known here. {_KNOWN}")


def _parsed(data: bytes, what: str) -> Any:
    """The JSON of a file.

    Raises:
        BadMathFile: it is none, or nests too deep, or says one thing twice.
    """
    try:
        text = data.decode(json.detect_encoding(data)).lstrip("\ufeff")
        _refuse_deep(text, what)
        return json.loads(text, object_pairs_hook=_once(what), parse_constant=_no_number(what))
    except UnicodeDecodeError as error:
        raise BadMathFile(what, reason=f"byte {error.start} is not text.") from None
    except json.JSONDecodeError as error:
        reason = f"line {error.lineno}, column {error.colno}: {error.msg[:1].lower()}{error.msg[1:]}."
        raise BadMathFile(what, reason=reason) from None
    except ValueError as error:  # a number of thousands of digits
        raise BadMathFile(what, reason=f"a number in it is too long ({type(error).__name__}).") from None


def _refuse_deep(text: str, what: str) -> None:
    """Refuse arrays and objects inside each other that no file of ours needs, before the parser goes down there."""
    depth, quoted, escaped = 0, False, False
    for place, char in enumerate(text):
        if quoted:
            quoted = escaped or char != '"'
            escaped = char == "\\" and not escaped
        elif char == '"':
            quoted = True
        elif char in "[{":
            depth += 1
            if depth > DEEPEST:
                line = text.count("\n", 0, place) + 1
                raise BadMathFile(what, reason=f"line {line}: it nests more than {DEEPEST} deep.")
        elif char in "]}":
            depth -= 1


def _once(what: str) -> Callable[[list[tuple[str, Any]]], dict[str, Any]]:
    def checked(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            twice = next(key for place, (key, _) in enumerate(pairs) if key in dict(pairs[:place]))
            raise BadMathFile(what, reason=f"'{twice[:40]}' is there twice in one object.")
        return found

    return checked


def _no_number(what: str) -> Callable[[str], Any]:
    def refused(text: str) -> Any:
        raise BadMathFile(what, reason=f"{text} is no number.")

    return refused
