"""Who may read a session, as its owner sees and changes it on the review page."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import polars as pl

from ps_analytics.errors import PurpleSectorError

DAY = "%d %b %Y"


class SharingSource(Protocol):
    """What sharing asks of a store; only a session's owner gets an answer."""

    def share_session(self, session_id: str, reader: str) -> None:
        """Let another user read a session."""

    def unshare_session(self, session_id: str, reader: str) -> None:
        """Let him read it no longer."""

    def find_shares(self, session_id: str) -> pl.DataFrame:
        """Who may read it, by name, and since when: reader, shared_at."""


ACTIONS: dict[str, Callable[[SharingSource, str, str], None]] = {
    "share": lambda source, session_id, reader: source.share_session(session_id, reader),
    "revoke": lambda source, session_id, reader: source.unshare_session(session_id, reader),
}
"""What the browser may do, by `do`."""


def answer_shares(source: SharingSource, given: Mapping[str, Any]) -> dict[str, Any]:
    """Does what is asked about the shares of a session, and says which stand now.

    Args:
        source: the store of the user.
        given: `session`; with `do` ("share" or "revoke") also `reader`.

    Returns:
        `session`, `readers` (name and since when), `done` (what was done, if it was) and `problem`, one sentence.

    Raises:
        NotFound: the user has no such session.
    """
    session_id, reader, problem = str(given["session"]), str(given.get("reader", "")), ""
    action = ACTIONS.get(str(given.get("do")))
    if action is not None:
        try:
            action(source, session_id, reader)
        except PurpleSectorError as error:
            problem = str(error)
    rows = source.find_shares(session_id).to_dicts()
    readers = [{"name": row["reader"], "since": f"{row['shared_at'].astimezone():{DAY}}"} for row in rows]
    done = str(given["do"]) if action is not None and not problem else ""
    return {"session": session_id, "readers": readers, "done": done, "problem": problem}
