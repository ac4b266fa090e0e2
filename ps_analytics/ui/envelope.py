"""What is drawn of a stint too long to be drawn whole: the least and the greatest of every few pixels' samples."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tsdownsample import MinMaxDownsampler

from ps_analytics.ui.comparison import Column

Window = tuple[float, float]
"""From where to where, in x."""
Columns = Mapping[str, Column]

LONG_POINTS = 30_000
"""A comparison of more points is not sent whole: 25 km at 1 m, five minutes at 100 Hz."""
THIN_POINTS = 6_000
"""Of a long one so many points a column go to the browser at once, for the cursor and the map."""
MOST_PIXELS = 8_192
"""No screen is wider."""

_minmax = MinMaxDownsampler()


def envelope(
    x: Column, columns: Columns, *, view: Window | None = None, pixels: int = 1_000
) -> tuple[Column, dict[str, Column]]:
    """What is drawn of columns in a view: x and the columns' values there, no more than two points a pixel.

    Where the view has more samples, they are parted into bins of as many samples each. Every column has its least and
    greatest value of each bin, in the order they came, at the bin's first and last x: all columns share one x. The
    first and the last sample are themselves. Missing samples are left out of a bin; one with nothing else is missing.
    The view holds one sample on either side, so that lines run out of it.

    Args:
        x: of the samples, increasing.
        columns: values at x, NaN where missing.
        view: from where to where; None is everything.
        pixels: how wide it is drawn.

    Example:
        >>> x = np.arange(1000, dtype=np.float32)
        >>> at, drawn = envelope(x, {"v": np.where(x == 500, 9.0, 0.0).astype(np.float32)}, pixels=11)
        >>> len(at), float(drawn["v"].max()), at[[0, -1]].tolist()
        (22, 9.0, [0.0, 999.0])
    """
    first, end = _rows(x, view)
    pixels = min(max(int(pixels), 2), MOST_PIXELS)
    if end - first <= 2 * pixels:
        return x[first:end], {name: values[first:end] for name, values in columns.items()}
    within = slice(first + 1, end - 1)
    count = -(-(end - first - 2) // (pixels - 1))  # of the samples in a bin
    ends = _bin_ends(end - first - 2, count) + within.start
    picked = {
        name: _with_ends(values, _extremes(values[within], count), first, end) for name, values in columns.items()
    }
    return np.concatenate([x[first : first + 1], x[ends], x[end - 1 : end]]), picked


def thinned(x: Column, columns: Columns, *, most: int = THIN_POINTS) -> tuple[Column, dict[str, Column]]:
    """Every k-th sample of columns and the last one, for a cursor or a map: no more than `most`.

    Example:
        >>> x = np.arange(11, dtype=np.float32)
        >>> thinned(x, {}, most=4)[0].tolist()
        [0.0, 4.0, 8.0, 10.0]
    """
    if len(x) <= most:
        return x, dict(columns)
    step = -(-(len(x) - 1) // max(most - 1, 1))
    rows = np.append(np.arange(0, len(x) - 1, step), len(x) - 1)
    return x[rows], {name: values[rows] for name, values in columns.items()}


@dataclass(frozen=True, eq=False)
class Detail:
    """The columns of a comparison too long to be sent whole, by the names the browser has for them."""

    x: Column
    columns: Columns

    def drawn(self, view: Window | None, pixels: int, names: Iterable[str]) -> tuple[Column, dict[str, Column]]:
        """What is drawn of a view so many pixels wide, x and the columns named; names it does not have are left out."""
        named = {name: self.columns[name] for name in names if name in self.columns}
        return envelope(self.x, named, view=view, pixels=pixels)


def _rows(x: Column, view: Window | None) -> tuple[int, int]:
    """The first row of a view and the one behind its last."""
    if view is None or not np.isfinite(view).all():
        return 0, len(x)
    first = max(int(np.searchsorted(x, min(view), side="right")) - 1, 0)
    end = min(int(np.searchsorted(x, max(view), side="left")) + 1, len(x))
    return first, end


def _bin_ends(samples: int, count: int) -> NDArray[np.int64]:
    """The first and the last row of each bin of `count` samples, in turn; a last one of one sample has one."""
    starts = np.arange(0, samples, count)
    ends = np.stack([starts, np.minimum(starts + count, samples) - 1], axis=1).ravel()
    return ends[:-1] if samples % count == 1 else ends


def _extremes(values: Column, count: int) -> Column:
    """The least and the greatest value of each bin, in the order they came."""
    whole = len(values) // count * count
    rows = [_minmax.downsample(values[:whole], n_out=2 * (whole // count)).astype(np.int64)]
    if whole < len(values):
        tail = values[whole:]
        last = _known_of(tail) if len(tail) < 3 else _minmax.downsample(tail, n_out=2).astype(np.int64)
        rows.append(last + whole)
    return np.asarray(values[np.concatenate(rows)], dtype=np.float32)


def _known_of(few: Column) -> NDArray[np.int64]:
    """As many rows as there are, of those that are known; all where none is."""
    known = np.flatnonzero(np.isfinite(few))
    return np.resize(known, len(few)) if len(known) else np.arange(len(few))


def _with_ends(values: Column, between: Column, first: int, end: int) -> Column:
    return np.concatenate([values[first : first + 1], between, values[end - 1 : end]])
