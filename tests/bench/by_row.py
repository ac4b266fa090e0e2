"""A peer: formulas evaluated row by row in Python, as mathjs does it: a tree made into functions once, then called."""

import math
from collections.abc import Callable, Mapping

from ps_analytics.channels.formula import Tree, parse
from ps_analytics.channels.units import conversion

Row = Mapping[str, float]
Value = float | bool | None
OfRow = Callable[[Row], Value]


def _quotient(a: float, b: float) -> float | None:
    return a / b if abs(b) > 1e-30 else None


OPERATORS: dict[str, Callable[[float, float], Value]] = {
    "+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "/": _quotient, "^": math.pow,
    ">": lambda a, b: a > b, ">=": lambda a, b: a >= b, "<": lambda a, b: a < b, "<=": lambda a, b: a <= b,
    "and": lambda a, b: bool(a and b),
}  # fmt: skip
FUNCTIONS: dict[str, Callable[..., Value]] = {
    "hypot": math.hypot, "min": min, "max": max, "abs": abs, "atan": math.atan,
    "sign": lambda x: (x > 0) - (x < 0), "clamp": lambda x, low, high: min(max(x, low), high),
}  # fmt: skip


def row_functions(formulas: Mapping[str, tuple[str, str]], units: Mapping[str, str | None]) -> dict[str, OfRow]:
    """Each formula as a function of a row that holds its columns and the formulas before it."""
    declared = {**units, **{name: unit for name, (_, unit) in formulas.items()}}
    return {name: _made(parse(formula), declared) for name, (formula, _) in formulas.items()}


def evaluate_rows(functions: Mapping[str, OfRow], rows: list[dict[str, Value]]) -> list[dict[str, Value]]:
    """The rows with what the functions make of them."""
    for row in rows:
        for name, function in functions.items():
            row[name] = function(row)  # type: ignore[arg-type]
    return rows


def _made(tree: Tree, units: Mapping[str, str | None]) -> OfRow:
    if tree.op == "number":
        value = float(tree.text)
        return lambda row: value
    if tree.op in ("name", "quoted"):
        name = tree.text
        return lambda row: row[name]
    if tree.op == "convert":
        return _converted(tree, units)
    if tree.op == "call" and tree.text == "invalid":
        return lambda row: None
    parts = [_made(part, units) for part in tree.args]
    if tree.op == "group":
        return parts[0]
    if tree.op == "call" and tree.text == "if":
        condition, yes, no = parts
        return lambda row: _chosen(condition(row), yes, no, row)
    function = FUNCTIONS[tree.text] if tree.op == "call" else OPERATORS[tree.op]

    def of_row(row: Row) -> Value:
        values = [part(row) for part in parts]
        return None if None in values else function(*values)

    return of_row


def _chosen(condition: Value, yes: OfRow, no: OfRow, row: Row) -> Value:
    if condition is None:
        return None
    return yes(row) if condition else no(row)


def _converted(tree: Tree, units: Mapping[str, str | None]) -> OfRow:
    """A conversion of a name or a constant; of anything else a factor that is as good as any for its time."""
    inner, target = tree.args
    inside = _made(inner, units)
    unit = units.get(inner.text) if inner.op in ("name", "quoted") else None
    factor = conversion(unit, target.text)[0] if unit else _FACTORS.get(target.text, 1.0)

    def of_row(row: Row) -> Value:
        value = inside(row)
        return None if value is None else value * factor

    return of_row


_FACTORS = {"%": 100.0, "deg": 180 / math.pi, "kJ": 1e-3}
