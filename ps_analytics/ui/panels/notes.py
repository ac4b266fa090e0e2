"""What was written about the session and its laps, as the notes panel has it."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from ps_analytics.ui.laps import LapRow


class NoteStore(Protocol):
    """What writing a note asks of a store."""

    def write_notes(self, session_id: str, text: str) -> None:
        """Keep the notes of a session."""

    def write_lap_notes(self, lap_id: str, text: str) -> None:
        """Keep the notes of a lap."""


def notes_message(session: Mapping[str, Any], laps: Sequence[LapRow], *, user: str) -> dict[str, Any]:
    """What a notes panel shows.

    Keys: `session` (its id), `text`, `laps` (the notes of each finished lap by id), `editable` (whether they are the
    user's own) and `owner` (whose session it is, if it is somebody else's).

    Args:
        session: its row of `Store.find_sessions`.
        laps: its laps.
        user: who looks at it.
    """
    own = session["owner"] == user
    return {
        "session": session["session_id"],
        "text": session["notes"] or "",
        "laps": {lap.lap_id: lap.notes or "" for lap in laps},
        "editable": own,
        "owner": "" if own else session["owner"],
    }


def write_note(store: NoteStore, given: Mapping[str, Any]) -> None:
    """Keeps `text` as the notes of `lap`, or of `session` where there is no lap.

    Raises:
        NotFound: the user has no such session or lap.
        NotKept: it is too long.
    """
    if given.get("lap"):
        store.write_lap_notes(str(given["lap"]), str(given["text"]))
    else:
        store.write_notes(str(given["session"]), str(given["text"]))
