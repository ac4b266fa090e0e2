"""Graph → plan: stages of Polars expressions, each operation computed once, then the channels asked for.

Polars expressions are trees: a shared part is copied wherever it is named, and a deep one overflows the stack. So a
node becomes a column when it is named twice, when a function of other rows reads it, or every so many levels.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl
import polars.selectors as cs

from ps_analytics.channels.functions.binding import AT_REFERENCE, Places
from ps_analytics.channels.functions.elementwise import MIRRORED
from ps_analytics.channels.graph import LARGEST, Node

DEEPEST = 16
"""Levels of an expression before it becomes a column; Polars overflows its stack near 1,000."""
LAZY_ROWS = 200_000
"""From so many rows on the optimiser and all cores are worth their start."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do with a frame: read columns, compute stage by stage, and pick.

    `needs` are the columns it reads. `outputs` are the expressions of the channels, by name. `numbers` are the columns
    read as numbers, as the plan names them.
    """

    needs: tuple[str, ...]
    read: tuple[pl.Expr, ...]
    numbers: tuple[str, ...]
    stages: tuple[tuple[pl.Expr, ...], ...]
    outputs: tuple[pl.Expr, ...]

    def run(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The channels, one row a row of the frame; what is infinite, not a number or beyond 1e30 counts as missing."""
        working = _cleaned(frame.select(self.read), self.numbers)
        if len(frame) >= LAZY_ROWS:
            return self._staged(working.lazy()).collect()
        for stage in self.stages:
            working = working.with_columns(stage)
        return working.select(self.outputs)

    def apply(self, frame: pl.LazyFrame) -> pl.LazyFrame:
        """The channels of a frame that holds what stores give: neither NaN nor infinities."""
        return self._staged(frame.select(self.read))

    def _staged(self, frame: pl.LazyFrame) -> pl.LazyFrame:
        for stage in self.stages:
            frame = frame.with_columns(stage)
        return frame.select(self.outputs)


def compile_plan(outputs: Sequence[tuple[str, Node]], *, places: dict[int, Places] | None = None) -> Plan:
    """The plan of some nodes of one graph, by the names their columns get.

    Args:
        outputs: name and node.
        places: what is known of the reference lap, by the number of the node of its program.
    """
    nodes = reached(node for _, node in outputs)
    compiler = _Compiler(nodes, _named_twice(nodes, [node for _, node in outputs]), places or {})
    for node in compiler.nodes:
        compiler.add(node)
    return compiler.plan(outputs)


def reached(outputs: Iterable[Node]) -> list[Node]:
    """The nodes that outputs need, operands first."""
    found: dict[int, Node] = {}
    waiting = list(outputs)
    while waiting:
        node = waiting.pop()
        if node.index not in found:
            found[node.index] = node
            waiting.extend(node.args)
    return [found[index] for index in sorted(found)]


