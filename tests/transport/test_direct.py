import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from ps_analytics.config import Settings
from ps_analytics.errors import PipeFull, PortInUse
from ps_analytics.proto.codec import MAX_BYTES, Batch
from ps_analytics.transport.base import Message, Subscriber
from ps_analytics.transport.direct import Connection, Listener, Pipe
from ps_analytics.transport.loopback import PREFIX, make_token, token_path
from ps_analytics.transport.spool import Spool

MakeBatch = Callable[..., Batch]
COLLECTOR = "7f0f5a7e-0f3c-4f43-9d0e-6a1f6c3f4a10"
WAIT_S = 20.0


def settings_in(folder: Path, port: int = 0) -> Settings:
    return Settings(data_dir=folder, ingest_port=port, user="anna")


def connect_to(listener: Listener, folder: Path, name: str = "test") -> Connection:
    return Connection(settings_in(folder), name=name, port=listener.port)


def take(subscriber: Subscriber, until: int) -> list[Message]:
    """Messages until one ends at a sequence number."""
    taken: list[Message] = []
    while not taken or taken[-1].next_offset < until:
        fresh = subscriber.poll(WAIT_S)
        assert fresh, "nothing arrived"
        taken += fresh
    return taken


def offsets(messages: list[Message]) -> list[tuple[int, int]]:
    return [(message.offset, message.next_offset) for message in messages]


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[Listener]:
    with Listener(settings_in(tmp_path)) as listening:
        yield listening


@pytest.fixture
def connection(tmp_path: Path, listener: Listener) -> Iterator[Connection]:
    with connect_to(listener, tmp_path) as connected:
        yield connected


def test_a_pipe_keeps_a_message_until_it_is_acknowledged(batch_from: MakeBatch) -> None:
    pipe = Pipe()
    publisher = pipe.publisher("anna")
    publisher.publish(batch_from(0))
    publisher.publish(batch_from(6, 2))
    first = pipe.subscriber().poll(0)
    assert [(m.user_id, m.topic, m.offset, m.next_offset) for m in first] == [
        ("anna", publisher.topic, 0, 6),
        ("anna", publisher.topic, 6, 8),
    ]
    restarted = pipe.subscriber()
    assert restarted.poll(0) == first
    restarted.acknowledge(first[:1])
    assert not publisher.flush(0)
    assert pipe.subscriber().poll(0) == first[1:]
    restarted.acknowledge(first)
    assert publisher.flush(0)
    assert pipe.subscriber().poll(0) == []


def test_a_full_pipe_is_a_typed_error_that_says_when_to_try_again(batch_from: MakeBatch) -> None:
    pipe = Pipe(capacity=2, patience_s=0)
    publisher = pipe.publisher("anna")
    publisher.publish(batch_from(0))
    publisher.publish(batch_from(6))
    with pytest.raises(PipeFull) as full:
        publisher.publish(batch_from(12))
    assert full.value.retry_after > 0
    subscriber = pipe.subscriber()
    subscriber.acknowledge(subscriber.poll(0))
    publisher.publish(batch_from(12))
    assert offsets(subscriber.poll(0)) == [(12, 18)]


def test_a_publisher_waits_for_room_in_the_pipe(batch_from: MakeBatch) -> None:
    pipe = Pipe(capacity=1, patience_s=WAIT_S)
    publisher, subscriber = pipe.publisher("anna"), pipe.subscriber()
    publisher.publish(batch_from(0))
    waiting = threading.Thread(target=publisher.publish, args=(batch_from(6),))
    waiting.start()
    subscriber.acknowledge(subscriber.poll(0))
    assert offsets(subscriber.poll(WAIT_S)) == [(6, 12)]
    waiting.join()


def test_frames_go_to_the_daemon_in_order_and_leave_the_spool_when_acknowledged(
    connection: Connection, listener: Listener, batch_from: MakeBatch
) -> None:
    for start in range(0, 60, 6):
        connection.publish(batch_from(start))
    messages = take(listener, 60)
    assert offsets(messages) == [(n, n + 6) for n in range(0, 60, 6)]
    assert {(m.user_id, m.partition) for m in messages} == {("anna", 0)}
    assert not connection.flush(0)
    listener.acknowledge(messages)
    assert connection.flush(WAIT_S)


