"""The functions whose arguments are more than numbers in a row: case, lookup, table, ref, delta_ref."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ps_analytics.channels.catalog import Kind, kind_of
from ps_analytics.channels.faults import fault
from ps_analytics.channels.formula import SETUP, Tree
from ps_analytics.channels.functions import elementwise as each
from ps_analytics.channels.graph import Node
from ps_analytics.channels.quantities import PLAIN
from ps_analytics.channels.terms import Term

if TYPE_CHECKING:
    from ps_analytics.channels.checked import FormulaChecker

MAX_POINTS, MAX_ARGUMENTS = 32, 65


def _positional(tree: Tree, needs: int, most: int, takes: str) -> tuple[Tree, ...]:
    given = len(tree.args)
    if not needs <= given <= most:
        raise fault("E-ARITY", tree.position, tree.end, function=tree.text, takes=takes, given=given)
    for argument in tree.args:
        if argument.op == "option":
            what = f"{tree.text}() has no option '{argument.text}'"
            raise fault("E-ARG", tree.position, tree.end, what=what)
    return tree.args


def _case(checker: "FormulaChecker", tree: Tree) -> Term:
    takes = "an odd number of arguments, 3 to 65: condition, value, …, value otherwise"
    if len(tree.args) % 2 == 0:
        _positional(tree, 1, 0, takes)
    arguments = _positional(tree, 3, MAX_ARGUMENTS, takes)
    whole = checker.number(arguments[-1])
    for condition, value in reversed(list(zip(arguments[:-1:2], arguments[1::2], strict=True))):
        chosen, otherwise = checker.join(checker.number(value), whole, tree, "choose between")
        node = checker.apply(each.CHOOSE, checker.condition(condition), chosen.node, otherwise.node)
        whole = Term(node, chosen.quantity.or_else(otherwise.quantity), tree)
    return whole


def _lookup(checker: "FormulaChecker", tree: Tree) -> Term:
    takes = "x and 2 to 32 points: lookup(x, x1, y1, x2, y2, …)"
    if len(tree.args) % 2 == 0:
        _positional(tree, 1, 0, takes)
    x, *points = _positional(tree, 5, 2 * MAX_POINTS + 1, takes)
    xs, ys = ([_constant(checker, point) for point in points[first::2]] for first in (0, 1))
    for before, after, point in zip(xs, xs[1:], points[2::2], strict=False):
        if not before < after:
            raise fault("E-TABLE", point.position, point.end, what="the x values of the table must increase")
    return _interpolated(checker, x, xs, ys, tree)


def _constant(checker: "FormulaChecker", tree: Tree) -> float:
    value = checker.number(tree).node.constant
    if value is None:
        raise fault("E-NOT-CONSTANT", tree.position, tree.end, what="points of a table")
    return float(value)


def _interpolated(checker: "FormulaChecker", x: Tree, xs: Sequence[float], ys: Sequence[float], tree: Tree) -> Term:
    node = checker.apply(each.INTERPOLATE, checker.number(x).node, params=(tuple(xs), tuple(ys)))
    return Term(node, PLAIN, tree)


def _table(checker: "FormulaChecker", tree: Tree) -> Term:
    name, x = _positional(tree, 2, 2, "2 arguments: the name of a setup curve, and x")
    if name.op not in ("name", "quoted"):
        raise fault("E-ARG", name.position, name.end, what="table() takes the name of a curve of the setup first")
    points, quantity = checker.program.setup_curve(name, name.text.removeprefix(SETUP))
    term = _interpolated(checker, x, [point[0] for point in points], [point[1] for point in points], tree)
    return Term(term.node, quantity, tree)


def _ref(checker: "FormulaChecker", tree: Tree) -> Term:
    (argument,) = _positional(tree, 1, 1, "1 argument")
    reference = checker.program.reference
    if checker.program.is_reference:
        raise fault("E-ARG", tree.position, tree.end, what=f"{tree.text}() cannot stand inside ref()")
    if reference is None:
        raise fault("E-NO-REFERENCE", tree.position, tree.end, function=tree.text, hint="choose a reference lap")
    there = reference.term_in(checker, argument)
    node = checker.program.at_reference(there.node, tree, stepped=_is_stepped(there.node))
    return Term(node, there.quantity, tree)


def _is_stepped(node: Node) -> bool:
    """Whether it jumps from value to value, so that there is nothing between two of them."""
    return node.kind == "condition" or (node.column is not None and kind_of(node.column) is Kind.STEP)


def _delta_ref(checker: "FormulaChecker", tree: Tree) -> Term:
    there = _ref(checker, tree)
    here = checker.number(tree.args[0])
    node = checker.apply(each.SUBTRACT, here.node, checker.graph.number(there.node))
    return Term(node, here.quantity.difference(), tree)


FORMS: dict[str, Callable[["FormulaChecker", Tree], Term]] = {
    "case": _case, "lookup": _lookup, "table": _table, "ref": _ref, "delta_ref": _delta_ref,
}  # fmt: skip
"""How each of them is checked, by its name."""
