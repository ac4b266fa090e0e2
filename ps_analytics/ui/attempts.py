"""The top of every callback of a page: whatever goes wrong there, the page lives on and says it in one sentence."""

import logging
from collections.abc import Callable

from ps_analytics.errors import PurpleSectorError

_log = logging.getLogger(__name__)

MOST_SAID = 400
"""Letters of a sentence on a page; of a longer one, which repeats what somebody sent, the middle is left out."""

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
        say(in_brief(worded(error)))
    except Exception:  # it must not die without a word
        _log.exception("a callback of the page failed")
        say(BROKEN)


def in_brief(sentence: str) -> str:
    """A sentence no longer than a page has room for.

    Example:
        >>> len(in_brief("no lap '" + "x" * 70_000 + "'."))
        400
    """
    if len(sentence) <= MOST_SAID:
        return sentence
    head = MOST_SAID * 3 // 5
    return f"{sentence[:head]}…{sentence[head + 1 - MOST_SAID :]}"
