"""A math channel while it is edited: what is typed, what is saved, and what is wrong with its name, unit or folder."""

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from ps_analytics.channels.definitions import MathChannel, Policy
from ps_analytics.channels.exchange.imported import LONGEST_ABOUT, LONGEST_NAME, fault_of_name, fault_of_text
from ps_analytics.channels.units import parse_unit
from ps_analytics.errors import UnknownUnit

FORMULA_KEPT = 4_000
"""Characters of a formula that are kept; the language refuses more than half of that, and says so."""
LIMITS = {"name": LONGEST_NAME, "unit": LONGEST_NAME, "folder": LONGEST_NAME, "about": LONGEST_ABOUT}
"""Characters of the other fields."""

_NUMBERED = re.compile(r" \d+\Z")
_INVISIBLE = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")


@dataclass(frozen=True, slots=True)
class Draft:
    """A channel as it stands in the editor: `channel` as typed, `saved` as the store has it (None: it has none).

    `own` is False for a shipped channel, which is only read. `vehicle_id` is the vehicle it is for; None for all.
    """

    channel: MathChannel
    saved: MathChannel | None = None
    own: bool = True
    vehicle_id: str | None = None

    @property
    def changed(self) -> bool:
        """Whether saving it would change anything."""
        return self.own and self.channel != self.saved

    def with_text(self, field: str, text: str) -> "Draft":
        """The draft with another text in one of its fields; the policy is one of three words, all else is text."""
        now: Any = plain(text, LIMITS.get(field, FORMULA_KEPT - 1) + 1)
        if field == "policy":
            now = Policy(now)
        elif field not in ("name", "formula"):
            now = now or None
        changes: dict[str, Any] = {field: now}
        return replace(self, channel=replace(self.channel, **changes))


def plain(text: Any, limit: int) -> str:
    r"""At most so many characters of what a browser sent, every one of them a character that can be kept.

    Example:
        >>> plain("speed \ud800", 20), plain(None, 5)
        ('speed �', '')
    """
    if not isinstance(text, str):
        return ""
    cut = text[:limit].replace("\r\n", "\n").replace("\x00", "\ufffd")
    return cut.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def faults_of(channel: MathChannel, *, taken: Collection[str] = ()) -> dict[str, str]:
    """What is wrong with the fields beside the formula, one sentence each, by field.

    Args:
        channel: the channel as typed.
        taken: the names that other channels of the user have.
    """
    faults = {"name": _name_fault(channel.name, taken), "folder": _line_fault(channel.folder or "")}
    faults["unit"] = _line_fault(channel.unit or "") or _unit_fault(channel.unit or "")
    about = fault_of_text(channel.about or "", LIMITS["about"])
    faults["about"] = f"This cannot be kept: {about}." if about else ""
    return {field: fault for field, fault in faults.items() if fault}


def _name_fault(name: str, taken: Collection[str]) -> str:
    if not name.strip():
        return "A channel needs a name."
    if name in taken:
        return f"You have another channel '{name}'."
    fault = _line_fault(name)
    return fault or (f"This name cannot be used: {found}." if (found := fault_of_name(name)) else "")


def _unit_fault(unit: str) -> str:
    try:
        parse_unit(unit)
    except UnknownUnit as error:
        return str(error)
    return ""


def _line_fault(text: str) -> str:
    if len(text) > LONGEST_NAME:
        return f"At most {LONGEST_NAME} characters."
    for place, char in enumerate(text, 1):
        if unicodedata.category(char) in _INVISIBLE:
            return f"Character {place} is invisible (U+{ord(char):04X}). Delete it."
    return ""


def free_name(wanted: str, taken: Collection[str]) -> str:
    """The name, or the first of "name 2", "name 3" … that nobody has.

    Example:
        >>> free_name("Slip", {"Slip", "Slip 2"}), free_name("Slip 2", {"Slip", "Slip 2"})
        ('Slip 3', 'Slip 3')
    """
    if wanted not in taken:
        return wanted
    stem = _NUMBERED.sub("", wanted)[: LIMITS["name"] - 4]
    return next(name for number in count(2) if (name := f"{stem} {number}") not in taken)


def trimmed(channel: MathChannel) -> MathChannel:
    """The channel without the spaces around what is typed; the formula keeps its own, for places count in it."""
    parts: dict[str, Any] = {field: (getattr(channel, field) or "").strip() or None for field in LIMITS}
    return replace(channel, **{**parts, "name": parts["name"] or ""})
