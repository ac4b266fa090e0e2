"""A checked part of a formula."""

from dataclasses import dataclass

from ps_analytics.channels.formula import Tree
from ps_analytics.channels.graph import Node
from ps_analytics.channels.quantities import Quantity


@dataclass(frozen=True, slots=True)
class Term:
    """A part of a formula that was checked: what computes it, its unit, and where it stands."""

    node: Node
    quantity: Quantity
    tree: Tree
