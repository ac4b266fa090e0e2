"""The math channels of a user: formulas as text, for every vehicle or for one; read, written, renamed, deleted."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import polars as pl
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Connection, insert, null

from ps_analytics.channels.catalog import normalise
from ps_analytics.channels.definitions import Diagnostic, MathChannel, Policy
from ps_analytics.channels.exchange import Imported, read_math, write_math
from ps_analytics.channels.exchange.document import Input, entry_of
from ps_analytics.channels.exchange.naming import settled
from ps_analytics.errors import FormulaError, NotFound
from ps_analytics.store import math_checks
from ps_analytics.store.columns import new_id
from ps_analytics.store.math_uses import Kept, library_of, renamed, users_of
from ps_analytics.store.models import MathTelemetryChannel, Vehicle
from ps_analytics.store.scope import Reading, Rows, Scope

MOST = 300
"""Math channels a user may have."""
MATH_CHANNELS: dict[str, Any] = {
    "name": pl.String, "formula": pl.String, "unit": pl.String, "units_policy": pl.String, "folder": pl.String,
    "about": pl.String, "vehicle_id": pl.String, "problem": pl.String,
}  # fmt: skip
"""The columns of `find_math_channels`."""
_HINT = "Run `psa math list` to list yours."
_POLICIES = frozenset(policy.value for policy in Policy)
_INPUTS = TypeAdapter(list[Input])
_NO_INPUTS: Mapping[str, str] = MappingProxyType({})
_log = logging.getLogger(__name__)
_Table = MathTelemetryChannel


def kept(connection: Connection, scope: Reading) -> list[Kept]:
    """The user's math channels by name, those for every vehicle first."""
    found = [Kept(row.id, row.vehicle_id, _channel(row)) for row in connection.execute(scope.once(_all))]
    return sorted(found, key=lambda one: (one.vehicle_id or "", one.channel.name.lower(), one.channel.name))


def _all(scope: Reading) -> Rows:
    columns = (_Table.id, _Table.vehicle_id, _Table.name, _Table.formula, _Table.unit, _Table.units_policy)
    return scope.math_channels(*columns, _Table.inputs, _Table.folder, _Table.about)


def find(connection: Connection, scope: Scope) -> pl.DataFrame:
    """The user's math channels, each with what is wrong with it."""
    found = kept(connection, scope)
    problems = math_checks.problems(found, math_checks.ground(connection, scope))
    rows = [
        (
            one.channel.name,
            one.channel.formula,
            one.channel.unit,
            one.channel.policy.value,
            one.channel.folder,
            one.channel.about,
            one.vehicle_id,
            problems.get(one.id),
        )
        for one in found
    ]
    return pl.DataFrame(rows, schema=MATH_CHANNELS, orient="row")


def read(connection: Connection, scope: Scope, name: str, vehicle_id: str | None) -> MathChannel:
    """The user's math channel of this name.

    Raises:
        NotFound: no such math channel.
    """
    return _named(kept(connection, scope), name, vehicle_id).channel


def library(connection: Connection, scope: Scope, vehicle_id: str | None) -> dict[str, MathChannel]:
    """Every math channel a formula may name, by name: the shipped ones, the user's over them.

    Raises:
        NotFound: no such vehicle.
    """
    _check_vehicle(connection, scope, vehicle_id)
    return library_of(kept(connection, scope), vehicle_id)


def find_uses(connection: Connection, scope: Scope, name: str) -> list[str]:
    """The channels that use one, nearest first, for whatever vehicle."""
    found = kept(connection, scope)
    vehicles = [None, *sorted({one.vehicle_id for one in found if one.vehicle_id})]
    steps = [users_of(library_of(found, vehicle), name) for vehicle in vehicles]
    nearest: dict[str, int] = {}
    for users in steps:
        for user, far in users.items():
            nearest[user] = min(far, nearest.get(user, far))
    return sorted(nearest, key=lambda user: (nearest[user], user.lower()))


def write(
    connection: Connection, scope: Scope, channel: MathChannel, *, vehicle_id: str | None, was: str | None
) -> list[Diagnostic]:
    """Keep a math channel, a new one or (`was`) in place of one; formulas that use it follow another name.

    Returns what is to be said of it, and what is wrong from now on with channels that use it.

    Raises:
        FormulaError: it cannot be kept; nothing is changed.
        NotFound: no such vehicle, or no math channel was called so.
    """
    _check_vehicle(connection, scope, vehicle_id)
    before = kept(connection, scope)
    old = None if was is None else _named(before, was, vehicle_id)
    if old is None and len(before) >= MOST:
        raise _too_many(len(before) + 1)
    ground = math_checks.ground(connection, scope)
    math_checks.refuse_name(channel, before, old, vehicle_id, ground)
    new = Kept(new_id() if old is None else old.id, vehicle_id, channel)
    others = [one for one in before if one is not old]
    if old is not None and old.channel.name != channel.name:
        others = renamed(others, old, channel.name)
    warnings = math_checks.warnings(new, old, before, [*others, new], ground)
    _keep(connection, scope, [new, *(one for one in others if one not in before)], known={one.id for one in before})
    return warnings


def check(connection: Connection, scope: Scope, channel: MathChannel, vehicle_id: str | None) -> list[Diagnostic]:
    """What there is to say of a channel on all channels there can be.

    Raises:
        NotFound: no such vehicle.
    """
    known = library(connection, scope, vehicle_id)
    return math_checks.said_of(channel, known, math_checks.ground(connection, scope))


