"""What a math channel is checked for when it is kept: its name, units and circles, on all a user may have recorded."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import polars as pl
from pydantic import ValidationError
from sqlalchemy import Connection, func

from ps_analytics import channels
from ps_analytics.channels.catalog import CATALOG, find_channel, normalise
from ps_analytics.channels.definitions import Diagnostic, MathChannel, Policy
from ps_analytics.channels.exchange.document import entry_of, told
from ps_analytics.channels.exchange.imported import fault_of_name, plain_name
from ps_analytics.channels.faults import sentence
from ps_analytics.channels.formula import SETUP, name_spans, parse
from ps_analytics.channels.units import is_unit
from ps_analytics.errors import FormulaError
from ps_analytics.lap import CONDITION
from ps_analytics.store.math_uses import Kept, library_of, users_of
from ps_analytics.store.models import LapTrace
from ps_analytics.store.scope import Scope

KEYS = ("session_id", "lap_id", "stint_id", "sector_id", "section_id", "corner_id", "straight_id")
"""Columns that are no channels: what statistics run over."""
USUAL = {
    "wheelbase": "m", "steer_ratio": "ratio", "tyre_radius": "m", "mass": "kg", "track_f": "m", "track_r": "m",
    "mr_f": "ratio", "mr_r": "ratio", "toe_front": "deg", "cda": "m2", "frontal_area": "m2", "cx": "ratio",
}  # fmt: skip
"""Setup parameters that a formula may use before any vehicle has them."""
_MADE = frozenset({"timestamp", "distance", "lap_number"})
_MOST_PARAMETERS = 64
_CURVE = ((0.0, 0.0), (1.0, 1.0))


@dataclass(frozen=True, slots=True)
class Ground:
    """What formulas of a user are checked on: `frame` has no rows and every column there can be."""

    frame: pl.DataFrame
    units: Mapping[str, str | None]
    recorded: frozenset[str] = field(default_factory=frozenset)


def ground(connection: Connection, scope: Scope) -> Ground:
    """All channels of the catalogue and those of the user's laps, with the units they are stored in."""
    newest = scope.traces(LapTrace.channel, func.max(LapTrace.lap_key)).group_by(LapTrace.channel)
    recorded: dict[str, int] = {name: int(lap_key) for name, lap_key in connection.execute(newest)}
    units: dict[str, str | None] = {}
    for name, lap_key in recorded.items():
        if name not in CATALOG:
            stored = scope.traces(LapTrace.unit).where(LapTrace.channel == name, LapTrace.lap_key == lap_key)
            unit = connection.scalar(stored)
            units[name] = unit if unit == CONDITION or (unit and is_unit(unit)) else None
    return ground_of(recorded, units)


def ground_of(recorded: Iterable[str], units: Mapping[str, str | None] | None = None) -> Ground:
    """All channels of the catalogue and these, with the units of those it does not know."""
    names = frozenset(recorded)
    columns = dict.fromkeys([*CATALOG, *sorted(names - CATALOG.keys())], pl.Float64())
    schema: dict[str, pl.DataType] = {**columns, **dict.fromkeys(KEYS, pl.Int64())}
    return Ground(pl.DataFrame(schema=schema), units or {}, names)


def refuse_name(
    channel: MathChannel, before: Iterable[Kept], old: Kept | None, vehicle_id: str | None, on: Ground
) -> None:
    """Refuse a channel whose name is taken, or one of whose texts is none.

    Raises:
        FormulaError: E-NAME-TAKEN, E-NAME, or E-CHAR.
    """
    if fault := fault_of_name(channel.name):
        message = f"the name '{plain_name(channel.name)}' cannot be used: {fault}"
        raise FormulaError("E-NAME", message, 0, 0, channel=plain_name(channel.name))
    own = normalise(channel.name)
    raw = next((name for name in (*CATALOG, *on.recorded, *KEYS) if normalise(name) == own), None)
    if old is not None and normalise(old.channel.name) == own:
        raw = None  # a raw channel of its name was recorded later
    same = (one.channel.name for one in before if one is not old and one.vehicle_id == vehicle_id)
    other = next((name for name in same if normalise(name) == own), None)
    if raw is not None or other is not None:
        what = f"your channel '{other}'" if raw is None else f"the recorded channel '{raw}'"
        message = sentence("E-NAME-TAKEN", name=channel.name, what=what)
        raise FormulaError("E-NAME-TAKEN", message, 0, 0, hint="choose another name", channel=channel.name)
    try:
        entry_of(replace(channel, formula=""))
    except ValidationError as error:
        raise FormulaError("E-CHAR", told(error).rstrip("."), 0, 0, channel=channel.name) from None


