"""Work that must not keep a page waiting: where it runs, and how its answer comes back."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Protocol, TypeVar

from ps_analytics.errors import PurpleSectorError
from ps_analytics.ui.attempts import BROKEN

T = TypeVar("T")


class Later(Protocol):
    """Runs work that touches nothing of a page, then hands what came of it to the page in the page's own turn."""

    def __call__(self, work: Callable[[], T], done: Callable[[T], None], failed: Callable[[str], None]) -> None:
        """Calls `done` with what `work` gave, or `failed` with the sentence of what it raised."""


def at_once(work: Callable[[], T], done: Callable[[T], None], failed: Callable[[str], None]) -> None:
    """Runs the work where it stands: in notebooks, and in tests of what comes of it."""
    try:
        found = work()
    except PurpleSectorError as error:
        failed(str(error))
    except Exception:  # the top of a page's work: whoever waits for it is told; who called logs it
        failed(BROKEN)
        raise
    else:
        done(found)


def on(
    worker: Executor, *, in_turn: Callable[[Callable[[], None]], None], attempt: Callable[[Callable[[], None]], None]
) -> Later:
    """Runs the work on a worker, once what the page sends before it is on its way.

    Args:
        worker: whose threads do it.
        in_turn: calls an action in the page's own turn; from any thread.
        attempt: runs an action of the page and tells what goes wrong.
    """

    def later(work: Callable[[], T], done: Callable[[T], None], failed: Callable[[str], None]) -> None:
        def answer(future: Future[T]) -> None:
            if not future.cancelled():
                in_turn(lambda: attempt(lambda: at_once(future.result, done, failed)))

        in_turn(lambda: worker.submit(work).add_done_callback(answer))

    return later
