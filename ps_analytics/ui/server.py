"""The web server of the dashboards: `panel serve apps/*.py` with our settings, signed sessions and a silent log."""

import errno
import logging
import os
import signal
import socket
import threading
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from panel.io.server import Server, get_server
from tornado.websocket import WebSocketClosedError

from ps_analytics.config import Settings
from ps_analytics.errors import BadSetting, PortInUse, PurpleSectorError
from ps_analytics.ui.secrets import read_secrets
from ps_analytics.ui.shared import sharing
from ps_analytics.ui.video import video_patterns

FIRST_PAGE = "review"
TOKEN_S = 300
"""How long a page's token opens its session: whoever holds it within that time has the page."""
KEPT_S = 15.0
"""How long a closed page's session is kept for the browser to come back."""


def find_apps() -> dict[str, Path]:
    """The pages by their path: those of the checkout, else those the wheel brought along."""
    package = Path(__file__).parents[1]
    folders = (package.parent / "apps", package / "apps")
    folder = next((folder for folder in folders if (folder / f"{FIRST_PAGE}.py").is_file()), folders[-1])
    return {path.stem: path for path in sorted(folder.glob("*.py"))}


@contextmanager
def dashboards(settings: Settings, *, kept_s: float = KEPT_S) -> Iterator[Server]:
    """A server that listens and is ready to be run by its `io_loop`; stopped at the end of the block.

    Args:
        settings: address, port, data folder, database and user.
        kept_s: how long a closed page's session is kept, in s.

    Raises:
        PortInUse: another program listens on PS_PORT.
        BadSetting: PS_HOST is not an address of this machine, or PS_DATA_DIR cannot be used.
    """
    secrets = read_secrets(settings.data_dir)
    # Page paths, tokens and visitors are nobody's business, not even the log's.
    logging.getLogger("tornado.access").disabled = True
    logging.getLogger("asyncio").addFilter(_is_no_closed_page)
    port = _usable_port(settings.host, settings.port)
    with sharing(settings) as own:
        with suppress(PurpleSectorError):  # the page says it, and again until it is mended
            own.store()
        try:
            server = get_server(
                {name: str(path) for name, path in find_apps().items()},
                port=port,
                address=settings.host,
                websocket_origin=_origins(settings.host, port),
                sign_sessions=True,
                secret_key=secrets.sessions.encode("ascii"),
                cookie_secret=secrets.cookies,
                session_token_expiration=TOKEN_S,
                unused_session_lifetime_milliseconds=int(kept_s * 1000),
                check_unused_sessions_milliseconds=int(kept_s * 1000),
                warm=True,
                title="ps-analytics",
                extra_patterns=video_patterns(
                    user_of=lambda _: settings.user, store_of=lambda user: own.store().for_user(user)
                ),
            )
        except OSError as error:
            raise _refusal(error, settings.host, port) from None
        server.start()
        try:
            yield server
        finally:
            server.stop()


def serve(settings: Settings, *, show: bool = False, announce: Callable[[str], None] = print) -> None:
    """Serve the dashboards until Ctrl-C or a polite kill.

    Args:
        settings: address, port, data folder, database and user.
        show: open the first page in a browser.
        announce: told the page's address once it answers, in a sentence.

    Raises:
        PortInUse: another program listens on PS_PORT.
        BadSetting: PS_HOST is not an address of this machine, or PS_DATA_DIR cannot be used.
    """
    with dashboards(settings) as server, _stopped_by_signals(server.io_loop):
        url = page_url(server, settings)
        announce(f"Dashboards: {url}  (Ctrl-C stops)")
        if show and not webbrowser.open(url):
            announce("No browser was found to open it in: type the address into one.")
        server.io_loop.start()


def page_url(server: Server, settings: Settings) -> str:
    """Where the first page is."""
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::", "") else settings.host
    return f"http://{f'[{host}]' if ':' in host else host}:{server.port}/{FIRST_PAGE}"


def _is_no_closed_page(record: logging.LogRecord) -> bool:
    """Whether a record tells of more than a browser that left while something was on its way to it."""
    return record.exc_info is None or not isinstance(record.exc_info[1], WebSocketClosedError)


def _usable_port(host: str, port: int) -> int:
    """The port, or a free one for 0: the websocket's origins name it, so it must be known before the server is made.

    Raises:
        PortInUse: another program listens there.
        BadSetting: the address or the port cannot be used.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            if os.name == "posix":  # elsewhere it would take a port that somebody listens on
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            return int(probe.getsockname()[1])
    except OSError as error:
        raise _refusal(error, host, port) from None


def _origins(host: str, port: int) -> list[str]:
    """Which pages may open a websocket: those that came from this server, by any name it has."""
    names = {host, "localhost", "127.0.0.1"}
    if host in ("0.0.0.0", "::", ""):
        own = socket.gethostname()
        names |= {own, socket.getfqdn()} | set(_addresses(own))
    return sorted(f"{name}:{port}" for name in names if name and ":" not in name)


def _addresses(name: str) -> list[str]:
    try:
        return [str(found[4][0]) for found in socket.getaddrinfo(name, None)]
    except OSError:
        return []


def _refusal(error: OSError, host: str, port: int) -> PortInUse | BadSetting:
    if error.errno == errno.EADDRINUSE:
        return PortInUse(port, setting="PS_PORT")
    if error.errno == errno.EACCES:
        return BadSetting("PS_PORT", f"port {port} needs rights this program does not have. Take one above 1023.")
    return BadSetting("PS_HOST", f"'{host}' is not an address of this machine. Take 127.0.0.1, or 0.0.0.0 for all.")


@contextmanager
def _stopped_by_signals(loop: Any) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(number) for number in numbers]
    for number in numbers:
        signal.signal(number, lambda *_: loop.add_callback_from_signal(loop.stop))
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
