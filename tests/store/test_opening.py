"""A store opens where its tables are as this version needs them, and says what is wrong otherwise."""

from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from ps_analytics.config import Settings
from ps_analytics.errors import BadSetting, DatabaseUnreachable, SchemaOutdated, StoreError
from ps_analytics.store.store import open_store
from tests.store.stream import drive


def url_of(path: Path) -> str:
    return f"sqlite:///{path.as_posix()}"


def test_a_new_file_gets_its_tables(tmp_path: Path) -> None:
    with open_store(url_of(tmp_path / "new.sqlite"), user="anna") as store:
        drive(store)
    with open_store(url_of(tmp_path / "new.sqlite"), user="anna") as store:
        assert len(store.find_laps()) == 3
    with open_store(url_of(tmp_path / "new.sqlite"), user="ben") as store:
        assert store.find_laps().is_empty()


def test_the_settings_say_where_and_whose(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", user="anna")
    with open_store(settings=settings) as store:
        assert (store.user, store.url) == ("anna", url_of(tmp_path / "data" / "telemetry.sqlite"))
    assert (tmp_path / "data" / "telemetry.sqlite").is_file()


def test_a_database_in_memory_lives_as_long_as_the_store() -> None:
    with open_store("sqlite:///:memory:", user="anna") as store:
        drive(store)
        assert store.scan(["speed"]).collect().is_empty()
        assert len(store.find_laps()) == 3


def test_tables_of_an_older_version_are_refused(tmp_path: Path) -> None:
    url = url_of(tmp_path / "old.sqlite")
    open_store(url, user="anna").close()
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version_core SET version_num = '0000'"))
    engine.dispose()
    with pytest.raises(SchemaOutdated) as caught:
        open_store(url, user="anna")
    assert str(caught.value).startswith(f"the database {url} is at revision '0000', this version needs '")
    assert (caught.value.found, caught.value.newer) == ("0000", True)


def test_a_file_with_foreign_tables_is_refused_and_left_alone(tmp_path: Path) -> None:
    url = url_of(tmp_path / "foreign.sqlite")
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE recipe (id INTEGER)"))
    with pytest.raises(SchemaOutdated, match=r"has no tables yet, this version needs .* Run `psa db push`\."):
        open_store(url, user="anna")
    with engine.connect() as connection:
        assert connection.scalars(text("SELECT name FROM sqlite_master")).all() == ["recipe"]
    engine.dispose()


def test_an_empty_postgresql_is_not_touched(postgres_database: str) -> None:
    with pytest.raises(SchemaOutdated, match=r"has no tables yet, this version needs .* Run `psa db push`\."):
        open_store(postgres_database, user="anna")


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "text.sqlite"
    path.write_text("not a database at all, and longer than a header would have to be " * 9)
    with pytest.raises(DatabaseUnreachable, match="file is not a database"):
        open_store(url_of(path), user="anna")


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("nonsense", "cannot open the database nonsense: this is not a database URL. Check PS_DATABASE_URL."),
        ("mysql://u:secret@host/x", "cannot open the database mysql://u:***@host/x: 'mysql' is neither sqlite nor "
                                    "postgresql+psycopg. Check PS_DATABASE_URL."),
        ("sqlite:////no/such/folder/x", "cannot open the database sqlite:////no/such/folder/x: there is no folder "
                                        "'/no/such/folder'. Check PS_DATABASE_URL."),
    ],
)  # fmt: skip
def test_a_wrong_address_is_one_clear_sentence(url: str, reason: str) -> None:
    with pytest.raises(DatabaseUnreachable) as caught:
        open_store(url, user="anna")
    assert str(caught.value) == reason


@pytest.mark.postgres
def test_a_server_that_is_not_there_is_named_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnreachable) as caught:
        open_store(f"postgresql+psycopg://u:secret@/x?host={tmp_path}", user="anna")
    assert f"postgresql+psycopg://u:***@/x?host={tmp_path}" in str(caught.value).replace("%2F", "/")
    assert "secret" not in str(caught.value)


def test_a_bad_setting_is_named() -> None:
    from ps_analytics.config import read_settings

    with pytest.raises(BadSetting, match="PS_USER"):
        read_settings(user="")


def test_a_database_error_has_no_traceback_of_the_driver_in_its_sentence(tmp_path: Path) -> None:
    url = url_of(tmp_path / "broken.sqlite")
    with open_store(url, user="anna") as store:
        with store.transaction() as transaction:
            transaction._connection.exec_driver_sql("DROP TABLE ingest_offset")
        with pytest.raises(StoreError, match="no such table: ingest_offset"), store.transaction() as transaction:
            transaction.offset("collector")
