"""What the pages of a process share: settings, one store, one watcher, and a worker each for two kinds of work."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from ps_analytics.config import Settings, read_settings
from ps_analytics.store.store import Store, open_store
from ps_analytics.ui.live import StoreWatcher


class Shared:
    """Opens the store when a page first asks, and again when that failed: a page outlives a database."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.watcher = StoreWatcher(self.store)
        self.worker = ThreadPoolExecutor(1, thread_name_prefix="page-worker")
        self.running_worker = ThreadPoolExecutor(1, thread_name_prefix="running-lap")
        self._store: Store | None = None
        self._lock = threading.Lock()

    def store(self) -> Store:
        """The store of this process.

        Raises:
            StoreError: it cannot be opened.
            MissingExtra: PostgreSQL without its packages.
        """
        with self._lock:
            if self._store is None:
                self._store = open_store(settings=self.settings)
            return self._store

    def close(self) -> None:
        """Stop watching and working, and close the store."""
        self.watcher.close()
        for worker in (self.worker, self.running_worker):
            worker.shutdown(cancel_futures=True)
        with self._lock:
            store, self._store = self._store, None
        if store is not None:
            store.close()


_in_force: list[Shared] = []


def shared() -> Shared:
    """What is shared here; under a plain `panel serve apps/*.py` made from the environment when first asked for."""
    if not _in_force:
        _in_force.append(Shared(read_settings()))
    return _in_force[-1]


@contextmanager
def sharing(settings: Settings) -> Iterator[Shared]:
    """The pages of this process share these settings until the end of the block."""
    own = Shared(settings)
    _in_force.append(own)
    try:
        yield own
    finally:
        _in_force.remove(own)
        own.close()
