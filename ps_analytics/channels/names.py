"""What a name in a formula means: exact, normalised, catalogue alias, in this order."""

import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import NamedTuple

from ps_analytics.channels.catalog import CATALOG, find_channel, normalise
from ps_analytics.channels.definitions import MathChannel
from ps_analytics.channels.faults import nearest

_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_KEYWORDS = {"and", "or", "not", "mod"}


class Found(NamedTuple):
    """What a name stands for: a column of the frame, or a math channel."""

    name: str
    channel: MathChannel | None = None


class NameFault(LookupError):
    """A name that means nothing, or several things; `code` and `facts` are those of a formula's error."""

    def __init__(self, code: str, *, hint: str = "", instead: str | None = None, **facts: object) -> None:
        self.code, self.hint, self.instead, self.facts = code, hint, instead, facts
        super().__init__(code)


class Names:
    """Columns, the entries of a call, and the library, by all the names people give them."""

    def __init__(
        self, columns: Iterable[str], entries: Mapping[str, MathChannel], library: Mapping[str, MathChannel]
    ) -> None:
        self._columns = dict.fromkeys(columns)
        self._entries, self._library = entries, library

    @cached_property
    def _near(self) -> dict[str, list[str]]:
        return _by_normalised([*self._columns, *self._entries])

    @cached_property
    def _far(self) -> dict[str, list[str]]:
        return _by_normalised(self._library)

    def find(self, name: str) -> Found:
        """What a name stands for.

        Raises:
            NameFault: nothing, or several things.
        """
        if (found := self.seek(name)) is not None:
            return found
        if (target := find_channel(name)) is not None:
            raise NameFault("E-NOT-RECORDED", name=target)
        raise self._unknown(name)

    def seek(self, name: str) -> Found | None:
        """What a name stands for; None if it is nothing here.

        Raises:
            NameFault: several things.
        """
        for exact in (self._column, self._entry, self._shipped):
            if (found := exact(name)) is not None:
                return found
        normalised = normalise(name)
        if matches := self._near.get(normalised) or self._far.get(normalised):
            return self._only(name, matches)
        target = find_channel(name)
        return None if target is None else self._column(target)

    def _only(self, name: str, matches: list[str]) -> Found:
        if len(matches) > 1:
            listed = ", ".join(map(quoted, matches))
            raise NameFault(
                "E-AMBIGUOUS", name=name, count=len(matches), names=listed, hint="write one of them exactly"
            )
        found = self._column(matches[0]) or self._entry(matches[0]) or self._shipped(matches[0])
        assert found is not None
        return found

    def _column(self, name: str) -> Found | None:
        return Found(name) if name in self._columns else None

    def _entry(self, name: str) -> Found | None:
        return Found(name, self._entries[name]) if name in self._entries else None

    def _shipped(self, name: str) -> Found | None:
        return Found(name, self._library[name]) if name in self._library else None

    def _unknown(self, name: str) -> NameFault:
        near = nearest(name, dict.fromkeys([*self._columns, *self._entries, *self._library, *CATALOG]))
        hint = f"did you mean {quoted(near)}?" if near else ""
        return NameFault("E-UNKNOWN-CHANNEL", name=name, hint=hint, instead=quoted(near) if near else None)


def quoted(name: str) -> str:
    """A name as a formula writes it: bare where it can be, else in quotes.

    Example:
        >>> print(quoted("speed"), quoted("Ground Speed"), quoted("driver's"))
        speed 'Ground Speed' "driver's"
    """
    if _BARE.match(name) and name.lower() not in _KEYWORDS:
        return name
    return f'"{name}"' if "'" in name else f"'{name}'"


def _by_normalised(names: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(normalise(name), []).append(name)
    return found
