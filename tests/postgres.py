"""A PostgreSQL server of our own: in a folder of its own, reached by a socket in it, gone afterwards."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from sqlalchemy import NullPool, create_engine, make_url, text


@contextmanager
def server(*options: str) -> Iterator[str]:
    """The address of a server that listens on no port and lives as long as the block.

    Args:
        *options: settings as `name=value`, for example `fsync=off`.

    Raises:
        FileNotFoundError: PostgreSQL is not installed.
    """
    programs = _programs()
    owner = {"user": "postgres", "group": "postgres"} if hasattr(os, "geteuid") and os.geteuid() == 0 else {}
    with tempfile.TemporaryDirectory(prefix="psdb") as folder:  # a socket's path must be short
        if owner:
            shutil.chown(folder, **owner)

        def run(program: str, *arguments: str) -> None:
            subprocess.run([programs / program, *arguments], check=True, cwd=folder, stdout=subprocess.DEVNULL, **owner)

        data = f"{folder}/data"
        run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        settings = " ".join(f"-c {option}" for option in ("listen_addresses=''", *options))
        run("pg_ctl", "-D", data, "-l", f"{folder}/log", "-o", f"-k {folder} {settings}", "-w", "start")
        try:
            yield f"postgresql+psycopg://postgres@/postgres?host={folder}"
        finally:
            run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")


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
