"""A call in a formula → the function of the table it means, its arguments checked against its signature."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ps_analytics.channels.faults import fault, nearest
from ps_analytics.channels.forms import FORMS
from ps_analytics.channels.formula import Tree, is_range_change
from ps_analytics.channels.functions.call import Call
from ps_analytics.channels.functions.rows import SCOPES, MissingColumn
from ps_analytics.channels.functions.signature import CONDITION, CONSTANT, Limits, Signature
from ps_analytics.channels.functions.table import Function
from ps_analytics.channels.graph import Node
from ps_analytics.channels.quantities import RADIANS, RATIO, SECONDS, Quantity, of
from ps_analytics.channels.terms import Term
from ps_analytics.errors import FormulaError

if TYPE_CHECKING:
    from ps_analytics.channels.checked import FormulaChecker

_SECTIONS = {"outings": "session", "laps": "lap", "corners": "corner", "straights": "straight"}
"""What MoTeC's range_change names, and the scope it is; other track sections are sections."""
_METRES = of("m")


@dataclass(slots=True)
class _Arguments:
    """The arguments of a call, sorted."""

    positional: list[Tree] = field(default_factory=list)
    options: dict[str, Tree] = field(default_factory=dict)
    scope: tuple[str, Tree] | None = None


def check_call(checker: "FormulaChecker", tree: Tree) -> Term:
    """A call, checked.

    Raises:
        FormulaError: there is no such function, or it is not called like this.
    """
    function = checker.program.functions.get(tree.text.lower())
    if function is None:
        raise _no_function(tree, checker.program.functions)
    if function.make is None:
        return FORMS[function.name](checker, tree)
    arguments = _sorted(tree, function)
    way = _way(tree, function, arguments)
    try:
        call = _bind(checker, tree, function, way, arguments)
        return Term(function.make(call), function.unit_rule.of(call), tree)
    except MissingColumn as missing:
        raise no_column(missing.args[0], tree, arguments.scope) from None


def no_column(column: str, tree: Tree, scope: tuple[str, Tree] | None = None) -> FormulaError:
    """The error of a column that a call needs and the frame does not have."""
    place = scope[1] if scope else tree
    if column.endswith("_id"):
        return fault("E-SCOPE", place.position, place.end, sections=column[:-3] + "s", column=column)
    return fault("E-NOT-RECORDED", tree.position, tree.end, name=column)


def _no_function(tree: Tree, functions: Mapping[str, Function]) -> FormulaError:
    near = nearest(tree.text, functions)
    end = tree.position + len(tree.text)
    hint = f"did you mean {near}()?" if near else ""
    fix = (tree.position, end, near) if near else None
    return fault("E-UNKNOWN-FUNCTION", tree.position, end, name=tree.text, hint=hint, fix=fix)


def _sorted(tree: Tree, function: Function) -> _Arguments:
    """Positional arguments, options, and the scope however it is said.

    Raises:
        FormulaError: an option the function does not have, or the same twice.
    """
    found = _Arguments()
    for argument in tree.args:
        if is_range_change(argument):
            found.scope = (_motec_scope(argument), argument)
        elif argument.op != "option":
            found.positional.append(argument)
        elif argument.text in found.options or argument.text not in function.options:
            twice = argument.text in found.options
            what = (
                f"{function.name}() is given '{argument.text}' twice" if twice else _no_option(function, argument.text)
            )
            raise fault("E-ARG", tree.position, tree.end, what=what)
        else:
            found.options[argument.text] = argument.args[0]
    if (over := found.options.pop("over", None)) is not None:
        found.scope = (_scope(over), over)
    if found.scope and "over" not in function.options:
        raise fault("E-ARG", tree.position, tree.end, what=_no_option(function, "over"))
    return found


def _no_option(function: Function, option: str) -> str:
    has = ", ".join(f"{name}=" for name in sorted(function.options))
    return f"{function.name}() has no option '{option}'" + (f"; it has {has}" if has else "")


