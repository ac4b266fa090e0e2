"""What a kernel takes and gives: columns of one length, float64 with NaN for what is missing, ids as int64."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

_Kernel = TypeVar("_Kernel", bound=Callable[..., Floats])


def kernel(function: _Kernel) -> _Kernel:
    """The function, run without warnings; what is infinite is missing, in what it gets and in what it gives.

    Example:
        >>> kernel(lambda x: x * x)(np.array([2.0, np.nan, np.inf, 1e200]))
        array([ 4., nan, nan, nan])
    """

    @functools.wraps(function)
    def quietly(*args: Any, **kwargs: Any) -> Floats:
        with np.errstate(all="ignore"):
            given = {name: _finite(value) for name, value in kwargs.items()}
            return cast("Floats", _finite(function(*map(_finite, args), **given)))

    return cast("_Kernel", quietly)


def _finite(value: object) -> object:
    """The value; in place of a column with infinities one without them."""
    if not (isinstance(value, np.ndarray) and value.dtype == np.float64 and np.isinf(value).any()):
        return value
    return np.where(np.isinf(value), np.nan, value)


def missing(rows: int) -> Floats:
    """A column of nothing but missing values.

    Example:
        >>> missing(2)
        array([nan, nan])
    """
    return np.full(rows, np.nan)


def is_true(condition: Floats) -> Mask:
    """Where a condition holds: neither 0 nor missing.

    Example:
        >>> is_true(np.array([1.0, 0.0, np.nan]))
        array([ True, False, False])
    """
    return np.asarray((condition != 0.0) & ~np.isnan(condition))


def there(x: Floats) -> Ints | slice:
    """The rows that are not missing, to take and to put columns with; all of them as a slice, which copies nothing.

    Example:
        >>> there(np.array([1.0, np.nan, 2.0]))
        array([0, 2])
    """
    present = ~np.isnan(x)
    return slice(None) if present.all() else np.flatnonzero(present)
