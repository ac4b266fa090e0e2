"""A store to write to, on each database: a copy of one that was prepared once."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url

from ps_analytics.plugins import load_plugins
from ps_analytics.store import schema
from ps_analytics.store.engine import open_database
from ps_analytics.store.store import Store, open_store
from tests import postgres


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def prepared_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database with the core's tables and no rows."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("prepared_file"), tmp_path / "store.sqlite")
        yield f"sqlite:///{(tmp_path / 'store.sqlite').as_posix()}"
        return
    template = make_url(request.getfixturevalue("prepared_postgres")).database
    with postgres.database(request.getfixturevalue("postgres_url"), like=str(template)) as url:
        yield url


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


@pytest.fixture(scope="session")
def prepared_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("prepared") / "store.sqlite"
    prepare(f"sqlite:///{path.as_posix()}")
    return path


@pytest.fixture(scope="session")
def prepared_postgres(postgres_url: str) -> Iterator[str]:
    with postgres.database(postgres_url) as url:
        prepare(url)
        yield url


def prepare(url: str) -> None:
    """Create the core's tables."""
    database = open_database(url)
    schema.push(database.engine, load_plugins(()))
    database.close()
