"""The stretch of a stream that is kept: the columns cutting needs, in order of time, by absolute index."""

from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ps_analytics.ingest.line import COLUMNS, LOST, PLACE, ROWS, RUN, TIME, Floats

ROOM = 2048


def to_block(columns: Mapping[str, NDArray[np.generic]] | pl.DataFrame) -> Floats:
    """The columns that cutting needs as one array (ROWS, frames), NaN where missing and in the rows that are made."""
    present = columns.columns if isinstance(columns, pl.DataFrame) else columns
    block = np.full((ROWS, len(columns["timestamp"])), np.nan)
    for row, name in enumerate((*COLUMNS, *PLACE)):
        if name in present:
            block[row] = _floats(columns[name])
    return block


class Window:
    """Frames from `start` up to `end` (absolute indices; the stream's first frame is 0)."""

    def __init__(self) -> None:
        self._room = np.empty((ROWS, ROOM))
        self._count = 0
        self.start = 0

    @property
    def end(self) -> int:
        """The index after the latest frame."""
        return self.start + self._count

    @property
    def frames(self) -> Floats:
        """The frames kept, shape (ROWS, end - start)."""
        return self._room[:, : self._count]

    @property
    def latest_s(self) -> float:
        """The time stamp of the latest frame; -inf before the first."""
        return float(self._room[TIME, self._count - 1]) if self._count else -np.inf

    def at(self, column: int, index: int) -> float:
        """One value."""
        return float(self._room[column, index - self.start])

    def index_of(self, time_s: float) -> int:
        """The first frame kept that is not before `time_s`; `end` if there is none."""
        return self.start + int(np.searchsorted(self.frames[TIME], time_s))

    def append(self, part: Floats) -> None:
        """Take frames that come after what is there."""
        n: int = part.shape[1]
        if self._count + n > self._room.shape[1]:
            grown = np.empty((ROWS, 2 * (self._count + n)))
            grown[:, : self._count] = self.frames
            self._room = grown
        self._room[:, self._count : self._count + n] = part
        self._count += n

    def time_of(self, run_s: float, near: int) -> float:
        """When so many seconds that count had gone, around a frame; in a pause, its begin."""
        run, lost = self.frames[RUN], self.frames[LOST]
        first, last = (int(i) for i in np.searchsorted(run, [run_s - 1e-6, run_s + 1e-6]))
        first, last = max(min(first, near - self.start) - 1, 0), min(max(last, near - self.start + 1), len(run) - 1)
        if lost[first] == lost[last] and run[first] < run[last]:
            return run_s + float(lost[first])
        return float(np.interp(run_s, run[first : last + 1], self.frames[TIME, first : last + 1]))

    def forget(self, before: int) -> None:
        """Drop the frames before an index. Cheap enough only where many go at once."""
        drop = before - self.start
        self._room[:, : self._count - drop] = self.frames[:, drop:].copy()
        self._count -= drop
        self.start += drop


def _floats(column: pl.Series | NDArray[np.generic]) -> Floats:
    if isinstance(column, pl.Series):
        return column.cast(pl.Float64).to_numpy()
    return np.asarray(column, dtype=np.float64)
