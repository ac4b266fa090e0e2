"""The program as a whole: help, exit codes, one sentence on failure."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ps_analytics.cli.main import app

COMMANDS = ["demo", "collect", "ingest", "serve", "import", "laps", "delta", "db", "plugins"]


def _psa(*words: str, cwd: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PS_")}
    return subprocess.run(
        [sys.executable, "-m", "ps_analytics", *words],
        env=environment | {"PS_DATA_DIR": str(cwd / "data")} | settings,
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str) -> None:
    done = CliRunner().invoke(app, [command, "--help"])
    assert done.exit_code == 0, done.output
    assert "Usage" in done.output


def test_a_wrong_use_exits_with_2(tmp_path: Path) -> None:
    assert _psa("laps", "--no-such-option", cwd=tmp_path).returncode == 2


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("oracle://somewhere", "cannot open the database oracle://somewhere: 'oracle' is neither sqlite nor "),
        ("nonsense", "this is not a database URL. Check PS_DATABASE_URL."),
        ("sqlite:////no/such/folder/db.sqlite", "there is no folder '/no/such/folder'. Check PS_DATABASE_URL."),
    ],
)
def test_a_wrong_database_url_is_one_sentence_and_exit_code_1(url: str, sentence: str, tmp_path: Path) -> None:
    done = _psa("laps", cwd=tmp_path, PS_DATABASE_URL=url)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_bad_setting_is_named(tmp_path: Path) -> None:
    done = _psa("laps", cwd=tmp_path, PS_PORT="eighty")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("psa: setting PS_PORT: ")


def test_debug_shows_the_traceback(tmp_path: Path) -> None:
    assert "Traceback" in _psa("laps", cwd=tmp_path, PS_PORT="eighty", PS_DEBUG="1").stderr
