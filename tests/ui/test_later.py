"""Work beside a page: its answer, its refusal and its accident all come back in the page's own turn."""

import queue
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import current_thread, main_thread

import pytest

from ps_analytics.errors import NotFound
from ps_analytics.ui.attempts import BROKEN
from ps_analytics.ui.later import on


@pytest.fixture
def worker() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as own:
        yield own


class Turns:
    """A page's turns, taken one by one."""

    def __init__(self, worker: ThreadPoolExecutor) -> None:
        self.waiting: queue.Queue[Callable[[], None]] = queue.Queue()
        self.accidents: list[Exception] = []
        self.later = on(worker, in_turn=self.waiting.put, attempt=self.attempt)

    def attempt(self, action: Callable[[], None]) -> None:
        try:
            action()
        except ZeroDivisionError as error:
            self.accidents.append(error)

    def take(self) -> None:
        self.waiting.get(timeout=10)()


def test_the_work_waits_for_what_is_sent_before_it_and_runs_beside_the_page(worker: ThreadPoolExecutor) -> None:
    turns, seen = Turns(worker), []
    turns.later(lambda: current_thread() is main_thread(), seen.append, seen.append)
    assert seen == []
    turns.take()
    turns.take()
    assert seen == [False]


def test_a_refusal_comes_back_as_its_sentence(worker: ThreadPoolExecutor) -> None:
    def refuse() -> None:
        raise NotFound("lap", "x")

    turns, seen = Turns(worker), []
    turns.later(refuse, seen.append, seen.append)
    turns.take()
    turns.take()
    assert seen == ["no lap 'x'."]


def test_an_accident_is_told_and_is_not_swallowed(worker: ThreadPoolExecutor) -> None:
    turns, seen = Turns(worker), []
    turns.later(lambda: 1 // 0, seen.append, seen.append)
    turns.take()
    turns.take()
    assert seen == [BROKEN]
    assert len(turns.accidents) == 1
