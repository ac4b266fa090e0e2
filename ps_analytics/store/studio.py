"""`psa db studio`: a page of its own to look into any table; on loopback, behind a token, and unable to change a row.

It needs the extra `studio`; importing this module without it raises `ImportError`.
"""

import asyncio
import errno
import os
import secrets
import socket
import threading
import time
from collections.abc import Awaitable, Callable, MutableMapping
from types import TracebackType
from typing import Any, Self

import uvicorn
from sqlalchemy import Engine, event
from starlette.datastructures import URL, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from ps_analytics.errors import BadSetting, PortInUse
from ps_analytics.plugins import Plugins
from ps_analytics.store import schema
from ps_analytics.store.engine import Database
from ps_analytics.store.studio_views import application

QUERY_LIMIT_S = 5.0
"""How long one question may take: a page that scans a hundred million rows is refused, not waited for."""
_LOOPBACK = "127.0.0.1"
_HEADERS = {
    # Whatever a table holds, the page loads and runs nothing that is not its own.
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    "font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_REFUSED = "This page needs the whole address that `psa db studio` printed, with its token."

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Studio:
    """The page of one database: listens from its making on, answers while `run` runs."""

    def __init__(self, database: Database, plugins: Plugins, *, port: int = 0, limit_s: float = QUERY_LIMIT_S) -> None:
        """Listen.

        Args:
            database: whose tables are shown; its connections become read-only.
            plugins: their tables are shown too, where the database has them.
            port: on 127.0.0.1; 0 picks a free one.
            limit_s: how long one statement may take, in s.

        Raises:
            SchemaOutdated: the database has no tables of this version.
            DatabaseUnreachable: nobody answers.
            PortInUse: another program listens there.
            BadSetting: the port is not for this user.
        """
        schema.ensure(database.engine)
        pages = application(database.engine, plugins)
        _only_look(database.engine, limit_s)
        self._token = secrets.token_urlsafe(32)
        self._socket = _listening(port)
        self.port = int(self._socket.getsockname()[1])
        door = _Door(pages, token=self._token, cookie=f"ps_studio_{self.port}", port=self.port)
        # The address carries the token: nothing may log it.
        config = uvicorn.Config(door, access_log=False, log_level="warning", ws="none", server_header=False)
        self._server = uvicorn.Server(config)

    @property
    def url(self) -> str:
        """The address to open, with the token that opens it."""
        return f"http://{_LOOPBACK}:{self.port}/?token={self._token}"

    def run(self, stop: threading.Event) -> None:
        """Answer until `stop` is set."""
        served = threading.Thread(target=self._serve, name="studio", daemon=True)
        served.start()
        while served.is_alive() and not stop.wait(0.2):  # in slices: Windows delivers Ctrl-C between them only
            pass
        self._server.should_exit = True
        served.join()

    def _serve(self) -> None:
        asyncio.run(self._server.serve(sockets=[self._socket]))

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


class _Door:
    """Lets in whoever has the token, to look; everybody else is told what is missing."""

    def __init__(self, pages: App, *, token: str, cookie: str, port: int) -> None:
        self._pages, self._token, self._cookie = pages, token, cookie
        self._hosts = {f"{host}:{port}" for host in (_LOOPBACK, "localhost")}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._pages(scope, receive, send)
            return

        async def send_with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        answer = self._refusal(Request(scope)) or self._pages
        await answer(scope, receive, send_with_headers)

    def _refusal(self, request: Request) -> Response | None:
        if request.headers.get("host", "") not in self._hosts:  # a foreign name that resolves to this machine
            return PlainTextResponse(_REFUSED, status_code=403)
        if request.method not in ("GET", "HEAD"):
            return PlainTextResponse("The studio is read-only.", status_code=405)
        given = request.query_params.get("token")
        if given is None and self._is_token(request.cookies.get(self._cookie, "")):
            return None
        if given is None or not self._is_token(given):
            return PlainTextResponse(_REFUSED, status_code=403)
        # From here on the cookie is the key, so that the token is neither in links nor in the history's next pages.
        url = request.url.remove_query_params("token")
        response = RedirectResponse(_path(url), status_code=303)
        response.set_cookie(self._cookie, self._token, httponly=True, samesite="strict")
        return response

    def _is_token(self, text: str) -> bool:
        return secrets.compare_digest(text.encode(), self._token.encode())


def _path(url: URL) -> str:
    return "/" + url.path.lstrip("/") + (f"?{url.query}" if url.query else "")


def _listening(port: int) -> socket.socket:
    """A socket on loopback that nobody else has.

    Raises:
        PortInUse: another program listens there.
        BadSetting: the port is not for this user.
    """
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # on Windows this option would share the port with whoever has it
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((_LOOPBACK, port))
        listening.listen()
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            raise PortInUse(port, setting="--port") from None
        raise BadSetting("--port", f"{error.strerror or error}.") from None
    return listening


def _only_look(engine: Engine, limit_s: float) -> None:
    """Make every connection read-only and every statement short, in the database itself."""
    engine.dispose()  # those that are open are not
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _sqlite_read_only)
        event.listen(engine, "before_cursor_execute", _sqlite_limit(limit_s))
    else:
        event.listen(engine, "connect", _postgresql_read_only(limit_s))


def _sqlite_read_only(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA query_only = ON")


def _sqlite_limit(limit_s: float) -> Callable[..., None]:
    def begin(_connection: object, cursor: Any, *_: object) -> None:
        until = time.monotonic() + limit_s
        cursor.connection.set_progress_handler(lambda: time.monotonic() > until, 10_000)

    return begin


def _postgresql_read_only(limit_s: float) -> Callable[[Any, object], None]:
    def prepare(connection: Any, _record: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET default_transaction_read_only = on")
            cursor.execute(f"SET statement_timeout = {max(1, round(limit_s * 1000))}")
        connection.commit()

    return prepare
