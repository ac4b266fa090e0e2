"""What `push`, `reset` and their companions promise, on SQLite and on PostgreSQL."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, NullPool, create_engine

from ps_analytics.plugins import load_plugins
from ps_analytics.store import schema


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    engine = create_engine(database_url, poolclass=NullPool)
    yield engine
    engine.dispose()


def test_push_creates_then_does_nothing(engine: Engine) -> None:
    plugins = load_plugins(())
    assert schema.current(engine) is None
    assert schema.push(engine, plugins) == [schema.Step("core", None, "0001")]
    assert schema.push(engine, plugins) == [schema.Step("core", "0001", "0001")]
    assert schema.current(engine) == schema.needed()
