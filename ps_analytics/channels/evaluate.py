"""The doors of the language: formulas evaluated on a frame, checked against one, or compiled for many like it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import polars as pl

from ps_analytics.channels.compile import Plan, compile_plan
from ps_analytics.channels.definitions import Diagnostic, MathChannel, Policy
from ps_analytics.channels.functions.binding import Places
from ps_analytics.channels.functions.plugged import all_functions
from ps_analytics.channels.graph import Node
from ps_analytics.channels.library import SHIPPED
from ps_analytics.channels.program import Columns, Program, Setup
from ps_analytics.channels.terms import Term
from ps_analytics.errors import FormulaError, UnknownChannel

Formula = str | tuple[str, str] | MathChannel
"""A formula, one with its unit, or a whole math channel."""


def evaluate(
    entries: Mapping[str, Formula],
    frame: pl.DataFrame,
    *,
    units: Mapping[str, str | None] | None = None,
    setup: Setup | None = None,
    reference: pl.DataFrame | None = None,
    policy: str = "strict",
    library: bool | Mapping[str, MathChannel] = True,
) -> pl.DataFrame:
    """Math channels of a frame: one column an entry, in order, one row a row of the frame; missing is null.

    The frame is sorted by session and `timestamp`; the rows of a lap follow on each other. A lap's values are the same
    whether it stands alone, in its session or in a season. Entries may use one another.

    Args:
        entries: name → formula, (formula, unit), or a math channel.
        frame: channels in the catalogue's names and units; key columns `session_id`, `lap_id`, `corner_id` … of any
            type.
        units: column → unit where it is not the catalogue's; None is unknown, "bool" a condition.
        setup: parameter → (value, unit), read as `setup.parameter`; a value may be one a session, by `session_id`.
        reference: the frame of the reference lap, for `ref()`.
        policy: "strict", "warn" or "off": what clashing units do. The values are the same.
        library: whether the shipped channels may be named; or those that may, by name.

    Raises:
        FormulaError: a formula cannot be used; it says at which character.
        UnknownUnit: `units` or `setup` name a unit that does not exist.

    Example:
        >>> frame = pl.DataFrame({"g_lat": [3.0, None], "g_long": [4.0, 1.0]})
        >>> evaluate({"Combined G": "hypot(g_lat, g_long)"}, frame)["Combined G"].to_list()
        [5.0, None]
    """
    return compiled(entries, frame, units=units, setup=setup, reference=reference, policy=policy, library=library).run(
        frame
    )


def check(
    entries: Mapping[str, Formula],
    frame: pl.DataFrame,
    *,
    units: Mapping[str, str | None] | None = None,
    setup: Setup | None = None,
    reference: pl.DataFrame | None = None,
    policy: str = "strict",
    library: bool | Mapping[str, MathChannel] = True,
) -> list[Diagnostic]:
    """What there is to say of formulas: at most one error each, and every warning. The arguments are `evaluate`'s.

    Raises:
        UnknownUnit: `units` or `setup` name a unit that does not exist.

    Example:
        >>> frame = pl.DataFrame({"speed": [100.0], "throttle": [50.0]})
        >>> [(found.code, found.position) for found in check({"x": "speed + throttle"}, frame)]
        [('E-UNIT-MISMATCH', 0)]
    """
    program = _program(entries, frame, units, setup, reference, policy, library)
    errors: dict[tuple[str, str, int], Diagnostic] = {}
    for name in entries:
        try:
            program.check(name)
        except FormulaError as error:
            errors.setdefault((error.channel, error.code, error.position), Diagnostic.of(error))
    return [*errors.values(), *program.diagnostics]


@dataclass(frozen=True, slots=True)
class Output:
    """What a compiled channel is: its unit ("" if none is known), whether it is a condition, and whether its values may
    still change while the lap goes on. A difference of temperatures has no zero point: 10 °C more are 18 °F more.
    """

    unit: str
    is_condition: bool
    is_provisional: bool
    is_difference: bool = False


@dataclass(frozen=True, slots=True)
class Compiled:
    """Formulas ready to run on any frame with the columns they were compiled for.

    `channels` says by name what comes out; `scopes` are what they go over (`lap`, `session` …). `nodes` are what
    computes each of them.
    """

    plan: Plan
    channels: Mapping[str, Output]
    scopes: frozenset[str]
    nodes: Mapping[str, Node]

    @property
    def needs(self) -> tuple[str, ...]:
        """The columns that are read."""
        return self.plan.needs

    def run(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The channels of a frame, one row a row of it."""
        return self.plan.run(frame)

    def apply(self, frame: pl.LazyFrame) -> pl.LazyFrame:
        """The channels of a lazy frame that holds neither NaN nor infinities, as stores give them."""
        return self.plan.apply(frame)


