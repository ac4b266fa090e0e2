"""What comes in while pages are open: one look at the store for all of them, and a call to those it concerns."""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import polars as pl

from ps_analytics.errors import PurpleSectorError
from ps_analytics.store.store import Store

_log = logging.getLogger(__name__)

LOOK_S = 0.5
"""How often the store is asked; a slow one less often, so that asking never takes more than a twentieth of the time."""

UNEXPECTED = "The store cannot be watched; the log of `psa serve` says why."

Listener = Callable[[str], None]
Ticker = Callable[[Sequence[Mapping[str, Any]]], None]
"""Is given the rows of `Store.find_running_laps` of laps that have gone on."""


class StoreWatcher:
    """Watches a store for all pages of this process, as long as one is open."""

    def __init__(self, store: Callable[[], Store]) -> None:
        """A watcher that does not run yet.

        Args:
            store: gives the store, or raises what is wrong with it.
        """
        self._store = store
        self._listeners: dict[str, list[tuple[Listener, Ticker | None]]] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._leave = threading.Event()
        self.looked = threading.Event()
        """Set once the store has been looked at for everybody who listens."""

    @property
    def is_looking(self) -> bool:
        """Whether anybody listens."""
        return self._thread is not None

    def subscribe(self, user: str, listener: Listener, ticker: Ticker | None = None) -> Callable[[], None]:
        """Calls `listener` from another thread when something of the user's changed, until the answer is called.

        It is given "", or the sentence that says why the store cannot be asked. `ticker` is called whenever laps that
        are being driven have gone on; of a user who is not driving it asks the store nothing.
        """
        with self._lock:
            self._listeners.setdefault(user, []).append((listener, ticker))
            self.looked.clear()
            if self._thread is None:
                self._leave = threading.Event()
                self._thread = threading.Thread(
                    target=self._run, args=(self._leave,), name="store-watcher", daemon=True
                )
                self._thread.start()
        return lambda: self._unsubscribe(user, (listener, ticker))

    def close(self) -> None:
        """Stop watching."""
        with self._lock:
            self._listeners.clear()
            thread, self._thread = self._thread, None
            self._leave.set()
        if thread is not None:
            thread.join()

    def _unsubscribe(self, user: str, listener: tuple[Listener, Ticker | None]) -> None:
        with self._lock:
            listeners = self._listeners.get(user, [])
            if listener in listeners:
                listeners.remove(listener)
            if not listeners:
                self._listeners.pop(user, None)
            if not self._listeners:
                self._thread = None
                self._leave.set()

    def _run(self, leave: threading.Event) -> None:
        seen: dict[str, Any] = {}
        latest: dict[str, dict[str, Any]] = {}
        while not leave.is_set():
            began = time.monotonic()
            with self._lock:
                listeners = {user: list(those) for user, those in self._listeners.items()}
            for user, those in listeners.items():
                now, problem = self._look(user)
                # The first look tells nobody anything: a page reads the store itself when it opens.
                if user in seen and now != seen[user]:
                    for listener, _ in those:
                        listener(problem)
                seen[user] = now
                tickers = [ticker for _, ticker in those if ticker is not None]
                if tickers and not problem:
                    latest[user] = self._tick(user, now, tickers, latest.get(user, {}))
            with self._lock:
                if listeners and self._listeners.keys() <= listeners.keys():  # nobody came in the meantime
                    self.looked.set()
            leave.wait(max(LOOK_S, 20 * (time.monotonic() - began)))

    def _tick(
        self, user: str, seen: tuple[Any, ...], tickers: Sequence[Ticker], latest: dict[str, Any]
    ) -> dict[str, Any]:
        """Tells the tickers of running laps that have gone on since; the last frame of each lap now."""
        _, finished = seen
        if not finished:  # no session is recording
            return {}
        try:
            rows = self._store().for_user(user).find_running_laps().to_dicts()
        except PurpleSectorError:
            return latest  # the next look says it
        new = [row for row in rows if row["latest_us"] is not None and latest.get(row["lap_id"]) != row["latest_us"]]
        for ticker in tickers if new else ():
            ticker(new)
        return {row["lap_id"]: row["latest_us"] for row in rows}

    def _look(self, user: str) -> tuple[Any, str]:
        """What there is, as something to compare, and the sentence if it cannot be read."""
        try:
            return snapshot(self._store().for_user(user)), ""
        except PurpleSectorError as error:
            return str(error), str(error)
        except Exception:  # the top of the thread: an unexpected error must not end it
            _log.exception("watching the store failed")
            return UNEXPECTED, UNEXPECTED


def snapshot(store: Store) -> tuple[Any, ...]:
    """What a page shows of a user's sessions and of the laps being recorded, to be compared with an earlier one.

    Laps of sessions that are over change with their session's row only: that keeps it at one query when nobody drives.
    """
    sessions = store.find_sessions(shared=True)
    recording = sessions.filter(pl.col("status") == "recording")["session_id"]
    laps = [store.find_laps(session_id=session_id, shared=True) for session_id in recording]
    finished = [found.filter(pl.col("ended_us").is_not_null()) for found in laps]
    facts = [
        found.select("lap_id", "ended_us", "sealed", "lap_time_s", "kind", "valid", "sectors_s").rows()
        for found in finished
    ]
    return sessions.rows(), facts
