"""What formulas compute, as a graph of operations: equal parts are one node, constants are folded, sizes bounded."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import polars as pl

LARGEST = 1e30
"""No channel is larger: what is counts as missing."""
OVERFLOW = 1e308
MAX_NODES = 20_000
"""Operations in one plan."""


class NotFinite(ArithmeticError):
    """A constant that is not a finite number."""


class TooManyNodes(ArithmeticError):
    """More operations than one plan may hold."""


class Ahead(NamedTuple):
    """How far an operation looks ahead inside a segment: so many samples, and so many seconds (inf: to its end)."""

    samples: int = 0
    seconds: float = 0.0


def largest(*bounds: Any) -> float:
    """The largest magnitude among operands; parameters that are no numbers do not count."""
    return max(bound for bound in bounds if isinstance(bound, float))


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """One thing to compute: how its operands, then its parameters, become a Polars expression.

    `bound` is the largest magnitude of a number, from those of its operands. `repeats` says that the expression names
    an operand more than once. A `stateful` one looks at other rows than its own; one that `looks_ahead` looks at later
    ones: so far ahead, or (True) at all of its scope. `never_negative` tells it from its operands (nodes) and
    parameters. `fold` computes it from constants where Polars is not to be asked.
    """

    name: str
    lower: Callable[..., pl.Expr]
    bound: Callable[..., float] = largest
    kind: str = "number"
    repeats: bool = False
    stateful: bool = False
    looks_ahead: Callable[..., Ahead | bool] | None = None
    never_negative: Callable[..., bool] | None = None
    fold: Callable[..., Any] | None = None


@dataclass(slots=True, eq=False)
class Node:
    """A column, a constant or an operation on other nodes; `kind` is number, condition or key."""

    index: int
    kind: str
    bound: float
    operation: Operation | None = None
    args: tuple["Node", ...] = ()
    params: tuple[Any, ...] = ()
    column: str | None = None
    constant: float | bool | None = None
    looks_ahead: bool = False
    never_negative: bool = False

    @property
    def is_constant(self) -> bool:
        """Whether its value is known."""
        return self.constant is not None


def _finite(x: pl.Expr) -> pl.Expr:
    return pl.when(x.abs() <= OVERFLOW).then(x)  # false of NaN, too


FINITE = Operation("finite", _finite, bound=lambda _: OVERFLOW, repeats=True, never_negative=lambda x: x.never_negative)
CONVERT = Operation(
    "convert",
    lambda x, factor, offset: x * factor + offset if offset else x * factor,
    bound=lambda x, factor, offset: x * abs(factor) + abs(offset),
    fold=lambda x, factor, offset: x * factor + offset,
)
NUMBER = Operation("number", lambda c: c.cast(pl.Float64), bound=lambda _: 1.0, fold=float)
CONDITION = Operation("condition", lambda x: x != 0.0, kind="condition", fold=bool)


@dataclass(slots=True)
class Graph:
    """The nodes made so far; operands stand before what is made of them."""

    nodes: list[Node] = field(default_factory=list)
    _known: dict[tuple[Any, ...], Node] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes)

    def column(self, name: str, *, kind: str = "number", bound: float = LARGEST) -> Node:
        """A column of the frame; a `key` is read as it is, a number as Float64."""
        return self._add(("column", name, kind), kind, bound, column=name)

    def constant(self, value: float | bool) -> Node:
        """A number or a truth."""
        kind = "condition" if isinstance(value, bool) else "number"
        magnitude = abs(float(value))
        return self._add(("constant", value, kind), kind, magnitude, constant=value, never_negative=value >= 0)

    def apply(self, operation: Operation, *args: Node, params: tuple[Any, ...] = ()) -> Node:
        """An operation on nodes; what could overflow is null where it does.

        Raises:
            NotFinite: it is constant and not a finite number.
            TooManyNodes: the plan would hold more operations than it may.
        """
        if args and not operation.stateful and all(arg.is_constant for arg in args):
            return self.constant(_fold(operation, [arg.constant for arg in args], params))
        bound = _bound(operation, args, params)
        key = (operation, *(arg.index for arg in args), *params)
        ahead = operation.looks_ahead is not None and operation.looks_ahead(*params)
        node = self._add(
            key,
            operation.kind,
            min(bound, math.inf),
            operation=operation,
            args=args,
            params=params,
            looks_ahead=bool(ahead) or any(arg.looks_ahead for arg in args),
            never_negative=operation.never_negative is not None and operation.never_negative(*args, *params),
        )
        if bound > OVERFLOW and operation.kind == "number":
            return self.apply(FINITE, node)
        return node

    def number(self, node: Node) -> Node:
        """The node as a number: a condition counts 1 or 0."""
        return self.apply(NUMBER, node) if node.kind == "condition" else node

    def condition(self, node: Node) -> Node:
        """The node as a condition: a number is true where it is not 0."""
        return self.apply(CONDITION, node) if node.kind == "number" else node

    def _add(self, key: tuple[Any, ...], kind: str, bound: float, **attributes: Any) -> Node:
        node = self._known.get(key)
        if node is None:
            if len(self.nodes) >= MAX_NODES:
                raise TooManyNodes
            node = self._known[key] = Node(len(self.nodes), kind, bound, **attributes)
            self.nodes.append(node)
        return node


def _bound(operation: Operation, args: tuple[Node, ...], params: tuple[Any, ...]) -> float:
    try:
        bound = operation.bound(*(arg.bound for arg in args), *params)
    except OverflowError:
        return math.inf
    return math.inf if math.isnan(bound) else bound


def _fold(operation: Operation, values: list[Any], params: tuple[Any, ...]) -> float | bool:
    """The value of an operation on constants.

    Raises:
        NotFinite: it has none.
    """
    try:
        if operation.fold is not None:
            value = operation.fold(*values, *params)
        else:
            value = pl.select(operation.lower(*map(pl.lit, values), *params)).item()
    except (ArithmeticError, ValueError) as error:
        raise NotFinite from error
    if value is None or isinstance(value, complex) or not math.isfinite(value):
        raise NotFinite
    return bool(value) if operation.kind == "condition" else float(value)
