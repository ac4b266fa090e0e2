"""The track models read last, so that a lap brings its track along without reading it anew each time."""

import logging
from typing import Any

from sqlalchemy import Connection

from ps_analytics.errors import BadTrack
from ps_analytics.store.models import Track
from ps_analytics.store.scope import Reading
from ps_analytics.track import TrackModel

_log = logging.getLogger(__name__)


class TrackCache:
    """The models read last, by track and revision: reading one takes longer than reading a lap."""

    def __init__(self, *, size: int = 32) -> None:
        self._size = size
        self._models: dict[tuple[str, int], TrackModel | None] = {}

    def model(self, connection: Connection, scope: Reading, track_id: str, revision: int) -> TrackModel | None:
        """The model of a track of the user at the revision it stands at; None if there is none that reads."""
        key = (track_id, revision)
        if key not in self._models:
            row = connection.execute(scope.tracks(Track.model).where(Track.id == track_id)).first()
            found = None if row is None or row.model is None else _read(track_id, row.model)
            while len(self._models) >= self._size:
                self._models.pop(next(iter(self._models)), None)
            self._models[key] = found
        return self._models[key]


def _read(track_id: str, model: Any) -> TrackModel | None:
    try:
        return TrackModel.from_json(model)
    except BadTrack as error:
        _log.warning("the model of track %s is left out: %s See `psa db check`", track_id, error)
        return None
