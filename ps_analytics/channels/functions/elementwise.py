"""Operations of one row: arithmetic, comparisons, choices, and the elementary functions. Missing in, missing out."""

import math
import operator

import numpy as np
import polars as pl

from ps_analytics.channels.graph import OVERFLOW, Node, Operation

SMALLEST_DIVISOR = 1e-30


def _divided(a: pl.Expr, b: pl.Expr) -> pl.Expr:
    return a / _divisor(b)


def _remainder(a: pl.Expr, b: pl.Expr) -> pl.Expr:
    return a % _divisor(b)


def _divisor(b: pl.Expr) -> pl.Expr:
    """The divisor where it divides; two comparisons take a fifth of the time of one of the magnitude."""
    return pl.when((b > SMALLEST_DIVISOR) | (b < -SMALLEST_DIVISOR)).then(b)


def _remainder_bound(a: float, b: float) -> float:
    """Polars takes whole parts of a / b away, which may overflow, and of a number beyond 2^53 they are not exact."""
    return math.inf if a / SMALLEST_DIVISOR > OVERFLOW else a + b


def _power_bound(base: float, exponent: float) -> float:
    return math.pow(max(1.0, base), exponent)


def _both(a: Node, b: Node) -> bool:
    return a.never_negative and b.never_negative


def _square(a: Node, b: Node) -> bool:
    return a is b or _both(a, b)


def _root(x: float) -> float:
    return max(1.0, math.sqrt(x))


def _chosen(c: pl.Expr, a: pl.Expr, b: pl.Expr) -> pl.Expr:
    """A choice behind a mask: two choices, of `c` and of its opposite, would take longer."""
    return pl.when(c.is_not_null()).then(pl.when(c).then(a).otherwise(b))


def _smaller(a: pl.Expr, b: pl.Expr) -> pl.Expr:
    return _chosen(a <= b, a, b)


def _larger(a: pl.Expr, b: pl.Expr) -> pl.Expr:
    return _chosen(a >= b, a, b)


def _quotient(a: float, b: float) -> float:
    if abs(b) <= SMALLEST_DIVISOR:
        raise ZeroDivisionError
    return a / b


NEGATE = Operation("negate", lambda x: -x, fold=operator.neg)
ADD = Operation("+", operator.add, bound=operator.add, never_negative=_both, fold=operator.add)
SUBTRACT = Operation("-", operator.sub, bound=operator.add, fold=operator.sub)
MULTIPLY = Operation("*", operator.mul, bound=operator.mul, never_negative=_square, fold=operator.mul)
SCALE_DOWN = Operation("/ constant", lambda x, divisor: x / divisor, bound=lambda x, divisor: x / abs(divisor))
"""Division by a constant that is not 0."""
DIVIDE = Operation("/", _divided, bound=lambda a, _: a / SMALLEST_DIVISOR, repeats=True, fold=_quotient)
MODULO = Operation("%", _remainder, bound=_remainder_bound, repeats=True)
POWER = Operation("^", lambda x, y: x.pow(y), bound=lambda *_: math.inf, fold=math.pow)
WHOLE_POWER = Operation(
    "^ constant",
    lambda x, exponent: x**exponent,
    bound=_power_bound,
    never_negative=lambda x, exponent: x.never_negative or exponent % 2 == 0,
)
"""A power with a constant exponent that is whole and positive: it has a value for every base."""

