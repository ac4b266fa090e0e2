"""The fields of a JSON object from anywhere, each checked as it is read; an error names the place."""

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from ps_analytics.errors import BadLayout

LONGEST_NAME = 120
"""Characters of a name, a title or an id."""
DEEPEST = 6
"""So deep may what is in a panel's options nest."""
MOST_PARTS = 500
"""So many values may the options of a panel have in all."""

_INVISIBLE = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
_TAG = re.compile(r"<[A-Za-z/!?][^<]{0,20}")
_NOTHING: Any = object()


class Fields:
    """One JSON object. Names ask for fields; a field that is absent or null gives the default where there is one."""

    def __init__(self, data: object, where: str = "") -> None:
        self.where = where
        if not isinstance(data, Mapping):
            raise BadLayout(where, f"{_said(data)} is not a JSON object")
        self._data = data

    def __contains__(self, name: str) -> bool:
        return self._data.get(name) is not None

    def at(self, name: str) -> str:
        """The place of a field, for an error."""
        return f"{self.where}.{name}" if self.where else name

    def value(self, name: str, default: Any = _NOTHING) -> Any:
        """A field as it is."""
        found = self._data.get(name)
        if found is None:
            if default is _NOTHING:
                raise BadLayout(self.at(name), "it is missing")
            return default
        return found

    def text(self, name: str, default: Any = _NOTHING, *, empty: bool = False) -> Any:
        """A name, title or id."""
        return found if (found := self.value(name, default)) is default else a_text(found, self.at(name), empty=empty)

    def title(self, name: str, default: Any = _NOTHING) -> Any:
        """What is shown as a heading."""
        return found if (found := self.value(name, default)) is default else a_title(found, self.at(name))

    def word(self, name: str, known: Collection[str], default: Any = _NOTHING) -> Any:
        """One of some words."""
        return found if (found := self.value(name, default)) is default else a_word(found, self.at(name), known)

    def flag(self, name: str, default: Any = _NOTHING) -> bool:
        """True or false."""
        found = self.value(name, default)
        if not isinstance(found, bool):
            raise BadLayout(self.at(name), f"{_said(found)} is neither true nor false")
        return found

    def number(self, name: str, *, low: float, high: float) -> float:
        """A finite number from `low` to `high`."""
        found = self.value(name)
        if isinstance(found, bool) or not isinstance(found, int | float) or not low <= found <= high:
            raise BadLayout(self.at(name), f"{_said(found)} is not a number from {low:g} to {high:g}")
        return float(found)

    def whole(self, name: str, *, low: int, high: int) -> int:
        """A whole number from `low` to `high`."""
        found = self.number(name, low=low, high=high)
        if found != int(found):
            raise BadLayout(self.at(name), f"{found:g} is not a whole number")
        return int(found)

    def items(self, name: str, default: Any = _NOTHING, *, most: int) -> list[tuple[str, object]]:
        """What a list of at most so many things holds, each with its place."""
        return some_items(self.value(name, default), self.at(name), most=most)

    def texts(self, name: str, default: Any = _NOTHING, *, most: int) -> list[str]:
        """A list of names, none of them twice."""
        found = [a_text(part, where) for where, part in self.items(name, default, most=most)]
        refuse_twice(zip((f"{self.at(name)}[{i}]" for i in range(len(found))), found, strict=True))
        return found

    def plain(self, name: str) -> dict[str, Any]:
        """A JSON object of anything, copied: no deeper and no larger than any panel needs."""
        found = self.value(name, {})
        if not isinstance(found, Mapping):
            raise BadLayout(self.at(name), f"{_said(found)} is not a JSON object")
        copied: dict[str, Any] = _plain(found, self.at(name), DEEPEST, [MOST_PARTS])
        return copied