def _scope(tree: Tree) -> str:
    name = tree.text.lower() if tree.op == "name" else ""
    if name not in SCOPES:
        hint = "use over=" + "|".join(SCOPES)
        raise fault("E-ARG", tree.position, tree.end, what=f"unknown scope '{tree.text}'", hint=hint)
    return name


def _motec_scope(tree: Tree) -> str:
    text = tree.args[0].text if len(tree.args) == 1 and tree.args[0].op == "quoted" else ""
    if not text:
        hint = 'use over=lap, or write range_change("Outings:Laps")'
        raise fault("E-ARG", tree.position, tree.end, what="range_change() takes one name in quotes", hint=hint)
    return _SECTIONS.get(text.split(":")[-1].strip().lower(), "section")


def _way(tree: Tree, function: Function, arguments: _Arguments) -> Signature:
    """The signature that fits.

    Raises:
        FormulaError: none does.
    """
    given = len(arguments.positional)
    options = {*arguments.options, *(("over",) if arguments.scope else ())}
    fitting = [way for way in function.ways if way.needs <= given <= way.most]
    if not fitting:
        ways = " or ".join(dict.fromkeys(_count(way) for way in function.ways))
        hint = f"write {function.signature}"
        raise fault("E-ARITY", tree.position, tree.end, function=tree.text, takes=ways, given=given, hint=hint)
    for way in fitting:
        if options <= way.options:
            return way
    name, option = function.name, sorted(options)[0]
    what = f"{name}() of {given} arguments has no option '{option}'"
    hint = f"write stat_{name}(x, condition, {option}=…)" if name in ("min", "max") else ""
    raise fault("E-ARG", tree.position, tree.end, what=what, hint=hint)


def _count(way: Signature) -> str:
    if way.needs == way.most:
        return f"{way.needs} argument{'s' * (way.needs != 1)}" if way.needs else "no arguments"
    return f"{way.needs} to {way.most} arguments"


def _bind(checker: "FormulaChecker", tree: Tree, function: Function, way: Signature, arguments: _Arguments) -> Call:
    """The arguments as nodes and constants by the names of the signature."""
    names = list(way.parameters[: len(arguments.positional)])
    names += [f"{way.parameters[-1]}{n}" for n in range(len(arguments.positional) - len(names))]
    numbers: dict[str, Term] = {}
    conditions = {}
    constants: dict[str, float] = {}
    for name, argument in zip(names, arguments.positional, strict=True):
        if name in CONDITION:
            conditions[name] = checker.condition(argument)
        elif name in CONSTANT:
            constants[name] = _constant(checker, argument, CONSTANT[name])
        else:
            numbers[name] = _number(checker, argument, function, way)
    if (where := arguments.options.get("where")) is not None:
        if "c" in conditions:
            raise fault("E-ARG", tree.position, tree.end, what=f"{function.name}() is given two conditions")
        conditions["c"] = checker.condition(where)
    numbers = _judged(checker, function, numbers, tree)
    by, by_quantity = _axis(checker, arguments.options.get("by"))
    return Call(
        graph=checker.graph,
        rows=checker.program.rows,
        numbers={name: term.node for name, term in numbers.items()},
        conditions=conditions,
        constants=constants,
        every=tuple(term.node for term in numbers.values()),
        quantities={name: term.quantity for name, term in numbers.items()},
        by=by,
        by_quantity=by_quantity,
        over=arguments.scope[0] if arguments.scope else "lap",
        asked=arguments.scope is not None,
    )


def _number(checker: "FormulaChecker", argument: Tree, function: Function, way: Signature) -> Term:
    term = checker.term(argument)
    if function.name in ("min", "max") and way.repeats and term.node.kind == "condition":
        hint = f"for the samples where it is true write stat_{function.name}(x, condition)"
        what = f"{function.name}() of several compares numbers, this is a condition"
        raise fault("E-ARG", argument.position, argument.end, what=what, hint=hint)
    return term.with_node(checker.graph.number(term.node))


