"""`psa db`: what it prints and how it exits, on SQLite and on PostgreSQL."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.request import HTTPCookieProcessor, build_opener

import pytest
from sqlalchemy import NullPool, create_engine, text
from typer.testing import CliRunner, Result

from ps_analytics.cli import db
from ps_analytics.errors import (
    DatabaseUnreachable,
    FileUnreadable,
    MissingExtra,
    PluginClash,
    PortInUse,
    PurpleSectorError,
    SchemaOutdated,
)
from ps_analytics.store.store import open_store
from tests.installed import install
from tests.store.stream import drive, seal

PUSHED = "core: created at 0003\nagent: created at 0001\n"


@pytest.fixture
def url(database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """The database of the settings: empty, on SQLite, then on PostgreSQL."""
    monkeypatch.setenv("PS_DATABASE_URL", database_url)
    monkeypatch.setenv("PS_DATA_DIR", str(tmp_path / "data"))
    return database_url


def run(*words: str) -> Result:
    return CliRunner().invoke(db.app, words)


def failure(*words: str) -> PurpleSectorError:
    """The error a command ends with; the program prints its sentence."""
    result = run(*words)
    assert isinstance(result.exception, PurpleSectorError), result.output
    assert "\n" not in str(result.exception)
    return result.exception


def execute(url: str, *statements: str) -> None:
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def test_push_says_one_line_an_owner(url: str) -> None:
    first, second = run("push"), run("push")
    assert (first.exit_code, first.stdout) == (0, PUSHED)
    assert (second.exit_code, second.stdout) == (0, "core: up to date at 0003\nagent: up to date at 0001\n")


def test_push_makes_the_data_folder_where_no_url_is_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PS_DATABASE_URL", raising=False)
    monkeypatch.setenv("PS_DATA_DIR", str(tmp_path / "new" / "data"))
    assert run("push").stdout == PUSHED
    assert (tmp_path / "new" / "data" / "telemetry.sqlite").is_file()


def test_push_names_a_plugin_that_cannot_be_loaded_and_creates_the_rest(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path / "site", "broken", "import a_package_nobody_has\n", monkeypatch)
    result = run("push")
    assert result.exit_code == 1
    assert result.stdout == f"{PUSHED}broken: not loaded, ModuleNotFoundError: No module named 'a_package_nobody_has'\n"


def test_push_refuses_a_plugin_with_two_heads(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _install_forked(tmp_path, monkeypatch)
    assert isinstance(failure("push"), PluginClash)
    assert run("check").exit_code == 1
    assert "its migrations have 2 newest revisions (0001, 0002) instead of one" in str(failure("push"))


def test_a_store_opens_in_spite_of_plugins_that_clash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _install_forked(tmp_path, monkeypatch)
    with open_store(f"sqlite:///{(tmp_path / 'new.sqlite').as_posix()}", user="anna") as store:
        assert len(store.find_sessions()) == 0


def test_reset_says_what_it_would_destroy_and_does_nothing(url: str) -> None:
    run("push")
    with open_store(url, user="anna") as store:
        drive(store, frames=1200, laps=(0, 600, 1200))
    result = run("reset")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[0].startswith(f"This would destroy 1,227 rows of {url.split('?')[0]}")
    assert [line.split() for line in lines[1:-1]] == [
        ["lap", "2"],
        ["session", "1"],
        ["telemetry_batch", "24"],
        ["telemetry_frame", "1,200"],
    ]
    assert lines[-1] == "Nothing is changed. Run `psa db reset --yes` to do it."
    with open_store(url, user="anna") as store:
        assert len(store.find_laps()) == 2


def test_reset_with_yes_empties_the_database(url: str) -> None:
    run("push")
    with open_store(url, user="anna") as store:
        drive(store, frames=100, laps=(0, 100))
    result = run("reset", "--yes")
    assert (result.exit_code, result.stdout) == (0, f"104 rows of 4 tables are gone.\n{PUSHED}")
    with open_store(url, user="anna") as store:
        assert len(store.find_sessions()) == 0


def test_check_of_a_healthy_database_says_so(url: str) -> None:
    run("push")
    result = run("check")
    assert (result.exit_code, result.stdout) == (0, "All is well.\n")


def test_check_prints_one_line_a_fault_and_fix_mends_them(url: str) -> None:
    run("push")
    with open_store(url, user="anna") as store:
        session, laps = drive(store, frames=200, laps=(0, 100, 200))
        seal(store, laps[:1])
    execute(url, "DROP INDEX ix_session_status")
    index = "missing_index: index 'ix_session_status' of table 'session' is missing."
    lap = f"unsealed_lap: lap 1 of session {session.id} is over and not sealed."
    found, fixed, after = run("check"), run("check", "--fix"), run("check")
    assert (found.exit_code, found.stdout) == (1, f"{index}\n{lap}\n")
    assert found.stderr.endswith("`psa db check --fix` mends 2 of 2.\n")
    assert (fixed.exit_code, fixed.stdout) == (0, f"mended {index}\nmended {lap}\nAll is well.\n")
    assert (after.exit_code, after.stdout) == (0, "All is well.\n")


def test_check_as_json_is_an_array_of_faults(url: str) -> None:
    run("push")
    execute(url, "DROP INDEX ix_session_status", "INSERT INTO track (id, user_id, name, length_m) VALUES "
            "('t', 'anna', 'x', -3)")  # fmt: skip
    index = {
        "code": "missing_index",
        "message": "index 'ix_session_status' of table 'session' is missing.",
        "table": "session",
        "id": "ix_session_status",
        "fixable": True,
        "mended": False,
    }
    track = {
        "code": "impossible_value",
        "message": "track t: its length is not a length.",
        "table": "track",
        "id": "t",
        "fixable": False,
        "mended": False,
    }
    found, fixed = run("check", "--json"), run("check", "--fix", "--json")
    assert (found.exit_code, json.loads(found.stdout)) == (1, [index, track])
    assert (fixed.exit_code, json.loads(fixed.stdout)) == (1, [index | {"mended": True}, track])


@pytest.mark.parametrize("command", ["check", "reset", "studio"])
def test_looking_at_a_database_without_tables_tells_to_push(url: str, command: str) -> None:
    if command == "reset" and not url.startswith("sqlite"):
        pytest.skip("an empty database has nothing to destroy, which is an answer")
    error = failure(command)
    assert isinstance(error, SchemaOutdated)
    assert str(error).endswith("has no tables yet, this version needs '0003'. Run `psa db push`.")


@pytest.mark.parametrize("command", ["check", "reset", "studio"])
def test_looking_at_a_file_that_is_not_there_does_not_make_it(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PS_DATABASE_URL", f"sqlite:///{(tmp_path / 'typo.sqlite').as_posix()}")
    failure(command)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["push", "reset", "check", "studio"])
@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("oracle://somewhere", "cannot open the database oracle://somewhere: 'oracle' is neither sqlite nor "
         "postgresql+psycopg. Check PS_DATABASE_URL."),
        ("nonsense", "cannot open the database nonsense: this is not a database URL. Check PS_DATABASE_URL."),
        ("sqlite:///{folder}/no/db.sqlite", "cannot open the database sqlite:///{folder}/no/db.sqlite: there is no "
         "folder '{folder}/no'. Check PS_DATABASE_URL."),
        ("sqlite:///{folder}/text.txt", "cannot open the database sqlite:///{folder}/text.txt: file is not a database. "
         "Check PS_DATABASE_URL."),
        ("sqlite:///{folder}", "cannot open the database sqlite:///{folder}: unable to open database file. "
         "Check PS_DATABASE_URL."),
    ],
)  # fmt: skip
def test_a_wrong_url_is_one_sentence(
    command: str, address: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "text.txt").write_text("The quick brown fox jumps over the lazy dog. " * 40)
    monkeypatch.setenv("PS_DATABASE_URL", address.format(folder=tmp_path.as_posix()))
    error = failure(command)
    assert isinstance(error, DatabaseUnreachable)
    assert str(error) == sentence.format(folder=tmp_path.as_posix())


@pytest.mark.parametrize("command", ["push", "reset", "check", "studio"])
def test_a_server_that_does_not_answer_is_one_sentence_without_the_password(
    command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PS_DATABASE_URL", "postgresql://anna:secret@127.0.0.1:1/laps?sslpassword=secret")
    error = failure(command)
    assert isinstance(error, DatabaseUnreachable)
    assert str(error).startswith(
        "cannot open the database postgresql+psycopg://anna:***@127.0.0.1:1/laps?sslpassword=%2A%2A%2A: "
    )
    assert str(error).endswith(" Check PS_DATABASE_URL.")
    assert "secret" not in str(error)


def test_merge_prints_the_report_or_writes_it(tmp_path: Path) -> None:
    printed, written = run("merge"), run("merge", "-o", str(tmp_path / "schema.md"))
    assert (printed.exit_code, written.exit_code) == (0, 0)
    assert written.stdout == f"Wrote {tmp_path / 'schema.md'}.\n"
    assert (tmp_path / "schema.md").read_text() == printed.stdout
    assert printed.stdout.startswith("# Schema\n\n## core\n\nRevision 0003")
    assert "\n### run_plan_item\n" in printed.stdout


def test_merge_fails_where_nothing_can_be_written(tmp_path: Path) -> None:
    error = failure("merge", "-o", str(tmp_path / "no" / "schema.md"))
    assert isinstance(error, FileUnreadable)
    assert str(error) == "'schema.md': it cannot be opened: No such file or directory. Choose another file with -o."


def test_merge_fails_with_two_heads_and_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _install_forked(tmp_path, monkeypatch)
    assert isinstance(failure("merge", "-o", str(tmp_path / "schema.md")), PluginClash)
    assert not (tmp_path / "schema.md").exists()


def test_the_studio_needs_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("ps_analytics.store.studio")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "sqladmin", None)  # how Python notes a package that is not there
    error = failure("studio")
    assert isinstance(error, MissingExtra)
    assert str(error) == "`psa db studio` needs more packages. Run `pip install 'ps-analytics[studio]'`."


def test_the_studio_says_which_port_is_taken(url: str) -> None:
    run("push")
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        error = failure("studio", "--port", str(port))
    assert isinstance(error, PortInUse)
    assert str(error) == f"port {port} is in use by another program. Stop it, or set --port to a free port."


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="whoever may do everything can have any port")
def test_the_studio_says_which_port_is_not_for_this_user(url: str) -> None:
    run("push")
    assert str(failure("studio", "--port", "1")) == "setting --port: Permission denied."


@pytest.mark.skipif(os.name == "nt", reason="a console's Ctrl-C cannot be sent to one process on Windows")
def test_the_studio_prints_an_address_that_opens_and_ends_with_ctrl_c(url: str) -> None:
    run("push")
    words = [sys.executable, "-m", "ps_analytics", "db", "studio"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as studio:
        assert studio.stdout is not None
        shown, address = studio.stdout.readline().rsplit(": ", 1)
        note = studio.stdout.readline()
        assert shown.startswith(f"Studio of {url.split('?')[0]}")
        with build_opener(HTTPCookieProcessor()).open(address.strip(), timeout=60) as page:
            assert "ps-analytics studio" in page.read().decode()
        studio.send_signal(signal.SIGINT)
        rest = studio.communicate(timeout=60)
    assert note == "Read-only, for this machine only: the address is the key. Ctrl-C stops.\n"
    assert (studio.returncode, rest) == (0, ("", ""))


def _install_forked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plugin whose two migrations are both first ones."""
    site = tmp_path / "site"
    code = """
from pathlib import Path

from sqlalchemy import MetaData

from ps_analytics.plugins import PluginModels, hookimpl


@hookimpl
def plugin_models():
    return PluginModels(MetaData(), Path(__file__).parent / "forked_migrations")
"""
    install(site, "forked", code, monkeypatch)
    versions = site / "forked_migrations" / "versions"
    versions.mkdir(parents=True)
    for revision in ("0001", "0002"):
        head = f"revision, down_revision = '{revision}', None\n\n\ndef upgrade():\n    pass\n"
        (versions / f"{revision}.py").write_text(head)