def problems(found: Sequence[Kept], on: Ground) -> dict[str, str]:
    """What is wrong with those of a user's channels that do not work, by their id."""
    wrong: dict[str, str] = {}
    for vehicle_id in dict.fromkeys(one.vehicle_id for one in found):
        here = {one.channel.name: one for one in found if one.vehicle_id == vehicle_id}
        library = library_of(found, vehicle_id)
        first = _errors([one.channel for one in here.values()], library, on)
        told = {name: error.message for name, error in first.items()}
        for name, error in first.items():
            for user in users_of(library, name):
                told.setdefault(user, f"it uses '{name}', of which is to be said: {error.message}")
        wrong |= {here[name].id: message for name, message in told.items() if name in here}
    return wrong


def warnings(
    new: Kept, old: Kept | None, before: Sequence[Kept], after: Sequence[Kept], on: Ground
) -> list[Diagnostic]:
    """What is to be said of a channel that is kept, and of those that use it.

    Args:
        new: the channel.
        old: as it was, if it was there.
        before: the user's channels until now.
        after: those from now on.
        on: what they are checked on.

    Raises:
        FormulaError: a fault of its own, or a circle.
    """
    said = []
    for one in said_of(new.channel, library_of(after, new.vehicle_id), on):
        if one.severity == "error" and (one.code == "E-CYCLE" or one.channel in ("", new.channel.name)):
            raise _error(one)
        said.append(replace(one, severity="warning") if one.severity == "error" else one)
    scopes = {one.vehicle_id for one in after} if new.vehicle_id is None else {new.vehicle_id}
    for vehicle_id in sorted(scopes, key=lambda scope: scope or ""):
        said += _of_users(new, old, library_of(before, vehicle_id), library_of(after, vehicle_id), on)
    return list({(one.channel, one.code, one.position, one.message): one for one in said}.values())


def said_of(channel: MathChannel, library: Mapping[str, MathChannel], on: Ground) -> list[Diagnostic]:
    """What there is to say of a channel, what no lap has included."""
    said = _diagnostics([channel], library, on)
    fails = any(one.severity == "error" for one in said)
    return said if fails else said + _not_recorded(channel, library, on)


def importable(new: Sequence[Kept], before: Sequence[Kept], on: Ground) -> tuple[list[Kept], list[str]]:
    """Those of a file's channels that can be kept, and a sentence for each that has a fault.

    One that does not parse or closes a circle is left out. One that names what there is not stays: it may come.
    A strict one whose units clash stays with policy `warn`.
    """
    taken, notes = [], []
    for one in new:
        try:
            parse(one.channel.formula)
        except FormulaError as error:
            notes.append(f"'{one.channel.name}' is left out: {error.message}.")
        else:
            taken.append(one)
    while True:
        first = _errors([one.channel for one in taken], library_of([*before, *taken], _scope_of(taken)), on)
        circles = {name: error for name, error in first.items() if error.code == "E-CYCLE"}
        if not circles:
            break
        notes += [f"'{name}' is left out: {error.message}." for name, error in circles.items()]
        taken = [one for one in taken if one.channel.name not in circles]
    notes += [f"'{name}': {error.message}." for name, error in first.items()]
    clashing = {name for name, error in first.items() if error.code.startswith("E-UNIT")}
    return [_lenient(one) if one.channel.name in clashing else one for one in taken], notes


def _scope_of(found: Sequence[Kept]) -> str | None:
    return found[0].vehicle_id if found else None


def _lenient(one: Kept) -> Kept:
    return replace(one, channel=replace(one.channel, policy=Policy.WARN))


