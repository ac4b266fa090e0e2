"""Channels as people look for them: in groups, and by what they type."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ps_analytics.channels.catalog import CATALOG, WHEELS
from ps_analytics.ui.display import channel_display

MATH, OTHER = "Math", "Other"
GROUPS = ("Driver", "Motion", "Engine", "Tyres", "Suspension", "Brakes", "Electronics", "Timing", "Position",
          "Environment", MATH, OTHER)  # fmt: skip
"""The groups of a channel picker, in its order."""

_BY_CATALOG = {
    "driver": "Driver", "motion": "Motion", "engine": "Engine", "wheels": "Suspension", "electronics": "Electronics",
    "place": "Position", "weather": "Environment",
}  # fmt: skip
_BY_BEGINNING = {
    "tyre_": "Tyres", "wheel_speed": "Tyres", "wheel_slip": "Tyres", "brake_temp": "Brakes", "brake_press": "Brakes",
    "brake_bias": "Brakes", "timestamp": "Timing", "lap_time": "Timing", "last_lap": "Timing", "lap_number": "Timing",
    "source_lap": "Timing",
}  # fmt: skip
_WHEEL_WORDS = dict(zip(WHEELS, ("front left", "front right", "rear left", "rear right"), strict=True))
_LEAST_LETTERS = 4
"""A shorter word is not looked for with a letter wrong: it would be found everywhere."""

WHOLE, BEGINS, BEGINS_ELSEWHERE, PIECES, PIECES_ELSEWHERE, MISTYPED, MISTYPED_ELSEWHERE = range(7)
"""How a word of a query is found, the best first."""


@dataclass(frozen=True, slots=True)
class Findable:
    """A channel by the words it is found by: its label, and what else it is called."""

    name: str
    label: str
    also: tuple[str, ...] = ()


def channel_group(name: str, *, math: Iterable[str] = ()) -> str:
    """The group of a channel, one of `GROUPS`; `math` are the names of the math channels.

    Example:
        >>> [channel_group(name, math=["My sum"]) for name in ("brake_temp_fl", "oil_temp", "My sum", "Flux")]
        ['Brakes', 'Engine', 'Math', 'Other']
    """
    if name not in CATALOG:
        return MATH if name in math else OTHER
    found = (group for beginning, group in _BY_BEGINNING.items() if name.startswith(beginning))
    return next(found, _BY_CATALOG[CATALOG[name].group])


def channel_groups(names: Iterable[str], *, math: Iterable[str] = ()) -> list[tuple[str, list[str]]]:
    """The channels by group, groups and the catalogue's channels in order, then the others by name."""
    order, known = {name: place for place, name in enumerate(CATALOG)}, set(math)
    groups: dict[str, list[str]] = {group: [] for group in GROUPS}
    for name in sorted(dict.fromkeys(names), key=lambda name: (order.get(name, len(order)), name.casefold(), name)):
        groups[channel_group(name, math=known)].append(name)
    return [(group, found) for group, found in groups.items() if found]


def channel_choices(
    names: Iterable[str],
    *,
    math: Iterable[str] = (),
    units: Mapping[str, str] | None = None,
    system: str = "metric",
) -> list[dict[str, Any]]:
    """What a channel picker lists, in order: name, label, group, unit (as it is written) and `also`, to be found by.

    Args:
        names: of the channels there are.
        math: the names of the math channels.
        units: name → unit as it is written, of channels the catalogue does not know.
        system: of units, "metric" or "imperial".
    """
    given = units or {}
    return [
        {
            "name": name,
            "label": found.label,
            "group": group,
            "unit": channel_display(name, system=system)["unit"] if name in CATALOG else given.get(name, ""),
            "also": list(found.also),
        }
        for group, here in channel_groups(names, math=math)
        for name in here
        for found in [findable(name)]
    ]


