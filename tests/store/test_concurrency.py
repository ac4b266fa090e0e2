"""Several writers and readers of one database neither stop nor confuse each other."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

from ps_analytics.store.store import Store, open_store
from tests.store.stream import START_US, at, drive, received, seal
from tests.store.stream import batch as frames_from


def test_two_daemons_seal_while_a_page_reads(store: Store, prepared_url: str) -> None:
    driven = [drive(store, laps=range(0, 601, 100)) for _ in range(2)]
    laps = [lap for _, laps in driven for lap in laps]
    done = Event()

    def daemon(number: int) -> list[int]:
        with open_store(prepared_url, user="anna") as own:
            return seal(own, driven[number][1])

    def page() -> int:
        reads = 0
        with open_store(prepared_url, user="anna") as own:
            while not done.is_set() or reads == 0:
                for lap in laps:
                    first = (lap.started_us - START_US) // 10_000
                    assert own.read_lap(lap.id).frames["speed"].to_list() == [
                        float(n) for n in range(first, first + 100)
                    ]
                    reads += 1
        return reads

    with ThreadPoolExecutor() as threads:
        reader = threads.submit(page)
        counts = list(threads.map(daemon, range(2)))
        done.set()
        assert reader.result() >= len(laps)
    assert counts == [[100] * 6] * 2


def test_two_writers_of_the_same_frames_write_them_once(store: Store, prepared_url: str) -> None:
    session, _ = drive(store, frames=0, laps=())
    sent = received(frames_from(first, 50) for first in range(0, 1000, 50))

    def write(_: int) -> None:
        with open_store(prepared_url, user="anna") as own:
            for message in sent:
                with own.transaction() as transaction:
                    transaction.write_batches(session, [message])

    with ThreadPoolExecutor() as threads:
        list(threads.map(write, range(2)))
    with store.transaction() as transaction:
        lap = transaction.open_lap(session, lap_number=0, started_us=at(0), ended_us=at(1000))
        assert transaction.seal_lap(lap.id) == 1000
    with store._database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM telemetry_frame").scalar_one() == 1000