def compiled(
    found: Iterable[MathChannel], library: Mapping[str, MathChannel], on: Ground, *, with_reference: bool
) -> channels.Compiled:
    """Channels as they are where nothing that they read is missing.

    Raises:
        FormulaError: one of them cannot be used anywhere.
    """
    entries = {channel.name: channel for channel in found}
    _, setup = _said(entries, library, on)
    reference = on.frame if with_reference else None
    return channels.compiled(entries, on.frame, units=on.units, setup=setup, reference=reference, library=library)


def _diagnostics(found: Iterable[MathChannel], library: Mapping[str, MathChannel], on: Ground) -> list[Diagnostic]:
    """What checking says; a setup parameter that no vehicle has yet is a warning, and no reason to stop there."""
    return _said({channel.name: channel for channel in found}, library, on)[0]


def _said(
    entries: Mapping[str, MathChannel], library: Mapping[str, MathChannel], on: Ground
) -> tuple[list[Diagnostic], dict[str, tuple[Any, str]]]:
    """What checking says, and the setup it supposes: each parameter that is asked for is there."""
    setup: dict[str, tuple[Any, str]] = {name: (1.0, unit) for name, unit in USUAL.items()}
    missing: dict[tuple[str, int], Diagnostic] = {}
    while True:
        said = channels.check(entries, on.frame, units=on.units, setup=setup, reference=on.frame, library=library)
        supposed = dict(setup)
        for one in said:
            place = (one.formula, one.position)
            name = one.formula[one.position : one.end].strip("'\"").removeprefix(SETUP)
            if one.code == "E-SETUP":
                supposed[name] = (1.0, "")
                missing[place] = replace(one, severity="warning")
            elif one.code == "E-TABLE" and place in missing:
                supposed[name] = (_CURVE, "")
        if supposed == setup or len(supposed) > _MOST_PARAMETERS:
            return [*said, *missing.values()], setup
        setup = supposed


def _errors(found: Iterable[MathChannel], library: Mapping[str, MathChannel], on: Ground) -> dict[str, Diagnostic]:
    """The first error of each of the channels that has one, by name."""
    first: dict[str, Diagnostic] = {}
    for one in _diagnostics(found, library, on):
        if one.severity == "error":
            first.setdefault(one.channel, one)
    return first


def _of_users(
    new: Kept, old: Kept | None, before: Mapping[str, MathChannel], after: Mapping[str, MathChannel], on: Ground
) -> list[Diagnostic]:
    """What is wrong with users of a channel in one library that was not wrong before; a circle is refused.

    Raises:
        FormulaError: a circle.
    """
    was = new.channel.name if old is None else old.channel.name
    users = {**users_of(before, was), **users_of(after, new.channel.name)}
    now = _errors([after[name] for name in users if name in after], after, on)
    for one in now.values():
        if one.code == "E-CYCLE":
            raise _error(one)
    then = _errors([before[name] for name in users if name in before], before, on)
    return [
        replace(one, severity="warning")
        for name, one in now.items()
        if name not in then or then[name].message != one.message
    ]


def _not_recorded(channel: MathChannel, library: Mapping[str, MathChannel], on: Ground) -> list[Diagnostic]:
    """A warning for each channel of the catalogue that none of the user's laps has."""
    computed = {normalise(name) for name in library}
    said: dict[str, Diagnostic] = {}
    for text, position, end in name_spans(channel.formula):
        name = channel.inputs.get(text, text)
        raw = None if normalise(name) in computed else find_channel(name)
        if on.recorded and raw is not None and raw not in on.recorded and raw not in _MADE:
            message = f"no lap of yours has '{raw}'"
            one = Diagnostic("E-NOT-RECORDED", message, position, end, severity="warning", channel=channel.name)
            said.setdefault(raw, replace(one, formula=channel.formula))
    return list(said.values())


def _error(one: Diagnostic) -> FormulaError:
    fix = None if one.fix is None else (one.fix.position, one.fix.end, one.fix.text)
    return FormulaError(
        one.code, one.message, one.position, one.end, hint=one.hint, formula=one.formula, channel=one.channel, fix=fix
    )
