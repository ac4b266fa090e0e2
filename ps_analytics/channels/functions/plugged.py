"""The functions a formula may call: the table's, and those installed plugins add."""

from collections.abc import Mapping
from functools import cache

from ps_analytics.channels.functions.table import BY_ANY_NAME, Function


@cache
def all_functions() -> Mapping[str, Function]:
    """Every function by every name, in lower case."""
    return BY_ANY_NAME