def findable(name: str) -> Findable:
    """A channel by the words it is found by.

    Example:
        >>> findable("tyre_press_fl").also
        ('tyre_press_fl', 'front left tyre pressure', 'TYRE_PRESS_LF', 'LFpressure', 'Tyre Pressure FL')
    """
    spec = CATALOG.get(name)
    if spec is None:
        return Findable(name, name)
    wheel = next((part for part in name.split("_") if part in _WHEEL_WORDS), "")
    words = (f"{_WHEEL_WORDS[wheel]} {spec.label[: -len(wheel)].strip().lower()}",) if wheel else ()
    return Findable(name, spec.label, (name, *words, *spec.aliases))


def search(query: str, names: Sequence[str]) -> list[str]:
    """The names of the channels that are found by a query, the best first; an empty one finds all.

    Example:
        >>> search("o p", ["oil_temp", "tyre_press_fl", "oil_pressure"])
        ['oil_pressure']
    """
    return search_among(query, [findable(name) for name in names])


def search_among(query: str, channels: Sequence[Findable]) -> list[str]:
    """As `search`, among channels of any kind.

    Every word of the query must be found: as the beginning of a word of the label or of another name, or put together
    of beginnings of its words in order (`ftt` is a front tyre temperature), or with one letter wrong. One that is
    called exactly so is first, then the one with the lower sum over the words of how each is found; of two alike the
    one whose label begins as the query does, then the one whose label has fewer words, then the one before.
    """
    words = words_of(query)
    found = [(rank, place) for place, channel in enumerate(channels) if (rank := _rank(words, channel)) is not None]
    return [channels[place].name for _, place in sorted(found)] if words else [channel.name for channel in channels]


def words_of(text: str) -> list[str]:
    """The words of a text, in lower case; a capital or a number within one begins another.

    Example:
        >>> words_of("Eng Oil_Temp"), words_of("LapDistPct"), words_of("LFtempCM"), words_of("g-g 2")
        (['eng', 'oil', 'temp'], ['lap', 'dist', 'pct'], ['lftemp', 'cm'], ['g', 'g', '2'])
    """
    parted = re.sub(r"([a-z])([A-Z0-9])", r"\1 \2", text)
    return re.findall(r"[^\W_]+", parted.lower())


def _rank(query: list[str], channel: Findable) -> tuple[int, int, int, int] | None:
    """How well a channel is found, as something to sort by; None if it is not."""
    label, also = words_of(channel.label), [words_of(text) for text in channel.also]
    costs = [_cost(word, label, also) for word in query]
    known = [cost for cost in costs if cost is not None]
    if len(known) < len(costs):
        return None
    starts = bool(query and label and label[0].startswith(query[0]))
    return int(query not in (label, *also)), sum(known), int(not starts), len(label)


def _cost(word: str, label: list[str], also: list[list[str]]) -> int | None:
    """How a word of the query is found, the least the best; None if it is not."""
    if word in label:
        return WHOLE
    if any(other.startswith(word) for other in label):
        return BEGINS
    if any(other.startswith(word) for text in also for other in text):
        return BEGINS_ELSEWHERE
    if _is_made_of(word, label):
        return PIECES
    if any(_is_made_of(word, text) for text in also):
        return PIECES_ELSEWHERE
    if any(_is_nearly(word, other) for other in label):
        return MISTYPED
    return MISTYPED_ELSEWHERE if any(_is_nearly(word, other) for text in also for other in text) else None


def _is_made_of(word: str, words: list[str]) -> bool:
    """Whether a word is put together of beginnings of some of the words, in their order."""
    if not word:
        return True
    for place, other in enumerate(words):
        length = 0
        while length < min(len(word), len(other)) and word[length] == other[length]:
            length += 1
            if _is_made_of(word[length:], words[place + 1 :]):
                return True
    return False


def _is_nearly(word: str, other: str) -> bool:
    """Whether a word is the beginning of another but for one letter: wrong, missing, too many, or two exchanged."""
    if len(word) < _LEAST_LETTERS:
        return False
    at = 0
    while at < min(len(word), len(other)) and word[at] == other[at]:
        at += 1
    rest, its = word[at:], other[at:]
    swapped = rest[1:2] + rest[:1] + rest[2:] if len(rest) > 1 else rest
    # One too many, or two exchanged; one wrong; one missing.
    return its.startswith((rest[1:], swapped)) or its[1:].startswith((rest[1:], rest))
