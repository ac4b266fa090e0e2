"""The watcher on a real store: SQLite and PostgreSQL."""

import queue
from collections.abc import Iterator
from typing import Any

import pytest

from ps_analytics.errors import DatabaseUnreachable
from ps_analytics.store.store import Store, open_store
from ps_analytics.ui.live import StoreWatcher, snapshot

PATIENCE_S = 60.0
"""A slow look is followed by a long rest."""


@pytest.fixture
def any_store(prepared_url: str) -> Iterator[Store]:
    with open_store(prepared_url, user="anna") as store:
        yield store


@pytest.fixture
def watcher(any_store: Store) -> Iterator[StoreWatcher]:
    watcher = StoreWatcher(lambda: any_store)
    yield watcher
    watcher.close()


def test_a_finished_lap_calls_every_page_of_its_user_and_nobody_elses(
    any_store: Store, watcher: StoreWatcher, paddock_of: Any
) -> None:
    anna, bruno = paddock_of(any_store), paddock_of(any_store.for_user("bruno"))
    session, theirs = anna.session(status="recording"), bruno.session(status="recording")
    first: queue.Queue[str] = queue.Queue()
    second: queue.Queue[str] = queue.Queue()
    other: queue.Queue[str] = queue.Queue()
    for user, heard in (("anna", first), ("anna", second), ("bruno", other)):
        watcher.subscribe(user, heard.put)
    watcher.looked.wait(PATIENCE_S)
    anna.lap(session, lap_time_s=90.0)
    assert first.get(timeout=PATIENCE_S) == ""
    assert second.get(timeout=PATIENCE_S) == ""
    bruno.lap(theirs, lap_time_s=80.0)
    assert other.get(timeout=PATIENCE_S) == ""
    assert other.empty()


def test_it_stops_looking_when_the_last_page_closes(watcher: StoreWatcher) -> None:
    leave = watcher.subscribe("anna", lambda problem: None)
    assert watcher.is_looking
    leave()
    assert not watcher.is_looking
    leave()


def test_a_store_that_fails_is_reported_once_and_its_return_as_well(any_store: Store) -> None:
    broken: list[bool] = []

    def store() -> Store:
        if broken:
            raise DatabaseUnreachable("postgresql://…", "nobody answers")
        return any_store

    watcher, heard = StoreWatcher(store), queue.Queue[str]()
    watcher.subscribe("anna", heard.put)
    watcher.looked.wait(PATIENCE_S)
    broken.append(True)
    assert "nobody answers" in heard.get(timeout=PATIENCE_S)
    broken.clear()
    assert heard.get(timeout=PATIENCE_S) == ""
    watcher.close()


def test_a_lap_that_is_being_driven_changes_nothing(any_store: Store, paddock_of: Any) -> None:
    paddock = paddock_of(any_store)
    session = paddock.session(status="recording")
    paddock.lap(session, lap_time_s=90.0)
    before = snapshot(any_store)
    assert snapshot(any_store) == before
    with any_store.transaction() as writing:
        writing.close_lap(paddock.laps[session][0], kind="out")
    assert snapshot(any_store) != before
