"""What the studio shows: every table of the core and of the plugins as a list and as single rows, through sqladmin."""

import types
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlencode

import sqladmin
from markupsafe import Markup
from sqladmin.filters import OperationColumnFilter
from sqlalchemy import (
    Column,
    Engine,
    LargeBinary,
    Select,
    Table,
    UniqueConstraint,
    func,
    inspect,
    literal_column,
    select,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import defer, registry
from sqlalchemy.types import JSON, String
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from ps_analytics.plugins import Plugins
from ps_analytics.store import schema

ROW_LIMIT = 10_000
"""How many rows a list counts and pages through; counting all frames of a season takes minutes."""
_SHORT = 60
_PAGES = ("index", "statics", "list", "details")
_TOO_MUCH = "The database refuses, or its answer takes too long. Filter by a key first."
_NO_KEY = "No row of this table can have that key."


def application(engine: Engine, plugins: Plugins) -> Starlette:
    """The pages: an index, a list a table, a page a row. None of them can change anything."""
    app = Starlette()
    # sqladmin also looks for templates in the folder the program was started in, unless told of its own.
    templates = Path(sqladmin.__file__).parent / "templates"
    admin = sqladmin.Admin(app, engine, base_url="/", title="ps-analytics studio", templates_dir=str(templates))
    admin.admin.router.routes = [route for route in admin.admin.router.routes if getattr(route, "name", "") in _PAGES]

    async def refused(request: Request, error: Exception) -> Response:
        context = {"status_code": 400, "message": _TOO_MUCH if isinstance(error, DBAPIError) else _NO_KEY}
        answer: Response = await admin.templates.TemplateResponse(
            request, "sqladmin/error.html", context, status_code=400
        )
        return answer

    for kind in (DBAPIError, ValueError, ArithmeticError):  # the last: a number beyond 64 bits
        admin.admin.add_exception_handler(kind, refused)
    there = set(inspect(engine).get_table_names())
    for branch in schema.branches(plugins):
        for _, table in sorted(branch.metadata.tables.items()):
            if table.name in there:
                admin.add_view(_view(table, branch.name))
    return app


class TableView(sqladmin.ModelView):
    """A table that is looked at: rows are counted up to a limit, and blobs are not read into a list."""

    can_create = can_edit = can_delete = can_export = False
    page_size = 25
    page_size_options: ClassVar[list[int]] = [25, 100, 500]
    blobs: ClassVar[list[Any]] = []

    def list_query(self, request: Request) -> Select[Any]:
        """All rows, without their blobs."""
        return select(self.model).options(*(defer(column) for column in self.blobs))

    async def count(self, request: Request, stmt: Select[Any] | None = None) -> int:
        """How many rows there are to page through, at most the limit."""
        rows = self.list_query(request) if stmt is None else stmt.get_final_froms()[0].element  # type: ignore[attr-defined]  # sqladmin wraps the list's query once
        some: Select[Any] = (
            rows.with_only_columns(literal_column("1"), maintain_column_froms=True).order_by(None).limit(ROW_LIMIT)
        )
        return await super().count(request, select(func.count()).select_from(some.subquery()))


def _view(table: Table, owner: str) -> type[TableView]:
    """The view of a table, through a class mapped for this purpose: a plugin need not have mapped its own."""
    row = type(table.name, (), {})
    registry().map_imperatively(row, table, primary_key=list(table.primary_key) or list(table.columns))
    columns = {column.key: getattr(row, column.key) for column in table.columns}
    plain = [columns[c.key] for c in table.columns if not isinstance(c.type, LargeBinary | JSON)]
    blobs = [columns[c.key] for c in table.columns if isinstance(c.type, LargeBinary)]
    facts = {
        "name": table.name,
        "name_plural": f"{table.name}, the first {ROW_LIMIT:,} rows at most",
        "category": owner,
        "column_list": [columns[c.key] for c in table.columns if not isinstance(c.type, LargeBinary)],
        "column_details_list": list(columns.values()),
        "column_sortable_list": plain,
        "column_searchable_list": [columns[c.key] for c in table.columns if isinstance(c.type, String)],
        "column_filters": [OperationColumnFilter(columns[key], title=key) for key in _keys(table)],
        "column_type_formatters": sqladmin.ModelView.column_type_formatters | _SHORTENED,
        "column_type_formatters_detail": sqladmin.ModelView.column_type_formatters_detail | {bytes: _size},
        "column_formatters": _links(table),
        "column_formatters_detail": _links(table),
        "blobs": blobs,
    }
    view: type[TableView] = types.new_class(
        f"{table.name}_view", (TableView,), {"model": row}, lambda body: body.update(facts)
    )
    view.identity = table.name  # the metaclass makes one of its own
    return view


def _keys(table: Table) -> list[str]:
    """The columns by which a table finds rows quickly, in its own order."""
    leading: list[Column[Any]] = list(table.primary_key)
    leading += [column for index in table.indexes for column in index.columns]
    leading += [column for item in table.constraints if isinstance(item, UniqueConstraint) for column in item.columns]
    return [column.key for column in table.columns if column in leading or column.foreign_keys]


def _links(table: Table) -> dict[str, Any]:
    """A reference is a link to the row it refers to."""
    return {
        column.key: _link(key.column.table.name, key.column.name)
        for column in table.columns
        for key in list(column.foreign_keys)[:1]
    }


def _link(target: str, key: str) -> Any:
    def linked(row: Any, name: str, request: Request) -> Any:
        value = getattr(row, name)
        if value is None:
            return ""
        query = urlencode({key: value, f"{key}_op": "equals"})
        url = f"{request.url_for('admin:list', identity=target)}?{query}"
        return Markup('<a href="{}">{}</a>').format(url, value)

    return linked


def _size(value: bytes) -> str:
    return f"{len(value):,} bytes"


def _shortened(value: object) -> str:
    text = str(value)
    return text if len(text) <= _SHORT else f"{text[: _SHORT - 1]}…"


_SHORTENED: dict[type, Any] = {str: _shortened, dict: _shortened, list: _shortened}
