"""The facts of the running lap, folded in blocks as its frames leave the window."""

import numpy as np

from ps_analytics.ingest.facts import Facts, fold
from ps_analytics.ingest.window import Window

BLOCK = 512


class Tally:
    """Facts of a lap from its first frame on. Blocks lie where the frames lie: the same for a stream parted anyhow.

    Args:
        window: the frames kept.
        start_s: when the lap began, if that was before its first frame came.
    """

    def __init__(self, window: Window, start_s: float) -> None:
        self._window, self._start_s = window, start_s
        self._facts = Facts()
        self._next = -1
        """The first frame the facts do not know; -1 until the lap's first frame is there."""
        self._broke = -1

    def begin(self, frame: int, start_s: float, *, broke: bool = False) -> None:
        """Another lap begins with a frame; `broke`: what was before it has nothing to do with it."""
        self._facts, self._next, self._start_s = Facts(), frame, start_s
        self._broke = frame if broke else self._broke

    def until(self, end: int) -> Facts:
        """The facts up to the frame before `end`, in the same blocks as ever."""
        facts = self._facts
        if self._next < 0:
            self._next = min(self._window.index_of(self._start_s), end)
        for first in range(self._next, end, BLOCK):
            facts = self._fold(facts, first, min(first + BLOCK, end))
        return facts

    def fold_whole(self, before: int) -> int:
        """Fold the whole blocks before a frame; the first frame that is still needed, at most `before`."""
        if self._next < 0 and self._window.latest_s >= self._start_s:
            self._next = self._window.index_of(self._start_s)
        if self._next < 0:
            return before
        while self._next + BLOCK <= before:
            self._facts = self._fold(self._facts, self._next, self._next + BLOCK)
            self._next += BLOCK
        return min(before, self._next - 1)

    def _fold(self, facts: Facts, first: int, end: int) -> Facts:
        """More facts; the frame before the first one is its context, but not over a break."""
        rows = np.maximum(np.arange(first - 1, end), max(self._window.start, self._broke))
        return fold(facts, self._window.frames[:, rows - self._window.start], start_s=self._start_s)
