"""Creating and upgrading the tables: the core's and each plugin's, each with its own migrations and version table."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from alembic.script.revision import RevisionError
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, MetaData, Table, UniqueConstraint, func, inspect, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError

from ps_analytics.errors import DatabaseUnreachable, PluginClash, SchemaOutdated, StoreError
from ps_analytics.plugins import Plugins
from ps_analytics.store import models
from ps_analytics.store.engine import without_secrets

CORE = "core"
_LOCK = 0x70735F6462  # one number for every process that changes this database's tables: "ps_db"


@dataclass(frozen=True, slots=True)
class Branch:
    """The tables of one owner, and the folder whose `versions/` makes and upgrades them."""

    name: str
    metadata: MetaData
    migrations: Path

    @property
    def version_table(self) -> str:
        """Where the database notes this owner's revision; its own, so that nobody's absence blocks another."""
        return f"alembic_version_{self.name}"

    def heads(self) -> tuple[str, ...]:
        """The newest revisions; a healthy folder has one."""
        return tuple(sorted(self._script().get_heads()))

    def revisions(self) -> list[str]:
        """Every revision, oldest first."""
        return [script.revision for script in self._script().walk_revisions()][::-1]

    def current(self, connection: Connection) -> str | None:
        """The revision the database is at; None before the first."""
        heads = MigrationContext.configure(connection, opts={"version_table": self.version_table}).get_current_heads()
        return ", ".join(heads) or None

    def upgrade(self, connection: Connection, target: str = "head") -> None:
        """Run the migrations that are missing up to `target`, inside the caller's transaction."""
        script = self._script()

        def missing(revision: str | tuple[str, ...], _: MigrationContext) -> list[object]:
            return list(script._upgrade_revs(target, revision))  # type: ignore[arg-type]  # alembic's own commands do

        with EnvironmentContext(Config(), script, fn=missing) as environment:
            environment.configure(
                connection=connection, target_metadata=self.metadata, version_table=self.version_table
            )
            environment.run_migrations()

    def _script(self) -> ScriptDirectory:
        return ScriptDirectory(str(self.migrations), version_locations=[str(self.migrations / "versions")])


@dataclass(frozen=True, slots=True)
class Step:
    """What `push` did to one owner's tables; `error` says why nothing could be done."""

    branch: str
    before: str | None
    after: str | None
    error: str | None = None


def core() -> Branch:
    """The core's own tables."""
    return Branch(CORE, models.Session.metadata, Path(__file__).parent / "migrations")


def branches(plugins: Plugins) -> list[Branch]:
    """The core's tables, then each plugin's by name."""
    owned = plugins.models().items()
    return [core(), *(Branch(name, models.metadata, Path(models.migrations)) for name, models in owned)]


@cache
def needed() -> str:
    """The revision of the core that this code needs."""
    return core().heads()[0]


def current(engine: Engine) -> str | None:
    """The core's revision in the database; None where it has no tables.

    Raises:
        DatabaseUnreachable: nobody answers, or the URL is wrong.
    """
    with reading(engine) as connection:
        return core().current(connection)


def ensure(engine: Engine) -> None:
    """Do nothing if the core's tables are what this code needs.

    Raises:
        SchemaOutdated: they are older, newer, or not there.
        DatabaseUnreachable: nobody answers, or the URL is wrong.
    """
    found = current(engine)
    if found != needed():
        raise _outdated(engine, found)


def push(engine: Engine, plugins: Plugins) -> list[Step]:
    """Create or upgrade the tables of the core, then of each plugin; a plugin that fails is told in its step.

    Each owner is upgraded in one transaction, under a lock: two processes may push at once.

    Raises:
        SchemaOutdated: the database is newer than this code.
        PluginClash: plugins that exclude each other. The core is upgraded all the same.
        DatabaseUnreachable: nobody answers, or the URL is wrong.
    """
    first, *others = branches(plugins)
    steps = [_push(engine, first)]
    check_clashes([first, *others])
    for branch in others:
        try:
            steps.append(_push(engine, branch))
        except Exception as error:  # a stranger's migration may raise anything; the others still go on
            steps.append(Step(branch.name, None, None, f"{type(error).__name__}: {error}"))
    return steps


