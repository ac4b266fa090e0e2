"""A checked part of a formula."""

from typing import NamedTuple

from ps_analytics.channels.formula import Tree
from ps_analytics.channels.graph import Node
from ps_analytics.channels.quantities import Quantity


class Term(NamedTuple):
    """A part of a formula that was checked: what computes it, its unit, and where it stands."""

    node: Node
    quantity: Quantity
    tree: Tree

    def with_node(self, node: Node) -> "Term":
        """The same part, computed by another node."""
        return self if node is self.node else self._replace(node=node)
