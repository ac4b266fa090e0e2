"""Operations that look at other rows than their own: NumPy kernels over a lap, a session or a section of one.

A kernel is given columns as arrays, missing values as NaN, and gives one back. What it gives is never infinite.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import polars as pl

from ps_analytics.channels.graph import Ahead, Operation
from ps_analytics.channels.kernels import events, filters, segments, shifts, slopes, statistics, windows

_STEEPEST = 1e12
"""A slope, or an integral, is at most so many times larger than what it is of: clocks tick in µs, laps end."""


def _array(series: pl.Series) -> Any:
    if series.dtype == pl.Boolean:
        series = series.cast(pl.Float64)
    return series.to_numpy()


def kernel(
    function: Callable[..., Any],
    *,
    bound: Callable[..., float],
    kind: str = "number",
    looks_ahead: Callable[..., Ahead | bool] | None = None,
) -> Operation:
    """The operation of a kernel.

    Args:
        function: takes an array an operand (float64, NaN = missing; conditions 1 and 0), then the parameters; gives an
            array as long, without infinities.
        bound: its largest magnitude, from those of its operands and the parameters.
        kind: number, condition, or key for int64 numbers of rows that belong together.
        looks_ahead: how far it looks at later rows, from the parameters: False is not at all, True all of the scope.
    """

    def lower(*operands: pl.Expr | Any) -> pl.Expr:
        columns = [operand for operand in operands if isinstance(operand, pl.Expr)]
        params = [operand for operand in operands if not isinstance(operand, pl.Expr)]

        def run(series: Sequence[pl.Series]) -> pl.Series:
            values = function(*map(_array, series), *params)
            found = pl.Series(values, nan_to_null=True)
            return found != 0.0 if kind == "condition" else found

        dtypes = {"number": pl.Float64, "condition": pl.Boolean, "key": pl.Int64}
        return pl.map_batches(columns, run, return_dtype=dtypes[kind])

    return Operation(
        function.__name__, lower, bound=bound, kind=kind, stateful=True, repeats=True, looks_ahead=looks_ahead
    )


def _whole_scope(*_: Any) -> bool:
    return True


def _whole_segment(*_: Any) -> Ahead:
    return Ahead(seconds=math.inf)


def _next_sample(*_: Any) -> Ahead:
    return Ahead(samples=1)


def _same(x: float, *_: Any) -> float:
    return x


def _steep(x: float, *_: Any) -> float:
    return max(x, 1.0) * _STEEPEST


def _one(*_: Any) -> float:
    return 1.0


def _many(*_: Any) -> float:
    return _STEEPEST


SEGMENTS = kernel(segments.segment_ids, bound=_many, kind="key")

SLOPE = kernel(slopes.slope, bound=_steep, looks_ahead=_next_sample)
INTEGRAL = kernel(slopes.integrate, bound=_steep)
WHOLE_INTEGRAL = kernel(slopes.total_trapezoid, bound=_steep, looks_ahead=_whole_scope)
MEAN_ALONG = kernel(slopes.mean_along, bound=_steep, looks_ahead=_whole_scope)

SHIFT = kernel(shifts.shift, bound=_same, looks_ahead=lambda n: n < 0 and Ahead(samples=-n))
DELAY = kernel(shifts.delay, bound=_same, looks_ahead=lambda k: k < 0 and Ahead(seconds=-k))

WINDOWS = {
    name: kernel(function, bound=_steep, looks_ahead=lambda seconds: Ahead(seconds=seconds / 2.0))
    for name, function in {
        "mean": windows.window_mean,
        "min": windows.window_minimum,
        "max": windows.window_maximum,
        "std": windows.window_std,
        "median": windows.window_median,
    }.items()
}

LOWPASS = kernel(filters.lowpass, bound=_steep, looks_ahead=_whole_segment)
HIGHPASS = kernel(filters.highpass, bound=_steep, looks_ahead=_whole_segment)

RISING = kernel(events.rising, bound=_one, kind="condition")
FALLING = kernel(events.falling, bound=_one, kind="condition")
COUNTER = kernel(events.counter, bound=_many)
LATCH = kernel(events.latch, bound=_one, kind="condition")
HOLD = kernel(events.hold, bound=_same)

_OF_A_SCOPE: dict[str, Callable[..., Any]] = {
    "min": statistics.minimum,
    "max": statistics.maximum,
    "mean": statistics.mean,
    "sum": statistics.total,
    "std": statistics.std,
    "median": statistics.median,
    "count": statistics.count,
    "range": statistics.spread,
    "percentile": statistics.percentile,
    "last": statistics.last,
}
STATISTICS = {name: kernel(function, bound=_steep, looks_ahead=_whole_scope) for name, function in _OF_A_SCOPE.items()}
STATISTICS["first"] = kernel(statistics.first, bound=_same, looks_ahead=_whole_scope)
AT_MAXIMUM = kernel(statistics.at_maximum, bound=_same, looks_ahead=_whole_scope)
AT_MINIMUM = kernel(statistics.at_minimum, bound=_same, looks_ahead=_whole_scope)