COMPARISONS = {
    sign: Operation(sign, compare, kind="condition", fold=compare)
    for sign, compare in {
        "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
    }.items()
}  # fmt: skip
MIRRORED = {
    COMPARISONS[sign]: COMPARISONS[other]
    for sign, other in {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}.items()
}
"""What compares the same with its operands exchanged."""
AND = Operation("and", operator.and_, kind="condition", fold=operator.and_)
OR = Operation("or", operator.or_, kind="condition", fold=operator.or_)
XOR = Operation("xor", lambda a, b: a != b, kind="condition", fold=operator.ne)
NOT = Operation("not", operator.invert, kind="condition", fold=operator.not_)
CHOOSE = Operation("if", _chosen, bound=lambda c, a, b: max(a, b), repeats=True, fold=lambda c, a, b: a if c else b)
SMALLER = Operation("min", _smaller, repeats=True, fold=min)
LARGER = Operation("max", _larger, repeats=True, fold=max)
MISSING = Operation("invalid", lambda: pl.lit(None, dtype=pl.Float64), bound=lambda: 0.0)
DEFAULT = Operation("default", lambda x, d: x.fill_null(d), fold=lambda x, d: x)
IS_VALID = Operation("isvalid", lambda x: x.is_not_null(), kind="condition", fold=lambda x: True)
GATE = Operation("gate", lambda x, c: pl.when(c).then(x))
"""The samples for which a condition is true; the others are missing."""
GATE_TO_ZERO = Operation(
    "gate to zero", lambda x, c: pl.when(x.is_not_null()).then(pl.when(c).then(x).otherwise(0.0)), repeats=True
)
"""The samples for which a condition is true; the others count 0."""
TRUE_IS_ONE = Operation("1 where true", lambda c: c.fill_null(False).cast(pl.Float64), bound=lambda _: 1.0, fold=float)

ABS = Operation("abs", lambda x: x.abs(), never_negative=lambda _: True, fold=abs)
FLOOR = Operation("floor", lambda x: x.floor(), bound=lambda x: x + 1)
CEIL = Operation("ceil", lambda x: x.ceil(), bound=lambda x: x + 1)
TRUNC = Operation("trunc", lambda x: x.truncate())
SIGN = Operation("sign", lambda x: x.sign(), bound=lambda _: 1.0)
ROUND = Operation("round", lambda x, digits: x.round(digits, mode="half_away_from_zero"), bound=lambda x, digits: x + 1)
SQRT = Operation("sqrt", lambda x: x.sqrt().fill_nan(None), bound=_root, never_negative=lambda _: True)
ROOT = Operation("root", lambda x: x.sqrt(), bound=_root, never_negative=lambda _: True, fold=math.sqrt)
"""The square root of what is never negative."""
CBRT = Operation("cbrt", lambda x: x.cbrt(), bound=lambda x: max(1.0, x ** (1 / 3)))
EXP = Operation("exp", lambda x: x.exp(), bound=lambda x: math.exp(x))
LN = Operation("ln", lambda x: pl.when(x > 0.0).then(x.log()), bound=lambda _: 800.0, repeats=True)
LOG10 = Operation("log10", lambda x: pl.when(x > 0.0).then(x.log10()), bound=lambda _: 400.0, repeats=True)
LOG2 = Operation("log2", lambda x: pl.when(x > 0.0).then(x.log(2.0)), bound=lambda _: 1100.0, repeats=True)
SIN = Operation("sin", lambda x: x.sin(), bound=lambda _: 1.0)
COS = Operation("cos", lambda x: x.cos(), bound=lambda _: 1.0)
TAN = Operation("tan", lambda x: x.tan(), bound=lambda _: 1e17)
ASIN = Operation("asin", lambda x: x.arcsin().fill_nan(None), bound=lambda _: math.pi)
ACOS = Operation("acos", lambda x: x.arccos().fill_nan(None), bound=lambda _: math.pi)
ATAN = Operation("atan", lambda x: x.arctan(), bound=lambda _: math.pi)
ATAN2 = Operation("atan2", lambda y, x: pl.arctan2(y, x), bound=lambda *_: math.pi)


def _interpolated(x: pl.Expr, xs: tuple[float, ...], ys: tuple[float, ...]) -> pl.Expr:
    def values(series: pl.Series) -> pl.Series:
        return pl.Series(np.interp(series.to_numpy(), xs, ys), nan_to_null=True)

    return x.map_batches(values, return_dtype=pl.Float64, is_elementwise=True)


def _interpolated_bound(_: float, _xs: tuple[float, ...], ys: tuple[float, ...]) -> float:
    return max(map(abs, ys))


INTERPOLATE = Operation(
    "lookup",
    _interpolated,
    bound=_interpolated_bound,
    fold=lambda x, xs, ys: float(np.interp(x, xs, ys)),
)
"""Piecewise linear between points, the ends holding beyond them."""
