"""`psa ingest`: the daemon that takes frames from collectors and keeps laps."""

import signal
import threading

import typer

from ps_analytics.config import read_settings


def stop_on_signal() -> threading.Event:
    """An event that is set by Ctrl-C or by a polite kill."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop


def ingest() -> None:
    """Take frames from collectors on this machine and keep laps, until Ctrl-C."""
    from ps_analytics.ingest.daemon import Daemon
    from ps_analytics.store.store import open_store
    from ps_analytics.transport.listener import Listener

    settings = read_settings()
    stop = stop_on_signal()
    with open_store(settings=settings) as store, Listener(settings) as listener:
        typer.echo(f"Listening for collectors on 127.0.0.1:{listener.port}. Ctrl-C stops.")
        Daemon(store, listener, settings).run(stop)
