"""What goes wrong in PostgreSQL's COPY, which SQLAlchemy does not know, is told like any other refusal."""

from collections.abc import Iterator

import pytest
from sqlalchemy import NullPool, create_engine, make_url, text

from ps_analytics.errors import DatabaseUnreachable, StoreError
from ps_analytics.store.store import Store, open_store
from tests import postgres
from tests.store.stream import START_US, batch, received

pytestmark = pytest.mark.postgres


@pytest.fixture
def at_home(prepared_postgres: str, postgres_url: str) -> Iterator[Store]:
    template = make_url(prepared_postgres).database
    with postgres.database(postgres_url, like=str(template)) as url, open_store(url, user="anna") as store:
        yield store


def run(store: Store, statement: str) -> None:
    """Do something behind the store's back, on a connection of its own."""
    engine = create_engine(store._database.engine.url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text(statement))


def write(store: Store, *, meanwhile: str = "") -> None:
    with store.transaction() as transaction:
        session = transaction.open_session(source="test", started_us=START_US)
        if meanwhile:
            run(store, meanwhile)
        transaction.write_batches(session, received([batch(0, 10)]))


def test_a_row_the_table_refuses_is_a_refusal_of_the_database(at_home: Store) -> None:
    run(at_home, "ALTER TABLE telemetry_frame ADD CONSTRAINT slow CHECK (speed < 5)")
    with pytest.raises(StoreError, match="violates check constraint"):
        write(at_home)
    assert at_home.find_sessions().is_empty()


def test_a_server_that_goes_while_frames_are_written_is_an_outage(at_home: Store) -> None:
    others = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with pytest.raises(DatabaseUnreachable):
        write(at_home, meanwhile=others)
    write(at_home)
    assert len(at_home.find_sessions()) == 1
