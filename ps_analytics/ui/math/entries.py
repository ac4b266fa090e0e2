"""What the list of a math editor shows, and what checking a channel says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ps_analytics.channels.definitions import Diagnostic, MathChannel, Policy
from ps_analytics.ui.math.drafts import Draft

UNIT_CLASHES = ("E-UNIT-MISMATCH", "E-UNIT-RESULT", "E-UNIT-ANGLE")
"""A formula has the same values in spite of them; a strict channel is not saved with one."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the list. `own` is False for a shipped channel; `hidden` if one of the user's own has its name."""

    key: str
    name: str
    folder: str = ""
    unit: str = ""
    formula: str = ""
    about: str = ""
    own: bool = True
    hidden: bool = False
    changed: bool = False
    vehicle_id: str | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What checking the chosen channel had to say: about the formula, and about the other fields by name.

    `version` is the browser's number of the text it is about. `unit` is the one the formula comes to.
    """

    version: int = 0
    diagnostics: tuple[Diagnostic, ...] = ()
    faults: Mapping[str, str] = field(default_factory=dict)
    unit: str = ""

    @property
    def can_be_tried(self) -> bool:
        """Whether the formula has values on the lap."""
        return not any(one.severity == "error" and one.code not in UNIT_CLASHES for one in self.diagnostics)


@dataclass(frozen=True, slots=True)
class Deleted:
    """A channel that is gone, and can come back."""

    draft: Draft
    key: str


def key_of(kind: str, name: str, vehicle_id: str | None = None) -> str:
    """What a channel is called between Python and the browser; `kind` is own, shipped or new."""
    return f"{kind}|{vehicle_id or ''}|{name}"


def channel_of(row: Mapping[str, Any]) -> MathChannel:
    """A row of `Store.find_math_channels` as a channel; the names of its own that its formula uses are not in it."""
    policy = Policy(row["units_policy"])
    return MathChannel(row["name"], row["formula"], row["unit"], policy, folder=row["folder"], about=row["about"])


def entry_of(key: str, draft: Draft, problem: str, *, hidden: bool) -> Entry:
    """The row of a channel as it is typed."""
    channel = draft.channel
    return Entry(
        key=key,
        name=channel.name,
        folder=channel.folder or "",
        unit=channel.unit or "",
        formula=channel.formula,
        about=channel.about or "",
        own=draft.own,
        hidden=hidden and not draft.own,
        changed=draft.changed,
        vehicle_id=draft.vehicle_id,
        problem=problem,
    )
