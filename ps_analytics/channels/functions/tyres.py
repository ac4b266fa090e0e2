"""Functions of tyre models, added to the language through the hook any package may use."""

import math

import polars as pl

from ps_analytics.channels.functions.making import one
from ps_analytics.channels.functions.table import Function, UnitRule
from ps_analytics.channels.graph import OVERFLOW, Operation
from ps_analytics.plugins import hookimpl


def _magic(slip: pl.Expr, stiffness: pl.Expr, shape: pl.Expr, peak: pl.Expr, bend: pl.Expr) -> pl.Expr:
    x = stiffness * slip
    return peak * (shape * (x - bend * (x - x.arctan())).arctan()).sin()


def _magic_bound(slip: float, stiffness: float, shape: float, peak: float, bend: float) -> float:
    return math.inf if slip * stiffness * (1.0 + bend) * shape > OVERFLOW else peak


MAGIC_FORMULA = Operation("magic formula", _magic, bound=_magic_bound, repeats=True)


@hookimpl
def math_functions() -> list[Function]:
    """The force of a tyre by its slip (H. B. Pacejka, Tyre and Vehicle Dynamics, ch. 4)."""
    return [
        Function(
            "magic_formula(slip, stiffness, shape, peak, bend)",
            "Pacejka's tyre formula, D·sin(C·atan(Bx − E·(Bx − atan(Bx)))) with B stiffness, C shape, D peak, E bend.",
            UnitRule("the unit of the peak", lambda call: call.quantities["peak"]),
            one(MAGIC_FORMULA),
            "magic_formula(wheel_slip_fl[], 0.12, 1.65, 4000[N], 0.97)",
            "tyres",
        )
    ]
