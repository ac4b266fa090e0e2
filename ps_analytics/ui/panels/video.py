"""The video of a session, as the video panel has it, and what may be attached as one."""

import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from ps_analytics.errors import NotKept

TYPES = {
    ".mp4": "video/mp4", ".m4v": "video/mp4", ".mov": "video/quicktime", ".webm": "video/webm",
    ".mkv": "video/x-matroska", ".ogv": "video/ogg",
}  # fmt: skip
"""What files are taken for videos, by the end of their name, and how they are announced."""
GONE = "The video '{name}' is not there any more. Put it back, or detach it."


class VideoStore(Protocol):
    """What the video of a session asks of a store."""

    def read_video(self, session_id: str) -> dict[str, Any] | None:
        """Where it is: `path` and `offset_s`; None where there is none."""

    def write_video(self, session_id: str, video: Mapping[str, object] | None) -> None:
        """Keep where it is; None takes it away."""


def playable(text: str) -> Path | None:
    """The file at a path if it may be sent as a video: a regular one with a video's name; None otherwise.

    The path is the file's own: one that leads through a link, or round about, is none, so that nothing else can be put
    in its place by turning a link.
    """
    path = Path(text)
    try:
        if not path.is_absolute() or path.resolve(strict=True) != path or path.suffix.lower() not in TYPES:
            return None
        return path if stat.S_ISREG(path.lstat().st_mode) else None
    except (OSError, ValueError, RuntimeError):
        return None


def attachable(text: str) -> Path:
    """The file a user means by a path, links followed.

    Raises:
        NotKept: it is no video that can be read; says why.
    """
    what = f"'{text}'"
    endings = ", ".join(TYPES)
    try:
        path = Path(text).expanduser()
        if not path.is_absolute():
            raise NotKept(what, reason="give the whole path, from / or the drive on.")
        found = path.resolve(strict=True)
    except (OSError, ValueError, RuntimeError):
        raise NotKept(what, reason="there is no such file on the machine where this runs.") from None
    if found.suffix.lower() not in TYPES:
        raise NotKept(what, reason=f"its name ends in none of {endings}.")
    if playable(str(found)) is None:
        raise NotKept(what, reason="it is no file.")
    try:
        with found.open("rb"):
            return found
    except OSError:
        raise NotKept(what, reason="it may not be read.") from None


def video_message(store: VideoStore, session: Mapping[str, Any], *, user: str) -> dict[str, Any]:
    """What a video panel shows.

    Keys: `session` (its id), `url` (where the video is, "" if there is none), `name` (of the file, for its owner),
    `offset_s` (where in the video the session's first frame is), `editable` and `problem` (a sentence, or "").
    """
    session_id, own = session["session_id"], session["owner"] == user
    video = store.read_video(session_id)
    message = {"session": session_id, "url": "", "name": "", "offset_s": 0.0, "editable": own, "problem": ""}
    if video is None:
        return message
    name = Path(video["path"]).name
    there = playable(video["path"]) is not None
    return {
        **message,
        "url": f"video/{session_id}",
        "name": name if own else "",
        "offset_s": video["offset_s"],
        "problem": "" if there else GONE.format(name=name if own else "of this session"),
    }


def attach_video(store: VideoStore, given: Mapping[str, Any]) -> None:
    """Attaches the file at `path` to `session`, or takes its video away where the path is None.

    Raises:
        NotFound: the user has no such session.
        NotKept: there is no such video.
    """
    session_id, path = str(given["session"]), given.get("path")
    store.read_video(session_id)  # somebody else's session is not found, whatever the path
    if path is None:
        store.write_video(session_id, None)
    else:
        store.write_video(session_id, {"path": str(attachable(str(path))), "offset_s": 0.0})


def align_video(store: VideoStore, given: Mapping[str, Any]) -> None:
    """Moves the video of `session` so that its first frame is at `offset_s` in the video.

    Raises:
        NotFound: the user has no such session.
        NotKept: it has no video, or is moved by more than a day.
    """
    session_id = str(given["session"])
    video = store.read_video(session_id)
    if video is None:
        raise NotKept("this alignment", reason="the session has no video.")
    store.write_video(session_id, {**video, "offset_s": given["offset_s"]})
