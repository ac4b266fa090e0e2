"""A checked call of a function: what its row in the table makes its result of."""

from dataclasses import dataclass

from ps_analytics.channels.functions.elementwise import GATE, GATE_TO_ZERO, TRUE_IS_ONE
from ps_analytics.channels.functions.rows import Rows
from ps_analytics.channels.graph import Graph, Node, Operation
from ps_analytics.channels.quantities import SECONDS, Quantity


@dataclass(frozen=True, slots=True)
class Call:
    """The arguments of a call by the names of its signature.

    `numbers` and `conditions` are nodes, `constants` values, `every` all numbers in order. `quantities` are the units
    of the numbers. `by` is what the function goes along instead of the clock, `over` the scope, `asked` whether the
    formula names the scope.
    """

    graph: Graph
    rows: Rows
    numbers: dict[str, Node]
    conditions: dict[str, Node]
    constants: dict[str, float]
    every: tuple[Node, ...]
    quantities: dict[str, Quantity]
    by: Node | None = None
    by_quantity: Quantity = SECONDS
    over: str = "lap"
    asked: bool = False

    @property
    def x(self) -> Node:
        """Its first argument."""
        return self.numbers["x"]

    @property
    def unit(self) -> Quantity:
        """The unit of its first argument."""
        return self.quantities["x"]

    @property
    def axis(self) -> Node:
        """What it goes along: the clock, or what `by=` names."""
        return self.by or self.rows.time

    @property
    def segment(self) -> Node:
        """The runs of rows in which its axis grows without a gap."""
        return self.rows.segment(self.by)

    @property
    def scope(self) -> Node:
        """What `over=` names."""
        return self.rows.scope(self.over, asked=self.asked)

    @property
    def gated(self) -> Node:
        """Its first argument where its condition, if it has one, is true; missing elsewhere."""
        return self.apply(GATE, self.x, self.conditions["c"]) if "c" in self.conditions else self.x

    @property
    def gated_to_zero(self) -> Node:
        """Its first argument where its condition, if it has one, is true; 0 elsewhere."""
        return self.apply(GATE_TO_ZERO, self.x, self.conditions["c"]) if "c" in self.conditions else self.x

    @property
    def gate(self) -> Node:
        """1 where its condition is true, else 0; 1 everywhere if it has none."""
        return self.apply(TRUE_IS_ONE, self.conditions["c"]) if "c" in self.conditions else self.graph.constant(1.0)

    def apply(self, operation: Operation, *args: Node, params: tuple[object, ...] = ()) -> Node:
        """An operation on nodes."""
        return self.graph.apply(operation, *args, params=params)