def test_a_daemon_that_comes_back_gets_everything_it_did_not_acknowledge(tmp_path: Path, batch_from: MakeBatch) -> None:
    first = Listener(settings_in(tmp_path))
    with connect_to(first, tmp_path) as connection:
        connection.publish(batch_from(0))
        connection.publish(batch_from(6))
        messages = take(first, 12)
        first.acknowledge(messages[:1])
        first.close()
        connection.publish(batch_from(12))
        with Listener(settings_in(tmp_path, first.port)) as second:
            again = take(second, 18)
            assert offsets(again)[-2:] == [(6, 12), (12, 18)]
            second.acknowledge(again)
            assert connection.flush(WAIT_S)


def test_a_collector_started_again_sends_what_the_last_run_left(tmp_path: Path, batch_from: MakeBatch) -> None:
    with Spool(tmp_path / "spool" / "test") as left:
        left.append(batch_from(0))
    with (
        Listener(settings_in(tmp_path)) as listener,
        connect_to(listener, tmp_path) as connection,
    ):
        connection.publish(batch_from(6))
        assert offsets(take(listener, 12)) == [(0, 6), (6, 12)]


def test_publishing_needs_no_daemon(tmp_path: Path, batch_from: MakeBatch) -> None:
    with Connection(settings_in(tmp_path, 9), name="test") as connection:
        connection.publish(batch_from(0))
        assert not connection.flush(0)
    with Spool(tmp_path / "spool" / "test") as left:
        assert [record.frames for record in left.unacknowledged()] == [6]


def test_several_collectors_are_told_apart(tmp_path: Path, listener: Listener, batch_from: MakeBatch) -> None:
    connections = [connect_to(listener, tmp_path) for _ in range(3)]
    for connection in connections:
        connection.publish(batch_from(0))
    messages: list[Message] = []
    while len(messages) < 3:
        messages += listener.poll(WAIT_S)
    assert {message.topic for message in messages} == {connection.collector_id for connection in connections}
    listener.acknowledge([message for message in messages if message.topic == connections[1].collector_id])
    assert connections[1].flush(WAIT_S)
    assert not connections[0].flush(0)
    for connection in connections:
        connection.close()


def test_the_token_is_made_once_and_only_its_user_can_read_it(tmp_path: Path) -> None:
    token = make_token(tmp_path / "data")
    assert make_token(tmp_path / "data") == token
    assert len(token) >= 32
    assert stat.S_IMODE(token_path(tmp_path / "data").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": None}, 401),
        ({"Authorization": "Bearer \xff"}, 401),
        ({"Origin": "http://127.0.0.1:5006"}, 403),
        ({"Collector-Id": "../../etc"}, 400),
        ({"Collector-Id": None}, 400),
    ],
)
def test_strangers_and_web_pages_are_refused(
    tmp_path: Path, listener: Listener, changed: dict[str, str | None], status: int
) -> None:
    headers = {"Authorization": f"Bearer {make_token(tmp_path)}", "Collector-Id": COLLECTOR} | changed
    with pytest.raises(InvalidStatus) as refused:
        connect(
            f"ws://127.0.0.1:{listener.port}",
            additional_headers={name: value for name, value in headers.items() if value is not None},
            proxy=None,
        )
    assert refused.value.response.status_code == status


def test_a_wrong_token_is_told_to_the_collector_and_costs_no_frame(
    tmp_path: Path, batch_from: MakeBatch, caplog: pytest.LogCaptureFixture
) -> None:
    refused = threading.Event()
    with Listener(settings_in(tmp_path)) as listener:
        token = make_token(tmp_path)
        token_path(tmp_path).write_text("another token")
        with connect_to(listener, tmp_path) as connection:
            connection.publish(batch_from(0))
            while connection.problem is None:
                refused.wait(0.01)
            assert "it answers 401 to the token" in str(connection.problem)
            token_path(tmp_path).write_text(token)
            assert offsets(take(listener, 6)) == [(0, 6)]


