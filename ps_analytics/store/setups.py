"""What a session's vehicle is set to, as formulas read it: setup first, then configuration."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, bindparam

from ps_analytics.channels.catalog import normalise
from ps_analytics.channels.units import is_unit
from ps_analytics.errors import NotFound
from ps_analytics.store.models import Session, Vehicle, VehicleConfiguration, VehicleSetup
from ps_analytics.store.scope import Reading, Rows

Curve = tuple[tuple[float, float], ...]
Setup = dict[str, tuple[float | Curve, str]]
"""By parameter, as `setup.parameter` names it: a value, or a curve for `table()`, and its unit; "" is no unit."""
_IDS_A_QUERY = 10_000
_COLUMNS = (Session.id, Vehicle.id.label("vehicle_id"), VehicleConfiguration.parts, VehicleSetup.parameters)


def read_setup(connection: Connection, scope: Reading, session_id: str) -> Setup:
    """The numbers of a session's setup, then of its configuration where the setup says nothing.

    Raises:
        NotFound: no such session.
    """
    return _of_session(connection, scope, session_id)[1]


def read_vehicle(connection: Connection, scope: Reading, session_id: str) -> str | None:
    """The user's vehicle driven in a session, if one is known.

    Raises:
        NotFound: no such session.
    """
    return _of_session(connection, scope, session_id)[0]


def _of_session(connection: Connection, scope: Reading, session_id: str) -> tuple[str | None, Setup]:
    found = of_sessions(connection, scope, [session_id])
    if session_id not in found:
        raise NotFound("session", session_id)
    return found[session_id]


def of_sessions(
    connection: Connection, scope: Reading, session_ids: Iterable[str]
) -> dict[str, tuple[str | None, Setup]]:
    """The vehicle of each session, if it is the user's, and its setup's numbers."""
    ids = list(session_ids)
    return {
        row.id: (row.vehicle_id, {**_of_parts(row.parts), **_of_parameters(row.parameters)})
        for first in range(0, len(ids), _IDS_A_QUERY)
        for row in connection.execute(scope.once(_sessions), {"ids": ids[first : first + _IDS_A_QUERY]})
    }


def _sessions(scope: Reading) -> Rows:
    return scope.sessions_and_setups(*_COLUMNS).where(Session.id.in_(bindparam("ids", expanding=True)))


def _of_parameters(parameters: Any) -> Setup:
    """The numbers in a list of {key, value, units}; the first of a key counts."""
    found: Setup = {}
    for one in parameters if isinstance(parameters, list) else ():
        if isinstance(one, Mapping) and isinstance(one.get("key"), str):
            _take(found, one["key"], one.get("value"), one.get("units"))
    return found


def _of_parts(parts: Any) -> Setup:
    """The numbers in a configuration's parts: numbers, or objects with a value and units."""
    found: Setup = {}
    for key, part in parts.items() if isinstance(parts, Mapping) else ():
        if isinstance(part, Mapping):
            _take(found, key, part.get("value"), part.get("units"))
        else:
            _take(found, key, part, None)
    return found


def _take(found: Setup, key: str, value: Any, units: Any) -> None:
    """Take a value that is a number or a curve, under the name a formula gives its parameter."""
    taken = _number(value) if not isinstance(value, list) else _curve(value)
    if taken is not None:
        unit = units.strip() if isinstance(units, str) and is_unit(units) else ""
        found.setdefault(normalise(key).replace(" ", "_"), (taken, unit))


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _curve(points: list[Any]) -> Curve | None:
    """The points [x, y] of a curve; None if it is none."""
    found: list[tuple[float, float]] = []
    for point in points:
        x, y = map(_number, point) if isinstance(point, list) and len(point) == 2 else (None, None)
        if x is None or y is None:
            return None
        found.append((x, y))
    return tuple(found) or None
