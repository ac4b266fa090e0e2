"""Fewer points that look like all of them."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MOST_POINTS = 20_000
"""So many points of a lap a scatter plot draws at most."""
_CELLS = 640


def thinned(x: Floats, y: Floats, *, most: int = MOST_POINTS) -> NDArray[np.int64]:
    """Which points to draw, in their order: all of them, or of those too near to tell apart the first one.

    Points without an x or a y are left out. If there are more than `most`, one stays in each cell of a grid about as
    fine as a screen's; if there are more cells still, every so many-th of these stays, and the outermost points always.

    Example:
        >>> thinned(np.array([0.0, np.nan, 2.0]), np.array([0.0, 1.0, 2.0]))
        array([0, 2])
    """
    known = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    if len(known) <= most:
        return np.asarray(known)
    across, up = (_cells(values[known]) for values in (x, y))
    rows = known[np.sort(np.unique(across * (_CELLS + 1) + up, return_index=True)[1])]
    if len(rows) <= most:
        return np.asarray(rows)
    outermost = [known[find(values[known])] for values in (x, y) for find in (np.argmin, np.argmax)]
    even = rows[np.linspace(0, len(rows) - 1, most - len(outermost)).astype(np.int64)]
    return np.unique(np.concatenate([even, outermost]))


def _cells(values: Floats) -> NDArray[np.int64]:
    low, span = values.min(), np.ptp(values)
    return np.zeros(len(values), np.int64) if span == 0 else ((values - low) / span * _CELLS).astype(np.int64)
