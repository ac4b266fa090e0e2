"""The demo's past sessions in a store of your own, by the way every frame goes: collector, pipe, daemon."""

import threading
from itertools import groupby

from ps_analytics.collect.simulated import SimulatedPast
from ps_analytics.config import Settings, read_settings
from ps_analytics.ingest.daemon import Daemon
from ps_analytics.ingest.live_session import end
from ps_analytics.ingest.tracks import catch_up
from ps_analytics.simulate.demo import demo_sessions
from ps_analytics.store.store import Store
from ps_analytics.transport.pipe import Pipe

TAKEN_WITHIN_S = 300.0
"""So long the daemon may take for what waits in the pipe once the last frame is published."""


def fill_in_demo(store: Store, *, seed: int = 1, settings: Settings | None = None) -> Store:
    """The same store, now with the past sessions that `psa demo` shows, each in its event, and their tracks.

    Args:
        store: where they go.
        seed: decides circuits, sessions and laps.
        settings: None reads them from the environment.

    Raises:
        PurpleSectorError: the store refuses.
    """
    known = set(store.find_sessions()["session_id"])
    pipe, stop = Pipe(), threading.Event()
    publisher = pipe.publisher(store.user)
    daemon = Daemon(store, pipe.subscriber(), settings or read_settings())
    receiving = threading.Thread(target=daemon.run, args=(stop,), name="demo-daemon")
    receiving.start()
    try:
        SimulatedPast(seed).run(publisher.publish, stop)
        publisher.flush(TAKEN_WITHIN_S)
    finally:
        stop.set()
        receiving.join()
    recorded = store.find_sessions(source=SimulatedPast.name).sort("started_at").select("session_id", "track").rows()
    new = {session_id: track for session_id, track in recorded if session_id not in known}
    _put_into_events(store, list(new), seed)
    for track in sorted(set(new.values())):
        catch_up(store, track)
    return store


def _put_into_events(store: Store, session_ids: list[str], seed: int) -> None:
    """End the sessions and give them the names the wire does not carry, and their events; both oldest first."""
    with store.transaction() as transaction:
        sessions = [transaction.session(session_id) for session_id in session_ids]
        pairs = zip(demo_sessions(seed), sessions, strict=True)
        for event, found in groupby(pairs, key=lambda pair: pair[0].event):
            held = list(found)
            days = [session.started_at.date() for _, session in held if session.started_at is not None]
            event_id = transaction.open_event(event, start_date=min(days), end_date=max(days))
            for told, session in held:
                if session.status == "recording":
                    end(transaction, session)
                transaction.update_session(session, event_id=event_id, name=told.name)
