"""The preferences of a user: one JSON value a key."""

from typing import Any

from sqlalchemy import JSON, Connection, bindparam, text

from ps_analytics.store import typed
from ps_analytics.store.models import Preference
from ps_analytics.store.scope import Scope

MOST_BYTES = 64 * 1024
"""Bytes a value may have as JSON."""
_WRITE = text(
    "INSERT INTO preference (user_id, key, value) VALUES (:user_id, :key, :value)"
    " ON CONFLICT (user_id, key) DO UPDATE SET value = excluded.value"
).bindparams(bindparam("value", type_=JSON))
_VALUE = "value"
"""What a value is wrapped in: SQLite takes bare numbers for its own, and gives 1 for 1.0."""


def read(connection: Connection, scope: Scope, key: str, default: Any) -> Any:
    """The user's value of a key; `default` where he has none."""
    kept = connection.scalar(scope.preferences(Preference.value).where(Preference.key == key))
    return _bare(kept, default)


def read_all(connection: Connection, scope: Scope) -> dict[str, Any]:
    """The user's values by key, in the order of the keys."""
    rows = connection.execute(scope.preferences(Preference.key, Preference.value))
    return {key: _bare(kept, None) for key, kept in sorted(tuple(row) for row in rows)}


def write(connection: Connection, scope: Scope, key: str, value: Any) -> None:
    """Keep a value in place of the one there is.

    Raises:
        NotKept: no key, no JSON, or too large.
    """
    plain = typed.name("this preference", key)
    kept = typed.document(f"preference '{plain}'", value, most_bytes=MOST_BYTES)
    connection.execute(_WRITE, {"user_id": scope.user, "key": plain, "value": {_VALUE: kept}})


def _bare(kept: Any, default: Any) -> Any:
    return kept[_VALUE] if isinstance(kept, dict) and _VALUE in kept else default
