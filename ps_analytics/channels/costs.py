"""What a formula costs, counted before it is checked, so that a bomb is refused as quickly as a slip of the pen."""

from collections.abc import Mapping

from ps_analytics.channels.faults import fault
from ps_analytics.channels.formula import Tree, is_range_change
from ps_analytics.channels.functions.table import OF_ITS_ROW, Function

MAX_COST = 400
STATEFUL_COST = 16
"""A function that looks at other rows, beside 1 for an operation."""
_FREE = ("number", "name", "quoted", "group", "unit", "option")


def check_cost(tree: Tree, functions: Mapping[str, Function]) -> None:
    """Nothing, if a formula costs no more than one may; a part that stands in two places counts once.

    Raises:
        FormulaError: it costs more; at the part that is one too many.
    """
    total, seen, waiting = 0, set[int](), [tree]
    while waiting:
        part = waiting.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        total += _cost(part, functions)
        if total > MAX_COST:
            what = "too costly; make a channel of its own of a part of it"
            raise fault("E-LIMIT", part.position, part.end, what=what)
        waiting.extend(reversed(part.args))


def _cost(part: Tree, functions: Mapping[str, Function]) -> int:
    if part.op in _FREE or is_range_change(part):
        return 0
    if part.op != "call":
        return 1
    function = functions.get(part.text.lower())
    if function is None:
        return 1
    positional = sum(argument.op != "option" and not is_range_change(argument) for argument in part.args)
    if function.name == "case":
        return 1 + positional // 2
    over_lap = function.name in ("min", "max") and positional == 1
    return STATEFUL_COST if over_lap or function.group not in OF_ITS_ROW else 1
