"""A store to write to, on each database."""

from collections.abc import Iterator

import pytest

from ps_analytics.plugins import load_plugins
from ps_analytics.store import schema
from ps_analytics.store.engine import open_database
from ps_analytics.store.store import Store, open_store


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """The store of anna on a database with the core's tables."""
    prepare(database_url)
    with open_store(database_url, user="anna") as opened:
        yield opened


@pytest.fixture
def frugal(database_url: str) -> Iterator[Store]:
    """A store that keeps no rows of sealed laps."""
    prepare(database_url)
    database = open_database(database_url)
    yield Store(database, "anna", keep_rows=False)
    database.close()


def prepare(url: str) -> None:
    """Create the core's tables."""
    database = open_database(url)
    schema.push(database.engine, load_plugins(()))
    database.close()
