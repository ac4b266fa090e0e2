"""Who may read a session that is not his: its owner says so, and takes it back."""

from datetime import UTC, datetime
from typing import Any

import polars as pl
from sqlalchemy import Connection, bindparam, func, text

from ps_analytics.errors import LimitReached, NotFound, NotShared
from ps_analytics.store.columns import UtcDateTime
from ps_analytics.store.models import Session, Share
from ps_analytics.store.scope import Scope

MOST = 500
"""Readers a session may have."""
LONGEST_USER = 64
"""Characters the name of a user may have, as the setting has it."""
SHARES: dict[str, Any] = {"reader": pl.String, "shared_at": pl.Datetime("us", "UTC")}
"""The columns of `find_shares`."""
_WRITE = text(
    "INSERT INTO share (owner, reader, session_id, shared_at) VALUES (:owner, :reader, :session_id, :shared_at)"
    " ON CONFLICT (owner, reader, session_id) DO NOTHING"
).bindparams(bindparam("shared_at", type_=UtcDateTime()))


def find(connection: Connection, scope: Scope, session_id: str) -> pl.DataFrame:
    """Who may read a session of the user's, by name, and since when.

    Raises:
        NotFound: no such session.
    """
    _check_session(connection, scope, session_id)
    statement = scope.shares(Share.reader, Share.shared_at).where(Share.session_id == session_id)
    rows = sorted(tuple(row) for row in connection.execute(statement))
    return pl.DataFrame(rows, schema=SHARES, orient="row")


def write(connection: Connection, scope: Scope, session_id: str, reader: str) -> None:
    """Let somebody read a session of the user's; who may already still may.

    Raises:
        NotFound: no such session.
        NotShared: it is the user himself, or the name of nobody.
        LimitReached: the session has as many readers as it may.
    """
    _check_session(connection, scope, session_id)
    name = reader.strip()
    if not name or len(name) > LONGEST_USER or not name.isprintable():
        reason = f"the name of a user is one line of at most {LONGEST_USER} characters."
        raise NotShared(name[:LONGEST_USER], reason=reason)
    if name == scope.user:
        raise NotShared(name, reason="it is yours.")
    readers = scope.shares(func.count()).where(Share.session_id == session_id, Share.reader != name)
    if (connection.scalar(readers) or 0) >= MOST:
        raise LimitReached("readers of this session", most=MOST)
    known = {"owner": scope.user, "reader": name, "session_id": session_id}
    connection.execute(_WRITE, {**known, "shared_at": datetime.now(UTC)})


def delete(connection: Connection, scope: Scope, session_id: str, reader: str) -> None:
    """Let somebody no longer read a session of the user's.

    Raises:
        NotFound: no such session, or it was not shared with him.
    """
    _check_session(connection, scope, session_id)
    standing = (Share.session_id == session_id, Share.reader == reader.strip())
    if connection.execute(scope.delete(Share).where(*standing)).rowcount == 0:
        raise NotFound("reader", reader, hint="This session is not shared with a user of that name.")


def _check_session(connection: Connection, scope: Scope, session_id: str) -> None:
    if connection.scalar(scope.sessions(Session.session_key).where(Session.id == session_id)) is None:
        raise NotFound("session", session_id)
