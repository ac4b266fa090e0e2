"""Which math channel uses which: the library of a vehicle, what depends on a channel, formulas after a new name."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from ps_analytics.channels.catalog import normalise
from ps_analytics.channels.definitions import MathChannel
from ps_analytics.channels.formula import name_spans
from ps_analytics.channels.library import SHIPPED
from ps_analytics.channels.names import quoted
from ps_analytics.errors import FormulaError


@dataclass(frozen=True, slots=True)
class Kept:
    """A math channel as it lies in the store; `vehicle_id` None is for every vehicle."""

    id: str
    vehicle_id: str | None
    channel: MathChannel


def library_of(kept: Iterable[Kept], vehicle_id: str | None) -> dict[str, MathChannel]:
    """The shipped channels, overridden by the user's for every vehicle, overridden by those of this one; by name."""
    merged = {normalise(name): channel for name, channel in SHIPPED.items()}
    rows = list(kept)
    for scope in dict.fromkeys((None, vehicle_id)):
        merged |= {normalise(one.channel.name): one.channel for one in rows if one.vehicle_id == scope}
    return {channel.name: channel for channel in merged.values()}


def references(channel: MathChannel) -> set[str]:
    """The normalised names a channel's formula uses; its own names count as what they stand for."""
    found: set[str] = set()
    for name in _names(channel.formula):
        target = channel.inputs.get(name)
        found |= {name} if target is None else {target, *_names(target)}
    return {normalise(name) for name in found}


def _names(formula: str) -> list[str]:
    return [name for name, _, _ in _spans(formula)]


def _spans(formula: str) -> list[tuple[str, int, int]]:
    """The names of a formula and their places; none where it does not parse: checking it tells."""
    try:
        return name_spans(formula)
    except FormulaError:
        return []


def users_of(library: Mapping[str, MathChannel], name: str) -> dict[str, int]:
    """The channels of a library that use one, and over how many steps: 1 names it."""
    named = {user: references(channel) for user, channel in library.items()}
    found: dict[str, int] = {}
    front = {normalise(name)}
    step = 0
    while front:
        step += 1
        users = [user for user, names in named.items() if names & front and user not in found]
        found |= dict.fromkeys(users, step)
        front = {normalise(user) for user in users}
    return {user: far for user, far in found.items() if normalise(user) != normalise(name)}


def renamed(others: Sequence[Kept], old: Kept, name: str) -> list[Kept]:
    """The other channels after one got another name: formulas that mean it name it so."""
    was = normalise(old.channel.name)
    hidden = set()
    if old.vehicle_id is None:  # a vehicle with a channel of the old name means its own
        hidden = {one.vehicle_id for one in others if one.vehicle_id and normalise(one.channel.name) == was}
    return [
        replace(one, channel=_with_name(one.channel, was, name))
        if one.vehicle_id not in hidden and old.vehicle_id in (None, one.vehicle_id)
        else one
        for one in others
    ]


def _with_name(channel: MathChannel, was: str, name: str) -> MathChannel:
    inputs = {
        alias: name if normalise(target) == was else _rewritten(target, was, name)
        for alias, target in channel.inputs.items()
    }
    formula = _rewritten(channel.formula, was, name, besides=inputs)
    return replace(channel, formula=formula, inputs=MappingProxyType(inputs))


def _rewritten(formula: str, was: str, name: str, *, besides: Container[str] = ()) -> str:
    """A formula in which another name stands where one stood, but for the formula's own names."""
    for text, position, end in reversed(_spans(formula)):
        if normalise(text) == was and text not in besides:
            formula = formula[:position] + quoted(name) + formula[end:]
    return formula