def compiled(
    entries: Mapping[str, Formula],
    frame: pl.DataFrame | pl.LazyFrame,
    *,
    units: Mapping[str, str | None] | None = None,
    setup: Setup | None = None,
    reference: pl.DataFrame | None = None,
    policy: str = "strict",
    library: bool | Mapping[str, MathChannel] = True,
) -> Compiled:
    """Formulas compiled for frames with the columns of this one, whose rows are not looked at; as `evaluate` otherwise.

    Raises:
        FormulaError: a formula cannot be used.
        UnknownUnit: `units` or `setup` name a unit that does not exist.

    Example:
        >>> compiled({"v": "speed[m/s]"}, pl.DataFrame(schema={"speed": pl.Float64})).channels["v"].unit
        'm/s'
    """
    program = _program(entries, frame, units, setup, reference, policy, library)
    terms = {name: program.check(name) for name in entries}
    there = program.reference
    places = _places(there, reference) if there is not None and reference is not None and there.referred else {}
    return Compiled(
        plan=compile_plan([(name, term.node) for name, term in terms.items()], places=places),
        channels={name: _output(term) for name, term in terms.items()},
        scopes=frozenset(program.rows.used),
        nodes={name: term.node for name, term in terms.items()},
    )


def _output(term: Term) -> Output:
    return Output(term.quantity.text, term.node.kind == "condition", term.node.looks_ahead, term.quantity.spread)


def _program(
    entries: Mapping[str, Formula],
    frame: pl.DataFrame | pl.LazyFrame,
    units: Mapping[str, str | None] | None,
    setup: Setup | None,
    reference: pl.DataFrame | None,
    policy: str,
    library: bool | Mapping[str, MathChannel],
) -> Program:
    channels = {name: math_channel(name, formula, policy) for name, formula in entries.items()}
    known = library if isinstance(library, Mapping) else SHIPPED if library else {}
    others = {name: channel for name, channel in known.items() if name not in channels}
    functions = all_functions()
    there = None
    if reference is not None:
        columns = columns_of(reference, units)
        there = Program(columns, channels, others, functions, setup=setup, is_reference=True)
    return Program(columns_of(frame, units), channels, others, functions, setup=setup, reference=there)


def math_channel(name: str, formula: Formula, policy: str) -> MathChannel:
    """An entry as a math channel.

    Example:
        >>> math_channel("v", ("speed[m/s]", "m/s"), "strict").unit
        'm/s'
    """
    if isinstance(formula, MathChannel):
        return formula
    text, unit = (formula, None) if isinstance(formula, str) else formula
    return MathChannel(name, text, unit, Policy(policy))


def columns_of(frame: pl.DataFrame | pl.LazyFrame, units: Mapping[str, str | None] | None = None) -> Columns:
    """What formulas may read of a frame."""
    # The schema of a frame takes longer to ask for than most formulas to check.
    whole = frame.collect_schema() if isinstance(frame, pl.LazyFrame) else None
    names, dtypes = (frame.columns, frame.dtypes) if whole is None else (whole.names(), whole.dtypes())
    return Columns(dict(zip(names, map(_kind, map(type, dtypes)), strict=True)), units or {})


@cache
def _kind(dtype: type[pl.DataType]) -> str:
    if dtype is pl.Boolean:
        return "condition"
    return "number" if dtype.is_numeric() or dtype == pl.Null else "other"


def _places(program: Program, frame: pl.DataFrame) -> dict[int, Places]:
    """What a program's nodes are on the reference lap, with their places on the track.

    Raises:
        UnknownChannel: the reference lap has no positions.
    """
    if "normalized_position" not in frame.columns:
        raise UnknownChannel("normalized_position", known=frame.columns)
    position = program.rows.channel("normalized_position")
    nodes = {str(node.index): node for node in (position, *program.referred)}
    found = compile_plan(list(nodes.items())).run(frame)
    columns = {name: found[name].cast(pl.Float64).to_numpy() for name in nodes}
    at = np.asarray(columns[str(position.index)])
    return {node.index: (at, np.asarray(columns[name])) for name, node in nodes.items()}