def _push(engine: Engine, branch: Branch) -> Step:
    with reading(engine) as connection:
        before = branch.current(connection)
    if (before,) == branch.heads():
        return Step(branch.name, before, before)  # nobody has to wait for nothing
    with exclusive(engine) as connection:
        before = branch.current(connection)
        try:
            branch.upgrade(connection)
        except (CommandError, RevisionError):
            if before in (None, *branch.revisions()):
                raise
            raise _outdated(engine, before, branch) from None
        return Step(branch.name, before, branch.current(connection))


def _outdated(engine: Engine, found: str | None, branch: Branch | None = None) -> SchemaOutdated:
    branch = branch or core()
    newer = found is not None and found not in branch.revisions()
    return SchemaOutdated(without_secrets(engine.url), found=found, needed=branch.heads()[0], newer=newer)


def reset(engine: Engine, plugins: Plugins) -> list[Step]:
    """Drop every table of the core and of the plugins at hand, with all rows, and create them anew.

    Raises:
        DatabaseUnreachable: nobody answers, or the URL is wrong.
        PluginClash: plugins that exclude each other.
    """
    found = branches(plugins)
    check_clashes(found)
    ours = {name for branch in found for name in (*branch.metadata.tables, branch.version_table)}
    with exclusive(engine) as connection:
        suffix = " CASCADE" if connection.dialect.name == "postgresql" else ""
        quote = connection.dialect.identifier_preparer.quote
        for name in sorted(ours.intersection(inspect(connection).get_table_names())):
            connection.execute(text(f"DROP TABLE {quote(name)}{suffix}"))
    return push(engine, plugins)


def count_rows(engine: Engine, plugins: Plugins) -> dict[str, int]:
    """The rows of each table that `reset` would destroy, by table; tables that are not there or empty are left out.

    Raises:
        DatabaseUnreachable: nobody answers, or the URL is wrong.
    """
    with reading(engine) as connection:
        there = set(inspect(connection).get_table_names())
        tables = [table for branch in branches(plugins) for table in branch.metadata.sorted_tables]
        rows = {
            table.name: connection.scalar(select(func.count()).select_from(table)) or 0
            for table in tables
            if table.name in there
        }
    return {name: count for name, count in rows.items() if count}


def missing(connection: Connection, branch: Branch) -> list[tuple[str, str, str]]:
    """What the models have and the database has not: kind (table, column, index, constraint), its table, its name."""

    def ours(name: str | None, kind: str, _: object) -> bool:
        return kind != "table" or name in branch.metadata.tables

    context = MigrationContext.configure(connection, opts={"include_name": ours, "compare_type": False})
    found: list[tuple[str, str, str]] = []
    for difference in compare_metadata(context, branch.metadata):
        match difference:
            case ("add_table", table):
                found.append(("table", table.name, table.name))
            case ("add_column", _, table, column):
                found.append(("column", table, column.name))
            case ("add_index", index):
                found.append(("index", index.table.name, index.name))
            case ("add_constraint" | "add_fk", constraint):
                found.append(("constraint", constraint.table.name, constraint.name))
            case _:
                pass  # what the database has beyond the models harms nobody
    lost = {table for kind, table, _ in found if kind == "table"}
    return [(kind, table, name) for kind, table, name in found if kind == "table" or table not in lost]


def check_clashes(found: list[Branch]) -> None:
    """Do nothing if the owners can live in one database.

    Raises:
        PluginClash: a folder with no or several newest revisions, or a table with two owners.
    """
    owners: dict[str, str] = {}
    for number, branch in enumerate(found):
        if number and branch.name == CORE:
            raise PluginClash([branch.name], reason=f"'{CORE}' is the name of the core's own tables")
        for name in (branch.version_table, *branch.metadata.tables):
            owner = owners.setdefault(name, branch.name)
            if owner != branch.name:
                raise PluginClash([owner, branch.name], reason=f"both own a table '{name}'")
        heads = branch.heads()
        if len(heads) != 1:
            listed = f"{len(heads)} newest revisions ({', '.join(heads)})" if heads else "no revision"
            raise PluginClash([branch.name], reason=f"its migrations have {listed} instead of one")


