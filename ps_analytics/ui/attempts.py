"""The top of every callback of a page: whatever goes wrong there, the page lives on and says it in one sentence."""

import logging
from collections.abc import Callable

from ps_analytics.errors import PurpleSectorError

_log = logging.getLogger(__name__)

BROKEN = "Something went wrong here; the log of `psa serve` says what."


def attempt(
    action: Callable[[], None], say: Callable[[str], None], *, worded: Callable[[PurpleSectorError], str] = str
) -> None:
    """Runs what a callback is for.

    Args:
        action: what to do.
        say: is given the sentence of an error; one that nobody foresaw is in the log as well.
        worded: the sentence of one that was.
    """
    try:
        action()
    except PurpleSectorError as error:
        say(worded(error))
    except Exception:  # it must not die without a word
        _log.exception("a callback of the page failed")
        say(BROKEN)
