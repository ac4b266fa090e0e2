"""The functions of formulas: the closed table, and what its rows are made of."""

from ps_analytics.channels.functions.table import BY_ANY_NAME, FUNCTIONS, Function

__all__ = ["BY_ANY_NAME", "FUNCTIONS", "Function"]
