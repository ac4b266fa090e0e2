"""The part of a store behind the review workspace: layouts, preferences, notes, videos, and who may read a session."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from ps_analytics.store import laps as laps_
from ps_analytics.store import layouts, notes, preferences, sessions, shares
from ps_analytics.store.engine import Database
from ps_analytics.store.rows import SavedLayout
from ps_analytics.store.scope import Scope


class WorkspaceStore:
    """Layouts and preferences are a user's own; a session is read by whom its owner lets, and no more."""

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

    def share_session(self, session_id: str, reader: str) -> None:
        """Let another user read a session of one's own, its laps and their telemetry; nothing where he may already.

        Driver, notes and event are not shown to him, and he can change nothing.

        Args:
            session_id: the session's; it may be recording.
            reader: the other user.

        Raises:
            NotFound: no such session.
            NotShared: the reader is the user himself, or no user has such a name.
            LimitReached: the session has 500 readers already.
        """
        with self._database.write() as connection:
            shares.write(connection, self._scope, session_id, reader)

    def unshare_session(self, session_id: str, reader: str) -> None:
        """Let another user no longer read a session: from now on nobody has its ids for him.

        Raises:
            NotFound: no such session, or it was not shared with him.
        """
        with self._database.write() as connection:
            shares.delete(connection, self._scope, session_id, reader)

    def find_shares(self, session_id: str) -> pl.DataFrame:
        """Who may read a session, by name, and since when: reader, shared_at (UTC).

        Raises:
            NotFound: no such session.
        """
        with self._database.read() as connection:
            return shares.find(connection, self._scope, session_id)

    def find_best_laps(self, track: str, *, car: str | None = None, shared: bool = True) -> pl.DataFrame:
        """The fastest timed and valid lap of each session on a track, the fastest first; columns as `find_laps`.

        Args:
            track: regardless of case.
            car: of these sessions only, regardless of case.
            shared: also of the sessions that others share with the user.
        """
        scope = self._scope.readable if shared else self._scope
        with self._database.read() as connection:
            return laps_.find_best_laps(connection, scope, sessions.conditions(scope, track=track, car=car))

    def write_notes(self, session_id: str, text: str) -> None:
        """Keep the notes of a session in place of those it has, at most 20,000 characters; "" is none.

        Raises:
            NotFound: no such session, or somebody else's.
            NotKept: no text, or too long a one.
        """
        with self._database.write() as connection:
            notes.write(connection, self._scope, session_id, text)

    def write_lap_notes(self, lap_id: str, text: str) -> None:
        """Keep the notes of a lap in place of those it has, at most 20,000 characters; "" is none.

        Raises:
            NotFound: no such lap, or somebody else's.
            NotKept: no text, or too long a one.
        """
        with self._database.write() as connection:
            notes.write_of_lap(connection, self._scope, lap_id, text)

    def write_video(self, session_id: str, video: Mapping[str, object] | None) -> None:
        """Keep where the video of a session is; the video itself stays where it is.

        Args:
            session_id: the session's.
            video: `path` (at most 1,024 characters) and `offset_s` (s, at most a day either way); None takes it away.

        Raises:
            NotFound: no such session, or somebody else's.
            NotKept: it is not the path and offset of a video.
        """
        with self._database.write() as connection:
            notes.write_video(connection, self._scope, session_id, video)

    def read_video(self, session_id: str) -> dict[str, Any] | None:
        """Where the video of a session is: `path` and `offset_s` (s); None where it has none.

        The session may be one that is shared with the user. What lies at the path is not looked at.

        Raises:
            NotFound: no such session.
        """
        with self._database.read() as connection:
            return notes.read_video(connection, self._scope.readable, session_id)
