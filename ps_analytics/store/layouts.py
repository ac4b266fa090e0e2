"""The layouts of a user: named documents, written, renamed, deleted; and which of them a page opens with."""

from typing import Any

import polars as pl
from sqlalchemy import Connection, func, insert
from sqlalchemy.exc import IntegrityError

from ps_analytics.errors import LimitReached, NameTaken, NotFound
from ps_analytics.store import typed
from ps_analytics.store.columns import new_id
from ps_analytics.store.models import SavedPlotLayout
from ps_analytics.store.rows import SavedLayout
from ps_analytics.store.scope import Scope

MOST = 500
"""Layouts a user may have."""
MOST_BYTES = 512 * 1024
"""Bytes the document of one may have as JSON."""
LAYOUTS: dict[str, Any] = {
    "layout_id": pl.String, "name": pl.String, "description": pl.String, "is_default": pl.Boolean,
    "default_for": pl.String,
}  # fmt: skip
"""The columns of `find_layouts`."""
_LONGEST_TEXT = 1_000
_TARGETS = ("car:", "source:")
_Table = SavedPlotLayout
_ROW = (
    _Table.id,
    _Table.name,
    _Table.description,
    _Table.configs,
    _Table.layout,
    _Table.is_default,
    _Table.default_for,
)


def find(connection: Connection, scope: Scope) -> pl.DataFrame:
    """The user's layouts by name, whatever its case."""
    columns = (_Table.id, _Table.name, _Table.description, _Table.is_default, _Table.default_for)
    rows = sorted(connection.execute(scope.layouts(*columns)), key=lambda row: (row.name.lower(), row.name))
    return pl.DataFrame([tuple(row) for row in rows], schema=LAYOUTS, orient="row")


def read(connection: Connection, scope: Scope, layout_id: str) -> SavedLayout:
    """The user's layout of this id.

    Raises:
        NotFound: no such layout.
    """
    row = connection.execute(scope.layouts(*_ROW).where(_Table.id == layout_id)).first()
    if row is None:
        raise NotFound("layout", layout_id)
    return SavedLayout(*row)


def write(
    connection: Connection,
    scope: Scope,
    name: str,
    configs: list[Any],
    layout: dict[str, Any],
    *,
    layout_id: str | None,
    description: str | None,
) -> str:
    """Keep a layout, a new one or in place of one; its id.

    Raises:
        NotFound: no such layout.
        NameTaken: another one has the name.
        NotKept: a name, a description or a document that cannot be kept.
        LimitReached: the user has as many as he may.
    """
    plain = typed.name("this layout", name)
    what = f"layout '{plain}'"
    kept = typed.document(what, {"configs": configs, "layout": layout}, most_bytes=MOST_BYTES)
    values = {"name": plain, **kept}
    if description is not None:
        values["description"] = typed.text(f"the description of {what}", description, most=_LONGEST_TEXT)
    if layout_id is not None:
        _change(connection, scope, layout_id, **values)
        return layout_id
    _check_name(connection, scope, plain, None)
    if (connection.scalar(scope.layouts(func.count())) or 0) >= MOST:
        raise LimitReached("layouts", most=MOST)
    fresh = new_id()
    try:
        connection.execute(insert(_Table).values(id=fresh, user_id=scope.user, **values))
    except IntegrityError:  # somebody else of this user's was quicker
        raise NameTaken("layout", plain) from None
    return fresh


def rename(connection: Connection, scope: Scope, layout_id: str, name: str) -> None:
    """Call a layout something else.

    Raises:
        NotFound: no such layout.
        NameTaken: another one has the name.
        NotKept: it is no name.
    """
    _change(connection, scope, layout_id, name=typed.name("this layout", name))


def delete(connection: Connection, scope: Scope, layout_id: str) -> SavedLayout:
    """Delete a layout; what it was.

    Raises:
        NotFound: no such layout.
    """
    deleted = read(connection, scope, layout_id)
    connection.execute(scope.delete(_Table).where(_Table.id == layout_id))
    return deleted


def set_default(connection: Connection, scope: Scope, layout_id: str | None, default_for: str) -> None:
    """Make a layout the one for everything, a car or a source, in place of the one that was; None makes it none.

    Raises:
        NotFound: no such layout.
        ValueError: neither everything ("") nor a car ("car:…") nor a source ("source:…").
    """
    if default_for and not any(default_for.startswith(kind) and default_for != kind for kind in _TARGETS):
        raise ValueError(f"'{default_for}' is neither '', nor 'car:…', nor 'source:…'")
    target = typed.text("what a layout is the default for", default_for, most=_LONGEST_TEXT)
    before = scope.update(_Table).where(_Table.is_default.is_(True), _Table.default_for == target)
    connection.execute(before.values(is_default=False, default_for=""))
    if layout_id is None:
        return
    chosen = scope.update(_Table).where(_Table.id == layout_id).values(is_default=True, default_for=target)
    if connection.execute(chosen).rowcount == 0:
        raise NotFound("layout", layout_id)


def default(connection: Connection, scope: Scope, *, car: str | None, source: str | None) -> SavedLayout | None:
    """The layout of the car, else of the source, else for everything; None where none is chosen."""
    given = (("car:", car), ("source:", source))
    wanted = [*(f"{kind}{name}" for kind, name in given if name), ""]
    statement = scope.layouts(*_ROW).where(_Table.is_default.is_(True), _Table.default_for.in_(wanted))
    found = [SavedLayout(*row) for row in connection.execute(statement)]
    return min(found, key=lambda layout: (wanted.index(layout.default_for), layout.layout_id), default=None)


def _change(connection: Connection, scope: Scope, layout_id: str, *, name: str, **others: Any) -> None:
    """Change a layout in its place.

    Raises:
        NotFound: no such layout.
        NameTaken: another one has the name.
    """
    _check_name(connection, scope, name, layout_id)
    try:
        changed = connection.execute(scope.update(_Table).where(_Table.id == layout_id).values(name=name, **others))
    except IntegrityError:
        raise NameTaken("layout", name) from None
    if changed.rowcount == 0:
        raise NotFound("layout", layout_id)


def _check_name(connection: Connection, scope: Scope, name: str, layout_id: str | None) -> None:
    taken = scope.layouts(_Table.id).where(_Table.name == name, _Table.id.is_distinct_from(layout_id))
    if connection.scalar(taken) is not None:
        raise NameTaken("layout", name)
