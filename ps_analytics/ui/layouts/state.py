"""The user's layouts and the one that is shown: what is kept of them, and every command. No widgets."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import param

from ps_analytics.channels.library import SHIPPED as SHIPPED_MATH
from ps_analytics.errors import BadLayout, NameTaken, NotKept, ShippedLayout
from ps_analytics.store.rows import SavedLayout
from ps_analytics.ui.layouts.channels import channels_of, with_name
from ps_analytics.ui.layouts.defaults import Defaults, LayoutSource, target_of
from ps_analytics.ui.layouts.document import Layout, read_document
from ps_analytics.ui.layouts.editing import EditingState
from ps_analytics.ui.layouts.fields import a_title
from ps_analytics.ui.layouts.files import layout_text, read_layout_text
from ps_analytics.ui.layouts.history import History
from ps_analytics.ui.layouts.shipped import FIRST, SHIPPED, SHIPPED_LAYOUTS, SHIPPED_NAMES
from ps_analytics.ui.math.drafts import free_name

LINKED = "link"
"""The id of a layout that came with a link."""
MOST_DELETED = 20
"""So many deletions can be taken back, the last first."""


@dataclass(frozen=True, slots=True)
class Deleted:
    """A layout that was deleted: as it was kept, what was done to it since, and whether it was shown."""

    saved: SavedLayout
    history: History | None
    shown: bool


def _entry(layout_id: str, name: str, about: str | None, *, shipped: bool) -> dict[str, Any]:
    facts = {"id": layout_id, "name": name, "about": about or "", "shipped": shipped}
    return {**facts, "default": False, "default_for": "", "modified": False}


class LayoutState(EditingState):
    """The choices behind a page's layouts. What was done to a layout and not saved waits while others are shown."""

    layout_id = param.String(default=FIRST, doc="The layout that is shown.")
    name = param.String(default=SHIPPED_NAMES[FIRST], constant=False, doc="What it is called.")  # param's is constant
    entries = param.List(
        default=[_entry(key, row.name, row.about, shipped=True) for key, row in SHIPPED_LAYOUTS.items()],
        item_type=dict,
        doc="The user's layouts and the shipped ones: `id`, `name`, `about`, `shipped`, `default`, `default_for`, "
        "and whether each is `modified` here.",
    )
    deleted = param.List(item_type=Deleted, doc="What can be brought back, the last deleted last.")
    problem = param.String(doc="One sentence: what could not be done.")

    def __init__(self, source: Callable[[], LayoutSource], **params: Any) -> None:
        """The state of a page's layouts; it shows the driver overview until it is told otherwise.

        Args:
            source: gives the store when it is asked for.
            **params: other values than the defaults.
        """
        super().__init__(**{"name": SHIPPED_NAMES[FIRST], **params})
        self._source = source
        self._kept: dict[str, History] = {}  # what was done to those that are not shown
        self._car, self._recorded_by = "", ""

    def refresh(self) -> None:
        """Asks the store which layouts there are."""
        rows = self._source().find_layouts().to_dicts()
        defaults = Defaults.of(self._source(), rows)
        own = [_entry(row["layout_id"], row["name"], row["description"], shipped=False) for row in rows]
        shipped = [_entry(key, row.name, row.about, shipped=True) for key, row in SHIPPED_LAYOUTS.items()]
        self.entries = [
            {
                **entry,
                "default": entry["id"] in defaults.targets,
                "default_for": defaults.targets.get(entry["id"], ""),
                "modified": self._is_modified(entry["id"]),
            }
            for entry in [*own, *shipped]
        ]

    def open_default(self, *, car: str | None = None, source: str | None = None) -> None:
        """Shows the layout that is the default for this car, else for this source, else for all.

        Args:
            car: of the session that is shown.
            source: what recorded it.
        """
        self.follow(car=car, source=source)
        with param.parameterized.batch_call_watchers(self):
            self.refresh()
            self._open_default()

    def follow(self, *, car: str | None = None, source: str | None = None, stay: bool = False) -> None:
        """Another session is shown: what "for this car" means from here on.

        The layout that is the default for another car comes with it, unless what is shown was changed.

        Args:
            car: of the session.
            source: what recorded it.
            stay: whatever the car, show what is shown.
        """
        before, self._car, self._recorded_by = self._car, car or "", source or ""
        own = {entry["default_for"] for entry in self.entries if entry["default"]}
        if self._car != before and target_of("car", self._car) in own and not (stay or self.modified):
            self.open_default(car=car, source=source)

    def open(self, layout_id: str) -> None:
        """Shows a layout, with what was done to it before and not saved.

        Raises:
            NotFound: the user has no such layout.
            BadLayout: what is kept cannot be drawn.
        """
        name, document = self._read(layout_id)
        kept = self._history if layout_id == self.layout_id else self._kept.get(layout_id)
        history = replace(kept, saved=document) if kept is not None and kept.modified else History.of(document)
        with param.parameterized.batch_call_watchers(self):
            self._show(layout_id, name, history)
            self._list_anew()

    def show_linked(self, name: str, document: Layout, *, sheet_id: str = "") -> None:
        """Shows a layout a link brought along. It is nobody's here: saving it needs a name.

        Args:
            name: what it is called where it comes from.
            document: it, as `read_document` gives it.
            sheet_id: the sheet to show; its first if it has no such sheet.
        """
        with param.parameterized.batch_call_watchers(self):
            self._show(LINKED, name, History.of(document))
            if any(sheet["id"] == sheet_id for sheet in document["layout"]["sheets"]):
                self.sheet_id = sheet_id
            self._list_anew()

    @property
    def is_own(self) -> bool:
        """Whether the layout that is shown is kept as the user's own."""
        return self.layout_id not in (LINKED, *SHIPPED)

    def save(self) -> None:
        """Keeps the layout as it is shown.

        Raises:
            ShippedLayout: it is a shipped one.
            NotKept: a link brought it along.
            NotFound: it was deleted elsewhere.
        """
        self._own(self.layout_id)
        document = read_document(self.document, keep_unknown=True)
        self._source().write_layout(self.name, document["configs"], document["layout"], layout_id=self.layout_id)
        with param.parameterized.batch_call_watchers(self):
            self._take(replace(self._history, saved=document, now=document))
            self.refresh()

    def save_as(self, name: str) -> None:
        """Keeps the layout as it is shown under another name, and goes on with that; the one it was stays as it was.

        Raises:
            NameTaken: another layout has the name.
            BadLayout: it is no name.
        """
        self._begin(self._free(name), replace(self._history, saved=read_document(self.document, keep_unknown=True)))

    def duplicate(self, layout_id: str) -> None:
        """Keeps another layout like this one, and shows it.

        Raises:
            NotFound: the user has no such layout.
        """
        name, document = self._read(layout_id)
        now = self.document if layout_id == self.layout_id else document
        self._begin(free_name(name, self._names()), History.of(now), forget=False)

    def rename(self, layout_id: str, name: str) -> None:
        """Calls a layout something else.

        Raises:
            ShippedLayout: it is not the user's own.
            NameTaken: another layout has the name.
            NotFound: the user has no such layout.
        """
        self._own(layout_id)
        name = self._free(name, besides=layout_id)
        self._source().rename_layout(layout_id, name)
        with param.parameterized.batch_call_watchers(self):
            if layout_id == self.layout_id:
                self.name = name
            self.refresh()

    def delete(self, layout_id: str) -> None:
        """Deletes a layout; `undo` brings it back, with what was done to it.

        Raises:
            ShippedLayout: it is not the user's own.
            NotFound: the user has no such layout.
        """
        self._own(layout_id)
        shown = layout_id == self.layout_id
        gone = Deleted(
            self._source().delete_layout(layout_id), self._history if shown else self._kept.get(layout_id), shown
        )
        with param.parameterized.batch_call_watchers(self):
            self.deleted = [*self.deleted, gone][-MOST_DELETED:]
            self.refresh()
            if shown:
                self._open_default()
            self._kept.pop(layout_id, None)

    def undo(self) -> None:
        """Brings back the layout that was deleted last, under another name if its own was taken meanwhile."""
        if not self.deleted:
            return
        gone = self.deleted[-1]
        saved, source = gone.saved, self._source()
        name = free_name(saved.name, self._names())
        new_id = source.write_layout(name, saved.configs, saved.layout, description=saved.description)
        if saved.is_default:
            source.set_default_layout(new_id, default_for=saved.default_for)
        if gone.history is not None:
            self._kept[new_id] = gone.history
        with param.parameterized.batch_call_watchers(self):
            self.deleted = self.deleted[:-1]
            self.refresh()
            if gone.shown:
                self.open(new_id)

    def make_default(self, layout_id: str, for_: str = "", *, default: bool = True) -> None:
        """Makes a layout the one a page opens with: for all (""), for this "car" or for this "source".

        Args:
            layout_id: the layout.
            for_: what for; car and source are those of `open_default`.
            default: False takes it back.

        Raises:
            NotFound: the user has no such layout.
            NotKept: the session does not say what car it is, or what recorded it.
        """
        self._read(layout_id)
        given = {"car": self._car, "source": self._recorded_by}.get(for_, "")
        if for_ and not given:
            raise NotKept(f"a default for the {for_}", reason=f"this session names no {for_}. Make it one for all.")
        source = self._source()
        Defaults.of(source, source.find_layouts().to_dicts()).keep(
            source, layout_id if default else None, target_of(for_, given)
        )
        self.refresh()

    def export(self) -> str:
        """The layout as it is shown, as JSON text with its name."""
        return layout_text(self.name, self.document)

    def import_(self, text: str) -> None:
        """Keeps a layout somebody handed over, under a name that is free, and shows it.

        Raises:
            BadLayout: it is none; names the field.
        """
        name, document = read_layout_text(text)
        self._begin(free_name(name, self._names()), History.of(document), forget=False)

    def where_used(self, channel: str) -> list[str]:
        """The names of the layouts that show a channel, as they are kept or as they are here; the user's own first."""
        found = []
        for row in self._rows():
            kept = self._history if row["id"] == self.layout_id else self._kept.get(row["id"])
            with suppress(BadLayout):  # it shows nothing while it cannot be read
                documents = [kept.saved, kept.now] if kept else [self._read(row["id"])[1]]
                if any(channel in channels_of(document) for document in documents):
                    found.append(row["name"])
        return found

    def rename_channels(self, names: Mapping[str, str]) -> None:
        """Follows channels that are called something else now, in every layout of the user's, kept or shown.

        Args:
            names: old name → new. A shipped layout goes on with a shipped channel of the old name.
        """
        for row in [row for row in self._rows() if not row["shipped"]]:
            with suppress(BadLayout):
                document = self._read(row["id"])[1]
                if (now := _renamed(document, names)) != document:
                    self._source().write_layout(row["name"], now["configs"], now["layout"], layout_id=row["id"])
        for layout_id, history in self._kept.items():
            self._kept[layout_id] = _followed(layout_id, history, names)
        self._take(_followed(self.layout_id, self._history, names))

    def _open_default(self) -> None:
        layout_id = Defaults.of(self._source(), self._source().find_layouts().to_dicts()).first(
            car=self._car, source=self._recorded_by
        )
        try:
            self.open(layout_id)
        except BadLayout as error:
            self.open(FIRST)
            self.problem = str(error)

    def _begin(self, name: str, history: History, *, forget: bool = True) -> None:
        """Keeps a new layout and shows it.

        Args:
            name: its name, which is free.
            history: it, and what was done to it.
            forget: what was done is its own now, and no longer of the one that was shown.
        """
        document = read_document(history.now, keep_unknown=True)
        layout_id = self._source().write_layout(name, document["configs"], document["layout"])
        with param.parameterized.batch_call_watchers(self):
            if forget:
                self._history = History.of(self._history.saved)
            self._show(layout_id, name, replace(history, saved=document, now=document))
            self.refresh()

    def _show(self, layout_id: str, name: str, history: History) -> None:
        if layout_id != self.layout_id:
            self._kept[self.layout_id] = self._history
        self._kept.pop(layout_id, None)
        self._kept = {key: kept for key, kept in self._kept.items() if kept.modified}
        self._take(history, layout_id=layout_id, name=name)

    def _read(self, layout_id: str) -> tuple[str, Layout]:
        """Name and document of a layout as it is kept.

        Raises:
            NotFound: the user has no such layout.
            BadLayout: what is kept cannot be drawn.
        """
        if layout_id in SHIPPED:
            return SHIPPED_NAMES[layout_id], SHIPPED[layout_id]
        if layout_id == LINKED == self.layout_id:
            return self.name, self._history.saved
        saved = self._source().read_layout(layout_id)
        return saved.name, read_document({"configs": saved.configs, "layout": saved.layout}, keep_unknown=True)

    def _rows(self) -> list[dict[str, Any]]:
        self.refresh()
        return list(self.entries)

    def _names(self, *, besides: str = "") -> set[str]:
        own = {row["name"] for row in self._source().find_layouts().to_dicts() if row["layout_id"] != besides}
        return own | set(SHIPPED_NAMES.values())

    def _free(self, name: str, *, besides: str = "") -> str:
        """A name nobody has.

        Raises:
            BadLayout: it is no name.
            NameTaken: another layout has it.
        """
        name = a_title(name, "name")
        if name in self._names(besides=besides):
            raise NameTaken("layout", name)
        return name

    def _own(self, layout_id: str) -> None:
        """Refuses what the user may only read.

        Raises:
            ShippedLayout: the layout is a shipped one.
            NotKept: a link brought it along.
        """
        if layout_id == LINKED:
            raise NotKept("this layout", reason="it came with a link. Save it under a name of yours.")
        if layout_id in SHIPPED:
            raise ShippedLayout(SHIPPED_NAMES[layout_id])

    def _is_modified(self, layout_id: str) -> bool:
        kept = self._history if layout_id == self.layout_id else self._kept.get(layout_id)
        return kept is not None and kept.modified

    def _list_anew(self) -> None:
        if self.entries:
            self.entries = [{**entry, "modified": self._is_modified(entry["id"])} for entry in self.entries]


def _renamed(document: Layout, names: Mapping[str, str]) -> Layout:
    for name, now in names.items():
        document = with_name(document, name, now)
    return document


def _followed(layout_id: str, history: History, names: Mapping[str, str]) -> History:
    if layout_id not in SHIPPED:
        return history.mapped(lambda document: _renamed(document, names))
    own = {name: now for name, now in names.items() if name not in SHIPPED_MATH}
    return replace(history.mapped(lambda document: _renamed(document, own)), saved=history.saved)
