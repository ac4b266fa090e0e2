"""What a user adds to a session or a lap: notes, and the video of a session. Only its owner writes it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, null

from ps_analytics.errors import NotFound, NotKept
from ps_analytics.store import typed
from ps_analytics.store.models import Lap, Session
from ps_analytics.store.scope import Reading, Scope

LONGEST = 20_000
"""Characters the notes of a session or of a lap may have."""
LONGEST_PATH = 1024
"""Characters the path of a video may have."""
FARTHEST_S = 86_400.0
"""Seconds a video may begin before or after its session: a day."""
_VIDEO = "this video"


def write(connection: Connection, scope: Scope, session_id: str, text: str) -> None:
    """Keep the notes of a session in place of those it has.

    Raises:
        NotFound: no such session.
        NotKept: no text, or too long a one.
    """
    _write_session(connection, scope, session_id, notes=typed.text("the notes", text, most=LONGEST))


def write_of_lap(connection: Connection, scope: Scope, lap_id: str, text: str) -> None:
    """Keep the notes of a lap in place of those it has.

    Raises:
        NotFound: no such lap.
        NotKept: no text, or too long a one.
    """
    kept = typed.text("the notes", text, most=LONGEST)
    if connection.execute(scope.update(Lap).where(Lap.id == lap_id).values(notes=kept)).rowcount == 0:
        raise NotFound("lap", lap_id)


def write_video(connection: Connection, scope: Scope, session_id: str, video: Mapping[str, object] | None) -> None:
    """Keep where the video of a session is and how far it is off; None takes it away.

    Raises:
        NotFound: no such session.
        NotKept: it is not the path and offset of a video.
    """
    kept = null() if video is None else _checked(video)
    _write_session(connection, scope, session_id, video=kept)


def read_video(connection: Connection, scope: Reading, session_id: str) -> dict[str, Any] | None:
    """Where the video of a session is and how far it is off; None where it has none, or what is stored is none.

    Raises:
        NotFound: no such session.
    """
    row = connection.execute(scope.sessions(Session.video).where(Session.id == session_id)).first()
    if row is None:
        raise NotFound("session", session_id)
    try:
        return None if row.video is None else _checked(row.video)
    except NotKept:
        return None


def _write_session(connection: Connection, scope: Scope, session_id: str, **values: Any) -> None:
    if connection.execute(scope.update(Session).where(Session.id == session_id).values(**values)).rowcount == 0:
        raise NotFound("session", session_id)


def _checked(video: object) -> dict[str, Any]:
    if not isinstance(video, Mapping) or set(video) != {"path", "offset_s"}:
        raise NotKept(_VIDEO, reason="it is a path and an offset_s, and nothing else.")
    path = typed.text("the path of a video", video["path"], most=LONGEST_PATH)
    if not path.strip():
        raise NotKept(_VIDEO, reason="its path is empty.")
    offset_s = video["offset_s"]
    number = isinstance(offset_s, int | float) and not isinstance(offset_s, bool)
    if not number or not abs(offset_s) <= FARTHEST_S:
        raise NotKept(_VIDEO, reason=f"its offset is a number of seconds, at most {FARTHEST_S:,.0f} either way.")
    return {"path": path, "offset_s": float(offset_s)}