def delete(connection: Connection, scope: Scope, name: str, vehicle_id: str | None) -> MathChannel:
    """Delete a math channel; what it was.

    Raises:
        NotFound: no such math channel.
    """
    one = _named(kept(connection, scope), name, vehicle_id)
    connection.execute(scope.delete(_Table).where(_Table.id == one.id))
    return one.channel


def import_file(connection: Connection, scope: Scope, data: bytes, *, name: str, vehicle_id: str | None) -> Imported:
    """Keep the math channels of a file; which, under what names, and what is to be said of them.

    Raises:
        BadMathFile: it cannot be read.
        FormulaError: the user would have too many.
        NotFound: no such vehicle.
    """
    found = read_math(data, name=name)
    vehicle_id, notes = _vehicle_of(connection, scope, found, vehicle_id)
    before = kept(connection, scope)
    here = {normalise(one.channel.name): one.channel for one in before if one.vehicle_id == vehicle_id}
    same = [channel.name for channel in found.channels if here.get(normalise(channel.name)) == channel]
    ground = math_checks.ground(connection, scope)
    fresh = [channel for channel in found.channels if channel.name not in same]
    channels, told = settled(fresh, taken=[*(c.name for c in here.values()), *ground.recorded], shipped=False)
    taken, faults = math_checks.importable(
        [Kept(new_id(), vehicle_id, channel) for channel in channels], before, ground
    )
    if len(before) + len(taken) > MOST:
        raise _too_many(len(before) + len(taken))
    _keep(connection, scope, taken)
    there = [f"'{one}' is there already." for one in same]
    return replace(
        found, channels=tuple(one.channel for one in taken), notes=(*found.notes, *notes, *there, *told, *faults)
    )


def export(connection: Connection, scope: Scope, names: Sequence[str] | None, vehicle_id: str | None) -> str:
    """The user's math channels for every vehicle, or for one, as a document of ours.

    Raises:
        NotFound: no such math channel.
        BadMathFile: what is stored cannot be written.
    """
    found = kept(connection, scope)
    if names is not None:
        return write_math([_named(found, name, vehicle_id).channel for name in dict.fromkeys(names)])
    return write_math([one.channel for one in found if one.vehicle_id == vehicle_id])


def _vehicle_of(
    connection: Connection, scope: Scope, found: Imported, vehicle_id: str | None
) -> tuple[str | None, list[str]]:
    """The vehicle a file's channels are kept for: the one asked for, else the user's of the name in the file."""
    if vehicle_id is not None or found.vehicle is None:
        _check_vehicle(connection, scope, vehicle_id)
        return vehicle_id, []
    garage = connection.execute(scope.vehicles(Vehicle.id, Vehicle.name).order_by(Vehicle.id))
    for own_id, own_name in garage:
        if normalise(own_name) == normalise(found.vehicle):
            return str(own_id), []
    told = f"the file is for the vehicle '{found.vehicle}', which you do not have: its channels are for every vehicle."
    return None, [told]


def _named(found: Iterable[Kept], name: str, vehicle_id: str | None) -> Kept:
    here = [one for one in found if one.vehicle_id == vehicle_id]
    for same in (lambda other: other == name, lambda other: normalise(other) == normalise(name)):
        for one in here:
            if same(one.channel.name):
                return one
    raise NotFound("math channel", name, hint=_HINT)


def _check_vehicle(connection: Connection, scope: Scope, vehicle_id: str | None) -> None:
    if vehicle_id is not None and not connection.scalar(scope.vehicles(Vehicle.id).where(Vehicle.id == vehicle_id)):
        raise NotFound("vehicle", vehicle_id)


def _too_many(count: int) -> FormulaError:
    message = f"these would be {count} math channels, and a user may have {MOST}"
    return FormulaError("E-LIMIT", message, 0, 0, hint="delete those that are no longer used")


def _keep(connection: Connection, scope: Scope, channels: Iterable[Kept], *, known: Iterable[str] = ()) -> None:
    """Write rows: those known are changed, the others new."""
    there = set(known)
    for one in channels:
        values = {**_values(one.channel), "vehicle_id": one.vehicle_id}
        if one.id in there:
            connection.execute(scope.update(_Table).where(_Table.id == one.id).values(**values))
        else:
            connection.execute(insert(_Table).values(id=one.id, user_id=scope.user, **values))


def _values(channel: MathChannel) -> dict[str, Any]:
    entry = entry_of(channel)
    inputs = [one.model_dump() for one in entry.inputs]
    return {**entry.model_dump(exclude={"inputs"}), "inputs": inputs or null()}


def _channel(row: Any) -> MathChannel:
    policy = row.units_policy if row.units_policy in _POLICIES else Policy.WARN
    inputs = _inputs(row)
    return MathChannel(row.name, row.formula, row.unit, Policy(policy), inputs, row.folder, row.about)


def _inputs(row: Any) -> Mapping[str, str]:
    if not row.inputs:
        return _NO_INPUTS
    try:
        found = _INPUTS.validate_python(row.inputs)
    except ValidationError:
        _log.warning("the names of its own of math channel %s do not read and are left out", row.id)
        return _NO_INPUTS
    return MappingProxyType({one.alias: one.channel for one in found})