def some_items(found: object, where: str, *, most: int) -> list[tuple[str, object]]:
    """What a list of at most so many things holds, each with its place.

    Raises:
        BadLayout: it is no list, or has too many.
    """
    if not isinstance(found, list | tuple):
        raise BadLayout(where, f"{_said(found)} is not a list")
    if len(found) > most:
        raise BadLayout(where, f"it has {len(found):,} entries, at most {most} are possible", hint="Take some out.")
    return [(f"{where}[{i}]", part) for i, part in enumerate(found)]


def a_text(found: object, where: str, *, empty: bool = False) -> str:
    """A name, title or id: 1 (`empty`: 0) to 120 characters one can see, without blanks around them.

    Raises:
        BadLayout: it is another thing.
    """
    if not isinstance(found, str):
        raise BadLayout(where, f"{_said(found)} is not a text")
    if len(found) > LONGEST_NAME:
        raise BadLayout(where, f"it has {len(found):,} characters, at most {LONGEST_NAME} are kept", hint="Shorten it.")
    for place, char in enumerate(found, 1):
        if unicodedata.category(char) in _INVISIBLE:
            raise BadLayout(where, f"character {place} is invisible (U+{ord(char):04X})", hint="Delete it.")
    text = found.strip()
    if not text and not empty:
        raise BadLayout(where, "it is empty", hint="Give it a name.")
    return text


def a_title(found: object, where: str) -> str:
    """A text that is shown as a heading: a name without HTML.

    Raises:
        BadLayout: it is another thing.
    """
    text = a_text(found, where)
    if tag := _TAG.search(text):
        raise BadLayout(where, f"it has HTML ('{tag[0]}')", hint="Titles are plain text.")
    return text


def a_word(found: object, where: str, known: Collection[str]) -> str:
    """One of some words.

    Raises:
        BadLayout: it is none of them; offers the nearest.
    """
    if not isinstance(found, str) or found not in known:
        near = get_close_matches(found[:LONGEST_NAME], known, n=1, cutoff=0.5) if isinstance(found, str) else []
        hint = f"Did you mean '{near[0]}'? " if near else ""
        raise BadLayout(where, f"{_said(found)} is not known here", hint=f"{hint}There are {', '.join(known)}.")
    return found


def refuse_twice(named: Iterable[tuple[str, str]]) -> None:
    """Refuses what is named twice.

    Raises:
        BadLayout: something is; names the second place.
    """
    seen: dict[str, str] = {}
    for where, name in named:
        if name in seen:
            raise BadLayout(where, f"'{name}' is there already, at {seen[name]}")
        seen[name] = where


def _plain(found: object, where: str, depth: int, left: list[int]) -> Any:
    left[0] -= 1
    if depth == 0 or left[0] < 0:
        most = f"nests more than {DEEPEST} deep" if depth == 0 else f"has more than {MOST_PARTS} values"
        raise BadLayout(where, f"it {most}", hint="Take some out.")
    if isinstance(found, Mapping):
        return {a_text(name, where): _plain(part, f"{where}.{name}", depth - 1, left) for name, part in found.items()}
    if isinstance(found, list | tuple):
        return [_plain(part, f"{where}[{i}]", depth - 1, left) for i, part in enumerate(found)]
    if isinstance(found, str):
        return a_text(found, where, empty=True)
    if found is None or isinstance(found, bool):
        return found
    if isinstance(found, int | float) and abs(found) <= 1e15:
        return found
    raise BadLayout(where, f"{_said(found)} is no finite number, text, list or object")


def _said(found: object) -> str:
    """A value of an unknown kind, as an error shows it: short, on one line."""
    if isinstance(found, Mapping):
        return "an object"
    if isinstance(found, list | tuple):
        return "a list"
    if found is None or isinstance(found, bool):
        return {None: "null", True: "true", False: "false"}[found]
    if isinstance(found, int) and abs(found) > 1e15:
        return "a huge number"
    text = "".join(char if char.isprintable() else "\ufffd" for char in str(found)[:40])
    return f"'{text}{'…' if isinstance(found, str) and len(found) > 40 else ''}'"
