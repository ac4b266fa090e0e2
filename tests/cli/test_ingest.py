import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from ps_analytics.store.store import open_store


def ingest(folder: Path, **settings: str) -> subprocess.Popen:
    environment = os.environ | {"PS_DATA_DIR": str(folder), "PS_INGEST_PORT": "0", **settings}
    environment.pop("PS_DEBUG", None)
    command = [sys.executable, "-m", "ps_analytics", "ingest"]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no signals to send")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_daemon_says_where_it_listens_and_stops_cleanly(tmp_path, number):
    with ingest(tmp_path) as daemon:
        said = daemon.stdout.readline()
        port = int(said.removeprefix("Listening for collectors on 127.0.0.1:").removesuffix(". Ctrl-C stops.\n"))
        socket.create_connection(("127.0.0.1", port)).close()
        daemon.send_signal(number)
        assert daemon.communicate(timeout=30) == ("", "")
        assert daemon.returncode == 0


def failure(daemon: subprocess.Popen) -> str:
    with daemon:
        output, complaint = daemon.communicate(timeout=60)
    assert (daemon.returncode, output) == (1, "")
    return complaint


def test_a_port_in_use_is_one_sentence(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert failure(ingest(tmp_path, PS_INGEST_PORT=str(port))) == (
            f"psa: port {port} is in use by another program. Stop it, or set PS_INGEST_PORT to a free port.\n"
        )


def test_an_outdated_database_is_one_sentence(tmp_path):
    url = f"sqlite:///{(tmp_path / 'old.sqlite').as_posix()}"
    open_store(url).close()
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version_core SET version_num = 'older'"))
    engine.dispose()
    said = failure(ingest(tmp_path, PS_DATABASE_URL=url))
    assert said.startswith(f"psa: the database {url} is at revision 'older', this version needs '")
    assert said.count("\n") == 1


def test_a_database_that_is_not_there_is_one_sentence(tmp_path):
    url = f"sqlite:///{(tmp_path / 'nowhere' / 'any.sqlite').as_posix()}"
    assert failure(ingest(tmp_path, PS_DATABASE_URL=url)) == (
        f"psa: cannot open the database {url}: there is no folder '{tmp_path / 'nowhere'}'. Check PS_DATABASE_URL.\n"
    )
