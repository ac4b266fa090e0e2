"""What is wrong in a database, over all its users, without a word of what they own; and mending what is safe."""

from collections.abc import Callable, Iterator, Sequence

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    ForeignKeyConstraint,
    Table,
    and_,
    delete,
    exists,
    func,
    inspect,
    select,
    update,
)

from ps_analytics.errors import PurpleSectorError
from ps_analytics.plugins import Plugins
from ps_analytics.store import schema, track_faults
from ps_analytics.store.faults import ROW_CHECKS, Fault, counted, lost_frame_keys, sealable
from ps_analytics.store.models import TelemetryFrame

Seal = Callable[[str, str], None]
"""Seals a lap: called with its user and its id."""
Cut = Callable[[str, str], None]
"""Cuts the laps of a track into its sections: called with its user and its name."""
TRACK_CHECKS = (
    ("track models", track_faults.bad_tracks),
    ("sections of laps", track_faults.bad_sections),
    ("sector times", track_faults.bad_sector_times),
    ("laps to be cut into sections", track_faults.uncut_laps),
)
"""What is looked for in tracks and sections, in words, and how."""
Say = Callable[[str], None]
"""Told what is being looked at, in words, before it is."""


def check(engine: Engine, plugins: Plugins, *, say: Say = lambda _: None) -> list[Fault]:
    """Everything that is wrong, in the order of the checks; empty if all is well.

    Raises:
        SchemaOutdated: the core's tables are not those of this version.
        DatabaseUnreachable: nobody answers, or the URL is wrong.
    """
    schema.ensure(engine)
    # One moment of the database for all statements: what the daemon writes meanwhile is no fault.
    still = engine.execution_options(isolation_level="REPEATABLE READ") if engine.name == "postgresql" else engine
    with schema.reading(still) as connection:
        known = schema.branches(plugins)
        current = [branch for branch in known if (branch.current(connection),) == branch.heads()]
        faults = [_behind(branch) for branch in known if branch not in current]
        say("tables, columns and indexes")
        for branch in current:
            faults += _structure(connection, branch)
        if any(fault.code in ("missing_table", "missing_column") for fault in faults):
            return faults  # the rows cannot be asked for
        say("references")
        for branch in current:
            for constraint in _references(branch):
                faults += _orphans(connection, constraint)
        for name, rows in (*ROW_CHECKS, *TRACK_CHECKS):
            say(name)
            faults += rows(connection)
        return faults


def repair(
    engine: Engine, plugins: Plugins, found: Sequence[Fault], seal: Seal, cut: Cut, *, say: Say = lambda _: None
) -> list[PurpleSectorError]:
    """Mend what is safe: create missing indexes, delete orphans, seal closed laps, cut them into their sections.

    Returns:
        What could not be mended, and why.

    Raises:
        SchemaOutdated: the core's tables are not those of this version.
        DatabaseUnreachable: nobody answers, or the URL is wrong.
    """
    schema.ensure(engine)
    known = schema.branches(plugins)
    refused = _mend_indexes(engine, known, {fault.id for fault in found if fault.code == "missing_index"})
    if any(fault.code in ("missing_table", "missing_column") for fault in found):
        return refused
    say("removing orphans")
    with schema.exclusive(engine) as connection:
        there = set(inspect(connection).get_table_names())
        for constraint in (constraint for branch in known for constraint in _references(branch)):
            if {constraint.table.name, constraint.referred_table.name} <= there:
                _mend_orphans(connection, constraint)
        for key in lost_frame_keys(connection):
            connection.execute(delete(TelemetryFrame).where(TelemetryFrame.session_key == key))
        closed = connection.execute(sealable()).all()
    for number, (user_id, lap_id) in enumerate(closed, start=1):
        say(f"sealing lap {number} of {len(closed)}")
        try:
            seal(user_id, lap_id)
        except PurpleSectorError as error:
            refused.append(error)
    return refused + _mend_sections(engine, cut, say)


