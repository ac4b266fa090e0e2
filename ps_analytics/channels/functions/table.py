"""The closed table of functions: everything a formula can call, one row each.

A row says how the function is called, what it means, what unit comes back, and what it is made of. Adding a function
is adding a row; its documentation, completion and checks follow from it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from ps_analytics.channels.functions import elementwise as each
from ps_analytics.channels.functions import stateful
from ps_analytics.channels.functions.call import Call
from ps_analytics.channels.functions.signature import Signature, read_signature
from ps_analytics.channels.graph import Graph, Node, Operation
from ps_analytics.channels.quantities import PLAIN, RADIANS, SECONDS, UNKNOWN, Quantity


@dataclass(frozen=True, slots=True)
class UnitRule:
    """What unit comes back, in words and as a function of the call; `needs` is what the arguments must be.

    `needs` is "" (anything), "radians", "plain", or "alike": one kind of unit for all numbers.
    """

    text: str
    of: Callable[[Call], Quantity]
    needs: str = ""


SAME = UnitRule("the unit of x", lambda call: call.unit)
DIFFERENCE = UnitRule("the unit of x", lambda call: call.unit.difference())
JOINED = UnitRule("the unit of its arguments, which must be of one kind", lambda call: call.unit, needs="alike")
PLAIN_NUMBER = UnitRule("a plain number", lambda call: PLAIN)
PLAIN_OF_PLAIN = UnitRule("a plain number, of a plain number", lambda call: PLAIN, needs="plain")
OF_RADIANS = UnitRule("a plain number, of radians", lambda call: PLAIN, needs="radians")
AN_ANGLE = UnitRule("rad, of a plain number", lambda call: RADIANS, needs="plain")
TIME = UnitRule("s", lambda call: SECONDS)
A_CONDITION = UnitRule("a condition", lambda call: PLAIN)


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the language; `plugin` is who adds it, if not the house.

    `make` gives the node of a checked call; the few without one are `forms`.
    """

    signature: str
    meaning: str
    unit_rule: UnitRule
    make: Callable[[Call], Node] | None
    example: str
    group: str = ""
    aliases: tuple[str, ...] = ()
    plugin: str = ""

    @property
    def name(self) -> str:
        """Its name, in lower case."""
        return self.signature[: self.signature.index("(")]

    @property
    def ways(self) -> tuple[Signature, ...]:
        """The ways to call it."""
        return read_signature(self.signature)

    @property
    def unit(self) -> str:
        """What unit comes back, in words."""
        return self.unit_rule.text

    @property
    def options(self) -> frozenset[str]:
        """The named options it takes in any way."""
        return frozenset().union(*(way.options for way in self.ways))


def one(operation: Operation) -> Callable[[Call], Node]:
    """A function of one row: its operation on its numbers."""
    return lambda call: call.apply(operation, *call.every)


def folded(operation: Operation) -> Callable[[Call], Node]:
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


def _power(call: Call) -> Node:
    return power_of(call.graph, call.x, call.numbers["y"])


def _power_unit(call: Call) -> Quantity:
    return power_unit(call.unit, call.numbers["y"])


def power_unit(unit: Quantity, exponent: Node) -> Quantity:
    """The unit of a power: with an exponent that varies it is unknown."""
    if exponent.constant is not None:
        return unit.power(float(exponent.constant))
    return UNKNOWN if unit.fixed and unit.parts else unit


def _square(call: Call) -> Node:
    return power_of(call.graph, call.x, call.graph.constant(2.0))


def root(call: Call, x: Node) -> Node:
    """The square root; missing where x is negative."""
    return call.apply(each.ROOT if x.never_negative else each.SQRT, x)


def _hypot(call: Call) -> Node:
    squares = [call.apply(each.MULTIPLY, x, x) for x in call.every]
    total, *others = squares
    for other in others:
        total = call.apply(each.ADD, total, other)
    return root(call, total)


def _clamp(call: Call) -> Node:
    at_least = call.apply(each.LARGER, call.x, call.numbers["low"])
    return call.apply(each.SMALLER, at_least, call.numbers["high"])


def _choose(call: Call) -> Node:
    return call.apply(each.CHOOSE, call.conditions["c"], *call.every)


