"""The part of a store that keeps a user's tracks, and tells which laps are to be cut by them."""

from collections.abc import Callable, Mapping, Sequence

import polars as pl

from ps_analytics.store import track_edits, tracks
from ps_analytics.store.engine import Database
from ps_analytics.store.scope import Scope
from ps_analytics.track import TrackModel


class TrackStore:
    """Tracks are a user's own, by the name his sessions give them; another's of the same name is another track."""

    _database: Database
    _scope: Scope

    def find_tracks(self) -> pl.DataFrame:
        """The tracks by name: name, length_m, corners, sectors and laps_used (how many), algo_version, edited."""
        with self._database.read() as connection:
            return tracks.find_tracks(connection, self._scope)

    def read_track(self, name: str) -> TrackModel:
        """The track of this name, as sessions write it.

        Raises:
            NotFound: no such track, or nothing is learned of it.
            BadTrack: what is stored is no model.
        """
        with self._database.read() as connection:
            return tracks.read_track(connection, self._scope, name)

    def write_track(self, track: TrackModel, *, edited: bool | None = None) -> None:
        """Keep a track by its name; where a border moved, its laps are to be cut anew.

        Args:
            track: the model; it has a name.
            edited: whether the user had a hand in it; None leaves that as it is.

        Raises:
            BadTrack: it has no name, or makes no sense.
        """
        with self._database.write() as connection:
            tracks.write_track(connection, self._scope, track, edited=edited)

    def name_corners(self, name: str, names: Mapping[int, str]) -> TrackModel:
        """The track of this name whose corners of these numbers are called so; an empty text takes a name back.

        Raises:
            NotFound: no such track, or no corner of a number.
            BadTrack: a name that is too long.
        """
        return self._change_track(name, lambda track: track_edits.with_names(track, names))

    def edit_sectors(self, name: str, borders_m: Sequence[float]) -> TrackModel:
        """The track of this name whose sectors part at these places, in m from the line; its laps are to be cut anew.

        Raises:
            NotFound: no such track.
            BadTrack: the places do not increase, or lie off the track.
        """
        return self._change_track(name, lambda track: track_edits.with_sectors(track, borders_m))

    def move_line(self, name: str, offset_m: float) -> TrackModel:
        """The track of this name whose line lies so many m further on; its laps are to be cut anew.

        Corners and borders of sectors keep their places on the asphalt. For a model whose line is not where the laps'
        is, such as an imported one.

        Raises:
            NotFound: no such track.
            BadTrack: it would move by a lap or more.
        """
        with self._database.write() as connection:
            changed = tracks.change(connection, self._scope, name, lambda track: track_edits.with_line(track, offset_m))
            tracks.note_line(connection, self._scope, name, offset_m)
            return changed

    def _change_track(self, name: str, how: Callable[[TrackModel], TrackModel]) -> TrackModel:
        with self._database.write() as connection:
            return tracks.change(connection, self._scope, name, how)

    def delete_track(self, name: str) -> None:
        """Delete a track; its laps stay, and are no longer cut into sections.

        Raises:
            NotFound: no such track.
        """
        with self._database.write() as connection:
            tracks.delete_track(connection, self._scope, name)

    def find_uncut_tracks(self) -> list[tuple[str, str]]:
        """User and name of each track, of all users, that has sealed laps to be learned from or to be cut."""
        with self._database.read() as connection:
            return sorted((user, name or "") for user, name in connection.execute(Scope.uncut_tracks()))

    def find_uncut_laps(self, track: str, *, limit: int | None = None) -> pl.DataFrame:
        """The sealed laps not cut by their track as it is now, newest first: lap_id, revision (of the track)."""
        with self._database.read() as connection:
            return tracks.find_uncut_laps(connection, self._scope, track, limit)

    def find_fastest_laps(self, track: str, *, limit: int = 10) -> pl.DataFrame:
        """The fastest timed and valid sealed laps of a track, of any session and car.

        Columns: lap_id, lap_time_s, car, flags (the names of those that stand), has_position (world or GPS).
        """
        with self._database.read() as connection:
            return tracks.find_fastest_laps(connection, self._scope, track, limit)