def _constant(checker: "FormulaChecker", argument: Tree, limits: Limits) -> float:
    term = checker.number(argument)
    if term.quantity.fixed and limits.unit and term.quantity.fits(of(limits.unit)):
        term = checker.converted(term, of(limits.unit))
    value = term.node.constant
    if value is None:
        raise fault("E-NOT-CONSTANT", argument.position, argument.end, what=limits.label)
    if not limits.low <= value <= limits.high or (limits.whole and value != int(value)):
        raise fault("E-RANGE", argument.position, argument.end, what=limits.label, range=limits.range)
    return float(value)


def _axis(checker: "FormulaChecker", tree: Tree | None) -> tuple[Node | None, Quantity]:
    """What `by=` names: None is the clock."""
    name = tree.text.lower() if tree is not None and tree.op == "name" else ""
    if tree is None or name == "time":
        return None, SECONDS
    if name in ("dist", "distance"):
        return checker.program.rows.channel("distance"), _METRES
    term = checker.number(tree)
    return term.node, term.quantity


def _judged(checker: "FormulaChecker", function: Function, numbers: dict[str, Term], tree: Tree) -> dict[str, Term]:
    """The numbers, their units judged by what the function needs."""
    needs = function.unit_rule.needs
    if needs == "alike":
        return _alike(checker, function, numbers, tree)
    if needs in ("plain", "radians"):
        for term in numbers.values():
            _judge_plain(checker, function, term) if needs == "plain" else _judge_angle(checker, function, term)
    return numbers


def _judge_angle(checker: "FormulaChecker", function: Function, term: Term) -> None:
    quantity, tree = term.quantity, term.tree
    if not quantity.fixed or (quantity.fits(RADIANS) and abs(quantity.factor_to(RADIANS) - 1) < 1e-12):
        return
    fix = (tree.end, tree.end, "[rad]") if quantity.fits(RADIANS) and tree.op in _ATOMIC else None
    hint = f"write {function.name}(x[rad])" if quantity.fits(RADIANS) else ""
    checker.blame("E-UNIT-ANGLE", tree, function=function.name, unit=quantity.text, hint=hint, fix=fix)


_ATOMIC = ("name", "quoted", "call", "group", "convert")


def _judge_plain(checker: "FormulaChecker", function: Function, term: Term) -> None:
    quantity = term.quantity
    if not quantity.fixed:
        return
    if not quantity.fits(RATIO):
        hint = "divide by something of the same kind, or wrap it in raw( )"
        checker.blame("E-UNIT-PLAIN", term.tree, function=function.name, unit=quantity.text, hint=hint)
    elif abs(factor := quantity.factor_to(RATIO)) != 1:
        what = f"{function.name}() of a number in [{quantity.text}] as it is"
        checker.warn(
            "W-UNIT-SCALE", term.tree, what=what, factor=factor, hint="convert it: x[ratio], or x[] on purpose"
        )


def _alike(checker: "FormulaChecker", function: Function, numbers: dict[str, Term], tree: Tree) -> dict[str, Term]:
    """All numbers in the unit of the first that has one and is not a constant."""
    terms = list(numbers.values())
    rank = sorted(range(len(terms)), key=lambda i: (not terms[i].quantity.fixed, terms[i].node.is_constant))
    lead = terms[rank[0]] if terms else None
    if lead is None:
        return numbers
    quantity: Quantity = lead.quantity
    verb = "choose between" if function.name in ("if", "default") else "compare"
    for i in rank[1:]:
        terms[i] = checker.join(lead, terms[i], tree, verb)[1]
        quantity = quantity.or_else(terms[i].quantity)
    return {name: term._replace(quantity=quantity) for name, term in zip(numbers, terms, strict=True)}
