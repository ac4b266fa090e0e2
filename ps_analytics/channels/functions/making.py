"""How the functions of the table are made: a checked call → a node of the graph."""

from collections.abc import Callable

from ps_analytics.channels.functions import elementwise as each
from ps_analytics.channels.functions import stateful
from ps_analytics.channels.functions.call import Call
from ps_analytics.channels.graph import Graph, Node, Operation
from ps_analytics.channels.quantities import UNKNOWN, Quantity

Make = Callable[[Call], Node]
"""What a row of the table makes of a call."""


def one(operation: Operation) -> Make:
    """A function of one row: its operation on its numbers."""
    return lambda call: call.apply(operation, *call.every)


def folded(operation: Operation) -> Make:
    """A function of two made one of many, from left to right."""

    def make(call: Call) -> Node:
        whole, *others = call.every
        for other in others:
            whole = call.apply(operation, whole, other)
        return whole

    return make


def power_of(graph: Graph, x: Node, y: Node) -> Node:
    """One number to the power of another."""
    exponent = y.constant
    if exponent is not None and not x.is_constant and float(exponent).is_integer() and 0 < exponent <= 64:
        return graph.apply(each.WHOLE_POWER, x, params=(int(exponent),))
    return graph.apply(each.POWER, x, y)


def to_the_power(call: Call) -> Node:
    """One number to the power of another."""
    return power_of(call.graph, call.x, call.numbers["y"])


def unit_to_the_power(call: Call) -> Quantity:
    """The unit of x to the power of y."""
    return power_unit(call.unit, call.numbers["y"])


def power_unit(unit: Quantity, exponent: Node) -> Quantity:
    """The unit of a power: with an exponent that varies it is unknown."""
    if exponent.constant is not None:
        return unit.power(float(exponent.constant))
    return UNKNOWN if unit.fixed and unit.parts else unit


def square(call: Call) -> Node:
    """A number times itself."""
    return power_of(call.graph, call.x, call.graph.constant(2.0))


def root(call: Call, x: Node) -> Node:
    """The square root; missing where x is negative."""
    return call.apply(each.ROOT if x.never_negative else each.SQRT, x)


def hypot(call: Call) -> Node:
    """The root of the sum of squares."""
    squares = [call.apply(each.MULTIPLY, x, x) for x in call.every]
    total, *others = squares
    for other in others:
        total = call.apply(each.ADD, total, other)
    return root(call, total)


def clamp(call: Call) -> Node:
    """A number between two limits."""
    at_least = call.apply(each.LARGER, call.x, call.numbers["low"])
    return call.apply(each.SMALLER, at_least, call.numbers["high"])


def choose(call: Call) -> Node:
    """One of two numbers, by a condition."""
    return call.apply(each.CHOOSE, call.conditions["c"], *call.every)


def rounded(call: Call) -> Node:
    """A number with so many digits, also before the point."""
    digits = int(call.constants.get("digits", 0))
    scale = call.graph.constant(10.0 ** -min(digits, 0))
    if digits >= 0:
        return call.apply(each.ROUND, call.x, params=(digits,))
    return call.apply(each.MULTIPLY, call.apply(each.ROUND, call.apply(each.DIVIDE, call.x, scale), params=(0,)), scale)


def windowed(name: str) -> Make:
    """A statistic of the window around each sample."""

    def make(call: Call) -> Node:
        return window(call, name, call.x, call.constants["seconds"])

    return make


def window(call: Call, name: str, x: Node, seconds: float) -> Node:
    """A statistic of a node over the window around each sample."""
    return call.apply(stateful.WINDOWS[name], x, call.rows.time, call.rows.segment(), params=(seconds,))


def derivative(call: Call) -> Node:
    """The slope of x along its axis, or of y along x, smoothed before."""
    along = "y" in call.numbers
    x = call.numbers["y"] if along else call.x
    if "seconds" in call.constants:
        x = window(call, "mean", x, call.constants["seconds"])
    axis = call.x if along else call.axis
    segment = call.rows.segment(axis) if along else call.segment
    return call.apply(stateful.SLOPE, x, axis, segment)


def slope_unit(call: Call) -> Quantity:
    """The unit of a slope."""
    if "y" in call.numbers:
        return call.quantities["y"].difference().over(call.unit)
    return call.unit.difference().over(call.by_quantity)


def integral(call: Call) -> Node:
    """The area under x so far."""
    return call.apply(stateful.INTEGRAL, call.gated_to_zero, call.axis, call.segment, call.scope)


def duration(call: Call) -> Node:
    """How long a condition holds, over a scope."""
    return call.apply(stateful.WHOLE_INTEGRAL, call.gate, call.rows.time, call.rows.segment(), call.scope)


def mean_along_time(call: Call) -> Node:
    """The mean over time, over a scope."""
    return call.apply(stateful.MEAN_ALONG, call.x, call.gate, call.rows.time, call.rows.segment(), call.scope)


def mean_along_distance(call: Call) -> Node:
    """The mean over distance, over a scope."""
    metres = call.rows.channel("distance")
    return call.apply(stateful.MEAN_ALONG, call.x, call.gate, metres, call.rows.segment(metres), call.scope)


def filtered(operation: Operation) -> Make:
    """A number through a Butterworth filter."""

    def make(call: Call) -> Node:
        params = (call.constants["hz"], int(call.constants.get("order", 2)))
        return call.apply(operation, call.x, call.rows.time, call.rows.segment(), params=params)

    return make


def shifted(sign: int) -> Make:
    """The number so many samples earlier (1) or later (−1)."""

    def make(call: Call) -> Node:
        n = sign * int(call.constants.get("n", 1))
        return call.apply(stateful.SHIFT, call.x, call.rows.segment(), params=(n,))

    return make


def step(call: Call) -> Node:
    """The change since the sample before."""
    return call.apply(each.SUBTRACT, call.x, shifted(1)(call))


def delayed(call: Call) -> Node:
    """The number so much earlier along its axis."""
    return call.apply(stateful.DELAY, call.x, call.axis, call.segment, params=(call.constants["by_how_much"],))


def edge(operation: Operation) -> Make:
    """Where a condition changes."""
    return lambda call: call.apply(operation, call.conditions["c"], call.rows.segment())


def counted(call: Call) -> Node:
    """How often a condition became true."""
    return call.apply(stateful.COUNTER, call.conditions["c"], call.rows.segment(), call.scope)


def latched(call: Call) -> Node:
    """A condition kept from set to reset."""
    return call.apply(stateful.LATCH, call.conditions["set"], call.conditions["reset"], call.rows.scope("lap"))


def held(call: Call) -> Node:
    """The last x while a condition was true."""
    return call.apply(stateful.HOLD, call.x, call.conditions["c"], call.rows.scope("lap"))


def statistic(name: str) -> Make:
    """A statistic of a scope."""
    return lambda call: call.apply(stateful.STATISTICS[name], call.gated, call.scope)


def percentile(call: Call) -> Node:
    """A percentile of a scope."""
    return call.apply(stateful.STATISTICS["percentile"], call.gated, call.scope, params=(call.constants["p"],))


def extreme_place(operation: Operation) -> Make:
    """One number where another is extreme, over a scope."""
    return lambda call: call.apply(operation, call.numbers["y"], call.gated, call.scope)


def least_or(name: str, operation: Operation) -> Make:
    """`min` and `max`: per sample of several, over the lap of one."""
    per_sample, over_lap = folded(operation), statistic(name)
    return lambda call: over_lap(call) if "x" in call.numbers else per_sample(call)
