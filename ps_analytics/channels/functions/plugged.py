"""The functions a formula may call: those of the table, and those installed plugins add to it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache

from ps_analytics.channels.functions.call import Call
from ps_analytics.channels.functions.signature import read_signature
from ps_analytics.channels.functions.table import BY_ANY_NAME, Function
from ps_analytics.channels.graph import FINITE, Node
from ps_analytics.plugins import Plugins, load_plugins


@cache
def all_functions() -> Mapping[str, Function]:
    """Every function by every name, in lower case: the table's, then those of the installed plugins."""
    return with_plugins(load_plugins())


def with_plugins(plugins: Plugins) -> Mapping[str, Function]:
    """Every function by every name, those of these plugins behind the table's.

    A plugin with a name that is taken, or with something that is no function, adds nothing and goes to `failed`.
    """
    found = dict(BY_ANY_NAME)
    for plugin, answer in plugins.ask("math_functions"):
        try:
            rows = _rows(answer, plugin, found)
        except (TypeError, ValueError) as error:
            plugins.failed[plugin] = str(error)
        else:
            found.update(rows)
    return found


def added_functions() -> list[Function]:
    """The functions plugins add."""
    return [function for name, function in all_functions().items() if function.plugin and name == function.name]


def _rows(answer: object, plugin: str, taken: Mapping[str, Function]) -> dict[str, Function]:
    """A plugin's functions by every name.

    Raises:
        TypeError: one of them is no function of formulas.
        ValueError: a name is taken, or cannot be called.
    """
    rows: dict[str, Function] = {}
    for row in answer if isinstance(answer, list | tuple) else [answer]:
        if not isinstance(row, Function) or row.make is None:
            raise TypeError(f"math_functions returned {type(row).__name__}, not a list of Function")
        function = replace(row, make=_guarded(row.make), group=row.group or "added by plugins", plugin=plugin)
        for name in (function.name, *function.aliases):
            if name in taken or name in rows:
                raise ValueError(f"the function '{name}' is there already")
            if name != name.lower() or not name.isidentifier() or not read_signature(function.signature):
                raise ValueError(f"'{name}' cannot be the name of a function: use a-z, 0-9 and _")
            rows[name] = function
    return rows


def _guarded(make: Callable[[Call], Node]) -> Callable[[Call], Node]:
    """What a stranger's function makes, missing where it is not finite."""

    def finite(call: Call) -> Node:
        node = make(call)
        return call.apply(FINITE, node) if node.kind == "number" and not node.is_constant else node

    return finite