def _rounded(call: Call) -> Node:
    digits = int(call.constants.get("digits", 0))
    scale = call.graph.constant(10.0 ** -min(digits, 0))
    if digits >= 0:
        return call.apply(each.ROUND, call.x, params=(digits,))
    return call.apply(each.MULTIPLY, call.apply(each.ROUND, call.apply(each.DIVIDE, call.x, scale), params=(0,)), scale)


def _windowed(name: str) -> Callable[[Call], Node]:
    def make(call: Call) -> Node:
        return _window(call, name, call.x, call.constants["seconds"])

    return make


def _window(call: Call, name: str, x: Node, seconds: float) -> Node:
    return call.apply(stateful.WINDOWS[name], x, call.rows.time, call.rows.segment(), params=(seconds,))


def _derivative(call: Call) -> Node:
    along = "y" in call.numbers
    x = call.numbers["y"] if along else call.x
    if "seconds" in call.constants:
        x = _window(call, "mean", x, call.constants["seconds"])
    axis = call.x if along else call.axis
    segment = call.rows.segment(axis) if along else call.segment
    return call.apply(stateful.SLOPE, x, axis, segment)


def _slope_unit(call: Call) -> Quantity:
    if "y" in call.numbers:
        return call.quantities["y"].difference().over(call.unit)
    return call.unit.difference().over(call.by_quantity)


def _integral(call: Call) -> Node:
    return call.apply(stateful.INTEGRAL, call.gated_to_zero, call.axis, call.segment, call.scope)


def _duration(call: Call) -> Node:
    return call.apply(stateful.WHOLE_INTEGRAL, call.gate, call.rows.time, call.rows.segment(), call.scope)


def _mean_along_time(call: Call) -> Node:
    return call.apply(stateful.MEAN_ALONG, call.x, call.gate, call.rows.time, call.rows.segment(), call.scope)


def _mean_along_distance(call: Call) -> Node:
    metres = call.rows.channel("distance")
    return call.apply(stateful.MEAN_ALONG, call.x, call.gate, metres, call.rows.segment(metres), call.scope)


def _filtered(operation: Operation) -> Callable[[Call], Node]:
    def make(call: Call) -> Node:
        params = (call.constants["hz"], int(call.constants.get("order", 2)))
        return call.apply(operation, call.x, call.rows.time, call.rows.segment(), params=params)

    return make


def _shifted(sign: int) -> Callable[[Call], Node]:
    def make(call: Call) -> Node:
        n = sign * int(call.constants.get("n", 1))
        return call.apply(stateful.SHIFT, call.x, call.rows.segment(), params=(n,))

    return make


def _step(call: Call) -> Node:
    return call.apply(each.SUBTRACT, call.x, _shifted(1)(call))


def _delayed(call: Call) -> Node:
    return call.apply(stateful.DELAY, call.x, call.axis, call.segment, params=(call.constants["by_how_much"],))


def _edge(operation: Operation) -> Callable[[Call], Node]:
    return lambda call: call.apply(operation, call.conditions["c"], call.rows.segment())


def _counted(call: Call) -> Node:
    return call.apply(stateful.COUNTER, call.conditions["c"], call.rows.segment(), call.scope)


def _latched(call: Call) -> Node:
    return call.apply(stateful.LATCH, call.conditions["set"], call.conditions["reset"], call.rows.scope("lap"))


def _held(call: Call) -> Node:
    return call.apply(stateful.HOLD, call.x, call.conditions["c"], call.rows.scope("lap"))


def _statistic(name: str) -> Callable[[Call], Node]:
    return lambda call: call.apply(stateful.STATISTICS[name], call.gated, call.scope)


def _percentile(call: Call) -> Node:
    return call.apply(stateful.STATISTICS["percentile"], call.gated, call.scope, params=(call.constants["p"],))


def _extreme_place(operation: Operation) -> Callable[[Call], Node]:
    return lambda call: call.apply(operation, call.numbers["y"], call.gated, call.scope)


def _least_or(name: str, operation: Operation) -> Callable[[Call], Node]:
    """`min` and `max`: per sample of several, over the lap of one."""
    per_sample, over_lap = folded(operation), _statistic(name)
    return lambda call: over_lap(call) if "x" in call.numbers else per_sample(call)


def _joined_unit(call: Call) -> Quantity:
    return next(iter(call.quantities.values()), PLAIN)


