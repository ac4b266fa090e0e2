"""The part of a layout state that edits the layout that is shown; each edit can be taken back."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import param

from ps_analytics.ui.layouts import edits
from ps_analytics.ui.layouts.document import Layout
from ps_analytics.ui.layouts.history import History
from ps_analytics.ui.layouts.places import Item, Side
from ps_analytics.ui.layouts.shipped import FIRST, SHIPPED


class EditingState(param.Parameterized):
    """The layout that is shown, and every edit of it. An edit that cannot be done raises and changes nothing."""

    document: Any = param.Dict(default=SHIPPED[FIRST], allow_None=False, doc="The layout: `configs` and `layout`.")
    sheet_id = param.String(default=SHIPPED[FIRST]["layout"]["sheets"][0]["id"], doc="The sheet that is shown.")
    modified = param.Boolean(doc="Whether the layout is another than it is kept.")
    can_undo = param.Boolean(doc="Whether there is an edit to take back.")
    can_redo = param.Boolean(doc="Whether there is one to do again.")

    def __init__(self, **params: Any) -> None:
        super().__init__(**params)
        self._history = History.of(self.document)

    def split(self, plot_id: str, side: Side) -> None:
        """Halves a panel; the new one is to the right or below."""
        self.edit(edits.split, plot_id, side)

    def remove(self, plot_id: str) -> None:
        """Removes a panel; its place goes to its neighbour."""
        self.edit(edits.remove, plot_id)

    def place(self, sheet_id: str, items: Sequence[Item], *, moved: str | None = None) -> None:
        """Takes the places a drag gave the panels of a sheet."""
        self.edit(edits.place, sheet_id, items, moved=moved)

    def add_panel(
        self,
        kind: str,
        channels: Sequence[str] = (),
        *,
        title: str | None = None,
        options: Mapping[str, Any] | None = None,
        sheet_id: str | None = None,
    ) -> None:
        """Adds a panel, to the sheet that is shown if no other is named."""
        self.edit(edits.add_panel, sheet_id or self.sheet_id, kind, channels, title=title, options=options)

    def copy_panel(self, plot_id: str) -> None:
        """Adds a panel like this one below it."""
        self.edit(edits.copy_panel, plot_id)

    def set_channels(self, plot_id: str, channels: Sequence[str]) -> None:
        """Shows these channels on a panel."""
        self.edit(edits.set_channels, plot_id, channels)

    def set_title(self, plot_id: str, title: str) -> None:
        """Gives a panel another title."""
        self.edit(edits.set_title, plot_id, title)

    def set_mode(self, plot_id: str, mode: str) -> None:
        """Shows a panel's channels in lanes or over each other."""
        self.edit(edits.set_mode, plot_id, mode)

    def set_options(self, plot_id: str, options: Mapping[str, Any]) -> None:
        """Sets options of a panel; those that are None go."""
        self.edit(edits.set_options, plot_id, options)

    def set_x_axis(self, axis: str | None, *, sheet_id: str | None = None, plot_id: str | None = None) -> None:
        """Shows a sheet (the one shown, if neither is named) or a panel against distance, position or time."""
        sheet_id = sheet_id or (self.sheet_id if plot_id is None else None)
        self.edit(edits.set_x_axis, axis, sheet_id=sheet_id, plot_id=plot_id)

    def add_sheet(self, title: str) -> None:
        """Adds a sheet and shows it."""
        with param.parameterized.batch_call_watchers(self):
            self.edit(edits.add_sheet, title)
            self.sheet_id = self.document["layout"]["sheets"][-1]["id"]

    def rename_sheet(self, sheet_id: str, title: str) -> None:
        """Gives a sheet another title."""
        self.edit(edits.rename_sheet, sheet_id, title)

    def remove_sheet(self, sheet_id: str) -> None:
        """Removes a sheet with its panels."""
        self.edit(edits.remove_sheet, sheet_id)

    def move_sheet(self, sheet_id: str, to: int) -> None:
        """Puts a sheet in another place among the sheets."""
        self.edit(edits.move_sheet, sheet_id, to)

    def show_sheet(self, sheet_id: str) -> None:
        """Shows another sheet; this is no edit.

        Raises:
            NotFound: the layout has no such sheet.
        """
        self.sheet_id = edits.sheet_of(self.document, sheet_id)["id"]

    def edit(self, change: Callable[..., Layout], *given: Any, **options: Any) -> None:
        """Does something to the layout, as one edit.

        Args:
            change: gives the layout after it.
            *given: what it is given behind the layout.
            **options: the same.
        """
        self._take(self._history.edited(change(self.document, *given, **options)))

    def undo_edit(self) -> None:
        """Takes the last edit back."""
        self._take(self._history.undone())

    def redo_edit(self) -> None:
        """Does the edit again that was taken back last."""
        self._take(self._history.redone())

    def revert(self) -> None:
        """Shows the layout as it is kept; this is an edit, which can be taken back."""
        self._take(self._history.edited(self._history.saved))

    def _take(self, history: History, **others: Any) -> None:
        """Shows the layout as it is now; a sheet that is gone gives way to the one in its place."""
        before = [sheet["id"] for sheet in self.document["layout"]["sheets"]]
        sheets = [sheet["id"] for sheet in history.now["layout"]["sheets"]]
        sheet_id = self.sheet_id
        if sheet_id not in sheets:
            place = before.index(sheet_id) if sheet_id in before and not others else 0
            sheet_id = sheets[min(place, len(sheets) - 1)]
        self._history = history
        self.param.update(
            document=history.now,
            sheet_id=sheet_id,
            modified=history.modified,
            can_undo=bool(history.past),
            can_redo=bool(history.future),
            **others,
        )