def test_a_token_that_is_no_text_is_told_and_costs_no_frame(tmp_path: Path, batch_from: MakeBatch) -> None:
    told = threading.Event()
    with Listener(settings_in(tmp_path)) as listener:
        token = token_path(tmp_path).read_bytes()
        token_path(tmp_path).write_bytes(b"\xff\xfe")
        with connect_to(listener, tmp_path) as connection:
            connection.publish(batch_from(0))
            while connection.problem is None:
                told.wait(0.01)
            token_path(tmp_path).write_bytes(token)
            assert offsets(take(listener, 6)) == [(0, 6)]


def test_a_collector_that_never_met_a_daemon_closes_at_once(tmp_path: Path, batch_from: MakeBatch) -> None:
    connection = Connection(settings_in(tmp_path, 9), name="test")
    connection.publish(batch_from(0))
    connection.close()


@pytest.mark.parametrize("junk", [b"", b"short", PREFIX.pack(0, 0) + b"x", PREFIX.pack(2**63, 1) + b"x", "text"])
def test_a_frame_without_numbers_ends_only_its_own_connection(
    tmp_path: Path, listener: Listener, connection: Connection, batch_from: MakeBatch, junk: bytes | str
) -> None:
    headers = {"Authorization": f"Bearer {make_token(tmp_path)}", "Collector-Id": COLLECTOR}
    with connect(f"ws://127.0.0.1:{listener.port}", additional_headers=headers, proxy=None) as stranger:
        stranger.send(junk)
        with pytest.raises(ConnectionClosed, match="1007"):
            stranger.recv(timeout=WAIT_S)
    connection.publish(batch_from(0))
    assert offsets(take(listener, 6)) == [(0, 6)]


def test_an_oversized_batch_reaches_the_daemon_to_be_set_aside(tmp_path: Path, listener: Listener) -> None:
    headers = {"Authorization": f"Bearer {make_token(tmp_path)}", "Collector-Id": COLLECTOR}
    with connect(f"ws://127.0.0.1:{listener.port}", additional_headers=headers, proxy=None, compression=None) as car:
        car.send(PREFIX.pack(0, 1) + bytes(MAX_BYTES + 1))
        assert [len(message.payload) for message in take(listener, 1)] == [MAX_BYTES + 1]


def test_a_daemon_that_is_behind_stops_reading_and_loses_nothing(tmp_path: Path, batch_from: MakeBatch) -> None:
    with (
        Listener(settings_in(tmp_path), max_waiting_bytes=50_000) as listener,
        connect_to(listener, tmp_path) as connection,
    ):
        total = 600 * 100
        for start in range(0, total, 600):
            connection.publish(batch_from(start, 600))
        messages: list[Message] = []
        while not messages or messages[-1].next_offset < total:
            messages += listener.poll(WAIT_S, max_messages=3)
        assert offsets(messages) == [(n, n + 600) for n in range(0, total, 600)]


def test_closing_does_not_wait_for_a_daemon_that_reads_nothing(tmp_path: Path, batch_from: MakeBatch) -> None:
    listener = Listener(settings_in(tmp_path), max_waiting_bytes=0)
    connection = connect_to(listener, tmp_path)
    for start in range(0, 600_000, 6000):
        connection.publish(batch_from(start, 6000))
    assert listener.poll(WAIT_S, max_messages=1)
    connection.close()
    listener.close()


def test_a_port_in_use_is_named_with_its_setting(tmp_path: Path, listener: Listener) -> None:
    with pytest.raises(PortInUse) as error:
        Listener(settings_in(tmp_path, listener.port))
    assert str(error.value) == (
        f"port {listener.port} is in use by another program. Stop it, or set PS_INGEST_PORT to a free port."
    )
