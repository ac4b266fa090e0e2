"""Operations that bring in what is not in the frame: the vehicle setup, and the reference lap."""

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ps_analytics.channels.graph import LARGEST, Operation
from ps_analytics.channels.kernels.reference import at_reference

Places = tuple[NDArray[np.float64], NDArray[np.float64]]
"""The places of the reference lap's samples on the track, and what is asked of them."""

SETUP_VALUE = Operation("setup", lambda value: pl.lit(value, dtype=pl.Float64), bound=abs)


def _by_session(session: pl.Expr, values: tuple[tuple[Any, float], ...]) -> pl.Expr:
    given = dict(values)
    return session.replace_strict(given, default=None, return_dtype=pl.Float64)


SETUP_BY_SESSION = Operation("setup by session", _by_session, bound=lambda *_: LARGEST)
"""The value of each row's session; missing where that has none."""


def _at_reference(position: pl.Expr, places: Places, stepped: bool) -> pl.Expr:
    def values(series: pl.Series) -> pl.Series:
        found = at_reference(series.to_numpy(), *places, stepped=stepped)
        return pl.Series(found, nan_to_null=True)

    return position.map_batches(values, return_dtype=pl.Float64, is_elementwise=True)


AT_REFERENCE = Operation("ref", _at_reference, bound=lambda *_: 1e300)
"""Its first parameter is the number of a node of the reference's program; a plan puts that node's values there."""
