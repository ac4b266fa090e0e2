"""Visitors without a browser: they open the page, keep its line and click laps, in Bokeh's own words on the wire.

As a program it is a hundred of them, away from the process that measures: `bench_ui_visitors.py URL USERS SECONDS`.
"""

import asyncio
import json
import random
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tornado.httpclient import AsyncHTTPClient
from tornado.websocket import WebSocketClientConnection, websocket_connect

EVERY_S = 2.0
OPENING = 2
"""So many open the page at a time."""
PATIENCE_S = 120.0
"""A page that says nothing for so long is dead."""
MOST_BYTES = 100_000_000
_TOKEN = re.compile(r'"token":"([^"]+)"')
_BUS = re.compile(r'"roots":\{"(\w+)"')
_LAPS = re.compile(r'\["id","([0-9a-f]{32})"\],\["number",')


@dataclass
class Visitor:
    """One page: `laps` are the ids of the list it was sent."""

    url: str
    laps: list[str] = field(default_factory=list)
    _line: WebSocketClientConnection | None = None
    _bus: str = ""
    _sent: int = 0

    async def open(self) -> None:
        """Fetches the page, opens its line and waits for the first commit."""
        answer = await AsyncHTTPClient().fetch(self.url, request_timeout=120.0)
        text = answer.body.decode()
        token, bus = _TOKEN.search(text), _BUS.search(text)
        assert token, "the page has no token"
        assert bus, "the page has no bus"
        self._bus = bus[1]
        line = "ws" + self.url.removeprefix("http") + "/ws"
        self._line = await websocket_connect(line, subprotocols=["bokeh", token[1]], max_message_size=MOST_BYTES)
        await self._read_until("ACK")
        await self._say("PULL-DOC-REQ", {})
        await self._read_until("PULL-DOC-REPLY")
        await self.ask({"op": "ready"})

    async def ask(self, command: dict[str, Any]) -> float:
        """Asks on the page's bus; how long until the commit that answers it was there, in s."""
        began = time.perf_counter()
        data = {"type": "map", "entries": [list(pair) for pair in command.items()]}
        values = {"type": "map", "entries": [["model", {"id": self._bus}], ["data", data]]}
        message = {"type": "event", "name": "data_event", "values": values}
        await self._say(
            "PATCH-DOC", {"events": [{"kind": "MessageSent", "msg_type": "bokeh_event", "msg_data": message}]}
        )
        await self._read_until('["op","commit"]')
        return time.perf_counter() - began

    async def _say(self, kind: str, content: dict[str, Any]) -> None:
        assert self._line is not None
        self._sent += 1
        for part in ({"msgid": f"{self._sent}", "msgtype": kind}, {}, content):
            await self._line.write_message(json.dumps(part))

    async def _read_until(self, mark: str) -> None:
        """Reads what comes, to the fragment with these words."""
        assert self._line is not None
        while (fragment := await asyncio.wait_for(self._line.read_message(), PATIENCE_S)) is not None:
            if isinstance(fragment, str):
                if '["op","laps"]' in fragment:
                    self.laps = _LAPS.findall(fragment)
                if mark in fragment:
                    return
        raise ConnectionError("the server hung up")


async def arrived(url: str, count: int) -> list[Visitor]:
    """So many visitors with the page open."""
    visitors, turn = [Visitor(url) for _ in range(count)], asyncio.Semaphore(OPENING)

    async def opening(visitor: Visitor) -> None:
        async with turn:
            await visitor.open()

    await asyncio.gather(*map(opening, visitors))
    return visitors


async def clicks(visitor: Visitor, seconds: float, seed: int) -> list[float]:
    """One who clicks a lap every two seconds, from a moment of one's own on: how long each took, in s."""
    chance, taken = random.Random(seed), list[float]()
    await asyncio.sleep(chance.uniform(0, EVERY_S))
    until = time.monotonic() + seconds
    while (now := time.monotonic()) < until:
        taken.append(await visitor.ask({"op": "toggle", "lap": chance.choice(visitor.laps[2:8])}))
        await asyncio.sleep(max(0.0, EVERY_S - (time.monotonic() - now)))
    return taken


async def visit(url: str, users: int, seconds: float) -> None:
    """Prints `open` when all are there; told to on stdin, clicks and prints how long each took as JSON, then leaves."""
    visitors = await arrived(url, users)
    print("open", flush=True)
    if not await asyncio.to_thread(sys.stdin.readline):
        return
    found = await asyncio.gather(*(clicks(visitor, seconds, seed) for seed, visitor in enumerate(visitors)))
    print(json.dumps([taken for each in found for taken in each]), flush=True)


def main(given: Sequence[str]) -> None:
    """Visits as it is told to."""
    url, users, seconds = given
    AsyncHTTPClient.configure(None, max_clients=OPENING, defaults={"connect_timeout": 60.0})
    asyncio.run(visit(url, int(users), float(seconds)))


if __name__ == "__main__":
    main(sys.argv[1:])
