"""The stretch of a stream that is kept: the columns cutting needs, in order of time, by absolute index."""

from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ps_analytics.ingest.line import COLUMNS, TIME, Floats

ROOM = 2048


def to_block(columns: Mapping[str, NDArray[np.generic]] | pl.DataFrame) -> Floats:
    """The columns that cutting needs as one array (len(COLUMNS), frames), NaN where missing."""
    present = columns.columns if isinstance(columns, pl.DataFrame) else columns
    block = np.full((len(COLUMNS), len(columns["timestamp"])), np.nan)
    for row, name in enumerate(COLUMNS):
        if name in present:
            block[row] = _floats(columns[name])
    return block


class Window:
    """Frames from `start` up to `end` (absolute indices; the stream's first frame is 0)."""

    def __init__(self) -> None:
        self._room = np.empty((len(COLUMNS), ROOM))
        self._count = 0
        self.start = 0

    @property
    def end(self) -> int:
        """The index after the latest frame."""
        return self.start + self._count

    @property
    def frames(self) -> Floats:
        """The frames kept, shape (len(COLUMNS), end - start)."""
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

    def append(self, part: Floats) -> int:
        """The number of frames taken: those that come after what is there. A stream in order passes untouched."""
        time = part[TIME]
        if not (time[0] > self.latest_s and np.all(np.diff(time) > 0)):
            known = np.where(np.isfinite(time), time, -np.inf)
            highest = np.maximum.accumulate(np.concatenate([[self.latest_s], known]))[:-1]
            part = part[:, known > highest]
        n: int = part.shape[1]
        if self._count + n > self._room.shape[1]:
            grown = np.empty((len(COLUMNS), 2 * (self._count + n)))
            grown[:, : self._count] = self.frames
            self._room = grown
        self._room[:, self._count : self._count + n] = part
        self._count += n
        return n

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
