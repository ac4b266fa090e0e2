"""The closed table of functions: everything a formula can call, one row each.

A row says how the function is called, what it means, what unit comes back, and what it is made of. Adding a function
is adding a row; its documentation, completion and checks follow from it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from ps_analytics.channels.functions import elementwise as each
from ps_analytics.channels.functions import making as do
from ps_analytics.channels.functions import stateful
from ps_analytics.channels.functions.call import Call
from ps_analytics.channels.functions.signature import Signature, read_signature
from ps_analytics.channels.quantities import PLAIN, RADIANS, SECONDS, Quantity


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
    make: do.Make | None
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
            do.statistic(name),
            f"stat_{name}(speed, throttle > 50)",
            "statistics",
            (*short, *aliases),
        )
    yield Function(
        f"stat_percentile(x, p{_OPTIONS})",
        "The value p % of the samples stay under, interpolated.",
        SAME,
        do.percentile,
        "stat_percentile(speed, 95)",
        "statistics",
        ("percentile",),
    )


_ROWS: dict[str, tuple[Function, ...]] = {
    "numbers": (
        Function("abs(x)", "The magnitude.", SAME, do.one(each.ABS), "abs(g_lat)"),
        Function("floor(x)", "Rounded down.", SAME, do.one(each.FLOOR), "floor(speed / 10)"),
        Function("ceil(x)", "Rounded up.", SAME, do.one(each.CEIL), "ceil(speed / 10)"),
        Function("trunc(x)", "Without its decimals.", SAME, do.one(each.TRUNC), "trunc(g_lat)"),
        Function("sign(x)", "−1, 0 or 1.", PLAIN_NUMBER, do.one(each.SIGN), "sign(steering)", aliases=("sgn",)),
        Function("round(x[, digits])", "Rounded to so many digits, halves away from zero.", SAME, do.rounded,
                 "round(speed, -1)"),
        Function("sqrt(x)", "The square root; nothing of a negative number.",
                 UnitRule("the square root of the unit", lambda c: c.unit.power(0.5)), lambda c: do.root(c, c.x),
                 "sqrt(square(g_lat) + square(g_long))"),
        Function("cbrt(x)", "The cube root.", UnitRule("the cube root of the unit", lambda c: c.unit.power(1 / 3)),
                 do.one(each.CBRT), "cbrt(raw(rpm))"),
        Function("square(x)", "x times x.", UnitRule("the square of the unit", lambda c: c.unit.power(2)), do.square,
                 "square(speed)", aliases=("sqr",)),
        Function("pow(x, y)", "x to the power of y.", UnitRule("the power of the unit", do.unit_to_the_power),
                 do.to_the_power, "pow(speed, 2)", aliases=("power",)),
        Function("exp(x)", "e to the power of x.", PLAIN_OF_PLAIN, do.one(each.EXP), "exp(-raw(speed) / 50)"),
        Function("ln(x)", "The natural logarithm; nothing of 0 or less.", PLAIN_OF_PLAIN, do.one(each.LN),
                 "ln(raw(rpm))", aliases=("log",)),
        Function("log10(x)", "The logarithm to base 10.", PLAIN_OF_PLAIN, do.one(each.LOG10), "log10(raw(rpm))"),
        Function("log2(x)", "The logarithm to base 2.", PLAIN_OF_PLAIN, do.one(each.LOG2), "log2(raw(rpm))"),
        Function("hypot(a, b, …8)", "The root of the sum of squares of 2 to 8 numbers.", _EACH, do.hypot,
                 "hypot(g_lat, g_long)"),
        Function("mod(a, b)", "What is left of a when b is taken off as often as it goes: mod(-7, 3) is 2.", _EACH,
                 do.one(each.MODULO), "mod(lap_time, 10)"),
    ),
    "angles": (
        Function("sin(x)", "The sine.", OF_RADIANS, do.one(each.SIN), "sin(steering_angle[rad])"),
        Function("cos(x)", "The cosine.", OF_RADIANS, do.one(each.COS), "cos(steering_angle[rad])"),
        Function("tan(x)", "The tangent.", OF_RADIANS, do.one(each.TAN), "tan(steering_angle[rad] / 14)"),
        Function("asin(x)", "The angle of a sine; nothing outside −1 to 1.", AN_ANGLE, do.one(each.ASIN),
                 "asin(steering[ratio])[deg]"),
        Function("acos(x)", "The angle of a cosine; nothing outside −1 to 1.", AN_ANGLE, do.one(each.ACOS),
                 "acos(steering[ratio])[deg]"),
        Function("atan(x)", "The angle of a tangent.", AN_ANGLE, do.one(each.ATAN), "atan(raw(g_lat))[deg]"),
        Function("atan2(y, x)", "The angle of the point (x, y), in all four quadrants.", _ATAN2, do.one(each.ATAN2),
                 "atan2(g_long, abs(g_lat))[deg]"),
    ),
    "choices": (
        Function("min(a, b, …32) or min(x[, over=][, where=])", "The smallest, sample by sample; of one, over the lap.",
                 _EACH, do.least_or("min", each.SMALLER), "min(throttle, brake)"),
        Function("max(a, b, …32) or max(x[, over=][, where=])", "The largest, sample by sample; of one, over the lap.",
                 _EACH, do.least_or("max", each.LARGER), "max(throttle, brake)"),
        Function("clamp(x, low, high)", "x, not less than low and not more than high.", JOINED, do.clamp,
                 "clamp(steering, -30, 30)", aliases=("limit",)),
        Function("if(c, a, b)", "a where c is true, b where it is false, nothing where it is unknown.", _EACH,
                 do.choose, "if(speed > 100, throttle, 0)", aliases=("choose",)),
        Function("case(c1, v1, v, …65)", "The value behind the first true condition, else the last one.", _EACH, None,
                 "case(gear <= 2, 1, gear <= 4, 2, 3)"),
        Function("default(x, d)", "x, and d where it is missing.", JOINED, do.one(each.DEFAULT), "default(speed, 0)"),
        Function("isvalid(x)", "Whether there is a value.", A_CONDITION, do.one(each.IS_VALID), "isvalid(speed)"),
        Function("invalid()", "No value.", PLAIN_NUMBER, do.one(each.MISSING), "if(brake > 5, speed, invalid())"),
        Function("xor(a_condition, b_condition)", "Whether exactly one of two is true.", A_CONDITION,
                 lambda call: call.apply(each.XOR, *call.conditions.values()), "xor(throttle > 50, speed > 100)"),
        Function("raw(x)", "The number without its unit.", PLAIN_NUMBER, lambda call: call.x, "raw(rpm) * 2"),
    ),
    "rates and sums": (
        Function("derivative(x[, seconds][, by=]) or derivative(y, x, seconds)",
                 "How fast x changes, smoothed over so many seconds before; of y by x in the second form.",
                 UnitRule("the unit by s, or by what it goes along", do.slope_unit), do.derivative,
                 "derivative(throttle, 0.1)", aliases=("deriv",)),
        Function(f"integrate(x{_OPTIONS}[, by=])",
                 "The area under x so far, from 0 at the start of the lap; samples with c false count 0.",
                 UnitRule("the unit times s, or times what it goes along", lambda c: c.unit.times(c.by_quantity)),
                 do.integral, "integrate(speed[m/s])", aliases=("integral",)),
        Function("duration(c[, over=])", "For how many seconds c is true.", TIME, do.duration,
                 "duration(throttle >= 98)"),
        Function(f"time_mean(x{_OPTIONS})", "The mean over time, however dense the samples.", SAME, do.mean_along_time,
                 "time_mean(speed)"),
        Function(f"dist_mean(x{_OPTIONS})", "The mean over distance.", SAME, do.mean_along_distance,
                 "dist_mean(speed)"),
    ),
    "windows and filters": (
        Function("smooth(x, seconds)", "The mean of the samples within half the window on each side.", SAME,
                 do.windowed("mean"), "smooth(throttle, 0.5)"),
        Function("window_mean(x, seconds)", "The same as smooth.", SAME, do.windowed("mean"), "window_mean(g_lat, 1)"),
        Function("window_min(x, seconds)", "The smallest sample of the window.", SAME, do.windowed("min"),
                 "window_min(speed, 2)"),
        Function("window_max(x, seconds)", "The largest sample of the window.", SAME, do.windowed("max"),
                 "window_max(brake, 1)"),
        Function("window_std(x, seconds)", "The standard deviation of the window (n − 1).", DIFFERENCE,
                 do.windowed("std"), "window_std(steering, 1)"),
        Function("window_median(x, seconds)", "The median of the window.", SAME, do.windowed("median"),
                 "window_median(g_long, 0.3)"),
        Function("lowpass(x, hz[, order])", "Without what is quicker than a frequency; Butterworth, no delay.", SAME,
                 do.filtered(stateful.LOWPASS), "lowpass(g_lat, 2)", aliases=("filter_lp",)),
        Function("highpass(x, hz[, order])", "Without what is slower than a frequency; Butterworth, no delay.",
                 DIFFERENCE, do.filtered(stateful.HIGHPASS), "highpass(g_lat, 2)", aliases=("filter_hp",)),
    ),
    "before and after": (
        Function("prev(x[, n])", "The value n samples earlier.", SAME, do.shifted(1), "prev(gear)"),
        Function("next(x[, n])", "The value n samples later.", SAME, do.shifted(-1), "next(gear)"),
        Function("delta(x)", "x minus the sample before.", DIFFERENCE, do.step, "delta(gear)"),
        Function("delay(x, by_how_much[, by=])",
                 "The value so many seconds (by=dist: metres) earlier, interpolated; a negative delay looks ahead.",
                 SAME, do.delayed, "delay(brake, 0.25)"),
    ),
    "events": (
        Function("rising(c)", "True on the first sample after c becomes true.", A_CONDITION, do.edge(stateful.RISING),
                 "rising(brake > 5)"),
        Function("falling(c)", "True on the first sample after c becomes false.", A_CONDITION,
                 do.edge(stateful.FALLING), "falling(brake > 5)"),
        Function("counter(c[, over=])", "How often c has become true so far.", PLAIN_NUMBER, do.counted,
                 "counter(delta(gear) > 0)"),
        Function("latch(set, reset)", "True from set to reset; set wins; false at the start of the lap.", A_CONDITION,
                 do.latched, "latch(throttle > 90, brake > 50)", aliases=("flip_flop",)),
        Function("hold(x, c)", "The last x while c was true.", SAME, do.held, "hold(speed, brake > 50)"),
    ),
    "statistics": (
        *_statistics(),
        Function(f"at_max(y, x{_OPTIONS})", "The value of y where x is largest.",
                 UnitRule("the unit of y", lambda c: c.quantities["y"]), do.extreme_place(stateful.AT_MAXIMUM),
                 "at_max(speed, g_lat)"),
        Function(f"at_min(y, x{_OPTIONS})", "The value of y where x is smallest.",
                 UnitRule("the unit of y", lambda c: c.quantities["y"]), do.extreme_place(stateful.AT_MINIMUM),
                 "at_min(distance, speed, over=corner)"),
    ),
    "tables": (
        Function("lookup(x, x1, y1, x2, y2, …65)", "Straight lines between points; the ends hold beyond them.",
                 PLAIN_NUMBER, None, "lookup(speed, 0, 0, 100, 1, 200, 3)"),
        Function("table(name, x)", "A curve of the vehicle setup at x.",
                 UnitRule("the unit the setup gives", lambda call: PLAIN), None, "table(setup.torque_curve, rpm)"),
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
