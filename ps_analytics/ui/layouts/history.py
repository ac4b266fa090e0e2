"""A layout while it is worked on: as it is kept, as it is now, and what was done between."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from ps_analytics.ui.layouts.document import Layout

MOST_UNDONE = 100
"""So many edits can be taken back."""


@dataclass(frozen=True, slots=True)
class History:
    """The document as it is kept and as it is now; `past` is what it was before each edit, `future` what was undone."""

    saved: Layout
    now: Layout
    past: tuple[Layout, ...] = ()
    future: tuple[Layout, ...] = ()

    @classmethod
    def of(cls, document: Layout) -> "History":
        """The history of a document nothing was done to."""
        return cls(document, document)

    @property
    def modified(self) -> bool:
        """Whether it is another now than it is kept."""
        return self.now != self.saved

    def edited(self, document: Layout) -> "History":
        """The history with one edit more; an edit that changes nothing is none."""
        if document == self.now:
            return self
        return replace(self, now=document, past=(*self.past, self.now)[-MOST_UNDONE:], future=())

    def undone(self) -> "History":
        """The history without its last edit."""
        if not self.past:
            return self
        return replace(self, now=self.past[-1], past=self.past[:-1], future=(*self.future, self.now))

    def redone(self) -> "History":
        """The history with the edit that was undone last."""
        if not self.future:
            return self
        return replace(self, now=self.future[-1], past=(*self.past, self.now), future=self.future[:-1])

    def mapped(self, change: Callable[[Layout], Layout]) -> "History":
        """The history with something done to all of it, which is no edit."""
        past, future = tuple(map(change, self.past)), tuple(map(change, self.future))
        return History(change(self.saved), change(self.now), past, future)
