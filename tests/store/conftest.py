"""A store to write to, on each database."""

from collections.abc import Iterator

import pytest

from ps_analytics.store.engine import open_database
from ps_analytics.store.store import Store, open_store


@pytest.fixture
def store(prepared_url: str) -> Iterator[Store]:
    """The store of anna."""
    with open_store(prepared_url, user="anna") as opened:
        yield opened


@pytest.fixture
def frugal(prepared_url: str) -> Iterator[Store]:
    """A store of anna that keeps no rows of sealed laps."""
    database = open_database(prepared_url)
    yield Store(database, "anna", keep_rows=False)
    database.close()
