"""The functions of formulas: the closed table, and what a plugin makes a row of its own of."""

from ps_analytics.channels.functions.call import Call
from ps_analytics.channels.functions.making import one
from ps_analytics.channels.functions.plugged import added_functions, all_functions
from ps_analytics.channels.functions.stateful import kernel
from ps_analytics.channels.functions.table import (
    A_CONDITION,
    DIFFERENCE,
    FUNCTIONS,
    JOINED,
    OF_RADIANS,
    PLAIN_NUMBER,
    PLAIN_OF_PLAIN,
    SAME,
    Function,
    UnitRule,
)
from ps_analytics.channels.graph import Operation

__all__ = [
    "A_CONDITION",
    "DIFFERENCE",
    "FUNCTIONS",
    "JOINED",
    "OF_RADIANS",
    "PLAIN_NUMBER",
    "PLAIN_OF_PLAIN",
    "SAME",
    "Call",
    "Function",
    "Operation",
    "UnitRule",
    "added_functions",
    "all_functions",
    "kernel",
    "one",
]
