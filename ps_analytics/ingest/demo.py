"""The demo's past sessions in a store of your own, by the way every frame goes: collector, pipe, daemon."""

import threading

from ps_analytics.collect.simulated import Simulated
from ps_analytics.config import Settings, read_settings
from ps_analytics.ingest.daemon import Daemon
from ps_analytics.proto.codec import Batch
from ps_analytics.store.store import Store
from ps_analytics.transport.pipe import Pipe

TAKEN_WITHIN_S = 300.0
"""So long the daemon may take for what waits in the pipe once the last frame is published."""


def fill_in_demo(store: Store, *, seed: int = 1, settings: Settings | None = None) -> Store:
    """The same store, now with the past sessions that `psa demo` shows.

    Args:
        store: where they go.
        seed: decides circuits, sessions and laps.
        settings: None reads them from the environment.

    Raises:
        PurpleSectorError: the store refuses.
    """
    pipe, driven, stop = Pipe(), threading.Event(), threading.Event()
    publisher = pipe.publisher(store.user)
    daemon = Daemon(store, pipe.subscriber(), settings or read_settings())

    def publish(batch: Batch) -> None:
        if batch.live:
            driven.set()  # the past is told; what is driven now is not part of it
        else:
            publisher.publish(batch)

    receiving = threading.Thread(target=daemon.run, args=(stop,), name="demo-daemon")
    receiving.start()
    try:
        Simulated(seed, history=True).run(publish, driven)
        publisher.flush(TAKEN_WITHIN_S)
    finally:
        stop.set()
        receiving.join()
    return store
