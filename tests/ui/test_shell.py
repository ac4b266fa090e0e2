"""The page around the components."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from panel.io.server import get_server
from tornado.httpclient import AsyncHTTPClient

from ps_analytics.ui.components.base import BUNDLE, NOT_BUILT, is_built
from ps_analytics.ui.shell import page_of


@pytest.mark.parametrize("share", [0.0, 0.5, 0.999])
def test_a_bundle_that_was_cut_off_is_not_built(tmp_path: Path, share: float) -> None:
    whole = BUNDLE.read_bytes()
    cut = tmp_path / "ps_analytics.js"
    assert not is_built(cut)
    cut.write_bytes(whole[: int(len(whole) * share)])
    assert not is_built(cut)
    cut.write_bytes(whole)
    assert is_built(cut)


def test_a_page_without_its_javascript_says_how_to_build_it() -> None:
    async def fetch() -> str:
        server = get_server({"/": lambda: page_of("Review", problem=NOT_BUILT)}, address="127.0.0.1")
        server.start()
        try:
            answer = await AsyncHTTPClient().fetch(f"http://127.0.0.1:{server.port}/")
        finally:
            server.stop()
        return str(answer.body.decode())

    with ThreadPoolExecutor(1) as elsewhere:  # in the main thread the server would take over Ctrl-C
        html = elsewhere.submit(asyncio.run, fetch()).result()
    assert "run <code>pip install -e .</code> in the checkout, then reload this page." in html
    assert "<title>Review · ps-analytics</title>" in html
