"""From a file's channels to the catalogue's: names, units, signs and missing values, with the source's text kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from ps_analytics.channels.catalog import CATALOG, Kind, find_channel, kind_of, nearness, unique_name
from ps_analytics.channels.units import conversion, is_unit
from ps_analytics.errors import UnitMismatch, UnknownUnit
from ps_analytics.lap import Trace, Values

ABSURD = 1e30
"""A magnitude no sensor sends: a sample beyond it is missing."""

_KEYS = ("session_id", "lap_id", "stint_id", "sector_id", "section_id", "corner_id", "straight_id")
RESERVED = frozenset(["timestamp", "lap_number", *_KEYS])
"""Names with a meaning of the house's own, which a file's channel takes only through its format's table."""

SPELLINGS: Mapping[str, str] = MappingProxyType({
    "revs/min": "rpm", "1/min": "rpm", "rev/min": "rpm", "RPM": "rpm", "Rpm": "rpm", "degC": "C", "deg C": "C",
    "degF": "F", "deg F": "F", "degrees": "deg", "deg/sec": "deg/s", "sec": "s", "msec": "ms", "km/hr": "km/h",
    "KPH": "km/h", "Km/h": "km/h", "MPH": "mph", "L": "l", "ltr": "l", "litre": "l", "liter": "l", "Volts": "V",
    "volts": "V", "Bar": "bar", "PSI": "psi", "kpa": "kPa", "KPa": "kPa",
})  # fmt: skip
"""Unit texts of files that the unit language writes differently."""

NO_UNIT = frozenset(["", "..", "no", "-", "--", "none", "#"])
"""Texts files put where there is no unit."""

_WIDE = frozenset(["timestamp", "latitude", "longitude"])
_INT32 = np.iinfo(np.int32)
_EXACT_IN_FLOAT32 = 1 << 24

Raw = NDArray[np.generic]


@dataclass(frozen=True, slots=True)
class ChannelRule:
    """What a format knows better than its file says: the catalogue's name, and how to read the number.

    A sample becomes `value × factor + offset` in `unit` (None: the unit the file states; "": a bare number); values at
    or below `void_to` are missing. Without a `name` the usual lookup counts.
    """

    name: str | None = None
    unit: str | None = None
    factor: float = 1.0
    offset: float = 0.0
    void_to: float | None = None


@dataclass(frozen=True, slots=True)
class RawChannel:
    """A channel as its file has it: name, unit text and samples, unconverted."""

    name: str
    unit: str
    rate_hz: float
    values: Raw = field(repr=False)
    start_s: float = 0.0


@dataclass(frozen=True, slots=True)
class FormatTable:
    """What is particular to one format: rules by source name, and unit texts that mean something else there."""

    rules: Mapping[str, ChannelRule] = field(default_factory=lambda: MappingProxyType({}))
    spellings: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def unit(self, rule: ChannelRule, text: str) -> str | None:
        """The unit a channel's samples are in: "" for a bare number, None for one the unit language does not know."""
        stated = text.strip() if rule.unit is None else rule.unit
        if stated in NO_UNIT:
            return ""
        spelled = self.spellings.get(stated) or SPELLINGS.get(stated, stated)
        return spelled if is_unit(spelled) else None


_NO_RULE = ChannelRule()


def name_channels(channels: Sequence[RawChannel], table: FormatTable) -> tuple[tuple[Trace, ...], tuple[str, ...]]:
    """A trace for each channel, in the same order, under the catalogue's name and unit where it has one; and notes.

    A format's own table comes first, then the catalogue's exact name, normalised name and alias. Of two channels that
    end on one name the nearer takes it, then the first; the other keeps its own name, made unique, and so does a
    channel whose unit cannot become the catalogue's. Notes say where a missing unit was taken for the catalogue's.
    """
    wanted = [_catalogue_name(channel, table) for channel in channels]
    winners: dict[str, int] = {}
    for index, (name, near) in enumerate(wanted):
        if name and (name not in winners or near < wanted[winners[name]][1]):
            winners[name] = index
    taken, traces, assumed = set(winners), [], []
    for index, channel in enumerate(channels):
        name = wanted[index][0]
        if name is not None and winners[name] == index:
            traces.append(_catalogue_trace(channel, name, table))
            if CATALOG[name].unit not in (None, "bool") and table.unit(_rule(channel, table), channel.unit) == "":
                assumed.append(f"'{channel.name}' as {CATALOG[name].unit}")
        else:
            own = unique_name(_printable(channel.name), taken | RESERVED)
            taken.add(own)
            traces.append(_own_trace(channel, own, table))
    notes = (f"Channels without a unit are read in the usual one: {', '.join(assumed)}.",) if assumed else ()
    return tuple(traces), notes