class _Compiler:
    """Makes expressions of nodes, in the order of the graph."""

    def __init__(self, nodes: list[Node], columns: set[int], places: dict[int, Places]) -> None:
        self.nodes, self._is_column, self._places = nodes, columns, places
        self._read: dict[str, pl.Expr] = {}
        self._numbers: list[str] = []
        self._stages: list[list[pl.Expr]] = []
        self._expressions: dict[int, pl.Expr] = {}
        self._stage: dict[int, int] = {}
        self._depth: dict[int, int] = {}
        self._single: set[int] = set()

    def add(self, node: Node) -> None:
        """Makes the expression of a node; its operands have theirs."""
        if node.column is not None:
            self._add_column(node)
        elif node.constant is not None:
            self._single.add(node.index)
            self._keep(node, pl.lit(node.constant), stage=0, depth=0)
        else:
            self._add_operation(node)

    def _add_column(self, node: Node) -> None:
        name, alias = node.column or "", f"{_PREFIX}{node.index}"
        column = pl.col(name) if name.isidentifier() else cs.by_name(name).as_expr()  # pl.col("*") means every column
        if node.kind == "number":
            column = column.cast(pl.Float64)
            self._numbers.append(alias)
        self._read[alias] = column.alias(alias)
        self._keep(node, pl.col(alias), stage=0, depth=0)

    def _add_operation(self, node: Node) -> None:
        assert node.operation is not None
        params = node.params
        if node.operation is AT_REFERENCE:
            params = (self._places[params[0]], *params[1:])
        operands = [self._column(arg) if node.operation.stateful else self._expressions[arg.index] for arg in node.args]
        lower = node.operation.lower
        if node.operation in MIRRORED and node.args[0].index in self._single:
            # Polars gives too few rows where a number stands left of a comparison with a sum of what is chosen.
            lower = MIRRORED[node.operation].lower
            operands.reverse()
        expression = lower(*operands, *params)
        if not node.operation.stateful and all(arg.index in self._single for arg in node.args):
            self._single.add(node.index)
            self._keep(node, _computed(expression, node) if node.args else expression, stage=0, depth=0)
            return
        stage = max((self._stage[arg.index] for arg in node.args), default=0)
        depth = 1 + max((self._depth[arg.index] for arg in node.args), default=0)
        if node.index in self._is_column or depth >= DEEPEST:
            alias = f"{_PREFIX}{node.index}"
            while len(self._stages) <= stage:
                self._stages.append([])
            self._stages[stage].append(expression.alias(alias))
            expression, stage, depth = pl.col(alias), stage + 1, 0
        self._keep(node, expression, stage=stage, depth=depth)

    def _keep(self, node: Node, expression: pl.Expr, *, stage: int, depth: int) -> None:
        self._expressions[node.index] = expression
        self._stage[node.index], self._depth[node.index] = stage, depth

    def plan(self, outputs: Sequence[tuple[str, Node]]) -> Plan:
        """The plan, once every node has its expression."""
        needs = {node.column: None for node in self.nodes if node.column is not None}
        read = list(self._read.values()) or [pl.nth(0).alias(_PREFIX)]
        return Plan(
            needs=tuple(needs),
            read=tuple(read),
            numbers=tuple(self._numbers),
            stages=tuple(map(tuple, self._stages)),
            outputs=tuple(self._output(name, node) for name, node in outputs),
        )

    def _output(self, name: str, node: Node) -> pl.Expr:
        return self._column(node).alias(name)

    def _column(self, node: Node) -> pl.Expr:
        """The expression of a node with a value for every row, also where it is one for all."""
        expression = self._expressions[node.index]
        return pl.repeat(expression, pl.len()) if node.index in self._single else expression


def _computed(expression: pl.Expr, node: Node) -> pl.Expr:
    """What depends on no row, as its value: a column of one value for all rows is not as long as others to Polars."""
    dtype = pl.Boolean if node.kind == "condition" else pl.Float64
    return pl.lit(pl.select(expression).item(), dtype=dtype)


_PREFIX = "__mc"


def _named_twice(nodes: list[Node], outputs: Sequence[Node]) -> set[int]:
    """The numbers of the operations that are to be columns: named more than once, or read from other rows.

    What is asked for and used by another operation is named twice.
    """
    uses: dict[int, int] = {}
    found = set()
    for node in outputs:
        uses[node.index] = uses.get(node.index, 0) + 1
    for node in nodes:
        operation = node.operation
        for arg in node.args:
            uses[arg.index] = uses.get(arg.index, 0) + 1
            if operation is not None and operation.repeats:
                found.add(arg.index)
    found |= {index for index, count in uses.items() if count > 1}
    return {node.index for node in nodes if node.index in found and node.operation is not None}


def _cleaned(frame: pl.DataFrame, numbers: Sequence[str]) -> pl.DataFrame:
    """The frame with null for numbers that are none; one look at the sums tells whether there are any.

    Sums of squares tell all; over many rows, where the look costs, sums must do: there, too, nothing is left that is
    infinite or no number.
    """
    if not numbers:
        return frame
    many, every = len(frame) >= LAZY_ROWS, pl.col(numbers)
    sums = frame.select(every.sum() if many else every.pow(2).sum()).row(0)
    limit = LARGEST if many else LARGEST**2
    odd = [name for name, total in zip(numbers, sums, strict=True) if not abs(total) <= limit]
    return frame.with_columns(pl.when(pl.col(name).abs() <= LARGEST).then(pl.col(name)) for name in odd)
