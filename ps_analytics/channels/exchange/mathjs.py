"""The origin's math channels (PurpleSector): mathjs expressions over aliases of raw channels, as JSON."""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from ps_analytics.channels.catalog import find_channel
from ps_analytics.channels.definitions import MathChannel, Policy
from ps_analytics.channels.exchange.document import told
from ps_analytics.channels.exchange.imported import (
    LONGEST_ABOUT,
    LONGEST_FORMULA,
    MOST_CHANNELS,
    MOST_INPUTS,
    Imported,
    fault_of_text,
    plain_name,
    plain_text,
)
from ps_analytics.channels.exchange.naming import settled
from ps_analytics.channels.units import is_unit
from ps_analytics.errors import BadMathFile

_RAW = {"time": "lap_time", "normalizedPosition": "normalized_position * 100"}
"""Raw channels whose name or scale is another one there (the position runs to 100); the others are ours."""
_LISTS = ("channels", "mathChannels")


class _Input(BaseModel):
    model_config = ConfigDict(strict=True)

    channelId: str  # noqa: N815  # the origin's spelling
    alias: str


class _Entry(BaseModel):
    """A channel as the origin's service answers it; a dump of its table has `inputs` as text."""

    model_config = ConfigDict(strict=True)

    id: str | None = None
    label: str
    unit: str | None = None
    expression: str
    inputs: list[_Input] = []
    comment: str | None = None

    @field_validator("inputs", mode="before")
    @classmethod
    def _inputs(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            raise ValueError("the text is not JSON") from None


def is_mathjs(found: Any) -> bool:
    """Whether parsed JSON looks like math channels of the origin: one, a list, or an object with a list."""
    entries = _entries(found)
    return bool(entries) and all(isinstance(entry, dict) and "expression" in entry for entry in entries)


def read_mathjs(found: Any, what: str) -> Imported:
    """The math channels of the origin, aliases as names of their own, policy `warn`.

    Args:
        found: the parsed JSON.
        what: how the file is called in an error.

    Raises:
        BadMathFile: a field is missing or of another type; names the place.
    """
    given = _entries(found)
    if len(given) > MOST_CHANNELS:
        raise BadMathFile(what, reason=f"it has more than {MOST_CHANNELS} channels.")
    entries = [_checked(entry, place, what) for place, entry in enumerate(given)]
    names = {entry.id: plain_name(entry.label) for entry in entries if entry.id}
    notes: list[str] = []
    channels = [_channel(entry, place, names, notes, what) for place, entry in enumerate(entries)]
    kept, told_of_names = settled(channels)
    return Imported(tuple(kept), notes=(*notes, *told_of_names))


def _entries(found: Any) -> list[Any]:
    if isinstance(found, dict):
        lists = [found[name] for name in _LISTS if isinstance(found.get(name), list)]
        return lists[0] if lists else [found]
    return found if isinstance(found, list) else []


def _checked(entry: Any, place: int, what: str) -> _Entry:
    try:
        return _Entry.model_validate(entry)
    except ValidationError as error:
        raise BadMathFile(what, reason=f"channel {place + 1}: {told(error)}") from None


def _channel(entry: _Entry, place: int, names: Mapping[str, str], notes: list[str], what: str) -> MathChannel:
    name, unit = plain_name(entry.label), (entry.unit or "").strip()
    if not name:
        raise BadMathFile(what, reason=f"channel {place + 1}: label: it is empty.")
    if fault := fault_of_text(entry.expression, LONGEST_FORMULA):
        raise BadMathFile(what, reason=f"channel {place + 1} ('{name}'): expression: {fault}.")
    if len(entry.inputs) > MOST_INPUTS:
        raise BadMathFile(what, reason=f"channel {place + 1} ('{name}'): it has more than {MOST_INPUTS} inputs.")
    if unit and not is_unit(unit):
        notes.append(f"'{name}': the unit '{plain_name(unit)}' is not known and left out.")
        unit = ""
    return MathChannel(
        name=name,
        formula=entry.expression,
        unit=unit or None,
        policy=Policy.WARN,
        inputs=MappingProxyType({plain_name(one.alias): _target(one.channelId, names) for one in entry.inputs}),
        about=plain_text(entry.comment or "", LONGEST_ABOUT) or None,
    )


def _target(channel_id: str, names: Mapping[str, str]) -> str:
    return _RAW.get(channel_id) or names.get(channel_id) or find_channel(channel_id) or plain_name(channel_id)
