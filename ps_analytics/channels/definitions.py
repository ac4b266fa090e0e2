"""What a math channel is, as data: a name, a formula, a unit; and what checking one has to say."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from ps_analytics.errors import FormulaError


class Policy(StrEnum):
    """What a clash of units does when a channel is saved. What it evaluates to is the same under all three."""

    STRICT = "strict"
    """It refuses."""
    WARN = "warn"
    """It is listed: for formulas that come from elsewhere."""
    OFF = "off"
    """It is not mentioned."""


@dataclass(frozen=True, slots=True)
class MathChannel:
    """A channel computed from others.

    `unit` is a label and a promise, never a conversion; None or "" takes what the formula comes to.
    `inputs` are names of its own: alias in the formula → channel.
    """

    name: str
    formula: str
    unit: str | None = None
    policy: Policy = Policy.STRICT
    inputs: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    folder: str | None = None
    about: str | None = None


class Fix(NamedTuple):
    """What would mend a formula: `text` in the place of its characters from `position` to before `end`."""

    position: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """An error or a warning about one place of a formula; positions are 0-based characters, `end` exclusive.

    `severity` is "error" (nothing is evaluated, or a strict channel is not saved), "warning" or "info".
    """

    code: str
    message: str
    position: int
    end: int
    hint: str = ""
    severity: str = "error"
    channel: str = ""
    formula: str = ""
    fix: Fix | None = None

    @classmethod
    def of(cls, error: FormulaError) -> "Diagnostic":
        """The error as data."""
        fix = None if error.fix is None else Fix(*error.fix)
        return cls(
            code=error.code,
            message=error.message,
            position=error.position,
            end=error.end,
            hint=error.hint,
            channel=error.channel,
            formula=error.formula,
            fix=fix,
        )
