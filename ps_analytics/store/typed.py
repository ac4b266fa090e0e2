"""What a user types or a browser sends, before it is kept: no larger than it may be, and such that any database has it.

PostgreSQL has no character NUL in a text, and neither database has half of a surrogate pair.
"""

import json
from typing import Any

from ps_analytics.errors import NotKept

LONGEST_NAME = 120
"""Characters a name may have."""


def name(what: str, given: object) -> str:
    """A name as it is kept: one line of printable characters, without blanks around it.

    Raises:
        NotKept: it is none.
    """
    if not isinstance(given, str) or not (plain := given.strip()):
        raise NotKept(what, reason="it is empty. Give it a name.")
    if len(plain) > LONGEST_NAME or not plain.isprintable():
        raise NotKept(what, reason=f"a name is one line of at most {LONGEST_NAME} characters that can be seen.")
    return plain


def text(what: str, given: object, *, most: int) -> str:
    """A text of at most so many characters.

    Raises:
        NotKept: it is none.
    """
    if not isinstance(given, str):
        raise NotKept(what, reason="it is no text.")
    if len(given) > most:
        raise NotKept(what, reason=f"it has {len(given):,} characters, and there may be {most:,}.")
    if "\0" in given or any("\ud800" <= character <= "\udfff" for character in given):
        raise NotKept(what, reason="it has a character that no database keeps.")
    return given


def document(what: str, value: object, *, most_bytes: int) -> Any:
    """A value as JSON has it, of at most so many bytes; tuples in it are lists.

    Raises:
        NotKept: it is not what JSON can say.
    """
    try:
        written = json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise NotKept(what, reason=f"it is not what JSON can say ({error}).") from None
    if len(written) > most_bytes:
        raise NotKept(what, reason=f"it has {len(written):,} bytes, and there may be {most_bytes:,}.")
    return json.loads(written)
