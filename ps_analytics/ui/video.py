"""Videos of sessions over HTTP: in ranges, as browsers ask for them, and only to who may see the session."""

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from tornado.web import HTTPError, RequestHandler, StaticFileHandler

from ps_analytics.errors import PurpleSectorError
from ps_analytics.ui.panels.video import TYPES, VideoStore, playable

PATTERN = r"/video/([A-Za-z0-9_-]{1,64})"
"""Where they are: the session's id comes last."""

UserOf = Callable[[RequestHandler], str]
StoreOf = Callable[[str], VideoStore]


class VideoFile(StaticFileHandler):
    """Sends the file that is attached to a session; whatever stands against it, the answer is "not found"."""

    def initialize(self, *, user_of: UserOf, store_of: StoreOf) -> None:  # type: ignore[override]  # no folder is served
        """Takes what it is registered with.

        Args:
            user_of: who asks.
            store_of: the store of a user.
        """
        super().initialize(path="/")
        self._user_of, self._store_of = user_of, store_of

    async def get(self, path: str, include_body: bool = True) -> None:
        """Sends the video of the session with this id, or the part of it that is asked for."""
        user = self._user_of(self)
        looked_for = partial(find_video, lambda: self._store_of(user), path)
        found = await asyncio.get_running_loop().run_in_executor(None, looked_for)
        if found is None:
            raise HTTPError(404)
        self._found = found
        self._keep_range_if_it_is_the_same()
        await super().get(str(found), include_body)

    def _keep_range_if_it_is_the_same(self) -> None:
        """A part of another file than the browser has the rest of is of no use: it gets the whole one."""
        known = self.request.headers.get("If-Range")
        if known is not None and known != self._version():
            self.request.headers.pop("Range", None)

    def _version(self) -> str:
        """Which bytes these are, without reading them: there may be gigabytes."""
        seen = self._found.stat()
        return f'"{seen.st_mtime_ns:x}-{seen.st_size:x}"'

    @classmethod
    def get_absolute_path(cls, root: str, path: str) -> str:
        """The path is the file's own: see `find_video`."""
        return path

    def validate_absolute_path(self, root: str, absolute_path: str) -> str | None:
        """It has been looked at."""
        return absolute_path

    def compute_etag(self) -> str | None:
        """Which bytes these are."""
        return self._version()

    def get_content_type(self) -> str:
        """What kind of video it is."""
        return TYPES[self._found.suffix.lower()]

    def set_extra_headers(self, path: str) -> None:
        """Nobody else's page may show it, and nothing between here and the browser may keep it."""
        self.set_header("Cache-Control", "private, no-cache")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")
        self.set_header("X-Content-Type-Options", "nosniff")

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """The same few words for everything that is not found."""
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(f"{status_code}\n")


def find_video(store: Callable[[], VideoStore], session_id: str) -> Path | None:
    """The file that is attached to a session the user may see, if it can be sent; None otherwise."""
    try:
        video = store().read_video(session_id)
    except PurpleSectorError:
        return None
    return None if video is None else playable(video["path"])


def video_patterns(*, user_of: UserOf, store_of: StoreOf) -> list[tuple[str, type[RequestHandler], dict[str, Any]]]:
    """What a server takes in to send videos."""
    return [(PATTERN, VideoFile, {"user_of": user_of, "store_of": store_of})]