def _rule(channel: RawChannel, table: FormatTable) -> ChannelRule:
    return table.rules.get(channel.name, _NO_RULE)


def _catalogue_name(channel: RawChannel, table: FormatTable) -> tuple[str | None, int]:
    """The catalogue's name a channel may claim and how near it is (−1: by the format's table), or None."""
    rule = _rule(channel, table)
    name = rule.name or find_channel(channel.name)
    if name == "lap_number":
        name = "source_lap_number"
    if name is None or (name in RESERVED and rule.name is None):
        return None, 3
    if _to_catalogue(name, table.unit(rule, channel.unit)) is None:
        return None, 3
    return name, -1 if rule.name else nearness(channel.name)


def _to_catalogue(name: str, unit: str | None) -> tuple[float, float] | None:
    """Factor and offset from a unit to the catalogue's; None where they measure different things."""
    target = CATALOG[name].unit
    if unit is None:
        return None
    if target is None or target == "bool":
        return (0.01, 0.0) if unit == "%" else (1.0, 0.0)
    if unit == "":
        return 1.0, 0.0
    try:
        return conversion(unit, target)
    except (UnitMismatch, UnknownUnit):
        return None


def _catalogue_trace(channel: RawChannel, name: str, table: FormatTable) -> Trace:
    rule = _rule(channel, table)
    scale = _to_catalogue(name, table.unit(rule, channel.unit)) or (1.0, 0.0)
    values = _converted(channel.values, rule, scale, name)
    if name == "heading":
        values = np.mod(values, np.float32(360.0))
    return _trace(channel, name, CATALOG[name].unit, values)


def _own_trace(channel: RawChannel, name: str, table: FormatTable) -> Trace:
    """A channel the catalogue does not have: its own name, its own unit if the unit language knows it."""
    rule = _rule(channel, table)
    stated = SPELLINGS.get(channel.unit.strip(), channel.unit.strip())
    unit = stated if stated not in NO_UNIT and is_unit(stated) else None
    meant = table.unit(rule, channel.unit)
    lone = ChannelRule(void_to=rule.void_to)
    try:
        scale = conversion(meant, unit) if unit and meant else (1.0, 0.0)
    except UnitMismatch:
        unit, scale = None, (1.0, 0.0)
    return _trace(channel, name, unit, _converted(channel.values, lone, scale, name))


def _trace(channel: RawChannel, name: str, unit: str | None, values: Values) -> Trace:
    return Trace(name, unit, channel.rate_hz, channel.start_s, values, channel.name, channel.unit)


def _converted(raw: Raw, rule: ChannelRule, scale: tuple[float, float], name: str) -> Values:
    """Samples in their final unit: int32 where whole numbers stay whole, float64 where float32 is too coarse."""
    factor, offset = rule.factor * scale[0], rule.offset * scale[0] + scale[1]
    whole = raw.dtype.kind in "iub" and factor == 1.0 and offset == 0.0 and rule.void_to is None
    if whole and (name not in CATALOG or kind_of(name) is Kind.STEP) and _fits_int32(raw):
        return raw.astype(np.int32)
    with np.errstate(invalid="ignore"):  # a damaged float may be a signalling NaN
        values = raw.astype(np.float64)
    values[~np.isfinite(values) | (np.abs(np.nan_to_num(values)) > ABSURD)] = np.nan
    if rule.void_to is not None:
        values[values <= rule.void_to] = np.nan
    if (factor, offset) != (1.0, 0.0):
        values = values * factor + offset
    return values if name in _WIDE or _needs_float64(raw) else values.astype(np.float32)


def _fits_int32(raw: Raw) -> bool:
    return raw.size == 0 or (int(raw.min()) >= _INT32.min and int(raw.max()) <= _INT32.max)


def _needs_float64(raw: Raw) -> bool:
    if raw.dtype.kind in "iu":
        return raw.size > 0 and max(abs(int(raw.min())), abs(int(raw.max()))) > _EXACT_IN_FLOAT32
    return raw.dtype == np.float64


def _printable(name: str) -> str:
    return "".join(c if c.isprintable() else "_" for c in name).strip() or "unnamed"
