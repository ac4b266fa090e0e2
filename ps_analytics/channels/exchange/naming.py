"""Names of a file that cannot stay: each gets a free one, and the formulas of the file go on meaning the same."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from ps_analytics.channels.catalog import CATALOG, find_channel, normalise, unit_of
from ps_analytics.channels.definitions import MathChannel
from ps_analytics.channels.exchange.imported import LONGEST_NAME
from ps_analytics.channels.formula import names_in, parse
from ps_analytics.channels.library import SHIPPED
from ps_analytics.errors import FormulaError

_RAW = frozenset(normalise(name) for name in CATALOG)
_SHIPPED = frozenset(normalise(name) for name in SHIPPED)


def settled(
    channels: Sequence[MathChannel], *, taken: Iterable[str] = (), shipped: bool = True
) -> tuple[list[MathChannel], list[str]]:
    """The channels under names they may have, and a sentence for each that has another one, or is left out.

    One of the name of a raw channel or a shipped one, of a name that is taken, or the second of its name gets a number.
    Formulas that use a channel that is called otherwise now have its old name as a name of their own: their text stays.
    A channel that is nothing but a raw channel under that channel's name is left out.

    Args:
        channels: as a file has them.
        taken: other names that are not free.
        shipped: whether the names of shipped channels are not free: a file of another program means none of them.

    Example:
        >>> kept, notes = settled([MathChannel("Gear", "gear + 1"), MathChannel("Twice", "gear * 2")])
        >>> kept[0].name, dict(kept[1].inputs)
        ('Gear 2', {'gear': 'Gear 2'})
    """
    used = _RAW | {normalise(name) for name in taken} | (_SHIPPED if shipped else frozenset())
    renamed: dict[str, str] = {}
    kept: list[tuple[str, MathChannel]] = []
    notes: list[str] = []
    seen: set[str] = set()
    for channel in channels:
        own = normalise(channel.name)
        if _is_raw_itself(channel):
            notes.append(f"'{channel.name}' is left out: it is the recorded channel '{find_channel(channel.name)}'.")
            continue
        name = _free(channel.name, used)
        if name != channel.name:
            why = "a recorded channel" if own in _RAW else "a shipped channel" if own in _SHIPPED else "another channel"
            notes.append(f"'{channel.name}' is called '{name}': {why} has that name.")
            if own not in seen:
                renamed[own] = name
        used, seen = used | {normalise(name)}, seen | {own}
        kept.append((channel.name, replace(channel, name=name)))
    return [with_names(channel, renamed, was=was) for was, channel in kept], notes


def with_names(channel: MathChannel, renamed: Mapping[str, str], *, was: str) -> MathChannel:
    """The channel whose formula, unchanged, means channels by their new names.

    Args:
        channel: under its new name.
        renamed: normalised old name → new name.
        was: its old name. Where its formula uses that, it means the recorded channel.
    """
    inputs = {alias: renamed.get(normalise(target), target) for alias, target in channel.inputs.items()}
    for name in _names(channel):
        if name in inputs:
            continue
        if normalise(name) == normalise(was):
            if (raw := find_channel(name)) is not None:
                inputs[name] = raw
        elif normalise(name) in renamed:
            inputs[name] = renamed[normalise(name)]
    return replace(channel, inputs=MappingProxyType(inputs))


def _names(channel: MathChannel) -> list[str]:
    """The names its formula uses; none where it does not parse: checking it tells."""
    try:
        return names_in(channel.formula)
    except FormulaError:
        return []


def _is_raw_itself(channel: MathChannel) -> bool:
    """Whether the formula is nothing but a name, in its own unit, of the raw channel the math channel is named like."""
    raw = find_channel(channel.name)
    if raw is None:
        return False
    try:
        tree = parse(channel.formula)
    except FormulaError:
        return False
    while tree.op in ("group", "convert"):
        if tree.op == "convert" and tree.text not in ("", unit_of(raw)):
            return False
        tree = tree.args[0]
    return tree.op in ("name", "quoted") and tree.text not in channel.inputs and find_channel(tree.text) == raw


def _free(name: str, used: Iterable[str]) -> str:
    candidate, number = name, 2
    while normalise(candidate) in used:
        candidate, number = f"{name[: LONGEST_NAME - 5]} {number}", number + 1
    return candidate
