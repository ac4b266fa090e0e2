"""What a file of math channels comes to, what the words in it may look like, and the bounds of what is read."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from ps_analytics.channels.definitions import MathChannel

LARGEST_BYTES = 2_000_000
"""A file of 300 of the longest channels has 1.5 MB; real ones have less than 0.1 MB."""
DEEPEST = 16
"""So deep JSON objects, arrays and XML elements nest at most; real files need 5."""
MOST_CHANNELS = 1_000
"""In one file. The largest real set has 797; a user keeps at most 300."""
MOST_INPUTS = 64
"""Names of its own a channel may have."""
LONGEST_NAME = 100
"""Characters of a name, a folder, a unit or an alias."""
LONGEST_FORMULA = 2_000
"""Characters of a formula, as the language has it."""
LONGEST_ABOUT = 2_000
"""Characters of what is said about a channel."""

_LINE_BREAKS = "\n\r\t"
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
"""Control, zero-width and direction characters, halves of characters: what no name is typed with."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file holds.

    `setup` are its constants as a vehicle setup has them, by parameter: value and unit. `notes` are sentences about
    what is not as the file has it. `vehicle` is the vehicle the whole set is for, as the file calls it, None for all.
    """

    channels: tuple[MathChannel, ...]
    setup: Mapping[str, tuple[float, str]] = field(default_factory=lambda: MappingProxyType({}))
    notes: tuple[str, ...] = ()
    vehicle: str | None = None


def fault_of_name(name: str) -> str:
    """What is wrong with a channel's name, as the end of a sentence; empty if nothing is.

    A name is shown in tables and pages, and quoted in formulas: it is one visible line without angle brackets, and has
    one kind of quote at most.

    Example:
        >>> fault_of_name("Combined G"), fault_of_name("<b>G</b>")
        ('', "it has '<' or '>'")
    """
    if not name.strip():
        return "it is empty"
    if name != name.strip():
        return "it begins or ends with a space"
    if len(name) > LONGEST_NAME:
        return f"it has more than {LONGEST_NAME} characters"
    if any(unicodedata.category(char) in _UNSEEN for char in name):
        return "it has characters nobody sees"
    if "<" in name or ">" in name:
        return "it has '<' or '>'"
    return "it has both kinds of quotes" if "'" in name and '"' in name else ""


def fault_of_text(text: str, longest: int) -> str:
    r"""What is wrong with a text of several lines, as the end of a sentence; empty if nothing is.

    Example:
        >>> fault_of_text("two\nlines", 100), fault_of_text("long", 3)
        ('', 'it has more than 3 characters')
    """
    if len(text) > longest:
        return f"it has more than {longest} characters"
    unseen = any(unicodedata.category(char) in ("Cc", "Cs") and char not in _LINE_BREAKS for char in text)
    return "it has control characters or half a character" if unseen else ""


def plain_name(text: str) -> str:
    r"""A name of another program as it can be one of ours; empty where nothing of it is left.

    Example:
        >>> plain_name("  Brake\u200b  <b>F</b> ")
        'Brake bF/b'
    """
    seen = "".join(" " if char in _LINE_BREAKS else char for char in text if not _is_unseen(char))
    seen = re.sub(r"[<>]", "", seen)
    if "'" in seen:
        seen = seen.replace('"', "")
    return " ".join(seen.split())[:LONGEST_NAME].strip()


def plain_text(text: str, longest: int) -> str:
    r"""A text of another program without what a text of ours cannot have.

    Example:
        >>> plain_text("a\x00b\nc", 10)
        'ab\nc'
    """
    kept = (char for char in text if unicodedata.category(char) not in ("Cc", "Cs") or char in _LINE_BREAKS)
    return "".join(kept)[:longest].strip()


def _is_unseen(char: str) -> bool:
    return char not in _LINE_BREAKS and unicodedata.category(char) in _UNSEEN
