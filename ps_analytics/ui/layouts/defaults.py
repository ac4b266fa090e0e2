"""Which layout a page opens with: the store keeps it of the user's own, a preference of the shipped ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import polars as pl

from ps_analytics.store.rows import SavedLayout
from ps_analytics.ui.layouts.shipped import FIRST, SHIPPED

PREFERENCE = "default_layouts"
"""Of the shipped layouts: what for ("" all, "car:…", "source:…") → id."""


class LayoutSource(Protocol):
    """What is asked of a store; every answer is the asking user's own."""

    def find_layouts(self) -> pl.DataFrame:
        """The layouts by name, one a row."""

    def read_layout(self, layout_id: str) -> SavedLayout:
        """One of them."""

    def write_layout(
        self,
        name: str,
        configs: Sequence[Any],
        layout: Mapping[str, Any],
        *,
        layout_id: str | None = None,
        description: str | None = None,
    ) -> str:
        """Keeps a layout, in the place of one if it is named; gives its id."""

    def rename_layout(self, layout_id: str, name: str) -> None:
        """Calls one something else."""

    def delete_layout(self, layout_id: str) -> SavedLayout:
        """What the deleted layout was."""

    def set_default_layout(self, layout_id: str | None, *, default_for: str = "") -> None:
        """Makes one the default for all, a car or a source; None: none of them is."""

    def read_preference(self, key: str, default: Any = None) -> Any:
        """The value of a preference."""

    def write_preference(self, key: str, value: Any) -> None:
        """Keeps the value of a preference."""


@dataclass(frozen=True, slots=True)
class Defaults:
    """What each default layout is the default for, by its id."""

    targets: Mapping[str, str]
    shipped: Mapping[str, str]

    @classmethod
    def of(cls, source: LayoutSource, rows: Sequence[Mapping[str, Any]]) -> "Defaults":
        """The defaults of a user.

        Args:
            source: the store.
            rows: its layouts.
        """
        found = source.read_preference(PREFERENCE, {})
        known = found if isinstance(found, Mapping) else {}
        shipped = {target: layout_id for target, layout_id in known.items() if layout_id in SHIPPED}
        own = {row["layout_id"]: row["default_for"] for row in rows if row["is_default"]}
        return cls({**{layout_id: target for target, layout_id in shipped.items()}, **own}, shipped)

    def first(self, *, car: str, source: str) -> str:
        """The id of the layout for this car, else for this source, else for all; the driver overview if none is."""
        by_target = {target: layout_id for layout_id, target in self.targets.items()}
        wanted = [target_of(what, name) for what, name in (("car", car), ("source", source)) if name]
        return next((by_target[target] for target in [*wanted, ""] if target in by_target), FIRST)

    def keep(self, source: LayoutSource, layout_id: str | None, target: str) -> None:
        """Makes a layout the default for this and for nothing else; None: none is."""
        shipped = {t: other for t, other in self.shipped.items() if t != target and other != layout_id}
        if layout_id in SHIPPED:
            source.set_default_layout(None, default_for=target)
            shipped[target] = str(layout_id)
        else:
            source.set_default_layout(layout_id, default_for=target)
        if shipped != self.shipped:
            source.write_preference(PREFERENCE, shipped)


def target_of(what: str, name: str) -> str:
    """What a layout is the default for, as the store has it: "" for all, "car:…" or "source:…".

    Example:
        >>> target_of("car", "BMW M4 GT3"), target_of("", "")
        ('car:BMW M4 GT3', '')
    """
    return f"{what}:{name}" if what else ""