def _mend_sections(engine: Engine, cut: Cut, say: Say) -> list[PurpleSectorError]:
    """Cut the laps that are cut wrongly, or not by their track as it is now."""
    refused: list[PurpleSectorError] = []
    with schema.exclusive(engine) as connection:
        for statement in track_faults.take_back_sections(connection):
            connection.execute(statement)
        tracks = connection.execute(track_faults.uncut_tracks()).all()
    for number, (user_id, name) in enumerate(tracks, start=1):
        say(f"cutting the laps of track {number} of {len(tracks)}")
        try:
            cut(user_id, name)
        except PurpleSectorError as error:
            refused.append(error)
    return refused


def _mend_indexes(engine: Engine, known: Sequence[schema.Branch], missing: set[str]) -> list[PurpleSectorError]:
    """Create what is missing, each by itself: a unique one that rows contradict stops no other."""
    refused: list[PurpleSectorError] = []
    for index in (index for branch in known for table in branch.metadata.tables.values() for index in table.indexes):
        if index.name not in missing:
            continue
        try:
            with schema.exclusive(engine) as connection:
                index.create(connection)
        except PurpleSectorError as error:
            refused.append(error)
    return refused


def _behind(branch: schema.Branch) -> Fault:
    message = f"the tables of plugin '{branch.name}' are not those of its version. Run `psa db push`."
    return Fault("plugin_outdated", message, branch.version_table, branch.name)


def _structure(connection: Connection, branch: schema.Branch) -> Iterator[Fault]:
    """Tables, columns, indexes and keys of the models that the database does not have."""
    for kind, table, name in schema.missing(connection, branch):
        whose = "" if kind == "table" else f" of table '{table}'"
        remedy = "" if kind == "index" else " Restore a backup, or `psa db reset`."
        message = f"{kind} '{name}'{whose} is missing.{remedy}"
        yield Fault(f"missing_{kind}", message, table, name, fixable=kind == "index")


def _references(branch: schema.Branch) -> list[ForeignKeyConstraint]:
    """Every reference between tables, owners before what they own."""
    return [
        constraint
        for table in branch.metadata.sorted_tables
        for constraint in sorted(table.foreign_key_constraints, key=lambda constraint: str(constraint.name))
    ]


def _dangling(constraint: ForeignKeyConstraint) -> ColumnElement[bool]:
    """The rows that refer to a row that is not there."""
    owner: Table = constraint.referred_table.alias()  # type: ignore[assignment]  # a table may refer to itself
    pairs = [(element.parent, owner.c[element.column.name]) for element in constraint.elements]
    return and_(
        *(column.is_not(None) for column, _ in pairs),
        ~exists().where(*(target == column for column, target in pairs)),
    )


def _orphans(connection: Connection, constraint: ForeignKeyConstraint) -> Iterator[Fault]:
    columns = list(constraint.columns)
    query = select(func.count(), *columns).where(_dangling(constraint)).group_by(*columns)
    table, target = constraint.table.name, constraint.referred_table.name
    for count, *values in connection.execute(query):
        lost = ", ".join(map(str, values))
        message = f"{counted(count, 'row')} of {table} of a {target} that is not there ({columns[0].name} {lost})."
        fixable = constraint.ondelete in ("CASCADE", "SET NULL")
        yield Fault("orphan", message, table, lost, fixable=fixable)


def _mend_orphans(connection: Connection, constraint: ForeignKeyConstraint) -> None:
    """Do to the orphans what the database does when their owner is deleted."""
    if constraint.ondelete == "CASCADE":
        connection.execute(delete(constraint.table).where(_dangling(constraint)))
    elif constraint.ondelete == "SET NULL":
        nothing = {column.name: None for column in constraint.columns}
        connection.execute(update(constraint.table).where(_dangling(constraint)).values(nothing))