_EACH = UnitRule("the unit of its arguments, which must be of one kind", _joined_unit, needs="alike")
_ATAN2 = UnitRule("rad; its arguments must be of one kind", lambda call: RADIANS, needs="alike")
_OPTIONS = "[, c][, over=][, where=]"


def _statistics() -> Iterable[Function]:
    named = {
        "min": ("smallest value", (), SAME), "max": ("largest value", (), SAME), "mean": ("mean", ("avg",), SAME),
        "sum": ("sum of the samples", (), SAME),
        "std": ("standard deviation (n − 1)", ("stat_std_dev",), DIFFERENCE), "median": ("median", (), SAME),
        "first": ("first valid sample", ("stat_start",), SAME), "last": ("last valid sample", ("stat_end",), SAME),
        "count": ("number of valid samples", (), PLAIN_NUMBER),
        "range": ("largest minus smallest value", (), DIFFERENCE),
    }  # fmt: skip
    for name, (meaning, aliases, rule) in named.items():
        short = () if name in ("min", "max", "range") else (name,)
        yield Function(
            f"stat_{name}(x{_OPTIONS})",
            f"The {meaning} of the lap or another scope, on each of its rows; samples with c false are left out.",
            rule,
            _statistic(name),
            f"stat_{name}(speed, throttle > 50)",
            "statistics",
            (*short, *aliases),
        )
    yield Function(
        f"stat_percentile(x, p{_OPTIONS})",
        "The value p % of the samples stay under, interpolated.",
        SAME,
        _percentile,
        "stat_percentile(speed, 95)",
        "statistics",
        ("percentile",),
    )


