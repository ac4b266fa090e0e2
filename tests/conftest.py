"""What every test may use."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from sqlalchemy import make_url

from ps_analytics.config import Settings
from ps_analytics.ingest.demo import fill_in_demo
from ps_analytics.plugins import load_plugins
from ps_analytics.store import schema
from ps_analytics.store.engine import open_database
from ps_analytics.store.store import open_store
from tests import postgres

settings.register_profile("house", deadline=None)  # a deadline is a wall-clock assertion
settings.load_profile("house")

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real recordings beside the checkout; tests that need it skip where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the real recordings are not beside this checkout")
    return SHARED_DATA


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The address of a PostgreSQL server of our own for the whole run."""
    with postgres.server("fsync=off") as server:  # the machine may lose power: nothing is kept
        yield server.url


@pytest.fixture
def postgres_database(postgres_url: str) -> Iterator[str]:
    """The address of an empty PostgreSQL database for one test."""
    with postgres.database(postgres_url) as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database: the test runs on SQLite, then on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{(tmp_path / 'test.sqlite').as_posix()}"
    return str(request.getfixturevalue("postgres_database"))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def prepared_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database with every table and no rows: a copy, much quicker than tables made anew."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("prepared_file"), tmp_path / "store.sqlite")
        yield f"sqlite:///{(tmp_path / 'store.sqlite').as_posix()}"
        return
    template = make_url(request.getfixturevalue("prepared_postgres")).database
    with postgres.database(request.getfixturevalue("postgres_url"), like=str(template)) as url:
        yield url


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
    """Create the tables of the core and of the plugins that come with it."""
    database = open_database(url)
    schema.push(database.engine, load_plugins())
    database.close()


@pytest.fixture(scope="session")
def demo_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a SQLite database with the demo's past sessions, to be read only."""
    url = f"sqlite:///{(tmp_path_factory.mktemp('demo') / 'demo.sqlite').as_posix()}"
    with open_store(url, user="local", settings=Settings()) as store:
        fill_in_demo(store, settings=Settings())
    return url
