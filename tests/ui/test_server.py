"""The web server: who may speak to it, and what it says when it cannot start."""

import logging
import socket
import urllib.error
import urllib.request
from typing import Any

import pytest
from bokeh.util.token import generate_jwt_token, generate_session_id
from tornado.websocket import WebSocketClosedError

from ps_analytics.config import Settings
from ps_analytics.errors import BadSetting, PortInUse
from ps_analytics.ui.server import find_apps


def handshake(url: str, *, token: str, origin: str) -> int:
    """The status a websocket's opening request gets."""
    headers = {
        "Origin": origin,
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
        "Sec-WebSocket-Protocol": f"bokeh, {token}",
    }
    host, port = url.split("/")[2].split(":")
    with socket.create_connection((host, int(port)), timeout=10) as line:
        lines = ["GET /review/ws HTTP/1.1", f"Host: {host}:{port}", *(f"{k}: {v}" for k, v in headers.items())]
        line.sendall("\r\n".join([*lines, "", ""]).encode())
        return int(line.recv(4096).split()[1])


def test_the_pages_are_those_of_the_apps_folder() -> None:
    assert "review" in find_apps()


def test_the_root_leads_to_the_first_page(served: Any) -> None:
    root = served.url.removesuffix("review")
    with urllib.request.urlopen(root, timeout=10) as answer:
        assert answer.url == served.url


def test_the_page_names_no_other_host(served: Any) -> None:
    with urllib.request.urlopen(served.url, timeout=10) as answer:
        text = answer.read().decode()
    assert "https://" not in text
    assert "http://" not in text.replace("http://www.w3.org/", "")


def test_a_forged_token_and_a_foreign_origin_are_refused(served: Any) -> None:
    own = served.url.removesuffix("/review")
    forged = generate_jwt_token(generate_session_id(signed=False), signed=False, expiration=300)
    assert handshake(served.url, token=forged, origin="http://evil.example") == 403
    # The handshake of our own origin is answered; the session behind it is not opened for a token we did not sign.
    assert handshake(served.url, token=forged, origin=own) in (101, 403)
    assert served.server.get_sessions("/review") == []


def test_a_port_in_use_is_one_clear_sentence(settings: Settings, serve: Any) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortInUse) as caught, serve(settings.model_copy(update={"port": port})):
            pass
    sentence = f"port {port} is in use by another program. Stop it, or set PS_PORT to a free port."
    assert str(caught.value) == sentence


def test_an_address_of_another_machine_is_one_clear_sentence(settings: Settings, serve: Any) -> None:
    with pytest.raises(BadSetting) as caught, serve(settings.model_copy(update={"host": "192.0.2.1"})):
        pass
    sentence = "setting PS_HOST: '192.0.2.1' is not an address of this machine. Take 127.0.0.1, or 0.0.0.0 for all."
    assert str(caught.value) == sentence


def test_two_servers_of_one_process_do_not_mix_their_users(settings: Settings, serve: Any, tmp_path: Any) -> None:
    other = settings.model_copy(update={"user": "bruno", "data_dir": tmp_path / "other"})
    with serve(settings) as first, serve(other) as second:
        assert first.url != second.url


def test_a_browser_that_leaves_is_no_error_in_the_log(
    settings: Settings, serve: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with serve(settings):
        log = logging.getLogger("asyncio")
        log.error("a task failed", exc_info=WebSocketClosedError())
        log.error("a task failed", exc_info=RuntimeError("out of ink"))
    assert [str(record.exc_info[1]) for record in caplog.records if record.exc_info] == ["out of ink"]