_ROWS: dict[str, tuple[Function, ...]] = {
    "numbers": (
        Function("abs(x)", "The magnitude.", SAME, one(each.ABS), "abs(g_lat)"),
        Function("floor(x)", "Rounded down.", SAME, one(each.FLOOR), "floor(speed / 10)"),
        Function("ceil(x)", "Rounded up.", SAME, one(each.CEIL), "ceil(speed / 10)"),
        Function("trunc(x)", "Without its decimals.", SAME, one(each.TRUNC), "trunc(g_lat)"),
        Function("sign(x)", "−1, 0 or 1.", PLAIN_NUMBER, one(each.SIGN), "sign(steering)", aliases=("sgn",)),
        Function("round(x[, digits])", "Rounded to so many digits, halves away from zero.", SAME, _rounded,
                 "round(speed, 1)"),
        Function("sqrt(x)", "The square root; nothing of a negative number.",
                 UnitRule("the square root of the unit", lambda c: c.unit.power(0.5)), lambda c: root(c, c.x),
                 "sqrt(square(g_lat) + square(g_long))"),
        Function("cbrt(x)", "The cube root.", UnitRule("the cube root of the unit", lambda c: c.unit.power(1 / 3)),
                 one(each.CBRT), "cbrt(raw(rpm))"),
        Function("square(x)", "x times x.", UnitRule("the square of the unit", lambda c: c.unit.power(2)), _square,
                 "square(speed)", aliases=("sqr",)),
        Function("pow(x, y)", "x to the power of y.", UnitRule("the power of the unit", _power_unit),
                 _power, "pow(speed, 2)", aliases=("power",)),
        Function("exp(x)", "e to the power of x.", PLAIN_OF_PLAIN, one(each.EXP), "exp(-raw(speed) / 50)"),
        Function("ln(x)", "The natural logarithm; nothing of 0 or less.", PLAIN_OF_PLAIN, one(each.LN),
                 "ln(raw(rpm))", aliases=("log",)),
        Function("log10(x)", "The logarithm to base 10.", PLAIN_OF_PLAIN, one(each.LOG10), "log10(raw(rpm))"),
        Function("log2(x)", "The logarithm to base 2.", PLAIN_OF_PLAIN, one(each.LOG2), "log2(raw(rpm))"),
        Function("hypot(a, b, …8)", "The root of the sum of squares of 2 to 8 numbers.", _EACH, _hypot,
                 "hypot(g_lat, g_long)"),
        Function("mod(a, b)", "What is left of a when b is taken off as often as it goes: mod(-7, 3) is 2.", _EACH,
                 one(each.MODULO), "mod(lap_time, 10)"),
    ),
    "angles": (
        Function("sin(x)", "The sine.", OF_RADIANS, one(each.SIN), "sin(steering_angle[rad])"),
        Function("cos(x)", "The cosine.", OF_RADIANS, one(each.COS), "cos(steering_angle[rad])"),
        Function("tan(x)", "The tangent.", OF_RADIANS, one(each.TAN), "tan(steering_angle[rad] / 14)"),
        Function("asin(x)", "The angle of a sine; nothing outside −1 to 1.", AN_ANGLE, one(each.ASIN),
                 "asin(steering[])[deg]"),
        Function("acos(x)", "The angle of a cosine; nothing outside −1 to 1.", AN_ANGLE, one(each.ACOS),
                 "acos(steering[])[deg]"),
        Function("atan(x)", "The angle of a tangent.", AN_ANGLE, one(each.ATAN), "atan(raw(g_lat))[deg]"),
        Function("atan2(y, x)", "The angle of the point (x, y), in all four quadrants.", _ATAN2, one(each.ATAN2),
                 "atan2(g_lat, g_long)[deg]"),
    ),
    "choices": (
        Function("min(a, b, …32) or min(x[, over=][, where=])", "The smallest, sample by sample; of one, over the lap.",
                 _EACH, _least_or("min", each.SMALLER), "min(throttle, brake)"),
        Function("max(a, b, …32) or max(x[, over=][, where=])", "The largest, sample by sample; of one, over the lap.",
                 _EACH, _least_or("max", each.LARGER), "max(throttle, brake)"),
        Function("clamp(x, low, high)", "x, not less than low and not more than high.", JOINED, _clamp,
                 "clamp(steering, -30, 30)", aliases=("limit",)),
        Function("if(c, a, b)", "a where c is true, b where it is false, nothing where it is unknown.", _EACH, _choose,
                 "if(speed > 100, throttle, 0)", aliases=("choose",)),
        Function("case(c1, v1, v, …65)", "The value behind the first true condition, else the last one.", _EACH, None,
                 "case(gear <= 2, 1, gear <= 4, 2, 3)"),
        Function("default(x, d)", "x, and d where it is missing.", JOINED, one(each.DEFAULT), "default(speed, 0)"),
        Function("isvalid(x)", "Whether there is a value.", A_CONDITION, one(each.IS_VALID), "isvalid(speed)"),
        Function("invalid()", "No value.", PLAIN_NUMBER, one(each.MISSING), "if(brake > 5, speed, invalid())"),
        Function("xor(a_condition, b_condition)", "Whether exactly one of two is true.", A_CONDITION,
                 lambda call: call.apply(each.XOR, *call.conditions.values()), "xor(throttle > 50, speed > 100)"),
        Function("raw(x)", "The number without its unit.", PLAIN_NUMBER, lambda call: call.x, "raw(rpm) * 2"),
    ),
    "rates and sums": (
        Function("derivative(x[, seconds][, by=]) or derivative(y, x, seconds)",
                 "How fast x changes, smoothed over so many seconds before; of y by x in the second form.",
                 UnitRule("the unit by s, or by what it goes along", _slope_unit), _derivative,
                 "derivative(throttle, 0.1)", aliases=("deriv",)),
        Function(f"integrate(x{_OPTIONS}[, by=])",
                 "The area under x so far, from 0 at the start of the lap; samples with c false count 0.",
                 UnitRule("the unit times s, or times what it goes along", lambda c: c.unit.times(c.by_quantity)),
                 _integral, "integrate(speed[m/s])", aliases=("integral",)),
        Function("duration(c[, over=])", "For how many seconds c is true.", TIME, _duration,
                 "duration(throttle >= 98)"),
        Function(f"time_mean(x{_OPTIONS})", "The mean over time, however dense the samples.", SAME, _mean_along_time,
                 "time_mean(speed)"),
        Function(f"dist_mean(x{_OPTIONS})", "The mean over distance.", SAME, _mean_along_distance, "dist_mean(speed)"),
    ),
    "windows and filters": (
        Function("smooth(x, seconds)", "The mean of the samples within half the window on each side.", SAME,
                 _windowed("mean"), "smooth(throttle, 0.5)"),
        Function("window_mean(x, seconds)", "The same as smooth.", SAME, _windowed("mean"), "window_mean(g_lat, 1)"),
        Function("window_min(x, seconds)", "The smallest sample of the window.", SAME, _windowed("min"),
                 "window_min(speed, 2)"),
        Function("window_max(x, seconds)", "The largest sample of the window.", SAME, _windowed("max"),
                 "window_max(brake, 1)"),
        Function("window_std(x, seconds)", "The standard deviation of the window (n − 1).", DIFFERENCE,
                 _windowed("std"), "window_std(steering, 1)"),
        Function("window_median(x, seconds)", "The median of the window.", SAME, _windowed("median"),
                 "window_median(g_long, 0.3)"),
        Function("lowpass(x, hz[, order])", "Without what is quicker than a frequency; Butterworth, no delay.", SAME,
                 _filtered(stateful.LOWPASS), "lowpass(g_lat, 2)", aliases=("filter_lp",)),
        Function("highpass(x, hz[, order])", "Without what is slower than a frequency; Butterworth, no delay.",
                 DIFFERENCE, _filtered(stateful.HIGHPASS), "highpass(g_lat, 2)", aliases=("filter_hp",)),
    ),
    "before and after": (
        Function("prev(x[, n])", "The value n samples earlier.", SAME, _shifted(1), "prev(gear)"),
        Function("next(x[, n])", "The value n samples later.", SAME, _shifted(-1), "next(gear)"),
        Function("delta(x)", "x minus the sample before.", DIFFERENCE, _step, "delta(gear)"),
        Function("delay(x, by_how_much[, by=])",
                 "The value so many seconds (by=dist: metres) earlier, interpolated; a negative delay looks ahead.",
                 SAME, _delayed, "delay(brake, 0.25)"),
    ),
    "events": (
        Function("rising(c)", "True on the first sample after c becomes true.", A_CONDITION, _edge(stateful.RISING),
                 "rising(brake > 5)"),
        Function("falling(c)", "True on the first sample after c becomes false.", A_CONDITION,
                 _edge(stateful.FALLING), "falling(brake > 5)"),
        Function("counter(c[, over=])", "How often c has become true so far.", PLAIN_NUMBER, _counted,
                 "counter(delta(gear) > 0)"),
        Function("latch(set, reset)", "True from set to reset; set wins; false at the start of the lap.", A_CONDITION,
                 _latched, "latch(throttle > 90, brake > 50)", aliases=("flip_flop",)),
        Function("hold(x, c)", "The last x while c was true.", SAME, _held, "hold(speed, brake > 50)"),
    ),
    "statistics": (
        *_statistics(),
        Function(f"at_max(y, x{_OPTIONS})", "The value of y where x is largest.",
                 UnitRule("the unit of y", lambda c: c.quantities["y"]), _extreme_place(stateful.AT_MAXIMUM),
                 "at_max(speed, g_lat)"),
        Function(f"at_min(y, x{_OPTIONS})", "The value of y where x is smallest.",
                 UnitRule("the unit of y", lambda c: c.quantities["y"]), _extreme_place(stateful.AT_MINIMUM),
                 "at_min(distance, speed, over=corner)"),
    ),
    "tables": (
        Function("lookup(x, x1, y1, x2, y2, …65)", "Straight lines between points; the ends hold beyond them.",
                 PLAIN_NUMBER, None, "lookup(speed, 0, 0, 100, 1, 200, 3)"),
        Function("table(name, x)", "A curve of the vehicle setup at x.",
                 UnitRule("the unit the setup gives", lambda call: PLAIN), None, "table(setup.damper_curve, speed)"),
    ),
    "reference lap": (
        Function("ref(x)", "x of the reference lap at the same place of the track.", SAME, None, "ref(speed)"),
        Function("delta_ref(x)", "x minus x of the reference lap at the same place.", DIFFERENCE, None,
                 "delta_ref(speed)"),
    ),
}  # fmt: skip

OF_ITS_ROW = ("numbers", "angles", "choices", "tables")
"""The groups whose functions look at no other row than their own."""

FUNCTIONS: dict[str, Function] = {row.name: replace(row, group=group) for group, rows in _ROWS.items() for row in rows}
"""Every function by its name, in lower case."""
BY_ANY_NAME: dict[str, Function] = {
    name: function for function in FUNCTIONS.values() for name in (function.name, *function.aliases)
}
"""Every function by its name and by its aliases."""
