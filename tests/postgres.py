"""A PostgreSQL server of our own: in a folder of its own, reached by a socket in it, gone afterwards."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from sqlalchemy import NullPool, create_engine, make_url, text


class Server:
    """A server that listens on no port; `url` is its address and `data` where its files are."""

    def __init__(self, folder: Path, options: Iterable[str]) -> None:
        self.data, self._folder, self._programs = folder / "data", folder, _programs()
        self.url = f"postgresql+psycopg://postgres@/postgres?host={folder}"
        settings = " ".join(f"-c {option}" for option in ("listen_addresses=''", *options))
        self._options = f"-k {folder} {settings}"
        self._owner = {"user": "postgres", "group": "postgres"} if getattr(os, "geteuid", lambda: 1)() == 0 else {}
        if self._owner:
            shutil.chown(folder, **self._owner)
        self._run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._run("pg_ctl", "-l", f"{self._folder}/log", "-o", self._options, "-w", "start")

    def stop(self, *, mode: str = "fast") -> None:
        """Stop it: `fast` keeps what was written, `immediate` is over sooner."""
        self._run("pg_ctl", "-m", mode, "-w", "stop")

    def _run(self, program: str, *arguments: str) -> None:
        command = [self._programs / program, "-D", str(self.data), *arguments]
        subprocess.run(command, check=True, cwd=self._folder, stdout=subprocess.DEVNULL, **self._owner)


@contextmanager
def server(*options: str) -> Iterator[Server]:
    """A server that lives as long as the block.

    Args:
        *options: settings as `name=value`, for example `fsync=off`.

    Raises:
        FileNotFoundError: PostgreSQL is not installed.
    """
    with tempfile.TemporaryDirectory(prefix="psdb") as folder:  # a socket's path must be short
        started = Server(Path(folder), options)
        started.start()
        try:
            yield started
        finally:
            started.stop(mode="immediate")


@contextmanager
def database(server_url: str, *, like: str = "template1") -> Iterator[str]:
    """The address of a database on a server, empty or a copy of the one named; it is dropped afterwards."""
    name = f"test_{uuid4().hex}"
    engine = create_engine(server_url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {like}"))
    try:
        yield make_url(server_url).set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


def _programs() -> Path:
    """Where `initdb` and `pg_ctl` are: on the path, or where Debian keeps the newest."""
    found = shutil.which("initdb")
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: float(folder.parent.name))
    if found is None and not folders:
        raise FileNotFoundError("PostgreSQL is not installed; `make tools` installs it")
    return Path(found).resolve().parent if found else folders[-1]
