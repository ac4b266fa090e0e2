"""The part of a store behind the review workspace: layouts and preferences."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from ps_analytics.store import layouts, preferences
from ps_analytics.store.engine import Database
from ps_analytics.store.rows import SavedLayout
from ps_analytics.store.scope import Scope


class WorkspaceStore:
    """Layouts and preferences are a user's own; nobody else's has an id or a name here."""

    _database: Database
    _scope: Scope

    def find_layouts(self) -> pl.DataFrame:
        """The layouts by name: layout_id, name, description, is_default, default_for ("", "car:…", "source:…")."""
        with self._database.read() as connection:
            return layouts.find(connection, self._scope)

    def read_layout(self, layout_id: str) -> SavedLayout:
        """The layout of this id.

        Raises:
            NotFound: no such layout.
        """
        with self._database.read() as connection:
            return layouts.read(connection, self._scope, layout_id)

    def write_layout(
        self,
        name: str,
        configs: Sequence[Any],
        layout: Mapping[str, Any],
        *,
        layout_id: str | None = None,
        description: str | None = None,
    ) -> str:
        """Keep a layout; its id.

        Args:
            name: at most 120 characters, unlike any other's.
            configs: the panels of its document.
            layout: where they are.
            layout_id: the one it takes the place of; None keeps a new one.
            description: None leaves it as it is.

        Raises:
            NotFound: no such layout.
            NameTaken: another one has the name.
            NotKept: a name that is none, a document that is no JSON or larger than 512 kB.
            LimitReached: there are 500 already.
        """
        with self._database.write() as connection:
            return layouts.write(
                connection,
                self._scope,
                name,
                list(configs),
                dict(layout),
                layout_id=layout_id,
                description=description,
            )

    def rename_layout(self, layout_id: str, name: str) -> None:
        """Call a layout something else.

        Raises:
            NotFound: no such layout.
            NameTaken: another one has the name.
            NotKept: a name that is none.
        """
        with self._database.write() as connection:
            layouts.rename(connection, self._scope, layout_id, name)

    def delete_layout(self, layout_id: str) -> SavedLayout:
        """Delete a layout; what it was: writing it again is the undo.

        Raises:
            NotFound: no such layout.
        """
        with self._database.write() as connection:
            return layouts.delete(connection, self._scope, layout_id)

    def set_default_layout(self, layout_id: str | None, *, default_for: str = "") -> None:
        """Make a layout what a page opens with, in place of the one that was; None makes it none.

        A layout is the default for one thing at a time.

        Args:
            layout_id: the layout's.
            default_for: everything (""), a car ("car:…") or a source ("source:…").

        Raises:
            NotFound: no such layout.
            ValueError: no such thing to be the default for.
        """
        with self._database.write() as connection:
            layouts.set_default(connection, self._scope, layout_id, default_for)

    def default_layout(self, *, car: str | None = None, source: str | None = None) -> SavedLayout | None:
        """What a page opens with: the layout for this car, else for this source, else for everything; None is none."""
        with self._database.read() as connection:
            return layouts.default(connection, self._scope, car=car, source=source)

    def read_preference(self, key: str, default: Any = None) -> Any:
        """The value of a preference as it was written; `default` where it never was."""
        with self._database.read() as connection:
            return preferences.read(connection, self._scope, key, default)

    def read_preferences(self) -> dict[str, Any]:
        """The values of all preferences, by key."""
        with self._database.read() as connection:
            return preferences.read_all(connection, self._scope)

    def write_preference(self, key: str, value: Any) -> None:
        """Keep the value of a preference: anything JSON can say, at most 64 kB.

        Raises:
            NotKept: a key that is none, no JSON, or too large.
        """
        with self._database.write() as connection:
            preferences.write(connection, self._scope, key, value)