def merge(plugins: Plugins) -> str:
    """A report of the whole schema, the core's and every plugin's tables, as Markdown.

    Raises:
        PluginClash: plugins that exclude each other.
    """
    found = branches(plugins)
    check_clashes(found)
    parts = ["# Schema"]
    parts += [_described(branch) for branch in found]
    parts += [f"## {name}\n\nNot loaded: {reason}" for name, reason in sorted(plugins.failed.items())]
    return "\n\n".join(parts) + "\n"


def _described(branch: Branch) -> str:
    head = f"## {branch.name}\n\nRevision {branch.heads()[0]}, noted in `{branch.version_table}`."
    return "\n\n".join([head, *(_table(table) for _, table in sorted(branch.metadata.tables.items()))])


def _table(table: Table) -> str:
    rows = ["| column | type | null | key |", "|---|---|---|---|"]
    for column in table.columns:
        keys = ["primary"] if column.primary_key else []
        keys += sorted(
            f"→ {key.target_fullname}, {(key.ondelete or 'NO ACTION').lower()}" for key in column.foreign_keys
        )
        rows.append(f"| {column.name} | {column.type} | {'yes' if column.nullable else 'no'} | {'; '.join(keys)} |")
    unique = [item for item in table.constraints if isinstance(item, UniqueConstraint)]
    lists = [("unique", [column.name for column in item.columns]) for item in unique]
    lists += [("index", [column.name for column in item.columns]) for item in table.indexes]
    rows += [""] * bool(lists)
    rows += sorted(f"- {kind}: {', '.join(columns)}" for kind, columns in lists)
    return "\n".join([f"### {table.name}", "", *rows])


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection to look with.

    Raises:
        DatabaseUnreachable: nobody answers, or the URL is wrong.
    """
    with _translated(engine), engine.connect() as connection:
        yield connection


@contextmanager
def exclusive(engine: Engine) -> Iterator[Connection]:
    """A connection in a transaction that keeps every other change of tables waiting; rolled back on an error."""
    with _translated(engine), engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            with _sqlite_alone(connection):
                yield connection
        else:
            with connection.begin():
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
                yield connection


@contextmanager
def _sqlite_alone(connection: Connection) -> Iterator[None]:
    """The write lock from the first statement on, and foreign keys at rest.

    Rebuilding a table (how SQLite alters one) drops it, and with foreign keys at work that deletes what refers to it.
    """
    driver = connection.connection.driver_connection
    assert driver is not None  # a connection that was just opened
    enforced = driver.execute("PRAGMA foreign_keys").fetchone()[0]
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        with connection.begin():
            if driver.in_transaction:  # an engine that begins by itself does so without the lock
                driver.execute("COMMIT")
            driver.execute("BEGIN IMMEDIATE")
            already = set(driver.execute("PRAGMA foreign_key_check"))
            yield
            if broken := set(driver.execute("PRAGMA foreign_key_check")) - already:
                table, _, target, _ = broken.pop()
                raise StoreError(
                    f"rows of table '{table}' would refer to missing rows of '{target}'; nothing is changed."
                )
    finally:
        driver.execute(f"PRAGMA foreign_keys={enforced}")


@contextmanager
def _translated(engine: Engine) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        reason = str(error.orig).strip().splitlines()[0].rstrip(".")
        if isinstance(error, IntegrityError | ProgrammingError):  # it answers, and says no
            raise StoreError(
                f"the database {without_secrets(engine.url)} refuses: {reason}. Nothing is changed."
            ) from error
        raise DatabaseUnreachable(without_secrets(engine.url), reason) from error
