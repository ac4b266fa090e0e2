"""The database behind a URL: SQLite or PostgreSQL, and the errors of both in the house's words."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, StaticPool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError

from ps_analytics.errors import DatabaseUnreachable, MissingExtra, StoreError

BUSY_TIMEOUT_MS = 15_000
"""How long a SQLite connection waits for another writer."""
CONNECT_TIMEOUT_S = 5
"""How long a PostgreSQL server may take to answer."""
_MMAP_BYTES = 256 * 1024 * 1024
_SECRETS = ("password", "sslpassword", "passfile")


class Database:
    """An engine, its transactions, and its name without the password."""

    def __init__(self, engine: Engine, shown: str) -> None:
        self.engine, self.shown = engine, shown
        postgres = engine.dialect.name == "postgresql"
        # One snapshot for all queries of a reader: a lap sealed between two of them must not fall through.
        self._reader = engine.execution_options(isolation_level="REPEATABLE READ") if postgres else engine
        self._writer = engine if postgres else engine.execution_options(begin="BEGIN IMMEDIATE")
        # A database in memory is one connection, which threads take in turns.
        self._turn = threading.RLock() if isinstance(engine.pool, StaticPool) else None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection whose queries all see one moment of the database.

        Raises:
            DatabaseUnreachable: nobody answers.
            StoreError: the database refuses.
        """
        with self._in_turn(), self._translated(), self._reader.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A connection in one transaction: committed at the end, rolled back on any error.

        Raises:
            DatabaseUnreachable: nobody answers.
            StoreError: the database refuses.
        """
        with self._in_turn(), self._translated(), self._writer.begin() as connection:
            yield connection

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        if self._turn is None:
            yield
        else:
            with self._turn:
                yield

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            reason = _first_line(error)
            if isinstance(error, OperationalError | InterfaceError) or error.connection_invalidated:
                raise DatabaseUnreachable(self.shown, reason) from error
            if "file is not a database" in reason:
                raise DatabaseUnreachable(self.shown, "the file is not a database") from error
            raise StoreError(f"the database {self.shown} refuses: {reason}.") from error


def open_database(url: str) -> Database:
    """The database of a URL, without asking it anything yet.

    Raises:
        DatabaseUnreachable: the URL is not one, or not of SQLite or PostgreSQL, or the file's folder is missing.
        MissingExtra: PostgreSQL without the packages that speak to it.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise DatabaseUnreachable(_masked(url), "this is not a database URL") from None
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        return Database(_sqlite(parsed), without_secrets(parsed))
    if backend == "postgresql":
        return Database(_postgresql(parsed), without_secrets(parsed))
    raise DatabaseUnreachable(without_secrets(parsed), f"'{backend}' is neither sqlite nor postgresql+psycopg")


def _sqlite(url: URL) -> Engine:
    path = url.database or ""
    if path in ("", ":memory:"):
        engine = create_engine(url, poolclass=StaticPool, connect_args={"check_same_thread": False})
    else:
        if not Path(path).parent.is_dir():
            raise DatabaseUnreachable(without_secrets(url), f"there is no folder '{Path(path).parent}'")
        engine = create_engine(url)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver would begin late, and then as a reader
    for pragma in (
        f"busy_timeout = {BUSY_TIMEOUT_MS}",
        "journal_mode = WAL",
        "synchronous = FULL",  # NORMAL loses acknowledged frames in a power cut
        "foreign_keys = ON",
        "secure_delete = FAST",  # Debian's SQLite else writes zeros over every batch that a sealed lap leaves
        f"mmap_size = {_MMAP_BYTES}",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))


def _postgresql(url: URL) -> Engine:
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    arguments: dict[str, Any] = {} if "connect_timeout" in url.query else {"connect_timeout": CONNECT_TIMEOUT_S}
    try:
        engine = create_engine(url, pool_size=5, max_overflow=5, pool_pre_ping=True, connect_args=arguments)
    except ModuleNotFoundError:
        raise MissingExtra("PostgreSQL", "postgres") from None
    except ArgumentError as error:
        raise DatabaseUnreachable(without_secrets(url), str(error)) from None
    event.listen(engine, "do_execute", _binary_results)
    return engine


def _binary_results(cursor: Any, statement: str, parameters: Any, context: Any) -> bool | None:
    """Ask for blobs as they are where a statement says so: as text they are twice as long and need decoding."""
    if not context.execution_options.get("binary_results"):
        return None
    cursor.execute(statement, parameters, binary=True)
    return True


def without_secrets(url: URL) -> str:
    """The URL as it may be shown."""
    query = {key: "***" if key in _SECRETS else value for key, value in url.query.items()}
    return url.set(query=query).render_as_string(hide_password=True)


def _masked(text: str) -> str:
    return re.sub(r"^.*@", "***@", text, flags=re.DOTALL)


def _first_line(error: DBAPIError) -> str:
    lines = str(error.orig).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error.orig).__name__
