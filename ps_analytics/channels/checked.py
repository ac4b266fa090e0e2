"""Tree → graph: one formula checked, its names resolved, its units judged, its cost counted."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ps_analytics.channels.calls import check_call
from ps_analytics.channels.definitions import Diagnostic, MathChannel, Policy
from ps_analytics.channels.faults import fault, nearest, sentence
from ps_analytics.channels.formula import CONSTANTS, SETUP, Tree
from ps_analytics.channels.functions import elementwise as each
from ps_analytics.channels.functions.making import power_of, power_unit
from ps_analytics.channels.graph import CONVERT, Node, NotFinite, Operation, TooManyNodes
from ps_analytics.channels.names import NameFault
from ps_analytics.channels.quantities import PLAIN, Quantity, of
from ps_analytics.channels.terms import Term
from ps_analytics.channels.units import ATOMS, is_unit
from ps_analytics.errors import FormulaError, UnknownUnit

if TYPE_CHECKING:
    from ps_analytics.channels.program import Program


_VALUES: dict[str, float | bool] = {"pi": 3.141592653589793, "e": 2.718281828459045, "true": True, "false": False}


class FormulaChecker:
    """Checks one formula of a program."""

    def __init__(self, program: "Program", channel: MathChannel) -> None:
        self.program, self.channel = program, channel
        self.graph = program.graph
        self.diagnostics: list[Diagnostic] = []
        self.literals: list[float] = []
        self._done: dict[int, Term] = {}

    def term(self, tree: Tree) -> Term:
        """A part of the formula, checked.

        A long sum nests to the left: its terms are walked, not recursed into.

        Raises:
            FormulaError: it cannot be used.
        """
        whole: list[Tree] = []
        while id(tree) not in self._done and tree.op in _FOLDS:
            whole.append(tree)
            tree = tree.args[0]
        term = self._done.get(id(tree)) or self._note(tree, lambda: _LEAVES[tree.op](self, tree))
        for outer in reversed(whole):
            term = self._fold(outer, term)
        return term

    def _fold(self, tree: Tree, first: Term) -> Term:
        return self._note(tree, lambda: _FOLDS[tree.op](self, tree, first))

    def _note(self, tree: Tree, check: Callable[[], Term]) -> Term:
        try:
            term = check()
        except NotFinite:
            raise fault("E-CONST", tree.position, tree.end) from None
        except TooManyNodes:
            raise fault("E-LIMIT", tree.position, tree.end, what="too long with all the channels it uses") from None
        self._done[id(tree)] = term
        return term

    def number(self, tree: Tree) -> Term:
        """A part of the formula as a number."""
        term = self.term(tree)
        return term.with_node(self.graph.number(term.node))

    def condition(self, tree: Tree) -> Node:
        """A part of the formula as a condition."""
        return self.graph.condition(self.term(tree).node)

    def blame(
        self, code: str, tree: Tree, *, hint: str = "", fix: tuple[int, int, str] | None = None, **facts: object
    ) -> None:
        """Says that units clash: an error if the channel is strict, else a warning, or nothing.

        Raises:
            FormulaError: the channel's policy is strict.
        """
        if self.channel.policy is Policy.STRICT:
            raise fault(code, tree.position, tree.end, hint=hint, fix=fix, **facts)
        error = fault(code, tree.position, tree.end, hint=hint, fix=fix, **facts)
        if self.channel.policy is Policy.WARN:
            self.diagnostics.append(replace(Diagnostic.of(error), severity="warning"))

    def warn(self, code: str, tree: Tree, *, hint: str = "", **facts: object) -> None:
        """Says what changes nothing but should be known."""
        if self.channel.policy is not Policy.OFF:
            severity = "info" if code.startswith("I-") else "warning"
            found = Diagnostic(code, sentence(code, **facts), tree.position, tree.end, hint, severity)
            self.diagnostics.append(found)

    def join(self, left: Term, right: Term, tree: Tree, verb: str) -> tuple[Term, Term]:
        """Two terms to be added or compared, in one unit: a constant takes that of the other side.

        Raises:
            FormulaError: their units are of different kinds, and the channel is strict.
        """
        a, b = left.quantity, right.quantity
        if not a.fixed or not b.fixed or a.parts == b.parts:
            return left, right
        if not a.fits(b):
            hint = "convert one side with [unit], or wrap it in raw( )"
            self.blame("E-UNIT-MISMATCH", tree, verb=verb, left=a.text, right=b.text, hint=hint)
        elif right.node.is_constant:
            return left, self.converted(right, a)
        elif left.node.is_constant:
            return self.converted(left, b), right
        elif abs(a.factor_to(b) - 1) > 1e-12 or a.unit.offset != b.unit.offset:
            what = f"{verb} [{a.text}] and [{b.text}] as they are"
            self.warn("W-UNIT-SCALE", tree, what=what, factor=b.factor_to(a), hint=f"convert one side, as x[{a.text}]")
        return left, right

    def converted(self, term: Term, target: Quantity) -> Term:
        """A term in another unit of its kind."""
        source, goal = term.quantity.unit, target.unit
        spread = term.quantity.spread or target.spread
        offset = 0.0 if spread else (source.offset - goal.offset) / goal.factor
        factor = source.factor / goal.factor
        node = term.node
        if factor != 1.0 or offset:
            node = self.graph.apply(CONVERT, self.graph.number(node), params=(factor, offset))
        return Term(node, replace(target, spread=True) if spread else target, term.tree)

    def unit_at(self, text: str, tree: Tree) -> Quantity:
        """The quantity of a unit's text.

        Raises:
            FormulaError: there is no such unit.
        """
        try:
            return of(text)
        except UnknownUnit:
            near = _nearest_unit(text)
            fix = (tree.position, tree.end, f"[{near}]") if near and tree.op == "unit" else None
            hint = f"did you mean [{near}]?" if near else ""
            raise fault("E-UNIT-UNKNOWN", tree.position, tree.end, unit=text, hint=hint, fix=fix) from None

    def resolve(self, tree: Tree) -> Term:
        """What a name stands for.

        Raises:
            FormulaError: nothing, or several things.
        """
        name = tree.text
        if name in self.channel.inputs:
            return self.program.input_of(self, self.channel.inputs[name], tree)
        try:
            found = self.program.names.find(name)
        except NameFault as error:
            if tree.op == "name" and name.lower() in CONSTANTS:
                return Term(self.graph.constant(_VALUES[name.lower()]), PLAIN, tree)
            fix = None if error.instead is None else (tree.position, tree.end, error.instead)
            raise fault(error.code, tree.position, tree.end, hint=error.hint, fix=fix, **error.facts) from None
        if found.channel is not None:
            done = self.program.term_of(found.channel)
            return done._replace(tree=tree)
        node, quantity = self.program.column(found.name)
        return Term(node, quantity, tree)

    def apply(self, operation: Operation, *args: Node, params: tuple[Any, ...] = ()) -> Node:
        """An operation on nodes."""
        return self.graph.apply(operation, *args, params=params)


def _number(checker: FormulaChecker, tree: Tree) -> Term:
    value = float(tree.text)
    checker.literals.append(value)
    return Term(checker.graph.constant(value), PLAIN, tree)


def _name(checker: FormulaChecker, tree: Tree) -> Term:
    if "." not in tree.text or tree.op == "quoted":
        return checker.resolve(tree)
    if not tree.text.startswith(SETUP) or "." in tree.text[len(SETUP) :]:
        raise fault("E-ATTRIBUTE", tree.position, tree.end, hint="put a name with a dot in quotes")
    node, quantity = checker.program.setup_value(tree)
    return Term(node, quantity, tree)


def _negative(checker: FormulaChecker, tree: Tree) -> Term:
    term = checker.number(tree.args[0])
    return Term(checker.apply(each.NEGATE, term.node), term.quantity, tree)


def _not(checker: FormulaChecker, tree: Tree) -> Term:
    return Term(checker.apply(each.NOT, checker.condition(tree.args[0])), PLAIN, tree)


def _group(checker: FormulaChecker, tree: Tree) -> Term:
    return checker.term(tree.args[0])._replace(tree=tree)


def _ternary(checker: FormulaChecker, tree: Tree) -> Term:
    condition = checker.condition(tree.args[0])
    yes, no = checker.join(checker.number(tree.args[1]), checker.number(tree.args[2]), tree, "choose between")
    return Term(checker.apply(each.CHOOSE, condition, yes.node, no.node), yes.quantity.or_else(no.quantity), tree)


def _call(checker: FormulaChecker, tree: Tree) -> Term:
    return check_call(checker, tree)


def _misplaced(checker: FormulaChecker, tree: Tree) -> Term:
    raise fault("E-ARG", tree.position, tree.end, what=f"the option '{tree.text}' has no place here")


def _operands(checker: FormulaChecker, tree: Tree, first: Term) -> tuple[Term, Term]:
    return first.with_node(checker.graph.number(first.node)), checker.number(tree.args[1])


def _sum(checker: FormulaChecker, tree: Tree, first: Term) -> Term:
    verb = "add" if tree.op == "+" else "subtract"
    a, b = checker.join(*_operands(checker, tree, first), tree, verb)
    quantity = a.quantity.or_else(b.quantity)
    if tree.op == "-" and a.quantity.has_zero_point and b.quantity.has_zero_point:
        quantity = quantity.difference()
    elif quantity.spread and b.quantity.has_zero_point:
        quantity = b.quantity
    return Term(checker.apply(each.ADD if tree.op == "+" else each.SUBTRACT, a.node, b.node), quantity, tree)


def _product(checker: FormulaChecker, tree: Tree, first: Term) -> Term:
    a, b = _operands(checker, tree, first)
    for term, other in ((a, b), (b, a)):
        if term.quantity.has_zero_point and not other.quantity.plain:
            what = "product" if tree.op == "*" else "ratio"
            checker.warn("W-UNIT-AFFINE", tree, what=what, unit=term.quantity.text, hint="convert to [K] first")
            break
    if tree.op == "*":
        return Term(checker.apply(each.MULTIPLY, a.node, b.node), a.quantity.times(b.quantity), tree)
    divisor = b.node.constant
    if divisor is not None and not a.node.is_constant and abs(divisor) > each.SMALLEST_DIVISOR:
        node = checker.apply(each.SCALE_DOWN, a.node, params=(float(divisor),))
    else:
        node = checker.apply(each.DIVIDE, a.node, b.node)
    return Term(node, a.quantity.over(b.quantity), tree)


def _remainder(checker: FormulaChecker, tree: Tree, first: Term) -> Term:
    a, b = checker.join(*_operands(checker, tree, first), tree, "divide")
    return Term(checker.apply(each.MODULO, a.node, b.node), a.quantity.or_else(b.quantity), tree)


def _power(checker: FormulaChecker, tree: Tree, first: Term) -> Term:
    base, exponent = _operands(checker, tree, first)
    if exponent.quantity.fixed and exponent.quantity.parts:
        checker.blame("E-UNIT-PLAIN", exponent.tree, function="a power", unit=exponent.quantity.text)
    if base.quantity.has_zero_point:
        checker.warn("W-UNIT-AFFINE", tree, what="power", unit=base.quantity.text, hint="convert to [K] first")
    node = power_of(checker.graph, base.node, exponent.node)
    return Term(node, power_unit(base.quantity, exponent.node), tree)


def _comparison(checker: FormulaChecker, tree: Tree, first: Term) -> Term:
    a, b = checker.join(*_operands(checker, tree, first), tree, "compare")
    return Term(checker.apply(each.COMPARISONS[tree.op], a.node, b.node), PLAIN, tree)


def _logic(checker: FormulaChecker, tree: Tree, first: Term) -> Term:
    a, b = checker.graph.condition(first.node), checker.condition(tree.args[1])
    return Term(checker.apply(each.AND if tree.op == "and" else each.OR, a, b), PLAIN, tree)


def _convert(checker: FormulaChecker, tree: Tree, first: Term) -> Term:
    unit, source = tree.args[1], first.quantity
    node = checker.graph.number(first.node)
    if not unit.text:
        return Term(node, PLAIN, tree)
    target = checker.unit_at(unit.text, unit)
    if not source.fixed:
        return Term(node, target, tree)
    if not source.converts_to(target):
        hint = "take the unit away first: x[]" if source.parts else ""
        raise fault("E-UNIT-CONVERT", unit.position, unit.end, source=source.text, target=unit.text, hint=hint)
    return checker.converted(first, target)._replace(tree=tree)


_LEAVES: dict[str, Callable[[FormulaChecker, Tree], Term]] = {
    "number": _number, "name": _name, "quoted": _name, "neg": _negative, "not": _not, "group": _group,
    "? :": _ternary, "call": _call, "option": _misplaced,
}  # fmt: skip
_FOLDS: dict[str, Callable[[FormulaChecker, Tree, Term], Term]] = {
    "+": _sum, "-": _sum, "*": _product, "/": _product, "%": _remainder, "^": _power,
    **dict.fromkeys(each.COMPARISONS, _comparison), "and": _logic, "or": _logic, "convert": _convert,
}  # fmt: skip
"""Operators with a left operand, which may be a long chain."""


def _nearest_unit(text: str) -> str | None:
    """The unit with known atoms in the place of those that are none, if each is like one."""
    meant = re.sub(r"[A-Za-z%]+", lambda atom: atom[0] if atom[0] in ATOMS else nearest(atom[0], ATOMS) or "", text)
    return meant if is_unit(meant) and meant != text else None


def check_result(checker: FormulaChecker, term: Term, formula: str) -> Quantity:
    """The unit of a formula: the declared one if there is one, judged against what it comes to.

    Raises:
        FormulaError: they are of different kinds, and the channel is strict; or there is no such unit.
    """
    declared, found = checker.channel.unit or "", term.quantity
    whole = Tree("formula", 0, len(formula))
    if not declared.strip():
        return found
    try:
        quantity = checker.unit_at(declared, whole)
    except FormulaError as error:
        if checker.channel.policy is Policy.STRICT:
            raise
        checker.diagnostics.append(replace(Diagnostic.of(error), severity="warning"))
        return Quantity(known=False)
    if not found.fixed or found.parts == quantity.parts:
        return found if found.fixed else quantity
    factor = found.factor_to(quantity)
    if not found.converts_to(quantity):
        hint = "convert it with [unit], or declare another unit"
        checker.blame("E-UNIT-RESULT", whole, unit=found.text, declared=declared, hint=hint)
    elif abs(factor - 1) > 1e-12 or (not found.spread and found.unit.offset != quantity.unit.offset):
        by_hand = any(
            value and min(abs(value / factor - 1), abs(value * factor - 1)) <= 0.005 for value in checker.literals
        )
        if by_hand:
            checker.warn("I-HAND-CONVERSION", whole, unit=found.text, declared=declared, factor=factor)
        else:
            what = f"computed in [{found.text}] but declared in [{declared}]"
            hint = f"convert it: ( … )[{declared}]"
            checker.warn("W-UNIT-SCALE", whole, what=what, factor=factor, hint=hint)
    return quantity
